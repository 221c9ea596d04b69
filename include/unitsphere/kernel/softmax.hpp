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
#include "norm.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

inline constexpr int strip_columns = 1024;

/// The largest of many floats and whether a NaN was among them, on integer bits: as integers, positive floats rise
/// with their value and negative ones fall, so the signed maximum decides where it is positive, else the minimum.
struct largest_of_lanes {
    bits16 highest = broadcast(std::int32_t(0x80000000));
    bits16 lowest = broadcast(std::int32_t(0x7fffffff));
    bits16 magnitude = broadcast(std::int32_t{0});

    UNITSPHERE_INLINE void add(const bits16& x) noexcept {
        highest = larger(highest, x);
        lowest = smaller(lowest, x);
        magnitude = larger(magnitude, x & 0x7fffffff);
    }
    /// NaN if one was seen.
    UNITSPHERE_INLINE float value() const noexcept {
        std::int32_t high[lane_count], low[lane_count], size[lane_count];
        store16(high, highest);
        store16(low, lowest);
        store16(size, magnitude);
        for (int i = 1; i < lane_count; ++i) {
            high[0] = high[i] > high[0] ? high[i] : high[0];
            low[0] = low[i] < low[0] ? low[i] : low[0];
            size[0] = size[i] > size[0] ? size[i] : size[0];
        }
        if (size[0] > 0x7f800000) return detail::quiet_nan();
        return detail::bit_cast<float>(high[0] >= 0 ? high[0] : low[0]);
    }
};

/// Of 1 to strip_columns logits; lanes behind the last repeat the last, which cannot raise the maximum.
inline float largest(const float* logits, int columns) noexcept {
    largest_of_lanes seen;
    int j = 0;
    for (; j + lane_count <= columns; j += lane_count) seen.add(bits(load16(logits + j)));
    if (j < columns) {
        float last[lane_count];
        for (int i = 0; i < lane_count; ++i) last[i] = logits[j + i < columns ? j + i : columns - 1];
        seen.add(bits(load16(last)));
    }
    return seen.value();
}

/// max and sum of exp(l - max) of one strip. The sum is NaN if the strip holds NaN or +Inf, 0 if it holds only -Inf.
struct strip_sum {
    float largest;
    double sum;
};

/// e[j] = exp(l[j] - max l) for one strip of 1 to strip_columns; out may be the logits. Two vectors at a time are
/// added in float before they go to double: half the conversions for half a rounding.
inline strip_sum exp_strip(const float* logits, int columns, float* out) noexcept {
    constexpr int pair = 2 * lane_count;
    const float top = largest(logits, columns);
    const bool none = detail::is_negative_infinity(top);
    if (!none && !detail::is_finite(top)) return {top, double(detail::quiet_nan())};
    const lanes<float> maximum = broadcast(none ? 0.0f : top);
    lanes<double> sum = broadcast(0.0);
    const auto exp_pair = [&](const float* from, float* to) UNITSPHERE_LAMBDA {
        const lanes<float> first = exp_negated(maximum - load16(from));
        const lanes<float> second = exp_negated(maximum - load16(from + lane_count));
        store16(to, first);
        store16(to + lane_count, second);
        sum = sum + widen(first + second);
    };
    int j = 0;
    for (; j + pair <= columns; j += pair) exp_pair(logits + j, out + j);
    if (j < columns) {
        float last[pair];
        for (int i = 0; i < pair; ++i) last[i] = j + i < columns ? logits[j + i] : detail::negative_infinity();
        exp_pair(last, last);
        std::memcpy(out + j, last, std::size_t(columns - j) * sizeof(float));
    }
    return {top, sum_of_lanes(sum)};
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
        if (detail::is_negative_infinity(strip_largest)) return 0.0f;
        return float(exp_negated(double(largest) - double(strip_largest)) / sum);
    }
};

/// x[j] = x[j] * factor.
inline void scale_strip(float* x, index columns, float factor) noexcept {
    scale_row(x, columns, row_factors<float>{1.0f, factor}, x);
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
    for (index s = 0; s < strips; ++s) {
        const index j = s * strip_columns;
        const strip_sum strip = exp_strip(logits + j, width(s), once ? out + j : unused);
        if (once) largest_of_strip[s] = strip.largest;
        row.add(strip);
    }
    if (!row.defined()) {
        for (index j = 0; j < columns; ++j) out[j] = detail::quiet_nan();
        return;
    }
    for (index s = 0; s < strips; ++s) {
        const index j = s * strip_columns;
        const float top = once ? largest_of_strip[s] : exp_strip(logits + j, width(s), out + j).largest;
        scale_strip(out + j, width(s), row.factor(top));
    }
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
