/// A linear head on unit embeddings: raw rows in; decisions, probabilities and labels out.
#pragma once

#include "data/column.hpp"
#include "detail/arguments.hpp"
#include "detail/head_decisions.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// For every member of linear_head.
struct linear_head_options {
    row_policy rows = {};
};

/// A trained linear head, by logistic_regression or in Python: it reads unit rows, and makes them from raw ones itself.
///
///   decision[i][h] = sum_k weights[h][k] * rows[i][k] / |rows[i]| + bias[h]
///
/// One row of weights is a head of two classes (the decision's sigmoid is the probability of class 1) or a score;
/// K > 1 rows are K classes (softmax). No member applies the weights to rows that were not normalized.
///
/// Source   scikit-learn's LogisticRegression: decision_function, predict_proba, predict.
class linear_head {
public:
    /// Shapes   rows [heads, dim + 1], each [weights..., bias]: numpy.c_[clf.coef_, clf.intercept_] of scikit-learn.
    /// Units    those of a decision. float, double, float16 or bfloat16, kept as doubles, exactly.
    /// Errors   shape_error without rows or with fewer than two columns; value_error for a number that is not finite.
    /// Threads  the caller's.   Memory  a copy.   Source  as the class.
    template <class Rows, detail::if_rows<Rows> = 0>
    explicit linear_head(const Rows& rows) {
        const auto view = engine::view_of(rows);
        const auto values = engine::values_of(view);
        if (values.rows() < 1 || values.dim() < 2)
            detail::fail<shape_error>("linear_head: rows are ", values.rows(), " x ", values.dim(),
                                      ", a head needs at least 1 x 2: weights and a bias");
        parameters_ = matrix<double>::uninitialized(values.rows(), values.dim());
        for (idx_t h = 0; h < heads(); ++h)
            for (idx_t k = 0; k < parameters_.dim(); ++k) parameters_(h, k) = double(values(h, k));
        require_finite();
    }
    /// The same from weights [heads, dim] and a list of as many biases.
    template <class Weights, class Biases, detail::if_rows<Weights, Biases> = 0>
    linear_head(const Weights& weights, const Biases& biases) {
        const auto view = engine::view_of(weights);
        const auto bias_view = engine::view_of(biases);
        const auto values = engine::values_of(view);
        const auto given = engine::values_of(bias_view);
        if (given.rows() != 1 || given.dim() != values.rows())
            detail::fail<shape_error>("linear_head: weights have ", values.rows(), " rows, biases are ", given.rows(),
                                      " x ", given.dim());
        if (values.rows() < 1 || values.dim() < 1)
            detail::fail<shape_error>("linear_head: weights are ", values.rows(), " x ", values.dim());
        parameters_ = matrix<double>::uninitialized(values.rows(), values.dim() + 1);
        for (idx_t h = 0; h < heads(); ++h) {
            for (idx_t k = 0; k < dim(); ++k) parameters_(h, k) = double(values(h, k));
            parameters_(h, dim()) = double(given(0, h));
        }
        require_finite();
    }

    /// The same head with other labels for its classes, which predict returns: scikit-learn's classes_.
    ///
    /// Shapes   a list of `classes` integers, all different.
    /// Errors   shape_error for another number of labels; value_error for two that are equal, or one above 2^63 - 1.
    /// Threads  the caller's.   Memory  a copy.   Source  as the class.
    template <class Labels>
    linear_head with_labels(const Labels& labels) const {
        const auto given = detail::labels_of(labels, "linear_head::with_labels");
        if (given.rows() != classes())
            detail::fail<shape_error>("linear_head::with_labels: ", given.rows(), " labels, ", classes(), " classes");
        linear_head result(*this);
        result.labels_ = array<idx_t>::uninitialized(classes());
        bool as_numbered = true;
        for (idx_t c = 0; c < classes(); ++c) {
            result.labels_[c] = idx_t(given(c, 0));
            as_numbered = as_numbered && result.labels_[c] == c;
            for (idx_t other = 0; other < c; ++other)
                if (result.labels_[other] == result.labels_[c])
                    detail::fail<value_error>("linear_head::with_labels: classes ", other, " and ", c,
                                              " have the same label ", result.labels_[c]);
        }
        if (as_numbered) result.labels_ = array<idx_t>();
        return result;
    }
    /// The label of each class, in the order of predict_proba's columns: 0 .. classes - 1 unless others were given.
    array<idx_t> labels() const {
        array<idx_t> result(classes());
        for (idx_t c = 0; c < classes(); ++c) result[c] = label_of(c);
        return result;
    }
    bool has_own_labels() const noexcept { return !labels_.empty(); }
    /// What predict returns for a row without a label: -1, or the lowest idx_t where that is a label.
    idx_t no_label() const noexcept {
        for (const idx_t label : labels_)
            if (label == -1) return INT64_MIN;
        return -1;
    }

    idx_t heads() const noexcept { return parameters_.rows(); }
    idx_t dim() const noexcept { return parameters_.dim() - 1; }
    idx_t classes() const noexcept { return heads() == 1 ? 2 : heads(); }
    /// [heads, dim + 1], each row [weights..., bias]; valid as long as the head is.
    matrix_view<const double> parameters() const noexcept UNITSPHERE_LIFETIMEBOUND { return parameters_.view(); }
    double bias(idx_t head) const noexcept { return parameters_(head, dim()); }

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
        detail::head_decisions(parameters_.view(), engine::view_of(rows), detail::output_of<Out, double>(out), how,
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
        detail::head_decisions(parameters_.view(), view, out.view(), how, options.rows);
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
        detail::head_probabilities(parameters_.view(), engine::view_of(rows), detail::output_of<Out, double>(out), how,
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
        detail::head_probabilities(parameters_.view(), view, out.view(), how, options.rows);
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
        detail::head_labels(parameters_.view(), engine::view_of(rows), out, how, options.rows);
        name_classes(out);
    }
    /// The same as a new array.
    ///
    /// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
    template <class Rows, detail::if_rows<Rows> = 0>
    array<idx_t> predict(const Rows& rows, const execution& how = {}, const linear_head_options& options = {}) const {
        const auto view = engine::view_of(rows);
        auto labels = array<idx_t>::uninitialized(view.rows());
        detail::head_labels(parameters_.view(), view, labels.view(), how, options.rows);
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
        detail::head_labels_at(threshold, parameters_.view(), engine::view_of(rows), out, how, options.rows);
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
        detail::head_labels_at(threshold, parameters_.view(), view, labels.view(), how, options.rows);
        name_classes(labels);
        return labels;
    }
    UNITSPHERE_REFUSE_OTHER_ROWS_IN_MEMBER(predict);

private:
    idx_t label_of(idx_t c) const noexcept { return labels_.empty() ? c : labels_[c]; }
    /// The labels of classes, -1 being none.
    void name_classes(matrix_view<idx_t> classes) const noexcept {
        const idx_t none = no_label();
        for (idx_t i = 0; !labels_.empty() && i < classes.columns(); ++i)
            classes(0, i) = classes(0, i) < 0 ? none : labels_[classes(0, i)];
    }
    void require_finite() const {
        for (idx_t h = 0; h < heads(); ++h)
            for (idx_t k = 0; k < parameters_.dim(); ++k)
                if (!detail::is_finite(parameters_(h, k)))
                    detail::fail<value_error>("linear_head: row ", h, ", column ", k, " is not finite");
    }

    matrix<double> parameters_ = {};
    array<idx_t> labels_ = {};  ///< empty: 0 .. classes - 1
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
