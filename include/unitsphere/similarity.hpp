/// Cosine similarity of rows: every pair, row by row, or one pair. Raw rows are normalized on the way.
#pragma once

#include "engine/pair_scores.hpp"
#include "engine/score_tiles.hpp"
#include "normalize.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

/// What an error should call the function, the output, and of either side: all of it, its dim, one of its rows.
struct side_names {
    const char *function, *scores;
    const char *queries, *queries_have, *query_row;
    const char *gallery, *gallery_has, *gallery_row;
};
constexpr side_names of_queries_and_gallery(const char* function, const char* scores) {
    return {function,       scores,    "queries",          "queries have dim ",
            "queries row ", "gallery", "gallery has dim ", "gallery row "};
}
constexpr side_names of_images_and_texts(const char* function, const char* scores) {
    return {function, scores, "images", "images have dim ", "images row ", "texts", "texts have dim ", "texts row "};
}
inline constexpr side_names cosine_names = of_queries_and_gallery("cosine_similarity", "scores");
inline constexpr side_names pairwise_names{"pairwise_cosine", "scores", "a",          "a has dim ",
                                           "a, row ",         "b",      "b has dim ", "b, row "};
inline constexpr side_names pair_names{"cosine",  "the result", "a",          "a has dim ",
                                       "a, row ", "b",          "b has dim ", "b, row "};

template <class Queries, class Gallery>
void require_same_dim(const side_names& names, const Queries& queries, const Gallery& gallery) {
    if (queries.dim() != gallery.dim())
        fail<shape_error>(names.function, ": ", names.queries_have, queries.dim(), ", ", names.gallery_has,
                          gallery.dim());
}

/// Consumer: out[i][j] = scores.
template <class C>
struct store_scores {
    matrix_view<C> out;

    void expect(index row, int rows, index column, int columns) const noexcept {
        engine::expect_tile(out, row, rows, column, columns);
    }
    void tile(const engine::score_tile<C>& tile) const noexcept { tile.store(C(1), out); }
    void rows_done(index, index) const noexcept {}
};

/// Every score of both sides, in C, to one consumer that all workers share.
template <class C, class Queries, class Gallery, class Consumer>
void score_all(const execution& how, const side_names& names, const Queries& queries, const Gallery& gallery,
               const normalize_options& query_options, const normalize_options& gallery_options,
               const Consumer& consumer) {
    engine::row_source query_source(queries, query_options, names.function, names.query_row);
    engine::gallery_side<Gallery> gallery_side(gallery, gallery_options, names.function, names.gallery_row);
    engine::score_tiles<C>(how, query_source, gallery_side, engine::shared_by_workers{consumer});
    query_source.report();
    gallery_side.report();
}

/// Refuses an output that shares memory with one of the sides.
template <class C, class Queries, class Gallery>
void require_apart_from_sides(const side_names& names, const char* name, const matrix_view<C>& out,
                              const Queries& queries, const Gallery& gallery) {
    require_apart(names.function, name, out, names.queries, engine::values_of(queries));
    require_apart(names.function, name, out, names.gallery, engine::values_of(gallery));
}

template <class C, class Queries, class Gallery>
void cosine_matrix(const Queries& queries, const Gallery& gallery, matrix_view<C> scores, const execution& how,
                   const normalize_options& query_options, const normalize_options& gallery_options) {
    require_result_type<C, typename Queries::value_type, typename Gallery::value_type>();
    require_same_dim(cosine_names, queries, gallery);
    require_shape(cosine_names.function, cosine_names.scores, scores, queries.rows(), gallery.rows());
    require_apart_from_sides(cosine_names, cosine_names.scores, scores, queries, gallery);
    score_all<C>(how, cosine_names, queries, gallery, query_options, gallery_options, store_scores<C>{scores});
}

/// scores[i] of row i of both sides, which have the same shape.
template <class C, class A, class B>
void cosines_of_pairs(const side_names& names, const A& a, const B& b, C* scores, const execution& how,
                      const normalize_options& a_options, const normalize_options& b_options) {
    require_result_type<C, typename A::value_type, typename B::value_type>();
    engine::row_source source_a(a, a_options, names.function, names.query_row);
    engine::row_source source_b(b, b_options, names.function, names.gallery_row);
    engine::pair_scores(how, source_a, source_b, scores);
    source_a.report();
    source_b.report();
}

