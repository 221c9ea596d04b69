/// Lanes as integers: clamps, maxima and tests for NaN are made on the bits, where -ffast-math has no say.
#pragma once

#include "lanes.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

using bits16 = lanes<std::int32_t>;
template <int Count>
using bits_of_many = lanes<std::int32_t, Count>;

template <int Count>
UNITSPHERE_INLINE bits_of_many<Count> bits(const lanes<float, Count>& x) noexcept {
    return map<std::int32_t, Count>(
        [](auto v) UNITSPHERE_LAMBDA {
#if XSIMD_VERSION_MAJOR >= 11
            return xsimd::bitwise_cast<std::int32_t>(v);
#else
            return xsimd::bitwise_cast<vector<std::int32_t> >(v);
#endif
        },
        x);
}
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> from_bits(const bits_of_many<Count>& x) noexcept {
    return map<float, Count>(
        [](auto v) UNITSPHERE_LAMBDA {
#if XSIMD_VERSION_MAJOR >= 11
            return xsimd::bitwise_cast<float>(v);
#else
            return xsimd::bitwise_cast<vector<float> >(v);
#endif
        },
        x);
}
template <int Count>
UNITSPHERE_INLINE bits_of_many<Count> operator&(const bits_of_many<Count>& a, std::int32_t b) noexcept {
    const vector<std::int32_t> mask(b);
    return map<std::int32_t, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return x & y; }, a, mask);
}
template <int Count>
UNITSPHERE_INLINE bits_of_many<Count> operator^(const bits_of_many<Count>& a, std::int32_t b) noexcept {
    const vector<std::int32_t> mask(b);
    return map<std::int32_t, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return x ^ y; }, a, mask);
}
template <int Count>
UNITSPHERE_INLINE bits_of_many<Count> operator|(const bits_of_many<Count>& a, const bits_of_many<Count>& b) noexcept {
    return map<std::int32_t, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return x | y; }, a, b);
}
template <int Places, int Count>
UNITSPHERE_INLINE bits_of_many<Count> shift_left(const bits_of_many<Count>& a) noexcept {
    return map<std::int32_t, Count>([](auto x) UNITSPHERE_LAMBDA { return shift_left<Places>(x); }, a);
}
template <int Count>
UNITSPHERE_INLINE bits_of_many<Count> smaller(const bits_of_many<Count>& a, const bits_of_many<Count>& b) noexcept {
    return map<std::int32_t, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return smaller(x, y); }, a, b);
}
template <int Count>
UNITSPHERE_INLINE bits_of_many<Count> larger(const bits_of_many<Count>& a, const bits_of_many<Count>& b) noexcept {
    return map<std::int32_t, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return larger(x, y); }, a, b);
}
template <int Count>
UNITSPHERE_INLINE bits_of_many<Count> larger_unsigned(const bits_of_many<Count>& a,
                                                      const bits_of_many<Count>& b) noexcept {
    return map<std::int32_t, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return larger_unsigned(x, y); }, a, b);
}
/// The largest of all lanes.
template <int Count>
UNITSPHERE_INLINE std::int32_t largest_of(const bits_of_many<Count>& x) noexcept {
    vector<std::int32_t> all = x.part[0];
    unroll<bits_of_many<Count>::parts - 1>([&](int i) UNITSPHERE_LAMBDA { all = larger(all, x.part[i + 1]); });
    return largest_element(all);
}
/// The same of unsigned numbers.
template <int Count>
UNITSPHERE_INLINE std::int32_t largest_unsigned_of(const bits_of_many<Count>& x) noexcept {
    constexpr auto top = std::int32_t(0x80000000);
    return largest_of(x ^ top) ^ top;
}
UNITSPHERE_INLINE void store16(std::int32_t* to, const bits16& x) noexcept {
    unroll<bits16::parts>([&](int i) UNITSPHERE_LAMBDA { x.part[i].store_unaligned(to + i * bits16::width); });
}
/// The sum of all lanes; in any order, integers being exact.
UNITSPHERE_INLINE std::int32_t sum_of_lanes(const bits16& x) noexcept {
    std::int32_t lane[lane_count], sum = 0;
    store16(lane, x);
    for (int i = 0; i < lane_count; ++i) sum += lane[i];
    return sum;
}
template <int Count>
UNITSPHERE_INLINE std::int32_t smallest_of(const bits_of_many<Count>& x) noexcept {
    return ~largest_of(x ^ -1);
}
/// Lanes as they are or 0, as 16 of these masks say.
UNITSPHERE_INLINE lanes<float> keep_lanes(const lanes<float>& x, int first_of_window) noexcept {
    alignas(64) static constexpr std::int32_t masks[3 * lane_count] = {
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,  // ones
        0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   // zeros
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    return from_bits(map<std::int32_t>([](auto v, auto m) UNITSPHERE_LAMBDA { return v & m; }, bits(x),
                                       load16(masks + first_of_window)));
}
/// The first `count` lanes as they are, the others 0.
UNITSPHERE_INLINE lanes<float> keep_first(const lanes<float>& x, int count) noexcept {
    return keep_lanes(x, lane_count - count);
}
/// The first `count` elements, then `rest`.
UNITSPHERE_INLINE lanes<float> load16_first(const float* from, int count, float rest) noexcept {
    return from_bits(bits(load16_first(from, count)) | bits(keep_lanes(broadcast(rest), 2 * lane_count - count)));
}
/// Per lane: where x > limit the lane of a, else of b.
template <int Count, class A, class B>
UNITSPHERE_INLINE bits_of_many<Count> where_above(const bits_of_many<Count>& x, std::int32_t limit, const A& a,
                                                  const B& b) noexcept {
    const vector<std::int32_t> bound(limit);
    return map<std::int32_t, Count>(
        [](auto v, auto l, auto yes, auto no) UNITSPHERE_LAMBDA { return where_above(v, l, yes, no); }, x, bound, a, b);
}
/// The same with a limit for each lane.
template <int Count, class A, class B>
UNITSPHERE_INLINE bits_of_many<Count> where_above(const bits_of_many<Count>& x, const bits_of_many<Count>& limits,
                                                  const A& a, const B& b) noexcept {
    return map<std::int32_t, Count>([](auto v, auto l, auto yes, auto no)
                                        UNITSPHERE_LAMBDA { return where_above(v, l, yes, no); },
                                    x, limits, a, b);
}
/// How many lanes of x are above those of limits.
template <int Count>
UNITSPHERE_INLINE int count_above(const bits_of_many<Count>& x, const bits_of_many<Count>& limits) noexcept {
    int count = 0;
    unroll<bits_of_many<Count>::parts>([&](auto i)
                                           UNITSPHERE_LAMBDA { count += count_above(x.part[i], limits.part[i]); });
    return count;
}

/// Whether some lane of either is at least `bound`. A NaN may be reported or not.
UNITSPHERE_INLINE bool any_not_below(const lanes<float>& x, const lanes<float>& y,
                                     const vector<float>& bound) noexcept {
    auto found = (x.part[0] >= bound) | (y.part[0] >= bound);
    unroll<lanes<float>::parts - 1>(
        [&](int i) UNITSPHERE_LAMBDA { found = found | (x.part[i + 1] >= bound) | (y.part[i + 1] >= bound); });
    return xsimd::any(found);
}

/// a / b.
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> quotient(const lanes<float, Count>& a, const lanes<float, Count>& b) noexcept {
    return map<float, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return quotient(x, y); }, a, b);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
