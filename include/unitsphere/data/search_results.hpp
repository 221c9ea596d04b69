/// What searches return: the hits of each query, and groups of near duplicates. All of them iterate.
#pragma once

#include "scored_list.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// A gallery row that a query has found, and their cosine.
struct hit {
    idx_t row;
    float score;
};

/// The hits of one query, best first: for (auto [row, score] : found[i]).
using hit_list = scored_list<hit>;

/// The k nearest gallery rows of each query, best first, and their cosines.
struct neighbours {
    matrix<idx_t> indices;  ///< [q, min(k, g)]; -1 where a query has no (more) neighbour
    matrix<float> scores;   ///< the same shape; -Inf where the index is -1

    UNITSPHERE_INLINE idx_t queries() const noexcept { return indices.rows(); }
    /// The neighbours of query i; unfilled places are left out.
    UNITSPHERE_INLINE hit_list operator[](idx_t i) const noexcept {
        idx_t filled = indices.columns();
        while (filled > 0 && indices(i, filled - 1) < 0) --filled;
        return {indices.row(i), scores.row(i), filled};
    }
    UNITSPHERE_INLINE element_iterator<neighbours> begin() const noexcept { return {*this, 0}; }
    UNITSPHERE_INLINE element_iterator<neighbours> end() const noexcept { return {*this, queries()}; }
};

/// The gallery rows in range of each query, best first, and their cosines; one query after the other.
struct range_result {
    array<idx_t> indices = {};  ///< those of query i are indices[offsets[i]] .. indices[offsets[i + 1] - 1]
    array<float> scores = {};   ///< their cosines
    array<idx_t> offsets = {};  ///< [q + 1]; FAISS calls it lims

    UNITSPHERE_INLINE idx_t queries() const noexcept { return offsets.empty() ? 0 : idx_t(offsets.size()) - 1; }
    UNITSPHERE_INLINE hit_list operator[](idx_t i) const noexcept {
        return {indices.data() + offsets[i], scores.data() + offsets[i], offsets[i + 1] - offsets[i]};
    }
    UNITSPHERE_INLINE element_iterator<range_result> begin() const noexcept { return {*this, 0}; }
    UNITSPHERE_INLINE element_iterator<range_result> end() const noexcept { return {*this, queries()}; }
};

/// The rows of one set by groups of near duplicates: for (idx_t row : groups[k]).
struct duplicate_groups {
    array<idx_t>
        representative;    ///< [n] the lowest row of its group, or its centre, for each row; itself where it is alone
    array<idx_t> members;  ///< the rows of all groups of two and more, ascending in each, by their representatives
    array<idx_t> first;    ///< [groups + 1] group k is members[first[k]] .. members[first[k + 1] - 1]

    /// How many groups of two rows and more there are.
    UNITSPHERE_INLINE idx_t size() const noexcept { return first.empty() ? 0 : idx_t(first.size()) - 1; }
    UNITSPHERE_INLINE row_view<const idx_t> operator[](idx_t k) const noexcept {
        return {members.data() + first[k], first[k + 1] - first[k]};
    }
    UNITSPHERE_INLINE element_iterator<duplicate_groups> begin() const noexcept { return {*this, 0}; }
    UNITSPHERE_INLINE element_iterator<duplicate_groups> end() const noexcept { return {*this, size()}; }
    /// How many rows could be left out, if one of each group stays.
    UNITSPHERE_INLINE idx_t duplicates() const noexcept { return idx_t(members.size()) - size(); }
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
