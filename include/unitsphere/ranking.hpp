/// How early what is looked for comes: the measures of retrieval, from the places of the relevant rows.
#pragma once

#include <cmath>

#include "data/matrix.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// Where the relevant rows of each query come among all candidates, in the order of top_k: score descending, then index
/// ascending (-0 equals +0). The first place is 1. A relevant row whose score is NaN is never found: its place is behind
/// all others, candidates + 1, no k reaches it, and its reciprocal counts as 0.
struct retrieval_ranks {
    matrix<index> ranks;   ///< [1, pairs]: the places of query 0's relevant rows, ascending, then those of query 1 ..
    matrix<index> first;   ///< [1, queries + 1]: those of query i are ranks first[i] .. first[i + 1] - 1
    index candidates = 0;  ///< among how many rows each query was answered

    index queries() const noexcept { return first.dim() > 0 ? first.dim() - 1 : 0; }
    /// How many rows query i looks for.
    index relevant(index i) const noexcept { return first(0, i + 1) - first(0, i); }
    /// The place of the n-th of them, best first.
    index rank(index i, index n) const noexcept { return ranks(0, first(0, i) + n); }
    /// The queries that look for something: only these count in the measures.
    index asking() const noexcept {
        index count = 0;
        for (index i = 0; i < queries(); ++i) count += relevant(i) > 0 ? 1 : 0;
        return count;
    }
};

