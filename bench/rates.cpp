#include "rates.hpp"

#include <unistd.h>

#include <chrono>
#include <set>
#include <string>

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

/// Memory for one row, touched before the clock runs. Kept: a thread's next row uses its beginning.
float* scratch(std::int64_t floats) {
    thread_local us::matrix<float> held;
    if (held.dim() < floats) held = us::matrix<float>(1, floats);
    return held.data();
}

/// Floats in a footprint, in whole steps of the loops.
std::int64_t floats_in(std::int64_t bytes) { return (bytes / 4 + 8 * width - 1) / (8 * width) * (8 * width); }

/// Between what is read and what is written: equal low bits of both addresses would make loads wait for stores.
constexpr std::int64_t gap = 5 * 16;

void set_rate(benchmark::State& state, double per_iteration) {
    state.counters["rate"] =
        benchmark::Counter(per_iteration * double(state.iterations()), benchmark::Counter::kIsRate);
}

template <class T>
void fma_row(benchmark::State& state) {
    std::int64_t steps = 100000;
    for (auto _ : state) {
        benchmark::DoNotOptimize(steps);  // else one call would do for all
        benchmark::DoNotOptimize(multiply_add<T>(steps));
    }
    set_rate(state, 2.0 * chains * double(vector<T>::size) * double(steps));
}

/// One thread is timed by its CPU time, as the rows are; several by the clock on the wall.
void on_threads(benchmark::internal::Benchmark* row, int threads) {
    if (threads > 1) row->Threads(threads)->UseRealTime();
}

/// A row that moves memory: move(from, to, count), with `halves` areas that share the footprint.
template <class Move>
void add_row(const std::string& name, int threads, std::int64_t footprint, int halves, double touches, Move move) {
    const auto run = [=](benchmark::State& state) {
        const std::int64_t count = floats_in(footprint / halves / state.threads());
        float* from = scratch(halves * count + gap);
        float* to = from + (halves - 1) * (count + gap);
        for (auto _ : state) {
            move(from, to, count);
            benchmark::ClobberMemory();
        }
        set_rate(state, touches * 4.0 * double(count));
    };
    on_threads(benchmark::RegisterBenchmark((name + std::to_string(threads)).c_str(), run), threads);
}

void add_read(const char* level, std::int64_t footprint, int threads) {
    const std::string name = "rate/read/" + std::string(level) + "/" + std::to_string(footprint);
    add_row(name + "/loop/", threads, footprint, 1, 1.0,
            [](float* from, float*, std::int64_t n) { benchmark::DoNotOptimize(read_all<0>(from, n)); });
    add_row(name + "/prefetch/", threads, footprint, 1, 1.0,
            [](float* from, float*, std::int64_t n) { benchmark::DoNotOptimize(read_all<4096>(from, n)); });
}

void add_copy(const char* level, std::int64_t footprint, int threads) {
    const std::string name = "rate/copy/" + std::string(level) + "/" + std::to_string(footprint);
    add_row(name + "/loop/", threads, footprint, 2, 2.0, copy_loop);
    add_row(name + "/memcpy/", threads, footprint, 2, 2.0, copy_memcpy);
    add_row(name + "/nontemporal/", threads, footprint, 2, 2.0, copy_past_caches);
}

void add_scale(const char* level, std::int64_t footprint, int threads) {
    add_row("rate/scale/" + std::string(level) + "/" + std::to_string(footprint) + "/loop/", threads, footprint, 1, 2.0,
            [](float* rows, float*, std::int64_t n) { scale_in_place(rows, n); });
}

bool first_time(const char* motion, std::int64_t footprint) {
    static std::set<std::string> seen;
    return seen.insert(motion + std::to_string(footprint)).second;
}

template <class Work>
double seconds_of(Work&& work) {
    double best = 1e9;
    for (int round = 0; round < 10; ++round) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        best = took.count() < best ? took.count() : best;
    }
    return best;
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

void register_rates(int threads) {
    const std::string count = std::to_string(threads);
    using row = void (*)(benchmark::State&);
    for (const auto& [name, fma] :
         {std::pair<const char*, row>{"rate/fma/float/", fma_row<float>}, {"rate/fma/double/", fma_row<double>}})
        on_threads(benchmark::RegisterBenchmark((name + count).c_str(), fma), threads);
    const cache_sizes cache = caches();
    const std::pair<const char*, std::int64_t> levels[] = {
        {"L1", cache.l1 / 2}, {"L2", cache.l2 / 2}, {"L3", cache.l3 / 4}, {"DRAM", 8 * cache.l3}};
    for (const auto& [level, size] : levels) {
        const std::int64_t footprint = level[1] == '3' || level[0] == 'D' ? size : size * threads;
        add_read(level, footprint, threads);
        add_copy(level, footprint, threads);
        add_scale(level, footprint, threads);
    }
}

void register_read_rate(std::int64_t footprint) {
    if (first_time("read", footprint)) add_read("exact", footprint, 1);
}
void register_copy_rate(std::int64_t footprint) {
    if (first_time("copy", footprint)) add_copy("exact", footprint, 1);
}
void register_scale_rate(std::int64_t footprint) {
    if (first_time("scale", footprint)) add_scale("exact", footprint, 1);
}

double peak_flops() {
    static const double rate = [] {
        std::int64_t steps = 1000000;
        const double seconds = seconds_of([&] {
            benchmark::DoNotOptimize(steps);
            benchmark::DoNotOptimize(multiply_add<float>(steps));
        });
        return 2.0 * chains * double(width) * double(steps) / seconds;
    }();
    return rate;
}

double copy_rate() {
    static const double rate = [] {
        constexpr std::int64_t count = 256 * KiB;
        float* from = scratch(2 * count + gap);
        const double seconds = seconds_of([&] {
            for (int i = 0; i < 10; ++i) {
                copy_memcpy(from, from + count + gap, count);
                benchmark::ClobberMemory();
            }
        });
        return 10.0 * 8.0 * double(count) / seconds;
    }();
    return rate;
}

}  // namespace bench
