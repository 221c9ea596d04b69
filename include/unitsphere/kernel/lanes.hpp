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

template <class T>
struct lanes {
    static constexpr int width = int(vector<T>::size);
    static constexpr int parts = lane_count / width;
    vector<T> part[parts];
};

template <class F, int... Step>
UNITSPHERE_INLINE void unroll_over(F&& f, std::integer_sequence<int, Step...>) {
    (f(std::integral_constant<int, Step>{}), ...);
}

/// f(0), f(1), .. f(Count - 1), each with its number as a constant: arrays of registers stay in registers.
template <int Count, class F>
UNITSPHERE_INLINE void unroll(F&& f) {
    unroll_over(f, std::make_integer_sequence<int, Count>{});
}

template <class T>
UNITSPHERE_INLINE const vector<T>& part_of(const lanes<T>& x, int i) noexcept {
    return x.part[i];
}
template <class T>
UNITSPHERE_INLINE const vector<T>& part_of(const vector<T>& x, int) noexcept {
    return x;
}

/// Applies f register by register; a plain vector<T> among the arguments takes part in every step.
template <class T, class F, class... In>
UNITSPHERE_INLINE lanes<T> map(F&& f, const In&... in) noexcept {
    lanes<T> out;
    unroll<lanes<T>::parts>([&](auto i) UNITSPHERE_LAMBDA { out.part[i] = f(part_of(in, i)...); });
    return out;
}

// Loads and stores. The *_first forms touch the first `count` (0..16) elements only, and read the others as 0.

