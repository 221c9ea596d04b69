/// The objective of logistic regression, its gradient and products with its Hessian, in double.
///
///   f(P) = |W|^2 / 2 + sum_i cost[label_i] loss_i        P = rows [weights..., bias], W without the biases
///   one row      loss = log(1 + exp(-z)) for label 1, log(1 + exp(z)) for label 0
///   K rows       loss = log sum_c exp(z_c) - z_label
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
          sums_(engine::ceil_div(rows.rows(), part_size_), engine::maximum(heads_, 2) * stride()),
          totals_(sums_.rows(), engine::round_up(2 + heads_, kernel::lane_count)),  // a cache line is one part's
          slopes_(engine::workers_for(how, sums_.rows()), block_size * heads_),
          known_(matrix<double>::uninitialized(rows.rows(), heads_)),
          curvatures_(heads_),
          mean_(stride()),
          variance_(stride()) {
        measure_columns();
    }

    idx_t heads() const noexcept { return heads_; }
    /// Elements from one head to the next: its weights, zeros up to a multiple of 16, and a bias with zeros behind it.
    idx_t stride() const noexcept { return width_ + kernel::lane_count; }
    idx_t size() const noexcept { return heads_ * stride(); }

    evaluation operator()(const vector& x, vector& gradient) {
        for (idx_t k = 0; k < totals_.rows() * totals_.columns(); ++k) totals_.data()[k] = 0.0;
        add_rows(gradient.data(), [&](idx_t part, idx_t first, idx_t count, double* z) {
            find_logits(x, first, count, z);
            for (idx_t j = 0; j < count; ++j) add_loss(first + j, z + j * heads_, totals_.row(part));
        });
        for (idx_t part = 1; part < totals_.rows(); ++part)
            for (idx_t k = 0; k < totals_.columns(); ++k) totals_(0, k) += totals_(part, k);
        evaluation found{totals_(0, 0), totals_(0, 1)};
        for (idx_t h = 0; h < heads_; ++h) {
            const double* const weights = x.data() + h * stride();
            found.value = kernel::fma(0.5, kernel::dot(weights, weights, width_), found.value);
            curvatures_[h] = engine::maximum(totals_(0, 2 + h), 1e-300);
        }
        add_weights(x, gradient);
        return found;
    }

    /// out = H v, the Hessian where the objective was evaluated last:
    ///
    ///   H = I (0 for the biases) + sum_i cost_i (diag(p_i) - p_i p_i^T) x [u_i, 1] [u_i, 1]^T
    void product(const vector& v, vector& out) {
        add_rows(out.data(), [&](idx_t, idx_t first, idx_t count, double* z) {
            find_logits(v, first, count, z);
            for (idx_t j = 0; j < count; ++j) find_change(first + j, z + j * heads_);
        });
        add_weights(v, out);
    }

    /// out = M^-1 r. M is H where the columns of the rows are uncorrelated, with the mean and the variance of all rows,
    /// and the heads apart. In terms of the rows less their mean, where the bias takes up <weights, mean>, it is
    ///
    ///   diag(1 + s variance) for the weights, s for the bias,     s = sum_i cost_i p_i (1 - p_i)
    void precondition(const vector& r, vector& out) const noexcept {
        for (idx_t h = 0; h < heads_; ++h) {
            const double *const from = r.data() + h * stride(), s = curvatures_[h];
            double* const to = out.data() + h * stride();
            for (idx_t k = 0; k < width_; ++k)
                to[k] = kernel::fma(-mean_[k], from[width_], from[k]) / kernel::fma(s, variance_[k], 1.0);
            to[width_] = from[width_] / s - kernel::dot(mean_.data(), to, width_);
        }
        if (heads_ == 1) return;
        for (idx_t k = 0; k <= width_; ++k) {  // no loss depends on the heads' sum: it stays 0
            double sum = 0.0;
            for (idx_t at = k; at < size(); at += stride()) sum += out[at];
            for (idx_t at = k; at < size(); at += stride()) out[at] -= sum / double(heads_);
        }
    }

    /// Rows [weights..., bias] of x.
    matrix<double> parameters(const vector& x) const {
        matrix<double> rows = matrix<double>::uninitialized(heads_, rows_.dim() + 1);
        for (idx_t h = 0; h < heads_; ++h)
            for (idx_t k = 0; k <= rows_.dim(); ++k) rows(h, k) = x[position(h, k)];
        return rows;
    }
    /// The x of such rows; of none: zeros.
    vector variables(const matrix<double>& rows) const {
        vector x(size());
        for (idx_t h = 0; h < rows.rows(); ++h)
            for (idx_t k = 0; k <= rows_.dim(); ++k) x[position(h, k)] = rows(h, k);
        return x;
    }

