/// Retrieval between images and texts, both ways: recall@k, mean and median rank and their kin, without the scores.
#pragma once

#include "pair_ranks.hpp"
#include "ranking.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// Both directions of one set of images and texts.
struct retrieval_result {
    retrieval_ranks image_to_text;  ///< each image among the texts: as many places as it has texts, perhaps none
    retrieval_ranks text_to_image;  ///< each text among the images: one place, or none for a text of no image
};

namespace detail {

inline constexpr side_names retrieval_names = of_images_and_texts("retrieval", "ranks");
inline constexpr side_names clip_score_names = of_images_and_texts("clip_score", "the result");

template <class Images, class Texts, class Label>
retrieval_result retrieve(const Images& images, const Texts& texts, const matrix_view<const Label>& image_of_text,
                          const execution& how, const normalize_options& image_options,
                          const normalize_options& text_options) {
    const index q = images.rows(), g = texts.rows();
    matrix<index> text_ranks(1, g), image_ranks(1, g);
    rank_pairs(retrieval_names, images, texts, image_of_text, text_ranks.data(), image_ranks.data(), how, image_options,
               text_options);
    const auto image_of = [&](index j) { return index(image_of_text(j, 0)); };
    const auto text_of = [&](index j) { return image_of(j) < 0 ? index(-1) : j; };
    return {ranks_by_query(text_ranks.data(), g, image_of, q, g), ranks_by_query(image_ranks.data(), g, text_of, g, q)};
}

}  // namespace detail

/// Retrieval between images and texts: where each finds what belongs to it.
///
///   image i finds its texts  { j : image_of_text[j] == i },   text j its image  image_of_text[j]
///
/// The measures take either direction: recall_at(found.image_to_text, 5), median_rank(found.text_to_image). An image
/// without a text looks for nothing and does not count there; asking() says how many do.
///
/// Shapes   images [q, dim], texts [g, dim], image_of_text: g integers, the image row of each text or -1 for none; an
///          image may have several texts. Without the list row i of both belong together.
/// Units    places, from 1 on, in the order of top_k: score descending, then index ascending.
/// Errors   as pair_ranks; shape_error without the list if there are not as many images as texts.
/// Threads  `how` splits the work; every split gives the same places.
/// Memory   the result, as much again, and what pair_ranks takes: O(q + g), never the matrix of scores.
/// Source   Karpathy and Fei-Fei 2015, arXiv:1412.2306, section 4.2; CLIP_benchmark: any text of an image is a hit.
template <class Images, class Texts, class ImageOfText, std::enable_if_t<detail::is_list<ImageOfText>, int> = 0>
retrieval_result retrieval(const Images& images, const Texts& texts, const ImageOfText& image_of_text,
                           const execution& how, const normalize_options& image_options = {},
                           const normalize_options& text_options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::view_of(texts);
    const auto labels = detail::labels_of(image_of_text);
    detail::require_pairs_of(detail::retrieval_names, image_view, text_view, labels);
    return detail::retrieve(image_view, text_view, labels, how, image_options, text_options);
}
template <class Images, class Texts, class ImageOfText, std::enable_if_t<detail::is_list<ImageOfText>, int> = 0>
retrieval_result retrieval(const Images& images, const Texts& texts, const ImageOfText& image_of_text,
                           const normalize_options& image_options = {}, const normalize_options& text_options = {}) {
    return retrieval(images, texts, image_of_text, sequential{}, image_options, text_options);
}
/// Row i of the images with row i of the texts.
template <class Images, class Texts>
retrieval_result retrieval(const Images& images, const Texts& texts, const execution& how,
                           const normalize_options& image_options = {}, const normalize_options& text_options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::view_of(texts);
    if (image_view.rows() != text_view.rows())
        detail::fail<shape_error>("retrieval: images have ", image_view.rows(), " rows, texts have ", text_view.rows(),
                                  "; image_of_text says which belong together");
    detail::require_same_dim(detail::retrieval_names, image_view, text_view);
    matrix<index> same(1, text_view.rows());
    for (index j = 0; j < same.dim(); ++j) same(0, j) = j;
    const matrix_view<const index> labels(same.data(), same.dim(), 1);
    return detail::retrieve(image_view, text_view, labels, how, image_options, text_options);
}
template <class Images, class Texts>
retrieval_result retrieval(const Images& images, const Texts& texts, const normalize_options& image_options = {},
                           const normalize_options& text_options = {}) {
    return retrieval(images, texts, sequential{}, image_options, text_options);
}

/// CLIPScore: how well captions fit their images, 0 to 100.
///
///   mean over i of max(100 cosine(images[i], texts[i]), 0)
///
/// Shapes   images, texts [n, dim], row i with row i.
/// Units    100 times a cosine; NaN of no pairs, and where a row is not finite: broken rows are not hidden.
/// Errors   shape_error if rows or dims disagree; value_error for rows as in cosine_similarity.
/// Threads  `how` splits the pairs; every split gives the same bits.   Memory  n scores.
/// Source   Hessel et al. 2021, arXiv:2104.08718, whose factor is 2.5; the formula of torchmetrics' CLIPScore, whose code
///          takes the maximum after the mean: the same where no pair has a negative cosine.
template <class Images, class Texts>
double clip_score(const Images& images, const Texts& texts, const execution& how,
                  const normalize_options& image_options = {}, const normalize_options& text_options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::view_of(texts);
    detail::require_same_dim(detail::clip_score_names, image_view, text_view);
    const index n = image_view.rows();
    if (n != text_view.rows())
        detail::fail<shape_error>("clip_score: images have ", n, " rows, texts have ", text_view.rows());
    auto scores = matrix<float>::uninitialized(1, n);
    detail::cosines_of_pairs(detail::clip_score_names, image_view, text_view, scores.data(), how, image_options,
                             text_options);
    double sum = 0.0;
    for (index i = 0; i < n; ++i) {
        if (detail::is_nan(scores(0, i))) return double(detail::quiet_nan());
        if (scores(0, i) > 0.0f) sum += 100.0 * double(scores(0, i));
    }
    return n == 0 ? double(detail::quiet_nan()) : sum / double(n);
}
/// On the caller's thread.
template <class Images, class Texts>
double clip_score(const Images& images, const Texts& texts, const normalize_options& image_options = {},
                  const normalize_options& text_options = {}) {
    return clip_score(images, texts, sequential{}, image_options, text_options);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
