/// What the contrastive losses make of one tile of scores, while it is in L1.
///
///   forward, CLIP     row and column sums of exp(scale * score - top): ONE exponential for both
///   forward, SigLIP   column sums of log(1 + exp(l)), l = scale * score + bias: products of 1 + exp(-|l|), sums of max(l, 0)
///   backward          weights dL / d logit, and the column sums of weight * score
///
/// A tile is block<float>::rows x block<float>::columns at most, its rows block<float>::columns apart. Sums of a tile are
/// made in registers, a lane for each column; those of rows need one tree for each row.
#pragma once

#include "pack.hpp"
#include "softmax.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

inline constexpr int tile_columns = block<float>::columns;
inline constexpr int tile_lanes = block<float>::lanes_wide;
/// A row of a tile.
using tile_row = lanes<float, tile_columns>;

/// The exponentials of a tile's row: 2^64 exp(scale * score - top), for scale * score between top - 130 and top. The
/// factor keeps the smallest of them normal numbers.
UNITSPHERE_INLINE tile_row exponentials(const float* scores, float scale, float top) noexcept {
    return exp_negated_shifted<64>(
        fma<float>(load_many<tile_columns>(scores), vector<float>(-scale), broadcast<tile_columns>(top)));
}

/// row_sums[r] += factor * sum over c of e, column_sums[c] += factor * sum over r of e, of a tile of whole rows;
/// e = exponentials of every score.
///
/// Two exponentials are added in float before they go to double, as in softmax: half a rounding for half the
/// conversions. The caller's factor takes 2^64 back and stands for the difference between `top` and what its sums are
/// relative to.
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

/// products[c] *= 1 + exp(-|l|) and sums[c] += max(l, 0) for every row, l = scale * score + bias, of the first `columns`
/// columns: log(1 + exp(l)) = max(l, 0) + log(1 + exp(-|l|)), and one logarithm serves hundreds of rows. In double 1 + e
/// keeps what a small e is worth. A product that nears the end of double goes to the sum.
inline void add_softplus(const float* scores, int rows, int columns, float scale, float bias, double* products,
                         double* sums) noexcept {
    unroll<tile_lanes>([&](auto c) UNITSPHERE_LAMBDA {
        const int first = c * lane_count, here = columns - first < lane_count ? columns - first : lane_count;
        if (here <= 0) return;
        lanes<double> factor = broadcast(1.0), sum = broadcast(0.0);
        for (int r = 0; r < rows; ++r) {
            const lanes<float> l =
                fma<float>(load16(scores + r * tile_columns + first), vector<float>(scale), broadcast(bias));
            const bits16 size = smaller(bits(l) & 0x7fffffff, broadcast(bits_of_87));
            const lanes<float> e = exp_negated_normal(from_bits(size));
            factor = product(factor, widen(e) + broadcast(1.0));
            sum = sum + widen(from_bits(where_above(bits(l), -1, bits(l), vector<std::int32_t>(0))));
        }
        double of_factor[lane_count], of_sum[lane_count];
        store16(of_factor, factor);
        store16(of_sum, sum);
        for (int i = 0; i < here; ++i) {
            double& product_so_far = products[first + i];
            product_so_far *= of_factor[i];
            sums[first + i] += of_sum[i];
            if (product_so_far > 0x1p900) sums[first + i] += std::log(product_so_far), product_so_far = 1.0;
        }
    });
}

/// to[r * chain_length + c] = weigh(r, scores of row r), slopes[c] += sum over r of weight * score, and with Totals
/// totals[c] += sum over r of weight. All columns of a tile, those behind the gallery's end included.
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

