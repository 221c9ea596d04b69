/// Maximum and spread of logits, and whether a NaN is among them, by integer operations on the bits.
#pragma once

#include "lanes_bits.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

struct logit_range {
    float max;     ///< NaN if a logit is NaN
    float spread;  ///< max - minimum, or max - 0 where no logit has a sign bit; 0 where max is not finite
};

/// add(group) for groups of Count that cover `columns` >= Count logits. The last group may overlap the one before,
/// which is harmless for a maximum.
template <int Count, class Add>
UNITSPHERE_INLINE void for_each_group(const float* logits, int columns, Add&& add) noexcept {
    int j = 0;
    for (; j + Count <= columns; j += Count) add(bits(load_many<Count>(logits + j)));
    if (j < columns) add(bits(load_many<Count>(logits + columns - Count)));
}

/// The maximum of logits that all have a sign bit: the one whose bits are the least integer.
template <int Count>
inline float max_of_negative(const float* logits, int columns) noexcept {
    lane_bits<Count> min = broadcast<Count>(std::int32_t(0x7fffffff));
    for_each_group<Count>(logits, columns,
                          [&](const lane_bits<Count>& x) UNITSPHERE_LAMBDA { min = lane_min(min, x); });
    return detail::bit_cast<float>(min_of_lanes(min));
}

/// Extremes of the bits of floats. As signed integers positive floats keep their order and exceed negative ones; as
/// unsigned integers negative floats exceed positive ones, in reversed order. NaNs lie beyond the infinity of their
/// sign.
template <int Count>
struct extremes {
    lane_bits<Count> high = broadcast<Count>(std::int32_t(0x80000000)), low = broadcast<Count>(std::int32_t{0});

    UNITSPHERE_INLINE void add(const lane_bits<Count>& x) noexcept {
        high = lane_max(high, x);
        low = lane_max_unsigned(low, x);
    }
    /// The range of what was added. max_of_negative() is called where every float has a sign bit: then `high` is the
    /// least of them.
    template <class Max>
    UNITSPHERE_INLINE logit_range range(Max&& max_of_negative) const noexcept {
        constexpr std::int32_t infinity = 0x7f800000, minus_infinity = std::int32_t(0xff800000);
        const std::int32_t highest = max_of_lanes(high), lowest = max_of_lanes_unsigned(low);
        if (highest > infinity || (lowest < 0 && lowest > minus_infinity)) return {detail::quiet_nan(), 0.0f};
        const float min = lowest < 0 ? detail::bit_cast<float>(lowest) : 0.0f;
        const float max = highest < 0 ? max_of_negative() : detail::bit_cast<float>(highest);
        return {max, detail::is_finite(max) ? max - min : 0.0f};
    }
};

/// The range of at least Count logits.
template <int Count>
inline logit_range range_of_groups(const float* logits, int columns) noexcept {
    extremes<Count> seen;
    for_each_group<Count>(logits, columns, [&](const lane_bits<Count>& x) UNITSPHERE_LAMBDA { seen.add(x); });
    return seen.range([&]() UNITSPHERE_LAMBDA { return max_of_negative<Count>(logits, columns); });
}

/// The range of 1 to strip_columns logits.
inline logit_range range_of(const float* logits, int columns) noexcept {
    constexpr int many = 4 * lanes<float>::width;  // enough independent registers to be bound by loads
    if (columns >= many) return range_of_groups<many>(logits, columns);
    if (columns >= lane_count) return range_of_groups<lane_count>(logits, columns);
    float padded[lane_count];
    store16(padded, load16_first(logits, columns, logits[0]));
    return range_of_groups<lane_count>(padded, lane_count);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
