/// What this machine can do at most, measured in the same run: the yardstick beside every figure.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <vector>

#include <benchmark/benchmark.h>

#include <unitsphere/kernel/lanes.hpp>

namespace bench {

namespace us = unitsphere;

inline double seconds_of(void (*work)()) {
    double best = 1e9;
    for (int round = 0; round < 5; ++round) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        best = took.count() < best ? took.count() : best;
    }
    return best;
}

/// Single-precision multiply-adds of one thread: 12 independent chains keep every port busy.
inline double peak_flops() {
    static const double rate = [] {
        constexpr int chains = 12;
        constexpr long steps = 2000000;
        const double seconds = seconds_of([] {
            us::kernel::vector<float> sum[chains];
            const us::kernel::vector<float> factor(0.999f), term(0.001f);
            for (auto& s : sum) s = term;
            for (long i = 0; i < steps; ++i)
                us::kernel::unroll<chains>([&](auto c) UNITSPHERE_LAMBDA {
                    sum[c] = us::kernel::ordered(us::kernel::fma(sum[c], factor, term));
                });
            for (auto& s : sum) benchmark::DoNotOptimize(s);
        });
        return 2.0 * chains * double(us::kernel::vector<float>::size) * double(steps) / seconds;
    }();
    return rate;
}

/// Bytes read and written per second by a copy of 2 MiB, which lies in the cache behind L1.
inline double copy_rate() {
    static const double rate = [] {
        static std::vector<char> from(1 << 21, 1), to(1 << 21, 2);
        const double seconds = seconds_of([] {
            for (int i = 0; i < 20; ++i) {
                std::memcpy(to.data(), from.data(), to.size());
                benchmark::ClobberMemory();
            }
        });
        return 2.0 * 20.0 * double(1 << 21) / seconds;
    }();
    return rate;
}

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

/// Rows that look like raw features: the sum of four uniforms, seeded.
inline us::matrix<float> random_rows(us::index rows, us::index dim, std::uint32_t seed) {
    us::matrix<float> result(rows, dim);
    for (us::index i = 0; i < rows * dim; ++i) {
        float sum = -2.0f;
        for (int j = 0; j < 4; ++j) {
            seed = seed * 1664525u + 1013904223u;
            sum += float(seed >> 8) * 0x1p-24f;
        }
        result.data()[i] = sum;
    }
    return result;
}

/// The same rows in another type.
template <class T>
us::matrix<T> random_rows_of(us::index rows, us::index dim, std::uint32_t seed) {
    const us::matrix<float> wide = random_rows(rows, dim, seed);
    us::matrix<T> result(rows, dim);
    for (us::index i = 0; i < rows * dim; ++i)
        result.data()[i] = T(std::is_same_v<T, std::int8_t> ? wide.data()[i] * 60.0f : wide.data()[i]);
    return result;
}

}  // namespace bench
