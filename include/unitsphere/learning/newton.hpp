/// Newton's method: the minimum of a smooth convex function of some hundreds of numbers in a few steps.
///
/// Source   Boyd and Vandenberghe, Convex Optimization, section 9.5.
#pragma once

#include <cassert>

#include <Eigen/Cholesky>

#include "line_search.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace learning {

/// Minimizes function(x, gradient) from x = at.x on; function.hessian(x, matrix) writes the lower triangle of the
/// second derivatives. `watch` and the result as lbfgs.
///
///   x <- x - t H^-1 gradient        H = L D L^T by Eigen's LDLT; t = 1 but where the function says less
///
/// Memory   a square matrix and five vectors.
template <class Function, class Watch>
state newton(Function&& function, place& at, const stop_rule& stop, Watch&& watch) {
    Eigen::MatrixXd hessian(at.x.size(), at.x.size());
    numbers direction(at.x.size());
    return descend(function, at, stop, watch, [&](place& trial) {
        function.hessian(at.x, hessian);
        const Eigen::LDLT<Eigen::Ref<Eigen::MatrixXd>> factors(hessian);  // in its place
        direction = -factors.solve(at.gradient);
        return line_search(function, at, direction, 1.0, trial);
    });
}

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
