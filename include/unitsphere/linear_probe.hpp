/// Logistic regression on unit embeddings: labelled rows in, a linear head out. Needs Eigen (target unitsphere::eigen),
/// so it is included by name; the head alone (linear_head.hpp) needs none.
#pragma once

#include <cassert>
#include <functional>

#include <Eigen/Core>

#include "learning/labelled_rows.hpp"
#include "learning/lbfgs.hpp"
#include "learning/logistic_objective.hpp"
#include "learning/newton.hpp"
#include "linear_head.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// Where a fit stands: what logistic_options::on_iteration is told.
struct fit_step {
    index iteration;   ///< steps made; 0 before the first
    double objective;  ///< what is minimized
    double gradient;   ///< the largest |component| of its gradient
};

/// Settings of logistic_regression, set by name.
struct logistic_options {
    double C = 1.0;                          ///< the inverse of the penalty, as in scikit-learn
    bool balanced = false;                   ///< class weights n / (classes * n_class), scikit-learn's "balanced"
    std::vector<double> class_weights = {};  ///< one for each class; empty: all 1
    index classes = 0;                       ///< how many there are; 0: one more than the largest label
    index max_iterations = 2000;
    double gradient = 1e-6;           ///< stop when no component of the gradient is larger
    bool require_convergence = true;  ///< false: what was reached is told in the result, and no error
    on_row zero_rows = on_row::keep;  ///< keep or error; rows that are not finite are an error always
    row_report* report = nullptr;     ///< where to count zero rows; may be null
    std::function<void(const fit_step&)> on_iteration = {};  ///< called by the fitting thread; may be empty
};

/// A fitted head, and how well it is fitted.
struct logistic_fit {
    linear_head head;
    double objective;  ///< at the head's weights
    double gradient;   ///< the largest |component| of the objective's gradient there
    index iterations;
    bool converged;  ///< gradient <= options.gradient
};

namespace detail {

inline void require_settings(const logistic_options& options, double C, const char* function) {
    if (!is_finite(C) || C <= 0.0) fail<value_error>(function, ": C is ", C, ", it must be positive");
    if (!is_finite(options.gradient) || options.gradient <= 0.0)
        fail<value_error>(function, ": gradient is ", options.gradient, ", it must be positive");
    if (options.classes < 0) fail<value_error>(function, ": classes is ", options.classes, ", it must not be negative");
    if (options.max_iterations < 1)
        fail<value_error>(function, ": max_iterations is ", options.max_iterations, ", it must be at least 1");
    if (options.zero_rows == on_row::nan)
        fail<value_error>(function, ": zero rows cannot become NaN; choose keep or error");
    if (options.balanced && !options.class_weights.empty())
        fail<value_error>(function, ": balanced and class_weights exclude each other");
}

/// C times the weight of each class, [1, classes].
inline matrix<double> class_costs(const learning::labelled_rows& data, const logistic_options& options, double C,
                                  const char* function) {
    const auto& own = options.class_weights;
    if (!own.empty() && index(own.size()) != data.classes())
        fail<shape_error>(function, ": class_weights has ", index(own.size()), " entries, there are ", data.classes(),
                          " classes");
    matrix<double> costs(1, data.classes());
    for (index c = 0; c < data.classes(); ++c) {
        const double rows = double(data.labels().dim()), of_class = double(data.count(c));
        const double weight = options.balanced ? rows / (double(data.classes()) * of_class)
                              : own.empty()    ? 1.0
                                               : own[std::size_t(c)];
        if (!is_finite(weight) || weight <= 0.0)
            fail<value_error>(function, ": the weight of class ", c, " is ", weight, ", it must be positive");
        costs(0, c) = C * weight;
        if (!is_finite(costs(0, c)) || costs(0, c) <= 0.0)
            fail<value_error>(function, ": C ", C, " times the weight ", weight, " of class ", c, " is ", costs(0, c),
                              ", it must be positive");
    }
    return costs;
}

/// Minimizes from `start` on, where the parameters end too.
inline logistic_fit fit_from(learning::numbers& start, const learning::labelled_rows& data,
                             const logistic_options& options, const matrix<double>& costs, const char* function) {
    learning::logistic_objective objective(data.rows(), data.labels(), costs.view());
    const auto watch = [&](const learning::state& now) {
        if (options.on_iteration) options.on_iteration({now.iterations, now.value, now.gradient});
    };
    const learning::stop_rule stop{options.gradient, options.max_iterations};
    if (start.size() == 0) start = learning::numbers::Zero(objective.size());
    learning::place at;
    at.x.swap(start);
    const learning::state end = objective.heads() == 1 ? learning::newton(objective, at, stop, watch)
                                                       : learning::lbfgs(objective, at, stop, watch);
    if (!end.converged && options.require_convergence)
        fail<value_error>(function, ": the gradient is ", end.gradient, " after ", end.iterations,
                          " iterations, it must be at most ", options.gradient,
                          "; allow more iterations, lower C, or set require_convergence to false");
    start.swap(at.x);
    const matrix_view<const double> rows(start.data(), objective.heads(), data.rows().dim() + 1);
    return {linear_head(rows), end.value, end.gradient, end.iterations, end.converged};
}

}  // namespace detail

