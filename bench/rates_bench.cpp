// What this machine can do at most in each level of its memory, on one thread and on BENCH_THREADS. Rows are named
// rate/<what>/<how>/<level>/<threads>.
#include <cstdlib>

#include "rows.hpp"

namespace {

/// `footprint` is that of all threads. One thread is timed by its CPU time, as the rows are; several by the wall clock.
void add_rate(const bench::motion& m, const char* level, double footprint, int threads) {
    const std::string name = std::string("rate/") + m.what + "/" + m.how + "/" + level + "/" + std::to_string(threads);
    const auto run = [=](benchmark::State& state) {
        double done = 0;
        m.pass(footprint / threads);  // touches the memory
        for (auto _ : state) done += m.pass(footprint / threads);
        state.counters["rate"] = benchmark::Counter(done, benchmark::Counter::kIsRate);
    };
    auto* const row = benchmark::RegisterBenchmark(name.c_str(), run);
    if (threads > 1) row->Threads(threads)->UseRealTime();
}

void add_rates(int threads) {
    const bench::cache_sizes cache = bench::caches();
    for (const auto& m : bench::motions()) {
        if (std::string(m.what).rfind("fma", 0) == 0) {
            add_rate(m, "registers", 0, threads);
            continue;
        }
        add_rate(m, "L1", double(threads * cache.l1 / 2), threads);
        add_rate(m, "L2", double(threads * cache.l2 / 2), threads);
        add_rate(m, "L3", double(cache.l3 / 4), threads);
        add_rate(m, "DRAM", double(8 * cache.l3), threads);
    }
}

}  // namespace

void bench::register_rows() {
    const char* asked = std::getenv("BENCH_THREADS");
    add_rates(1);
    if (asked != nullptr && std::atoi(asked) > 1) add_rates(std::atoi(asked));
}
