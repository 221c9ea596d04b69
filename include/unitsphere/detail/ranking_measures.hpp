/// What the measures of ranked retrieval share.
#pragma once

#include <cmath>

#include "../data/output.hpp"
#include "../kernel/rank.hpp"
#include "../kernel/select.hpp"
#include "ranks_by_query.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

inline void require_k(const char* function, idx_t k) {
    if (k < 1) fail<value_error>(function, ": k is ", k, ", it must be at least 1");
}

/// The mean of of_query(i) over the queries that have a relevant row; NaN of none.
template <class OfQuery>
double mean_over_queries(const retrieval_ranks& found, OfQuery&& of_query) {
    const idx_t queries = found.evaluated_queries();
    if (queries == 0) return double(quiet_nan());
    double sum = 0.0;
    for (idx_t i = 0; i < found.queries(); ++i)
        if (found.relevant(i) > 0) sum += of_query(i);
    return sum / double(queries);
}

/// How many of a query's relevant rows are among the k best.
inline idx_t relevant_within(const retrieval_ranks& found, idx_t i, idx_t k) noexcept {
    const idx_t last = k < found.candidates ? k : found.candidates;
    idx_t count = 0;
    while (count < found.relevant(i) && found.rank(i, count) <= last) ++count;
    return count;
}

/// The n-th smallest of the best ranks of all queries, n from 1 on: by bisection, without a copy to sort.
inline idx_t nth_best_rank(const retrieval_ranks& found, idx_t n) noexcept {
    const auto queries_within = [&](idx_t rank) {
        idx_t count = 0;
        for (idx_t i = 0; i < found.queries(); ++i) count += found.relevant(i) > 0 && found.rank(i, 0) <= rank ? 1 : 0;
        return count;
    };
    idx_t low = 1, high = found.candidates + 1;
    while (low < high) {
        const idx_t middle = low + (high - low) / 2;
        if (queries_within(middle) >= n)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/// What a gain at this rank is multiplied with.
inline double discount(idx_t rank) noexcept { return 1.0 / std::log2(double(rank) + 1.0); }

/// The ranks of all (i, j) with relevant(i, j) != 0 among row i of the scores.
template <class Relevant>
retrieval_ranks ranks_of_scores(const matrix_view<const float>& scores, const Relevant& relevant) {
    static_assert(std::is_integral_v<typename Relevant::value_type>, "unitsphere: relevant is integers or bool");
    const idx_t q = scores.rows(), g = scores.columns();
    require_shape("rank_scores", "relevant", relevant, q, g);
    idx_t pairs = 0;
    for (idx_t i = 0; i < q; ++i)
        for (idx_t j = 0; j < g; ++j) pairs += relevant(i, j) ? 1 : 0;
    auto ranks = array<idx_t>::uninitialized(pairs), query = array<idx_t>::uninitialized(pairs);
    idx_t p = 0;
    for (idx_t i = 0; i < q; ++i)
        for (idx_t j = 0; j < g; ++j) {
            if (!relevant(i, j)) continue;
            ranks[p] = is_nan(scores(i, j)) ? g + 1 : 1 + kernel::count_before(scores.row(i), g, j);
            query[p++] = i;
        }
    return ranks_by_query(
        ranks, [&](idx_t n) { return query[n]; }, q, g);
}

inline void require_gains(const matrix_view<const float>& gains, idx_t rows, idx_t columns) {
    require_shape("ndcg_at", "gains", gains, rows, columns);
    for (idx_t i = 0; i < rows; ++i)
        for (idx_t j = 0; j < columns; ++j)
            if (!is_finite(gains(i, j)) || gains(i, j) < 0.0f)
                fail<value_error>("ndcg_at: the gain of row ", i, ", column ", j, " is ", double(gains(i, j)));
}

/// The mean over the rows with a gain of DCG / ideal DCG, each over the ranks 1 .. k.
inline double mean_ndcg(const matrix_view<const float>& scores, const matrix_view<const float>& gains, idx_t k) {
    const idx_t columns = scores.columns(), best = k < columns ? k : columns;
    require_gains(gains, scores.rows(), columns);
    auto indices = array<idx_t>::uninitialized(best);
    auto values = array<float>::uninitialized(best);
    double sum = 0.0;
    idx_t counted = 0;
    for (idx_t i = 0; i < scores.rows(); ++i) {
        double gain = 0.0, ideal = 0.0;
        kernel::select_best(gains.row(i), columns, best, indices.data(), values.data());
        for (idx_t n = 0; n < best; ++n) ideal += double(values[n]) * discount(n + 1);
        if (!(ideal > 0.0)) continue;
        kernel::select_best(scores.row(i), columns, best, indices.data(), values.data());
        for (idx_t n = 0; n < best && indices[n] >= 0; ++n) gain += double(gains(i, indices[n])) * discount(n + 1);
        sum += gain / ideal;
        ++counted;
    }
    return counted == 0 ? double(quiet_nan()) : sum / double(counted);
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
