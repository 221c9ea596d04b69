/// Minimizing a smooth convex function of many numbers: when to stop, and how far to go along a direction.
#pragma once

#include <cassert>

#include <Eigen/Core>

#include "../data/scalar.hpp"

static_assert(EIGEN_VERSION_AT_LEAST(3, 4, 0), "unitsphere: needs Eigen 3.4 or newer");

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace learning {

using numbers = Eigen::VectorXd;

/// When to stop: the largest component of the gradient is at most `gradient`, or `iterations` steps were made.
struct stop_rule {
    double gradient;
    index iterations;
};

/// Where a minimizer stands.
struct state {
    double value = 0;      ///< of the function
    double gradient = 0;   ///< its largest component
    index iterations = 0;  ///< steps made
    bool converged = false;
};

/// Notices that rounding is all that still moves: neither the value nor the gradient has found a new low for 50 steps.
class patience {
public:
    bool ends(const state& now) noexcept {
        const bool lower = idle_ < 0 || now.value < value_ || now.gradient < gradient_;
        if (idle_ < 0 || now.value < value_) value_ = now.value;
        if (idle_ < 0 || now.gradient < gradient_) gradient_ = now.gradient;
        idle_ = lower ? 0 : idle_ + 1;
        return idle_ >= 50;
    }

private:
    double value_ = 0.0, gradient_ = 0.0;
    int idle_ = -1;  ///< -1: nothing seen yet
};

/// A point, with the function's value and gradient there.
struct place {
    numbers x, gradient;
    double value = 0;

    double largest_component() const { return gradient.size() == 0 ? 0.0 : gradient.cwiseAbs().maxCoeff(); }
};

/// Moves `at` along `direction` by a step that satisfies the strong Wolfe conditions, found by doubling and halving:
///
///   f(x + t d) <= f(x) + 1e-4 t <g, d>    and    |<g(x + t d), d>| <= 0.9 |<g, d>|
///
/// Near the minimum f's digits end before the gradient's: f may rise there by 1e-13 of itself, and the slope decides.
///
/// Returns false, with `at` as it was, where no such step is found: rounding leaves nothing to gain.
/// Source   Nocedal and Wright, Numerical Optimization, 2nd ed., section 3.1; halving as Lewis and Overton 2013.
template <class Function>
bool line_search(Function&& function, place& at, const numbers& direction, double step, place& trial) {
    const double slope = at.gradient.dot(direction);
    const double slack = 1e-13 * (at.value < 0.0 ? -at.value : at.value);
    double low = 0.0, high = 0.0;  // the step lies between; 0: no upper end yet
    for (int attempt = 0; attempt < 60; ++attempt) {
        trial.x = at.x + step * direction;
        trial.value = function(trial.x, trial.gradient);
        const double slope_there = trial.gradient.dot(direction);
        const bool defined = detail::is_finite(trial.value) && detail::is_finite(slope_there);
        if (!defined || trial.value > at.value + 1e-4 * step * slope + slack || slope_there > -0.9 * slope) {
            high = step;
        } else if (slope_there < 0.9 * slope) {
            low = step;
        } else {
            at.x.swap(trial.x);
            at.gradient.swap(trial.gradient);
            at.value = trial.value;
            return true;
        }
        step = high > 0.0 ? 0.5 * (low + high) : 2.0 * step;
    }
    return false;
}

/// The loop of every minimizer: step(trial) moves `at` to a lower place, or returns false. `watch(state)` is called before
/// the first step and after each.
template <class Function, class Watch, class Step>
state descend(Function&& function, place& at, const stop_rule& stop, Watch&& watch, Step&& step) {
    place trial;
    at.gradient.resize(at.x.size());
    trial.gradient.resize(at.x.size());
    at.value = function(at.x, at.gradient);
    patience left;
    state now{at.value, at.largest_component(), 0, false};
    for (;;) {
        now.converged = now.gradient <= stop.gradient;
        watch(now);
        if (now.converged || now.iterations >= stop.iterations || left.ends(now) || !step(trial)) return now;
        now.value = at.value, now.gradient = at.largest_component(), ++now.iterations;
    }
}

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
