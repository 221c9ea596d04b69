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
    explicit inverse_hessian(idx_t size) : s_(size, capacity), y_(size, capacity) {}

    void clear() noexcept { count_ = 0; }
    bool empty() const noexcept { return count_ == 0; }

    void update(const iterate& from, const iterate& to) {
        const double along = (to.x - from.x).dot(to.gradient - from.gradient);
        if (!(along > 0.0)) return;  // rounding: the pair has no positive curvature
        const idx_t slot = next_;
        s_.col(slot) = to.x - from.x;
        y_.col(slot) = to.gradient - from.gradient;
        rho_[slot] = 1.0 / along;
        gamma_ = along / y_.col(slot).squaredNorm();
        next_ = (next_ + 1) % capacity;
        if (count_ < capacity) ++count_;
    }

    /// direction = -H gradient: the two-loop recursion, newest pair first and back.
    void find_direction(const vector& gradient, vector& direction) const {
        double alpha[capacity];
        direction = -gradient;
        for (idx_t i = 1; i <= count_; ++i) {
            const idx_t slot = (next_ - i + capacity) % capacity;
            alpha[slot] = rho_[slot] * s_.col(slot).dot(direction);
            direction -= alpha[slot] * y_.col(slot);
        }
        direction *= gamma_;
        for (idx_t i = count_; i >= 1; --i) {
            const idx_t slot = (next_ - i + capacity) % capacity;
            direction += (alpha[slot] - rho_[slot] * y_.col(slot).dot(direction)) * s_.col(slot);
        }
    }

private:
    static constexpr idx_t capacity = 10;

    column_major s_, y_;
    double rho_[capacity] = {};
    double gamma_ = 1.0;
    idx_t count_ = 0, next_ = 0;
};

/// Minimizes the objective from at.x on.
///
/// on_iteration(status) is called before the first step and after each. A line search that fails is repeated along the
/// gradient; if that fails too, the status says that it has not converged.
///
/// Memory   22 times x.
template <class Objective, class OnIteration>
status lbfgs(Objective& objective, iterate& at, const stop_rule& stop, OnIteration&& on_iteration) {
    inverse_hessian known(at.x.size());
    vector direction(at.x.size());
    iterate before;
    return minimize(objective, at, stop, on_iteration, [&](iterate& trial) {
        before.x = at.x, before.gradient = at.gradient;
        bool moved = false;
        while (!moved) {
            const bool steepest_descent = known.empty();
            if (steepest_descent)  // a step of length 1 at most; where curvatures are >= 1, |gradient| goes far enough
                direction = -at.gradient / (at.gradient.norm() > 1.0 ? at.gradient.norm() : 1.0);
            else
                known.find_direction(at.gradient, direction);
            moved = line_search(objective, at, direction, 1.0, trial);
            if (!moved && steepest_descent) return false;
            if (!moved) known.clear();
        }
        known.update(before, at);
        return true;
    });
}

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
