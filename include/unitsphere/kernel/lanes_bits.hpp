/// Lanes as integers: clamps, maxima and tests for NaN work on the bits, which -ffast-math cannot change.
#pragma once

#include "lanes.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

using bits16 = lanes<std::int32_t>;
template <int Count>
using lane_bits = lanes<std::int32_t, Count>;

template <int Count>
UNITSPHERE_INLINE lane_bits<Count> bits(const lanes<float, Count>& x) noexcept {
    return map<std::int32_t, Count>([](auto v) UNITSPHERE_LAMBDA { return bits_as<std::int32_t>(v); }, x);
}
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> from_bits(const lane_bits<Count>& x) noexcept {
    return map<float, Count>([](auto v) UNITSPHERE_LAMBDA { return bits_as<float>(v); }, x);
}
template <int Count>
UNITSPHERE_INLINE lane_bits<Count> operator&(const lane_bits<Count>& a, std::int32_t b) noexcept {
    const vector<std::int32_t> mask(b);
    return map<std::int32_t, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return x & y; }, a, mask);
}
template <int Count>
UNITSPHERE_INLINE lane_bits<Count> operator^(const lane_bits<Count>& a, std::int32_t b) noexcept {
    const vector<std::int32_t> mask(b);
    return map<std::int32_t, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return x ^ y; }, a, mask);
}
template <int Count>
UNITSPHERE_INLINE lane_bits<Count> operator|(const lane_bits<Count>& a, const lane_bits<Count>& b) noexcept {
    return map<std::int32_t, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return x | y; }, a, b);
}
template <int Places, int Count>
UNITSPHERE_INLINE lane_bits<Count> shift_left(const lane_bits<Count>& a) noexcept {
    return map<std::int32_t, Count>([](auto x) UNITSPHERE_LAMBDA { return shift_left<Places>(x); }, a);
}
template <int Count>
UNITSPHERE_INLINE lane_bits<Count> lane_min(const lane_bits<Count>& a, const lane_bits<Count>& b) noexcept {
    return map<std::int32_t, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return lane_min(x, y); }, a, b);
}
template <int Count>
UNITSPHERE_INLINE lane_bits<Count> lane_max(const lane_bits<Count>& a, const lane_bits<Count>& b) noexcept {
    return map<std::int32_t, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return lane_max(x, y); }, a, b);
}
template <int Count>
UNITSPHERE_INLINE lane_bits<Count> lane_max_unsigned(const lane_bits<Count>& a, const lane_bits<Count>& b) noexcept {
    return map<std::int32_t, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return lane_max_unsigned(x, y); }, a, b);
}
/// The maximum over all lanes.
template <int Count>
UNITSPHERE_INLINE std::int32_t max_of_lanes(const lane_bits<Count>& x) noexcept {
    vector<std::int32_t> all = x.part[0];
    unroll<lane_bits<Count>::parts - 1>([&](int i) UNITSPHERE_LAMBDA { all = lane_max(all, x.part[i + 1]); });
    return max_of_lanes(all);
}
/// The maximum over all lanes as unsigned numbers.
template <int Count>
UNITSPHERE_INLINE std::int32_t max_of_lanes_unsigned(const lane_bits<Count>& x) noexcept {
    constexpr auto top = std::int32_t(0x80000000);
    return max_of_lanes(x ^ top) ^ top;
}
UNITSPHERE_INLINE void store16(std::int32_t* to, const bits16& x) noexcept {
    unroll<bits16::parts>([&](int i) UNITSPHERE_LAMBDA { x.part[i].store_unaligned(to + i * bits16::width); });
}
/// The sum of all lanes; the order is free, since integers are exact.
UNITSPHERE_INLINE std::int32_t sum_of_lanes(const bits16& x) noexcept {
    std::int32_t lane[lane_count], sum = 0;
    store16(lane, x);
    for (int i = 0; i < lane_count; ++i) sum += lane[i];
    return sum;
}
template <int Count>
UNITSPHERE_INLINE std::int32_t min_of_lanes(const lane_bits<Count>& x) noexcept {
    return ~max_of_lanes(x ^ -1);
}
/// x & 16 consecutive masks of a table of ones, zeros and ones: keeps a prefix or a suffix of the lanes, the others are
/// 0.
UNITSPHERE_INLINE lanes<float> keep_lanes(const lanes<float>& x, int first_mask) noexcept {
    alignas(64) static constexpr std::int32_t masks[3 * lane_count] = {
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,  // ones
        0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   // zeros
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    return from_bits(
        map<std::int32_t>([](auto v, auto m) UNITSPHERE_LAMBDA { return v & m; }, bits(x), load16(masks + first_mask)));
}
/// The first `count` lanes, the others 0.
UNITSPHERE_INLINE lanes<float> keep_first(const lanes<float>& x, int count) noexcept {
    return keep_lanes(x, lane_count - count);
}
/// The first `count` elements, the other lanes `rest`.
UNITSPHERE_INLINE lanes<float> load16_first(const float* from, int count, float rest) noexcept {
    return from_bits(bits(load16_first(from, count)) | bits(keep_lanes(broadcast(rest), 2 * lane_count - count)));
}
/// Per lane: x > bound ? a : b.
template <int Count, class A, class B>
UNITSPHERE_INLINE lane_bits<Count> select_gt(const lane_bits<Count>& x, std::int32_t bound, const A& a,
                                             const B& b) noexcept {
    const vector<std::int32_t> all(bound);
    return map<std::int32_t, Count>(
        [](auto v, auto l, auto yes, auto no) UNITSPHERE_LAMBDA { return select_gt(v, l, yes, no); }, x, all, a, b);
}
template <int Count, class A, class B>
UNITSPHERE_INLINE lane_bits<Count> select_gt(const lane_bits<Count>& x, const lane_bits<Count>& bounds, const A& a,
                                             const B& b) noexcept {
    return map<std::int32_t, Count>(
        [](auto v, auto l, auto yes, auto no) UNITSPHERE_LAMBDA { return select_gt(v, l, yes, no); }, x, bounds, a, b);
}
/// The number of lanes with x > bound.
template <int Count>
UNITSPHERE_INLINE int count_gt(const lane_bits<Count>& x, const lane_bits<Count>& bounds) noexcept {
    int count = 0;
    unroll<lane_bits<Count>::parts>([&](auto i) UNITSPHERE_LAMBDA { count += count_gt(x.part[i], bounds.part[i]); });
    return count;
}

/// Whether some lane of x or y is >= bound. Whether a NaN is depends on the compiler's flags.
UNITSPHERE_INLINE bool any_ge(const lanes<float>& x, const lanes<float>& y, const vector<float>& bound) noexcept {
    auto found = (x.part[0] >= bound) | (y.part[0] >= bound);
    unroll<lanes<float>::parts - 1>(
        [&](int i) UNITSPHERE_LAMBDA { found = found | (x.part[i + 1] >= bound) | (y.part[i + 1] >= bound); });
    return any(found);
}

/// a / b, rounded once.
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> quotient(const lanes<float, Count>& a, const lanes<float, Count>& b) noexcept {
    return map<float, Count>([](auto x, auto y) UNITSPHERE_LAMBDA { return quotient(x, y); }, a, b);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
