/// Who does the work: the executor concept, and the executor that everybody has.
#pragma once

#include <type_traits>
#include <utility>

#include "../data/config.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// A body as executors receive it: body(i), wherever the callable lives. Copied like two pointers; owns nothing.
class body_ref {
public:
    template <class Body, class = std::enable_if_t<!std::is_same_v<std::decay_t<Body>, body_ref>>>
    body_ref(Body&& body) noexcept
        : body_(const_cast<void*>(static_cast<const volatile void*>(&body))),
          call_([](void* target, index i) { (*static_cast<std::remove_reference_t<Body>*>(target))(i); }) {}

    void operator()(index i) const { call_(body_, i); }

private:
    void* body_;
    void (*call_)(void*, index);
};

/// Whether executor(count, body) can be called and returns nothing: a matrix of Eigen can be called too, with anything.
template <class X, class = void>
inline constexpr bool is_executor = false;
template <class X>
inline constexpr bool is_executor<
    X, std::enable_if_t<std::is_void_v<decltype(std::declval<X&>()(index(), std::declval<const body_ref&>()))>>> = true;

template <class X, class = void>
inline constexpr bool has_workers = false;
template <class X>
inline constexpr bool has_workers<X, std::void_t<decltype(index(std::declval<const X&>().workers()))>> = true;

/// How many calls may run at the same time, at least 1; 16 where the executor does not say.
template <class X>
index workers_of(const X& executor) {
    if constexpr (has_workers<X>) {
        const index workers = index(executor.workers());
        constexpr index most = 1 << 16;
        return workers < 1 ? 1 : workers > most ? most : workers;
    } else {
        return 16;
    }
}

}  // namespace engine

/// The executor of every call that names none: one call after the other, on the caller's thread.
///
///   executor(count, body)     body(i) exactly once for every i in [0, count)
///
/// An executor is any callable of this form that returns nothing: a lambda around a thread pool, openmp, onetbb. It may
/// make the calls in any order and from any threads, and returns when all of them have returned. No bit of a result
/// depends on what it does.
/// A member `index workers() const` says how many calls may run at the same time; without it, 16.
///
/// Errors   an exception of a body reaches the caller after all running calls have returned; the executor may then leave
///          out calls that have not begun. Of several exceptions one arrives.
/// Threads  none here.   Memory  none here.
struct sequential {
    index workers() const noexcept { return 1; }

    template <class Body>
    void operator()(index count, Body&& body) const {
        for (index i = 0; i < count; ++i) body(i);
    }
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
