/// Logits to probabilities and their logarithms.
#pragma once

#include "data/column.hpp"
#include "data/logit_scale.hpp"
#include "data/output.hpp"
#include "engine/execution.hpp"
#include "kernel/log_softmax.hpp"
#include "kernel/sigmoid.hpp"
#include "kernel/softmax_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

/// out[i][j] = sigmoid(scale * x[i][j] + bias), by the workers of `how`.
inline void sigmoid_rows(const matrix_view<const float>& x, float scale, float bias, const matrix_view<float>& out,
                         const execution& how) {
    engine::for_each_rows(how, x.rows(), x.dim(), [&](index first, index end) {
        for (index i = first; i < end; ++i) kernel::sigmoid_row(x.row(i), x.dim(), scale, bias, out.row(i));
    });
}

}  // namespace detail

/// Softmax of each row, in the caller's memory.
///
///   out[i][j] = exp(logits[i][j] - max_j) / sum_j exp(logits[i][j] - max_j)
///
/// Shapes   logits [n, m], out [n, m]; any row strides >= m. Over one column the softmax is 1, whatever the logit.
/// Units    probabilities; |sum - 1| <= 2e-7 for any number of columns. A logit of -Inf gets exactly 0.
/// Errors   shape_error if the shapes differ or the memory overlaps (out may be exactly the logits). A row with NaN or
///          +Inf, or with nothing but -Inf, has no softmax: it becomes NaN, in its row alone.
/// Threads  `how` splits the rows; every split gives the same bits.   Memory  8 KiB of stack.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 3.1.2 (zero-shot classification).
inline void softmax(matrix_view<const float> logits, matrix_view<float> out, const execution& how) {
    detail::require_row_wise("softmax", logits, "the logits", out);
    engine::for_each_rows(how, logits.rows(), logits.dim(), [&](index first, index end) {
        kernel::softmax_rows(logits.row(first), end - first, logits.dim(), logits.stride(), out.row(first),
                             out.stride());
    });
}
/// On the caller's thread.
inline void softmax(matrix_view<const float> logits, matrix_view<float> out) { softmax(logits, out, sequential{}); }

/// Softmax of each row, as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
inline matrix<float> softmax(matrix_view<const float> logits, const execution& how) {
    auto out = matrix<float>::uninitialized(logits.rows(), logits.dim());
    softmax(logits, out.view(), how);
    return out;
}
inline matrix<float> softmax(matrix_view<const float> logits) { return softmax(logits, sequential{}); }

/// Logarithm of the softmax of each row, in the caller's memory.
///
///   out[i][j] = logits[i][j] - max_j - log sum_j exp(logits[i][j] - max_j)
///
/// Not log(softmax(logits)): where one logit dominates, that is off by 6e-8, which may be all of it.
///
/// Shapes   logits [n, m], out [n, m]; any row strides >= m. Over one column it is 0, whatever the logit.
/// Units    natural logarithms, <= 0: computed in double, rounded once. Relative error <= 2e-7 for any logits and any
///          number of columns, next to 0 too; a subnormal result is off by its last place. A logit of
///          -Inf gets -Inf, and so does a result below -3.4e38.
/// Errors   shape_error if the shapes differ or the memory overlaps (out may be exactly the logits). A row with NaN or
///          +Inf, or with nothing but -Inf, has no softmax: it becomes NaN, in its row alone.
/// Threads  `how` splits the rows; every split gives the same bits.   Memory  none.
/// Source   Radford et al. 2021, arXiv:2103.00020, figure 3: cross_entropy_loss takes -log_softmax at the true pair.
inline void log_softmax(matrix_view<const float> logits, matrix_view<float> out, const execution& how) {
    detail::require_row_wise("log_softmax", logits, "the logits", out);
    engine::for_each_rows(how, logits.rows(), logits.dim(), [&](index first, index end) {
        for (index i = first; i < end; ++i) kernel::log_softmax_row(logits.row(i), logits.dim(), out.row(i));
    });
}
/// On the caller's thread.
inline void log_softmax(matrix_view<const float> logits, matrix_view<float> out) {
    log_softmax(logits, out, sequential{});
}

/// Logarithm of the softmax of each row, as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
inline matrix<float> log_softmax(matrix_view<const float> logits, const execution& how) {
    auto out = matrix<float>::uninitialized(logits.rows(), logits.dim());
    log_softmax(logits, out.view(), how);
    return out;
}
inline matrix<float> log_softmax(matrix_view<const float> logits) { return log_softmax(logits, sequential{}); }

