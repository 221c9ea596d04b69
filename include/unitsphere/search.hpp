/// Exact search: the k nearest gallery rows of every query, all rows in range, groups of near duplicates.
///
/// A cosine is a float, off by up to 6e-7, or 1e-5 for every input (dims to 4096): two rows of a hundred ones score
/// 0.9999993443, (1, 1) and (1, -1) -1.27e-8. Cosines that differ by less may compare either way. So:
///   thresholds   "equal" is 0.99999, not 1; "not orthogonal" is 1e-6, not 0. near_duplicates unites equal rows anyway.
///   top_k        the first neighbour of a row in its own gallery is not always the row itself: among (1, 6, 4) and
///                (7.007, 42, 28), whose cosine is 0.9999999907, (1, 6, 4) finds the second first. The cure is the
///                option `rescore`: the order of the cosines in double.
#pragma once

#include <cfloat>

#include "data/options.hpp"
#include "data/search_results.hpp"
#include "detail/keep_best.hpp"
#include "detail/near_duplicates.hpp"
#include "detail/range_hits.hpp"
#include "detail/searched_side.hpp"
#include "detail/sides.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

struct range_search_options {
    row_policy queries = {}, gallery = {};
    float upper_bound = FLT_MAX;        ///< left out from here on; a cosine is at most 1
    idx_t max_per_query = PTRDIFF_MAX;  ///< how many rows a query keeps: the best ones
    row_filter filter = {};             ///< the rows that may be found
};
struct for_each_in_range_options {
    row_policy queries = {}, gallery = {};
    float upper_bound = FLT_MAX;  ///< as in range_search
    row_filter filter = {};       ///< the same
};
struct near_duplicates_options {
    row_policy rows = {};
    bool around_centres = false;         ///< groups whose rows are all like one of them
    idx_t max_group_size = PTRDIFF_MAX;  ///< the most alike rows first
};

namespace detail {

inline constexpr side_names top_k_names = of_queries_and_gallery("top_k");
inline constexpr side_names range_search_names = of_queries_and_gallery("range_search");
inline constexpr side_names for_each_in_range_names = of_queries_and_gallery("for_each_in_range");

template <class Queries, class Gallery>
void best_of_rows(const Queries& queries, const Gallery& gallery, const matrix_view<idx_t>& indices,
                  const matrix_view<float>& scores, const id_table* table, const execution& how,
                  const top_k_options& options) {
    require_rescorable(gallery, options.rescore, "top_k");
    require_filter("top_k", options.filter, queries.rows(), gallery.rows(), table);
    const tile_filter filter(options.filter, table);
    search_rows(how, top_k_names, queries, gallery, options.queries, options.gallery, options.filter, table,
                keep_best(queries, gallery, indices, scores, options.rescore, filter), options.rescore);
}

template <class Queries, class Gallery>
score_range range_of(const side_names& names, const Queries& queries, const Gallery& gallery, float threshold,
                     float upper_bound, const row_filter& filter, const id_table* table) {
    if (is_nan(threshold)) fail<value_error>(names.function, ": the threshold is NaN");
    if (is_nan(upper_bound)) fail<value_error>(names.function, ": upper_bound is NaN");
    require_same_dim(names, queries, gallery);
    require_filter(names.function, filter, queries.rows(), gallery.rows(), table);
    return {threshold, upper_bound, tile_filter(filter, table)};
}

}  // namespace detail

