/// How a call runs: on whose threads, in whose memory.
#pragma once

#include "arithmetic.hpp"
#include "cache_model.hpp"
#include "executor.hpp"
#include "workspace.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// How one call runs: an executor, a workspace, or both. Made where the call is made, and gone with it:
///
///   cosine_similarity(queries, gallery);                                   sequential, in memory of its own
///   cosine_similarity(queries, gallery, openmp{});
///   cosine_similarity_into(queries, gallery, scores, space);               sequential, in `space`
///   cosine_similarity_into(queries, gallery, scores, {openmp{}, space});
///   top_k(queries, gallery, 10, execution(openmp{}).on_progress(show))
///
/// Threads  those of the executor; no result depends on it.
/// Memory   without a workspace a call allocates its own. The workspace is referred to and must outlive this object. So
///          must an executor that is larger than two pointers or not trivially copyable; others are copied.
class execution {
public:
    /// sequential, in memory of the call's own.
    execution() noexcept : executor_(nullptr), run_(nullptr), workers_(1), space_(nullptr) {}
    template <class X, std::enable_if_t<engine::is_executor<X>, int> = 0>
    execution(X&& executor) : execution(executor, nullptr) {}
    execution(workspace& space) noexcept : executor_(nullptr), run_(nullptr), workers_(1), space_(&space) {}
    template <class X, std::enable_if_t<engine::is_executor<X>, int> = 0>
    execution(X&& executor, workspace& space) : execution(executor, &space) {}

    /// Calls progress(part, whole) whenever `part` more of `whole` scores have been computed: the parts of a call add
    /// up to the whole. cosine_similarity, clip_logits, siglip_logits, classifiers, searches, ranks and near_duplicates
    /// report progress. A callback that returns bool may cancel the call: false is a cancelled_error.
    ///
    /// Errors   what it throws reaches the caller like a body's, and so does cancelled_error: when all workers have
    ///          stopped, of which none has begun another task. Outputs are then written in part.
    /// Threads  called by the workers, by several at once.   Memory  referred to: it must outlive the call.
    template <class Progress>
    execution& on_progress(Progress& progress) noexcept {
        progress_ = const_cast<void*>(static_cast<const volatile void*>(&progress));
        report_ = [](void* it, idx_t part, idx_t whole) {
            Progress& report = *static_cast<Progress*>(it);
            if constexpr (std::is_same_v<decltype(report(part, whole)), bool>)
                return report(part, whole);
            else
                return static_cast<void>(report(part, whole)), true;
        };
        return *this;
    }
    /// For the engine.
    bool reports_progress() const noexcept { return report_ != nullptr; }
    void report_progress(idx_t part, idx_t whole) const {
        if (report_ != nullptr && !report_(progress_, part, whole))
            unitsphere::detail::fail<cancelled_error>("cancelled: the progress callback returned false");
    }

    idx_t workers() const noexcept { return workers_; }
    /// Null where the caller gave none.
    workspace* space() const noexcept { return space_; }

    /// body(i) once for every i in [0, count), by the executor.
    void run(idx_t count, engine::function_ref body) const {
        if (run_ == nullptr) return sequential()(count, body);
        run_(*this, count, body);
    }

private:
    /// Room for two pointers: an executor's settings, or the captures of a lambda around a thread pool.
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
            copy_ = {};  // an empty class has nothing to copy; gcc warns where its one byte is
        else if constexpr (is_copied<X>())
            __builtin_memcpy(copy_.bytes, &executor, sizeof(X));
        else
            executor_ = const_cast<void*>(static_cast<const volatile void*>(&executor));
    }

    template <class X>
    static void run_on(const execution& how, idx_t count, const engine::function_ref& body) {
        if constexpr (is_copied<X>())
            (*reinterpret_cast<const X*>(how.copy_.bytes))(count, body);
        else
            (*reinterpret_cast<X*>(how.executor_))(count, body);
    }

    union {
        void* executor_;
        small_copy copy_;
    };
    void (*run_)(const execution&, idx_t, const engine::function_ref&);
    idx_t workers_;
    workspace* space_;
    void* progress_ = nullptr;
    bool (*report_)(void*, idx_t, idx_t) = nullptr;
};

namespace engine {

/// The workspace of a call of `function`, in use until the end of scope: the caller's, else one of its own.
class borrowed_workspace {
public:
    borrowed_workspace(const execution& how, const char* function)
        : space_(how.space() != nullptr ? *how.space() : own_) {
        if (how.space() != nullptr) space_.lend(function);  // nobody else knows of its own
    }
    borrowed_workspace(const borrowed_workspace&) = delete;
    borrowed_workspace& operator=(const borrowed_workspace&) = delete;
    ~borrowed_workspace() { space_.give_back(); }

    std::byte* reserve(idx_t bytes) { return space_.reserve(bytes); }

private:
    workspace own_ = {};
    workspace& space_;
};

/// On scope exit, marks the task counter exhausted. A no-op after normal completion; when an exception unwinds a worker
/// it keeps the others from starting new tasks.
struct task_stop {
    idx_t& next;
    idx_t tasks;
    ~task_stop() { __atomic_store_n(&next, tasks, __ATOMIC_RELAXED); }
};

/// How many workers need memory for so many tasks: at least one.
inline idx_t workers_for(const execution& how, idx_t tasks) noexcept { return clamped(tasks, 1, how.workers()); }

/// Calls work(worker, task) once for every task in [0, tasks). 0 <= worker < min(how.workers(), tasks), and no two
/// calls that run at the same time have the same worker: its number selects the scratch memory.
///
/// Dynamic scheduling: free workers take the tasks in order from one atomic counter. With an executor that makes its
/// calls one after the other, worker 0 does everything. Who does a task must not change its result.
///
/// Errors   an exception of `work` arrives through the executor; tasks that have not begun are left out.
template <class Work>
void for_each_task(const execution& how, idx_t tasks, Work&& work) {
    const idx_t workers = workers_for(how, tasks);
    if (workers == 1) {
        for (idx_t task = 0; task < tasks; ++task) work(idx_t(0), task);
        return;
    }
    alignas(64) idx_t next = 0;
    const auto take_tasks = [&](idx_t worker) {
        const task_stop stop{next, tasks};
        for (;;) {
            const idx_t task = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
            if (task >= tasks) return;
            work(worker, task);
        }
    };
    how.run(workers, take_tasks);
}

/// Calls work(worker, first, end) for ranges of `share` of `count` rows; the last one may be shorter.
template <class Work>
void for_each_range(const execution& how, idx_t count, idx_t share, Work&& work) {
    for_each_task(how, ceil_div(count, share), [&](idx_t worker, idx_t task) {
        const idx_t first = task * share;
        work(worker, first, first + minimum(share, count - first));
    });
}

/// Calls work(first, end) for ranges of `rows` rows of `dim` elements: cache_model::elements_of_task elements each, or
/// all rows at once where there is one worker.
template <class Work>
void for_each_rows(const execution& how, idx_t rows, idx_t dim, Work&& work) {
    if (rows == 0) return;
    if (how.workers() == 1) return work(idx_t(0), rows);
    const idx_t share = maximum(cache_model::elements_of_task / maximum(dim, 1), 1);
    for_each_range(how, rows, share, [&](idx_t, idx_t first, idx_t end) { work(first, end); });
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
