/// The contrastive losses and their derivatives, for one tile of scores in L1.
///
///   forward, CLIP     row and column sums of exp(scale * score - top): ONE exponential for both
///   forward, SigLIP   column sums of log(1 + exp(l)), l = scale * score + bias:
///                     products of 1 + exp(-|l|), and sums of max(l, 0)
///   backward          weights dL / d logit, and the column sums of weight * score
///
/// A tile has at most block<float>::rows x block<float>::columns scores, its rows block<float>::columns apart. Column
/// sums stay in registers, one lane per column; each row sum is one tree over the lanes.
#pragma once

#include "pack.hpp"
#include "softmax.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

inline constexpr int tile_columns = block<float>::columns;
inline constexpr int tile_lanes = block<float>::lanes_wide;
/// One row of a tile.
using tile_row = lanes<float, tile_columns>;

/// 2^64 exp(scale * score - top) of one row, for scale * score in [top - 130, top]; the factor 2^64 keeps the smallest
/// of them normal.
UNITSPHERE_INLINE tile_row exponentials(const float* scores, float scale, float top) noexcept {
    return exp_negated_shifted<64>(
        fma<float>(load_many<tile_columns>(scores), vector<float>(-scale), broadcast<tile_columns>(top)));
}

/// row_sums[r] += factor * sum over c of e, column_sums[c] += factor * sum over r of e, for a tile of whole rows;
/// e = exponentials(..) of every score.
///
/// Pairs of exponentials are added in float before they are widened to double, as in softmax. For sums relative to a
/// maximum M, factor = 2^-64 exp(top - M).
inline void add_exponentials(const float* scores, int rows, float scale, float top, double factor, double* row_sums,
                             double* column_sums) noexcept {
    lanes<double> column[tile_lanes];
    for (auto& sum : column) sum = broadcast(0.0);
    const auto add_row = [&](int r, const tile_row& e) UNITSPHERE_LAMBDA {
        lanes<float> both = sixteen_of(e, 0);
        if constexpr (tile_lanes == 2) both = both + sixteen_of(e, 1);
        row_sums[r] = fma(sum_of_lanes(widen(both)), factor, row_sums[r]);
    };
    int r = 0;
    for (; r + 2 <= rows; r += 2) {
        const tile_row first = exponentials(scores + r * tile_columns, scale, top);
        const tile_row second = exponentials(scores + (r + 1) * tile_columns, scale, top);
        add_row(r, first);
        add_row(r + 1, second);
        const tile_row both = first + second;
        unroll<tile_lanes>([&](auto c) UNITSPHERE_LAMBDA { column[c] = column[c] + widen(sixteen_of(both, c)); });
    }
    if (r < rows) {
        const tile_row last = exponentials(scores + r * tile_columns, scale, top);
        add_row(r, last);
        unroll<tile_lanes>([&](auto c) UNITSPHERE_LAMBDA { column[c] = column[c] + widen(sixteen_of(last, c)); });
    }
    unroll<tile_lanes>([&](auto c) UNITSPHERE_LAMBDA {
        double* const at = column_sums + c * lane_count;
        store16(at, fma<double>(column[c], vector<double>(factor), load16(at)));
    });
}

/// products[c] *= 1 + exp(-|l|) and sums[c] += max(l, 0) for every row, l = scale * score + bias, of the first
/// `columns` columns: log(1 + exp(l)) = max(l, 0) + log(1 + exp(-|l|)), so that one logarithm serves hundreds of rows.
/// The products are in double, where 1 + e keeps the digits of a small e; one above 2^900 is moved to the sum as its
/// logarithm.
inline void add_softplus(const float* scores, int rows, int columns, float scale, float bias, double* products,
                         double* sums) noexcept {
    unroll<tile_lanes>([&](auto c) UNITSPHERE_LAMBDA {
        const int first = c * lane_count, used = minimum(columns - first, lane_count);
        if (used <= 0) return;
        lanes<double> factor = broadcast(1.0), sum = broadcast(0.0);
        for (int r = 0; r < rows; ++r) {
            const lanes<float> l =
                fma<float>(load16(scores + r * tile_columns + first), vector<float>(scale), broadcast(bias));
            const bits16 magnitude = lane_min(bits(l) & 0x7fffffff, broadcast(bits_of_87));
            const lanes<float> e = exp_negated_normal(from_bits(magnitude));
            factor = product(factor, widen(e) + broadcast(1.0));
            sum = sum + widen(from_bits(select_gt(bits(l), -1, bits(l), vector<std::int32_t>(0))));
        }
        double of_factor[lane_count], of_sum[lane_count];
        store16(of_factor, factor);
        store16(of_sum, sum);
        for (int i = 0; i < used; ++i) {
            double& product_so_far = products[first + i];
            product_so_far *= of_factor[i];
            sums[first + i] += of_sum[i];
            if (product_so_far > 0x1p900) sums[first + i] += std::log(product_so_far), product_so_far = 1.0;
        }
    });
}