/// The k nearest gallery rows of every query, into the caller's memory.
///
///   indices[i] = the k rows j with the largest cosine(queries[i], gallery[j]), best first
///
/// Exact: the order is total, score descending, then index ascending (-0 equals +0), so that ties have one answer. A
/// NaN is never a neighbour.
///
/// options.rescore: the order is that of the cosines in double, and the scores are these, rounded to float. A row and
/// its copy have exactly 1, equal rows tie, cosines that differ by 1e-13 are in order. They are taken from the numbers
/// as they are given, divided by their lengths (of unit rows too); of a `gallery` from the floats that it holds. No row
/// is missed: each whose score comes within the bound of docs/numerics.md for every input, (135 + dim / 128) 2^-24, and
/// what adopted rows of a `gallery` deviate from length 1, of the k best so far is scored again. In random order these
/// are some k (1 + ln(g / k)) rows of a query, and every one that ties with its k best: a thousand ties take time, no
/// memory.
///
/// options.filter: which rows may be found. A `mask` with a bit for each gallery row: 8 rows without a set bit (16 with
/// AVX-512, 96 of a compact_gallery of integers or fast_bfloat16) are not multiplied (1 % of 200,000 rows: 0.01 of the
/// time where they lie together, 0.1 to 0.3 scattered). `allowed`, a list of row numbers for each query, such as the
/// candidates of another index: those are scored, one after the other.
/// `exclude_self`: query i is gallery row `first_query` + i and is left out by its number, its copies are not.
///
/// Shapes   queries [q, dim], gallery [g, dim], each rows or a gallery, the second a `keyed_gallery` too -> indices
///          [q, k] of idx_t, scores [q, k], k <= g.
/// Units    cosines, with the bits of cosine_similarity unless they are rescored; indices are row numbers of the
///          gallery, or ids. What rounding does to the first place stands at the head of this file.
/// Errors   shape_error if the dims disagree, k exceeds g, or an output has another shape or overlaps; value_error for
///          zero or non-finite rows where the options of that side say so. By default a zero row has cosine 0 with
///          every row; a query with NaN or Inf has no neighbours: index -1, score -Inf. The same fills the places of a
///          query that may find fewer than k rows. shape_error for a mask of other rows than the gallery's, lists of
///          other queries and queries that are not among the rows; value_error for an allowed row that is not there.
/// Threads  `how` splits the gallery; every split gives the same result.
/// Memory   O(q k) for each worker and some MiB of packed rows, from the workspace of `how`; no matrix of scores.
///          Rescoring adds 8 bytes for each of the q k for each worker, lists a bit for each row of the gallery.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 2.3: nearest neighbours by cosine similarity.
template <class Queries, class Gallery, class Indices, class Scores, detail::if_searched<Queries, Gallery> = 0>
void top_k_into(const Queries& queries, const Gallery& gallery, Indices&& indices, Scores&& scores,
                const execution& how = {}, const top_k_options& options = {}) {
    const auto query_view = engine::queries_of(queries);
    const auto gallery_view = detail::searched_side_of(gallery);
    const auto rows = detail::output_of<Indices, idx_t>(indices);
    const auto cosines = detail::output_of<Scores, float>(scores);
    const detail::side_names& names = detail::top_k_names;
    const detail::id_table* const table = detail::ids_of(gallery);
    const idx_t q = query_view.rows(), k = cosines.columns(), g = detail::rows_there(gallery_view, table);
    detail::require_same_dim(names, query_view, gallery_view);
    if (k > g) detail::fail<shape_error>("top_k: ", k, " neighbours of ", g, " gallery rows");
    detail::require_output(names, "scores", cosines, q, k, query_view, gallery_view);
    detail::require_output(names, "indices", rows, q, k, query_view, gallery_view);
    detail::require_apart("top_k", "scores", cosines, "indices", rows);
    detail::require_apart_from_filter("top_k", "scores", cosines, options.filter);
    detail::require_apart_from_filter("top_k", "indices", rows, options.filter);
    detail::best_of_rows(query_view, gallery_view, rows, cosines, table, how, options);
}
/// The same as new matrices of min(k, g) columns: for (auto [row, score] : hits[i]). hits[i] is a view of hits.
///
/// Shapes, Units, Threads, Source   as above.   Errors  as above; value_error for a negative k.
/// Memory   the results too.
template <class Queries, class Gallery, detail::if_searched<Queries, Gallery> = 0>
neighbours top_k(const Queries& queries, const Gallery& gallery, required<idx_t> k, const execution& how = {},
                 const top_k_options& options = {}) {
    if (k < 0) detail::fail<value_error>("top_k: k is ", idx_t(k), ", it must not be negative");
    const auto query_view = engine::queries_of(queries);
    const auto gallery_view = detail::searched_side_of(gallery);
    detail::require_same_dim(detail::top_k_names, query_view, gallery_view);
    const detail::id_table* const table = detail::ids_of(gallery);
    const idx_t q = query_view.rows(), g = detail::rows_there(gallery_view, table), columns = k < g ? idx_t(k) : g;
    neighbours found{matrix<idx_t>::uninitialized(q, columns), matrix<float>::uninitialized(q, columns)};
    detail::best_of_rows(query_view, gallery_view, found.indices.view(), found.scores.view(), table, how, options);
    return found;
}
UNITSPHERE_REFUSE_PAIRS(top_k, unless_searched);
UNITSPHERE_REFUSE_PAIRS(top_k_into, unless_searched);

