/// An executor on OpenMP's threads. Opt-in: needs -fopenmp (target unitsphere::openmp).
#pragma once

#ifndef _OPENMP
#error "unitsphere/engine/openmp.hpp needs OpenMP: compile and link with -fopenmp, or link unitsphere::openmp"
#endif

#include <omp.h>

#include <exception>

#include "executor.hpp"
#include "forked.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// Calls from a team of OpenMP's threads.
///
///   openmp{}        as many as omp_get_max_threads() says: OMP_NUM_THREADS, omp_set_num_threads
///   openmp{3}       three
///
/// Errors   the first exception of a body is thrown again after the join; the other calls are all made.
/// Threads  OpenMP's own, which it keeps. Inside a parallel region at OpenMP's nesting limit (by default, any) and in a
///          forked child the calling thread makes all calls.   Memory  none.
/// Source   OpenMP API 4.5, sections 2.5 and 2.7.1.
struct openmp {
    int threads = 0;

    idx_t workers() const noexcept {
        if (engine::is_forked() || omp_get_active_level() >= omp_get_max_active_levels()) return 1;
        const int workers = threads > 0 ? threads : omp_get_max_threads();
        return workers < 1 ? 1 : workers;
    }

    template <class Body>
    void operator()(idx_t count, Body&& body) const {
        const idx_t team = workers() < count ? workers() : count;
        if (team <= 1) return sequential()(count, body);
#if defined(__cpp_exceptions)
        // An exception that leaves a parallel region ends the program.
        std::exception_ptr first;
        bool thrown = false;
#pragma omp parallel for schedule(static, 1) num_threads(int(team))
        for (idx_t i = 0; i < count; ++i) {
            try {
                body(i);
            } catch (...) {
                if (!__atomic_test_and_set(&thrown, __ATOMIC_RELAXED)) first = std::current_exception();
            }
        }
        if (first) std::rethrow_exception(first);
#else
#pragma omp parallel for schedule(static, 1) num_threads(int(team))
        for (idx_t i = 0; i < count; ++i) body(i);
#endif
    }
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