/// exp(-y), and 0 from 64 on: 1e-28 is nothing beside a probability's own rounding, and sums of products of much
/// smaller numbers would be subnormal and slow. y may be a rounding below 0; a rounding of more than 1, of logits beyond
/// 10^7, counts as 0.
UNITSPHERE_INLINE tile_row probability(const tile_row& y) noexcept {
    constexpr std::int32_t bits_of_1 = 0x3f800000, sign = std::int32_t(0x80000000);
    const vector<std::int32_t> zero(0);
    const auto all = where_above(bits(y) ^ sign, bits_of_1, zero, bits(y));
    return from_bits(where_above(all, bits_of_64, zero, bits(exp_negated_normal(from_bits(all)))));
}

/// What turns a logit into its probability, of a row or a column: exp(logit - top) * factor. With top the log-sum-exp as
/// a float, and factor what that rounding lost times the direction's share of the loss.
struct log_sums {
    const float *tops, *factors;
};

/// weight = p within the row + p within the column.
inline void weigh_softmax(const float* scores, int rows, float scale, log_sums of_rows, log_sums of_columns, float* to,
                          double* slopes) noexcept {
    const tile_row top = load_many<tile_columns>(of_columns.tops), factor = load_many<tile_columns>(of_columns.factors);
    const vector<float> back(-scale);
    weigh_tile<false>(scores, rows, to, slopes, nullptr, [&](int r, const tile_row& score) UNITSPHERE_LAMBDA {
        const tile_row row_top = broadcast<tile_columns>(of_rows.tops[r]);
        const tile_row in_column = product(probability(fma<float>(score, back, top)), factor);
        return fma<float>(probability(fma<float>(score, back, row_top)), vector<float>(of_rows.factors[r]), in_column);
    });
}

/// weight = sigmoid(scale * score + bias); 0 below a logit of -64.
inline void weigh_sigmoid(const float* scores, int rows, float scale, float bias, float* to, double* slopes,
                          double* totals) noexcept {
    const vector<float> factor(scale);
    weigh_tile<true>(scores, rows, to, slopes, totals, [&](int, const tile_row& score) UNITSPHERE_LAMBDA {
        const tile_row l = fma<float>(score, factor, broadcast<tile_columns>(bias));
        const tile_row one = broadcast<tile_columns>(1.0f);
        const auto size = bits(l) & 0x7fffffff;
        const tile_row e = exp_negated_normal(from_bits(smaller(size, broadcast<tile_columns>(bits_of_87))));
        const auto negative = where_above(size, bits_of_64, vector<std::int32_t>(0), bits(e));
        return quotient(from_bits(where_above(bits(l), -1, bits(one), negative)), one + e);
    });
}

/// Sums of exponentials beside each other: top and sum of exp(logit - top).
struct exp_sums {
    float* tops;
    double* sums;

    /// Adds logits, of which some may be -Inf, in whatever range they are.
    void add(index i, const float* logits, int count) const noexcept {
        float unused[strip_columns];
        row_sum whole{tops[i], sums[i], false};
        whole.add(exp_strip(logits, count, unused));
        tops[i] = whole.largest;
        sums[i] = whole.sum;
    }
};

/// add_exponentials for any tile: each row and each column has a maximum of its own. `left_out(r)` is the column of row r
/// that does not count, or none of them.
template <class LeftOut>
UNITSPHERE_NOINLINE void add_exponentials_apart(const float* scores, int rows, int columns, float scale,
                                                exp_sums of_rows, exp_sums of_columns,
                                                const LeftOut& left_out) noexcept {
    constexpr int room = (block<float>::rows + lane_count - 1) / lane_count * lane_count;
    float logits[room * tile_columns], turned[tile_columns * room];
    for (float& each : logits) each = 0.0f;
    scale_tile(scores, tile_columns, rows, tile_columns, scale, logits, tile_columns);
    for (int r = 0; r < rows; ++r) {
        const index out = left_out(r);
        if (out >= 0 && out < columns) logits[r * tile_columns + out] = detail::negative_infinity();
        of_rows.add(r, logits + r * tile_columns, columns);
    }
    transpose_tile(logits, tile_columns, rows, tile_columns, turned, room);
    for (int c = 0; c < columns; ++c) of_columns.add(c, turned + c * room, rows);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
