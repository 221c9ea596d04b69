/// The vector type that every kernel is written in: always 16 elements, whatever the machine.
///
/// The canonical arithmetic speaks of 16 virtual lanes. lanes<T> is exactly those: one AVX-512 register of float,
/// two of AVX2, four of SSE2 or NEON, twice as many of double. A kernel is written once and adds in the same order
/// everywhere; on narrow machines the registers of one lanes<T> are the independent work that hides latency.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../data/scalar.hpp"
#include "arithmetic.hpp"

#if defined(UNITSPHERE_PORTABLE)
#include "lanes_portable.hpp"
#elif defined(__aarch64__)
#include "lanes_arm.hpp"
#else
#include "lanes_x86.hpp"
#endif

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Virtual lanes: the length of a lanes<T>.
inline constexpr int lane_count = 16;

/// Count virtual lanes, a multiple of 16. More than 16 are independent work for the same steps: instruction-level
/// parallelism where 16 lanes are one register.
template <class T, int Count = lane_count>
struct lanes {
    static constexpr int width = int(vector<T>::size);
    static constexpr int parts = Count / width;
    vector<T> part[parts];
};

template <class T, int Count>
UNITSPHERE_INLINE const vector<T>& part_of(const lanes<T, Count>& x, int i) noexcept {
    return x.part[i];
}
template <class T>
UNITSPHERE_INLINE const vector<T>& part_of(const vector<T>& x, int) noexcept {
    return x;
}

/// Whether there are fma_broadcast(x, b, c), which multiplies and adds one float of memory in a whole register, and
/// fma_in_place(a, b, c), whose result is in the register of c.
#if defined(__AVX512F__) && !defined(UNITSPHERE_PORTABLE)
inline constexpr bool has_fma_broadcast = true;
#else
inline constexpr bool has_fma_broadcast = false;
#endif

/// Applies f register by register; an argument that is one vector<T> is used for every register.
template <class T, int Count = lane_count, class F, class... In>
UNITSPHERE_INLINE lanes<T, Count> map(F&& f, const In&... in) noexcept {
    lanes<T, Count> out;
    unroll<lanes<T, Count>::parts>([&](int i) UNITSPHERE_LAMBDA { out.part[i] = f(part_of(in, i)...); });
    return out;
}

/// Prefetches the cache line of an address, which need not be readable: into L1, into L2 alone, or to be written.
UNITSPHERE_INLINE void prefetch(const void* line) noexcept { __builtin_prefetch(line); }
UNITSPHERE_INLINE void prefetch_into_l2(const void* line) noexcept { __builtin_prefetch(line, 0, 2); }
UNITSPHERE_INLINE void prefetch_to_write(const void* line) noexcept { __builtin_prefetch(line, 1); }

// Loads and stores. The *_first forms touch the first `count` (0..16) elements only, and read the others as 0.

template <class T>
UNITSPHERE_INLINE lanes<T> broadcast(T value) noexcept {
    const vector<T> all(value);
    return map<T>([&]() UNITSPHERE_LAMBDA { return all; });
}
template <int Count, class T>
UNITSPHERE_INLINE lanes<T, Count> broadcast(T value) noexcept {
    const vector<T> all(value);
    return map<T, Count>([&]() UNITSPHERE_LAMBDA { return all; });
}
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> load_many(const float* from) noexcept {
    lanes<float, Count> out;
    unroll<lanes<float, Count>::parts>(
        [&](int i) UNITSPHERE_LAMBDA { out.part[i] = vector<float>::load_unaligned(from + i * lanes<float>::width); });
    return out;
}
UNITSPHERE_INLINE lanes<float> load16(const float* from) noexcept { return load_many<lane_count>(from); }
/// float16, bfloat16 and int8, widened; exact.
template <class T>
UNITSPHERE_INLINE lanes<float> load16(const T* from) noexcept {
    lanes<float> out;
    unroll<lanes<float>::parts>([&](int i) UNITSPHERE_LAMBDA { out.part[i] = load(from + i * lanes<float>::width); });
    return out;
}
UNITSPHERE_INLINE lanes<double> load16(const double* from) noexcept {
    lanes<double> out;
    unroll<lanes<double>::parts>([&](int i) UNITSPHERE_LAMBDA {
        out.part[i] = vector<double>::load_unaligned(from + i * lanes<double>::width);
    });
    return out;
}