/// Logarithm of the sum of exponentials of each row, in the caller's memory.
///
///   out[i] = log sum_j exp(logits[i][j])
///
/// Shapes   logits [n, m], any row stride >= m; out: n doubles.
/// Units    natural logarithm; absolute error <= 1.2e-7, plus one rounding of the double. No finite logits overflow.
/// Errors   shape_error if out is null or in the memory of the logits. A row with NaN gives NaN, one with +Inf (and no
///          NaN) +Inf, one with nothing but -Inf, or without columns, -Inf.
/// Threads  the caller's.   Memory  none, or the vector returned.
/// Source   Blanchard, Higham, Higham 2021, "Accurately computing the log-sum-exp and softmax functions", IMA J.
///          Numer. Anal. 41.
inline void log_sum_exp(matrix_view<const float> logits, double* out) {
    detail::require_apart("log_sum_exp", "out", matrix_view<double>(out, 1, logits.rows()), "the logits", logits);
    for (index i = 0; i < logits.rows(); ++i) out[i] = kernel::log_sum_exp_row(logits.row(i), logits.dim());
}
inline std::vector<double> log_sum_exp(matrix_view<const float> logits) {
    auto out = matrix<double>::uninitialized(1, logits.rows());
    log_sum_exp(logits, out.data());
    return detail::to_vector(out);
}

/// Sigmoid of each logit, in the caller's memory.
///
///   out[i][j] = 1 / (1 + exp(-logits[i][j]))
///
/// Shapes   logits [n, m], out [n, m]; any row strides >= m.
/// Units    probabilities, each on its own: a row does not sum to 1. Relative error <= 2.4e-7, also where the result is
///          tiny; a subnormal one is off by its last place.
/// Errors   shape_error if the shapes differ or the memory overlaps (out may be exactly the logits). NaN gives NaN,
///          +Inf gives 1, -Inf gives 0.
/// Threads  `how` splits the rows; every split gives the same bits.   Memory  none.
/// Source   Zhai et al. 2023, arXiv:2303.15343, section 3.2 (SigLIP).
inline void sigmoid(matrix_view<const float> logits, matrix_view<float> out, const execution& how) {
    detail::require_row_wise("sigmoid", logits, "the logits", out);
    detail::sigmoid_rows(logits, 1.0f, 0.0f, out, how);
}
/// On the caller's thread.
inline void sigmoid(matrix_view<const float> logits, matrix_view<float> out) { sigmoid(logits, out, sequential{}); }

/// Sigmoid of each logit, as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
inline matrix<float> sigmoid(matrix_view<const float> logits, const execution& how) {
    auto out = matrix<float>::uninitialized(logits.rows(), logits.dim());
    sigmoid(logits, out.view(), how);
    return out;
}
inline matrix<float> sigmoid(matrix_view<const float> logits) { return sigmoid(logits, sequential{}); }

/// SigLIP's probability that each pair belongs together, from its cosine, in the caller's memory.
///
///   out[i][j] = 1 / (1 + exp(-l)),   l = scale * cosines[i][j] + bias
///
/// SigLIP starts training at a scale of 10 and a bias of -10; take both from the checkpoint.
///
/// Shapes   cosines [n, m], out [n, m]; any row strides >= m.
/// Units    probabilities, each on its own. l is a float: one rounding with fused multiply-add, two without. Its
///          sigmoid is as accurate as above.
/// Errors   as above, and value_error unless the bias is finite.
/// Threads  `how` splits the rows; every split gives the same bits.   Memory  none.
/// Source   Zhai et al. 2023, arXiv:2303.15343, section 3.2 and algorithm 1.
inline void sigmoid(matrix_view<const float> cosines, logit_scale scale, float bias, matrix_view<float> out,
                    const execution& how) {
    if (!detail::is_finite(bias)) detail::fail<value_error>("sigmoid: bias is ", double(bias), ", it must be finite");
    detail::require_row_wise("sigmoid", cosines, "the cosines", out);
    detail::sigmoid_rows(cosines, scale.multiplier(), bias, out, how);
}
/// On the caller's thread.
inline void sigmoid(matrix_view<const float> cosines, logit_scale scale, float bias, matrix_view<float> out) {
    sigmoid(cosines, scale, bias, out, sequential{});
}

/// SigLIP's probabilities as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
inline matrix<float> sigmoid(matrix_view<const float> cosines, logit_scale scale, float bias, const execution& how) {
    auto out = matrix<float>::uninitialized(cosines.rows(), cosines.dim());
    sigmoid(cosines, scale, bias, out.view(), how);
    return out;
}
inline matrix<float> sigmoid(matrix_view<const float> cosines, logit_scale scale, float bias) {
    return sigmoid(cosines, scale, bias, sequential{});
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
