/// Where queries find what belongs to them: what retrieval measures take.
#pragma once

#include "array.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// The ranks of the relevant rows of each query among all candidates, in the order of top_k: score descending, then
/// index ascending (-0 equals +0). The best rank is 1. A relevant row whose score is NaN is never found: its rank is
/// behind all others, candidates + 1, no k reaches it, and its reciprocal counts as 0.
struct retrieval_ranks {
    array<idx_t> ranks;    ///< those of query 0's relevant rows, ascending, then those of query 1 ..
    array<idx_t> first;    ///< [queries + 1]: those of query i are ranks[first[i]] .. ranks[first[i + 1] - 1]
    idx_t candidates = 0;  ///< how many rows each query was compared with

    UNITSPHERE_INLINE idx_t queries() const noexcept { return first.empty() ? 0 : idx_t(first.size()) - 1; }
    /// How many relevant rows query i has.
    UNITSPHERE_INLINE idx_t relevant(idx_t i) const noexcept { return first[i + 1] - first[i]; }
    /// The rank of the n-th of them, best first.
    UNITSPHERE_INLINE idx_t rank(idx_t i, idx_t n) const noexcept { return ranks[first[i] + n]; }
    /// The queries that have a relevant row: only these count in the measures.
    UNITSPHERE_INLINE idx_t evaluated_queries() const noexcept {
        idx_t count = 0;
        for (idx_t i = 0; i < queries(); ++i) count += relevant(i) > 0 ? 1 : 0;
        return count;
    }
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
