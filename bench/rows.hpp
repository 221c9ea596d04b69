/// A row that report.py reads: <goal>/<who>/<shape>/<type>, its error, and its fraction of the machine's limit.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <benchmark/benchmark.h>

#include "inputs.hpp"
#include "rates.hpp"

namespace bench {

/// Every program defines it: adds its rows. BENCH_THREADS is the number of threads of those that use several.
void register_rows();

/// exp in the library's own softmax: nine multiply-adds and one multiplication.
inline constexpr double exp_operations = 10;

inline work cosine_work(us::idx_t q, us::idx_t g, us::idx_t dim, double element = 4) {
    return {2.0 * double(q) * double(g) * double(dim), element * double((q + g) * dim), 4.0 * double(q) * double(g)};
}
inline work zero_shot_work(us::idx_t images, us::idx_t classes, us::idx_t dim) {
    work w = cosine_work(images, classes, dim);
    w.flops += 2.0 * exp_operations * double(images) * double(classes);
    return w;
}

inline std::string shape(us::idx_t a, us::idx_t b) { return std::to_string(a) + "x" + std::to_string(b); }
inline std::string shape(us::idx_t a, us::idx_t b, us::idx_t c) { return shape(a, b) + "x" + std::to_string(c); }

struct row_name {
    std::string goal, who, shape, type = "f32";
    int threads = 1;
    bool wall_time = false;  // else the thread's CPU time: others who use the machine do not count
};

/// What the clock sees, and the largest difference from double afterwards.
template <class Run, class Error>
struct task {
    Run run;
    Error error;
};
template <class Run, class Error>
task(Run, Error) -> task<Run, Error>;

/// Adds the row. `make()` gives its task when the row is first run, so a filter keeps unused inputs away.
template <class Make>
void add(const row_name& name, const work& w, Make make) {
    struct held {
        std::optional<decltype(make())> task;
        double error = 0;
    };
    const auto run = [=, state_of_row = std::make_shared<held>()](benchmark::State& state) {
        auto& task = state_of_row->task;
        const bool first = !task;
        if (first) {
            task.emplace(make());
            for (int warm_up = 0; warm_up < 3; ++warm_up) task->run();  // malloc's heap grows in the first two
            state_of_row->error = task->error();
        }
        const limit before = name.threads == 1 ? limit_of(w) : limit();
        if (state.max_iterations > 1) task->run();  // the rates have emptied the caches
        for (auto _ : state) {
            task->run();
            benchmark::ClobberMemory();
        }
        const limit after = name.threads == 1 ? limit_of(w) : limit();
        const double shortest = (before.seconds + after.seconds) / 2;
        if (shortest > 0)
            state.counters["of_limit"] =
                benchmark::Counter(shortest * double(state.iterations()), benchmark::Counter::kIsRate);
        state.counters["error"] = state_of_row->error;
        state.SetLabel(after.what);
    };
    const std::string full = name.goal + "/" + name.who + "/" + name.shape + "/" + name.type;
    auto* const row = benchmark::RegisterBenchmark(full.c_str(), run)->Unit(benchmark::kMicrosecond);
    if (name.wall_time) row->UseRealTime();
}

}  // namespace bench
