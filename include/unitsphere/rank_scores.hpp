/// Measures of retrieval from scores that are there already: a re-ranker's, SigLIP's, or cosines.
#pragma once

#include "data/output.hpp"
#include "kernel/rank.hpp"
#include "kernel/select.hpp"
#include "ranking.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// The places of the relevant ones among given scores, for the measures of ranking.hpp.
///
///   rank of (i, j) = 1 + |{ t : scores[i][t] comes before scores[i][j] }|   for all j with relevant[i][j] != 0
///
/// Shapes   scores [q, g] of float, relevant [q, g] of integers or bool.
/// Units    places, from 1 on, in the order of top_k: score descending, then index ascending; a NaN is never found.
/// Errors   shape_error if the shapes disagree.
/// Threads  the caller's.   Memory  the result and as much again.
/// Source   torchmetrics' retrieval metrics take the same; there the order of equal scores is undefined.
template <class Scores, class Relevant>
retrieval_ranks rank_scores(const Scores& scores, const Relevant& relevant) {
    const matrix_view<const float> rows(scores);
    const auto wanted = to_view(relevant);
    static_assert(std::is_integral_v<typename decltype(wanted)::value_type>,
                  "unitsphere: relevant is integers or bool");
    const index q = rows.rows(), g = rows.dim();
    detail::require_shape("rank_scores", "relevant", wanted, q, g);
    index pairs = 0;
    for (index i = 0; i < q; ++i)
        for (index j = 0; j < g; ++j) pairs += wanted(i, j) ? 1 : 0;
    matrix<index> places(1, pairs), query(1, pairs);
    index p = 0;
    for (index i = 0; i < q; ++i)
        for (index j = 0; j < g; ++j) {
            if (!wanted(i, j)) continue;
            const bool nan = detail::is_nan(rows(i, j));
            places(0, p) = nan ? g + 1 : 1 + kernel::count_before(rows.row(i), g, j);
            query(0, p++) = i;
        }
    return detail::ranks_by_query(
        places.data(), pairs, [&](index n) { return query(0, n); }, q, g);
}

/// Normalized discounted cumulative gain among the k best of given scores, where some are worth more than others.
///
///   mean over i of  (sum over j of gains[i][j] / log2(rank of (i, j) + 1)) / (the same of the gains in descending order)
///
/// over the places 1 .. k, and over the queries with a gain above 0.
///
/// Shapes   scores [q, g], gains [q, g] of float.
/// Units    a fraction in [0, 1]; NaN where no query has a gain. A NaN score gains nothing.
/// Errors   shape_error if the shapes disagree; value_error if k < 1, or for a gain that is negative, NaN or infinite
///          (names row and column).
/// Threads  the caller's.   Memory  min(k, g) gains and their columns.
/// Source   Jarvelin and Kekalainen 2002, doi:10.1145/582415.582418; torchmetrics' RetrievalNormalizedDCG, which shares
///          the places of equal scores out evenly.
template <class Scores, class Gains>
double ndcg_at(const Scores& scores, const Gains& gains, index k) {
    const matrix_view<const float> rows(scores), worth(gains);
    detail::require_places("ndcg_at", k);
    const index q = rows.rows(), g = rows.dim(), places = k < g ? k : g;
    detail::require_shape("ndcg_at", "gains", worth, q, g);
    for (index i = 0; i < q; ++i)
        for (index j = 0; j < g; ++j)
            if (!detail::is_finite(worth(i, j)) || worth(i, j) < 0.0f)
                detail::fail<value_error>("ndcg_at: the gain of row ", i, ", column ", j, " is ", double(worth(i, j)));
    matrix<index> columns(1, places);
    matrix<float> best(1, places);
    double sum = 0.0;
    index counted = 0;
    for (index i = 0; i < q; ++i) {
        double gain = 0.0, ideal = 0.0;
        kernel::select_best(worth.row(i), g, places, columns.data(), best.data());
        for (index n = 0; n < places; ++n) ideal += double(best(0, n)) * detail::discount(n + 1);
        if (!(ideal > 0.0)) continue;
        kernel::select_best(rows.row(i), g, places, columns.data(), best.data());
        for (index n = 0; n < places && columns(0, n) >= 0; ++n)
            gain += double(worth(i, columns(0, n))) * detail::discount(n + 1);
        sum += gain / ideal;
        ++counted;
    }
    return counted == 0 ? double(detail::quiet_nan()) : sum / double(counted);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
