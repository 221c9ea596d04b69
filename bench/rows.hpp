/// A row that `report` judges: <goal>/<who>/<shape>/<type>, with the work it does as counters.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <benchmark/benchmark.h>

#include "inputs.hpp"
#include "rates.hpp"

namespace bench {

/// Every program defines it: adds its rows.
void register_rows();

/// What has to be done, whoever does it: the limit of the machine follows from it.
struct work {
    double flops = 0;  // of the multiply-add pipes: two for each multiply-add, and for any other operation
    double bytes_read = 0;
    double bytes_written = 0;
    bool in_place = false;  // what is written is what was read
};

/// exp in the library's own softmax: nine multiply-adds and one multiplication.
inline constexpr double exp_operations = 10;

inline work cosine_work(us::index q, us::index g, us::index dim, double element = 4) {
    return {2.0 * double(q) * double(g) * double(dim), element * double((q + g) * dim), 4.0 * double(q) * double(g)};
}
inline work zero_shot_work(us::index images, us::index classes, us::index dim) {
    work w = cosine_work(images, classes, dim);
    w.flops += 2.0 * exp_operations * double(images) * double(classes);
    return w;
}

inline std::string shape(us::index a, us::index b) { return std::to_string(a) + "x" + std::to_string(b); }
inline std::string shape(us::index a, us::index b, us::index c) { return shape(a, b) + "x" + std::to_string(c); }

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

inline void set_counters(benchmark::State& state, const row_name& name, const work& w, double error) {
    state.counters["flops"] = w.flops;
    state.counters["bytes_read"] = w.bytes_read;
    state.counters["bytes_written"] = w.bytes_written;
    if (w.in_place) state.counters["in_place"] = 1;
    state.counters["workers"] = name.threads;
    state.counters["error"] = error;
    state.SetLabel(us::instruction_set());
}

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
        for (auto _ : state) {
            task->run();
            benchmark::ClobberMemory();
        }
        set_counters(state, name, w, state_of_row->error);
    };
    const std::string full = name.goal + "/" + name.who + "/" + name.shape + "/" + name.type;
    auto* const row = benchmark::RegisterBenchmark(full.c_str(), run)->Unit(benchmark::kMicrosecond);
    if (name.wall_time) row->UseRealTime();
}

}  // namespace bench
