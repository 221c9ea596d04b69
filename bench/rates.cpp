#include "rates.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>

#include <unitsphere/data/matrix.hpp>

#include "motion.hpp"

namespace bench {

namespace {

constexpr std::int64_t KiB = 1024, MiB = 1024 * KiB;

std::int64_t cache_size([[maybe_unused]] int name, std::int64_t otherwise) {
#if defined(_SC_LEVEL1_DCACHE_SIZE)
    const std::int64_t size = ::sysconf(name);
    if (size > 0) return size;
#endif
    return otherwise;
}

/// Memory for one pass, touched before the clock runs. Kept: a thread's next pass uses its beginning.
float* scratch(std::int64_t floats) {
    thread_local us::matrix<float> held;
    if (held.dim() < floats) held = us::matrix<float>(1, floats);
    return held.data();
}

/// Floats in a footprint, in whole steps of the loops.
std::int64_t floats_in(double bytes) {
    return std::max<std::int64_t>(1, (std::int64_t(bytes) / 4 + 8 * width - 1) / (8 * width)) * (8 * width);
}

template <class T>
double fma_pass(double) {
    std::int64_t steps = 2000;
    benchmark::DoNotOptimize(steps);  // else one call would do for all
    benchmark::DoNotOptimize(multiply_add<T>(steps));
    return 2.0 * chains * double(vector<T>::size) * double(steps);
}

template <int ahead>
double read_pass(double footprint) {
    const std::int64_t count = floats_in(footprint);
    benchmark::DoNotOptimize(read_all<ahead>(scratch(count), count));
    return 4.0 * double(count);
}

/// Copies half of the footprint to the other half. Equal low bits of both addresses would make loads wait for stores.
template <void (*copy)(const float*, float*, std::int64_t)>
double copy_pass(double footprint) {
    constexpr std::int64_t gap = 5 * 16;
    const std::int64_t count = floats_in(footprint / 2);
    float* from = scratch(2 * count + gap);
    copy(from, from + count + gap, count);
    benchmark::ClobberMemory();
    return 8.0 * double(count);
}

double scale_pass(double footprint) {
    const std::int64_t count = floats_in(footprint);
    scale_in_place(scratch(count), count);
    benchmark::ClobberMemory();
    return 8.0 * double(count);
}

/// By CPU time, as the rows of one thread are. The first passes fill the caches.
double per_second(const motion& m, double footprint) {
    constexpr double least = 0.002;
    scratch(floats_in(footprint) + 1024);  // with the gap and the rounding of a copy
    double done = 0, seconds = 0;
    for (int passes = 1; seconds < least; passes *= 2) {
        done = 0;
        const std::clock_t start = std::clock();
        for (int pass = 0; pass < passes; ++pass) done += m.pass(footprint);
        seconds = double(std::clock() - start) / CLOCKS_PER_SEC;
    }
    return done / seconds;
}

}  // namespace

/// A virtual machine may report the last level of a whole socket; no core of today reaches more than 32 MiB as its own
/// share, save those with stacked caches.
cache_sizes caches() {
#if defined(_SC_LEVEL1_DCACHE_SIZE)
    const std::int64_t l3 = cache_size(_SC_LEVEL3_CACHE_SIZE, 32 * MiB);
    return {cache_size(_SC_LEVEL1_DCACHE_SIZE, 32 * KiB), cache_size(_SC_LEVEL2_CACHE_SIZE, 1 * MiB),
            l3 < 32 * MiB ? l3 : 32 * MiB};
#else
    return {32 * KiB, 1 * MiB, 32 * MiB};
#endif
}

const std::vector<motion>& motions() {
    static const std::vector<motion> all{{"fma", "float", fma_pass<float>},
                                         {"fma double", "double", fma_pass<double>},
                                         {"read", "loop", read_pass<0>},
                                         {"read", "prefetch", read_pass<4096>},
                                         {"copy", "loop", copy_pass<copy_loop>},
                                         {"copy", "memcpy", copy_pass<copy_memcpy>},
                                         {"copy", "nontemporal", copy_pass<copy_past_caches>},
                                         {"scale", "loop", scale_pass}};
    return all;
}

double rate_of(const char* what, double footprint) {
    double fastest = 0;
    for (const motion& m : motions())
        if (std::strcmp(m.what, what) == 0) fastest = std::max(fastest, per_second(m, footprint));
    return fastest;
}

limit limit_of(const work& w) {
    limit longest;
    const auto take = [&](const char* what, double amount, double footprint) {
        const double seconds = amount > 0 ? amount / rate_of(what, footprint) : 0;
        if (seconds > longest.seconds) longest = {seconds, what};
    };
    const double moved = w.bytes_read + w.bytes_written;
    take("fma", w.flops, 0);
    if (w.in_place) {
        take("scale", moved, w.bytes_read);
    } else {
        take("read", w.bytes_read, w.bytes_read);
        take("copy", moved, moved);
    }
    return longest;
}

}  // namespace bench
