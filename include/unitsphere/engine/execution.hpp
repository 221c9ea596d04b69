/// How a call runs: on whose threads, in whose memory.
#pragma once

#include "executor.hpp"
#include "workspace.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// How one call runs: an executor, a workspace, or both. Made where the call is made, and gone with it:
///
///   cosine_similarity(queries, gallery, scores, openmp{});
///   cosine_similarity(queries, gallery, scores, space);                    sequential, in `space`
///   cosine_similarity(queries, gallery, scores, {openmp{}, space});
///   top_k(queries, gallery, 10, execution(openmp{}).on_progress(show))
///
/// Threads  those of the executor; no result depends on it.
/// Memory   without a workspace a call allocates its own. Refers to the workspace, which must outlive it, and so must an
///          executor that is larger than two pointers, or not trivially copyable; others are copied.
class execution {
public:
    template <class X, std::enable_if_t<engine::is_executor<X>, int> = 0>
    execution(X&& executor) : execution(executor, nullptr) {}
    execution(workspace& space) noexcept : executor_(nullptr), run_(nullptr), workers_(1), space_(&space) {}
    template <class X, std::enable_if_t<engine::is_executor<X>, int> = 0>
    execution(X&& executor, workspace& space) : execution(executor, &space) {}

    /// progress(part, whole) whenever `part` more of `whole` scores have been done: the parts of a call add up to the
    /// whole. Told by similarities, logits, classifiers, searches, ranks and near duplicates.
    ///
    /// Threads  called by the workers, by several at once.
    /// Memory   referred to: it must outlive the call.   Errors   what it throws reaches the caller like a body's.
    template <class Progress>
    execution& on_progress(Progress& progress) noexcept {
        progress_ = const_cast<void*>(static_cast<const volatile void*>(&progress));
        tell_ = [](void* it, index part, index whole) { (*static_cast<Progress*>(it))(part, whole); };
        return *this;
    }
    /// For the engine.
    void tell(index part, index whole) const {
        if (tell_ != nullptr) tell_(progress_, part, whole);
    }

    index workers() const noexcept { return workers_; }
    /// Null where the caller gave none.
    workspace* space() const noexcept { return space_; }

    /// body(i) once for every i in [0, count), by the executor.
    void run(index count, engine::body_ref body) const {
        if (run_ == nullptr) return sequential()(count, body);
        run_(*this, count, body);
    }

private:
    /// Two pointers: an executor's settings, or a lambda around a thread pool.
    struct small_copy {
        alignas(void*) unsigned char bytes[2 * sizeof(void*)];
    };
    template <class X>
    static constexpr bool is_copied() noexcept {
        if constexpr (std::is_function_v<X>)
            return false;
        else
            return std::is_trivially_copyable_v<X> && engine::is_executor<const X> && sizeof(X) <= sizeof(small_copy) &&
                   alignof(X) <= alignof(small_copy);
    }

    template <class X>
    execution(X& executor, workspace* space) : run_(&run_on<X>), workers_(engine::workers_of(executor)), space_(space) {
        if constexpr (std::is_function_v<X>)
            executor_ = reinterpret_cast<void*>(&executor);
        else if constexpr (std::is_empty_v<X> && is_copied<X>())
            copy_ = {};  // no setting; gcc warns where its one byte is copied
        else if constexpr (is_copied<X>())
            __builtin_memcpy(copy_.bytes, &executor, sizeof(X));
        else
            executor_ = const_cast<void*>(static_cast<const volatile void*>(&executor));
    }

    template <class X>
    static void run_on(const execution& how, index count, const engine::body_ref& body) {
        if constexpr (is_copied<X>())
            (*reinterpret_cast<const X*>(how.copy_.bytes))(count, body);
        else
            (*reinterpret_cast<X*>(how.executor_))(count, body);
    }

    union {
        void* executor_;
        small_copy copy_;
    };
    void (*run_)(const execution&, index, const engine::body_ref&);
    index workers_;
    workspace* space_;
    void* progress_ = nullptr;
    void (*tell_)(void*, index, index) = nullptr;
};

namespace engine {

/// The workspace of a call: the caller's, else one that ends with the call.
class borrowed_workspace {
public:
    explicit borrowed_workspace(const execution& how) noexcept : space_(how.space()) {}

    workspace& get() noexcept { return space_ != nullptr ? *space_ : own_; }
    std::byte* reserve(index bytes) { return get().reserve(bytes); }

private:
    workspace* space_;
    workspace own_;
};

/// Stops the handing out of tasks when a worker leaves: without tasks that changes nothing, with an exception no worker
/// begins another one.
struct task_stop {
    index& next;
    index tasks;
    ~task_stop() { __atomic_store_n(&next, tasks, __ATOMIC_RELAXED); }
};

/// For how many workers tasks need memory: one too where there is no task, it finishes what was never begun.
inline index workers_for(const execution& how, index tasks) noexcept {
    const index workers = how.workers() < tasks ? how.workers() : tasks;
    return workers < 1 ? 1 : workers;
}

/// work(worker, task) once for every task in [0, tasks); 0 <= worker < min(how.workers(), tasks), and no two calls that
/// run at the same time have the same worker: it says whose scratch memory to use.
///
/// Tasks are taken in order, by whoever is free, so an executor that makes its calls one after the other lets the first
/// worker do everything. Who does a task must not change its result.
///
/// Errors   an exception of `work` arrives through the executor; tasks that have not begun are left out.
template <class Work>
void for_each_task(const execution& how, index tasks, Work&& work) {
    const index workers = workers_for(how, tasks);
    if (workers == 1) {
        for (index task = 0; task < tasks; ++task) work(index(0), task);
        return;
    }
    alignas(64) index next = 0;
    const auto take_tasks = [&](index worker) {
        const task_stop stop{next, tasks};
        for (;;) {
            const index task = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
            if (task >= tasks) return;
            work(worker, task);
        }
    };
    how.run(workers, take_tasks);
}

/// work(first, end) for shares of `rows` rows of `dim` elements: some 32 Ki elements each, or all at once where there is
/// one worker.
template <class Work>
void for_each_rows(const execution& how, index rows, index dim, Work&& work) {
    if (rows == 0) return;
    if (how.workers() == 1) return work(index(0), rows);
    constexpr index elements = 32 * 1024;
    const index share = dim < elements ? elements / (dim > 0 ? dim : 1) : 1;
    for_each_task(how, (rows + share - 1) / share, [&](index, index task) {
        work(task * share, rows - task * share < share ? rows : (task + 1) * share);
    });
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
