/// Similarities and logits to probabilities and their logarithms.
#pragma once

#include "data/logit_scale.hpp"
#include "data/output.hpp"
#include "detail/float_rows.hpp"
#include "kernel/log_softmax.hpp"
#include "kernel/sigmoid.hpp"
#include "kernel/softmax_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

/// What an error calls the input, and the factor of its elements; logits have the factor 1, which changes no bit.
struct scaled_scores {
    const char* name;
    float scale;
};
inline constexpr scaled_scores as_logits{"the logits", 1.0f};
inline scaled_scores times(logit_scale scale, const char* name = "the similarities") noexcept {
    return {name, scale.multiplier()};
}

inline void softmax_of(const matrix_view<const float>& x, scaled_scores given, const matrix_view<float>& out,
                       const execution& how) {
    require_row_wise("softmax", x, given.name, out);
    engine::for_each_rows(how, x.rows(), x.dim(), [&](idx_t first, idx_t end) {
        kernel::softmax_rows(x.row(first), end - first, x.dim(), x.stride(), given.scale, out.row(first), out.stride());
    });
}

inline void log_softmax_of(const matrix_view<const float>& x, scaled_scores given, const matrix_view<float>& out,
                           const execution& how) {
    require_row_wise("log_softmax", x, given.name, out);
    engine::for_each_rows(how, x.rows(), x.dim(), [&](idx_t first, idx_t end) {
        for (idx_t i = first; i < end; ++i) kernel::log_softmax_row(x.row(i), x.dim(), given.scale, out.row(i));
    });
}

inline void log_sum_exp_of(const matrix_view<const float>& x, scaled_scores given, const matrix_view<double>& out,
                           const execution& how) {
    require_shape("log_sum_exp", "out", out, 1, x.rows());
    require_apart("log_sum_exp", "out", out, given.name, x);
    engine::for_each_rows(how, x.rows(), x.dim(), [&](idx_t first, idx_t end) {
        for (idx_t i = first; i < end; ++i) out(0, i) = kernel::log_sum_exp_row(x.row(i), x.dim(), given.scale);
    });
}

inline void sigmoid_of(const matrix_view<const float>& x, scaled_scores given, float bias,
                       const matrix_view<float>& out, const execution& how) {
    if (!is_finite(bias)) fail<value_error>("sigmoid: bias is ", double(bias), ", it must be finite");
    require_row_wise("sigmoid", x, given.name, out);
    engine::for_each_rows(how, x.rows(), x.dim(), [&](idx_t first, idx_t end) {
        for (idx_t i = first; i < end; ++i) kernel::sigmoid_row(x.row(i), x.dim(), given.scale, bias, out.row(i));
    });
}

}  // namespace detail

/// Softmax of each row, in the caller's memory.
///
///   out[i][j] = exp(logits[i][j] - max_j) / sum_j exp(logits[i][j] - max_j)
///
/// Shapes   logits [n, m] of float, out [n, m]; any row strides >= m. Over one column the softmax is 1, whatever the
///          logit.
/// Units    probabilities; |sum - 1| <= 2e-7 for any number of columns. A logit of -Inf gets exactly 0.
/// Errors   shape_error if the shapes differ or the memory overlaps (out may be exactly the logits). A row with NaN or
///          +Inf, or with nothing but -Inf, has no softmax: it becomes NaN, in its row alone.
/// Threads  `how` splits the rows; every split gives the same bits.   Memory  8 KiB of stack.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 3.1.2 (zero-shot classification).
template <class Logits, class Out, detail::if_float_rows<Logits> = 0>
void softmax_into(const Logits& logits, Out&& out, const execution& how = {}) {
    detail::softmax_of(engine::view_of(logits), detail::as_logits, detail::output_of<Out, float>(out), how);
}
/// The same as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Logits, detail::if_float_rows<Logits> = 0>
matrix<float> softmax(const Logits& logits, const execution& how = {}) {
    const auto view = engine::view_of(logits);
    auto out = matrix<float>::uninitialized(view.rows(), view.columns());
    detail::softmax_of(view, detail::as_logits, out.view(), how);
    return out;
}
/// Softmax of similarities that are logits once they are scaled, in the caller's memory.
///
///   out[i] = softmax over j of l[i][j],   l = scale * similarities, rounded to float
///
/// softmax(cosine_similarity(images, texts), scale) has the bits of a zero_shot_classifier's predict_proba.
///
/// Shapes   similarities [n, m] of float, out [n, m]; any row strides >= m.
/// Units    as above. The scale is the model's: cosines themselves have a softmax that is nearly uniform.
/// Errors   as above, for l: a product that overflows is infinite.
/// Threads, Memory, Source   as above.
template <class Similarities, class Out, detail::if_float_rows<Similarities> = 0>
void softmax_into(const Similarities& similarities, logit_scale scale, Out&& out, const execution& how = {}) {
    detail::softmax_of(engine::view_of(similarities), detail::times(scale), detail::output_of<Out, float>(out), how);
}
/// The same as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Similarities, detail::if_float_rows<Similarities> = 0>
matrix<float> softmax(const Similarities& similarities, logit_scale scale, const execution& how = {}) {
    const auto view = engine::view_of(similarities);
    auto out = matrix<float>::uninitialized(view.rows(), view.columns());
    detail::softmax_of(view, detail::times(scale), out.view(), how);
    return out;
}
UNITSPHERE_REFUSE_OTHER_SCORES(softmax);

