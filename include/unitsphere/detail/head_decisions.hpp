/// Decisions, probabilities and labels of a linear head, given as rows [heads, dim + 1] of weights and bias.
#pragma once

#include "../data/output.hpp"
#include "../engine/execution.hpp"
#include "../engine/row_source.hpp"
#include "../kernel/linear.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

using head_view = matrix_view<const double>;

inline constexpr idx_t head_block_rows = 32;

/// Rows first .. first + count - 1 of a source, and the factors that make them unit rows.
template <class T>
struct head_block {
    const engine::row_source<T>& source;
    idx_t first, count;
    typename engine::row_source<T>::factors_type factors[head_block_rows];

    head_block(const engine::row_source<T>& rows, idx_t begin, idx_t end, row_report& seen) noexcept
        : source(rows), first(begin), count(end - begin < head_block_rows ? end - begin : head_block_rows) {
        for (idx_t i = 0; i < count; ++i) factors[i] = source.factors(first + i, seen);
    }

    /// out[i * stride + h - head] = decision of head h for row i of the block, for all h in [head, end). A few heads
    /// pass all rows, so that their weights stay in L1.
    void decide(head_view heads, idx_t head, idx_t end, double* out, idx_t stride) const noexcept {
        constexpr int together = kernel::heads_at_once;
        for (; head + together <= end; head += together, out += together)
            decide_together<together>(heads, head, out, stride);
        for (; head < end; ++head, ++out) decide_together<1>(heads, head, out, stride);
    }

private:
    template <int Heads>
    void decide_together(const head_view& heads, idx_t head, double* out, idx_t stride) const noexcept {
        const idx_t dim = source.dim();
        for (idx_t i = 0; i < count; ++i, out += stride) {
            kernel::decide<Heads>(source.row(first + i), dim, factors[i], heads.row(head), heads.stride(), out);
            for (int h = 0; h < Heads; ++h) out[h] += heads(head + h, dim);
        }
    }
};

/// work(block) for all rows, a block at a time.
template <class View, class Work>
void each_head_block(const View& rows, const row_policy& policy, const char* function, const execution& how,
                     const Work& work) {
    engine::row_source source(rows, policy, function, "row ");
    engine::for_each_rows(how, source.rows(), source.dim(), [&](idx_t first, idx_t end) {
        row_report seen;
        for (; first < end; first += head_block_rows)
            work(head_block<typename View::value_type>(source, first, end, seen));
        source.count(seen);
    });
    source.report();
}

/// Refuses rows of another dim than the head's, and outputs of another shape or in the memory of the rows.
template <class View, class T>
void require_head_output(const char* function, head_view heads, const View& rows, const char* name,
                         const matrix_view<T>& out, idx_t out_rows, idx_t columns) {
    if (rows.dim() != heads.dim() - 1)
        fail<shape_error>(function, ": rows have dim ", rows.dim(), ", the head has dim ", heads.dim() - 1);
    require_shape(function, name, out, out_rows, columns);
    require_apart(function, name, out, "the rows", engine::values_of(rows));
}

template <class View>
void head_decisions(head_view heads, const View& rows, matrix_view<double> out, const execution& how,
                    const row_policy& policy) {
    constexpr const char* function = "linear_head::decision_function";
    require_head_output(function, heads, rows, "out", out, rows.rows(), heads.rows());
    each_head_block(rows, policy, function, how, [&](const auto& block) {
        block.decide(heads, 0, heads.rows(), out.row(block.first), out.stride());
    });
}

template <class View>
void head_probabilities(head_view heads, const View& rows, matrix_view<double> out, const execution& how,
                        const row_policy& policy) {
    constexpr const char* function = "linear_head::predict_proba";
    const bool two_classes = heads.rows() == 1;
    require_head_output(function, heads, rows, "out", out, rows.rows(), two_classes ? 2 : heads.rows());
    each_head_block(rows, policy, function, how, [&](const auto& block) {
        block.decide(heads, 0, heads.rows(), out.row(block.first), out.stride());
        for (idx_t i = block.first; i < block.first + block.count; ++i) {
            const double z = out(i, 0);
            if (two_classes)
                out(i, 0) = kernel::sigmoid_of(-z), out(i, 1) = kernel::sigmoid_of(z);
            else
                kernel::softmax_of(out.row(i), out.columns());
        }
    });
}

template <class View>
void head_labels(head_view heads, const View& rows, matrix_view<idx_t> labels, const execution& how,
                 const row_policy& policy) {
    constexpr const char* function = "linear_head::predict";
    require_head_output(function, heads, rows, "labels", labels, 1, rows.rows());
    each_head_block(rows, policy, function, how, [&](const auto& block) {
        constexpr idx_t width = 64;  // decisions of so many heads at a time: 16 KiB
        double z[head_block_rows * width], largest[head_block_rows] = {};  // with one head, class 0 has the decision 0
        idx_t* const label = labels.row(0) + block.first;
        for (idx_t i = 0; i < block.count; ++i) label[i] = 0;
        for (idx_t head = 0; head < heads.rows(); head += width) {
            const idx_t some = heads.rows() - head < width ? heads.rows() - head : width;
            block.decide(heads, head, head + some, z, width);
            for (idx_t i = 0; i < block.count; ++i)
                for (idx_t h = 0; h < some; ++h) {
                    const double decision = z[i * width + h];
                    const idx_t c = heads.rows() == 1 ? 1 : head + h;
                    if (is_nan(decision))
                        label[i] = -1;
                    else if (label[i] >= 0 && (c == 0 || decision > largest[i]))
                        label[i] = c, largest[i] = decision;
                }
        }
    });
}

template <class View>
void head_labels_at(double threshold, head_view heads, const View& rows, matrix_view<idx_t> labels,
                    const execution& how, const row_policy& policy) {
    constexpr const char* function = "linear_head::predict";
    if (heads.rows() != 1) fail<shape_error>(function, ": a threshold needs two classes, the head has ", heads.rows());
    if (!is_finite(threshold) || threshold < 0.0 || threshold > 1.0)
        fail<value_error>(function, ": threshold is ", threshold, ", it must be in 0 .. 1");
    require_head_output(function, heads, rows, "labels", labels, 1, rows.rows());
    each_head_block(rows, policy, function, how, [&](const auto& block) {
        double z[head_block_rows];
        block.decide(heads, 0, 1, z, 1);
        idx_t* const label = labels.row(0) + block.first;
        for (idx_t i = 0; i < block.count; ++i)
            label[i] = is_nan(z[i]) ? -1 : kernel::sigmoid_of(z[i]) >= threshold ? 1 : 0;
    });
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
