/// The shortest time in which this machine can do a row's work, from the rates of the same run.
#pragma once

#include <optional>
#include <string>

#include "measurements.hpp"

namespace report {

struct limit {
    double seconds = 0;
    std::string what;  // which of the three it is: fma, read or copy (scale, where the work is in place)
};

/// The largest of
///
///   operations of the multiply-add pipes / their rate
///   bytes read / read rate of the level that holds them
///   bytes read and written / copy rate there (in place: scale rate); of several ways to copy the fastest counts,
///                            and beyond the caches that is the one with non-temporal stores
///
/// Nothing where the run has no such rate. Memory of exactly the row's size counts before the level's own size.
std::optional<limit> limit_of(const measurement& row, const run& in, statistic how);

/// The fastest variant of a motion in memory of this size; 0 if it was not measured.
double rate_at(const run& in, const std::string& motion, double footprint, int threads, statistic how);

}  // namespace report
