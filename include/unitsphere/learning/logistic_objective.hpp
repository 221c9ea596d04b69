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
          block_(block_size, rows.dim() + 1),
          logits_(heads_, block_size) {
        double sum = 0.0;
        for (idx_t i = 0; i < labels.columns(); ++i) sum += cost_of(i);
        const double classes = double(costs.columns());
        if (sum < classes) bias_scale_ = std::sqrt(classes / sum);
    }

    idx_t heads() const noexcept { return heads_; }
    /// Variables: heads rows of dim + 1.
    idx_t size() const noexcept { return heads_ * block_.cols(); }

    double operator()(const vector& x, vector& gradient) {
        const const_rows_map parameters(x.data(), heads_, block_.cols());
        rows_map gradients(gradient.data(), heads_, block_.cols());
        gradients = parameters;
        gradients.rightCols<1>().setZero();
        double value = 0.5 * gradients.squaredNorm();
        scale_ = 0.0;
        each_block([&](idx_t first, idx_t count) {
            find_logits(parameters, count);
            for (idx_t j = 0; j < count; ++j) value += loss_of(first + j, logits_.col(j).data());
            add_gradients(count, gradients);
        });
        return value;
    }
    /// sum_i cost[label_i] (1 - p_i), p_i the probability of label i where the objective was evaluated last. No
    /// component of the losses' gradient is larger, and where the classes overlap most of it cancels.
    double gradient_scale() const noexcept { return scale_; }
    /// The largest |component| of a gradient, with respect to the weights and the biases themselves.
    double largest_component(const vector& gradient) const {
        const const_rows_map gradients(gradient.data(), heads_, block_.cols());
        const double of_weights = gradients.leftCols(rows_.dim()).cwiseAbs().maxCoeff();
        const double of_biases = gradients.rightCols<1>().cwiseAbs().maxCoeff() / bias_scale_;
        return of_weights > of_biases ? of_weights : of_biases;
    }
    /// Rows [weights..., bias] to x, and back.
    void scale_biases(vector& rows) const {
        rows_map(rows.data(), heads_, block_.cols()).rightCols<1>() /= bias_scale_;
    }
    void restore_biases(vector& x) const { rows_map(x.data(), heads_, block_.cols()).rightCols<1>() *= bias_scale_; }

    /// Lower triangle of the Hessian; for one head.
    ///
    ///   I (0 for the bias) + sum_i cost_i p_i (1 - p_i) x_i x_i^T
    void hessian(const vector& x, column_major& out) {
        const const_rows_map parameters(x.data(), heads_, block_.cols());
        out.setZero();
        out.diagonal().setOnes();
        out(out.rows() - 1, out.rows() - 1) = 0.0;
        each_block([&](idx_t first, idx_t count) {
            find_logits(parameters, count);
            for (idx_t j = 0; j < count; ++j) {
                const double p = kernel::sigmoid_of(logits_(0, j)), q = kernel::sigmoid_of(-logits_(0, j));
                block_.row(j) *= std::sqrt(cost_of(first + j) * p * q);
            }
            out.selfadjointView<Eigen::Lower>().rankUpdate(block_.topRows(count).transpose());
        });
    }

private:
    static constexpr idx_t block_size = 128;
    /// Heads of one product. Eigen splits a product over OpenMP's threads unless its type limits its rows.
    static constexpr int panel = 32;

    using rows_map = Eigen::Map<row_major>;
    using const_rows_map = Eigen::Map<const row_major>;
    template <int Order>
    using panel_map = Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Order, panel, Eigen::Dynamic>,
                                 Eigen::Unaligned, Eigen::OuterStride<>>;

    idx_t label_of(idx_t i) const noexcept { return labels_(0, i); }
    double cost_of(idx_t i) const noexcept { return costs_(0, label_of(i)); }

    /// work(first, count) for every block of rows, which is in block_ then.
    template <class Work>
    void each_block(Work&& work) {
        for (idx_t first = 0; first < rows_.rows(); first += block_size) {
            const idx_t count = rows_.rows() - first < block_size ? rows_.rows() - first : block_size;
            for (idx_t j = 0; j < count; ++j) {
                const float* const from = rows_.row(first + j);
                double* const to = block_.row(j).data();
                for (idx_t k = 0; k < rows_.dim(); ++k) to[k] = double(from[k]);
                to[rows_.dim()] = bias_scale_;
            }
            work(first, count);
        }
    }

    /// logits_ = parameters * block_^T
    void find_logits(const const_rows_map& parameters, idx_t count) {
        for (idx_t h = 0; h < heads_; h += panel) {
            const idx_t some = heads_ - h < panel ? heads_ - h : panel;
            panel_map<Eigen::ColMajor> part(&logits_(h, 0), some, count, Eigen::OuterStride<>(heads_));
            part.noalias() = parameters.middleRows(h, some) * block_.topRows(count).transpose();
        }
    }

    /// gradients += logits_ * block_
    void add_gradients(idx_t count, rows_map& gradients) {
        for (idx_t h = 0; h < heads_; h += panel) {
            const idx_t some = heads_ - h < panel ? heads_ - h : panel;
            panel_map<Eigen::RowMajor> part(&gradients(h, 0), some, gradients.cols(),
                                            Eigen::OuterStride<>(gradients.cols()));
            part.noalias() += logits_.middleRows(h, some).leftCols(count) * block_.topRows(count);
        }
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
    idx_t heads_;
    double bias_scale_ = 1.0, scale_ = 0.0;
    row_major block_;      ///< [128, dim + 1]
    column_major logits_;  ///< [heads, 128], a column for each row of the block
};

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
