/// Cosine similarity: every pair, row by row, or one pair. And what a model's forward() makes of it: CLIP's two logit
/// matrices, SigLIP's biased logits. Raw rows are normalized on the way.
#pragma once

#include "data/logit_scale.hpp"
#include "data/options.hpp"
#include "detail/sides.hpp"
#include "detail/store_scores.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

struct pairwise_cosine_options {
    row_policy a = {}, b = {};
    /// Each cosine in double, from the rows as they are, rounded once: within 6e-8, but not the bits of a matrix. One
    /// pair takes a third of the time, many pairs that of reading them.
    bool in_double = false;
};
struct cosine_options {
    row_policy a = {}, b = {};
    bool in_double = false;  ///< as in pairwise_cosine_options
};

namespace detail {

inline constexpr side_names cosine_names = of_queries_and_gallery("cosine_similarity");
inline constexpr side_names pairwise_names = of_a_and_b("pairwise_cosine");
inline constexpr side_names pair_names = of_a_and_b("cosine");
inline constexpr side_names clip_names = of_images_and_texts("clip_logits");
inline constexpr side_names siglip_names = of_images_and_texts("siglip_logits");

template <class Images, class Texts>
void require_siglip_inputs(const Images& images, const Texts& texts, float bias) {
    if (!is_finite(bias)) fail<value_error>("siglip_logits: bias is ", double(bias), ", not finite");
    require_same_dim(siglip_names, images, texts);
}

}  // namespace detail

/// Cosine similarity of every query with every gallery row, into the caller's memory.
///
///   scores[i][j] = <queries[i], gallery[j]> / (|queries[i]| |gallery[j]|)
///
/// Shapes   queries [q, dim], gallery [g, dim] or a `gallery` -> scores [q, g]; row-major, any row stride >= dim.
///          Scores are float; double, computed in double, where the output is and both sides hold doubles.
/// Units    none: a cosine in [-1, 1], within 6e-7 (docs/numerics.md). So a row and its copy may score 0.9999993,
///          orthogonal rows 1e-8 of either sign: compare with 0.99999 and 1e-6. Doubles are within 2e-14.
///          Raw rows are normalized on the way, unit rows are used as they are.
/// Errors   shape_error if the dims disagree, scores has another shape or overlaps an input; value_error for zero or
///          non-finite rows where the options of that side say so. By default a zero row scores 0, a row with NaN
///          or Inf scores NaN, in its row alone.
/// Threads  `how` splits the work; every split gives the same bits.
/// Memory   from the workspace of `how`: some MiB of packed queries and of the gallery; a gallery of up to 8 MiB may be
///          packed whole.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 2.3 and figure 3.
template <class Queries, class Gallery, class Scores, detail::if_sides<Queries, Gallery> = 0>
void cosine_similarity_into(const Queries& queries, const Gallery& gallery, Scores&& scores, const execution& how = {},
                            const cosine_similarity_options& options = {}) {
    const auto query_view = engine::view_of(queries);
    const auto gallery_view = engine::side_of(gallery);
    const auto out = detail::output_of<Scores, float, double>(scores);
    detail::require_same_dim(detail::cosine_names, query_view, gallery_view);
    detail::require_output(detail::cosine_names, "scores", out, query_view.rows(), gallery_view.rows(), query_view,
                           gallery_view);
    using C = typename decltype(out)::value_type;
    detail::score_all<C>(how, detail::cosine_names, query_view, gallery_view, options.queries, options.gallery,
                         engine::shared_by_workers{detail::store_scores<C>(out)});
}
/// The same as a new matrix; cosine_similarity<double>(queries, gallery) stays in double.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Result = float, class Queries, class Gallery, detail::if_sides<Queries, Gallery> = 0>
matrix<Result> cosine_similarity(const Queries& queries, const Gallery& gallery, const execution& how = {},
                                 const cosine_similarity_options& options = {}) {
    const auto query_view = engine::view_of(queries);
    const auto gallery_view = engine::side_of(gallery);
    detail::require_same_dim(detail::cosine_names, query_view, gallery_view);
    auto scores = matrix<Result>::uninitialized(query_view.rows(), gallery_view.rows());
    detail::score_all<Result>(how, detail::cosine_names, query_view, gallery_view, options.queries, options.gallery,
                              engine::shared_by_workers{detail::store_scores<Result>(scores.view())});
    return scores;
}
UNITSPHERE_REFUSE_OTHER_SIDES(cosine_similarity);

