/// Logistic regression on unit embeddings: labelled rows in, a linear head out. A fit is a head, hence linear_head.hpp.
#pragma once

#include <functional>
#include <initializer_list>

#include "data/column.hpp"
#include "learning/logistic_objective.hpp"
#include "learning/newton_cg.hpp"
#include "learning/validation.hpp"
#include "linear_head.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// Where a fit stands: the argument of on_iteration.
struct fit_step {
    idx_t iteration;   ///< steps made; 0 before the first
    double objective;  ///< what is minimized
    double gradient;   ///< the largest |component| of its gradient
    double bound;      ///< converged where gradient <= bound
};

struct logistic_regression_options {
    row_policy rows = {};                   ///< zero_rows: keep or error; rows that are not finite are errors always
    double C = 1.0;                         ///< the inverse of the penalty, as in scikit-learn
    bool balanced = false;                  ///< class weights n / (classes * n_class), scikit-learn's "balanced"
    std::vector<double> class_weight = {};  ///< one for each class, by ascending label; empty: all 1
    idx_t classes = 0;  ///< how many: labels are 0 .. classes - 1 then, all of them; 0: whichever labels there are
    idx_t max_iterations = 2000;
    double tolerance = 1e-10;         ///< converged where no component of the gradient exceeds this part of its terms;
                                      ///< never looser than scikit-learn's tol of the same number
    bool require_convergence = true;  ///< false: a fit that has not converged is no error, its result says so
    std::function<void(const fit_step&)> on_iteration = {};  ///< called on the caller's thread; may be empty
};
struct fit_best_c_options {
    logistic_regression_options fit = {};  ///< of every C; fit.C is not used
    row_policy validation_rows = {};       ///< as fit.rows
};

/// A fitted head, and how well it is fitted.
struct logistic_fit {
    linear_head head;
    double objective;  ///< at the head's weights
    double gradient;   ///< the largest |component| of the objective's gradient there
    idx_t iterations;
    bool converged;  ///< gradient <= tolerance * the size of its terms
};

/// The fit of the best C, and how every C did.
struct best_c_fit {
    double C;
    logistic_fit fit;          ///< on the training rows alone
    array<validated_c> tried;  ///< in the order given
};

