/// What every executor owes its caller, and executors as users write them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include <unitsphere/engine/executor.hpp>

#include "catch.hpp"

namespace tests {

using unitsphere::idx_t;

inline void with_function(idx_t count, const std::function<void(idx_t)>& body) {
    for (idx_t i = 0; i < count; ++i) body(i);
}

/// Threads of its own for each use; thread t makes calls t, t + threads, ..
struct on_threads {
    int threads;

    idx_t workers() const { return threads; }

    template <class Body>
    void operator()(idx_t count, Body body) const {
        std::exception_ptr first;
        std::mutex first_mutex;
        std::vector<std::thread> team;
        for (int t = 0; t < threads; ++t)
            team.emplace_back([&, t] {
                try {
                    for (idx_t i = t; i < count; i += threads) body(i);
                } catch (...) {
                    const std::lock_guard<std::mutex> lock(first_mutex);
                    if (!first) first = std::current_exception();
                }
            });
        for (std::thread& thread : team) thread.join();
        if (first) std::rethrow_exception(first);
    }
};

/// Threads that are there before the first call and after the last: a call of it allocates nothing. Thread t makes
///          calls
/// t, t + threads, ..; bodies must not throw.
class team {
public:
    explicit team(int threads) : threads_(threads) {
        for (int t = 0; t < threads; ++t) members_.emplace_back([this, t] { serve(t); });
    }
    team(const team&) = delete;
    team& operator=(const team&) = delete;
    ~team() {
        begin(0, nullptr, nullptr);
        for (std::thread& member : members_) member.join();
    }

    idx_t workers() const { return threads_; }

    template <class Body>
    void operator()(idx_t count, const Body& body) {
        begin(count, &body, [](const void* it, idx_t i) { (*static_cast<const Body*>(it))(i); });
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return busy_ == 0; });
    }

private:
    void begin(idx_t count, const void* body, void (*call)(const void*, idx_t)) {
        const std::lock_guard<std::mutex> lock(mutex_);
        count_ = count, body_ = body, call_ = call, busy_ = threads_, ++round_;
        changed_.notify_all();
    }
    void serve(int t) {
        for (idx_t round = 1;; ++round) {
            std::unique_lock<std::mutex> lock(mutex_);
            changed_.wait(lock, [&] { return round_ == round; });
            if (call_ == nullptr) return;
            lock.unlock();
            for (idx_t i = t; i < count_; i += threads_) call_(body_, i);
            lock.lock();
            if (--busy_ == 0) changed_.notify_all();
        }
    }

    const int threads_;
    std::mutex mutex_;
    std::condition_variable changed_;
    idx_t round_ = 0, count_ = 0;
    int busy_ = 0;
    const void* body_ = nullptr;
    void (*call_)(const void*, idx_t) = nullptr;
    std::vector<std::thread> members_;  // last: they use all of the above
};

inline const auto in_reverse = [](idx_t count, auto&& body) {
    for (idx_t i = count - 1; i >= 0; --i) body(i);
};

/// The calls that are running, counted even where they throw.
class running_call {
public:
    explicit running_call(std::atomic<int>& running) : running_(running) { ++running_; }
    ~running_call() { --running_; }

private:
    std::atomic<int>& running_;
};

/// How often each of `count` calls was made. What is written without a lock is read after the join: a thread sanitizer
/// sees an executor that returns too early.
template <class Executor>
std::vector<int> calls_made(Executor&& executor, idx_t count) {
    std::vector<int> calls(std::size_t(count), 0);
    executor(count, [&](idx_t i) { ++calls[std::size_t(i)]; });
    return calls;
}

template <class Executor>
void check_every_call_once(Executor&& executor) {
    for (const idx_t count : {0, 1, 2, 15, 16, 17, 1000}) {
        CAPTURE(count);
        CHECK(calls_made(executor, count) == std::vector<int>(std::size_t(count), 1));
    }
}

struct thrown_by {
    idx_t body;
};

/// Where `throws` says so, a call throws its number; the message says what came of it.
template <class Executor, class Throws>
void check_exception(Executor&& executor, idx_t count, Throws&& throws) {
    std::atomic<int> running{0};
    std::vector<std::atomic<int>> calls(std::size_t(count) + 1);  // not of bool: neighbours would share a byte
    idx_t caught = -1;
    int still_running = -1;
    try {
        executor(count, [&](idx_t i) {
            const running_call call(running);
            ++calls[std::size_t(i)];
            std::this_thread::yield();
            if (throws(i)) throw thrown_by{i};
        });
    } catch (const thrown_by& exception) {
        still_running = running;
        caught = exception.body;
    }
    REQUIRE(caught >= 0);
    CHECK(throws(caught));
    CHECK(calls[std::size_t(caught)] == 1);
    CHECK(still_running == 0);
    for (idx_t i = 0; i < count; ++i) CHECK(calls[std::size_t(i)] <= 1);
}

template <class Executor>
void check_exceptions(Executor&& executor) {
    for (const idx_t count : {2, 16, 100}) {
        CAPTURE(count);
        check_exception(executor, count, [](idx_t i) { return i == 0; });
        check_exception(executor, count, [&](idx_t i) { return i == count / 2; });
        check_exception(executor, count, [&](idx_t i) { return i == count - 1; });
        check_exception(executor, count, [](idx_t i) { return i % 2 == 1; });
        check_exception(executor, count, [](idx_t) { return true; });
    }
    CHECK(calls_made(executor, 33) == std::vector<int>(33, 1));  // it goes on as before
}

/// Every outer call makes all inner calls.
template <class Outer, class Inner>
void check_nested(Outer&& outer, Inner&& inner) {
    constexpr idx_t rows = 7, columns = 19;
    std::vector<int> calls(rows * columns, 0);
    outer(rows, [&](idx_t i) { inner(columns, [&](idx_t j) { ++calls[std::size_t(i * columns + j)]; }); });
    CHECK(calls == std::vector<int>(rows * columns, 1));

    idx_t caught = -1;
    try {
        outer(rows, [&](idx_t i) {
            inner(columns, [&](idx_t j) {
                if (i == 3 && j == 11) throw thrown_by{i * columns + j};
            });
        });
    } catch (const thrown_by& exception) {
        caught = exception.body;
    }
    CHECK(caught == 3 * columns + 11);
}

}  // namespace tests
