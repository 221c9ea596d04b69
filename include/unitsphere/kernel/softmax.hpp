/// Softmax of one row of logits, strip by strip.
///
///   p[j] = exp(l[j] - max l) / sum_j exp(l[j] - max l)
///
///   strip 0                strip 1                       each strip of 1024 columns: its own maximum m, the
///   [ e e e .. e | m, S ]  [ e e e .. e | m, S ]  ..     exponentials e = exp(l - m) and their sum S in double
///            \____ merged in column order ____/          M = max m,  T = sum S exp(m - M)
///   p = e * float(exp(m - M) / T)                        one more multiplication per element
///
/// Every exponential is computed once, against its own strip's maximum: whoever produces the logits can reduce a
/// strip while it is in cache, and the bits do not depend on who did. The same e and m enter the sum and the
/// result, so the rounding of exp cancels in sum p = 1; what remains is one rounding of the factor, one of the
/// product and half of one in the sum.
#pragma once

#include <cfloat>

#include "logit_range.hpp"
#include "norm.hpp"
#include "running_softmax.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

inline constexpr int strip_columns = 1024;

/// Columns per step: four registers hide the latency of exp, and the sum takes pairs of 16.
inline constexpr int group_columns = maximum(4 * lanes<float>::width, 2 * lane_count);

/// exp(l - max). Normal: no result is subnormal.
template <bool Normal, int Count>
UNITSPHERE_INLINE lanes<float, Count> exp_minus_max(float max, const lanes<float, Count>& logits) noexcept {
    const lanes<float, Count> y = broadcast<Count>(max) - logits;
    if constexpr (Normal)
        return exp_negated_normal(y);
    else
        return exp_negated(y);
}

/// e[j] = exp(l[j] - max), returns their sum. Pairs of vectors are added in float before they are widened to double:
/// half the conversions, for half a rounding.
template <bool Normal>
double exp_columns(const float* logits, int columns, float max, float* out) noexcept {
    constexpr int pair = 2 * lane_count;
    lanes<double> sum = broadcast(0.0);
    int j = 0;
    const auto add_columns = [&](auto count) UNITSPHERE_LAMBDA {
        // The next strip, or the next row where rows are contiguous: a strip is a page, where hardware prefetchers
        // stop.
        unroll<count() / lane_count>([&](auto i)
                                         UNITSPHERE_LAMBDA { prefetch(logits + j + strip_columns + i * lane_count); });
        const auto e = exp_minus_max<Normal>(max, load_many<count()>(logits + j));
        store_many(out + j, e);
        unroll<count() / pair>(
            [&](int i) UNITSPHERE_LAMBDA { sum = sum + widen(sixteen_of(e, 2 * i) + sixteen_of(e, 2 * i + 1)); });
    };
    for (; j + group_columns <= columns; j += group_columns) add_columns(std::integral_constant<int, group_columns>{});
    if constexpr (group_columns > pair)
        for (; j + pair <= columns; j += pair) add_columns(std::integral_constant<int, pair>{});
    const int left = columns - j;
    const auto first_columns = [&](int at, int count) UNITSPHERE_LAMBDA {
        const lanes<float> e = keep_first(exp_minus_max<Normal>(max, load16_first(logits + at, count)), count);
        store16_first(out + at, e, count);
        return e;
    };
    if (left > lane_count) {
        const lanes<float> first = first_columns(j, lane_count);
        sum = sum + widen(first + first_columns(j + lane_count, left - lane_count));
    } else if (left > 0) {
        sum = sum + widen(first_columns(j, left));
    }
    return sum_of_lanes(sum);
}

/// Whether exp(l - max l) is a normal number for all logits of a range.
UNITSPHERE_INLINE bool exponentials_are_normal(const logit_range& range) noexcept {
    return detail::bit_cast<std::int32_t>(range.spread) <= bits_of_87;
}