/// Logistic regression of labels on directions.
///
///   minimize over W, b    |W|^2 / 2 + C sum_i weight[label_i] loss_i          u_i = rows[i] / |rows[i]|
///   2 classes             loss_i = log(1 + exp(-+ z_i)),  z_i = <W, u_i> + b  one row of weights, for class 1
///   K > 2 classes         loss_i = log sum_c exp(z_ic) - z_i,label_i          K rows of weights
///
/// The bias b is not penalized. scikit-learn minimizes the same; where its rows are not unit, its solution is another
/// one, which cannot be had here: unit rows are what predict sees too.
///
/// Shapes   rows [n, dim], raw or unit; labels: n integers 0 .. classes - 1 -> a head of [1 or classes, dim + 1].
/// Units    C is in 1 / rows: twice the rows want half the C for the same penalty on each.
/// Errors   shape_error if the lengths differ or dim is 0. value_error for no rows, a label out of range (names the row),
///          labels of one class only, a class without rows, a row with NaN or Inf (names it), settings that have no
///          meaning, and a gradient that stays above options.gradient (see require_convergence). A zero row, a failed
///          image, counts for the bias alone; it is counted in options.report, or an error on request.
/// Threads  the caller's.
/// Memory   unit floats are read where they are, other rows are copied as floats [n, dim]. Beside that n labels and a
///          block of 128 rows; for 2 classes a square of dim + 1 doubles, for more 22 times the head.
/// Source   scikit-learn's LogisticRegression; Radford et al. 2021, arXiv:2103.00020, appendix A.3 (linear probes).
///          2 classes are solved by Newton's method, more by L-BFGS; in double, so the last bits of the weights differ
///          between instruction sets, as Eigen's sums do.
template <class Rows, class Labels>
logistic_fit logistic_regression(const Rows& rows, const Labels& labels, const logistic_options& options = {}) {
    constexpr const char* function = "logistic_regression";
    detail::require_settings(options, options.C, function);
    const auto view = engine::view_of(rows);
    const learning::labelled_rows data(view, detail::labels_of(labels),
                                       {options.classes, options.zero_rows, options.report != nullptr}, function);
    const matrix<double> costs = detail::class_costs(data, options, options.C, function);
    if (options.report != nullptr) *options.report = data.seen();
    learning::numbers start;
    return detail::fit_from(start, data, options, costs, function);
}

/// How one C did on the validation rows.
struct validated_C {
    double C;
    index correct;    ///< labels that predict() gets right
    double log_loss;  ///< mean of -log of the true label's probability
};

/// The fit of the best C, and how every C did.
struct best_C_fit {
    double C;
    logistic_fit fit;                ///< on the training rows alone
    std::vector<validated_C> tried;  ///< in the order given
};

