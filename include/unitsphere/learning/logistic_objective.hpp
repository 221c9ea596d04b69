/// The objective of logistic regression and its gradient, in double.
///
///   f(P) = |W|^2 / 2 + sum_i cost[label_i] loss_i        P = rows [weights..., bias], W without the biases
///   one row      loss = log(1 + exp(-z)) for label 1, log(1 + exp(z)) for label 0
///   K rows       loss = log sum_c exp(z_c) - z_label
///
/// The rows of embeddings share a direction, their mean, and the bias is not penalized: curvatures along these two are
/// up to a millionfold those along others, and L-BFGS would converge slowly. So its variables are the weights and
///
///   (bias + <weights, mean>) / bias_scale                mean: of the rows, weighted by cost
///
/// which is the objective of the rows less their mean; bias_scale makes the curvature along the last variable the
/// average one along a weight. No row is changed: <w, u - mean> = <w, u> - <w, mean>.
///
/// Rows are added up in parts whose size depends on their number alone, and the parts in order: the same bits for any
/// number of threads.
///
/// Source   scikit-learn's user guide, section 1.1.11 (logistic regression), with C in the cost.
#pragma once

#include "../engine/execution.hpp"
#include "line_search.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace learning {

class logistic_objective {
public:
    /// rows [n, dim], unit; labels [1, n] in 0 .. classes - 1; costs [1, classes]: C times the weight of each class.
    logistic_objective(matrix_view<const float> rows, matrix_view<const idx_t> labels, matrix_view<const double> costs,
                       const execution& how)
        : rows_(rows),
          labels_(labels),
          costs_(costs),
          how_(how),
          heads_(costs.dim() == 2 ? 1 : costs.dim()),
          width_(engine::round_up(rows.dim(), kernel::lane_count)),
          part_size_(engine::maximum(256, engine::round_up(engine::ceil_div(rows.rows(), 16), block_size))),
          sums_(engine::ceil_div(rows.rows(), part_size_), size()),
          losses_(sums_.rows()),
          scales_(sums_.rows()),
          slopes_(engine::workers_for(how, sums_.rows()), block_size * heads_),
          biases_(heads_),
          mean_(stride()) {
        find_mean();
    }

    idx_t heads() const noexcept { return heads_; }
    /// Elements from one head to the next: its weights, zeros up to a multiple of 16, and a bias with zeros behind it.
    idx_t stride() const noexcept { return width_ + kernel::lane_count; }
    idx_t size() const noexcept { return heads_ * stride(); }

    evaluation operator()(const vector& x, vector& gradient) {
        for (idx_t h = 0; h < heads_; ++h) biases_[h] = bias_of(x, h);
        for (idx_t part = 0; part < sums_.rows(); ++part) losses_[part] = scales_[part] = 0.0;
        add_rows(heads_, gradient.data(), [&](idx_t part, idx_t first, idx_t count, double* z) {
            kernel::find_dots({rows_.row(first), rows_.stride()}, {x.data(), stride()}, count, heads_, rows_.dim(),
                              {z, heads_});
            for (idx_t j = 0; j < count; ++j)
                losses_[part] =
                    kernel::fma(cost_of(first + j), loss_of(first + j, z + j * heads_, scales_[part]), losses_[part]);
        });
        evaluation found;
        for (idx_t part = 0; part < sums_.rows(); ++part) found.value += losses_[part], found.scale += scales_[part];
        for (idx_t h = 0; h < heads_; ++h) {
            const double* const weights = x.data() + h * stride();
            double* const slope = gradient.data() + h * stride();
            const double of_bias = slope[width_];
            kernel::axpy(1.0, weights, slope, width_, slope);
            found.value = kernel::fma(0.5, kernel::dot(weights, weights, width_), found.value);
            for (idx_t k = 0; k <= width_; ++k) found.gradient = engine::maximum(found.gradient, std::fabs(slope[k]));
            kernel::axpy(-of_bias, mean_.data(), slope, width_, slope);
            slope[width_] = of_bias * bias_scale_;
        }
        return found;
    }

    /// Rows [weights..., bias] of x.
    matrix<double> parameters(const vector& x) const {
        matrix<double> rows = matrix<double>::uninitialized(heads_, rows_.dim() + 1);
        for (idx_t h = 0; h < heads_; ++h) {
            for (idx_t k = 0; k < rows_.dim(); ++k) rows(h, k) = x[h * stride() + k];
            rows(h, rows_.dim()) = bias_of(x, h);
        }
        return rows;
    }
    /// The x of such rows; of none: zeros.
    vector variables(const matrix<double>& rows) const {
        vector x(size());
        for (idx_t h = 0; h < rows.rows(); ++h) {
            for (idx_t k = 0; k < rows_.dim(); ++k) x[h * stride() + k] = rows(h, k);
            x[h * stride() + width_] = (rows(h, rows_.dim()) - bias_of(x, h)) / bias_scale_;
        }
        return x;
    }

private:
    /// Rows whose slopes are computed before they are added: 128 KiB of them at dim 512.
    static constexpr idx_t block_size = 64;

