/// Which rows of a panel can reach a score, by the bound of their bytes.
///
///   bound(j) = scale_u scale_j <p, q_j> + <v_j, m> + |U| error_j + error_u length_j + constant_u  >=  score(u, v_j)
///
/// constant_u holds <u, m> - <m, m>, what the canonical score may differ from the product of the rows, and what the
/// floats of this file lose. A first look takes the greatest error and length of 16 rows: three operations for them.
///
/// A question that asks only on which side of some limits a score is takes the bound of both sides:
///
///   | score(u, v_j) - estimate(j) |  <=  |U| error_j + error_u length_j + slack_u
#pragma once

#include "byte_blocks.hpp"
#include "cosine_in_double.hpp"
#include "int8_rows.hpp"
#include "multiply.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// The numbers of a panel's 16 rows. A row that no query can find, of padding or not finite, has from_mean =
/// `never_found`.
struct panel_numbers {
    alignas(64) float scale[byte_columns];
    float from_mean[byte_columns], error[byte_columns], length[byte_columns];
    float most_error, most_length;
};
inline constexpr float never_found = -1e30f;

/// What constant_u adds for roundings. `longest`: of the gallery's rows; `length`: of the query.
inline double constant_of_bound(idx_t dim, double length, double longest, double mean_square) noexcept {
    const double canonical = rescoring_bound(dim) * length * longest;
    const double of_floats = 0x1p-19 * (1.0 + length) * (1.0 + longest) * (1.0 + mean_square);
    return 1.001 * canonical + of_floats;
}

/// Whether some row of a panel may reach a bound, which is given less the query's constant.
UNITSPHERE_INLINE bool any_may_reach(const std::int32_t* sums, const panel_numbers& panel, const byte_query& query,
                                     float least) noexcept {
    const float first_look =
        (least - query.norm * panel.most_error - query.error * panel.most_length) * query.inverse_scale;
    const lanes<float> shift = product(load16(panel.from_mean), vector<float>(query.inverse_scale));
    const lanes<float> look = fma<float>(as_floats(load16(sums)), load16(panel.scale), shift);
    return any_ge(look, look, vector<float>(first_look));
}

/// Whether the score of some row of a panel may reach `least`, or the row's own of 16 limits.
UNITSPHERE_INLINE bool any_may_reach(const std::int32_t* sums, const panel_numbers& panel, const byte_query& query,
                                     float slack, float least, const float* limits) noexcept {
    const float shift = query.offset + query.norm * panel.most_error + query.error * panel.most_length + slack;
    const lanes<float> scaled = product(as_floats(load16(sums)), load16(panel.scale));
    const lanes<float> bound = fma<float>(scaled, broadcast(query.scale), load16(panel.from_mean));
    return any_ge(bound - load16(limits), bound - broadcast(least), vector<float>(-shift));
}

/// The scores of 16 rows by their bytes, clamped as scores are, which takes none of them farther from the score; and
/// what each of them may be off by.
struct bounded_scores {
    lanes<float> estimate, off;
};
UNITSPHERE_INLINE bounded_scores bound_scores(const std::int32_t* sums, const panel_numbers& panel,
                                              const byte_query& query, float slack) noexcept {
    const lanes<float> scaled = product(as_floats(load16(sums)), load16(panel.scale));
    const lanes<float> shifted = load16(panel.from_mean) + broadcast(query.offset);
    const lanes<float> of_row = fma<float>(load16(panel.length), broadcast(query.error), broadcast(slack));
    return {clamp_to_one(fma<float>(scaled, broadcast(query.scale), shifted)),
            fma<float>(load16(panel.error), broadcast(query.norm), of_row)};
}
/// The bits of the distance from each estimate to its limit: as integers they are in the order of the floats.
UNITSPHERE_INLINE bits16 distance_bits(const bounded_scores& scores, const lanes<float>& limits) noexcept {
    return bits(scores.estimate - limits) & 0x7fffffff;
}
/// The scores of 16 rows, of which some may be off, as estimates; NaN, and a bit of the result, for each row whose
/// score may be on either side of a limit: of its own, or of `count` that are sorted, the best first.
inline unsigned take_sides(const bounded_scores& scores, const float* limits, const float* sorted, idx_t count,
                           float* out) noexcept {
    bits16 nearest = distance_bits(scores, load16(limits));
    while (count-- > 0) {
        const lanes<float> limit = broadcast(sorted[count]), above = scores.estimate + scores.off - limit;
        if (!any_ge(above, above, vector<float>(0.0f))) break;
        nearest = lane_min(nearest, distance_bits(scores, limit));
    }
    store16(out, scores.estimate);
    const bits16 off = bits(scores.off);
    if (count_gt(nearest, off) == lane_count) return 0;
    std::int32_t is_open[lane_count];
    store16(is_open, select_gt(nearest, off, broadcast(0), broadcast(1)));
    unsigned open = 0;
    for (int j = 0; j < lane_count; ++j)
        if (is_open[j] != 0) open |= 1u << j, out[j] = detail::quiet_nan();
    return open;
}

/// No score of row j of the panel is greater.
UNITSPHERE_INLINE float bound_of_score(std::int32_t sum, const panel_numbers& panel, int j, const byte_query& query,
                                       float constant) noexcept {
    return query.scale * (panel.scale[j] * float(sum)) + panel.from_mean[j] + query.norm * panel.error[j] +
           query.error * panel.length[j] + constant;
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
