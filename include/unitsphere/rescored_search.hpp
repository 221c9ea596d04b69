/// Search in two passes: candidates from a compact gallery, their order from the rows themselves.
#pragma once

#include "data/options.hpp"
#include "data/search_results.hpp"
#include "detail/rescore_candidates.hpp"
#include "detail/searched_side.hpp"
#include "detail/sides.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

inline constexpr side_names top_k_rescored_names = of_queries_and_gallery("top_k_rescored");
inline constexpr side_names of_queries_and_rows = {
    "top_k_rescored", "queries", "queries have dim ", "queries row ", "rows", "rows have dim ", "rows row "};

template <class Rows>
inline constexpr bool is_fetched = false;
/// Whether Rows can be the second stage: rows, or a gallery with the elements of its rows.
template <class Rows>
constexpr bool can_rescore() {
    if constexpr (engine::is_gallery<Rows>)
        return engine::has_elements<decltype(std::declval<const Rows&>().packed())>;
    else
        return engine::is_rows<Rows>;
}
/// Both passes go by ids, or both by row numbers.
template <class Gallery, class Rows>
inline constexpr bool is_rescored_by = is_fetched<Rows> ||
                                       (can_rescore<rows_without_ids<Rows>>() && is_keyed<Gallery> == is_keyed<Rows>);
template <class Gallery, class Rows>
using if_rescored_by = std::enable_if_t<is_rescored_by<Gallery, Rows>, int>;
template <class Gallery, class Rows>
using unless_rescored_by = std::enable_if_t<!is_rescored_by<Gallery, Rows>, int>;
/// Advice where the second stage is refused.
struct pass_rows_or_a_gallery_of_them_without_ids_or_fetch_rows;
struct pass_a_keyed_gallery_of_the_rows_or_fetch_rows_by_their_ids;
template <class Gallery>
using pass_rows_to_rescore =
    std::conditional_t<is_keyed<Gallery>, pass_a_keyed_gallery_of_the_rows_or_fetch_rows_by_their_ids,
                       pass_rows_or_a_gallery_of_them_without_ids_or_fetch_rows>;
template <class Queries, class Gallery>
inline constexpr bool are_rescored = (engine::is_rows<Queries>)&&(are_searched<Queries, Gallery>);
template <class Queries, class Gallery>
using if_rescored = std::enable_if_t<are_rescored<Queries, Gallery>, int>;
template <class Queries, class Gallery>
using unless_rescored = std::enable_if_t<!are_rescored<Queries, Gallery>, int>;
/// The view of the second stage: of a shadow_gallery its rows of float. Fetched rows are as many as the
/// gallery's, of the dim of the queries.
template <class Rows>
auto rescoring_rows_of(const Rows& rows, idx_t in_gallery, idx_t dim) {
    if constexpr (is_fetched<Rows>)
        return fetched_view<typename Rows::value_type>(rows.fetch, in_gallery, dim);
    else if constexpr (engine::is_queries<rows_without_ids<Rows>>)
        return engine::queries_of(without_ids(rows));
    else
        return engine::side_of(without_ids(rows));
}
/// shape_error for dims or numbers of rows that disagree, value_error for a factor below 1.
template <class Queries, class Gallery, class Rows>
void require_candidates(const Queries& queries, const Gallery& gallery, const Rows& rows, const ids_of_passes& ids,
                        idx_t factor, idx_t truncate_dim) {
    if (truncate_dim != 0) {
        require_same_dim(of_queries_and_rows, queries, rows);
        if (truncate_dim < 0 || truncate_dim > rows.dim())
            fail<value_error>("top_k_rescored: truncate_dim is ", truncate_dim, ", the rows have dim ", rows.dim());
        if (gallery.dim() != truncate_dim)
            fail<shape_error>("top_k_rescored: gallery has dim ", gallery.dim(), ", truncate_dim is ", truncate_dim);
    } else {
        require_same_dim(top_k_rescored_names, queries, gallery);
    }
    if (truncate_dim == 0 && rows.dim() != gallery.dim())
        fail<shape_error>("top_k_rescored: gallery has dim ", gallery.dim(), ", rows have dim ", rows.dim());
    if (rows_there(rows, ids.rows) != rows_there(gallery, ids.gallery))
        fail<shape_error>("top_k_rescored: gallery has ", rows_there(gallery, ids.gallery), " rows, rows has ",
                          rows_there(rows, ids.rows));
    if (factor < 1) fail<value_error>("top_k_rescored: factor is ", factor, ", it must be at least 1");
}

/// The views of a call, and where their rows lie by their ids.
template <class Queries, class Gallery, class Rows>
struct rescored_sides {
    Queries queries;
    Gallery gallery;
    Rows rows;
    ids_of_passes ids;

