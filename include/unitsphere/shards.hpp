/// Answers of parts of a gallery, its shards, as one: whatever carries them, MPI (interop/mpi.hpp), gRPC or files.
///
/// A search of the whole gallery is the merged search of its shards, bit for bit: a score is that of its pair alone (of
/// fast_bfloat16, on machines that are alike), and the order of hits is total. So neither the number of shards nor the
/// order in which they answer changes anything.
#pragma once

#include "data/column.hpp"
#include "detail/merge_hits.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

struct merge_range_results_options {
    idx_t max_per_query = PTRDIFF_MAX;  ///< as in range_search
};

/// The k nearest rows of a gallery from those of its shards.
///
///   merge_neighbours({top_k(queries, shard 0, k), top_k(queries, shard 1, k) ..}, first_rows, k)
///       = top_k(queries, all shards one behind the other, k)
///
/// The hits of a list may stand in any order. A shard may have fewer columns than k; unfilled places (index -1) and
/// NaN are left out. A row that two lists have is there twice: copies of a shard answer once. Rescored lists merge in
/// the order of the scores that they hold, cosines in double rounded to float.
///
/// Shapes   lists: any list of s `neighbours` of q queries each (std::vector, std::array); first_rows: s integers, the
///          row of the whole gallery that is row 0 of each shard; zeros where indices are ids or whole row numbers
///          -> indices and scores [q, min(k, all columns together)].
/// Units    cosines as the lists have them; row numbers of the whole gallery.
/// Errors   shape_error for another number of first rows than lists, no list, lists of other numbers of queries, and
///          indices and scores of other shapes; value_error for a negative k or first row, and for a row number beyond
///          2^63 - 1.
/// Threads  `how` splits the queries; every split gives the same result.   Memory  the result.
/// Source   FAISS, merge_knn_results (there: of sorted lists, ties in the order of its heap).
template <class Lists, class FirstRows, detail::if_list<FirstRows> = 0>
neighbours merge_neighbours(const Lists& lists, const FirstRows& first_rows, required<idx_t> k,
                            const execution& how = {}) {
    if (k < 0) detail::fail<value_error>("merge_neighbours: k is ", idx_t(k), ", it must not be negative");
    return detail::merge_best(detail::shards_of<neighbours>("merge_neighbours", lists, detail::labels_of(first_rows)),
                              k, how);
}

/// All rows of a gallery that are in range, from those of its shards.
///
/// Shapes   lists: any list of s `range_result` of q queries each; first_rows as in merge_neighbours -> all hits.
/// Units    cosines as the lists have them; row numbers of the whole gallery.
/// Errors   as merge_neighbours; value_error for a negative max_per_query.
/// Threads  `how` splits the queries; every split gives the same result.
/// Memory   the result, and a number for each query. With max_per_query the hits beyond it are dropped.
/// Source   FAISS, RangeSearchPartialResult::merge (there: in no order).
template <class Lists, class FirstRows, detail::if_list<FirstRows> = 0>
range_result merge_range_results(const Lists& lists, const FirstRows& first_rows, const execution& how = {},
                                 const merge_range_results_options& options = {}) {
    const idx_t most = options.max_per_query;
    if (most < 0)
        detail::fail<value_error>("merge_range_results: max_per_query is ", most, ", it must not be negative");
    return detail::merge_in_range(
        detail::shards_of<range_result>("merge_range_results", lists, detail::labels_of(first_rows)), most, how);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
