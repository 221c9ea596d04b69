/// How many scores of a tile come before given ones, in the order in which everything is ranked.
///
///   before(a, b):  score descending, then index ascending; -0 equals +0; NaN comes before nothing
///
/// A score becomes an integer of the same order, so that a comparison is one instruction and -ffast-math has no say:
/// the bits of a positive float, and 2^31 minus those of a negative one, which makes both zeros 0. A score with a lower
/// index than the given one comes before it from its own order on, one with a higher index only above it: so the
/// integer to exceed is one less for the former. Counts are integers: no split changes them.
#pragma once

#include "lanes_bits.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// The order of what comes before nothing, and a limit that nothing exceeds.
inline constexpr std::int32_t last_in_order = INT32_MIN, beyond_order = INT32_MAX;

/// The place of a score among all floats: larger comes before smaller.
UNITSPHERE_INLINE std::int32_t order_of(float score) noexcept {
    if (detail::is_nan(score)) return last_in_order;
    const auto all = detail::bit_cast<std::uint32_t>(score);
    return std::int32_t(all >> 31 != 0 ? 0x80000000u - all : all);
}
UNITSPHERE_INLINE bits16 order_of(const lanes<float>& scores) noexcept {
    constexpr std::int32_t infinity = 0x7f800000;
    const bits16 all = bits(scores), last = broadcast(last_in_order);
    // A negative NaN lands below -Inf by itself.
    return where_above(all, infinity, last, where_above(all, -1, all, last - all));
}

/// The orders of a tile of scores, in rows of `pitch`, each filled up to whole lanes with what comes before nothing.
inline void order_tile(const float* scores, int scores_pitch, int rows, int columns, std::int32_t* orders,
                       int pitch) noexcept {
    for (int r = 0; r < rows; ++r)
        for (int c = 0; c < columns; c += lane_count) {
            const float* const from = scores + r * scores_pitch + c;
            const int left = columns - c;
            const lanes<float> some =
                left >= lane_count ? load16(from) : load16_first(from, left, detail::negative_infinity());
            store16(orders + r * pitch + c, order_of(some));
        }
}

/// How many of `columns` orders in a row, filled up to whole lanes, come before a score of the order `limit` that has
/// the first `earlier` of them before it where they are equal.
UNITSPHERE_INLINE int count_before(const std::int32_t* orders, int columns, std::int32_t limit, int earlier) noexcept {
    alignas(64) static constexpr std::int32_t lane_numbers[lane_count] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                                          8, 9, 10, 11, 12, 13, 14, 15};
    const bits16 above = broadcast(limit), reaching = broadcast(limit - 1);
    int count = 0;
    if (earlier <= 0 || earlier >= columns) {  // nearly always
        const bits16& least = earlier <= 0 ? above : reaching;
        for (int c = 0; c < columns; c += lane_count) count += count_above(load16(orders + c), least);
        return count;
    }
    for (int c = 0; c < columns; c += lane_count) {
        const bits16 turn = broadcast(std::int32_t(earlier - c));
        count += count_above(load16(orders + c), where_above(turn, load16(lane_numbers), reaching, above));
    }
    return count;
}

/// How many scores of a row come before scores[place], which is not NaN.
inline index count_before(const float* scores, index count, index place) noexcept {
    const std::int32_t limit = order_of(scores[place]);
    alignas(64) std::int32_t orders[2 * lane_count];
    index before = 0;
    for (index j = 0; j < count; j += 2 * lane_count) {
        const index left = count - j, ahead = place - j;
        const int some = int(left < 2 * lane_count ? left : 2 * lane_count);
        order_tile(scores + j, 0, 1, some, orders, 0);
        before += count_before(orders, some, limit, int(ahead < 0 ? 0 : ahead > some ? some : ahead));
    }
    return before;
}

/// For 16 columns of a tile's orders: counts[c] = how many of the rows come before a score of the order limits[c] that
/// has the first earlier[c] of them before it where they are equal.
inline void count_before_in_columns(const std::int32_t* orders, int pitch, int rows, const std::int32_t* limits,
                                    const std::int32_t* earlier, std::int32_t* counts) noexcept {
    const bits16 one = broadcast(std::int32_t(1)), none = broadcast(std::int32_t(0));
    const bits16 above = load16(limits), reaching = above - one, turn = load16(earlier);
    bits16 sum = none;
    for (int r = 0; r < rows; ++r)
        sum = sum + where_above(load16(orders + r * pitch), where_above(turn, r, reaching, above), one, none);
    store16(counts, sum);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