/// Writes e[j] = exp(l[j] - max l) of one strip of 1 to strip_columns logits, and returns its state; out may be the
/// logits. Where the maximum is NaN or +Inf, nothing is written.
inline running_softmax exp_strip(const logit_range& range, const float* logits, int columns, float* out) noexcept {
    if (detail::is_negative_infinity(range.max))
        return {range.max, exp_columns<false>(logits, columns, 0.0f, out), 0.0};
    if (!detail::is_finite(range.max)) return {range.max, 0.0, 0.0};
    return {range.max,
            exponentials_are_normal(range) ? exp_columns<true>(logits, columns, range.max, out)
                                           : exp_columns<false>(logits, columns, range.max, out),
            0.0};
}
inline running_softmax exp_strip(const float* logits, int columns, float* out) noexcept {
    return exp_strip(range_of(logits, columns), logits, columns, out);
}

/// x * factor for 0 <= x <= 1 and 0 <= factor, rounded once. Subnormal x and products cost no microcode assists.
UNITSPHERE_INLINE lanes<float> product_with_subnormals(const lanes<float>& x, float factor) noexcept {
    const vector<float> all(factor);
    if constexpr (has_fma) {
        const lanes<float> up = scale_from_subnormal(x);
        return scale_to_subnormal(product(up, all), fma<float>(up, all, broadcast(1.0f)));
    } else {
        return product(x, all);  // scaling would round a second time
    }
}

/// Up to this spread of the logits a plain product is used: exp(-60) is 2^-87, and a factor below 2^-39, which would
/// make subnormal probabilities, is rare.
inline constexpr float max_normal_spread = 60.0f;

/// x[j] = x[j] * factor, for the exponentials of logits of this spread.
inline void scale_strip(float* x, idx_t columns, float factor, float spread) noexcept {
    if (!(spread > max_normal_spread)) return scale_row(x, columns, row_factors<float>{1.0f, factor}, x);
    idx_t j = 0;
    for (; j + lane_count <= columns; j += lane_count) store16(x + j, product_with_subnormals(load16(x + j), factor));
    const int left = int(columns - j);
    if (left > 0) store16_first(x + j, product_with_subnormals(load16_first(x + j, left), factor), left);
}

/// The logits of a strip, float(scale * x[j]), in `buffer`; x itself where scale is 1, since 1 * x == x.
inline const float* scaled_strip(const float* x, int columns, float scale, float* buffer) noexcept {
    if (scale == 1.0f) return x;
    scale_row(x, columns, row_factors<float>{1.0f, scale}, buffer);
    return buffer;
}

/// Softmax of the logits scale * x[j], each rounded to float; out may be x. A row without a softmax becomes NaN.
inline void softmax_row(const float* x, idx_t columns, float scale, float* out) noexcept {
    constexpr idx_t kept = 1024;  // strips, 2^20 columns, whose maxima stay on the stack
    float strip_max[kept];
    float unused[strip_columns];
    const idx_t strips = ceil_div(columns, strip_columns);
    const auto width = [&](idx_t s) { return int(minimum(columns - s * strip_columns, strip_columns)); };
    // Beyond `kept` strips the exponentials are computed once for the sum and again for the result.
    const bool once = strips <= kept;
    running_softmax row;
    float min = FLT_MAX;  // a lower bound of the logits, where one is finite
    const auto exponentials = [&](idx_t s, float* to) {
        const float* const logits = scaled_strip(x + s * strip_columns, width(s), scale, to);
        const logit_range range = range_of(logits, width(s));
        min = minimum(range.max - range.spread, min);
        return exp_strip(range, logits, width(s), to);
    };
    for (idx_t s = 0; s < strips; ++s) {
        const running_softmax strip = exponentials(s, once ? out + s * strip_columns : unused);
        if (once) strip_max[s] = strip.max;
        row.merge(strip);
    }
    if (!row.defined()) {
        for (idx_t j = 0; j < columns; ++j) out[j] = detail::quiet_nan();
        return;
    }
    for (idx_t s = 0; s < strips; ++s) {
        float* const to = out + s * strip_columns;
        scale_strip(to, width(s), row.factor(once ? strip_max[s] : exponentials(s, to).max), row.max - min);
    }
}
inline void softmax_row(const float* logits, idx_t columns, float* out) noexcept {
    softmax_row(logits, columns, 1.0f, out);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