UNITSPHERE_INLINE lanes<std::int32_t> load16(const std::int32_t* from) noexcept {
    lanes<std::int32_t> out;
    unroll<lanes<std::int32_t>::parts>([&](int i) UNITSPHERE_LAMBDA {
        out.part[i] = vector<std::int32_t>::load_unaligned(from + i * lanes<std::int32_t>::width);
    });
    return out;
}

/// How many of the first `count` lanes are in register i.
UNITSPHERE_INLINE int lanes_in_part(int count, int i, int width) noexcept {
    return maximum(0, minimum(count - i * width, width));
}

UNITSPHERE_INLINE lanes<float> load16_first(const float* from, int count) noexcept {
    constexpr int width = lanes<float>::width;
    lanes<float> out;
    unroll<lanes<float>::parts>([&](int i) UNITSPHERE_LAMBDA {
        const int used = lanes_in_part(count, i, width);
        out.part[i] = load_first(used > 0 ? from + i * width : from, used);
    });
    return out;
}
/// Types without a masked load are copied to a padded buffer.
template <class T>
UNITSPHERE_INLINE auto load16_first(const T* from, int count) noexcept {
    T copy[lane_count] = {};
    std::memcpy(copy, from, std::size_t(count) * sizeof(T));
    return load16(copy);
}
template <int Count>
UNITSPHERE_INLINE void store_many(float* to, const lanes<float, Count>& x) noexcept {
    unroll<lanes<float, Count>::parts>(
        [&](int i) UNITSPHERE_LAMBDA { x.part[i].store_unaligned(to + i * lanes<float>::width); });
}
UNITSPHERE_INLINE void store16(float* to, const lanes<float>& x) noexcept { store_many(to, x); }
/// Non-temporal stores; `to` is 64-byte aligned, and finish_streams() follows the last of them.
template <int Count>
UNITSPHERE_INLINE void stream_many(float* to, const lanes<float, Count>& x) noexcept {
    unroll<lanes<float, Count>::parts>([&](auto i)
                                           UNITSPHERE_LAMBDA { stream(to + i * lanes<float>::width, x.part[i]); });
}
/// Lanes 16 i .. 16 i + 15.
template <class T, int Count>
UNITSPHERE_INLINE lanes<T> sixteen_of(const lanes<T, Count>& x, int i) noexcept {
    lanes<T> out;
    unroll<lanes<T>::parts>([&](int p) UNITSPHERE_LAMBDA { out.part[p] = x.part[i * lanes<T>::parts + p]; });
    return out;
}
UNITSPHERE_INLINE void store16(double* to, const lanes<double>& x) noexcept {
    unroll<lanes<double>::parts>([&](auto i)
                                     UNITSPHERE_LAMBDA { x.part[i].store_unaligned(to + i * lanes<double>::width); });
}
/// Rounds doubles to the nearest floats; the inverse of widen().
UNITSPHERE_INLINE lanes<float> narrow(const lanes<double>& x) noexcept {
    lanes<float> out;
    unroll<lanes<float>::parts>([&](auto i)
                                    UNITSPHERE_LAMBDA { out.part[i] = narrow(x.part[2 * i], x.part[2 * i + 1]); });
    return out;
}
UNITSPHERE_INLINE void store16(float* to, const lanes<double>& x) noexcept { store16(to, narrow(x)); }
UNITSPHERE_INLINE void store16_first(float* to, const lanes<float>& x, int count) noexcept {
    constexpr int width = lanes<float>::width;
    unroll<lanes<float>::parts>([&](int i) UNITSPHERE_LAMBDA {
        const int used = lanes_in_part(count, i, width);
        if (used > 0) store_first(to + i * width, x.part[i], used);
    });
}