template <class T>
UNITSPHERE_INLINE lanes<T> broadcast(T value) noexcept {
    const vector<T> all(value);
    return map<T>([&]() UNITSPHERE_LAMBDA { return all; });
}
UNITSPHERE_INLINE lanes<float> load16(const float* from) noexcept {
    lanes<float> out;
    unroll<lanes<float>::parts>(
        [&](auto i) UNITSPHERE_LAMBDA { out.part[i] = vector<float>::load_unaligned(from + i * lanes<float>::width); });
    return out;
}
/// float16, bfloat16 and int8, widened; exact.
template <class T>
UNITSPHERE_INLINE lanes<float> load16(const T* from) noexcept {
    lanes<float> out;
    unroll<lanes<float>::parts>([&](auto i) UNITSPHERE_LAMBDA { out.part[i] = load(from + i * lanes<float>::width); });
    return out;
}
UNITSPHERE_INLINE lanes<double> load16(const double* from) noexcept {
    lanes<double> out;
    unroll<lanes<double>::parts>([&](auto i) UNITSPHERE_LAMBDA {
        out.part[i] = vector<double>::load_unaligned(from + i * lanes<double>::width);
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
    unroll<lanes<float>::parts>([&](auto i) UNITSPHERE_LAMBDA {
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
UNITSPHERE_INLINE void store16(float* to, const lanes<float>& x) noexcept {
    unroll<lanes<float>::parts>([&](auto i)
                                    UNITSPHERE_LAMBDA { x.part[i].store_unaligned(to + i * lanes<float>::width); });
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
    unroll<lanes<float>::parts>([&](auto i) UNITSPHERE_LAMBDA {
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

template <class T>
UNITSPHERE_INLINE lanes<T> operator+(const lanes<T>& a, const lanes<T>& b) noexcept {
    return map<T>([](auto x, auto y) UNITSPHERE_LAMBDA { return x + y; }, a, b);
}
template <class T>
UNITSPHERE_INLINE lanes<T> operator-(const lanes<T>& a, const lanes<T>& b) noexcept {
    return map<T>([](auto x, auto y) UNITSPHERE_LAMBDA { return x - y; }, a, b);
}
/// a * b + c, rounded once where the instruction exists, else twice.
template <class T, class A, class B>
UNITSPHERE_INLINE lanes<T> fma(const A& a, const B& b, const lanes<T>& c) noexcept {
    return map<T>([](auto x, auto y, auto z) UNITSPHERE_LAMBDA { return fma(x, y, z); }, a, b, c);
}
template <class T>
UNITSPHERE_INLINE lanes<T> ordered(const lanes<T>& a) noexcept {
    return map<T>([](auto x) UNITSPHERE_LAMBDA { return ordered(x); }, a);
}
/// a * b, rounded: never fused into what follows.
template <class T, class B>
UNITSPHERE_INLINE lanes<T> product(const lanes<T>& a, const B& b) noexcept {
    return map<T>([](auto x, auto y) UNITSPHERE_LAMBDA { return ordered(x * y); }, a, b);
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
    unroll<lanes<float>::parts>([&](auto i) UNITSPHERE_LAMBDA {
        out.part[2 * i] = widen_low(x.part[i]);
        out.part[2 * i + 1] = widen_high(x.part[i]);
    });
    return out;
}

/// The canonical tree over 16 lanes: lane i takes lane i + 8, then i + 4, i + 2, i + 1.
UNITSPHERE_INLINE double sum_of_lanes(const lanes<double>& x) noexcept {
    lanes<double> tree = x;
    constexpr int width = lanes<double>::width;
    for (int half = lanes<double>::parts / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) tree.part[i] = tree.part[i] + tree.part[i + half];
    double lane[width];
    tree.part[0].store_unaligned(lane);
    for (int half = width / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) lane[i] = ordered(lane[i] + lane[i + half]);
    return lane[0];
}

// Integers: clamps, maxima and tests for NaN are made on the bits, where -ffast-math has no say.

using bits16 = lanes<std::int32_t>;

UNITSPHERE_INLINE bits16 bits(const lanes<float>& x) noexcept {
    return map<std::int32_t>(
        [](auto v) UNITSPHERE_LAMBDA {
#if XSIMD_VERSION_MAJOR >= 11
            return xsimd::bitwise_cast<std::int32_t>(v);
#else
            return xsimd::bitwise_cast<vector<std::int32_t> >(v);
#endif
        },
        x);
}
UNITSPHERE_INLINE lanes<float> from_bits(const bits16& x) noexcept {
    return map<float>(
        [](auto v) UNITSPHERE_LAMBDA {
#if XSIMD_VERSION_MAJOR >= 11
            return xsimd::bitwise_cast<float>(v);
#else
            return xsimd::bitwise_cast<vector<float> >(v);
#endif
        },
        x);
}
UNITSPHERE_INLINE bits16 operator&(const bits16& a, std::int32_t b) noexcept {
    const vector<std::int32_t> mask(b);
    return map<std::int32_t>([](auto x, auto y) UNITSPHERE_LAMBDA { return x & y; }, a, mask);
}
UNITSPHERE_INLINE bits16 operator|(const bits16& a, const bits16& b) noexcept {
    return map<std::int32_t>([](auto x, auto y) UNITSPHERE_LAMBDA { return x | y; }, a, b);
}
template <int Count>
UNITSPHERE_INLINE bits16 shift_left(const bits16& a) noexcept {
    return map<std::int32_t>([](auto x) UNITSPHERE_LAMBDA { return shift_left<Count>(x); }, a);
}
UNITSPHERE_INLINE bits16 smaller(const bits16& a, const bits16& b) noexcept {
    return map<std::int32_t>([](auto x, auto y) UNITSPHERE_LAMBDA { return smaller(x, y); }, a, b);
}
UNITSPHERE_INLINE bits16 larger(const bits16& a, const bits16& b) noexcept {
    return map<std::int32_t>([](auto x, auto y) UNITSPHERE_LAMBDA { return larger(x, y); }, a, b);
}
/// Per lane: where x > limit the lane of a, else of b.
UNITSPHERE_INLINE bits16 where_above(const bits16& x, std::int32_t limit, const bits16& a, const bits16& b) noexcept {
    const vector<std::int32_t> bound(limit);
    return map<std::int32_t>(
        [](auto v, auto l, auto yes, auto no) UNITSPHERE_LAMBDA { return where_above(v, l, yes, no); }, x, bound, a, b);
}
UNITSPHERE_INLINE void store16(std::int32_t* to, const bits16& x) noexcept {
    unroll<bits16::parts>([&](auto i) UNITSPHERE_LAMBDA { x.part[i].store_unaligned(to + i * bits16::width); });
}

/// Whether some lane is at least `bound`. A NaN may be reported or not.
UNITSPHERE_INLINE bool any_not_below(const lanes<float>& x, const vector<float>& bound) noexcept {
    auto found = x.part[0] >= bound;
    unroll<lanes<float>::parts - 1>([&](auto i) UNITSPHERE_LAMBDA { found = found | (x.part[i + 1] >= bound); });
    return xsimd::any(found);
}

/// a / b.
UNITSPHERE_INLINE lanes<float> quotient(const lanes<float>& a, const lanes<float>& b) noexcept {
    return map<float>([](auto x, auto y) UNITSPHERE_LAMBDA { return quotient(x, y); }, a, b);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