namespace detail {

inline void require_places(const char* function, index k) {
    if (k < 1) fail<value_error>(function, ": k is ", k, ", it must be at least 1");
}

/// The mean of of_query(i) over the queries that look for something; NaN of none.
template <class OfQuery>
double mean_of_asking(const retrieval_ranks& found, OfQuery&& of_query) {
    const index asking = found.asking();
    if (asking == 0) return double(quiet_nan());
    double sum = 0.0;
    for (index i = 0; i < found.queries(); ++i)
        if (found.relevant(i) > 0) sum += of_query(i);
    return sum / double(asking);
}

/// How many of a query's relevant rows are among the k best.
inline index found_within(const retrieval_ranks& found, index i, index k) noexcept {
    const index places = k < found.candidates ? k : found.candidates;
    index count = 0;
    while (count < found.relevant(i) && found.rank(i, count) <= places) ++count;
    return count;
}

/// How many queries have their best place at most `place`.
inline index best_within(const retrieval_ranks& found, index place) noexcept {
    index count = 0;
    for (index i = 0; i < found.queries(); ++i) count += found.relevant(i) > 0 && found.rank(i, 0) <= place ? 1 : 0;
    return count;
}

/// The n-th smallest of the best places, from 1 on: by halving, without a copy to sort.
inline index nth_best_place(const retrieval_ranks& found, index n) noexcept {
    index low = 1, high = found.candidates + 1;
    while (low < high) {
        const index middle = low + (high - low) / 2;
        if (best_within(found, middle) >= n)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/// What gain in place `rank` is worth.
inline double discount(index rank) noexcept { return 1.0 / std::log2(double(rank) + 1.0); }

/// The places of n pairs, by query. query_of(p) is -1 for a pair that counts for none.
///
/// Sorted by counting, twice: all pairs by their place, then in this order to their queries.
template <class QueryOf>
retrieval_ranks ranks_by_query(const index* places, index pairs, QueryOf&& query_of, index queries, index candidates) {
    matrix<index> first_in_order(1, candidates + 3), order(1, pairs), end(1, queries + 1);
    for (index p = 0; p < pairs; ++p) ++first_in_order(0, places[p] + 1);
    for (index place = 1; place < candidates + 3; ++place) first_in_order(0, place) += first_in_order(0, place - 1);
    for (index p = 0; p < pairs; ++p) order(0, first_in_order(0, places[p])++) = p;

    index counted = 0;
    for (index p = 0; p < pairs; ++p)
        if (query_of(p) >= 0) ++counted, ++end(0, query_of(p) + 1);
    for (index i = 1; i <= queries; ++i) end(0, i) += end(0, i - 1);
    retrieval_ranks result{matrix<index>(1, counted), matrix<index>(end), candidates};
    for (index n = 0; n < pairs; ++n) {
        const index p = order(0, n), query = query_of(p);
        if (query >= 0) result.ranks(0, end(0, query)++) = places[p];
    }
    return result;
}

}  // namespace detail

/// Recall@k as image and text retrieval reports it: how many queries have a relevant row among their k best.
///
///   |{ i : best place of i <= k }| / |{ i : i looks for something }|
///
/// Shapes   the ranks of `retrieval` or `rank_scores`.
/// Units    a fraction in [0, 1]; NaN where no query looks for anything. One hit is enough: torchmetrics calls this the
///          hit rate, its recall is relevant_recall_at.
/// Errors   value_error if k < 1.   Threads  the caller's.   Memory  none.
/// Source   Karpathy and Fei-Fei 2015, arXiv:1412.2306, section 4.2; CLIP_benchmark's image and text retrieval recall.
inline double recall_at(const retrieval_ranks& found, index k) {
    detail::require_places("recall_at", k);
    return detail::mean_of_asking(found, [&](index i) { return detail::found_within(found, i, k) > 0 ? 1.0 : 0.0; });
}

/// Recall@k in the sense of information retrieval: how many of a query's relevant rows are among its k best.
///
///   mean over i of |{ relevant rows of i in the k best }| / |{ relevant rows of i }|
///
/// Shapes, Units, Errors, Threads, Memory   as recall_at, with which it agrees where each query looks for one row.
/// Source   torchmetrics' RetrievalRecall.
inline double relevant_recall_at(const retrieval_ranks& found, index k) {
    detail::require_places("relevant_recall_at", k);
    return detail::mean_of_asking(
        found, [&](index i) { return double(detail::found_within(found, i, k)) / double(found.relevant(i)); });
}

/// The mean of the best places, from 1 on.
///
/// Shapes   as recall_at.   Units  places; NaN where no query looks for anything.
/// Errors   none.   Threads  the caller's.   Memory  none.
/// Source   open_clip's mean_rank, which adds 1 to ranks from 0 on.
inline double mean_rank(const retrieval_ranks& found) {
    return detail::mean_of_asking(found, [&](index i) { return double(found.rank(i, 0)); });
}

/// The median of the best places, from 1 on; of an even number of queries the two in the middle give floor((a + b) / 2).
///
/// Shapes, Units, Errors, Threads, Memory   as mean_rank.
/// Source   open_clip's median_rank: floor of the median of ranks from 0 on, plus 1, which is the same number.
inline double median_rank(const retrieval_ranks& found) {
    const index asking = found.asking();
    if (asking == 0) return double(detail::quiet_nan());
    const index lower = detail::nth_best_place(found, (asking + 1) / 2);
    const index upper = asking % 2 == 0 ? detail::nth_best_place(found, asking / 2 + 1) : lower;
    return double(lower + (upper - lower) / 2);
}

/// Mean reciprocal rank: the mean of 1 / best place.
///
/// Shapes   as recall_at.   Units  in [0, 1]; NaN where no query looks for anything.
/// Errors   none.   Threads  the caller's.   Memory  none.
/// Source   Voorhees 1999, The TREC-8 Question Answering Track Report; torchmetrics' RetrievalMRR.
inline double mean_reciprocal_rank(const retrieval_ranks& found) {
    return detail::mean_of_asking(
        found, [&](index i) { return found.rank(i, 0) > found.candidates ? 0.0 : 1.0 / double(found.rank(i, 0)); });
}

/// Mean average precision: precision at the place of each relevant row, averaged over them, then over the queries.
///
///   mean over i of  1 / n  sum over its relevant rows r_1 < r_2 < .. < r_n of  j / r_j
///
/// Shapes, Units, Errors, Threads, Memory   as mean_reciprocal_rank, with which it agrees where each query looks for one
///          row.
/// Source   torchmetrics' RetrievalMAP.
inline double mean_average_precision(const retrieval_ranks& found) {
    return detail::mean_of_asking(found, [&](index i) {
        double sum = 0.0;
        for (index j = 0; j < found.relevant(i) && found.rank(i, j) <= found.candidates; ++j)
            sum += double(j + 1) / double(found.rank(i, j));
        return sum / double(found.relevant(i));
    });
}

/// Normalized discounted cumulative gain among the k best, every relevant row counting alike.
///
///   mean over i of  (sum over its r_j <= k of 1 / log2(r_j + 1)) / (sum over j = 1 .. min(n, k) of 1 / log2(j + 1))
///
/// Shapes, Units, Errors, Threads, Memory   as recall_at.
/// Source   Jarvelin and Kekalainen 2002, doi:10.1145/582415.582418; torchmetrics' RetrievalNormalizedDCG.
inline double ndcg_at(const retrieval_ranks& found, index k) {
    detail::require_places("ndcg_at", k);
    return detail::mean_of_asking(found, [&](index i) {
        const index within_k = detail::found_within(found, i, k);
        double gain = 0.0, ideal = 0.0;
        for (index j = 0; j < within_k; ++j) gain += detail::discount(found.rank(i, j));
        for (index j = 0; j < found.relevant(i) && j < k; ++j) ideal += detail::discount(j + 1);
        return gain / ideal;
    });
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
