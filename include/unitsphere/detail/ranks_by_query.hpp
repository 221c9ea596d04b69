/// The ranks of pairs, sorted to their queries.
#pragma once

#include "../data/retrieval_ranks.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Two counting sorts: all pairs by rank, then in this order to their queries. query_of(p) is -1 for a pair that
/// belongs to no query; its rank is 0 .. candidates + 1 like all others.
template <class QueryOf>
retrieval_ranks ranks_by_query(const array<idx_t>& ranks, QueryOf&& query_of, idx_t queries, idx_t candidates) {
    const idx_t pairs = idx_t(ranks.size());
    array<idx_t> next(candidates + 3), by_rank(pairs), end(queries + 1);
    for (const idx_t rank : ranks) ++next[rank + 1];
    for (idx_t rank = 1; rank < candidates + 3; ++rank) next[rank] += next[rank - 1];
    for (idx_t p = 0; p < pairs; ++p) by_rank[next[ranks[p]]++] = p;

    idx_t counted = 0;
    for (idx_t p = 0; p < pairs; ++p)
        if (query_of(p) >= 0) ++counted, ++end[query_of(p) + 1];
    for (idx_t i = 1; i <= queries; ++i) end[i] += end[i - 1];
    retrieval_ranks result{array<idx_t>::uninitialized(counted), end, candidates};
    for (const idx_t p : by_rank)
        if (query_of(p) >= 0) result.ranks[end[query_of(p)]++] = ranks[p];
    return result;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