/// to[r * chain_length + c] = weigh(r, scores of row r), slopes[c] += sum over r of weight * score, and with Totals
/// totals[c] += sum over r of weight. All columns of the tile, including those after the gallery's last row.
template <bool Totals, class Weigh>
inline void weigh_tile(const float* scores, int rows, float* to, double* slopes, double* totals,
                       const Weigh& weigh) noexcept {
    lanes<double> slope[tile_lanes], total[tile_lanes];
    for (auto& sum : slope) sum = broadcast(0.0);
    for (auto& sum : total) sum = broadcast(0.0);
    for (int r = 0; r < rows; ++r) {
        const tile_row score = load_many<tile_columns>(scores + r * tile_columns);
        const tile_row weight = weigh(r, score);
        store_many(to + r * chain_length, weight);
        const tile_row both = product(weight, score);
        unroll<tile_lanes>([&](auto c) UNITSPHERE_LAMBDA {
            slope[c] = slope[c] + widen(sixteen_of(both, c));
            if constexpr (Totals) total[c] = total[c] + widen(sixteen_of(weight, c));
        });
    }
    unroll<tile_lanes>([&](auto c) UNITSPHERE_LAMBDA {
        const auto add_to = [&](double* sums, const lanes<double>& more) UNITSPHERE_LAMBDA {
            store16(sums + c * lane_count, load16(sums + c * lane_count) + more);
        };
        add_to(slopes, slope[c]);
        if constexpr (Totals) add_to(totals, total[c]);
    });
}

inline constexpr std::int32_t bits_of_64 = 0x42800000;

/// exp(-y), and 0 for y >= 64: 1e-28 is far below the rounding error of a gradient, and sums of products of much
/// smaller numbers would be subnormal and slow. Rounding may make y negative; the result is 0 for y < -1, which only
/// logits beyond 10^7 reach.
UNITSPHERE_INLINE tile_row probability(const tile_row& y) noexcept {
    constexpr std::int32_t bits_of_1 = 0x3f800000, sign = std::int32_t(0x80000000);
    const vector<std::int32_t> zero(0);
    const auto kept = select_gt(bits(y) ^ sign, bits_of_1, zero, bits(y));
    return from_bits(select_gt(kept, bits_of_64, zero, bits(exp_negated_normal(from_bits(kept)))));
}

/// For each row or column: p = exp(logit - top) * factor, where top is the log-sum-exp rounded to float, and factor =
/// exp(top - log-sum-exp) corrects that rounding. A factor of 0 gives a column without a loss the weight 0.
struct log_sums {
    const float *tops, *factors;
};

/// weight = p of the row's softmax + p of the column's softmax.
inline void weigh_softmax(const float* scores, int rows, float scale, log_sums of_rows, log_sums of_columns, float* to,
                          double* slopes) noexcept {
    const tile_row top = load_many<tile_columns>(of_columns.tops), factor = load_many<tile_columns>(of_columns.factors);
    const vector<float> negated_scale(-scale);
    weigh_tile<false>(scores, rows, to, slopes, nullptr, [&](int r, const tile_row& score) UNITSPHERE_LAMBDA {
        const tile_row row_top = broadcast<tile_columns>(of_rows.tops[r]);
        const tile_row in_column = product(probability(fma<float>(score, negated_scale, top)), factor);
        return fma<float>(probability(fma<float>(score, negated_scale, row_top)), vector<float>(of_rows.factors[r]),
                          in_column);
    });
}

/// weight = sigmoid(scale * score + bias); 0 below a logit of -64.
inline void weigh_sigmoid(const float* scores, int rows, float scale, float bias, float* to, double* slopes,
                          double* totals) noexcept {
    const vector<float> factor(scale);
    weigh_tile<true>(scores, rows, to, slopes, totals, [&](int, const tile_row& score) UNITSPHERE_LAMBDA {
        const tile_row l = fma<float>(score, factor, broadcast<tile_columns>(bias));
        const tile_row one = broadcast<tile_columns>(1.0f);
        const auto magnitude = bits(l) & 0x7fffffff;
        const tile_row e = exp_negated_normal(from_bits(lane_min(magnitude, broadcast<tile_columns>(bits_of_87))));
        const auto negative = select_gt(magnitude, bits_of_64, vector<std::int32_t>(0), bits(e));
        return quotient(from_bits(select_gt(bits(l), -1, bits(one), negative)), one + e);
    });
}

/// One running_softmax for each row or column of a matrix, as two arrays: tops (maxima) and sums.
struct exp_sums {
    float* tops;
    double* sums;

    /// Adds logits, of which some may be -Inf, to the i-th.
    void add(idx_t i, const float* logits, int count) const noexcept {
        float unused[strip_columns];
        running_softmax whole{tops[i], sums[i], 0.0};
        whole.merge(exp_strip(logits, count, unused));
        tops[i] = whole.max;
        sums[i] = whole.sum;
    }
};

/// add_exponentials for any tile: each row and each column has its own maximum. `left_out(r)` is the column of row r
/// that is left out, or a number that is no column.
template <class LeftOut>
UNITSPHERE_NOINLINE void merge_exponentials(const float* scores, int rows, int columns, float scale, exp_sums of_rows,
                                            exp_sums of_columns, const LeftOut& left_out) noexcept {
    constexpr int room = ceil_div(block<float>::rows, lane_count) * lane_count;
    float logits[room * tile_columns], transposed[tile_columns * room];
    for (float& each : logits) each = 0.0f;
    scale_tile(scores, tile_columns, rows, tile_columns, scale, logits, tile_columns);
    for (int r = 0; r < rows; ++r) {
        const idx_t out = left_out(r);
        if (out >= 0 && out < columns) logits[r * tile_columns + out] = detail::negative_infinity();
        of_rows.add(r, logits + r * tile_columns, columns);
    }
    transpose_tile(logits, tile_columns, rows, tile_columns, transposed, room);
    for (int c = 0; c < columns; ++c) of_columns.add(c, transposed + c * room, rows);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