    idx_t gallery_rows() const noexcept { return rows_there(gallery, ids.gallery); }
};
/// Those of a call whose arguments fit together.
template <class Queries, class Gallery, class Rows>
auto rescored_sides_of(const Queries& query_rows, const Gallery& gallery_rows, const Rows& second_rows, idx_t factor,
                       idx_t truncate_dim) {
    const ids_of_passes ids{ids_of(gallery_rows), ids_of(second_rows)};
    auto queries = engine::view_of(query_rows);
    auto gallery = searched_side_of(gallery_rows);
    auto rows = rescoring_rows_of(second_rows, rows_there(gallery, ids.gallery), queries.dim());
    require_candidates(queries, gallery, rows, ids, factor, truncate_dim);
    return rescored_sides<decltype(queries), decltype(gallery), decltype(rows)>{
        static_cast<decltype(queries)&&>(queries), static_cast<decltype(gallery)&&>(gallery),
        static_cast<decltype(rows)&&>(rows), ids};
}

/// How many of g rows are candidates of a query: min(factor * k, g).
inline idx_t candidates_of(idx_t k, idx_t g, idx_t factor) noexcept {
    return k == 0 ? 0 : factor > g / k ? g : factor * k;
}

template <class Queries, class Gallery, class Rows>
void best_of_candidates(const rescored_sides<Queries, Gallery, Rows>& sides, idx_t factor, matrix_view<idx_t> indices,
                        matrix_view<float> scores, const execution& how, const top_k_rescored_options& options) {
    const Queries& queries = sides.queries;
    const idx_t candidates = candidates_of(scores.columns(), sides.gallery_rows(), factor);
    row_policy of_queries;  // errors and counts belong to the first pass
    if (options.queries.zero_rows == on_row::nan) of_queries.zero_rows = on_row::nan;
    const engine::row_source<typename Queries::value_type> source(queries, of_queries, "top_k_rescored", "");
    const auto values = engine::values_of(queries);
    const matrix_view<const typename Queries::value_type> short_queries(values.data(), values.rows(),
                                                                        options.truncate_dim, values.stride());
    const auto search = [&](const auto& some) {
        score_all<float, engine::tile_order::by_strips>(
            how, top_k_rescored_names, some, sides.gallery, options.queries, options.gallery,
            rescore_candidates<Queries, Rows>(source, sides.rows, sides.ids, candidates, indices, scores));
    };
    options.truncate_dim == 0 ? search(queries) : search(short_queries);
}

}  // namespace detail

/// Rows that a function brings when top_k_rescored needs them; fetch_rows makes it, from `fetch`.
template <class T, class Fetch>
struct fetched_rows {
    using value_type = T;

    Fetch fetch;
};
namespace detail {
template <class T, class Fetch>
inline constexpr bool is_fetched<fetched_rows<T, Fetch>> = true;
}  // namespace detail

/// The rows of top_k_rescored where they lie elsewhere: in a database, on a disk, on another machine.
///
///   fetch(numbers, rows)   writes the gallery's row numbers[n] into rows[n], for each n
///
///   const auto stored = fetch_rows<float>([&](row_view<const idx_t> numbers, matrix_view<float> rows) {
///       for (idx_t n = 0; n < rows.rows(); ++n) database.read(numbers[n], rows.row(n), rows.dim());
///   });
///   top_k_rescored(queries, compact, stored, 10, 4);
///
/// T is the type of the elements that `fetch` writes: float, double, float16, bfloat16 or int8. Rows are raw, as an
/// encoder gave them. One that is not there any more is filled with NaN, and is not found (int8 has none: take such
/// rows out of the gallery). What `rows` holds before is of other queries.
///
/// Shapes   numbers [n], ids where the gallery is keyed, the best candidates first; rows [n, dim], dim that of the
///          queries; n is at most factor * k.
/// Units    any length: the rows are normalized.
/// Errors   what `fetch` throws reaches the caller of top_k_rescored_into, who finds the outputs as they were.
/// Threads  one call a query with candidates, by the worker that has them: several at a time where `how` has several.
/// Memory   a copy of the function; n rows for each worker and k results for each query, from the workspace of `how`,
///          which `fetch` must not use.
/// Source   ours.
template <class T, class Fetch>
fetched_rows<T, std::decay_t<Fetch>> fetch_rows(Fetch&& fetch) {
    static_assert(engine::is_element<T>,
                  "unitsphere: the elements of fetched rows are float, double, float16, bfloat16 or int8");
    static_assert(std::is_invocable_v<const std::decay_t<Fetch>&, row_view<const idx_t>, matrix_view<T>>,
                  "unitsphere: fetch_rows<T> needs a function of (row_view<const idx_t> numbers, matrix_view<T> rows)");
    return {static_cast<Fetch&&>(fetch)};
}

