/// What a minimizer of a smooth convex objective needs: the iterate, the stopping rule, the line search.
///
/// An objective is callable as objective(x, gradient): it writes the gradient at x and returns an evaluation. Variables
/// are lists of doubles whose length is a multiple of 16, the kernels' order of sums.
#pragma once

#include <cmath>

#include "../data/array.hpp"
#include "../kernel/linear.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace learning {

using vector = array<double>;

/// Of an objective at a point.
struct evaluation {
    double value = 0;
    double scale = 0;  ///< the size of the terms whose sum the gradient is
};

/// Converged where the largest |component| of the gradient is at most tolerance * scale: the same rule for an objective
/// times any constant.
struct stop_rule {
    double tolerance;
    idx_t max_iterations;
};

/// Where a minimizer stands.
struct status {
    double value = 0;      ///< of the objective
    double gradient = 0;   ///< its largest |component|
    double bound = 0;      ///< tolerance * scale
    idx_t iterations = 0;  ///< steps made
    bool converged = false;
};

/// Detects that only rounding still moves the iterate: neither value nor gradient has reached a new low for 50 steps.
class stagnation {
public:
    bool ends(const status& now) noexcept {
        const bool lower = idle_ < 0 || now.value < value_ || now.gradient < gradient_;
        if (idle_ < 0 || now.value < value_) value_ = now.value;
        if (idle_ < 0 || now.gradient < gradient_) gradient_ = now.gradient;
        idle_ = lower ? 0 : idle_ + 1;
        return idle_ >= 50;
    }

private:
    double value_ = 0.0, gradient_ = 0.0;
    int idle_ = -1;  ///< -1: before the first step
};

/// A point, with the objective's value and gradient there.
struct iterate {
    vector x, gradient;
    evaluation at = {};

    explicit iterate(const vector& start) : x(start), gradient(vector::uninitialized(idx_t(start.size()))) {}

    template <class Objective>
    void evaluate(Objective& objective) {
        at = objective(x, gradient);
    }
    double slope(const vector& direction) const noexcept {
        return kernel::dot(gradient.data(), direction.data(), idx_t(x.size()));
    }
};

/// Moves `now` along `direction` by a step that satisfies the strong Wolfe conditions, found by doubling and halving:
///
///   f(x + t d) <= f(x) + 1e-4 t <g, d>    and    |<g(x + t d), d>| <= 0.9 |<g, d>|
///
/// Near the minimum f's digits end before the gradient's: f may rise there by 1e-13 of itself, and the slope decides.
/// The point left is in `other` then.
///
/// Returns false, with `now` as it was, where no such step is found: rounding leaves nothing to gain.
/// Source   Nocedal and Wright, Numerical Optimization, 2nd ed., section 3.1; halving as Lewis and Overton 2013.
template <class Objective>
bool line_search(Objective& objective, iterate& now, const vector& direction, iterate& other) {
    const double slope = now.slope(direction), most = kernel::fma(1e-13, std::fabs(now.at.value), now.at.value);
    double step = 1.0, low = 0.0, high = 0.0;  // the step lies between; 0: no upper end yet
    if (!(slope < 0.0)) return false;
    for (int attempt = 0; attempt < 60; ++attempt) {
        kernel::axpy(step, direction.data(), now.x.data(), idx_t(now.x.size()), other.x.data());
        other.evaluate(objective);
        const double slope_there = other.slope(direction);
        const bool defined = detail::is_finite(other.at.value) && detail::is_finite(slope_there);
        if (!defined || other.at.value > kernel::fma(1e-4 * step, slope, most) || slope_there > -0.9 * slope) {
            high = step;
        } else if (slope_there < 0.9 * slope) {
            low = step;
        } else {
            iterate moved(static_cast<iterate&&>(other));
            other = static_cast<iterate&&>(now);
            now = static_cast<iterate&&>(moved);
            return true;
        }
        step = high > 0.0 ? 0.5 * (low + high) : 2.0 * step;
    }
    return false;
}

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
