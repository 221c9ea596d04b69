/// The largest of many logits, whether a NaN is among them, and how far they spread: by integer operations on the bits.
#pragma once

#include "lanes_bits.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// What logits span: the largest, NaN if one is among them, and how far below it the others may lie at most.
struct logit_range {
    float largest, spread;
};

/// add(group) for groups of Count that cover `columns` >= Count logits, some of them twice: no maximum minds.
template <int Count, class Add>
UNITSPHERE_INLINE void for_each_group(const float* logits, int columns, Add&& add) noexcept {
    int j = 0;
    for (; j + Count <= columns; j += Count) add(bits(load_many<Count>(logits + j)));
    if (j < columns) add(bits(load_many<Count>(logits + columns - Count)));
}

/// Of logits that all have a minus sign: as integers, the largest is the smallest.
template <int Count>
inline float largest_of_negative(const float* logits, int columns) noexcept {
    bits_of_many<Count> least = broadcast<Count>(std::int32_t(0x7fffffff));
    for_each_group<Count>(logits, columns,
                          [&](const bits_of_many<Count>& x) UNITSPHERE_LAMBDA { least = smaller(least, x); });
    return detail::bit_cast<float>(smallest_of(least));
}

/// On integer bits: signed, positive floats rise with their value; unsigned, negative ones lie above all positive ones
/// and rise as they fall. NaNs are beyond the infinity of their sign.
template <int Count>
struct extremes {
    bits_of_many<Count> high = broadcast<Count>(std::int32_t(0x80000000)), low = broadcast<Count>(std::int32_t{0});

    UNITSPHERE_INLINE void add(const bits_of_many<Count>& x) noexcept {
        high = larger(high, x);
        low = larger_unsigned(low, x);
    }
    /// Of what was added; all of it is asked for once more where nothing has a plus sign.
    template <class Largest>
    UNITSPHERE_INLINE logit_range range(Largest&& largest_of_negative) const noexcept {
        constexpr std::int32_t infinity = 0x7f800000, minus_infinity = std::int32_t(0xff800000);
        const std::int32_t highest = largest_of(high), lowest = largest_unsigned_of(low);
        if (highest > infinity || (lowest < 0 && lowest > minus_infinity)) return {detail::quiet_nan(), 0.0f};
        const float least = lowest < 0 ? detail::bit_cast<float>(lowest) : 0.0f;
        const float most = highest < 0 ? largest_of_negative() : detail::bit_cast<float>(highest);
        return {most, most - least};
    }
};

/// Of at least Count logits.
template <int Count>
inline logit_range range_of_groups(const float* logits, int columns) noexcept {
    extremes<Count> seen;
    for_each_group<Count>(logits, columns, [&](const bits_of_many<Count>& x) UNITSPHERE_LAMBDA { seen.add(x); });
    return seen.range([&]() UNITSPHERE_LAMBDA { return largest_of_negative<Count>(logits, columns); });
}

/// Of 1 to strip_columns logits.
inline logit_range range_of(const float* logits, int columns) noexcept {
    constexpr int many = 4 * lanes<float>::width;  // registers enough to wait for nothing but loads
    if (columns >= many) return range_of_groups<many>(logits, columns);
    if (columns >= lane_count) return range_of_groups<lane_count>(logits, columns);
    float filled_up[lane_count];
    store16(filled_up, load16_first(logits, columns, logits[0]));
    return range_of_groups<lane_count>(filled_up, lane_count);
}

inline float largest(const float* logits, int columns) noexcept { return range_of(logits, columns).largest; }

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
