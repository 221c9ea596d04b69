/// Weights, biases and labels of a linear head.
#pragma once

#include "../data/array.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// What every linear head holds: rows [heads, dim + 1], each [weights..., bias], and the labels of its classes.
class head_parameters {
public:
    idx_t heads() const noexcept { return parameters_.rows(); }
    idx_t dim() const noexcept { return parameters_.dim() - 1; }
    idx_t classes() const noexcept { return heads() == 1 ? 2 : heads(); }
    /// [heads, dim + 1], each row [weights..., bias]; valid as long as the head is.
    matrix_view<const double> parameters() const noexcept UNITSPHERE_LIFETIMEBOUND { return parameters_.view(); }
    double bias(idx_t head) const noexcept { return parameters_(head, dim()); }

    /// The label of each class, in the order of predict_proba's columns: 0 .. classes - 1 unless others were given.
    array<idx_t> labels() const {
        array<idx_t> result(classes());
        for (idx_t c = 0; c < classes(); ++c) result[c] = labels_.empty() ? c : labels_[c];
        return result;
    }
    bool has_own_labels() const noexcept { return !labels_.empty(); }
    /// What predict returns for a row without a label: -1, or the lowest idx_t where that is a label.
    idx_t no_label() const noexcept {
        for (const idx_t label : labels_)
            if (label == -1) return INT64_MIN;
        return -1;
    }

protected:
    template <class T>
    explicit head_parameters(const matrix_view<const T>& rows) {
        if (rows.rows() < 1 || rows.dim() < 2)
            fail<shape_error>("linear_head: rows are ", rows.rows(), " x ", rows.dim(),
                              ", a head needs at least 1 x 2: weights and a bias");
        parameters_ = matrix<double>::uninitialized(rows.rows(), rows.dim());
        for (idx_t h = 0; h < heads(); ++h)
            for (idx_t k = 0; k < parameters_.dim(); ++k) parameters_(h, k) = double(rows(h, k));
        require_finite();
    }
    template <class T, class U>
    head_parameters(const matrix_view<const T>& weights, const matrix_view<const U>& biases) {
        if (biases.rows() != 1 || biases.dim() != weights.rows())
            fail<shape_error>("linear_head: weights have ", weights.rows(), " rows, biases are ", biases.rows(), " x ",
                              biases.dim());
        if (weights.rows() < 1 || weights.dim() < 1)
            fail<shape_error>("linear_head: weights are ", weights.rows(), " x ", weights.dim());
        parameters_ = matrix<double>::uninitialized(weights.rows(), weights.dim() + 1);
        for (idx_t h = 0; h < heads(); ++h) {
            for (idx_t k = 0; k < dim(); ++k) parameters_(h, k) = double(weights(h, k));
            parameters_(h, dim()) = double(biases(0, h));
        }
        require_finite();
    }

    template <class Label>
    void set_labels(const matrix_view<const Label>& given) {
        if (given.rows() != classes())
            fail<shape_error>("linear_head::with_labels: ", given.rows(), " labels, ", classes(), " classes");
        labels_ = array<idx_t>::uninitialized(classes());
        bool as_numbered = true;
        for (idx_t c = 0; c < classes(); ++c) {
            labels_[c] = idx_t(given(c, 0));
            as_numbered = as_numbered && labels_[c] == c;
            for (idx_t other = 0; other < c; ++other)
                if (labels_[other] == labels_[c])
                    fail<value_error>("linear_head::with_labels: classes ", other, " and ", c, " have the same label ",
                                      labels_[c]);
        }
        if (as_numbered) labels_ = array<idx_t>();
    }
    /// The labels of classes, -1 being none.
    void name_classes(matrix_view<idx_t> classes) const noexcept {
        const idx_t none = no_label();
        for (idx_t i = 0; !labels_.empty() && i < classes.columns(); ++i)
            classes(0, i) = classes(0, i) < 0 ? none : labels_[classes(0, i)];
    }

private:
    void require_finite() const {
        for (idx_t h = 0; h < heads(); ++h)
            for (idx_t k = 0; k < parameters_.dim(); ++k)
                if (!is_finite(parameters_(h, k)))
                    fail<value_error>("linear_head: row ", h, ", column ", k, " is not finite");
    }

    matrix<double> parameters_ = {};
    array<idx_t> labels_ = {};  ///< empty: 0 .. classes - 1
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
