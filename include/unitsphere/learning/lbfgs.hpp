/// L-BFGS: the minimum of a smooth convex objective from its gradients alone.
///
/// A small one of our own. Of the packaged ones liblbfgs is a C library to link with; LBFGSpp is headers, but throws
/// where exceptions are off; Ceres and dlib are large libraries for one loop; and those that stop on |gradient| / |x|
/// do not promise a gradient.
///
/// Source   Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5.
#pragma once

#include "line_search.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace learning {

/// An approximation H of the inverse Hessian from the last pairs s = x' - x, y = gradient' - gradient.
class inverse_hessian {
public:
    explicit inverse_hessian(idx_t size) : s_(capacity, size), y_(capacity, size) {}

    void clear() noexcept { count_ = 0; }
    bool empty() const noexcept { return count_ == 0; }

    void update(const iterate& from, const iterate& to) noexcept {
        double *const s = s_.row(next_), *const y = y_.row(next_);
        kernel::axpy(-1.0, from.x.data(), to.x.data(), s_.columns(), s);
        kernel::axpy(-1.0, from.gradient.data(), to.gradient.data(), s_.columns(), y);
        const double along = kernel::dot(s, y, s_.columns());
        if (!(along > 0.0)) return;  // rounding: the pair has no positive curvature
        rho_[next_] = 1.0 / along;
        gamma_ = along / kernel::dot(y, y, s_.columns());
        next_ = (next_ + 1) % capacity;
        if (count_ < capacity) ++count_;
    }

    /// direction = -H gradient: the two-loop recursion, newest pair first and back.
    void find_direction(const vector& gradient, vector& direction) const noexcept {
        const idx_t n = s_.columns();
        double alpha[capacity], *const d = direction.data();
        for (idx_t k = 0; k < n; ++k) d[k] = -gradient[k];
        for (idx_t i = 1; i <= count_; ++i) {
            const idx_t slot = (next_ - i + capacity) % capacity;
            alpha[slot] = rho_[slot] * kernel::dot(s_.row(slot), d, n);
            kernel::axpy(-alpha[slot], y_.row(slot), d, n, d);
        }
        for (idx_t k = 0; k < n; ++k) d[k] *= gamma_;
        for (idx_t i = count_; i >= 1; --i) {
            const idx_t slot = (next_ - i + capacity) % capacity;
            kernel::axpy(kernel::fma(-rho_[slot], kernel::dot(y_.row(slot), d, n), alpha[slot]), s_.row(slot), d, n, d);
        }
    }

private:
    static constexpr idx_t capacity = 10;

    matrix<double> s_, y_;
    double rho_[capacity] = {};
    double gamma_ = 1.0;
    idx_t count_ = 0, next_ = 0;
};

/// One step of L-BFGS, by the line search. One that fails is repeated along the gradient; false if that fails too.
template <class Objective>
bool lbfgs_step(Objective& objective, iterate& now, inverse_hessian& known, vector& direction, iterate& other) {
    for (bool moved = false; !moved;) {
        const bool steepest_descent = known.empty();
        known.find_direction(now.gradient, direction);
        if (steepest_descent) {  // a step of length 1 at most; where curvatures are >= 1, |gradient| goes far enough
            const double square = -now.slope(direction), factor = square > 1.0 ? 1.0 / std::sqrt(square) : 1.0;
            for (double& element : direction) element *= factor;
        }
        moved = line_search(objective, now, direction, other);
        if (!moved && steepest_descent) return false;
        if (!moved) known.clear();
    }
    known.update(other, now);
    return true;
}

/// Minimizes the objective from x on, and leaves the minimum there.
///
/// on_iteration(status) is called before the first step and after each. Where no step goes further, the status says
/// that it has not converged.
///
/// Memory   25 times x.
template <class Objective, class OnIteration>
status lbfgs(Objective& objective, vector& x, const stop_rule& stop, OnIteration&& on_iteration) {
    iterate now(x), other(x);
    inverse_hessian known(idx_t(x.size()));
    vector direction = vector::uninitialized(idx_t(x.size()));
    now.evaluate(objective);
    stagnation stagnates;
    status reached;
    for (;; ++reached.iterations) {
        reached.value = now.at.value, reached.gradient = now.at.gradient;
        reached.bound = stop.tolerance * now.at.scale;
        reached.converged =
            reached.gradient <= reached.bound && detail::is_finite(reached.bound) && detail::is_finite(reached.value);
        on_iteration(reached);
        if (reached.converged || reached.iterations >= stop.max_iterations || stagnates.ends(reached) ||
            !lbfgs_step(objective, now, known, direction, other))
            break;
    }
    x = static_cast<vector&&>(now.x);
    return reached;
}

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
