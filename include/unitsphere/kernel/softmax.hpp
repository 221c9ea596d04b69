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

#include "exp.hpp"
#include "logit_range.hpp"
#include "norm.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

inline constexpr int strip_columns = 1024;

/// max and sum of exp(l - max) of one strip. The sum is NaN if the strip holds NaN or +Inf, 0 if it holds only -Inf.
struct strip_sum {
    float largest;
    double sum;
    float spread;  ///< how far below the maximum the others may lie at most
};

/// Columns whose exponentials are made together: four registers hide the latency, a pair of 16 is the least.
inline constexpr int group_columns =
    4 * lanes<float>::width < 2 * lane_count ? 2 * lane_count : 4 * lanes<float>::width;

/// exp(maximum - l). Normal: none of them is subnormal.
template <bool Normal, int Count>
UNITSPHERE_INLINE lanes<float, Count> exp_below(float maximum, const lanes<float, Count>& logits) noexcept {
    const lanes<float, Count> y = broadcast<Count>(maximum) - logits;
    if constexpr (Normal)
        return exp_negated_normal(y);
    else
        return exp_negated(y);
}

/// e[j] = exp(maximum - l[j]), and their sum. Two vectors at a time are added in float before they go to double: half
/// the conversions for half a rounding.
template <bool Normal>
inline double exp_columns(const float* logits, int columns, float maximum, float* out) noexcept {
    constexpr int pair = 2 * lane_count;
    lanes<double> sum = broadcast(0.0);
    int j = 0;
    const auto whole = [&](auto count) UNITSPHERE_LAMBDA {
        // The next strip, or what lies where the next row may: a strip is a page, at which hardware prefetchers stop.
        unroll<count() / lane_count>([&](auto i)
                                         UNITSPHERE_LAMBDA { prefetch(logits + j + strip_columns + i * lane_count); });
        const auto e = exp_below<Normal>(maximum, load_many<count()>(logits + j));
        store_many(out + j, e);
        unroll<count() / pair>(
            [&](int i) UNITSPHERE_LAMBDA { sum = sum + widen(sixteen_of(e, 2 * i) + sixteen_of(e, 2 * i + 1)); });
    };
    for (; j + group_columns <= columns; j += group_columns) whole(std::integral_constant<int, group_columns>{});
    if constexpr (group_columns > pair)
        for (; j + pair <= columns; j += pair) whole(std::integral_constant<int, pair>{});
    const int left = columns - j;
    const auto some = [&](int at, int count) UNITSPHERE_LAMBDA {
        const lanes<float> e = keep_first(exp_below<Normal>(maximum, load16_first(logits + at, count)), count);
        store16_first(out + at, e, count);
        return e;
    };
    if (left > lane_count) {
        const lanes<float> first = some(j, lane_count);
        sum = sum + widen(first + some(j + lane_count, left - lane_count));
    } else if (left > 0) {
        sum = sum + widen(some(j, left));
    }
    return sum_of_lanes(sum);
}

/// Whether exp(l - max l) is a normal number for all logits of a range.
UNITSPHERE_INLINE bool are_normal(const logit_range& range) noexcept {
    return detail::bit_cast<std::int32_t>(range.spread) <= bits_of_87;
}

/// e[j] = exp(l[j] - max l) for one strip of 1 to strip_columns, whose range is known; out may be the logits.
inline strip_sum exp_strip(logit_range range, const float* logits, int columns, float* out) noexcept {
    const float top = range.largest;
    if (detail::is_negative_infinity(top)) return {top, exp_columns<false>(logits, columns, 0.0f, out), 0.0f};
    if (!detail::is_finite(top)) return {top, double(detail::quiet_nan()), 0.0f};
    const double sum = are_normal(range) ? exp_columns<true>(logits, columns, top, out)
                                         : exp_columns<false>(logits, columns, top, out);
    return {top, sum, range.spread};
}

inline strip_sum exp_strip(const float* logits, int columns, float* out) noexcept {
    return exp_strip(range_of(logits, columns), logits, columns, out);
}

