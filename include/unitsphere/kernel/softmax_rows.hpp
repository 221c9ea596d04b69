/// Softmax of many rows: short ones in registers, longer ones with the next row's maximum found while one is scaled.
#pragma once

#include "softmax.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Softmax of a row of at most Count columns, in registers; a strip like any other.
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
        seen.range([&]() UNITSPHERE_LAMBDA { return detail::bit_cast<float>(smallest_of(bits(x))); });
    const float top = range.largest;
    if (!detail::is_finite(top)) {
        for (int j = 0; j < columns; ++j) out[j] = detail::quiet_nan();
        return;
    }
    const lanes<float, Count> e = are_normal(range) ? exp_below<true>(top, x) : exp_below<false>(top, x);
    const lanes<float> end = keep_first(sixteen_of(e, Count / lane_count - 1), left);
    lanes<float> pair = end;
    if constexpr (Count > lane_count) pair = sixteen_of(e, 0) + end;
    const float factor = float(1.0 / sum_of_lanes(widen(pair)));
    const auto scaled = [&](const lanes<float>& some) UNITSPHERE_LAMBDA {
        return range.spread > deep_spread ? product_of_deep(some, factor) : product(some, vector<float>(factor));
    };
    if constexpr (Count > lane_count) store16(out, scaled(sixteen_of(e, 0)));
    store16_first(out + before_last, scaled(end), left);
}

/// scale_strip of a row that is not deep and range_of_groups(next, columns), in one loop: the one writes, the other
/// compares.
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
    return seen.range([&]() UNITSPHERE_LAMBDA { return largest_of_negative<Count>(next, columns); });
}

/// Softmax of rows of Count to strip_columns columns: the next row's range is found while one is scaled.
template <int Count>
inline void softmax_strips(const float* logits, index rows, int columns, index stride, float* out,
                           index out_stride) noexcept {
    logit_range range = range_of(logits, columns);
    for (index i = 0; i < rows; ++i, logits += stride, out += out_stride) {
        const strip_sum strip = exp_strip(range, logits, columns, out);
        const float factor = detail::is_finite(strip.largest) ? float(1.0 / strip.sum) : detail::quiet_nan();
        if (!detail::is_finite(strip.largest))
            for (int j = 0; j < columns; ++j) out[j] = detail::quiet_nan();
        if (i + 1 < rows && !(strip.spread > deep_spread)) {
            range = scale_and_range<Count>(out, columns, factor, logits + stride);
        } else {
            scale_strip(out, columns, factor, strip.spread);
            if (i + 1 < rows) range = range_of(logits + stride, columns);
        }
    }
}

/// softmax_row for every row; out may be the logits.
inline void softmax_rows(const float* logits, index rows, index columns, index stride, float* out,
                         index out_stride) noexcept {
    constexpr int many = 4 * lanes<float>::width < lane_count ? lane_count : 4 * lanes<float>::width;
    if (rows == 0 || columns == 0) return;
    if (columns > strip_columns) {
        for (index i = 0; i < rows; ++i) softmax_row(logits + i * stride, columns, out + i * out_stride);
    } else if (columns >= 2 * lane_count && columns >= many) {
        softmax_strips<many>(logits, rows, int(columns), stride, out, out_stride);
    } else if (columns > 2 * lane_count) {
        softmax_strips<lane_count>(logits, rows, int(columns), stride, out, out_stride);
    } else if (columns > lane_count) {
        for (index i = 0; i < rows; ++i)
            softmax_short_row<2 * lane_count>(logits + i * stride, int(columns), out + i * out_stride);
    } else {
        for (index i = 0; i < rows; ++i)
            softmax_short_row<lane_count>(logits + i * stride, int(columns), out + i * out_stride);
    }
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