private:
    /// Rows whose slopes are computed before they are added: 128 KiB of them at dim 512.
    static constexpr idx_t block_size = 64;

    idx_t position(idx_t h, idx_t k) const noexcept { return h * stride() + (k < rows_.dim() ? k : width_); }
    idx_t label_of(idx_t i) const noexcept { return labels_(0, i); }
    double cost_of(idx_t i) const noexcept { return costs_(0, label_of(i)); }

    /// sums = work(worker, part, first row, end, sums of the part) of all parts.
    template <class Work>
    void add_parts(idx_t size, double* sums, const Work& work) {
        engine::for_each_task(how_, sums_.rows(), [&](idx_t worker, idx_t part) {
            double* const to = sums_.row(part);
            std::memset(static_cast<void*>(to), 0, std::size_t(size) * sizeof(double));
            const idx_t first = part * part_size_;
            work(worker, part, first, engine::minimum(rows_.rows(), first + part_size_), to);
        });
        std::memcpy(sums, sums_.row(0), std::size_t(size) * sizeof(double));
        for (idx_t part = 1; part < sums_.rows(); ++part) kernel::axpy(1.0, sums_.row(part), sums, size, sums);
    }

    /// sums[h] = [sum_i slope_ih rows[i], sum_i slope_ih] for every head h; find(part, first, count, slopes) writes the
    /// slopes of a block of rows.
    template <class Find>
    void add_rows(double* sums, const Find& find) {
        add_parts(size(), sums, [&](idx_t worker, idx_t part, idx_t first, idx_t end, double* to) {
            double* const slopes = slopes_.row(worker);
            for (; first < end; first += block_size) {
                const idx_t count = engine::minimum(end - first, block_size);
                find(part, first, count, slopes);
                kernel::add_products({slopes, heads_}, {rows_.row(first), rows_.stride()}, count, heads_, rows_.dim(),
                                     {to, stride()});
                for (idx_t j = 0; j < count; ++j)
                    for (idx_t h = 0; h < heads_; ++h) to[h * stride() + width_] += slopes[j * heads_ + h];
            }
        });
    }
    /// The penalty's part of a gradient or product.
    void add_weights(const vector& x, vector& out) const noexcept {
        for (idx_t at = 0; at < size(); at += stride())
            kernel::axpy(1.0, x.data() + at, out.data() + at, width_, out.data() + at);
    }
    /// Mean and variance of each column, weighted by cost.
    void measure_columns() {
        vector sums(2 * stride());
        add_parts(2 * stride(), sums.data(), [&](idx_t, idx_t, idx_t first, idx_t end, double* to) {
            for (; first < end; ++first) {
                kernel::add_moments(cost_of(first), rows_.row(first), rows_.dim(), to, to + stride());
                to[width_] += cost_of(first);
            }
        });
        for (idx_t k = 0; k < width_; ++k) {
            mean_[k] = sums[k] / sums[width_];
            variance_[k] = kernel::fma(-mean_[k], mean_[k], sums[stride() + k] / sums[width_]);
            variance_[k] = engine::maximum(variance_[k], 0.0);
        }
    }

    void find_logits(const vector& x, idx_t first, idx_t count, double* z) const noexcept {
        kernel::find_dots({rows_.row(first), rows_.stride()}, {x.data(), stride()}, count, heads_, rows_.dim(),
                          {z, heads_});
        for (idx_t j = 0; j < count; ++j)
            for (idx_t h = 0; h < heads_; ++h) z[j * heads_ + h] += x[h * stride() + width_];
    }

    /// Adds the loss of row i, cost (1 - p) and the heads' cost p (1 - p) to totals. The logits are replaced by the
    /// derivatives with respect to them. known_ keeps cost p (1 - p) for one head, p for more.
    void add_loss(idx_t i, double* z, double* totals) noexcept {
        const double cost = cost_of(i);
        if (heads_ > 1) return add_cross_entropy(z, label_of(i), cost, known_.row(i), totals);
        const double sign = label_of(i) == 1 ? 1.0 : -1.0, margin = sign * *z;
        const double tail = std::exp(-std::fabs(margin)), of_other = (margin < 0.0 ? 1.0 : tail) / (1.0 + tail);
        const double loss = (margin < 0.0 ? -margin : 0.0) + std::log1p(tail);
        totals[0] = kernel::fma(cost, loss, totals[0]);
        totals[1] = kernel::fma(cost, of_other, totals[1]);
        const double variance = tail / (1.0 + tail) / (1.0 + tail);
        totals[2] = kernel::fma(cost, variance, totals[2]);
        *known_.row(i) = cost * variance;
        *z = -sign * cost * of_other;
    }
    /// The derivatives are computed from the other classes' exponentials: a probability near 1, less 1, would leave
    /// rounding, which a large C multiplies.
    void add_cross_entropy(double* z, idx_t label, double cost, double* p, double* totals) const noexcept {
        const double own = z[label];
        double largest = own, others = 0.0;
        for (idx_t c = 0; c < heads_; ++c) largest = z[c] > largest ? z[c] : largest;
        for (idx_t c = 0; c < heads_; ++c) {
            z[c] = std::exp(z[c] - largest);
            if (c != label) others += z[c];
        }
        const double sum = others + z[label];
        const double loss = own == largest ? std::log1p(others) : largest - own + std::log(sum);
        for (idx_t c = 0; c < heads_; ++c) {
            p[c] = z[c] / sum;
            z[c] = cost * p[c];
            totals[2 + c] = kernel::fma(z[c], 1.0 - p[c], totals[2 + c]);
        }
        totals[0] = kernel::fma(cost, loss, totals[0]);
        totals[1] = kernel::fma(cost, others / sum, totals[1]);
        z[label] = -cost * (others / sum);
    }
    /// The change of row i's derivatives for a change z of its logits.
    void find_change(idx_t i, double* z) const noexcept {
        const double* const p = known_.row(i);
        if (heads_ == 1) {
            *z *= *p;
            return;
        }
        const double cost = cost_of(i);
        double mean = 0.0;
        for (idx_t c = 0; c < heads_; ++c) mean = kernel::fma(p[c], z[c], mean);
        for (idx_t c = 0; c < heads_; ++c) z[c] = cost * p[c] * (z[c] - mean);
    }

    matrix_view<const float> rows_;
    matrix_view<const idx_t> labels_;
    matrix_view<const double> costs_;
    const execution& how_;
    idx_t heads_, width_, part_size_;
    matrix<double> sums_;    ///< of each part of the rows
    matrix<double> totals_;  ///< of each part: losses, cost (1 - p), and of each head cost p (1 - p)
    matrix<double> slopes_;  ///< [64, heads] for each worker
    matrix<double> known_;   ///< [n, heads], of the evaluation before
    vector curvatures_, mean_, variance_;
};

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
