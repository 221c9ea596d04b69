/// Retrieval between images and texts, both ways, without the matrix of scores. The measures are in metrics.hpp.
#pragma once

#include "data/column.hpp"
#include "detail/rank_counting.hpp"
#include "detail/ranks_by_query.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

struct pair_ranks_options {
    row_policy images = {}, texts = {};
    bool rescore = false;  ///< compare cosines in double where scores are too near each other
};
struct retrieval_options {
    row_policy images = {}, texts = {};
    bool rescore = false;  ///< as in pair_ranks
};
struct clip_score_options {
    row_policy images = {}, texts = {};
};

/// Both ranks of each text and its image, from 1 on; 0 for a text of no image.
struct ranks_of_pairs {
    array<idx_t> text_ranks;   ///< [texts] of the text, among all texts for its image
    array<idx_t> image_ranks;  ///< [texts] of its image, among all images for the text
};

/// Both directions of one set of images and texts.
struct retrieval_result {
    retrieval_ranks image_to_text;  ///< each image among the texts: as many ranks as it has texts, perhaps none
    retrieval_ranks text_to_image;  ///< each text among the images: one rank, or none for a text of no image
};

namespace detail {

inline constexpr side_names pair_ranks_names = of_images_and_texts("pair_ranks");
inline constexpr side_names retrieval_names = of_images_and_texts("retrieval");
inline constexpr side_names clip_score_names = of_images_and_texts("clip_score");

/// Both ranks in new arrays, once the list has been checked.
template <class Images, class Texts, class Label, class Options>
ranks_of_pairs new_ranks(const side_names& names, const Images& images, const Texts& texts,
                         const matrix_view<const Label>& image_of_text, const execution& how, const Options& options) {
    require_pairs(names, images, texts, image_of_text);
    const idx_t g = texts.rows();
    ranks_of_pairs ranks{array<idx_t>::uninitialized(g), array<idx_t>::uninitialized(g)};
    rank_pairs(names, images, texts, image_of_text, ranks.text_ranks.data(), ranks.image_ranks.data(), how, options);
    return ranks;
}

template <class Images, class Texts, class Label>
retrieval_result retrieve(const Images& images, const Texts& texts, const matrix_view<const Label>& image_of_text,
                          const execution& how, const retrieval_options& options) {
    const idx_t q = images.rows(), g = texts.rows();
    const ranks_of_pairs ranks = new_ranks(retrieval_names, images, texts, image_of_text, how, options);
    const auto image_of = [&](idx_t j) { return idx_t(image_of_text(j, 0)); };
    const auto text_of = [&](idx_t j) { return image_of(j) < 0 ? idx_t(-1) : j; };
    return {ranks_by_query(ranks.text_ranks, image_of, q, g), ranks_by_query(ranks.image_ranks, text_of, g, q)};
}

}  // namespace detail

/// Both ranks of every pair of an image and its text, into the caller's memory.
///
///   text_ranks[j]  = 1 + |{ t : cosine(image of j, text t) comes before cosine(image of j, text j) }|
///   image_ranks[j] = 1 + |{ i : cosine(image i, text j) comes before cosine(image of j, text j) }|
///
/// Exact, in the order of top_k: score descending, then index ascending (-0 equals +0). A pair whose score is NaN is
/// behind all others: texts + 1 and images + 1. A text of no image (-1) has no rank: 0; it still competes with others.
///
/// Shapes   images [q, dim], texts [g, dim], either of them rows or a `gallery`; image_of_text: g integers, the image
///          row of each text or -1; an image may have any number of texts -> text_ranks, image_ranks: g of idx_t (an
///          array, a std::vector or one row).
/// Units    ranks, from 1 on. Cosines that differ by less than 7e-7, those of near twins, may compare either way.
///          options.rescore compares these in double, as in top_k: from the numbers as they are given, every score
///          within its bound of the pair's. Each takes time, none memory.
/// Errors   shape_error if the dims disagree, the list has not g entries, or an output has another shape or overlaps;
///          value_error for an image that is not there (names the text), and for zero or non-finite rows where the
///          options of that side say so. By default a zero row has cosine 0 with every row, so that its ranks follow
///          from the indices: zero_rows = on_row::nan counts failed images as never found.
/// Threads  `how` splits the texts, or the images; every split gives the same ranks.
/// Memory   2 g counters for each worker, O(q + g) besides and some MiB of packed rows, from the workspace of `how`;
///          never the matrix of scores.
/// Source   Karpathy and Fei-Fei 2015, arXiv:1412.2306, section 4.2; open_clip ranks equal scores by index as well.
template <class Images, class Texts, class ImageOfText, class TextRanks, class ImageRanks,
          detail::if_queries<Images, Texts> = 0, detail::if_list<ImageOfText> = 0>
void pair_ranks_into(const Images& images, const Texts& texts, const ImageOfText& image_of_text, TextRanks&& text_ranks,
                     ImageRanks&& image_ranks, const execution& how = {}, const pair_ranks_options& options = {}) {
    const auto image_view = engine::queries_of(images);
    const auto text_view = engine::side_of(texts);
    const auto list = detail::labels_of(image_of_text, "pair_ranks");
    const auto of_texts = detail::output_of<TextRanks, idx_t>(text_ranks);
    const auto of_images = detail::output_of<ImageRanks, idx_t>(image_ranks);
    const detail::side_names& names = detail::pair_ranks_names;
    detail::require_pairs(names, image_view, text_view, list);
    detail::require_output(names, "text_ranks", of_texts, 1, text_view.rows(), image_view, text_view);
    detail::require_output(names, "image_ranks", of_images, 1, text_view.rows(), image_view, text_view);
    detail::require_apart(names.function, "text_ranks", of_texts, "image_ranks", of_images);
    detail::require_apart(names.function, "text_ranks", of_texts, "image_of_text", list);
    detail::require_apart(names.function, "image_ranks", of_images, "image_of_text", list);
    detail::rank_pairs(names, image_view, text_view, list, of_texts.data(), of_images.data(), how, options);
}
/// The same as new arrays: auto [text_ranks, image_ranks] = pair_ranks(images, texts, image_of_text).
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the results too.
template <class Images, class Texts, class ImageOfText, detail::if_queries<Images, Texts> = 0,
          detail::if_list<ImageOfText> = 0>
