/// The vector type that every kernel is written in: always 16 elements, whatever the machine.
///
/// The canonical arithmetic speaks of 16 virtual lanes. lanes<T> is exactly those: one AVX-512 register of float,
/// two of AVX2, four of SSE2 or NEON, twice as many of double. A kernel is written once and adds in the same order
/// everywhere; on narrow machines the registers of one lanes<T> are the independent work that hides latency.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__aarch64__)
#include "lanes_arm.hpp"
#else
#include "lanes_x86.hpp"
#endif

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Virtual lanes: the length of a lanes<T>.
inline constexpr int lane_count = 16;

/// Count is a multiple of 16: several lanes<T> that go through the same steps together, so that there is always one
/// whose operands are ready.
template <class T, int Count = lane_count>
struct lanes {
    static constexpr int width = int(vector<T>::size);
    static constexpr int parts = Count / width;
    vector<T> part[parts];
};

template <class F, int... Step>
UNITSPHERE_INLINE void unroll_over(F&& f, std::integer_sequence<int, Step...>) {
    (f(Step), ...);
}

/// f(0), f(1), .. f(Count - 1), written out: the numbers are constants once f is inlined, and arrays of registers stay in
/// registers.
template <int Count, class F>
UNITSPHERE_INLINE void unroll(F&& f) {
    unroll_over(f, std::make_integer_sequence<int, Count>{});
}

template <class T, int Count>
UNITSPHERE_INLINE const vector<T>& part_of(const lanes<T, Count>& x, int i) noexcept {
    return x.part[i];
}
template <class T>
UNITSPHERE_INLINE const vector<T>& part_of(const vector<T>& x, int) noexcept {
    return x;
}

/// Applies f register by register; a plain vector<T> among the arguments takes part in every step.
template <class T, int Count = lane_count, class F, class... In>
UNITSPHERE_INLINE lanes<T, Count> map(F&& f, const In&... in) noexcept {
    lanes<T, Count> out;
    unroll<lanes<T, Count>::parts>([&](int i) UNITSPHERE_LAMBDA { out.part[i] = f(part_of(in, i)...); });
    return out;
}

/// Asks for the line of an address, which need not be one that may be read.
UNITSPHERE_INLINE void prefetch(const void* line) noexcept { __builtin_prefetch(line); }

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

/// How many of the first `count` lanes fall into register i.
UNITSPHERE_INLINE int share_of_part(int count, int i, int width) noexcept {
    const int left = count - i * width;
    return left < 0 ? 0 : left > width ? width : left;
}

UNITSPHERE_INLINE lanes<float> load16_first(const float* from, int count) noexcept {
    constexpr int width = lanes<float>::width;
    lanes<float> out;
    unroll<lanes<float>::parts>([&](int i) UNITSPHERE_LAMBDA {
        const int mine = share_of_part(count, i, width);
        out.part[i] = load_first(mine > 0 ? from + i * width : from, mine);
    });
    return out;
}
/// Types without a masked load go through a small copy.
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
/// Past the caches; `to` lies on a multiple of 64 bytes, and finish_streams() comes behind the last of them.
template <int Count>
UNITSPHERE_INLINE void stream_many(float* to, const lanes<float, Count>& x) noexcept {
    unroll<lanes<float, Count>::parts>([&](auto i)
                                           UNITSPHERE_LAMBDA { stream(to + i * lanes<float>::width, x.part[i]); });
}
/// The i-th 16 of several.
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
/// Doubles rounded to floats: widen the other way round.
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
        const int mine = share_of_part(count, i, width);
        if (mine > 0) store_first(to + i * width, x.part[i], mine);
    });
}

/// Doubles go through a small copy.
template <class T>
UNITSPHERE_INLINE void store16_first(T* to, const lanes<double>& x, int count) noexcept {
    T copy[lane_count];
    store16(copy, x);
    std::memcpy(to, copy, std::size_t(count) * sizeof(T));
}

// Arithmetic. There is no operator that a kernel could chain into a bare multiply-then-add: gcc would fuse it,
// clang not. Where a product is added, say fma; where a rounded product is meant, say product.

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
UNITSPHERE_INLINE lanes<T, Count> ordered(const lanes<T, Count>& a) noexcept {
    return map<T, Count>([](auto x) UNITSPHERE_LAMBDA { return ordered(x); }, a);
}
/// a * b, rounded: never fused into what follows.
template <class T, int Count, class B>
UNITSPHERE_INLINE lanes<T, Count> product(const lanes<T, Count>& a, const B& b) noexcept {
    return map<T, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return ordered(x * y); }, a, b);
}
UNITSPHERE_INLINE double fma(double a, double b, double c) noexcept {
    if constexpr (has_fma)
        return __builtin_fma(a, b, c);
    else
        return ordered(ordered(a * b) + c);
}
UNITSPHERE_INLINE float fma(float a, float b, float c) noexcept {
    if constexpr (has_fma)
        return __builtin_fmaf(a, b, c);
    else
        return ordered(ordered(a * b) + c);
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

/// widen(load16(from)): a conversion that reads memory needs no shuffle.
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
