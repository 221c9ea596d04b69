/// A linear head on unit embeddings: raw rows in; decisions, probabilities and labels out.
#pragma once

#include "data/column.hpp"
#include "data/output.hpp"
#include "engine/execution.hpp"
#include "engine/row_source.hpp"
#include "kernel/linear.hpp"

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
class linear_head {
public:
    /// Shapes   rows [heads, dim + 1], each [weights..., bias]: numpy.c_[clf.coef_, clf.intercept_] of scikit-learn.
    /// Units    those of a decision. float, double, float16 or bfloat16, kept as doubles, exactly.
    /// Errors   shape_error without rows or with fewer than two columns; value_error for a number that is not finite.
    /// Threads  the caller's.   Memory  a copy.   Source  as the class.
    template <class Rows>
    explicit linear_head(const Rows& rows) {
        const auto view = engine::view_of(rows);
        const auto values = engine::values_of(view);
        if (values.rows() < 1 || values.dim() < 2)
            detail::fail<shape_error>("linear_head: rows are ", values.rows(), " x ", values.dim(),
                                      ", a head needs at least 1 x 2: weights and a bias");
        rows_ = matrix<double>::uninitialized(values.rows(), values.dim());
        for (index h = 0; h < heads(); ++h)
            for (index k = 0; k < rows_.dim(); ++k) rows_(h, k) = double(values(h, k));
        require_finite();
    }
    /// The same from weights [heads, dim] and a list of as many biases.
    template <class Weights, class Biases>
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
        rows_ = matrix<double>::uninitialized(values.rows(), values.dim() + 1);
        for (index h = 0; h < heads(); ++h) {
            for (index k = 0; k < dim(); ++k) rows_(h, k) = double(values(h, k));
            rows_(h, dim()) = double(given(0, h));
        }
        require_finite();
    }

    index heads() const noexcept { return rows_.rows(); }
    index dim() const noexcept { return rows_.dim() - 1; }
    index classes() const noexcept { return heads() == 1 ? 2 : heads(); }
    /// [heads, dim + 1], each row [weights..., bias]; valid as long as the head is.
    matrix_view<const double> rows() const noexcept { return rows_.view(); }
    double bias(index head) const noexcept { return rows_(head, dim()); }

    /// The decision of every head for every row, into the caller's memory.
    ///
    /// Shapes   rows [n, dim], raw or unit -> out [n, heads]; any row strides.
    /// Units    those of the weights; for logistic regression log-odds. Sums in double of the unit row's floats: within
    ///          1.2e-7 |weights| of exact, and the same bits in any batch, stride, split, from raw or unit rows.
    /// Errors   shape_error for another dim or shape of out, or memory shared with the rows; value_error where the
    ///          options say so. A zero row (a failed image) has the decision `bias`; it is counted in options.report,
    ///          and NaN or an error on request. A row with NaN or Inf gives NaN, counted too.
    /// Threads  `how` splits the rows; one head may serve many callers.   Memory  none.   Source  as the class.
    template <class Rows>
    void decision(const Rows& rows, matrix_view<double> out, const execution& how,
                  const normalize_options& options = {}) const {
        const auto view = engine::view_of(rows);
        check(view, out, heads(), "linear_head::decision");
        each_row(view, options, "linear_head::decision", how,
                 [&](index i, auto&& decide) { decide([&](index h, double z) { out(i, h) = z; }); });
    }
    /// The same as a new matrix, and on the caller's thread.
    template <class Rows>
    matrix<double> decision(const Rows& rows, const execution& how, const normalize_options& options = {}) const {
        const auto view = engine::view_of(rows);
        auto out = matrix<double>::uninitialized(view.rows(), heads());
        decision(view, out.view(), how, options);
        return out;
    }
    template <class Rows>
    matrix<double> decision(const Rows& rows, const normalize_options& options = {}) const {
        return decision(rows, sequential{}, options);
    }

    /// The probability of every class for every row, into the caller's memory.
    ///
    ///   p[i] = softmax(decision[i]);   with one head p[i] = (sigmoid(-decision), sigmoid(decision))
    ///
    /// Shapes   rows [n, dim], raw or unit -> out [n, classes]; any row strides.
    /// Units    probabilities in double; each within some 1e-15 of what its decision gives.
    /// Errors, Threads, Memory, Source   as decision().
    template <class Rows>
    void predict_proba(const Rows& rows, matrix_view<double> out, const execution& how,
                       const normalize_options& options = {}) const {
        const auto view = engine::view_of(rows);
        check(view, out, classes(), "linear_head::predict_proba");
        each_row(view, options, "linear_head::predict_proba", how, [&](index i, auto&& decide) {
            decide([&](index h, double z) { out(i, h) = z; });
            if (heads() > 1) {
                kernel::softmax_of(out.row(i), classes());
            } else {
                const double z = out(i, 0);
                out(i, 0) = kernel::sigmoid_of(-z), out(i, 1) = kernel::sigmoid_of(z);
            }
        });
    }
    /// The same as a new matrix, and on the caller's thread.
    template <class Rows>
    matrix<double> predict_proba(const Rows& rows, const execution& how, const normalize_options& options = {}) const {
        const auto view = engine::view_of(rows);
        auto out = matrix<double>::uninitialized(view.rows(), classes());
        predict_proba(view, out.view(), how, options);
        return out;
    }
    template <class Rows>
    matrix<double> predict_proba(const Rows& rows, const normalize_options& options = {}) const {
        return predict_proba(rows, sequential{}, options);
    }

    /// The label of every row: the largest decision, of equal ones the lower label (with one head: 1 where it is > 0).
    ///
    /// Shapes   rows [n, dim], raw or unit -> n labels, 0 .. classes - 1.
    /// Units    none.   Threads, Source  as decision().   Memory  the vector, and as much again until it is returned.
    /// Errors   as decision(). A row with NaN or Inf, or whatever the options make NaN, has no label: -1.
    template <class Rows>
    std::vector<index> predict(const Rows& rows, const execution& how, const normalize_options& options = {}) const {
        const auto view = engine::view_of(rows);
        return label_rows(view, options, how, [&](auto&& decide) {
            index best = 0;
            double largest = 0.0;  // what class 0 has where there is one head: its label is 1 or 0
            bool defined = true;
            decide([&](index h, double z) {
                const index label = heads() == 1 ? 1 : h;
                if (z > largest || label == 0) best = label, largest = z;
                defined = defined && !detail::is_nan(z);
            });
            return defined ? best : -1;
        });
    }
    template <class Rows>
    std::vector<index> predict(const Rows& rows, const normalize_options& options = {}) const {
        return predict(rows, sequential{}, options);
    }

    /// A detector's flags: 1 where the probability of class 1 reaches the threshold, else 0.
    ///
    ///   label[i] = sigmoid(decision[i]) >= threshold
    ///
    /// Shapes   rows [n, dim], raw or unit -> n labels, 0 or 1.
    /// Units    the threshold is a probability, 0 to 1; it is compared with exactly what predict_proba() gives.
    /// Errors   as predict(); shape_error unless there is one head; value_error for another threshold.
    /// Threads, Memory, Source   as predict().
    template <class Rows>
    std::vector<index> predict(const Rows& rows, double threshold, const execution& how,
                               const normalize_options& options = {}) const {
        if (heads() != 1)
            detail::fail<shape_error>("linear_head::predict: a threshold needs two classes, the head has ", classes());
        if (!detail::is_finite(threshold) || threshold < 0.0 || threshold > 1.0)
            detail::fail<value_error>("linear_head::predict: threshold is ", threshold, ", it must be in 0 .. 1");
        const auto view = engine::view_of(rows);
        return label_rows(view, options, how, [&](auto&& decide) {
            index label = -1;
            decide([&](index, double z) {
                if (!detail::is_nan(z)) label = kernel::sigmoid_of(z) >= threshold ? 1 : 0;
            });
            return label;
        });
    }
    template <class Rows>
    std::vector<index> predict(const Rows& rows, double threshold, const normalize_options& options = {}) const {
        return predict(rows, threshold, sequential{}, options);
    }