template <class A, class B>
void require_pairs(const A& a, const B& b) {
    require_same_dim(pairwise_names, a, b);
    if (a.rows() != b.rows())
        fail<shape_error>("pairwise_cosine: a has ", a.rows(), " rows, b has ", b.rows(), " rows");
}

template <class C, class A, class B>
void pairwise_into(const A& a, const B& b, matrix_view<C> scores, const execution& how,
                   const normalize_options& a_options, const normalize_options& b_options) {
    require_pairs(a, b);
    require_shape(pairwise_names.function, pairwise_names.scores, scores, 1, a.rows());
    require_apart_from_sides(pairwise_names, pairwise_names.scores, scores, a, b);
    cosines_of_pairs(pairwise_names, a, b, scores.data(), how, a_options, b_options);
}

}  // namespace detail

/// Cosine similarity of every query with every gallery row, into the caller's memory.
///
///   scores[i][j] = <queries[i], gallery[j]> / (|queries[i]| |gallery[j]|)
///
/// Shapes   queries [q, dim], gallery [g, dim] -> scores [q, g]; row-major, any row stride >= dim. Scores are float;
///          double, computed in double, where the output is and both sides hold doubles.
/// Units    none: a cosine in [-1, 1]. Raw views are normalized on the way, unit rows are used as they are.
/// Errors   shape_error if the dims disagree, scores has another shape or overlaps an input; value_error for zero or
///          non-finite rows where the options of that side say so. By default a zero row scores 0, a row with NaN
///          or Inf scores NaN, in its row alone.
/// Threads  `how` splits the work; every split gives the same bits.
/// Memory   from the workspace of `how`: some MiB of packed queries and of the gallery; a gallery of up to 8 MiB may be
///          packed whole.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 2.3 and figure 3.
template <class Queries, class Gallery>
void cosine_similarity(const Queries& queries, const Gallery& gallery, matrix_view<float> scores, const execution& how,
                       const normalize_options& query_options = {}, const normalize_options& gallery_options = {}) {
    detail::cosine_matrix(engine::view_of(queries), engine::side_of(gallery), scores, how, query_options,
                          gallery_options);
}
template <class Queries, class Gallery>
void cosine_similarity(const Queries& queries, const Gallery& gallery, matrix_view<double> scores, const execution& how,
                       const normalize_options& query_options = {}, const normalize_options& gallery_options = {}) {
    detail::cosine_matrix(engine::view_of(queries), engine::side_of(gallery), scores, how, query_options,
                          gallery_options);
}
/// On the caller's thread.
template <class Queries, class Gallery>
void cosine_similarity(const Queries& queries, const Gallery& gallery, matrix_view<float> scores,
                       const normalize_options& query_options = {}, const normalize_options& gallery_options = {}) {
    cosine_similarity(queries, gallery, scores, sequential{}, query_options, gallery_options);
}
template <class Queries, class Gallery>
void cosine_similarity(const Queries& queries, const Gallery& gallery, matrix_view<double> scores,
                       const normalize_options& query_options = {}, const normalize_options& gallery_options = {}) {
    cosine_similarity(queries, gallery, scores, sequential{}, query_options, gallery_options);
}

/// Cosine similarity of every query with every gallery row, as a new matrix [q, g].
///
/// Shapes, Units, Errors, Threads, Source   as above; cosine_similarity<double>(queries, gallery) stays in double.
/// Memory   the result too.
template <class Result = float, class Queries, class Gallery>
matrix<Result> cosine_similarity(const Queries& queries, const Gallery& gallery, const execution& how,
                                 const normalize_options& query_options = {},
                                 const normalize_options& gallery_options = {}) {
    const auto query_view = engine::view_of(queries);
    const auto gallery_view = engine::side_of(gallery);
    detail::require_same_dim(detail::cosine_names, query_view, gallery_view);
    auto scores = matrix<Result>::uninitialized(query_view.rows(), gallery_view.rows());
    detail::cosine_matrix(query_view, gallery_view, scores.view(), how, query_options, gallery_options);
    return scores;
}
template <class Result = float, class Queries, class Gallery>
matrix<Result> cosine_similarity(const Queries& queries, const Gallery& gallery,
                                 const normalize_options& query_options = {},
                                 const normalize_options& gallery_options = {}) {
    return cosine_similarity<Result>(queries, gallery, sequential{}, query_options, gallery_options);
}

