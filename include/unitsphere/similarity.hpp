/// Cosine similarity of rows, and CLIP's logits. Raw rows are normalized on the way: no unit, no cosine.
#pragma once

#include "data/logit_scale.hpp"
#include "data/output.hpp"
#include "engine/score_tiles.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

/// Consumer: out[i][j] = scale * score, and the same at out_transposed[j][i] where that is asked for.
struct store_scores {
    matrix_view<float> out, out_transposed;
    float scale;

    void tile(const engine::score_tile& tile) const noexcept {
        for (int r = 0; r < tile.rows; ++r) {
            float* row = out.row(tile.first_row + r);
            tile.store_row(r, scale, row);
            if (out_transposed.data() == nullptr) continue;
            for (index c = tile.first_column; c < tile.first_column + tile.columns; ++c)
                out_transposed(c, tile.first_row + r) = row[c];
        }
    }
    void rows_done(index, index) const noexcept {}
};

/// What an error should call the function, the output, and of either side: all of it, its dim, one of its rows.
struct side_names {
    const char *function, *scores;
    const char *queries, *queries_have, *query_row;
    const char *gallery, *gallery_has, *gallery_row;
};
inline constexpr side_names cosine_names{"cosine_similarity", "scores",  "queries",          "queries have dim ",
                                         "queries row ",      "gallery", "gallery has dim ", "gallery row "};
inline constexpr side_names pair_names{"cosine",  "the result", "a",          "a has dim ",
                                       "a, row ", "b",          "b has dim ", "b, row "};
inline constexpr side_names clip_names{"clip_logits", "per_image", "images",          "images have dim ",
                                       "images row ", "texts",     "texts have dim ", "texts row "};

template <class Queries, class Gallery>
void require_same_dim(const side_names& names, const Queries& queries, const Gallery& gallery) {
    if (queries.dim() != gallery.dim())
        fail<shape_error>(names.function, ": ", names.queries_have, queries.dim(), ", ", names.gallery_has,
                          gallery.dim());
}

/// scores = scale * cosines, transposed too where `transposed` has memory.
template <class Queries, class Gallery>
void score_all(const side_names& names, const Queries& queries, const Gallery& gallery, float scale,
               matrix_view<float> scores, matrix_view<float> transposed, const normalize_options& query_options,
               const normalize_options& gallery_options) {
    require_same_dim(names, queries, gallery);
    require_shape(names.function, names.scores, scores, queries.rows(), gallery.rows());
    const auto require_apart_from_inputs = [&](const char* name, const matrix_view<float>& out) {
        require_apart(names.function, name, out, names.queries, engine::values_of(queries));
        require_apart(names.function, name, out, names.gallery, engine::values_of(gallery));
    };
    require_apart_from_inputs(names.scores, scores);
    require_apart_from_inputs("per_text", transposed);
    engine::row_source query_source(queries, query_options, names.function, names.query_row);
    engine::row_source gallery_source(gallery, gallery_options, names.function, names.gallery_row);
    const engine::packed_rows packed(gallery_source);
    engine::score_tiles(query_source, packed, store_scores{scores, transposed, scale});
    query_source.report();
    gallery_source.report();
}

}  // namespace detail

/// Cosine similarity of every query with every gallery row, into the caller's memory.
///
///   scores[i][j] = <queries[i], gallery[j]> / (|queries[i]| |gallery[j]|)
///
/// Shapes   queries [q, dim], gallery [g, dim] -> scores [q, g]; row-major, any row stride >= dim.
/// Units    none: a cosine in [-1, 1]. Raw views are normalized on the way, unit rows are used as they are.
/// Errors   shape_error if the dims disagree, scores has another shape or overlaps an input; value_error for zero or
///          non-finite rows where the options of that side say so. By default a zero row scores 0, a row with NaN
///          or Inf scores NaN, in its row alone.
/// Threads  the caller's.   Memory  a packed copy of the gallery as float, and some rows of queries.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 2.3 and figure 3.
template <class Queries, class Gallery>
void cosine_similarity(const Queries& queries, const Gallery& gallery, matrix_view<float> scores,
                       const normalize_options& query_options = {}, const normalize_options& gallery_options = {}) {
    detail::score_all(detail::cosine_names, engine::view_of(queries), engine::view_of(gallery), 1.0f, scores, {},
                      query_options, gallery_options);
}