/// Doubles are stored to a buffer first.
template <class T>
UNITSPHERE_INLINE void store16_first(T* to, const lanes<double>& x, int count) noexcept {
    T copy[lane_count];
    store16(copy, x);
    std::memcpy(to, copy, std::size_t(count) * sizeof(T));
}

// Arithmetic. There is no operator*, so no kernel can write a bare multiply-then-add, which gcc would fuse and clang
// not: fma is the fused one, product the rounded one.

template <class T, int Count>
UNITSPHERE_INLINE lanes<T, Count> operator+(const lanes<T, Count>& a, const lanes<T, Count>& b) noexcept {
    return map<T, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return x + y; }, a, b);
}
template <class T, int Count>
UNITSPHERE_INLINE lanes<T, Count> operator-(const lanes<T, Count>& a, const lanes<T, Count>& b) noexcept {
    return map<T, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return x - y; }, a, b);
}
/// a * b + c, rounded once where the instruction exists, else twice.
template <class T, int Count, class A, class B>
UNITSPHERE_INLINE lanes<T, Count> fma(const A& a, const B& b, const lanes<T, Count>& c) noexcept {
    return map<T, Count>([](auto x, auto y, auto z) UNITSPHERE_LAMBDA { return fma(x, y, z); }, a, b, c);
}
template <class T, int Count>
UNITSPHERE_INLINE lanes<T, Count> fp_barrier(const lanes<T, Count>& a) noexcept {
    return map<T, Count>([](auto x) UNITSPHERE_LAMBDA { return fp_barrier(x); }, a);
}
/// a * b, rounded: never fused with a following addition.
template <class T, int Count, class B>
UNITSPHERE_INLINE lanes<T, Count> product(const lanes<T, Count>& a, const B& b) noexcept {
    return map<T, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return fp_barrier(x * y); }, a, b);
}
UNITSPHERE_INLINE double fma(double a, double b, double c) noexcept {
    if constexpr (has_fma)
        return __builtin_fma(a, b, c);
    else
        return fp_barrier(fp_barrier(a * b) + c);
}
UNITSPHERE_INLINE float fma(float a, float b, float c) noexcept {
    if constexpr (has_fma)
        return __builtin_fmaf(a, b, c);
    else
        return fp_barrier(fp_barrier(a * b) + c);
}

/// Elements 0..7 and 8..15 as doubles; exact.
UNITSPHERE_INLINE lanes<double> widen(const lanes<float>& x) noexcept {
    lanes<double> out;
    unroll<lanes<float>::parts>([&](int i) UNITSPHERE_LAMBDA {
        out.part[2 * i] = widen_low(x.part[i]);
        out.part[2 * i + 1] = widen_high(x.part[i]);
    });
    return out;
}

/// widen(load16(from)) without its shuffles: the conversion reads memory.
template <class T>
UNITSPHERE_INLINE lanes<double> load16_widened(const T* from) noexcept {
    return widen(load16(from));
}
UNITSPHERE_INLINE lanes<double> load16_widened(const float* from) noexcept {
    lanes<double> out;
    unroll<lanes<double>::parts>(
        [&](int i) UNITSPHERE_LAMBDA { out.part[i] = load_widened(from + i * lanes<double>::width); });
    return out;
}

/// The canonical tree over 16 lanes: lane i takes lane i + 8, then i + 4, i + 2, i + 1.
UNITSPHERE_INLINE double sum_of_lanes(const lanes<double>& x) noexcept {
    lanes<double> tree = x;
    for (int half = lanes<double>::parts / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) tree.part[i] = tree.part[i] + tree.part[i + half];
    return sum_of_halves(tree.part[0]);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
