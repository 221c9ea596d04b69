/// A linear head on unit embeddings: raw rows in; decisions, probabilities and labels out.
#pragma once

#include "data/column.hpp"
#include "data/options.hpp"
#include "detail/arguments.hpp"
#include "detail/head_decisions.hpp"
#include "detail/head_parameters.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// A trained linear head, by logistic_regression or in Python: it reads unit rows, and makes them from raw ones itself.
///
///   decision[i][h] = sum_k weights[h][k] * rows[i][k] / |rows[i]| + bias[h]
///
/// One row of weights is a head of two classes (the decision's sigmoid is the probability of class 1) or a score;
/// K > 1 rows are K classes (softmax). No member applies the weights to rows that were not normalized.
///
/// Source   scikit-learn's LogisticRegression: decision_function, predict_proba, predict.
class linear_head : public detail::head_parameters {
public:
    /// Shapes   rows [heads, dim + 1], each [weights..., bias]: numpy.c_[clf.coef_, clf.intercept_] of scikit-learn.
    /// Units    those of a decision. float, double, float16 or bfloat16, kept as doubles, exactly.
    /// Errors   shape_error without rows or with fewer than two columns; value_error for a number that is not finite.
    /// Threads  the caller's.   Memory  a copy.   Source  as the class.
    template <class Rows, detail::if_rows<Rows> = 0>
    explicit linear_head(const Rows& rows) : head_parameters(engine::values_of(engine::view_of(rows))) {}
    /// The same from weights [heads, dim] and a list of as many biases.
    template <class Weights, class Biases, detail::if_rows<Weights, Biases> = 0>
    linear_head(const Weights& weights, const Biases& biases)
        : head_parameters(engine::values_of(engine::view_of(weights)), engine::values_of(engine::view_of(biases))) {}

    /// The same head with other labels for its classes, which predict returns: scikit-learn's classes_.
    ///
    /// Shapes   a list of `classes` integers, all different.
    /// Errors   shape_error for another number of labels; value_error for two that are equal, or one above 2^63 - 1.
    /// Threads  the caller's.   Memory  a copy.   Source  as the class.
    template <class Labels>
    linear_head with_labels(const Labels& labels) const {
        linear_head result(*this);
        result.set_labels(detail::labels_of(labels, "linear_head::with_labels"));
        return result;
    }

    /// The decision of every head for every row, into the caller's memory.
    ///
    /// Shapes   rows [n, dim], raw or unit -> out [n, heads] of double; any row strides.
    /// Units    those of the weights; for logistic regression log-odds. Sums in double of the unit row's floats: within
    ///          1.2e-7 |weights| of exact, and the same bits in any batch, stride, split, from raw or unit rows.
    /// Errors   shape_error for another dim or shape of out, or memory shared with the rows; value_error where the
    ///          options say so. A zero row (a failed image) has the decision `bias`; it is counted in the report, and
    ///          NaN or an error on request. A row with NaN or Inf gives NaN, counted too.
    /// Threads  `how` splits the rows; one head may serve many callers.   Memory  none: 20 KiB of stack.
    /// Source   as the class.
    template <class Rows, class Out, detail::if_rows<Rows> = 0>
    void decision_function_into(const Rows& rows, Out&& out, const execution& how = {},
                                const linear_head_options& options = {}) const {
        detail::head_decisions(parameters(), engine::view_of(rows), detail::output_of<Out, double>(out), how,
                               options.rows);
    }
    /// The same as a new matrix.
    ///
    /// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
    template <class Rows, detail::if_rows<Rows> = 0>
    matrix<double> decision_function(const Rows& rows, const execution& how = {},
                                     const linear_head_options& options = {}) const {
        const auto view = engine::view_of(rows);
        auto out = matrix<double>::uninitialized(view.rows(), heads());
        detail::head_decisions(parameters(), view, out.view(), how, options.rows);
        return out;
    }
    UNITSPHERE_REFUSE_OTHER_ROWS_IN_MEMBER(decision_function);

