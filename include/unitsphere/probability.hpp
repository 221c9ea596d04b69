/// Logits to probabilities.
#pragma once

#include "data/output.hpp"
#include "kernel/softmax.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// Softmax of each row, in the caller's memory.
///
///   out[i][j] = exp(logits[i][j] - max_j) / sum_j exp(logits[i][j] - max_j)
///
/// Shapes   logits [n, m], out [n, m]; any row strides >= m. Over one column the softmax is 1, whatever the logit.
/// Units    probabilities; |sum - 1| <= 2e-7 for any number of columns. A logit of -Inf gets exactly 0.
/// Errors   shape_error if the shapes differ or the memory overlaps (out may be exactly the logits). A row with NaN or
///          +Inf, or with nothing but -Inf, has no softmax: it becomes NaN, in its row alone.
/// Threads  the caller's.   Memory  8 KiB of stack.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 3.1.2 (zero-shot classification).
inline void softmax(matrix_view<const float> logits, matrix_view<float> out) {
    detail::require_shape("softmax", "out", out, logits.rows(), logits.dim());
    if (!detail::same_rows(logits, out)) detail::require_apart("softmax", "out", out, "the logits", logits);
    for (index i = 0; i < logits.rows(); ++i) kernel::softmax_row(logits.row(i), logits.dim(), out.row(i));
}

/// Softmax of each row, as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
inline matrix<float> softmax(matrix_view<const float> logits) {
    auto out = matrix<float>::uninitialized(logits.rows(), logits.dim());
    softmax(logits, out.view());
    return out;
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