/// The strips of one row, merged in column order: max l and sum exp(l - max l) over all of them.
struct row_sum {
    float largest = detail::negative_infinity();
    double sum = 0.0;
    bool undefined = false;  ///< a NaN or +Inf was seen

    void add(strip_sum strip) noexcept {
        if (detail::is_negative_infinity(strip.largest)) return;
        undefined = undefined || !detail::is_finite(strip.largest);
        if (undefined) return;
        if (detail::is_negative_infinity(largest)) {
            *this = {strip.largest, strip.sum, false};
        } else if (strip.largest > largest) {
            sum = fma(sum, exp_negated(double(strip.largest) - double(largest)), strip.sum);
            largest = strip.largest;
        } else {
            sum = fma(strip.sum, exp_negated(double(largest) - double(strip.largest)), sum);
        }
    }
    /// Whether the softmax of the row exists: not with NaN, +Inf, or nothing but -Inf.
    bool defined() const noexcept { return !undefined && !detail::is_negative_infinity(largest); }

    /// What turns the e of a strip with this maximum into probabilities.
    float factor(float strip_largest) const noexcept {
        if (strip_largest == largest) return float(1.0 / sum);  // most rows have one strip, and exp(0) is 1
        if (detail::is_negative_infinity(strip_largest)) return 0.0f;
        return float(exp_negated(double(largest) - double(strip_largest)) / sum);
    }
};

/// x * factor for 0 <= x <= 1 and 0 <= factor, rounded once where it is subnormal; neither slows it down.
UNITSPHERE_INLINE lanes<float> product_of_deep(const lanes<float>& x, float factor) noexcept {
    const vector<float> all(factor);
    if constexpr (has_fma) {
        const lanes<float> up = times_2_to_126(x);
        return times_2_to_minus_126(product(up, all), fma<float>(up, all, broadcast(1.0f)));
    } else {
        return product(x, all);  // two roundings would be others
    }
}

/// A row whose logits spread further may have subnormal probabilities: exp(-60) is 2^-87, and few factors are below 2^-39.
inline constexpr float deep_spread = 60.0f;

/// x[j] = x[j] * factor; `spread` is that of the logits.
inline void scale_strip(float* x, index columns, float factor, float spread) noexcept {
    if (!(spread > deep_spread)) return scale_row(x, columns, row_factors<float>{1.0f, factor}, x);
    index j = 0;
    for (; j + lane_count <= columns; j += lane_count) store16(x + j, product_of_deep(load16(x + j), factor));
    const int left = int(columns - j);
    if (left > 0) store16_first(x + j, product_of_deep(load16_first(x + j, left), factor), left);
}

/// Softmax of a row; out may be the logits. A row without a softmax becomes NaN.
inline void softmax_row(const float* logits, index columns, float* out) noexcept {
    constexpr index kept = 1024;  // strips, 2^20 columns, whose maxima stay on the stack
    float largest_of_strip[kept];
    float unused[strip_columns];
    const index strips = (columns + strip_columns - 1) / strip_columns;
    const auto width = [&](index s) {
        return int(columns - s * strip_columns < strip_columns ? columns - s * strip_columns : strip_columns);
    };
    // Beyond `kept` strips the exponentials are computed once for the sum and again for the result.
    const bool once = strips <= kept;
    row_sum row;
    float least = 0.0f;  // of all logits, at least where one is finite
    for (index s = 0; s < strips; ++s) {
        const index j = s * strip_columns;
        const strip_sum strip = exp_strip(logits + j, width(s), once ? out + j : unused);
        if (once) largest_of_strip[s] = strip.largest;
        const float lowest = strip.largest - strip.spread;
        if (s == 0 || lowest < least) least = lowest;
        row.add(strip);
    }
    if (!row.defined()) {
        for (index j = 0; j < columns; ++j) out[j] = detail::quiet_nan();
        return;
    }
    for (index s = 0; s < strips; ++s) {
        const index j = s * strip_columns;
        const float top = once ? largest_of_strip[s] : exp_strip(logits + j, width(s), out + j).largest;
        scale_strip(out + j, width(s), row.factor(top), row.largest - least);
    }
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
