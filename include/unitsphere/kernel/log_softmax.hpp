/// Log-sum-exp and log-softmax of one row of logits.
///
///   log p[j] = (l[j] - M) - L,   L = log sum_j exp(l[j] - M) = log1p((c - 1) + R),   M = max l
///
///   c   how often the maximum occurs; these exponentials are exactly 1, and are counted
///   R   the sum of the other exponentials, in double
///
/// Where one logit dominates, its log p is -L, nearly -R: R is never added to the 1, so it keeps its digits however
/// small it is. l - M and -L have the same sign, so nothing cancels: the relative error of log p is that of the
/// exponentials, 2^-23, and of the last rounding, 2^-24.
///
/// The rounding error of M - l would add to that (4e-6 for 100 - (-0.3)), so it is computed and passed to exp.
#pragma once

#include "softmax.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// 2^64 exp(-130) is a normal number; exp(-130) is below 2^-150, half of the least float.
inline constexpr std::int32_t bits_of_130 = 0x43020000;

/// The rounding error of y = max - l >= 0, exactly, by Dekker's FastTwoSum (1971, "A floating-point technique for
/// extending the available precision"), which needs the larger magnitude first: of max and -l that is the larger one as
/// an integer, since their sum is not negative.
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> difference_error(const lanes<float, Count>& max,
                                                       const lanes<float, Count>& logits,
                                                       const lanes<float, Count>& y) noexcept {
    const lane_bits<Count> a = bits(max), b = bits(logits) ^ std::int32_t(0x80000000);
    return fp_barrier(from_bits(lane_min(a, b)) - fp_barrier(y - from_bits(lane_max(a, b))));
}

/// Counts the logits of a strip that equal its maximum, and sums 2^64 exp(l - max) of the others in lanes of double.
/// With the factor 2^64 no exponential above exp(-130) is subnormal; smaller ones are 0. Near: there are no smaller
/// ones.
struct exp_total_of_lanes {
    lanes<double> rest = broadcast(0.0);
    bits16 maxima = broadcast(std::int32_t{0});

    template <bool Near, int Count>
    UNITSPHERE_INLINE void add(float max, const lanes<float, Count>& logits) noexcept {
        const lanes<float, Count> top = broadcast<Count>(max);
        const vector<std::int32_t> zero(0), one(1);
        const lanes<float, Count> y = fp_barrier(top - logits);
        const lane_bits<Count> magnitude = bits(y);
        const lanes<float, Count> within = Near ? y : from_bits(lane_min(magnitude, broadcast<Count>(bits_of_130)));
        lane_bits<Count> e = bits(exp_negated_times_2_64(within, difference_error(top, logits, y)));
        e = select_gt(magnitude, 0, e, zero);
        if constexpr (!Near) e = select_gt(magnitude, bits_of_130, zero, e);
        unroll<Count / lane_count>([&](int i) UNITSPHERE_LAMBDA {
            rest = rest + widen(sixteen_of(from_bits(e), i));
            const bits16 more = map<std::int32_t>([](auto m, auto o) UNITSPHERE_LAMBDA { return m + o; }, maxima, one);
            maxima = select_gt(sixteen_of(magnitude, i), 0, maxima, more);
        });
    }
};

/// The state of one strip of 1 to strip_columns logits with a finite maximum.
template <bool Near>
running_softmax sum_strip_below(float max, const float* logits, int columns) noexcept {
    constexpr int many = maximum(2 * lanes<float>::width, lane_count);
    exp_total_of_lanes total;
    int j = 0;
    for (; j + many <= columns; j += many) total.add<Near>(max, load_many<many>(logits + j));
    for (; j + lane_count <= columns; j += lane_count) total.add<Near>(max, load16(logits + j));
    if (j < columns) {
        constexpr std::int32_t minus_infinity = std::int32_t(0xff800000);
        total.add<false>(max, load16_first(logits + j, columns - j, detail::bit_cast<float>(minus_infinity)));
    }
    return {max, sum_of_lanes(total.rest) * 0x1p-64, double(sum_of_lanes(total.maxima))};
}

/// The state of one strip of 1 to strip_columns logits; the maxima are counted.
inline running_softmax sum_strip(const float* logits, int columns) noexcept {
    const logit_range range = range_of(logits, columns);
    if (!detail::is_finite(range.max)) return {range.max, 0.0, 0.0};
    if (detail::bit_cast<std::int32_t>(range.spread) <= bits_of_130)
        return sum_strip_below<true>(range.max, logits, columns);
    return sum_strip_below<false>(range.max, logits, columns);
}

/// The state of a row of logits scale * x[j], each rounded to float: its strips merged in column order. The strip that
/// begins at column j is scaled in buffer_of(j).
template <class BufferOf>
UNITSPHERE_INLINE running_softmax sum_row(const float* x, idx_t columns, float scale, BufferOf&& buffer_of) noexcept {
    running_softmax row;
    for (idx_t j = 0; j < columns; j += strip_columns) {
        const int width = int(minimum(columns - j, strip_columns));
        row.merge(sum_strip(scaled_strip(x + j, width, scale, buffer_of(j)), width));
    }
    return row;
}

/// log sum_j exp(scale * x[j]): NaN if a logit is NaN, else +Inf if one is +Inf, -Inf if all are -Inf.
inline double log_sum_exp_row(const float* x, idx_t columns, float scale) noexcept {
    float buffer[strip_columns];
    const running_softmax row = sum_row(x, columns, scale, [&](idx_t) UNITSPHERE_LAMBDA { return buffer; });
    return row.defined() ? double(row.max) + row.log() : double(row.max);
}

/// log p of the logits scale * x[j], each rounded to float; out may be x. A row without a softmax becomes NaN.
inline void log_softmax_row(const float* x, idx_t columns, float scale, float* out) noexcept {
    const running_softmax row = sum_row(x, columns, scale, [&](idx_t j) UNITSPHERE_LAMBDA { return out + j; });
    if (!row.defined()) {
        for (idx_t j = 0; j < columns; ++j) out[j] = detail::quiet_nan();
        return;
    }
    const float* const logits = scale == 1.0f ? x : out;
    const lanes<double> max = broadcast(double(row.max)), log_sum = broadcast(row.log());
    const auto log_p = [&](const lanes<double>& l) UNITSPHERE_LAMBDA { return narrow(fp_barrier(l - max) - log_sum); };
    idx_t j = 0;
    for (; j + lane_count <= columns; j += lane_count) store16(out + j, log_p(load16_widened(logits + j)));
    if (j < columns) {
        const int left = int(columns - j);
        store16_first(out + j, log_p(widen(load16_first(logits + j, left))), left);
    }
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