/// All gallery rows in range of every query.
///
///   found[i] = the rows j with threshold <= cosine(queries[i], gallery[j]) < options.upper_bound, best first
///
/// Inclusive at the threshold, exclusive at the upper bound: adjoining ranges share no pair and leave none out. The
/// order is that of top_k, and so is the answer where max_per_query cuts it. options.filter is that of top_k, too.
///
/// Shapes   queries [q, dim], gallery as in top_k -> indices and scores of all hits, offsets [q + 1];
///          iterates like top_k's result: for (auto [row, score] : found[i]).
/// Units    cosines, with the bits of cosine_similarity, compared as floats; row numbers of the gallery. Rows against
///          themselves find themselves. What rounding does to a threshold stands at the head of this file.
/// Errors   shape_error if the dims disagree; value_error for a threshold or upper bound that is NaN, a negative
///          max_per_query, and for rows as in top_k. A query with NaN or Inf finds nothing.
/// Threads  `how` splits the gallery; every split gives the same result.
/// Memory   O(q + results) for each worker, and some MiB of packed rows from the workspace of `how`.
/// Source   FAISS, IndexFlatIP::range_search (there: score > radius, in no order).
template <class Queries, class Gallery, detail::if_searched<Queries, Gallery> = 0>
range_result range_search(const Queries& queries, const Gallery& gallery, required<float> threshold,
                          const execution& how = {}, const range_search_options& options = {}) {
    const auto query_view = engine::queries_of(queries);
    const auto gallery_view = detail::searched_side_of(gallery);
    const detail::side_names& names = detail::range_search_names;
    const detail::id_table* const table = detail::ids_of(gallery);
    const detail::score_range range =
        detail::range_of(names, query_view, gallery_view, threshold, options.upper_bound, options.filter, table);
    const idx_t most = options.max_per_query;
    if (most < 0) detail::fail<value_error>("range_search: max_per_query is ", most, ", it must not be negative");
    detail::collect_in_range pairs(range, query_view.rows(), gallery_view.rows(), most);
    detail::search_rows(how, names, query_view, gallery_view, options.queries, options.gallery, options.filter, table,
                        pairs);
    return pairs.result(how);
}
UNITSPHERE_REFUSE_PAIRS(range_search, unless_searched);

/// The same pairs one by one, as they are found: for more of them than fit into memory.
///
///   found(i, j, score) for all i, j with threshold <= score = cosine(queries[i], gallery[j]) < options.upper_bound
///
/// Shapes, Units   as range_search.
/// Errors   as range_search. What `found` throws reaches the caller; that worker makes no further call.
/// Threads  `found` is called from the workers of `how`, from several at once, in no particular order.
/// Memory   some MiB of packed rows, from the workspace of `how`; none that grows with the number of pairs.
/// Source   Beaumont 2022, clip-retrieval: deduplication of results by a threshold on inner products.
template <class Queries, class Gallery, class Found, detail::if_searched<Queries, Gallery> = 0,
          std::enable_if_t<std::is_invocable_v<Found&, idx_t, idx_t, float>, int> = 0>
void for_each_in_range(const Queries& queries, const Gallery& gallery, required<float> threshold, Found&& found,
                       const execution& how = {}, const for_each_in_range_options& options = {}) {
    const auto query_view = engine::queries_of(queries);
    const auto gallery_view = detail::searched_side_of(gallery);
    const detail::side_names& names = detail::for_each_in_range_names;
    const detail::id_table* const table = detail::ids_of(gallery);
    const detail::score_range range =
        detail::range_of(names, query_view, gallery_view, threshold, options.upper_bound, options.filter, table);
    using consumer = detail::pass_to_callback<std::remove_reference_t<Found>>;
    detail::search_rows(how, names, query_view, gallery_view, options.queries, options.gallery, options.filter, table,
                        engine::shared_by_workers<consumer>{{{}, range, found}});
}
UNITSPHERE_REFUSE_PAIRS(for_each_in_range, unless_searched);