/// Cosine similarity of pairs: row i of a with row i of b, into the caller's memory.
///
///   scores[i] = <a[i], b[i]> / (|a[i]| |b[i]|)
///
/// Shapes   a, b [n, dim] -> n scores (an array, a std::vector or one row). Double as in cosine_similarity.
/// Units    none: a cosine in [-1, 1], with the same bits as in any matrix that holds the pair, unless `in_double`.
/// Errors   shape_error if a and b disagree in rows or dim; else as cosine_similarity.
/// Threads  `how` splits the pairs; every split gives the same bits.   Memory  none: 16 KiB of stack.
/// Source   as cosine_similarity.
template <class A, class B, class Scores, detail::if_rows<A, B> = 0>
void pairwise_cosine_into(const A& a, const B& b, Scores&& scores, const execution& how = {},
                          const pairwise_cosine_options& options = {}) {
    const auto view_a = engine::view_of(a);
    const auto view_b = engine::view_of(b);
    const auto out = detail::output_of<Scores, float, double>(scores);
    detail::require_same_shape(detail::pairwise_names, view_a, view_b);
    detail::require_output(detail::pairwise_names, "scores", out, 1, view_a.rows(), view_a, view_b);
    detail::score_pairs(how, detail::pairwise_names, view_a, view_b, options.a, options.b, options.in_double,
                        out.data());
}
/// The same as a new array.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
template <class Result = float, class A, class B, detail::if_rows<A, B> = 0>
array<Result> pairwise_cosine(const A& a, const B& b, const execution& how = {},
                              const pairwise_cosine_options& options = {}) {
    const auto view_a = engine::view_of(a);
    const auto view_b = engine::view_of(b);
    detail::require_same_shape(detail::pairwise_names, view_a, view_b);
    auto scores = array<Result>::uninitialized(view_a.rows());
    detail::score_pairs(how, detail::pairwise_names, view_a, view_b, options.a, options.b, options.in_double,
                        scores.data());
    return scores;
}
UNITSPHERE_REFUSE_OTHER_PAIRS(pairwise_cosine);

/// Cosine similarity of one pair.
///
///   <a, b> / (|a| |b|)
///
/// Shapes   a, b: one row each of the same dim (std::vector, std::array, a view of one row).
/// Units    none: a cosine in [-1, 1], with the same bits as in any matrix that holds the pair, and as far off: (1, 1)
///          and (1, -1) score -1.27e-8, two rows of a hundred ones 0.9999993443; `in_double` 0 and 1, and no matrix's
///          bits. cosine<double> takes rows of double.
/// Errors   shape_error if an argument is not one row or the dims disagree. By default a zero row gives 0, NaN or Inf
///          gives NaN.
/// Threads  the caller's.   Memory  none: 16 KiB of stack.
/// Source   as cosine_similarity.
template <class Result = float, class A, class B, detail::if_rows<A, B> = 0>
Result cosine(const A& a, const B& b, const cosine_options& options = {}) {
    const auto row_a = engine::view_of(a);
    const auto row_b = engine::view_of(b);
    if (row_a.rows() != 1 || row_b.rows() != 1)
        detail::fail<shape_error>("cosine: takes one row each, got ", row_a.rows(), " and ", row_b.rows());
    detail::require_same_dim(detail::pair_names, row_a, row_b);
    Result score = 0;
    detail::score_pairs({}, detail::pair_names, row_a, row_b, options.a, options.b, options.in_double, &score);
    return score;
}
UNITSPHERE_REFUSE_PAIRS(cosine, unless_rows);

