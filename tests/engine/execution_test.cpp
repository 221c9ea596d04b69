#include <atomic>
#include <functional>
#include <set>
#include <thread>
#include <type_traits>
#include <vector>

#include <unitsphere/engine/execution.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"

// A thread sanitizer watches this program too. It knows std::thread, but not libgomp's own locks: so threads here are
// those of the tests' own executor.

namespace tests {

using unitsphere::execution;
using unitsphere::sequential;
using unitsphere::value_error;
using unitsphere::workspace;
using unitsphere::engine::borrowed_workspace;
using unitsphere::engine::for_each_task;

namespace {

/// What a function of the library sees: its execution has a default, as everywhere.
struct seen {
    idx_t workers;
    const workspace* space;
    std::vector<int> calls;
};
seen run(const execution& how = {}) {
    return {how.workers(), how.space(),
            calls_made([&](idx_t count, auto&& body) { how.run(count, body); }, how.workers() + 3)};
}

const auto once = [](std::size_t count) { return std::vector<int>(count, 1); };

/// How often each task was done, and by which workers. Scratch memory of a worker is written without a lock: two calls
/// at once with one worker are a race, and a lost count.
struct tasks_done {
    std::vector<int> tasks;
    std::vector<idx_t> workers;
    bool two_at_once = false;
    idx_t in_scratch = 0;
};
tasks_done done_by(const execution& how, idx_t tasks) {
    tasks_done done{std::vector<int>(std::size_t(tasks), 0), std::vector<idx_t>(std::size_t(tasks), -1)};
    std::vector<idx_t> scratch(std::size_t(how.workers()), 0);
    std::vector<std::atomic<int>> busy(std::size_t(how.workers()));
    std::atomic<bool> two_at_once{false};
    for_each_task(how, tasks, [&](idx_t worker, idx_t task) {
        if (busy[std::size_t(worker)].exchange(1, std::memory_order_relaxed) != 0) two_at_once = true;
        ++done.tasks[std::size_t(task)];
        done.workers[std::size_t(task)] = worker;
        ++scratch[std::size_t(worker)];
        if (task % 5 == 0) std::this_thread::yield();
        busy[std::size_t(worker)].store(0, std::memory_order_relaxed);
    });
    done.two_at_once = two_at_once;
    for (const idx_t count : scratch) done.in_scratch += count;
    return done;
}

void check_tasks(const execution& how) {
    for (const idx_t tasks : {0, 1, 2, 15, 16, 17, 1000}) {
        CAPTURE(tasks);
        const tasks_done done = done_by(how, tasks);
        CHECK(done.tasks == once(std::size_t(tasks)));
        CHECK(!done.two_at_once);
        CHECK(done.in_scratch == tasks);
        const idx_t workers = how.workers() < tasks ? how.workers() : tasks;
        for (const idx_t worker : done.workers) CHECK((worker >= 0 && worker < workers));
    }
}

}  // namespace

TEST_CASE("an execution is made from an executor, a workspace, or both", "[execution]") {
    workspace space;
    const on_threads constant{3};
    auto calls_of_it = [calls = 0](idx_t count, auto&& body) mutable { sequential()(count + 0 * ++calls, body); };

    const seen by_executor = run(on_threads{5}), by_constant = run(constant), by_space = run(space),
               by_both = run({on_threads{2}, space}), by_lambda = run(in_reverse), by_mutable = run(calls_of_it),
               by_function = run({with_function, space}), by_sequential = run(sequential());
    CHECK((by_executor.workers == 5 && by_executor.space == nullptr && by_executor.calls == once(8)));
    CHECK((by_constant.workers == 3 && by_constant.space == nullptr && by_constant.calls == once(6)));
    CHECK((by_space.workers == 1 && by_space.space == &space && by_space.calls == once(4)));
    CHECK((by_both.workers == 2 && by_both.space == &space && by_both.calls == once(5)));
    CHECK((by_lambda.workers == 16 && by_lambda.space == nullptr && by_lambda.calls == once(19)));
    CHECK((by_mutable.workers == 16 && by_mutable.space == nullptr && by_mutable.calls == once(19)));
    CHECK((by_function.workers == 16 && by_function.space == &space && by_function.calls == once(19)));
    CHECK((by_sequential.workers == 1 && by_sequential.space == nullptr && by_sequential.calls == once(4)));
}

TEST_CASE("an execution copies a small executor, and refers to one that is large or has a state", "[execution]") {
    workspace space;
    const execution small(on_threads{2}, space);  // the executor of this line is gone
    CHECK(run(small).calls == once(5));
    CHECK(run(small).space == &space);

    idx_t uses[8] = {};
    const auto counts_its_uses = [&uses, large = std::vector<idx_t>(3)](idx_t count, auto&& body) {
        uses[large.size()] += 1;
        sequential()(count, body);
    };
    const auto three_references = [&uses, &space, &large = counts_its_uses](idx_t count, auto&& body) {
        uses[0] += space.bytes() + 1;
        large(count, body);
    };
    const auto mutable_state = [uses = 0](idx_t count, auto&& body) mutable { sequential()(count - ++uses, body); };
    auto counter = mutable_state;
    const execution large(counts_its_uses), with_state(counter);
    CHECK(run(large).calls == once(19));
    CHECK(uses[3] == 1);
    CHECK(run({three_references, space}).calls == once(19));
    CHECK((uses[0] == 1 && uses[3] == 2));
    run(with_state);
    CHECK(calls_made(counter, 5) == std::vector<int>{1, 1, 1, 0, 0});
}

TEST_CASE("{} is the sequential execution in memory of its own", "[execution]") {
    const seen by_default = run({});
    CHECK((by_default.workers == 1 && by_default.space == nullptr && by_default.calls == once(4)));
}

TEST_CASE("no other type converts to an execution", "[execution]") {
    STATIC_REQUIRE(!std::is_convertible_v<int, execution>);
    STATIC_REQUIRE(!std::is_convertible_v<std::nullptr_t, execution>);
    STATIC_REQUIRE(!std::is_convertible_v<workspace, execution>);  // one that dies with the call keeps nothing
    STATIC_REQUIRE(!std::is_convertible_v<const workspace&, execution>);
    STATIC_REQUIRE(!std::is_convertible_v<workspace*, execution>);
}

TEST_CASE("no execution and {} mean the calling thread and memory of the call's own", "[execution]") {
    CHECK((run().workers == 1 && run().space == nullptr && run().calls == once(4)));
    CHECK((run({}).workers == 1 && run({}).space == nullptr && run({}).calls == once(4)));
}

TEST_CASE("every task is done once, each worker by one call at a time", "[execution]") {
    workspace space;
    check_tasks(on_threads{GENERATE(range(1, 17))});
    check_tasks(sequential());
    check_tasks(space);
    check_tasks(in_reverse);
    check_tasks(with_function);
}

TEST_CASE("tasks come in order, and one worker does all of them where calls follow each other", "[execution]") {
    std::vector<idx_t> order;
    std::set<idx_t> workers;
    const auto note = [&](idx_t worker, idx_t task) {
        workers.insert(worker);
        order.push_back(task);
    };
    for_each_task(in_reverse, 40, note);
    CHECK(workers == std::set<idx_t>{15});
    workers.clear();
    for_each_task(with_function, 40, note);
    for_each_task(sequential(), 40, note);
    CHECK(workers == std::set<idx_t>{0});
    REQUIRE(order.size() == 120);
    for (idx_t i = 0; i < 120; ++i) CHECK(order[std::size_t(i)] == i % 40);
}

TEST_CASE("one worker or one task needs no executor", "[execution]") {
    const auto refuses = [](idx_t, auto&&) { throw thrown_by{-1}; };
    idx_t done = 0;
    for_each_task(refuses, 1, [&](idx_t worker, idx_t task) { done += 1 + worker + task; });
    CHECK(done == 1);
    CHECK_THROWS_AS(for_each_task(refuses, 2, [&](idx_t, idx_t) {}), thrown_by);
}

TEST_CASE("an exception in a task arrives when all workers have stopped", "[execution]") {
    const int threads = GENERATE(range(1, 17));
    check_exceptions([&](idx_t count, auto&& body) {
        for_each_task(on_threads{threads}, count, [&](idx_t, idx_t task) { body(task); });
    });
}

TEST_CASE("after an exception no worker begins more tasks than the one that it may just have taken", "[execution]") {
    constexpr idx_t tasks = 1000000;
    constexpr int threads = 4;
    std::atomic<idx_t> begun{0};
    std::atomic<bool> thrown{false};
    CHECK_THROWS_AS(for_each_task(on_threads{threads}, tasks,
                                  [&](idx_t, idx_t task) {
                                      if (task == 100) {
                                          thrown = true;
                                          throw thrown_by{task};
                                      }
                                      if (task > 100)  // the others come no further until it is thrown
                                          while (!thrown) std::this_thread::yield();
                                      ++begun;
                                      std::this_thread::yield();
                                  }),
                    thrown_by);
    CHECK(begun < tasks / 2);
}

TEST_CASE("tasks may run tasks of their own, on the same executor or another one", "[execution]") {
    for (const int threads : {1, 2, 5}) {
        const auto outer = [&](idx_t count, auto&& body) {
            for_each_task(on_threads{3}, count, [&](idx_t, idx_t task) { body(task); });
        };
        check_nested(outer, [&](idx_t count, auto&& body) {
            for_each_task(on_threads{threads}, count, [&](idx_t, idx_t task) { body(task); });
        });
        check_nested(outer, sequential());
    }
}

TEST_CASE("many threads have their tasks done at once, each in a workspace of its own", "[execution]") {
    std::vector<idx_t> sums(8, 0);
    on_threads{8}(8, [&](idx_t caller) {
        workspace space;
        for (int round = 0; round < 10; ++round) {
            const execution how(on_threads{2}, space);
            borrowed_workspace scratch(how, "task");
            auto* const partial = reinterpret_cast<idx_t*>(scratch.reserve(2 * 64));
            partial[0] = partial[8] = 0;
            for_each_task(how, 50, [&](idx_t worker, idx_t task) { partial[8 * worker] += task; });
            sums[std::size_t(caller)] += partial[0] + partial[8];
        }
    });
    CHECK(sums == std::vector<idx_t>(8, 10 * 1225));
}

TEST_CASE("a call works in the caller's workspace, else in one of its own", "[execution]") {
    workspace space;
    {
        borrowed_workspace borrowed(space, "outer");
        CHECK(borrowed.reserve(1000) == space.reserve(1000));
    }
    CHECK(space.bytes() >= 1000);  // it stays

    borrowed_workspace first(in_reverse, "outer"), second(in_reverse, "inner");
    CHECK(first.reserve(10) != second.reserve(10));
}

TEST_CASE("a workspace is used by one call at a time, on one thread or several", "[execution]") {
    workspace space;
    const auto borrow = [&] { borrowed_workspace(space, "inner"); };
    {
        const borrowed_workspace outer(space, "outer");
        constexpr const char* refused =
            "inner: the workspace is in use by outer; calls inside each other or at the same time need one each";
        CHECK(message_of<value_error>(borrow) == refused);
        CHECK(message_of<value_error>(borrow) == refused);  // a refused call does not end the use
        std::string elsewhere;
        std::thread([&] { elsewhere = message_of<value_error>(borrow); }).join();
        CHECK(elsewhere == refused);
    }
    CHECK(message_of<value_error>(borrow) == "(no exception)");
    std::atomic<int> inside{0}, most{0};
    on_threads{8}(2000, [&](idx_t) {
        try {
            const borrowed_workspace mine(space, "call");
            if (inside.fetch_add(1) > 0) most = 2;
            inside.fetch_sub(1);
        } catch (const value_error&) {
        }
    });
    CHECK(most == 0);
}

}  // namespace tests
