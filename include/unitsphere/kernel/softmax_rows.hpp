/// Softmax of many rows: a short row is taken in registers; of longer ones the range of the next row is found while one
/// is scaled, so that the compares of one hide the stores of the other.
#pragma once

#include "softmax.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Softmax of a row of Count - 15 to Count columns, in registers, with the arithmetic of one strip.
template <int Count>
UNITSPHERE_INLINE void softmax_short_row(const float* logits, int columns, float* out) noexcept {
    constexpr int before_last = Count - lane_count;
    const int left = columns - before_last;
    lanes<float, Count> x;
    for (int i = 0; i < before_last / lanes<float>::width; ++i)
        x.part[i] = vector<float>::load_unaligned(logits + i * lanes<float>::width);
    const lanes<float> last = load16_first(logits + before_last, left, logits[0]);
    for (int i = 0; i < lanes<float>::parts; ++i) x.part[before_last / lanes<float>::width + i] = last.part[i];
    extremes<Count> seen;
    seen.add(bits(x));
    const logit_range range =
        seen.range([&]() UNITSPHERE_LAMBDA { return detail::bit_cast<float>(min_of_lanes(bits(x))); });
    if (!detail::is_finite(range.max)) {
        for (int j = 0; j < columns; ++j) out[j] = detail::quiet_nan();
        return;
    }
    const lanes<float, Count> e =
        exponentials_are_normal(range) ? exp_minus_max<true>(range.max, x) : exp_minus_max<false>(range.max, x);
    const lanes<float> end = keep_first(sixteen_of(e, Count / lane_count - 1), left);
    lanes<float> pair = end;
    if constexpr (Count > lane_count) pair = sixteen_of(e, 0) + end;
    const float factor = float(1.0 / sum_of_lanes(widen(pair)));
    const auto scaled = [&](const lanes<float>& some) UNITSPHERE_LAMBDA {
        return range.spread > max_normal_spread ? product_with_subnormals(some, factor)
                                                : product(some, vector<float>(factor));
    };
    if constexpr (Count > lane_count) store16(out, scaled(sixteen_of(e, 0)));
    store16_first(out + before_last, scaled(end), left);
}

/// Softmax of rows of Count - 15 to Count columns. Sixteen rows at a time are read from a copy: in place, the masked
/// store of one row would hold up the load of the next, which it seems to overlap.
template <int Count>
void softmax_short_rows(const float* logits, idx_t rows, int columns, idx_t stride, float* out,
                        idx_t out_stride) noexcept {
    constexpr int before_last = Count - lane_count;
    alignas(64) float copy[lane_count * Count];
    for (idx_t first = 0; first < rows; first += lane_count) {
        const int some = int(minimum(rows - first, lane_count));
        for (int i = 0; i < some; ++i) {
            const float* const row = logits + (first + i) * stride;
            if constexpr (before_last > 0) store16(copy + i * Count, load16(row));
            store16(copy + i * Count + before_last, load16_first(row + before_last, columns - before_last));
        }
        for (int i = 0; i < some; ++i)
            softmax_short_row<Count>(copy + i * Count, columns, out + (first + i) * out_stride);
    }
}

/// scale_strip(x) for a spread <= max_normal_spread, and range_of_groups(next), in one loop: stores beside compares.
template <int Count>
inline logit_range scale_and_range(float* x, int columns, float factor, const float* next) noexcept {
    const vector<float> all(factor);
    extremes<Count> seen;
    int j = 0;
    for (; j + Count <= columns; j += Count) {
        seen.add(bits(load_many<Count>(next + j)));
        store_many(x + j, product(load_many<Count>(x + j), all));
    }
    if (j < columns) {
        seen.add(bits(load_many<Count>(next + columns - Count)));
        scale_strip(x + j, columns - j, factor, 0.0f);
    }
    return seen.range([&]() UNITSPHERE_LAMBDA { return max_of_negative<Count>(next, columns); });
}

/// Softmax of rows of Count to strip_columns columns, each one strip.
template <int Count>
inline void softmax_strips(const float* logits, idx_t rows, int columns, idx_t stride, float* out,
                           idx_t out_stride) noexcept {
    logit_range range = range_of(logits, columns);
    for (idx_t i = 0; i < rows; ++i, logits += stride, out += out_stride) {
        const running_softmax row = exp_strip(range, logits, columns, out);
        const float factor = row.defined() ? float(1.0 / row.sum) : detail::quiet_nan();
        if (!row.defined())
            for (int j = 0; j < columns; ++j) out[j] = detail::quiet_nan();
        if (i + 1 < rows && !(range.spread > max_normal_spread)) {
            range = scale_and_range<Count>(out, columns, factor, logits + stride);
        } else {
            scale_strip(out, columns, factor, range.spread);
            if (i + 1 < rows) range = range_of(logits + stride, columns);
        }
    }
}

/// softmax_row for every row; out may be the logits.
inline void softmax_rows(const float* logits, idx_t rows, idx_t columns, idx_t stride, float* out,
                         idx_t out_stride) noexcept {
    constexpr int many = maximum(4 * lanes<float>::width, lane_count);
    if (rows == 0 || columns == 0) return;
    if (columns > strip_columns) {
        for (idx_t i = 0; i < rows; ++i) softmax_row(logits + i * stride, columns, out + i * out_stride);
    } else if (columns >= 2 * lane_count && columns >= many) {
        softmax_strips<many>(logits, rows, int(columns), stride, out, out_stride);
    } else if (columns > 2 * lane_count) {
        softmax_strips<lane_count>(logits, rows, int(columns), stride, out, out_stride);
    } else if (columns > lane_count) {
        softmax_short_rows<2 * lane_count>(logits, rows, int(columns), stride, out, out_stride);
    } else {
        softmax_short_rows<lane_count>(logits, rows, int(columns), stride, out, out_stride);
    }
}

/// Softmax of the logits scale * x, each rounded to float, for every row; out may be x. Groups of short rows, 16 KiB,
/// are scaled into `out` and their softmax is taken there, in L1; a row of several strips is scaled strip by strip.
inline void softmax_rows(const float* x, idx_t rows, idx_t columns, idx_t stride, float scale, float* out,
                         idx_t out_stride) noexcept {
    constexpr idx_t at_once = 4 * strip_columns;
    if (columns > strip_columns) {
        for (idx_t i = 0; i < rows; ++i) softmax_row(x + i * stride, columns, scale, out + i * out_stride);
    } else if (scale == 1.0f || columns == 0) {
        softmax_rows(x, rows, columns, stride, out, out_stride);
    } else {
        const idx_t group = at_once / columns;
        for (idx_t first = 0; first < rows; first += group) {
            const idx_t end = minimum(rows, first + group);
            for (idx_t i = first; i < end; ++i)
                scale_row(x + i * stride, columns, row_factors<float>{1.0f, scale}, out + i * out_stride);
            float* const to = out + first * out_stride;
            softmax_rows(to, end - first, columns, out_stride, to, out_stride);
        }
    }
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
