/// An executor on oneTBB's threads. Opt-in: needs oneTBB (target unitsphere::tbb).
#pragma once

#if !__has_include(<oneapi/tbb/parallel_for.h>)
#error "unitsphere/engine/tbb.hpp needs oneTBB (Debian: libtbb-dev); link with -ltbb, or link unitsphere::tbb"
#endif

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include "executor.hpp"
#include "forked.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// Calls from oneTBB's threads.
///
///   onetbb{}        in the arena of the caller, with the concurrency that it has
///   onetbb{3}       in an arena of three, or of as many as oneTBB allows, made for the call
///
/// Errors   the first exception of a body; calls that have not begun are left out.
/// Threads  oneTBB's own, which it keeps. While the caller waits, its thread takes no other work of the program's. In a
///          forked child the calling thread makes all calls.   Memory  none but oneTBB's.
/// Source   oneAPI specification, oneTBB, parallel_for and task_arena.
struct onetbb {
    int threads = 0;

    idx_t workers() const {
        if (engine::is_forked()) return 1;
        return threads > 0 ? arena_size() : tbb::this_task_arena::max_concurrency();
    }

    template <class Body>
    void operator()(idx_t count, Body&& body) const {
        if (count <= 1 || engine::is_forked()) return sequential()(count, body);
        using range = tbb::blocked_range<idx_t>;
        const auto all = [&] {
            // Isolated: when work around this call is cancelled, this call still does all that it was asked to do.
            tbb::task_group_context own(tbb::task_group_context::isolated);
            tbb::parallel_for(
                range(0, count, 1),
                [&](const range& part) {
                    for (idx_t i = part.begin(); i < part.end(); ++i) body(i);
                },
                tbb::simple_partitioner(), own);
        };
        // Neither an arena nor isolate lets a waiting thread begin other work in the middle of this: that work could
        // use the workspace of its thread, which is in use here.
        if (threads > 0)
            tbb::task_arena(arena_size()).execute(all);
        else
            tbb::this_task_arena::isolate(all);
    }

private:
    /// No more than oneTBB would give: it prints a warning where it is asked for more.
    int arena_size() const {
        const std::size_t most = tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
        return std::size_t(threads) < most ? threads : int(most);
    }
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