/// Logarithm of the softmax of each row, in the caller's memory.
///
///   out[i][j] = logits[i][j] - max_j - log sum_j exp(logits[i][j] - max_j)
///
/// Not log(softmax(logits)): where one logit dominates, that is off by 6e-8, which may be all of it.
///
/// Shapes   logits [n, m] of float, out [n, m]; any row strides >= m. Over one column it is 0, whatever the logit.
/// Units    natural logarithms, <= 0: computed in double, rounded once. Relative error <= 2e-7 for any logits and any
///          number of columns, next to 0 too; a subnormal result is off by its last place. A logit of
///          -Inf gets -Inf, and so does a result below -3.4e38.
/// Errors   shape_error if the shapes differ or the memory overlaps (out may be exactly the logits). A row with NaN or
///          +Inf, or with nothing but -Inf, has no softmax: it becomes NaN, in its row alone.
/// Threads  `how` splits the rows; every split gives the same bits.   Memory  none.
/// Source   Radford et al. 2021, arXiv:2103.00020, figure 3: cross_entropy_loss takes -log_softmax at the true pair.
template <class Logits, class Out, detail::if_float_rows<Logits> = 0>
void log_softmax_into(const Logits& logits, Out&& out, const execution& how = {}) {
    detail::log_softmax_of(engine::view_of(logits), detail::as_logits, detail::output_of<Out, float>(out), how);
}
/// The same as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
template <class Logits, detail::if_float_rows<Logits> = 0>
matrix<float> log_softmax(const Logits& logits, const execution& how = {}) {
    const auto view = engine::view_of(logits);
    auto out = matrix<float>::uninitialized(view.rows(), view.columns());
    detail::log_softmax_of(view, detail::as_logits, out.view(), how);
    return out;
}
/// log_softmax of l = scale * similarities, rounded to float, in the caller's memory.
///
/// Shapes, Units, Errors, Threads, Memory, Source   as log_softmax_into(logits, out), for l.
template <class Similarities, class Out, detail::if_float_rows<Similarities> = 0>
void log_softmax_into(const Similarities& similarities, logit_scale scale, Out&& out, const execution& how = {}) {
    detail::log_softmax_of(engine::view_of(similarities), detail::times(scale), detail::output_of<Out, float>(out),
                           how);
}
/// The same as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
template <class Similarities, detail::if_float_rows<Similarities> = 0>
matrix<float> log_softmax(const Similarities& similarities, logit_scale scale, const execution& how = {}) {
    const auto view = engine::view_of(similarities);
    auto out = matrix<float>::uninitialized(view.rows(), view.columns());
    detail::log_softmax_of(view, detail::times(scale), out.view(), how);
    return out;
}
UNITSPHERE_REFUSE_OTHER_SCORES(log_softmax);

