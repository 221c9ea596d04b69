/// What this machine can do at most, measured right before and right after each row: the yardstick beside every figure.
#pragma once

#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

namespace bench {

/// Sizes of the data caches in bytes: what one core has of them.
struct cache_sizes {
    std::int64_t l1, l2, l3;
};
cache_sizes caches();

/// One way to multiply and add, read, copy or scale, over `footprint` bytes of the calling thread's own memory. `pass`
/// goes over them once and returns how much it did: two FLOP per multiply-add and lane, or bytes read and written.
struct motion {
    const char *what, *how;
    double (*pass)(double footprint);
};
const std::vector<motion>& motions();

/// The fastest way's FLOP/s, or bytes/s read and written; each way runs for some milliseconds.
double rate_of(const char* what, double footprint);

/// What has to be done, whoever does it: the limit of the machine follows from it.
struct work {
    double flops = 0;  // of the multiply-add pipes: two for each multiply-add, and for any other operation
    double bytes_read = 0;
    double bytes_written = 0;
    bool in_place = false;  // what is written is what was read
};

/// The shortest time in which this machine can do the work now, and which of its rates says so. The longest of
///
///   operations of the multiply-add pipes / their rate
///   bytes read / read rate in memory of that size
///   bytes read and written / copy rate in memory of that size (in place: scale rate)
struct limit {
    double seconds = 0;
    const char* what = "";
};
limit limit_of(const work& w);

/// For rows without a goal: reports FLOP/s and their fraction of the multiply-add rate.
inline void count_flops(benchmark::State& state, double flops_per_iteration) {
    const double total = flops_per_iteration * double(state.iterations());
    state.counters["FLOP/s"] = benchmark::Counter(total, benchmark::Counter::kIsRate);
    state.counters["of_peak"] = benchmark::Counter(total / rate_of("fma", 0), benchmark::Counter::kIsRate);
}
/// Reports bytes/s, read and written, and their fraction of a copy.
inline void count_bytes(benchmark::State& state, double bytes_per_iteration) {
    const double total = bytes_per_iteration * double(state.iterations());
    const double copied = rate_of("copy", bytes_per_iteration);
    state.counters["bytes/s"] = benchmark::Counter(total, benchmark::Counter::kIsRate);
    state.counters["of_copy"] = benchmark::Counter(total / copied, benchmark::Counter::kIsRate);
}

}  // namespace bench