/// The k nearest rows of every query among the factor * k nearest ones of a compact gallery, into the caller's memory.
///
///   candidates[i] = the factor * k rows j with the largest cosine(queries[i], gallery[j])
///   indices[i]    = the k of them with the largest cosine(queries[i], rows[j]), best first
///
/// What top_k(queries, rows, k) finds, unless the gallery's rounding puts a neighbour behind factor * k others: a
/// factor of 2 is plenty for 16 bits. The order is that of top_k.
///
/// options.truncate_dim: embeddings of a Matryoshka model, whose first elements are embeddings themselves. The gallery
/// holds the first truncate_dim elements of the rows, and the first pass takes those of the queries, normalized again:
///
///   const compact_gallery<std::int8_t> first(truncate_dim(rows, 256));
///   top_k_rescored(queries, first, rows, 10, 4, {}, {{}, {}, 256});
///
/// Both may be keyed, a keyed<compact_gallery<..>> and the `keyed_gallery` of its rows: a candidate is scored with the
/// row of its id there, and is not found where there is none.
///
/// Shapes   queries [q, dim], gallery [g, dim] or [g, truncate_dim]: a compact_gallery (or a `gallery`, or rows); rows
///          [g, dim]: the rows that it was made of, or a `gallery`, a shadow_gallery or a compact_gallery of 16 bits
///          of them, or fetch_rows -> indices [q, k] of idx_t, scores [q, k], k <= g.
/// Units    cosines with the bits of cosine_similarity(queries, rows); indices are row numbers, or ids.
/// Errors   shape_error if dims or the numbers of rows disagree, k exceeds g, or an output has another shape or
///          overlaps; value_error for a factor below 1, for a truncate_dim that is not 0 .. dim, and for zero or
///          non-finite rows where the options of that side say so (of queries that are cut: their first elements). A
///          row of `rows` with NaN or Inf is never found.
/// Threads  `how` splits the gallery; every split gives the same result.
/// Memory   12 bytes for each candidate of each worker and some MiB of packed rows, from the workspace of `how`. Only
///          the candidates' rows are read: `rows` may lie in a file that is mapped. Those of a `gallery` cost more,
///          since their elements are apart.
/// Source   Jegou et al. 2011, "Searching in one billion vectors: re-rank with source coding"; FAISS, IndexRefine.
///          Kusupati et al. 2022, arXiv:2205.13147: Matryoshka embeddings; sentence-transformers' truncate_dim.
template <class Queries, class Gallery, class Rows, class Indices, class Scores,
          detail::if_rescored<Queries, Gallery> = 0, detail::if_rescored_by<Gallery, Rows> = 0>
void top_k_rescored_into(const Queries& queries, const Gallery& gallery, const Rows& rows, required<idx_t> factor,
                         Indices&& indices, Scores&& scores, const execution& how = {},
                         const top_k_rescored_options& options = {}) {
    const auto sides = detail::rescored_sides_of(queries, gallery, rows, factor, options.truncate_dim);
    const auto found = detail::output_of<Indices, idx_t>(indices);
    const auto cosines = detail::output_of<Scores, float>(scores);
    const detail::side_names& names = detail::top_k_rescored_names;
    const idx_t q = sides.queries.rows(), g = sides.gallery_rows(), k = cosines.columns();
    if (k > g) detail::fail<shape_error>("top_k_rescored: ", k, " neighbours of ", g, " gallery rows");
    detail::require_output(names, "scores", cosines, q, k, sides.queries, sides.gallery);
    detail::require_output(names, "indices", found, q, k, sides.queries, sides.gallery);
    using engine::values_of;
    detail::require_apart("top_k_rescored", "scores", cosines, "rows", values_of(sides.rows));
    detail::require_apart("top_k_rescored", "indices", found, "rows", values_of(sides.rows));
    detail::require_apart("top_k_rescored", "scores", cosines, "indices", found);
    detail::best_of_candidates(sides, factor, found, cosines, how, options);
}
/// The same as new matrices of min(k, g) columns: for (auto [row, score] : hits[i]).
///
/// Shapes, Units, Threads, Source   as above.   Errors  as above; value_error for a negative k.
/// Memory   the results too.
template <class Queries, class Gallery, class Rows, detail::if_rescored<Queries, Gallery> = 0,
          detail::if_rescored_by<Gallery, Rows> = 0>
neighbours top_k_rescored(const Queries& queries, const Gallery& gallery, const Rows& rows, required<idx_t> k,
                          required<idx_t> factor, const execution& how = {},
                          const top_k_rescored_options& options = {}) {
    if (k < 0) detail::fail<value_error>("top_k_rescored: k is ", idx_t(k), ", it must not be negative");
    const auto sides = detail::rescored_sides_of(queries, gallery, rows, factor, options.truncate_dim);
    const idx_t q = sides.queries.rows(), columns = engine::minimum(idx_t(k), sides.gallery_rows());
    neighbours found{matrix<idx_t>::uninitialized(q, columns), matrix<float>::uninitialized(q, columns)};
    detail::best_of_candidates(sides, factor, found.indices.view(), found.scores.view(), how, options);
    return found;
}
UNITSPHERE_REFUSE_PAIRS(top_k_rescored, unless_rescored);
UNITSPHERE_REFUSE_PAIRS(top_k_rescored_into, unless_rescored);
UNITSPHERE_REFUSE_THIRD(top_k_rescored, if_rescored, unless_rescored_by, pass_rows_to_rescore);

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
