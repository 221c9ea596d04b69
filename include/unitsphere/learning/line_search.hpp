/// What every minimizer of a smooth convex objective shares: the iterate, the stopping rule, the line search, the loop.
///
/// An objective is callable as objective(x, gradient): it returns the value at x and writes the gradient.
/// objective.gradient_scale() is the size of the terms whose sum that gradient is; it is compared with
/// objective.largest_component(gradient).
#pragma once

#include <cassert>

#include <Eigen/Core>

#include "../data/scalar.hpp"

static_assert(EIGEN_VERSION_AT_LEAST(3, 4, 0), "unitsphere: needs Eigen 3.4 or newer");

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace learning {

// Every matrix names its storage order: EIGEN_DEFAULT_TO_ROW_MAJOR is the user's to define.
using vector = Eigen::Matrix<double, Eigen::Dynamic, 1, Eigen::ColMajor>;
using column_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Converged where the largest |component| of the gradient is at most tolerance * gradient_scale: the same rule for an
/// objective times any constant.
struct stop_rule {
    double tolerance;
    idx_t max_iterations;
};

/// Where a minimizer stands.
struct status {
    double value = 0;      ///< of the objective
    double gradient = 0;   ///< its largest |component|
    double bound = 0;      ///< tolerance * gradient_scale
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
    double value = 0, gradient_scale = 0;

    template <class Objective>
    void evaluate(Objective& objective) {
        value = objective(x, gradient);
        gradient_scale = objective.gradient_scale();
    }
};

/// Moves `at` along `direction` by a step that satisfies the strong Wolfe conditions, found by doubling and halving:
///
///   f(x + t d) <= f(x) + 1e-4 t <g, d>    and    |<g(x + t d), d>| <= 0.9 |<g, d>|
///
/// Near the minimum f's digits end before the gradient's: f may rise there by 1e-13 of itself, and the slope decides.
///
/// Returns false, with `at` as it was, where no such step is found: rounding leaves nothing to gain.
/// Source   Nocedal and Wright, Numerical Optimization, 2nd ed., section 3.1; halving as Lewis and Overton 2013.
template <class Objective>
bool line_search(Objective& objective, iterate& at, const vector& direction, double step, iterate& trial) {
    const double slope = at.gradient.dot(direction);
    const double slack = 1e-13 * (at.value < 0.0 ? -at.value : at.value);
    double low = 0.0, high = 0.0;  // the step lies between; 0: no upper end yet
    for (int attempt = 0; attempt < 60; ++attempt) {
        trial.x = at.x + step * direction;
        trial.evaluate(objective);
        const double slope_there = trial.gradient.dot(direction);
        const bool defined = detail::is_finite(trial.value) && detail::is_finite(slope_there);
        if (!defined || trial.value > at.value + 1e-4 * step * slope + slack || slope_there > -0.9 * slope) {
            high = step;
        } else if (slope_there < 0.9 * slope) {
            low = step;
        } else {
            at.x.swap(trial.x);
            at.gradient.swap(trial.gradient);
            at.value = trial.value, at.gradient_scale = trial.gradient_scale;
            return true;
        }
        step = high > 0.0 ? 0.5 * (low + high) : 2.0 * step;
    }
    return false;
}

/// The loop of every minimizer: step(trial) moves `at` to a lower point, or returns false. on_iteration(status) is
/// called before the first step and after each.
template <class Objective, class OnIteration, class Step>
status minimize(Objective& objective, iterate& at, const stop_rule& stop, OnIteration&& on_iteration, Step&& step) {
    iterate trial;
    at.gradient.resize(at.x.size());
    trial.gradient.resize(at.x.size());
    at.evaluate(objective);
    stagnation stagnates;
    status now;
    for (;;) {
        now.value = at.value, now.gradient = objective.largest_component(at.gradient);
        now.bound = stop.tolerance * at.gradient_scale;
        now.converged = now.gradient <= now.bound && detail::is_finite(now.bound);
        on_iteration(now);
        if (now.converged || now.iterations >= stop.max_iterations || stagnates.ends(now) || !step(trial)) return now;
        ++now.iterations;
    }
}

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