/// Logarithm of the sum of exponentials of each row, in the caller's memory.
///
///   out[i] = log sum_j exp(logits[i][j])
///
/// Shapes   logits [n, m] of float, any row stride >= m -> n doubles (an array, a std::vector or one row).
/// Units    natural logarithm; absolute error <= 1.2e-7, plus one rounding of the double. No finite logits overflow.
/// Errors   shape_error if out has another size or is in the memory of the logits. A row with NaN gives NaN, one with
///          +Inf (and no NaN) +Inf, one with nothing but -Inf, or without columns, -Inf.
/// Threads  `how` splits the rows; every split gives the same bits.   Memory  4 KiB of stack.
/// Source   Blanchard, Higham, Higham 2021, "Accurately computing the log-sum-exp and softmax functions", IMA J.
///          Numer. Anal. 41.
template <class Logits, class Out, detail::if_float_rows<Logits> = 0>
void log_sum_exp_into(const Logits& logits, Out&& out, const execution& how = {}) {
    detail::log_sum_exp_of(engine::view_of(logits), detail::as_logits, detail::output_of<Out, double>(out), how);
}
/// The same as a new array.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
template <class Logits, detail::if_float_rows<Logits> = 0>
array<double> log_sum_exp(const Logits& logits, const execution& how = {}) {
    const auto view = engine::view_of(logits);
    auto out = array<double>::uninitialized(view.rows());
    detail::log_sum_exp_of(view, detail::as_logits, out.view(), how);
    return out;
}
/// log_sum_exp of l = scale * similarities, rounded to float, in the caller's memory.
///
/// Shapes, Units, Errors, Threads, Memory, Source   as log_sum_exp_into(logits, out), for l.
template <class Similarities, class Out, detail::if_float_rows<Similarities> = 0>
void log_sum_exp_into(const Similarities& similarities, logit_scale scale, Out&& out, const execution& how = {}) {
    detail::log_sum_exp_of(engine::view_of(similarities), detail::times(scale), detail::output_of<Out, double>(out),
                           how);
}
/// The same as a new array.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Similarities, detail::if_float_rows<Similarities> = 0>
array<double> log_sum_exp(const Similarities& similarities, logit_scale scale, const execution& how = {}) {
    const auto view = engine::view_of(similarities);
    auto out = array<double>::uninitialized(view.rows());
    detail::log_sum_exp_of(view, detail::times(scale), out.view(), how);
    return out;
}
UNITSPHERE_REFUSE_OTHER_SCORES(log_sum_exp);

/// Sigmoid of each logit, in the caller's memory.
///
///   out[i][j] = 1 / (1 + exp(-logits[i][j]))
///
/// Shapes   logits [n, m] of float, out [n, m]; any row strides >= m.
/// Units    probabilities, each on its own: a row does not sum to 1. Relative error <= 2.4e-7, also where the result is
///          tiny; a subnormal one is off by its last place.
/// Errors   shape_error if the shapes differ or the memory overlaps (out may be exactly the logits). NaN gives NaN,
///          +Inf gives 1, -Inf gives 0.
/// Threads  `how` splits the rows; every split gives the same bits.   Memory  none.
/// Source   Zhai et al. 2023, arXiv:2303.15343, section 3.2 (SigLIP).
template <class Logits, class Out, detail::if_float_rows<Logits> = 0>
void sigmoid_into(const Logits& logits, Out&& out, const execution& how = {}) {
    detail::sigmoid_of(engine::view_of(logits), detail::as_logits, 0.0f, detail::output_of<Out, float>(out), how);
}
/// The same as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
template <class Logits, detail::if_float_rows<Logits> = 0>
matrix<float> sigmoid(const Logits& logits, const execution& how = {}) {
    const auto view = engine::view_of(logits);
    auto out = matrix<float>::uninitialized(view.rows(), view.columns());
    detail::sigmoid_of(view, detail::as_logits, 0.0f, out.view(), how);
    return out;
}
/// SigLIP's probability that each pair belongs together, from its cosine, in the caller's memory.
///
///   out[i][j] = 1 / (1 + exp(-l)),   l = scale * cosines[i][j] + bias
///
/// SigLIP starts training at a scale of 10 and a bias of -10; take both from the checkpoint.
///
/// Shapes   cosines [n, m] of float, out [n, m]; any row strides >= m.
/// Units    probabilities, each on its own. l is a float: one rounding with fused multiply-add, two without. Its
///          sigmoid is as accurate as above.
/// Errors   as above, and value_error unless the bias is finite.
/// Threads, Memory   as above.   Source  Zhai et al. 2023, arXiv:2303.15343, section 3.2 and algorithm 1.
template <class Cosines, class Out, detail::if_float_rows<Cosines> = 0>
void sigmoid_into(const Cosines& cosines, logit_scale scale, required<float> bias, Out&& out,
                  const execution& how = {}) {
    detail::sigmoid_of(engine::view_of(cosines), detail::times(scale, "the cosines"), bias,
                       detail::output_of<Out, float>(out), how);
}
/// The same as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
template <class Cosines, detail::if_float_rows<Cosines> = 0>
matrix<float> sigmoid(const Cosines& cosines, logit_scale scale, required<float> bias, const execution& how = {}) {
    const auto view = engine::view_of(cosines);
    auto out = matrix<float>::uninitialized(view.rows(), view.columns());
    detail::sigmoid_of(view, detail::times(scale, "the cosines"), bias, out.view(), how);
    return out;
}
UNITSPHERE_REFUSE_OTHER_SCORES(sigmoid);

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
