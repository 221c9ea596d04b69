/// The executor concept, and the sequential executor.
#pragma once

#include <type_traits>
#include <utility>

#include "../data/config.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// A non-owning reference to a callable body(args..), two pointers wide. The callable must outlive it.
template <class... Args>
class callable_ref {
public:
    template <class Body, class = std::enable_if_t<!std::is_same_v<std::decay_t<Body>, callable_ref>>>
    callable_ref(Body&& body) noexcept
        : body_(const_cast<void*>(static_cast<const volatile void*>(&body))),
          call_([](void* target, Args... args) { (*static_cast<std::remove_reference_t<Body>*>(target))(args...); }) {}

    void operator()(Args... args) const { call_(body_, args...); }

private:
    void* body_;
    void (*call_)(void*, Args...);
};
/// The form in which executors receive a body(i).
using function_ref = callable_ref<idx_t>;

/// Whether executor(count, body) can be called and returns void. The result counts: Eigen's matrices are callable, too.
template <class X, class = void>
inline constexpr bool is_executor = false;
template <class X>
inline constexpr bool is_executor<X, std::enable_if_t<std::is_void_v<decltype(std::declval<X&>()(
                                         std::declval<idx_t>(), std::declval<const function_ref&>()))>>> = true;

template <class X, class = void>
inline constexpr bool has_workers = false;
template <class X>
inline constexpr bool has_workers<X, std::void_t<decltype(idx_t(std::declval<const X&>().workers()))>> = true;

/// How many calls may run at the same time: workers() in [1, 65536], or 16 where the executor has no such member.
template <class X>
idx_t workers_of(const X& executor) {
    if constexpr (has_workers<X>) {
        const idx_t workers = idx_t(executor.workers());
        constexpr idx_t most = 1 << 16;
        return workers < 1 ? 1 : workers > most ? most : workers;
    } else {
        return 16;
    }
}

}  // namespace engine

/// Makes one call after the other on the caller's thread. The executor of every call that names none.
///
///   executor(count, body)     body(i) exactly once for every i in [0, count)
///
/// An executor is any callable of this form that returns void: a lambda around a thread pool, openmp, onetbb. It may
/// make the calls in any order and from any threads, and returns when all of them have returned. No bit of a result
/// depends on what it does. A member `idx_t workers() const` says how many calls may run at the same time; without it,
/// 16.
///
/// Errors   an exception of a body reaches the caller after all running calls have returned. The executor may then
///          leave out calls that have not begun; of several exceptions it passes on one.
/// Threads  none here.   Memory  none here.
struct sequential {
    idx_t workers() const noexcept { return 1; }

    template <class Body>
    void operator()(idx_t count, Body&& body) const {
        for (idx_t i = 0; i < count; ++i) body(i);
    }
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
