/// The logarithm of the sum of exponentials of one row of logits, and of its softmax.
///
///   log p[j] = (l[j] - M) - L,   L = log sum_j exp(l[j] - M) = log1p((c - 1) + R),   M = max l
///
///   c   how often the maximum occurs: its exponentials are exactly 1, and are counted
///   R   the sum of the other exponentials, in double
///
/// Where one logit dominates, its log p is -L = -R nearly: R never meets the 1 in a sum, so it keeps its digits
/// however small it is. (l - M) and -L have the same sign, nothing cancels: every log p is as accurate, relative
/// to itself, as the exponentials. What is left of the error is their 2^-23 and the last rounding, 2^-24.
///
/// For that, M - l may not round: for 100 - (-0.3) that costs 4e-6. What it loses is passed on to exp.
#pragma once

#include <cmath>

#include "softmax.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Of some logits: the largest (NaN if there is a NaN, -Inf if there are none), how often it occurs, and the sum of
/// exp(l - largest) over the others.
struct exp_sum {
    float largest = detail::negative_infinity();
    double maxima = 0.0, rest = 0.0;

    /// NaN stays, and +Inf stays the largest: what is added to its rest is not asked for.
    void add(const exp_sum& more) noexcept {
        if (detail::is_nan(largest) || detail::is_negative_infinity(more.largest)) return;
        if (detail::is_negative_infinity(largest) || !detail::is_finite(more.largest)) {
            *this = more;
        } else if (more.largest > largest) {
            rest = fma(maxima + rest, exp_negated(double(more.largest) - double(largest)), more.rest);
            largest = more.largest;
            maxima = more.maxima;
        } else if (more.largest < largest) {
            rest = fma(more.maxima + more.rest, exp_negated(double(largest) - double(more.largest)), rest);
        } else {
            maxima = maxima + more.maxima;
            rest = rest + more.rest;
        }
    }
    /// log sum exp(l - largest), for a finite largest.
    double log() const noexcept { return std::log1p(ordered(maxima - 1.0) + rest); }
};

inline constexpr std::int32_t bits_of_130 =
    0x43020000;  // 2^64 exp(-130) is a normal number, half as large as any needed

/// What is lost when maximum - l, not negative, is rounded to y. Of maximum and -l the larger one as an integer is the
/// one of larger magnitude, since their sum is not negative: with it, three operations are exact (Dekker 1971, "A
/// floating-point technique for extending the available precision").
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> lost_in_difference(const lanes<float, Count>& maximum,
                                                         const lanes<float, Count>& logits,
                                                         const lanes<float, Count>& y) noexcept {
    const bits_of_many<Count> a = bits(maximum), b = bits(logits) ^ std::int32_t(0x80000000);
    return ordered(from_bits(smaller(a, b)) - ordered(y - from_bits(larger(a, b))));
}

/// How many logits of a strip equal its maximum, and 2^64 exp(l - maximum) of the others, each lane added to double
/// on its own. 2^64 too large, no exponential that a float result can feel is subnormal; from exp(-130) on they are 0.
/// Near: none of them is that small.
struct exp_total_of_lanes {
    lanes<double> rest = broadcast(0.0);
    bits16 maxima = broadcast(std::int32_t{0});

    template <bool Near, int Count>
    UNITSPHERE_INLINE void add(float maximum, const lanes<float, Count>& logits) noexcept {
        const lanes<float, Count> top = broadcast<Count>(maximum);
        const vector<std::int32_t> zero(0), one(1);
        const lanes<float, Count> y = ordered(top - logits);
        const bits_of_many<Count> size = bits(y);
        const lanes<float, Count> within = Near ? y : from_bits(smaller(size, broadcast<Count>(bits_of_130)));
        bits_of_many<Count> e = bits(exp_negated_times_2_64(within, lost_in_difference(top, logits, y)));
        e = where_above(size, 0, e, zero);
        if constexpr (!Near) e = where_above(size, bits_of_130, zero, e);
        unroll<Count / lane_count>([&](int i) UNITSPHERE_LAMBDA {
            rest = rest + widen(sixteen_of(from_bits(e), i));
            const bits16 more = map<std::int32_t>([](auto m, auto o) UNITSPHERE_LAMBDA { return m + o; }, maxima, one);
            maxima = where_above(sixteen_of(size, i), 0, maxima, more);
        });
    }
};

/// Of one strip of 1 to strip_columns logits with this maximum.
template <bool Near>
inline exp_sum sum_strip_below(float maximum, const float* logits, int columns) noexcept {
    constexpr int many = 2 * lanes<float>::width < lane_count ? lane_count : 2 * lanes<float>::width;
    exp_total_of_lanes total;
    int j = 0;
    for (; j + many <= columns; j += many) total.add<Near>(maximum, load_many<many>(logits + j));
    for (; j + lane_count <= columns; j += lane_count) total.add<Near>(maximum, load16(logits + j));
    if (j < columns) {
        constexpr std::int32_t minus_infinity = std::int32_t(0xff800000);
        total.add<false>(maximum, load16_first(logits + j, columns - j, detail::bit_cast<float>(minus_infinity)));
    }
    return {maximum, double(sum_of_lanes(total.maxima)), sum_of_lanes(total.rest) * 0x1p-64};
}

/// One strip of 1 to strip_columns logits.
inline exp_sum sum_strip(const float* logits, int columns) noexcept {
    const logit_range range = range_of(logits, columns);
    if (!detail::is_finite(range.largest)) return {range.largest, 0.0, 0.0};
    if (detail::bit_cast<std::int32_t>(range.spread) <= bits_of_130)
        return sum_strip_below<true>(range.largest, logits, columns);
    return sum_strip_below<false>(range.largest, logits, columns);
}

/// The strips of a row in column order.
inline exp_sum sum_row(const float* logits, index columns) noexcept {
    exp_sum row;
    for (index j = 0; j < columns; j += strip_columns)
        row.add(sum_strip(logits + j, columns - j < strip_columns ? int(columns - j) : strip_columns));
    return row;
}

/// log sum exp(l): NaN with a NaN, +Inf with +Inf, -Inf with nothing else.
inline double log_sum_exp_row(const float* logits, index columns) noexcept {
    const exp_sum row = sum_row(logits, columns);
    return detail::is_finite(row.largest) ? double(row.largest) + row.log() : double(row.largest);
}

/// log p of a row; out may be the logits. A row without a softmax becomes NaN.
inline void log_softmax_row(const float* logits, index columns, float* out) noexcept {
    const exp_sum row = sum_row(logits, columns);
    if (!detail::is_finite(row.largest)) {
        for (index j = 0; j < columns; ++j) out[j] = detail::quiet_nan();
        return;
    }
    const lanes<double> maximum = broadcast(double(row.largest)), log_sum = broadcast(row.log());
    const auto log_p = [&](const lanes<double>& l) UNITSPHERE_LAMBDA { return narrow(ordered(l - maximum) - log_sum); };
    index j = 0;
    for (; j + lane_count <= columns; j += lane_count) store16(out + j, log_p(load16_widened(logits + j)));
    if (j < columns) {
        const int left = int(columns - j);
        store16_first(out + j, log_p(widen(load16_first(logits + j, left))), left);
    }
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