namespace detail {

inline void require_settings(const logistic_regression_options& options, double C, const char* function) {
    if (!is_finite(C) || C <= 0.0) fail<value_error>(function, ": C is ", C, ", it must be positive");
    if (!is_finite(options.tolerance) || options.tolerance <= 0.0)
        fail<value_error>(function, ": tolerance is ", options.tolerance, ", it must be positive");
    if (options.classes < 0) fail<value_error>(function, ": classes is ", options.classes, ", it must not be negative");
    if (options.max_iterations < 1)
        fail<value_error>(function, ": max_iterations is ", options.max_iterations, ", it must be at least 1");
    if (options.balanced && !options.class_weight.empty())
        fail<value_error>(function, ": balanced and class_weight exclude each other");
}

/// C times the weight of each class.
inline array<double> class_costs(const learning::labelled_rows& data, const logistic_regression_options& options,
                                 double C, const char* function) {
    const auto& own = options.class_weight;
    if (!own.empty() && idx_t(own.size()) != data.classes())
        fail<shape_error>(function, ": class_weight has ", idx_t(own.size()), " entries, there are ", data.classes(),
                          " classes");
    array<double> costs(data.classes());
    for (idx_t c = 0; c < data.classes(); ++c) {
        const double rows = double(data.labels().columns()), of_class = double(data.count(c));
        const double weight = options.balanced ? rows / (double(data.classes()) * of_class)
                              : own.empty()    ? 1.0
                                               : own[std::size_t(c)];
        if (!is_finite(weight) || weight <= 0.0)
            fail<value_error>(function, ": the weight of class ", c, " is ", weight, ", it must be positive");
        costs[c] = C * weight;
        if (!is_finite(costs[c]) || costs[c] <= 0.0)
            fail<value_error>(function, ": C ", C, " times the weight ", weight, " of class ", c, " is ", costs[c],
                              ", it must be positive");
    }
    return costs;
}

/// Minimizes from the head's parameters in `start` on, of none from zeros, and leaves those of the minimum there.
inline logistic_fit fit_from(matrix<double>& start, const learning::labelled_rows& data,
                             const logistic_regression_options& options, double C, const execution& how,
                             const char* function) {
    const array<double> costs = class_costs(data, options, C, function);
    learning::logistic_objective objective(data.rows(), data.labels(), costs, how);
    const auto on_iteration = [&](const learning::status& now) {
        if (options.on_iteration) options.on_iteration({now.iterations, now.value, now.gradient, now.bound});
    };
    array<double> x = objective.variables(start);
    const learning::status end =
        learning::newton_cg(objective, x, {options.tolerance, options.max_iterations}, on_iteration);
    if (!end.converged && options.require_convergence)
        fail<value_error>(function, ": the gradient is ", end.gradient, " after ", end.iterations,
                          " iterations, it must be at most ", end.bound,
                          "; allow more iterations, lower C, or set require_convergence to false");
    start = objective.parameters(x);
    return {linear_head(start).with_labels(data.names()), end.value, end.gradient, end.iterations, end.converged};
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
/// Shapes   rows [n, dim], raw or unit; labels: n integers -> a head of [1 or classes, dim + 1]. The classes are the
///          distinct labels, ascending, as scikit-learn's classes_; the head's predict returns them.
/// Units    C is in 1 / rows: twice the rows want half the C for the same penalty on each. Converged where no component
///          of the gradient exceeds tolerance * C sum_i weight[label_i] (1 - p_i), p_i the probability of the label:
///          the size of the terms that cancel there, so the same tolerance serves every C and every number of rows.
///          Divided by C sum_i weight[label_i] that is the gradient of the mean loss, which scikit-learn's tol bounds:
///          here by tolerance times the mean of 1 - p_i, which is at most tolerance.
/// Errors   shape_error if the lengths differ or dim is 0. value_error for no rows, labels of one class only, where
///          options.classes is given a label out of range (names the row) or a class without rows, a row with NaN or
///          Inf (names it), settings that have no meaning, and a fit that does not converge (see
///          require_convergence). A zero row, a failed image, counts for the bias alone; it is counted in the report,
///          or an error on request.
/// Threads  `how` splits the normalization of the rows and every sum over them, up to 16 parts of 256 rows or more.
/// Memory   unit floats are read where they are, other rows are copied as floats [n, dim]. Beside that n labels,
///          doubles [n, 1 or classes] and at most 26 times the head, 45 times that of two classes. None of it from a
///          workspace.
/// Source   scikit-learn's LogisticRegression; Radford et al. 2021, arXiv:2103.00020, appendix A.3 (linear probes).
///          Truncated Newton (learning/newton_cg.hpp), in double.
template <class Rows, class Labels, detail::if_rows<Rows> = 0>
logistic_fit logistic_regression(const Rows& rows, const Labels& labels, const execution& how = {},
                                 const logistic_regression_options& options = {}) {
    constexpr const char* function = "logistic_regression";
    detail::require_settings(options, options.C, function);
    const auto view = engine::view_of(rows);
    const learning::labelled_rows data(view, detail::labels_of(labels), options.classes, options.rows, how, function);
    detail::class_costs(data, options, options.C, function);  // before the report is written
    if (options.rows.report != nullptr) *options.rows.report = data.seen();
    matrix<double> start;
    return detail::fit_from(start, data, options, options.C, how, function);
}
UNITSPHERE_REFUSE_ROWS(logistic_regression, unless_rows);

/// The C whose head gets most of the validation labels right; of equal ones that of lower log loss, then the smaller.
///
///   best = max over C of correct(logistic_regression(rows, labels, C), validation)
///
/// Shapes   rows [n, dim] and n labels, validation rows [m, dim] and m labels; candidates: a list of at least one C.
/// Units    as logistic_regression.
/// Errors   as logistic_regression; value_error too for no candidates, no validation rows, a validation label that no
///          row has, and a validation row with NaN or Inf (names the row); shape_error if the dims differ.
/// Threads  as logistic_regression; `how` splits the predictions too.
/// Memory   as logistic_regression, and [m, classes] doubles. Every C is fitted from the minimum of the next smaller
///          one, whatever the order of the candidates.
/// Source   Radford et al. 2021, arXiv:2103.00020, appendix A.3: a sweep over C on a validation split.
template <class Rows, class Labels, class ValidationRows, class ValidationLabels,
          class Candidates = std::initializer_list<double>, detail::if_rows<Rows, ValidationRows> = 0>
best_c_fit fit_best_c(const Rows& rows, const Labels& labels, const ValidationRows& validation_rows,
                      const ValidationLabels& validation_labels, const Candidates& candidates,
                      const execution& how = {}, const fit_best_c_options& options = {}) {
    constexpr const char* function = "fit_best_c";
    const matrix_view<const double> Cs = detail::column_of(candidates);
    if (Cs.rows() == 0) detail::fail<value_error>(function, ": there is no C to try");
    for (idx_t i = 0; i < Cs.rows(); ++i) detail::require_settings(options.fit, Cs(i, 0), function);
    const auto view = engine::view_of(rows);
    const auto validation = engine::view_of(validation_rows);
    const auto truth = detail::labels_of(validation_labels);
    const row_policy& policy = options.fit.rows;
    const learning::labelled_rows data(view, detail::labels_of(labels), options.fit.classes, policy, how, function);
    for (idx_t i = 0; i < Cs.rows(); ++i) detail::class_costs(data, options.fit, Cs(i, 0), function);
    learning::require_validation(data, validation, truth, options.validation_rows, function);
    if (policy.report != nullptr) *policy.report = data.seen();

    const array<idx_t> order = learning::ascending(Cs);
    matrix<double> start;
    const auto fit = [&](idx_t i) { return detail::fit_from(start, data, options.fit, Cs(i, 0), how, function); };
    idx_t leader = order[0];
    best_c_fit best{Cs(leader, 0), fit(leader), array<validated_c>::uninitialized(Cs.rows())};
    best.tried[leader] = learning::validate(best.C, best.fit.head, data, validation, truth, how);
    for (idx_t at = 1; at < Cs.rows(); ++at) {
        const idx_t i = order[at];
        logistic_fit next = fit(i);
        best.tried[i] = learning::validate(Cs(i, 0), next.head, data, validation, truth, how);
        if (!learning::better(best.tried[i], best.tried[leader])) continue;
        leader = i;
        best.C = Cs(i, 0);
        best.fit = static_cast<logistic_fit&&>(next);
    }
    return best;
}
template <class Rows, class Labels, class ValidationRows, class... More, class Advice = detail::pass_rows,
          detail::unless_rows<Rows, ValidationRows> = 0>
void fit_best_c(const Rows&, const Labels&, const ValidationRows&, More&&...) = delete;

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