ranks_of_pairs pair_ranks(const Images& images, const Texts& texts, const ImageOfText& image_of_text,
                          const execution& how = {}, const pair_ranks_options& options = {}) {
    return detail::new_ranks(detail::pair_ranks_names, engine::queries_of(images), engine::side_of(texts),
                             detail::labels_of(image_of_text, "pair_ranks"), how, options);
}
UNITSPHERE_REFUSE_PAIRS(pair_ranks, unless_queries);
UNITSPHERE_REFUSE_PAIRS(pair_ranks_into, unless_queries);

/// Retrieval between images and texts: at which ranks each finds what belongs to it.
///
///   image i finds its texts  { j : image_of_text[j] == i },   text j its image  image_of_text[j]
///
/// The measures take either direction: recall_at(found.image_to_text, 5), median_rank(found.text_to_image). An image
/// without a text is not evaluated there (torchmetrics counts it as 0); evaluated_queries() says how many are.
///
/// Shapes   as pair_ranks: images [q, dim], texts [g, dim], image_of_text: g integers, the image row of each text or -1
///          for none; an image may have several texts.
/// Units    ranks, from 1 on, in the order of top_k: score descending, then index ascending. Rows that are equal get
///          the ranks 1 .. n, where lines that count only larger scores give 1. options.rescore as in pair_ranks.
/// Errors   as pair_ranks.
/// Threads  `how` splits the work; every split gives the same ranks.
/// Memory   the result, as much again, and what pair_ranks takes: O(q + g), never the matrix of scores.
/// Source   Karpathy and Fei-Fei 2015, arXiv:1412.2306, section 4.2; CLIP_benchmark: any text of an image is a hit.
template <class Images, class Texts, class ImageOfText, detail::if_queries<Images, Texts> = 0,
          detail::if_list<ImageOfText> = 0>
retrieval_result retrieval(const Images& images, const Texts& texts, const ImageOfText& image_of_text,
                           const execution& how = {}, const retrieval_options& options = {}) {
    return detail::retrieve(engine::queries_of(images), engine::side_of(texts),
                            detail::labels_of(image_of_text, "retrieval"), how, options);
}
/// The same where row i of both belongs together.
///
/// Shapes   images, texts [n, dim].   Errors  as above; shape_error if there are not as many images as texts.
/// Units, Threads, Memory, Source   as above.
template <class Images, class Texts, detail::if_queries<Images, Texts> = 0>
retrieval_result retrieval(const Images& images, const Texts& texts, const execution& how = {},
                           const retrieval_options& options = {}) {
    const auto image_view = engine::queries_of(images);
    const auto text_view = engine::side_of(texts);
    const idx_t n = text_view.rows();
    if (image_view.rows() != n)
        detail::fail<shape_error>("retrieval: images have ", image_view.rows(), " rows, texts have ", n,
                                  "; image_of_text says which belong together");
    detail::require_same_dim(detail::retrieval_names, image_view, text_view);
    auto same_row = array<idx_t>::uninitialized(n);
    for (idx_t j = 0; j < n; ++j) same_row[j] = j;
    return detail::retrieve(image_view, text_view, detail::labels_of(same_row), how, options);
}
UNITSPHERE_REFUSE_PAIRS(retrieval, unless_queries);

/// CLIPScore: how well captions fit their images, 0 to 100.
///
///   mean over i of max(100 cosine(images[i], texts[i]), 0)
///
/// Shapes   images, texts [n, dim], row i with row i.
/// Units    100 times a cosine; NaN of no pairs, and where a row is not finite: broken rows are not hidden.
/// Errors   shape_error if rows or dims disagree; value_error for rows as in cosine_similarity.
/// Threads  `how` splits the pairs; every split gives the same bits.   Memory  n scores.
/// Source   Hessel et al. 2021, arXiv:2104.08718, whose factor is 2.5; the formula of torchmetrics' CLIPScore, whose
///          code takes the maximum after the mean: the same where no pair has a negative cosine.
template <class Images, class Texts, detail::if_rows<Images, Texts> = 0>
double clip_score(const Images& images, const Texts& texts, const execution& how = {},
                  const clip_score_options& options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::view_of(texts);
    detail::require_same_dim(detail::clip_score_names, image_view, text_view);
    const idx_t n = image_view.rows();
    if (n != text_view.rows())
        detail::fail<shape_error>("clip_score: images have ", n, " rows, texts have ", text_view.rows());
    auto scores = array<float>::uninitialized(n);
    detail::score_pairs(how, detail::clip_score_names, image_view, text_view, options.images, options.texts, false,
                        scores.data());
    double sum = 0.0;
    for (const float score : scores) {
        if (detail::is_nan(score)) return double(detail::quiet_nan());
        if (score > 0.0f) sum += 100.0 * double(score);
    }
    return n == 0 ? double(detail::quiet_nan()) : sum / double(n);
}
UNITSPHERE_REFUSE_PAIRS(clip_score, unless_rows);

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
