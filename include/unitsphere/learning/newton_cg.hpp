/// Truncated Newton: the minimum of a smooth convex objective from gradients and products with its Hessian alone.
///
/// Beside x the objective is asked for
///
///   product(v, out)        out = H v, H the Hessian at the x evaluated last
///   precondition(r, out)   out = M^-1 r, M near H and cheap to solve
///
/// Each step solves H d = -gradient by conjugate gradients, as far as the gradient is small already, and searches along
/// d. Where curvatures are alike that takes some twenty passes over the rows; where they differ a millionfold it takes
/// hundreds and still arrives, which L-BFGS does not. No matrix of the variables is made, as Newton's own method would.
///
/// Source   Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 5.3 and 7.1.
#pragma once

#include "line_search.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace learning {

inline double largest_component(const vector& x) noexcept {
    double largest = 0.0;
    for (const double element : x) largest = kernel::maximum(largest, std::fabs(element));
    return largest;
}

/// Preconditioned conjugate gradients for H d = -gradient.
class conjugate_gradients {
public:
    explicit conjugate_gradients(idx_t size)
        : residual_(size), preconditioned_(size), along_(size), product_(size), direction_(size) {}

    /// d, until the residual is `part` of the gradient in the norm of M^-1, or no component of it exceeds `enough`.
    template <class Objective>
    const vector& solve(Objective& objective, const vector& gradient, double enough) {
        const idx_t size = idx_t(gradient.size()), most = kernel::minimum(4 * size, 1000);
        for (idx_t k = 0; k < size; ++k) residual_[k] = -gradient[k], direction_[k] = 0.0;
        objective.precondition(residual_, along_);
        double square = dot(residual_, along_);
        if (first_ == 0.0) first_ = square;
        const double part = kernel::minimum(0.25, std::sqrt(square / first_)), stop = part * square;
        for (idx_t i = 0; i < most && square > stop && largest_component(residual_) > enough; ++i) {
            objective.product(along_, product_);
            const double curvature = dot(along_, product_), step = square / curvature;
            if (!(curvature > 0.0) || !detail::is_finite(step)) break;  // rounding: nothing is left to solve
            add(step, along_, direction_, direction_);
            add(-step, product_, residual_, residual_);
            objective.precondition(residual_, preconditioned_);
            const double next = dot(residual_, preconditioned_);
            add(next / square, along_, preconditioned_, along_);
            square = next;
        }
        return direction_;
    }

private:
    static double dot(const vector& a, const vector& b) noexcept {
        return kernel::dot(a.data(), b.data(), idx_t(a.size()));
    }
    static void add(double factor, const vector& x, const vector& y, vector& out) noexcept {
        kernel::axpy(factor, x.data(), y.data(), idx_t(x.size()), out.data());
    }

    vector residual_, preconditioned_, along_, product_, direction_;
    double first_ = 0.0;  ///< <gradient, M^-1 gradient> of the first step
};

/// Minimizes the objective from x on, and leaves the minimum there.
///
/// on_iteration(status) is called before the first step and after each. Where no step goes further, the status says
/// that it has not converged.
///
/// Memory   9 times x.
template <class Objective, class OnIteration>
status newton_cg(Objective& objective, vector& x, const stop_rule& stop, OnIteration&& on_iteration) {
    iterate now(x), other(x);
    conjugate_gradients system(idx_t(x.size()));
    now.evaluate(objective);
    stagnation stagnates;
    status reached;
    for (;; ++reached.iterations) {
        reached.value = now.at.value, reached.gradient = largest_component(now.gradient);
        reached.bound = stop.tolerance * now.at.scale;
        reached.converged =
            reached.gradient <= reached.bound && detail::is_finite(reached.bound) && detail::is_finite(reached.value);
        on_iteration(reached);
        if (reached.converged || reached.iterations >= stop.max_iterations || stagnates.ends(reached) ||
            !line_search(objective, now, system.solve(objective, now.gradient, 0.3 * reached.bound), other))
            break;
    }
    x = static_cast<vector&&>(now.x);
    return reached;
}

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