private:
    void require_finite() const {
        for (index h = 0; h < heads(); ++h)
            for (index k = 0; k < rows_.dim(); ++k)
                if (!detail::is_finite(rows_(h, k)))
                    detail::fail<value_error>("linear_head: row ", h, ", column ", k, " is not finite");
    }

    template <class View>
    void require_same_dim(const View& view, const char* function) const {
        if (view.dim() != dim())
            detail::fail<shape_error>(function, ": rows have dim ", view.dim(), ", the head has dim ", dim());
    }
    template <class View>
    void check(const View& view, const matrix_view<double>& out, index columns, const char* function) const {
        require_same_dim(view, function);
        detail::require_shape(function, "out", out, view.rows(), columns);
        detail::require_apart(function, "out", out, "the rows", engine::values_of(view));
    }

    /// use(head, decision) in the order of the heads.
    template <class T, class F, class Use>
    void each_decision(const T* row, kernel::row_factors<F> factors, Use&& use) const noexcept {
        constexpr int together = kernel::heads_together;
        double z[together];
        index h = 0;
        for (; h + together <= heads(); h += together) {
            kernel::decide<together>(row, dim(), factors, rows_.row(h), rows_.dim(), z);
            for (int j = 0; j < together; ++j) use(h + j, z[j] + bias(h + j));
        }
        for (; h < heads(); ++h) {
            kernel::decide<1>(row, dim(), factors, rows_.row(h), rows_.dim(), z);
            use(h, z[0] + bias(h));
        }
    }
    /// row(i, decide) for every row, where decide(use) is the above.
    template <class View, class Row>
    void each_row(const View& view, const normalize_options& options, const char* function, const execution& how,
                  Row&& row) const {
        engine::row_source source(view, options, function, "row ");
        engine::for_each_rows(how, source.rows(), source.dim(), [&](index first, index end) {
            row_report seen;
            for (index i = first; i < end; ++i) {
                const auto factors = source.factors(i, seen);
                row(i, [&](auto&& use) { each_decision(source.row(i), factors, use); });
            }
            source.count(seen);
        });
        source.report();
    }

    template <class View, class Label>
    std::vector<index> label_rows(const View& view, const normalize_options& options, const execution& how,
                                  Label&& label) const {
        require_same_dim(view, "linear_head::predict");
        auto labels = matrix<index>::uninitialized(1, view.rows());
        each_row(view, options, "linear_head::predict", how,
                 [&](index i, auto&& decide) { labels(0, i) = label(decide); });
        return detail::to_vector(labels);
    }

    matrix<double> rows_;
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
