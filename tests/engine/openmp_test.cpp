#include <set>
#include <thread>
#include <vector>

#include <omp.h>

#include <unitsphere/engine/openmp.hpp>

#include "catch.hpp"
#include "executors.hpp"
#include "forked_child.hpp"

// clang's libomp never frees what it keeps for a thread that has ended. (A leak sanitizer calls this.)
extern "C" const char* __lsan_default_suppressions() { return "leak:libomp"; }

namespace tests {

using unitsphere::openmp;

TEST_CASE("openmp makes every call once, whatever its threads", "[openmp]") {
    check_every_call_once(openmp{});
    check_every_call_once(openmp{GENERATE(range(1, 17))});
}

TEST_CASE("openmp has the threads that it is asked for, else OpenMP's", "[openmp]") {
    CHECK(openmp{}.workers() == omp_get_max_threads());
    CHECK(openmp{5}.workers() == 5);
    CHECK(openmp{-1}.workers() == omp_get_max_threads());

    std::vector<std::thread::id> threads(16);
    openmp{4}(16, [&](idx_t i) { threads[std::size_t(i)] = std::this_thread::get_id(); });
    CHECK(std::set<std::thread::id>(threads.begin(), threads.end()).size() == 4);
    threads.resize(3);
    openmp{4}(3, [&](idx_t i) { threads[std::size_t(i)] = std::this_thread::get_id(); });
    CHECK(std::set<std::thread::id>(threads.begin(), threads.end()).size() == 3);
}

TEST_CASE("an exception in a body arrives when openmp's threads have stopped", "[openmp]") {
    check_exceptions(openmp{GENERATE(range(1, 17))});
}

TEST_CASE("openmp works inside openmp, and inside other threads", "[openmp]") {
    check_nested(openmp{}, openmp{});
    check_nested(openmp{3}, openmp{4});
    check_nested(on_threads{3}, openmp{2});
    check_nested(openmp{3}, on_threads{2});

    const int levels = omp_get_max_active_levels();
    omp_set_max_active_levels(2);
    check_nested(openmp{3}, openmp{4});
    omp_set_max_active_levels(levels);
}

TEST_CASE("openmp inside a parallel region at the nesting limit has one worker: the calling thread", "[openmp]") {
    const int levels = omp_get_max_active_levels();
    omp_set_max_active_levels(1);
    std::vector<idx_t> workers(4);
    openmp{4}(4, [&](idx_t i) { workers[std::size_t(i)] = openmp{3}.workers(); });
    CHECK(workers == std::vector<idx_t>(4, 1));
    omp_set_max_active_levels(levels);
}

TEST_CASE("a forked child works with openmp after its parent used OpenMP", "[openmp]") {
    CHECK(calls_made(openmp{4}, 100) == std::vector<int>(100, 1));
    int threads = 0;
#pragma omp parallel num_threads(4)
#pragma omp atomic
    ++threads;
    CHECK(threads == 4);
    const auto works = [] {
        return openmp{4}.workers() == 1 && calls_made(openmp{4}, 100) == std::vector<int>(100, 1) &&
               calls_made(openmp{}, 17) == std::vector<int>(17, 1);
    };
    CHECK(child_of_fork(works) == "exits with 0");
    // A child's child, and the parent afterwards.
    CHECK(child_of_fork([&] { return works() && child_of_fork(works) == "exits with 0"; }) == "exits with 0");
    CHECK(openmp{4}.workers() == 4);
    CHECK(calls_made(openmp{4}, 100) == std::vector<int>(100, 1));
}

}  // namespace tests
