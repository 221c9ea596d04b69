/// What this machine can do at most, measured in the same run: the yardstick beside every figure.
///
/// Every program has these rates as rows of its own, so random interleaving spreads them among the work. Rows are named
///
///   rate/fma/float/<threads>                              counter `rate`: FLOP/s, two per multiply-add and lane
///   rate/<motion>/<level>/<footprint>/<variant>/<threads> counter `rate`: bytes/s, read and written
///
/// `footprint` is all the memory that a pass touches. Of several variants the fastest is the machine's rate.
#pragma once

#include <cstdint>

#include <benchmark/benchmark.h>

namespace bench {

/// Sizes of the data caches in bytes: what one core has of them.
struct cache_sizes {
    std::int64_t l1, l2, l3;
};
cache_sizes caches();

/// Rows for the multiply-add peaks, and for reading, copying and scaling in L1, L2, L3 and DRAM, on that many threads.
void register_rates(int threads);

/// Rows for memory of exactly this footprint: level `exact`. Asking twice for a size makes no second row.
void register_read_rate(std::int64_t footprint);
void register_copy_rate(std::int64_t footprint);
void register_scale_rate(std::int64_t footprint);

/// The same for rows that are looked at by hand: the best of a few rounds, measured once.
double peak_flops();
double copy_rate();

/// Reports FLOP/s and their fraction of the peak.
inline void count_flops(benchmark::State& state, double flops_per_iteration) {
    const double total = flops_per_iteration * double(state.iterations());
    state.counters["FLOP/s"] = benchmark::Counter(total, benchmark::Counter::kIsRate);
    state.counters["of_peak"] = benchmark::Counter(total / peak_flops(), benchmark::Counter::kIsRate);
}
/// Reports bytes/s, read and written, and their fraction of a copy.
inline void count_bytes(benchmark::State& state, double bytes_per_iteration) {
    const double total = bytes_per_iteration * double(state.iterations());
    state.counters["bytes/s"] = benchmark::Counter(total, benchmark::Counter::kIsRate);
    state.counters["of_copy"] = benchmark::Counter(total / copy_rate(), benchmark::Counter::kIsRate);
}

}  // namespace bench
