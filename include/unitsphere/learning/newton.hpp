/// Newton's method: the minimum of a smooth convex objective of some hundreds of variables in a few steps.
///
/// Source   Boyd and Vandenberghe, Convex Optimization, section 9.5.
#pragma once

#include <cassert>

#include <Eigen/Cholesky>

#include "line_search.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace learning {

/// Minimizes the objective from at.x on; objective.hessian(x, matrix) writes the lower triangle of the Hessian.
/// `on_iteration` and the result as lbfgs.
///
///   x <- x - t H^-1 gradient        H = L D L^T by Eigen's LDLT; t = 1 unless the line search shortens it
///
/// Memory   a square matrix and five vectors.
template <class Objective, class OnIteration>
status newton(Objective& objective, iterate& at, const stop_rule& stop, OnIteration&& on_iteration) {
    column_major hessian(at.x.size(), at.x.size());
    vector direction(at.x.size());
    return minimize(objective, at, stop, on_iteration, [&](iterate& trial) {
        objective.hessian(at.x, hessian);
        const Eigen::LDLT<Eigen::Ref<column_major>> factors(hessian);  // factorizes in place
        direction = -factors.solve(at.gradient);
        return line_search(objective, at, direction, 1.0, trial);
    });
}

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
