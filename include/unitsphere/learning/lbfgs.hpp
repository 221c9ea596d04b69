/// L-BFGS: the minimum of a smooth convex function from its gradients alone.
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

/// The last steps and what they did to the gradient: an approximation of the inverse Hessian.
class curvature {
public:
    explicit curvature(index size) : steps_(size, capacity), changes_(size, capacity) {}

    void forget() noexcept { count_ = 0; }
    bool empty() const noexcept { return count_ == 0; }

    void add(const place& from, const place& to) {
        const double along = (to.x - from.x).dot(to.gradient - from.gradient);
        if (!(along > 0.0)) return;  // rounding: this pair knows no curvature
        const index slot = next_;
        steps_.col(slot) = to.x - from.x;
        changes_.col(slot) = to.gradient - from.gradient;
        inverse_[slot] = 1.0 / along;
        scale_ = along / changes_.col(slot).squaredNorm();
        next_ = (next_ + 1) % capacity;
        if (count_ < capacity) ++count_;
    }

    /// -H gradient: the two loops over the pairs, newest first and back.
    void find_direction(const numbers& gradient, numbers& direction) const {
        double factor[capacity];
        direction = -gradient;
        for (index i = 1; i <= count_; ++i) {
            const index slot = (next_ - i + capacity) % capacity;
            factor[slot] = inverse_[slot] * steps_.col(slot).dot(direction);
            direction -= factor[slot] * changes_.col(slot);
        }
        direction *= scale_;
        for (index i = count_; i >= 1; --i) {
            const index slot = (next_ - i + capacity) % capacity;
            direction += (factor[slot] - inverse_[slot] * changes_.col(slot).dot(direction)) * steps_.col(slot);
        }
    }

private:
    static constexpr index capacity = 10;

    Eigen::MatrixXd steps_, changes_;
    double inverse_[capacity] = {};
    double scale_ = 1.0;
    index count_ = 0, next_ = 0;
};

/// Minimizes function(x, gradient), which returns the value and writes the gradient, from x = at.x on.
///
/// `watch(state)` is called before the first step and after each. A search that finds nothing begins anew from the
/// gradient; if that finds nothing either, the state says that it has not converged.
///
/// Memory   22 times x.
template <class Function, class Watch>
state lbfgs(Function&& function, place& at, const stop_rule& stop, Watch&& watch) {
    curvature known(at.x.size());
    numbers direction(at.x.size());
    place before;
    return descend(function, at, stop, watch, [&](place& trial) {
        before.x = at.x, before.gradient = at.gradient;
        bool moved = false;
        while (!moved) {
            const bool plain = known.empty();
            if (plain)
                direction = -at.gradient;
            else
                known.find_direction(at.gradient, direction);
            moved = line_search(function, at, direction, plain ? 1.0 / at.gradient.norm() : 1.0, trial);
            if (!moved && plain) return false;
            if (!moved) known.forget();
        }
        known.add(before, at);
        return true;
    });
}

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
