/// The state of an online softmax (Milakov and Gimelshein 2018, arXiv:1805.02867): a maximum, and a sum relative to it.
///
///   merge:   M = max(m1, m2),   S = S1 exp(m1 - M) + S2 exp(m2 - M)
///
/// Whoever sees a strip of a row reduces it to one such state while it is in cache, with 16 float lanes (exp_strip,
/// sum_strip: these differ, since softmax stores the exponentials and log_softmax keeps their digits). States merge in
/// double, in column order, so the bits of a row do not depend on who reduced its strips.
///
/// Two sums of exponentials are no running_softmax: add_exponentials (contrastive.hpp) knows its maximum beforehand,
/// the scale, and merges nothing; softmax_of (linear.hpp) has the decisions of a few classes, in double, in one piece.
#pragma once

#include <cmath>

#include "exp.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Of no logits: {-Inf, 0, 0}. `max` is NaN if a logit is NaN, else +Inf if one is +Inf; the sums mean nothing then.
struct running_softmax {
    float max = detail::negative_infinity();
    double sum = 0.0;     ///< of exp(l - max), without the maxima that are counted
    double maxima = 0.0;  ///< how often max occurs, where a log-softmax counts these exponentials, which are exactly 1

    void merge(const running_softmax& more) noexcept {
        if (detail::is_nan(max) || detail::is_negative_infinity(more.max)) return;
        if (detail::is_negative_infinity(max) || !detail::is_finite(more.max)) {
            *this = more;
        } else if (more.max > max) {
            *this = {more.max, fma(maxima + sum, exp_negated(double(more.max) - double(max)), more.sum), more.maxima};
        } else if (more.max < max) {
            sum = fma(more.maxima + more.sum, exp_negated(double(max) - double(more.max)), sum);
        } else {
            sum = sum + more.sum;
            maxima = maxima + more.maxima;
        }
    }
    /// Whether the softmax exists: not with NaN, +Inf, or nothing but -Inf.
    bool defined() const noexcept { return detail::is_finite(max); }

    /// What turns exp(l - strip_max) into probabilities, where the row is defined.
    float factor(float strip_max) const noexcept {
        if (strip_max == max) return float(1.0 / sum);  // most rows have one strip, and exp(0) is 1
        if (detail::is_negative_infinity(strip_max)) return 0.0f;
        return float(exp_negated(double(max) - double(strip_max)) / sum);
    }
    /// log sum exp(l - max), where the maxima are counted: log1p keeps the digits of a small sum.
    double log() const noexcept { return std::log1p(fp_barrier(maxima - 1.0) + sum); }
};

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
