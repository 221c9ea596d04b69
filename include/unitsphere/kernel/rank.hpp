/// Ranks by counting: how many scores of a tile precede a given one.
///
///   precedes(a, b):  score descending, then index ascending; -0 equals +0; NaN precedes nothing
///
/// Each score is mapped to an integer key of the same order, so that a comparison is one instruction that -ffast-math
/// cannot change: the bits of a positive float, 2^31 minus those of a negative one, which makes both zeros 0. A score
/// with a lower index than the given one precedes it if its key is >= the given key, one with a higher index if its key
/// is >: the columns before the given index are compared with key - 1, the others with key. Counts are integers: no
/// split changes them.
#pragma once

#include "lanes_bits.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// The key of NaN, which precedes nothing, and a key that no score exceeds.
inline constexpr std::int32_t lowest_key = INT32_MIN, unreachable_key = INT32_MAX;

alignas(64) inline constexpr std::int32_t lane_numbers[lane_count] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                                      8, 9, 10, 11, 12, 13, 14, 15};

/// The integer that orders a score: a larger score has a larger key.
UNITSPHERE_INLINE std::int32_t rank_key(float score) noexcept {
    if (detail::is_nan(score)) return lowest_key;
    const auto all = detail::bit_cast<std::uint32_t>(score);
    return std::int32_t(all >> 31 != 0 ? 0x80000000u - all : all);
}
UNITSPHERE_INLINE bits16 rank_key(const lanes<float>& scores) noexcept {
    constexpr std::int32_t infinity = 0x7f800000;
    const bits16 all = bits(scores), lowest = broadcast(lowest_key);
    // A negative NaN has a key below that of -Inf already.
    return select_gt(all, infinity, lowest, select_gt(all, -1, all, lowest - all));
}

/// The score of a key.
UNITSPHERE_INLINE float score_of_key(std::int32_t key) noexcept {
    return detail::bit_cast<float>(key < 0 ? 0x80000000u - std::uint32_t(key) : std::uint32_t(key));
}
/// The keys of the largest of `count` scores in each of 16 lanes, at least one; where one is NaN unreachable_key, whose
/// score is NaN. The bits of floats are in their order where one is positive, and in the opposite one where none is.
UNITSPHERE_INLINE bits16 largest_keys(const float* scores, int count) noexcept {
    constexpr std::int32_t infinity = 0x7f800000, magnitude = 0x7fffffff;
    bits16 largest = bits(load16(scores)), least = largest, low = largest;
    for (int n = 1; n < count; ++n) {
        const bits16 some = bits(load16(scores + n * lane_count));
        largest = lane_max(largest, some), least = lane_min(least, some), low = lane_max_unsigned(low, some);
    }
    // A NaN with a sign bit is above that of -Inf among unsigned numbers.
    const int unusual = count_gt(largest, broadcast(infinity)) + count_gt(low ^ lowest_key, broadcast(infinity));
    if (unusual == 0) return select_gt(largest, -1, largest, broadcast(lowest_key) - least);
    largest = broadcast(lowest_key);
    for (int n = 0; n < count; ++n) {
        const lanes<float> some = load16(scores + n * lane_count);
        const bits16 key = select_gt(bits(some) & magnitude, infinity, broadcast(unreachable_key), rank_key(some));
        largest = lane_max(largest, key);
    }
    return largest;
}

/// The scores of rank keys.
UNITSPHERE_INLINE lanes<float> scores_of_keys(const bits16& keys) noexcept {
    return from_bits(select_gt(keys, -1, keys, broadcast(lowest_key) - keys));
}

/// Raises the first `count` of 16 keys to those of `others`.
UNITSPHERE_INLINE void raise_keys(std::int32_t* keys, const bits16& others, int count) noexcept {
    const bits16 some = select_gt(broadcast(count), load16(lane_numbers), others, broadcast(lowest_key));
    store16(keys, lane_max(load16(keys), some));
}

/// The keys of a tile of scores, in rows of `pitch`, each padded to whole lanes with the key of -Inf.
inline void rank_keys(const float* scores, int scores_pitch, int rows, int columns, std::int32_t* keys,
                      int pitch) noexcept {
    for (int r = 0; r < rows; ++r)
        for (int c = 0; c < columns; c += lane_count) {
            const float* const from = scores + r * scores_pitch + c;
            const int left = columns - c;
            const lanes<float> padded =
                left >= lane_count ? load16(from) : load16_first(from, left, detail::negative_infinity());
            store16(keys + r * pitch + c, rank_key(padded));
        }
}

/// Rank of one score within a row, less one: the number of `columns` keys (padded to whole lanes) that exceed `key`,
/// plus those among the first `tie_columns` that equal it (ties go to the lower index).
UNITSPHERE_INLINE int count_before(const std::int32_t* keys, int columns, std::int32_t key, int tie_columns) noexcept {
    const bits16 exceed = broadcast(key), reach = broadcast(key - 1);
    int count = 0;
    if (tie_columns <= 0 || tie_columns >= columns) {  // nearly always
        const bits16& bound = tie_columns <= 0 ? exceed : reach;
        for (int c = 0; c < columns; c += lane_count) count += count_gt(load16(keys + c), bound);
        return count;
    }
    for (int c = 0; c < columns; c += lane_count) {
        const bits16 ties = broadcast<std::int32_t>(tie_columns - c);
        count += count_gt(load16(keys + c), select_gt(ties, load16(lane_numbers), reach, exceed));
    }
    return count;
}

/// The number of scores in a row that precede scores[place], which is not NaN.
inline idx_t count_before(const float* scores, idx_t count, idx_t place) noexcept {
    const std::int32_t key = rank_key(scores[place]);
    alignas(64) std::int32_t keys[2 * lane_count];
    idx_t before = 0;
    for (idx_t j = 0; j < count; j += 2 * lane_count) {
        const int columns = int(minimum(count - j, 2 * lane_count));
        rank_keys(scores + j, 0, 1, columns, keys, 0);
        before += count_before(keys, columns, key, int(maximum(0, minimum(place - j, columns))));
    }
    return before;
}

/// count_before along the columns, for 16 of them: counts[c] = the number of rows whose key exceeds keys_of_columns[c],
/// plus those among the first tie_rows[c] that equal it.
inline void count_before_in_columns(const std::int32_t* keys, int pitch, int rows, const std::int32_t* keys_of_columns,
                                    const std::int32_t* tie_rows, std::int32_t* counts) noexcept {
    const bits16 one = broadcast<std::int32_t>(1), none = broadcast<std::int32_t>(0);
    const bits16 exceed = load16(keys_of_columns), reach = exceed - one, ties = load16(tie_rows);
    bits16 sum = none;
    for (int r = 0; r < rows; ++r)
        sum = sum + select_gt(load16(keys + r * pitch), select_gt(ties, r, reach, exceed), one, none);
    store16(counts, sum);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
