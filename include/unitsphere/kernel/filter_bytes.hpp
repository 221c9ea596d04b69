/// Which rows of a panel can reach a score, by the bound of their bytes.
///
///   bound(j) = scale_u scale_j <p, q_j> + <v_j, m> + |U| error_j + error_u length_j + constant_u  >=  score(u, v_j)
///
/// constant_u holds <u, m> - <m, m>, what the canonical score may differ from the product of the rows, and what the
/// floats of this file lose. A first look takes the greatest error and length of 16 rows: three operations for them.
#pragma once

#include "byte_blocks.hpp"
#include "cosine_in_double.hpp"
#include "int8_rows.hpp"
#include "lanes_bits.hpp"

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
    const lanes<float> look = fma<float>(load16_as_floats(sums), load16(panel.scale), shift);
    return any_ge(look, look, vector<float>(first_look));
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