/// Cosine similarity of pairs: row i of a with row i of b, into the caller's memory.
///
///   scores[i] = <a[i], b[i]> / (|a[i]| |b[i]|)
///
/// Shapes   a, b [n, dim] -> scores [1, n] (a std::vector of n will do). Double as in cosine_similarity.
/// Units    none: a cosine in [-1, 1], with the same bits as in any matrix that holds the pair.
/// Errors   shape_error if a and b disagree in rows or dim; else as cosine_similarity.
/// Threads  `how` splits the pairs; every split gives the same bits.   Memory  none: 16 KiB of stack.
/// Source   as cosine_similarity.
template <class A, class B>
void pairwise_cosine(const A& a, const B& b, matrix_view<float> scores, const execution& how,
                     const normalize_options& a_options = {}, const normalize_options& b_options = {}) {
    detail::pairwise_into(engine::view_of(a), engine::view_of(b), scores, how, a_options, b_options);
}
template <class A, class B>
void pairwise_cosine(const A& a, const B& b, matrix_view<double> scores, const execution& how,
                     const normalize_options& a_options = {}, const normalize_options& b_options = {}) {
    detail::pairwise_into(engine::view_of(a), engine::view_of(b), scores, how, a_options, b_options);
}
/// On the caller's thread.
template <class A, class B>
void pairwise_cosine(const A& a, const B& b, matrix_view<float> scores, const normalize_options& a_options = {},
                     const normalize_options& b_options = {}) {
    pairwise_cosine(a, b, scores, sequential{}, a_options, b_options);
}
template <class A, class B>
void pairwise_cosine(const A& a, const B& b, matrix_view<double> scores, const normalize_options& a_options = {},
                     const normalize_options& b_options = {}) {
    pairwise_cosine(a, b, scores, sequential{}, a_options, b_options);
}

/// The same as a new vector of n scores.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result, and as much again until it is returned.
template <class Result = float, class A, class B>
std::vector<Result> pairwise_cosine(const A& a, const B& b, const execution& how,
                                    const normalize_options& a_options = {}, const normalize_options& b_options = {}) {
    const auto view_a = engine::view_of(a);
    const auto view_b = engine::view_of(b);
    detail::require_pairs(view_a, view_b);
    auto scores = matrix<Result>::uninitialized(1, view_a.rows());
    detail::cosines_of_pairs(detail::pairwise_names, view_a, view_b, scores.data(), how, a_options, b_options);
    return detail::to_vector(scores);
}
template <class Result = float, class A, class B>
std::vector<Result> pairwise_cosine(const A& a, const B& b, const normalize_options& a_options = {},
                                    const normalize_options& b_options = {}) {
    return pairwise_cosine<Result>(a, b, sequential{}, a_options, b_options);
}

/// Cosine similarity of one pair.
///
///   <a, b> / (|a| |b|)
///
/// Shapes   a, b: one row each of the same dim (std::vector, std::array, a view of one row).
/// Units    none: a cosine in [-1, 1], with the same bits as in any matrix that holds the pair.
/// Errors   shape_error if an argument is not one row or the dims disagree. A zero row gives 0, NaN or Inf gives NaN.
/// Threads  the caller's.   Memory  none: 16 KiB of stack.
/// Source   as cosine_similarity.
template <class Result = float, class A, class B>
Result cosine(const A& a, const B& b) {
    const auto row_a = engine::view_of(a);
    const auto row_b = engine::view_of(b);
    if (row_a.rows() != 1 || row_b.rows() != 1)
        detail::fail<shape_error>("cosine: takes one row each, got ", row_a.rows(), " and ", row_b.rows());
    detail::require_same_dim(detail::pair_names, row_a, row_b);
    Result score;
    detail::cosines_of_pairs(detail::pair_names, row_a, row_b, &score, sequential{}, {}, {});
    return score;
}

/// The same for two rows of `dim` elements behind pointers.
///
/// Shapes, Units, Errors, Threads, Memory, Source   as above.
template <class Result = float, class A, class B>
Result cosine(const A* a, const B* b, index dim) {
    return cosine<Result>(matrix_view<const A>(a, 1, dim), matrix_view<const B>(b, 1, dim));
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