/// Cosine similarity of every query with every gallery row, as a new matrix [q, g].
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Queries, class Gallery>
matrix<float> cosine_similarity(const Queries& queries, const Gallery& gallery,
                                const normalize_options& query_options = {},
                                const normalize_options& gallery_options = {}) {
    const auto query_view = engine::view_of(queries);
    const auto gallery_view = engine::view_of(gallery);
    detail::require_same_dim(detail::cosine_names, query_view, gallery_view);
    auto scores = matrix<float>::uninitialized(query_view.rows(), gallery_view.rows());
    cosine_similarity(queries, gallery, scores.view(), query_options, gallery_options);
    return scores;
}

/// Cosine similarity of one pair.
///
///   <a, b> / (|a| |b|)
///
/// Shapes   a, b: one row each of the same dim (std::vector, std::array, a view of one row).
/// Units    none: a cosine in [-1, 1], with the same bits as in any matrix that holds the pair.
/// Errors   shape_error if an argument is not one row or the dims disagree. A zero row gives 0, NaN or Inf gives NaN.
/// Threads  the caller's.   Memory  a packed copy of both rows.
/// Source   as cosine_similarity.
template <class A, class B>
float cosine(const A& a, const B& b) {
    const auto row_a = engine::view_of(a);
    const auto row_b = engine::view_of(b);
    if (row_a.rows() != 1 || row_b.rows() != 1)
        detail::fail<shape_error>("cosine: takes one row each, got ", row_a.rows(), " and ", row_b.rows());
    float score;
    detail::score_all(detail::pair_names, row_a, row_b, 1.0f, {&score, 1, 1}, {}, {}, {});
    return score;
}

/// The same for two rows of `dim` elements behind pointers.
///
/// Shapes, Units, Errors, Threads, Memory, Source   as above.
template <class A, class B>
float cosine(const A* a, const B* b, index dim) {
    return cosine(matrix_view<const A>(a, 1, dim), matrix_view<const B>(b, 1, dim));
}

/// CLIP's two logit matrices; one is the transpose of the other, bit for bit.
struct clip_logit_matrices {
    matrix<float> per_image;  ///< [images, texts]
    matrix<float> per_text;   ///< [texts, images]
};

/// CLIP's logits in the caller's memory: what encode_image and encode_text return goes in as it is.
///
///   per_image[i][j] = per_text[j][i] = scale * cosine(images[i], texts[j])
///
/// Shapes   images [n, dim], texts [m, dim] -> per_image [n, m], per_text [m, n].
/// Units    logits: cosines times the multiplier of `scale`.
/// Errors   as cosine_similarity, for both outputs, which must not overlap either.
/// Threads  the caller's.   Memory  as cosine_similarity.
/// Source   Radford et al. 2021, arXiv:2103.00020, figure 3; openai/CLIP model.py, forward().
template <class Images, class Texts>
void clip_logits(const Images& images, const Texts& texts, logit_scale scale, matrix_view<float> per_image,
                 matrix_view<float> per_text, const normalize_options& image_options = {},
                 const normalize_options& text_options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::view_of(texts);
    detail::require_shape("clip_logits", "per_text", per_text, text_view.rows(), image_view.rows());
    detail::require_apart("clip_logits", "per_text", per_text, "per_image", per_image);
    detail::score_all(detail::clip_names, image_view, text_view, scale.multiplier(), per_image, per_text, image_options,
                      text_options);
}

/// The same, per image only.
///
/// Shapes, Units, Errors, Threads, Memory, Source   as above.
template <class Images, class Texts>
void clip_logits(const Images& images, const Texts& texts, logit_scale scale, matrix_view<float> per_image,
                 const normalize_options& image_options = {}, const normalize_options& text_options = {}) {
    detail::score_all(detail::clip_names, engine::view_of(images), engine::view_of(texts), scale.multiplier(),
                      per_image, {}, image_options, text_options);
}

/// The same, both as new matrices: auto [per_image, per_text] = clip_logits(images, texts, scale).
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the results too.
template <class Images, class Texts>
clip_logit_matrices clip_logits(const Images& images, const Texts& texts, logit_scale scale,
                                const normalize_options& image_options = {},
                                const normalize_options& text_options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::view_of(texts);
    detail::require_same_dim(detail::clip_names, image_view, text_view);
    const index n = image_view.rows(), m = text_view.rows();
    clip_logit_matrices logits{matrix<float>::uninitialized(n, m), matrix<float>::uninitialized(m, n)};
    clip_logits(images, texts, scale, logits.per_image.view(), logits.per_text.view(), image_options, text_options);
    return logits;
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
