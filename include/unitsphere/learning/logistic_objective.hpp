/// The objective of logistic regression, its gradient and, for two classes, its Hessian; in double.
///
///   f(P) = |W|^2 / 2 + sum_i cost[label_i] loss_i        P = rows [weights..., bias], W without the biases
///   one row      loss = log(1 + exp(-z)) for label 1, log(1 + exp(z)) for label 0
///   K rows       loss = log sum_c exp(z_c) - z_label
///
/// The rows are widened to double in blocks of 128, with bias_scale behind each: one block is all that is held beside
/// the caller's floats. The variables x are rows [weights..., bias / bias_scale]. The curvature along a weight is at
/// least the penalty's 1, along a bias about sum_i cost / classes. Where that is less than 1, bias_scale makes it 1:
/// L-BFGS converges slowly, or not at all, where curvatures differ a millionfold.
///
/// Source   scikit-learn's user guide, section 1.1.11 (logistic regression), with C in the cost.
#pragma once

#include <cassert>

#include <Eigen/Core>

#include "../data/matrix.hpp"
#include "../engine/arithmetic.hpp"
#include "../kernel/linear.hpp"
#include "line_search.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace learning {

class logistic_objective {
public:
    /// rows [n, dim], unit; labels [1, n] in 0 .. classes - 1; costs [1, classes]: C times the weight of each class.
    logistic_objective(matrix_view<const float> rows, matrix_view<const idx_t> labels, matrix_view<const double> costs)
        : rows_(rows),
          labels_(labels),
          costs_(costs),
          heads_(costs.dim() == 2 ? 1 : costs.dim()),
          columns_(rows.dim() + 1),
          block_(block_size, engine::round_up(columns_, kernel::lane_count)),
          weights_(heads_, block_.dim()),
          logits_(block_size, heads_) {
        double sum = 0.0;
        for (idx_t i = 0; i < labels.columns(); ++i) sum += cost_of(i);
        const double classes = double(costs.columns());
        if (sum < classes) bias_scale_ = std::sqrt(classes / sum);
    }

    idx_t heads() const noexcept { return heads_; }
    /// Variables: heads rows of dim + 1.
    idx_t size() const noexcept { return heads_ * columns_; }

    double operator()(const vector& x, vector& gradient) {
        gradient = x;
        rows_map gradients(gradient.data(), heads_, columns_);
        gradients.rightCols<1>().setZero();
        double value = 0.5 * gradients.squaredNorm();
        scale_ = 0.0;
        set_weights(x);
        each_block([&](idx_t first, idx_t count) {
            find_logits(count);
            for (idx_t j = 0; j < count; ++j) value += loss_of(first + j, logits_.row(j));
            kernel::add_products({logits_.data(), heads_}, {block_.data(), block_.dim()}, count, heads_, columns_,
                                 {gradient.data(), columns_});
        });
        return value;
    }
    /// sum_i cost[label_i] (1 - p_i), p_i the probability of label i where the objective was evaluated last. No
    /// component of the losses' gradient is larger, and where the classes overlap most of it cancels.
    double gradient_scale() const noexcept { return scale_; }
    /// The largest |component| of a gradient, with respect to the weights and the biases themselves.
    double largest_component(const vector& gradient) const {
        const const_rows_map gradients(gradient.data(), heads_, columns_);
        const double of_weights = gradients.leftCols(rows_.dim()).cwiseAbs().maxCoeff();
        const double of_biases = gradients.rightCols<1>().cwiseAbs().maxCoeff() / bias_scale_;
        return of_weights > of_biases ? of_weights : of_biases;
    }
    /// Rows [weights..., bias] to x, and back.
    void scale_biases(vector& rows) const { rows_map(rows.data(), heads_, columns_).rightCols<1>() /= bias_scale_; }
    void restore_biases(vector& x) const { rows_map(x.data(), heads_, columns_).rightCols<1>() *= bias_scale_; }

