/// How much stack a call takes, from what it leaves behind in a painted one.
#pragma once

#include <pthread.h>

#include <cstdlib>
#include <cstring>

#include <unitsphere/data/config.hpp>

namespace tests {

/// Sanitizers and -O0 keep every temporary in a place of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool stack_can_be_measured = false;
#elif defined(__has_feature)
inline constexpr bool stack_can_be_measured =
    unitsphere::optimized && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
inline constexpr bool stack_can_be_measured = unitsphere::optimized;
#endif

/// Bytes of the stack of a thread that makes the call, its own start included. The call is made twice: the first one
/// binds the functions of shared libraries, on the caller's stack.
template <class Call>
unitsphere::idx_t stack_of_thread(Call& call) {
    call();
    constexpr std::size_t size = std::size_t(1) << 20;
    auto* const stack = static_cast<unsigned char*>(std::aligned_alloc(4096, size));
    std::memset(stack, 0xa5, size);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, size);
    pthread_t thread;
    const auto run = [](void* it) -> void* { return (*static_cast<Call*>(it))(), nullptr; };
    const int error = pthread_create(&thread, &attributes, run, &call);
    if (error == 0) pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
    std::size_t untouched = 0;
    while (untouched < size && stack[untouched] == 0xa5) ++untouched;
    std::free(stack);
    return error == 0 ? unitsphere::idx_t(size - untouched) : -1;
}
/// Of the call alone.
template <class Call>
unitsphere::idx_t stack_of(Call&& call) {
    auto nothing = [] {};
    return stack_of_thread(call) - stack_of_thread(nothing);
}

}  // namespace tests
