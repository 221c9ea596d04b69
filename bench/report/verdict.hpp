/// One goal, judged by what was measured.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "goals.hpp"
#include "limits.hpp"

namespace report {

enum class verdict { met, missed, skipped };
const char* name_of(verdict v);

struct judged {
    goal wanted;
    verdict result = verdict::skipped;
    std::string why;  // what is missed or absent
    std::optional<measurement> ours;
    double seconds = 0;
    std::optional<limit> bound;
    std::string peer;                    // the fastest
    double peer_seconds = 0, ratio = 0;  // ratio: our speed as a multiple of the peer's

    double fraction() const { return bound ? bound->seconds / seconds : 0; }
};

/// A pair of figures from alternating rounds of two processes: theirs, and ours in between.
struct pair_of_rows {
    measurement theirs;
    std::vector<double> our_seconds;
};

/// missed: a figure is more than 5 % short, our result is wrong, or our program failed. skipped: nothing is missed, but
/// we or a peer that counts are absent.
judged judge(const goal& wanted, const std::vector<run>& runs, const std::vector<pair_of_rows>& alternating,
             statistic how, int cpus);

}  // namespace report