    idx_t label_of(idx_t i) const noexcept { return labels_(0, i); }
    double cost_of(idx_t i) const noexcept { return costs_(0, label_of(i)); }
    double bias_of(const vector& x, idx_t h) const noexcept {
        const double* const head = x.data() + h * stride();
        return kernel::fma(head[width_], bias_scale_, -kernel::dot(head, mean_.data(), width_));
    }

    /// sums[h] = [sum_i slope_ih rows[i], sum_i slope_ih] for h < heads; find(part, first, count, slopes) writes those
    /// of a block of rows.
    template <class Find>
    void add_rows(idx_t heads, double* sums, const Find& find) {
        const idx_t all = heads * stride(), dim = rows_.dim();
        engine::for_each_task(how_, sums_.rows(), [&](idx_t worker, idx_t part) {
            double *const slopes = slopes_.row(worker), *const to = sums_.row(part);
            std::memset(static_cast<void*>(to), 0, std::size_t(all) * sizeof(double));
            const idx_t end = engine::minimum(rows_.rows(), (part + 1) * part_size_);
            for (idx_t first = part * part_size_; first < end; first += block_size) {
                const idx_t count = engine::minimum(end - first, block_size);
                find(part, first, count, slopes);
                kernel::add_products({slopes, heads}, {rows_.row(first), rows_.stride()}, count, heads, dim,
                                     {to, stride()});
                for (idx_t j = 0; j < count; ++j)
                    for (idx_t h = 0; h < heads; ++h) to[h * stride() + width_] += slopes[j * heads + h];
            }
        });
        std::memcpy(sums, sums_.row(0), std::size_t(all) * sizeof(double));
        for (idx_t part = 1; part < sums_.rows(); ++part) kernel::axpy(1.0, sums_.row(part), sums, all, sums);
    }

    /// mean_ and bias_scale_. The curvatures are those at the odds of the labels: q = the mean of p (1 - p) over heads.
    void find_mean() {
        add_rows(1, mean_.data(), [&](idx_t, idx_t first, idx_t count, double* cost) {
            for (idx_t j = 0; j < count; ++j) cost[j] = cost_of(first + j);
        });
        const double sum = mean_[width_], classes = double(costs_.columns());
        for (double& element : mean_) element /= sum;
        vector shares(costs_.columns());
        for (idx_t i = 0; i < rows_.rows(); ++i) shares[label_of(i)] += cost_of(i) / sum;
        double q = 0.0;
        for (const double share : shares) q = kernel::fma(share, (1.0 - share) / classes, q);
        const double of_bias = sum * engine::maximum(q, 1e-12);                       // a share may round to 1
        const double square = 1.0 - kernel::dot(mean_.data(), mean_.data(), width_);  // of the rows less their mean
        const double of_weight = kernel::fma(of_bias, engine::maximum(square, 0.0) / double(rows_.dim()), 1.0);
        bias_scale_ = std::sqrt(of_weight / of_bias);
    }

    /// The loss of row i, without its cost. Its dot products are replaced by the derivatives of cost * loss; `scale`
    /// gains cost (1 - p).
    double loss_of(idx_t i, double* z, double& scale) const noexcept {
        const double cost = cost_of(i);
        if (heads_ > 1) return cross_entropy(z, label_of(i), cost, scale);
        const double sign = label_of(i) == 1 ? 1.0 : -1.0, margin = sign * (*z + biases_[0]);
        const double tail = std::exp(-std::fabs(margin));
        const double residual = cost * (margin < 0.0 ? 1.0 : tail) / (1.0 + tail);
        scale += residual;
        *z = -sign * residual;
        return (margin < 0.0 ? -margin : 0.0) + std::log1p(tail);
    }
    /// log sum_c exp(z_c) - z_label and its derivatives times `cost`. They are computed from the other classes'
    /// exponentials: a probability near 1, less 1, would leave rounding, which a large C multiplies.
    double cross_entropy(double* z, idx_t label, double cost, double& scale) const noexcept {
        for (idx_t c = 0; c < heads_; ++c) z[c] += biases_[c];
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
        scale = kernel::fma(others, cost / sum, scale);
        return loss;
    }

    matrix_view<const float> rows_;
    matrix_view<const idx_t> labels_;
    matrix_view<const double> costs_;
    const execution& how_;
    idx_t heads_, width_, part_size_;
    matrix<double> sums_;     ///< of each part of the rows: the gradient's sums
    vector losses_, scales_;  ///< of each part
    matrix<double> slopes_;   ///< [64, heads] for each worker
    vector biases_, mean_;
    double bias_scale_ = 1.0;
};

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