namespace detail {

template <class View, class Label>
void require_validation(const learning::labelled_rows& data, const View& rows, const matrix_view<const Label>& labels,
                        const logistic_options& options, const char* function) {
    if (rows.dim() != data.rows().dim())
        fail<shape_error>(function, ": validation rows have dim ", rows.dim(), ", rows have dim ", data.rows().dim());
    if (rows.rows() != labels.rows())
        fail<shape_error>(function, ": ", rows.rows(), " validation rows, ", labels.rows(), " labels");
    if (rows.rows() == 0) fail<value_error>(function, ": there are no validation rows");
    for (index i = 0; i < labels.rows(); ++i) {
        const index label = index(labels(i, 0));
        if (label < 0 || label >= data.classes())
            fail<value_error>(function, ": validation row ", i, " has label ", label, ", there are ", data.classes(),
                              " classes");
    }
    normalize_options refuse;
    refuse.zero_rows = options.zero_rows;
    refuse.non_finite = on_row::error;
    engine::row_source(rows, refuse, function, "validation row ");
}

template <class View, class Label>
validated_C validate(double C, const linear_head& head, const View& rows, const matrix_view<const Label>& labels) {
    const std::vector<index> predicted = head.predict(rows);
    const matrix<double> p = head.predict_proba(rows);
    validated_C found{C, 0, 0.0};
    for (index i = 0; i < p.rows(); ++i) {
        const index label = index(labels(i, 0));
        found.correct += predicted[std::size_t(i)] == label ? 1 : 0;
        found.log_loss -= std::log(p(i, label)) / double(p.rows());
    }
    return found;
}

inline bool better(const validated_C& a, const validated_C& b) noexcept {
    return a.correct > b.correct || (a.correct == b.correct && a.log_loss < b.log_loss);
}

}  // namespace detail

/// The C whose head gets most of the validation labels right; of equal ones that of the lower log loss, then the first.
///
///   best = max over C of correct(logistic_regression(rows, labels, C), validation)
///
/// Shapes   rows [n, dim] and n labels, validation rows [m, dim] and m labels; at least one candidate.
/// Units    as logistic_regression; options.C is not used.
/// Errors   as logistic_regression; value_error too for no candidates, no validation rows, a validation label outside
///          0 .. classes - 1 and a validation row with NaN or Inf (names the row); shape_error if the dims differ.
/// Threads  the caller's.   Memory  as logistic_regression, and [m, classes] doubles. Each fit starts where the one
///          before ended, so candidates in ascending order are quickest.
/// Source   Radford et al. 2021, arXiv:2103.00020, appendix A.3: a sweep over C on a validation split.
template <class Rows, class Labels, class ValidationRows, class ValidationLabels>
best_C_fit fit_best_C(const Rows& rows, const Labels& labels, const ValidationRows& validation_rows,
                      const ValidationLabels& validation_labels, const std::vector<double>& candidates,
                      const logistic_options& options = {}) {
    constexpr const char* function = "fit_best_C";
    if (candidates.empty()) detail::fail<value_error>(function, ": there is no C to try");
    for (const double C : candidates) detail::require_settings(options, C, function);
    const auto view = engine::view_of(rows);
    const auto validation = engine::view_of(validation_rows);
    const auto truth = detail::labels_of(validation_labels);
    const learning::labelled_rows data(view, detail::labels_of(labels),
                                       {options.classes, options.zero_rows, options.report != nullptr}, function);
    for (const double C : candidates) detail::class_costs(data, options, C, function);
    detail::require_validation(data, validation, truth, options, function);
    if (options.report != nullptr) *options.report = data.seen();

    learning::numbers start;
    const auto fit = [&](double C) {
        return detail::fit_from(start, data, options, detail::class_costs(data, options, C, function), function);
    };
    best_C_fit best{candidates[0], fit(candidates[0]), {}};
    best.tried.push_back(detail::validate(candidates[0], best.fit.head, validation, truth));
    validated_C reached = best.tried[0];
    for (std::size_t i = 1; i < candidates.size(); ++i) {
        logistic_fit next = fit(candidates[i]);
        best.tried.push_back(detail::validate(candidates[i], next.head, validation, truth));
        if (!detail::better(best.tried[i], reached)) continue;
        reached = best.tried[i];
        best.C = candidates[i];
        best.fit = static_cast<logistic_fit&&>(next);
    }
    return best;
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
