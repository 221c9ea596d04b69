/// What logistic regression minimizes, its gradient and, for two classes, its second derivatives; in double.
///
///   f(P) = |W|^2 / 2 + sum_i cost[label_i] loss_i        P = rows [weights..., bias], W without the biases
///   one row      loss = log(1 + exp(-z)) for label 1, log(1 + exp(z)) for label 0
///   K rows       loss = log sum_c exp(z_c) - z_label
///
/// The rows go by in blocks of 128, widened to double with a 1 behind them for the bias, so beside the caller's floats
/// there is never more than a block.
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
    logistic_objective(matrix_view<const float> rows, matrix_view<const index> labels, matrix_view<const double> costs)
        : rows_(rows),
          labels_(labels),
          costs_(costs),
          heads_(costs.dim() == 2 ? 1 : costs.dim()),
          wide_(block_rows, rows.dim() + 1),
          logits_(heads_, block_rows) {}

    index heads() const noexcept { return heads_; }
    /// How many numbers x has: heads rows of dim + 1.
    index size() const noexcept { return heads_ * wide_.cols(); }

    double operator()(const numbers& x, numbers& gradient) {
        const const_rows_map parameters(x.data(), heads_, wide_.cols());
        rows_map slopes(gradient.data(), heads_, wide_.cols());
        slopes = parameters;
        slopes.rightCols<1>().setZero();
        double value = 0.5 * slopes.squaredNorm();
        each_block([&](index first, index count) {
            find_logits(parameters, count);
            for (index j = 0; j < count; ++j) value += lose(first + j, logits_.col(j).data());
            add_slopes(count, slopes);
        });
        return value;
    }

    /// Lower triangle of the second derivatives; for one head.
    ///
    ///   I (0 for the bias) + sum_i cost_i p_i (1 - p_i) x_i x_i^T
    void hessian(const numbers& x, Eigen::MatrixXd& out) {
        const const_rows_map parameters(x.data(), heads_, wide_.cols());
        out.setZero();
        out.diagonal().setOnes();
        out(out.rows() - 1, out.rows() - 1) = 0.0;
        each_block([&](index first, index count) {
            find_logits(parameters, count);
            for (index j = 0; j < count; ++j) {
                const double p = kernel::sigmoid_of(logits_(0, j)), q = kernel::sigmoid_of(-logits_(0, j));
                wide_.row(j) *= std::sqrt(cost_of(first + j) * p * q);
            }
            out.selfadjointView<Eigen::Lower>().rankUpdate(wide_.topRows(count).transpose());
        });
    }

private:
    static constexpr index block_rows = 128;
    /// Eigen splits a product over OpenMP's threads unless its type says that it has few rows: nobody asked for threads.
    static constexpr int slab = 32;

    using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    using rows_map = Eigen::Map<row_major>;
    using const_rows_map = Eigen::Map<const row_major>;
    template <int Order>
    using slab_map = Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Order, slab, Eigen::Dynamic>,
                                Eigen::Unaligned, Eigen::OuterStride<>>;

    index label_of(index i) const noexcept { return labels_(0, i); }
    double cost_of(index i) const noexcept { return costs_(0, label_of(i)); }

    /// work(first, count) for every block of rows, which is in wide_ then.
    template <class Work>
    void each_block(Work&& work) {
        for (index first = 0; first < rows_.rows(); first += block_rows) {
            const index count = rows_.rows() - first < block_rows ? rows_.rows() - first : block_rows;
            for (index j = 0; j < count; ++j) {
                const float* const from = rows_.row(first + j);
                double* const to = wide_.row(j).data();
                for (index k = 0; k < rows_.dim(); ++k) to[k] = double(from[k]);
                to[rows_.dim()] = 1.0;
            }
            work(first, count);
        }
    }

    /// logits_ = parameters * wide_^T
    void find_logits(const const_rows_map& parameters, index count) {
        for (index h = 0; h < heads_; h += slab) {
            const index some = heads_ - h < slab ? heads_ - h : slab;
            slab_map<Eigen::ColMajor> part(&logits_(h, 0), some, count, Eigen::OuterStride<>(heads_));
            part.noalias() = parameters.middleRows(h, some) * wide_.topRows(count).transpose();
        }
    }

    /// slopes += logits_ * wide_
    void add_slopes(index count, rows_map& slopes) {
        for (index h = 0; h < heads_; h += slab) {
            const index some = heads_ - h < slab ? heads_ - h : slab;
            slab_map<Eigen::RowMajor> part(&slopes(h, 0), some, slopes.cols(), Eigen::OuterStride<>(slopes.cols()));
            part.noalias() += logits_.middleRows(h, some).leftCols(count) * wide_.topRows(count);
        }
    }

    /// The loss of row i, whose logits become its derivatives.
    double lose(index i, double* z) const noexcept {
        const double cost = cost_of(i);
        if (heads_ > 1) return cost * lose_one_of_many(z, label_of(i), cost);
        const double sign = label_of(i) == 1 ? 1.0 : -1.0, margin = sign * *z;
        *z = -sign * cost * kernel::sigmoid_of(-margin);
        return cost * ((margin < 0.0 ? -margin : 0.0) + std::log1p(std::exp(margin < 0.0 ? margin : -margin)));
    }
    /// log sum_c exp(z_c) - z_label and its derivatives times `cost`. Everything is made of the others' exponentials: a
    /// probability near 1, less 1, would leave rounding, which a large C multiplies.
    double lose_one_of_many(double* z, index label, double cost) const noexcept {
        const double own = z[label];
        double largest = own, others = 0.0;
        for (index c = 0; c < heads_; ++c) largest = z[c] > largest ? z[c] : largest;
        for (index c = 0; c < heads_; ++c) {
            z[c] = std::exp(z[c] - largest);
            if (c != label) others += z[c];
        }
        const double sum = others + z[label];
        const double loss = own == largest ? std::log1p(others) : largest - own + std::log(sum);
        for (index c = 0; c < heads_; ++c) z[c] *= cost / sum;
        z[label] = -others * (cost / sum);
        return loss;
    }

    matrix_view<const float> rows_;
    matrix_view<const index> labels_;
    matrix_view<const double> costs_;
    index heads_;
    row_major wide_;          ///< [128, dim + 1]
    Eigen::MatrixXd logits_;  ///< [heads, 128], a column for each row of the block
};

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