/// CLIP's logits, into the caller's memory: what encode_image and encode_text return goes in as it is.
///
///   per_image[i][j] = per_text[j][i] = scale * cosine(images[i], texts[j])
///
/// Shapes   images [n, dim], texts [m, dim] or a `gallery` -> per_image [n, m], per_text [m, n]. An empty view,
///          matrix_view<float>{}, leaves per_text out.
/// Units    logits: cosines times the multiplier of `scale`.
/// Errors   as cosine_similarity, for both outputs, which must not overlap either.
/// Threads, Memory   as cosine_similarity.
/// Source   Radford et al. 2021, arXiv:2103.00020, figure 3; openai/CLIP model.py, forward().
template <class Images, class Texts, class PerImage, class PerText, detail::if_sides<Images, Texts> = 0>
void clip_logits_into(const Images& images, const Texts& texts, logit_scale scale, PerImage&& per_image,
                      PerText&& per_text, const execution& how = {}, const clip_logits_options& options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::side_of(texts);
    const auto out = detail::output_of<PerImage, float>(per_image);
    const auto transposed = detail::output_of<PerText, float>(per_text);
    const idx_t n = image_view.rows(), m = text_view.rows();
    detail::require_same_dim(detail::clip_names, image_view, text_view);
    detail::require_output(detail::clip_names, "per_image", out, n, m, image_view, text_view);
    if (transposed.rows() != 0 || transposed.columns() != 0) {
        detail::require_output(detail::clip_names, "per_text", transposed, m, n, image_view, text_view);
        detail::require_apart("clip_logits", "per_text", transposed, "per_image", out);
    }
    detail::score_all<float>(
        how, detail::clip_names, image_view, text_view, options.images, options.texts,
        engine::shared_by_workers{detail::store_logits{{{}, out}, scale.multiplier(), transposed}});
}
/// The same as new matrices: auto [per_image, per_text] = clip_logits(images, texts, scale).
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the results too.
template <class Images, class Texts, detail::if_sides<Images, Texts> = 0>
clip_logit_matrices clip_logits(const Images& images, const Texts& texts, logit_scale scale, const execution& how = {},
                                const clip_logits_options& options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::side_of(texts);
    detail::require_same_dim(detail::clip_names, image_view, text_view);
    const idx_t n = image_view.rows(), m = text_view.rows();
    clip_logit_matrices logits{matrix<float>::uninitialized(n, m), matrix<float>::uninitialized(m, n)};
    detail::score_all<float>(how, detail::clip_names, image_view, text_view, options.images, options.texts,
                             engine::shared_by_workers{detail::store_logits{
                                 {{}, logits.per_image.view()}, scale.multiplier(), logits.per_text.view()}});
    return logits;
}
UNITSPHERE_REFUSE_OTHER_SIDES(clip_logits);

/// SigLIP's logits, into the caller's memory; sigmoid() of each is the probability that the pair belongs together.
///
///   logits[i][j] = scale * cosine(images[i], texts[j]) + bias        one rounding with fused multiply-add
///
/// A model starts to train at logit_scale::from_multiplier(10) and bias -10; read both from the checkpoint.
///
/// Shapes   images [n, dim], texts [m, dim] or a `gallery` -> logits [n, m].
/// Units    logits. They are independent of each other: no softmax.
/// Errors   value_error if the bias is not finite; else as cosine_similarity.
/// Threads, Memory   as cosine_similarity.
/// Source   Zhai et al. 2023, arXiv:2303.15343, section 3.2.
template <class Images, class Texts, class Logits, detail::if_sides<Images, Texts> = 0>
void siglip_logits_into(const Images& images, const Texts& texts, logit_scale scale, required<float> bias,
                        Logits&& logits, const execution& how = {}, const siglip_logits_options& options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::side_of(texts);
    const auto out = detail::output_of<Logits, float>(logits);
    detail::require_siglip_inputs(image_view, text_view, bias);
    detail::require_output(detail::siglip_names, "logits", out, image_view.rows(), text_view.rows(), image_view,
                           text_view);
    detail::score_all<float>(
        how, detail::siglip_names, image_view, text_view, options.images, options.texts,
        engine::shared_by_workers{detail::store_biased_logits{{{}, out}, scale.multiplier(), bias}});
}
/// The same as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Images, class Texts, detail::if_sides<Images, Texts> = 0>
matrix<float> siglip_logits(const Images& images, const Texts& texts, logit_scale scale, required<float> bias,
                            const execution& how = {}, const siglip_logits_options& options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::side_of(texts);
    detail::require_siglip_inputs(image_view, text_view, bias);
    auto logits = matrix<float>::uninitialized(image_view.rows(), text_view.rows());
    detail::score_all<float>(
        how, detail::siglip_names, image_view, text_view, options.images, options.texts,
        engine::shared_by_workers{detail::store_biased_logits{{{}, logits.view()}, scale.multiplier(), bias}});
    return logits;
}
UNITSPHERE_REFUSE_OTHER_SIDES(siglip_logits);

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
