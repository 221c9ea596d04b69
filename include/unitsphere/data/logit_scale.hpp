/// The factor between a cosine and a logit, as a type: the number itself is confused everywhere.
#pragma once

#include <cmath>

#include "error.hpp"
#include "required.hpp"
#include "scalar.hpp"

namespace unitsphere {

/// logit = multiplier * cosine. A checkpoint stores the *parameter* t = ln(multiplier); code often calls both
/// logit_scale.
///
/// CLIP starts at t = ln(1 / 0.07) = 2.6593 and clamps the multiplier at 100 while it trains; most released models
/// end there, but 100 is no constant of nature (EVA01-g: 56.9953). SigLIP starts at t = ln 10.
///
/// Errors   value_error unless the multiplier is positive and finite as a float.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 2.5.
class logit_scale {
public:
    /// The checkpoint's value: multiplier = exp(t), without a clamp.
    UNITSPHERE_INLINE static logit_scale from_log(required<float> t) {
        return logit_scale(float(std::exp(double(t))), "logit_scale::from_log: ", t);
    }
    /// The checkpoint's value under training's clamp: multiplier = min(exp(t), maximum).
    UNITSPHERE_INLINE static logit_scale from_log(required<float> parameter, required<float> largest) {
        const float t = parameter, maximum = largest;
        const double multiplier = std::exp(double(t));
        const bool clamped = detail::is_nan(maximum) || (detail::is_finite(t) && multiplier > double(maximum));
        return logit_scale(
            clamped ? maximum : float(multiplier),
            clamped ? "logit_scale::from_log: maximum " : "logit_scale::from_log: ", clamped ? maximum : t);
    }
    /// The factor itself, such as 100.
    UNITSPHERE_INLINE static logit_scale from_multiplier(required<float> multiplier) {
        return logit_scale(multiplier, "logit_scale::from_multiplier: ", multiplier);
    }

    UNITSPHERE_INLINE float multiplier() const noexcept { return multiplier_; }

private:
    UNITSPHERE_INLINE logit_scale(float multiplier, const char* function, float given) : multiplier_(multiplier) {
        if (!detail::is_finite(multiplier) || !(multiplier > 0.0f))
            detail::fail<value_error>(function, double(given), " gives no positive finite multiplier");
    }

    float multiplier_;
};

}  // namespace unitsphere