    /// The probability of every class for every row, into the caller's memory.
    ///
    ///   p[i] = softmax(decision[i]);   with one head p[i] = (sigmoid(-decision), sigmoid(decision))
    ///
    /// Shapes   rows [n, dim], raw or unit -> out [n, classes] of double; any row strides.
    /// Units    probabilities in double; each within some 1e-15 of what its decision gives.
    /// Errors, Threads, Memory, Source   as decision_function_into.
    template <class Rows, class Out, detail::if_rows<Rows> = 0>
    void predict_proba_into(const Rows& rows, Out&& out, const execution& how = {},
                            const linear_head_options& options = {}) const {
        detail::head_probabilities(parameters(), engine::view_of(rows), detail::output_of<Out, double>(out), how,
                                   options.rows);
    }
    /// The same as a new matrix.
    ///
    /// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
    template <class Rows, detail::if_rows<Rows> = 0>
    matrix<double> predict_proba(const Rows& rows, const execution& how = {},
                                 const linear_head_options& options = {}) const {
        const auto view = engine::view_of(rows);
        auto out = matrix<double>::uninitialized(view.rows(), classes());
        detail::head_probabilities(parameters(), view, out.view(), how, options.rows);
        return out;
    }
    UNITSPHERE_REFUSE_OTHER_ROWS_IN_MEMBER(predict_proba);

    /// The label of every row, into the caller's memory: of the class with the largest decision, of equal ones the
    /// first (with one head: class 1 where it is > 0, else class 0).
    ///
    /// Shapes   rows [n, dim], raw or unit -> n labels of idx_t (an array, a std::vector or one row), as labels() says.
    /// Units    none.
    /// Errors   as decision_function_into. A row with NaN or Inf, or a NaN by the options, has no label: no_label().
    /// Threads, Memory, Source   as decision_function_into.
    template <class Rows, class Labels, detail::if_rows<Rows> = 0>
    void predict_into(const Rows& rows, Labels&& labels, const execution& how = {},
                      const linear_head_options& options = {}) const {
        const matrix_view<idx_t> out = detail::output_of<Labels, idx_t>(labels);
        detail::head_labels(parameters(), engine::view_of(rows), out, how, options.rows);
        name_classes(out);
    }
    /// The same as a new array.
    ///
    /// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
    template <class Rows, detail::if_rows<Rows> = 0>
    array<idx_t> predict(const Rows& rows, const execution& how = {}, const linear_head_options& options = {}) const {
        const auto view = engine::view_of(rows);
        auto labels = array<idx_t>::uninitialized(view.rows());
        detail::head_labels(parameters(), view, labels.view(), how, options.rows);
        name_classes(labels);
        return labels;
    }

    /// A detector's labels, into the caller's memory: class 1's where its probability reaches the threshold, else class
    /// 0's.
    ///
    ///   label[i] = labels()[sigmoid(decision[i]) >= threshold]
    ///
    /// Shapes   rows [n, dim], raw or unit -> n labels: 0 or 1, unless labels() are others.
    /// Units    the threshold is a probability, 0 to 1; it is compared with exactly what predict_proba gives.
    /// Errors   as predict_into; shape_error unless there is one head; value_error for another threshold.
    /// Threads, Memory, Source   as predict_into.
    template <class Rows, class Labels, detail::if_rows<Rows> = 0>
    void predict_into(const Rows& rows, required<double> threshold, Labels&& labels, const execution& how = {},
                      const linear_head_options& options = {}) const {
        const matrix_view<idx_t> out = detail::output_of<Labels, idx_t>(labels);
        detail::head_labels_at(threshold, parameters(), engine::view_of(rows), out, how, options.rows);
        name_classes(out);
    }
    /// The same as a new array.
    ///
    /// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
    template <class Rows, detail::if_rows<Rows> = 0>
    array<idx_t> predict(const Rows& rows, required<double> threshold, const execution& how = {},
                         const linear_head_options& options = {}) const {
        const auto view = engine::view_of(rows);
        auto labels = array<idx_t>::uninitialized(view.rows());
        detail::head_labels_at(threshold, parameters(), view, labels.view(), how, options.rows);
        name_classes(labels);
        return labels;
    }
    UNITSPHERE_REFUSE_OTHER_ROWS_IN_MEMBER(predict);
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