/// Near duplicates: the lowest row of each row's group, into the caller's memory.
///
///   i and j are alike if cosine(rows[i], rows[j]) >= threshold, or, for a threshold up to 1, if they are equal bit for
///   bit; groups are the connected components of this relation
///   representative[i] = the lowest row of i's group
///
/// Rows of a group need not all be alike: a chain of pairs joins its ends. Keeping the rows with representative[i] == i
/// keeps one of each group.
///
/// options.around_centres: every row of a group is like its centre, which is the representative. Rows are visited by
/// how many rows are like them, most first, then the lower row; one that no group has taken becomes the centre of a
/// group with all rows like it that no group has taken.
///
/// options.max_group_size: a centre takes the most alike rows first, by cosine descending, then the lower row.
/// Components grow pair by pair, by cosine descending, then the lower one of the higher rows, then the lower row: a
/// pair joins two groups if together they are not larger.
///
/// Shapes   rows [n, dim], a `gallery`, or one with ids -> representative: n of idx_t (an array, a std::vector or one
///          row).
/// Units    row numbers; of a `keyed_gallery` ids, representative[i] for the id catalogue.ids()[i], and the groups of a
///          `gallery` of the rows in that order. The threshold is a cosine, compared as in range_search; 0.94 is usual.
///          From 0.99999 on a rounding decides whether rows of one direction that are not equal are alike, such as a
///          row and its triple.
/// Errors   shape_error if the output has another shape or overlaps; value_error for a threshold that is NaN, and for
///          zero or non-finite rows where the options say so. By default a zero row has cosine 0 with every row, its
///          copies too, and one with NaN or Inf is alone.
/// Threads  `how` splits the rows; every split gives the same groups.
/// Memory   some MiB of packed rows, from the workspace of `how`; none that grows with the number of pairs, but with
///          either option some 100 bytes for each pair that is alike, and with ids 32 bytes for each.
/// Source   Beaumont 2022, clip-retrieval: deduplication by connected components of inner products above 0.94. Centres:
///          sentence-transformers' util.community_detection, where a row that is taken may still be the centre of what
///          is left, and Aslam et al. 2004, "The star clustering algorithm".
template <class Rows, class Representative, detail::if_grouped<Rows> = 0>
void near_duplicates_into(const Rows& rows, required<float> threshold, Representative&& representative,
                          const execution& how = {}, const near_duplicates_options& options = {}) {
    const auto view = engine::queries_of(detail::without_ids(rows));
    const auto lowest = detail::output_of<Representative, idx_t>(representative);
    const detail::row_numbers numbers(detail::ids_of(rows), view.rows());
    detail::require_groups(threshold, options.max_group_size);
    detail::require_output(detail::near_duplicates_names, "representative", lowest, 1, numbers.rows(), view, view);
    detail::find_duplicates(view, detail::searched_side_of(rows), numbers, threshold, lowest, how, options);
    numbers.give_ids(lowest.data(), numbers.rows());
}
/// The same with the groups of two rows and more: for (idx_t row : groups[k]), of a result that is kept.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result, and n numbers until it is returned.
template <class Rows, detail::if_grouped<Rows> = 0>
duplicate_groups near_duplicates(const Rows& rows, required<float> threshold, const execution& how = {},
                                 const near_duplicates_options& options = {}) {
    const auto view = engine::queries_of(detail::without_ids(rows));
    const detail::row_numbers numbers(detail::ids_of(rows), view.rows());
    detail::require_groups(threshold, options.max_group_size);
    auto representative = array<idx_t>::uninitialized(numbers.rows());
    detail::find_duplicates(view, detail::searched_side_of(rows), numbers, threshold, representative.view(), how,
                            options);
    duplicate_groups groups = detail::groups_of(static_cast<array<idx_t>&&>(representative));
    numbers.give_ids(groups.representative.data(), numbers.rows());
    numbers.give_ids(groups.members.data(), idx_t(groups.members.size()));
    return groups;
}
UNITSPHERE_REFUSE_ROWS(near_duplicates, unless_grouped);
UNITSPHERE_REFUSE_ROWS(near_duplicates_into, unless_grouped);

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
