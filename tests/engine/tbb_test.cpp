#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <unitsphere/engine/tbb.hpp>

#include "catch.hpp"
#include "executors.hpp"
#include "forked_child.hpp"

namespace tests {

using unitsphere::onetbb;

namespace {

/// oneTBB gives no more threads than the machine has, unless it is told to.
const tbb::global_control sixteen_threads(tbb::global_control::max_allowed_parallelism, 16);

}  // namespace

TEST_CASE("onetbb makes every call once, whatever its threads", "[tbb]") {
    check_every_call_once(onetbb{});
    check_every_call_once(onetbb{GENERATE(range(1, 17))});
}

TEST_CASE("onetbb has the threads that it is asked for and oneTBB allows, else those of the caller's arena", "[tbb]") {
    CHECK(onetbb{}.workers() == tbb::this_task_arena::max_concurrency());
    CHECK(onetbb{-1}.workers() == tbb::this_task_arena::max_concurrency());
    CHECK(onetbb{5}.workers() == 5);
    tbb::task_arena(3).execute([] { CHECK(onetbb{}.workers() == 3); });
    const tbb::global_control four(tbb::global_control::max_allowed_parallelism, 4);
    CHECK(onetbb{5}.workers() == 4);
    check_every_call_once(onetbb{5});
}

TEST_CASE("an exception in a body arrives when onetbb's threads have stopped", "[tbb]") {
    check_exceptions(onetbb{});
    check_exceptions(onetbb{GENERATE(range(1, 17))});
}

TEST_CASE("onetbb works inside onetbb, and inside other threads", "[tbb]") {
    check_nested(onetbb{}, onetbb{});
    check_nested(onetbb{3}, onetbb{});
    check_nested(onetbb{}, onetbb{2});
    check_nested(onetbb{3}, onetbb{4});
    check_nested(on_threads{3}, onetbb{});
    check_nested(onetbb{}, on_threads{2});
}

TEST_CASE("onetbb makes every call where the work around it is cancelled", "[tbb]") {
    std::vector<int> calls;
    tbb::task_group group;
    group.run_and_wait([&] {
        group.cancel();
        calls = calls_made(onetbb{}, 100);
    });
    CHECK(calls == std::vector<int>(100, 1));
}

TEST_CASE("a thread that waits in onetbb begins no other work of the program", "[tbb]") {
    // Were it to begin another call of the program, it would be in two at once, with one workspace for both.
    static thread_local bool waits = false;
    const auto sleep = [] { std::this_thread::sleep_for(std::chrono::microseconds(100)); };
    for (const onetbb inner : {onetbb{}, onetbb{4}}) {
        std::atomic<bool> other_work{false}, has_work{false}, done{false};
        tbb::task_arena(8).execute([&] {
            tbb::task_group program;
            program.run([&] {  // on another thread, from which all others may steal
                tbb::task_group tasks;
                for (int i = 0; i < 1000; ++i)
                    tasks.run([&] {
                        if (waits) other_work = true;
                        sleep();
                    });
                has_work = true;
                while (!done) std::this_thread::yield();
                tasks.wait();
            });
            while (!has_work) std::this_thread::yield();
            waits = true;
            for (int round = 0; round < 50; ++round) inner(16, [&](idx_t) { sleep(); });
            waits = false;
            done = true;
            program.wait();
        });
        CHECK(!other_work);
    }
}

TEST_CASE("a forked child works with onetbb after its parent used oneTBB", "[tbb]") {
    CHECK(calls_made(onetbb{}, 100) == std::vector<int>(100, 1));
    const auto works = [] {
        return onetbb{4}.workers() == 1 && onetbb{}.workers() == 1 &&
               calls_made(onetbb{4}, 100) == std::vector<int>(100, 1) &&
               calls_made(onetbb{}, 17) == std::vector<int>(17, 1);
    };
    CHECK(child_of_fork(works) == "exits with 0");
    CHECK(child_of_fork([&] { return works() && child_of_fork(works) == "exits with 0"; }) == "exits with 0");
    CHECK(onetbb{4}.workers() == 4);
    CHECK(calls_made(onetbb{4}, 100) == std::vector<int>(100, 1));
}

}  // namespace tests