    /// Lower triangle of the Hessian; for one head.
    ///
    ///   I (0 for the bias) + sum_i cost_i p_i (1 - p_i) x_i x_i^T
    void hessian(const vector& x, column_major& out) {
        out.setZero();
        out.diagonal().setOnes();
        out(out.rows() - 1, out.rows() - 1) = 0.0;
        set_weights(x);
        each_block([&](idx_t first, idx_t count) {
            find_logits(count);
            for (idx_t j = 0; j < count; ++j) {
                const double p = kernel::sigmoid_of(logits_(j, 0)), q = kernel::sigmoid_of(-logits_(j, 0));
                const double weight = std::sqrt(cost_of(first + j) * p * q);
                for (double& element : block_[j]) element *= weight;
            }
            for (idx_t c = 0; c < columns_; c += panel)  // from the diagonal on, column c is row c
                kernel::add_products({block_.row(0) + c, block_.dim()}, {block_.row(0) + c, block_.dim()}, count,
                                     engine::minimum(columns_ - c, panel), columns_ - c, {&out(c, c), columns_});
        });
    }

private:
    static constexpr idx_t block_size = 128;
    /// Columns of the Hessian that are added together: a multiple of 16.
    static constexpr idx_t panel = 32;

    using rows_map = Eigen::Map<row_major>;
    using const_rows_map = Eigen::Map<const row_major>;

    idx_t label_of(idx_t i) const noexcept { return labels_(0, i); }
    double cost_of(idx_t i) const noexcept { return costs_(0, label_of(i)); }

    /// work(first, count) for every block of rows, which is in block_ then.
    template <class Work>
    void each_block(Work&& work) {
        for (idx_t first = 0; first < rows_.rows(); first += block_size) {
            const idx_t count = engine::minimum(rows_.rows() - first, block_size);
            for (idx_t j = 0; j < count; ++j) {
                const float* const from = rows_.row(first + j);
                double* const to = block_.row(j);
                for (idx_t k = 0; k < rows_.dim(); ++k) to[k] = double(from[k]);
                to[rows_.dim()] = bias_scale_;
            }
            work(first, count);
        }
    }

    /// logits_ = block_ * weights_^T; rows after the last hold what they held.
    void find_logits(idx_t count) noexcept {
        kernel::find_dots({block_.data(), block_.dim()}, {weights_.data(), weights_.dim()}, engine::round_up(count, 4),
                          heads_, block_.dim(), {logits_.data(), heads_});
    }
    void set_weights(const vector& x) noexcept {
        for (idx_t h = 0; h < heads_; ++h)
            for (idx_t k = 0; k < columns_; ++k) weights_(h, k) = x[h * columns_ + k];
    }

    /// The loss of row i. Its logits are replaced by the derivatives with respect to them.
    double loss_of(idx_t i, double* z) noexcept {
        const double cost = cost_of(i);
        if (heads_ > 1) return cost * cross_entropy(z, label_of(i), cost);
        const double sign = label_of(i) == 1 ? 1.0 : -1.0, margin = sign * *z;
        const double residual = cost * kernel::sigmoid_of(-margin);
        scale_ += residual;
        *z = -sign * residual;
        return cost * ((margin < 0.0 ? -margin : 0.0) + std::log1p(std::exp(margin < 0.0 ? margin : -margin)));
    }
    /// log sum_c exp(z_c) - z_label and its derivatives times `cost`. They are computed from the other classes'
    /// exponentials: a probability near 1, less 1, would leave rounding, which a large C multiplies.
    double cross_entropy(double* z, idx_t label, double cost) noexcept {
        const double own = z[label];
        double largest = own, others = 0.0;
        for (idx_t c = 0; c < heads_; ++c) largest = z[c] > largest ? z[c] : largest;
        for (idx_t c = 0; c < heads_; ++c) {
            z[c] = std::exp(z[c] - largest);
            if (c != label) others += z[c];
        }
        const double sum = others + z[label];
        const double loss = own == largest ? std::log1p(others) : largest - own + std::log(sum);
        for (idx_t c = 0; c < heads_; ++c) z[c] *= cost / sum;
        z[label] = -others * (cost / sum);
        scale_ -= z[label];
        return loss;
    }

    matrix_view<const float> rows_;
    matrix_view<const idx_t> labels_;
    matrix_view<const double> costs_;
    idx_t heads_, columns_;
    double bias_scale_ = 1.0, scale_ = 0.0;
    matrix<double> block_;    ///< [128, dim + 1], rows filled up with zeros to a multiple of 16
    matrix<double> weights_;  ///< x as rows like those of the block
    matrix<double> logits_;   ///< [128, heads]
};

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
