/// The work of near_duplicates: connected components of the rows whose cosines reach a threshold.
#pragma once

#include <cfloat>

#include "../data/search_results.hpp"
#include "../kernel/cosine_in_double.hpp"
#include "../kernel/select.hpp"
#include "sides.hpp"
#include "union_find.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

inline constexpr side_names near_duplicates_names{"near_duplicates", "rows", "rows have dim ", "row ", "rows",
                                                  "rows have dim ",  "row "};

/// The bytes of rows, and the least score that two equal ones may have with each other: rounding puts it below 1.
struct bytes_of_rows {
    const char* first;
    idx_t stride, size;
    double least_score;

    template <class T>
    explicit bytes_of_rows(const matrix_view<const T>& rows) noexcept
        : first(reinterpret_cast<const char*>(rows.data())),
          stride(rows.stride() * idx_t(sizeof(T))),
          size(rows.dim() * idx_t(sizeof(T))),
          least_score(1.0 - kernel::rescoring_bound(rows.dim())) {}
    /// Unit rows are used as they are: the shortest has the least score.
    template <class T>
    explicit bytes_of_rows(const unit_view<T>& rows) noexcept : bytes_of_rows(rows.values()) {
        double shortest = 1.0;
        for (idx_t i = 0; i < rows.rows(); ++i) {
            const kernel::row_length length = kernel::length_of(rows.row(i), rows.dim());
            if (length.kind() == kernel::row_kind::regular) shortest = kernel::minimum(shortest, length.norm());
        }
        least_score *= shortest * shortest;
    }
    bool are_equal(idx_t i, idx_t j) const noexcept {
        return std::memcmp(first + i * stride, first + j * stride, std::size_t(size)) == 0;
    }
};

/// Consumer: unites rows whose cosine is at least `threshold`, and equal rows whose cosine is at least `of_copies`.
/// Rows and columns are the same rows: it asks only for scores left of the diagonal, half of them.
struct unite_in_range : engine::score_consumer {
    float threshold, of_copies;
    bytes_of_rows bytes;
    idx_t* parent;

    unite_in_range(float from, const bytes_of_rows& rows, idx_t* parents) noexcept
        : threshold(from), of_copies(from), bytes(rows), parent(parents) {
        if (from <= 1.0f && double(from) > rows.least_score)
            of_copies = kernel::maximum(float(rows.least_score), FLT_MIN);  // a zero row scores 0 with its copies
    }

    bool wants(idx_t first_row, idx_t rows, idx_t first_column, idx_t) const noexcept {
        return first_column < first_row + rows - 1;
    }
    void tile(const engine::score_tile<>& tile) const noexcept {
        union_find sets(parent);
        for (int r = 0; r < tile.rows; ++r) {
            const idx_t row = tile.first_row + r, before = row - tile.first_column;
            const int columns = int(before < 0 ? 0 : before < tile.columns ? before : tile.columns);
            const float* const scores = tile.scores + r * tile.pitch;
            if (columns == 0 || !kernel::any_reaches(scores, columns, of_copies)) continue;
            for (int c = 0; c < columns; ++c) {
                if (is_nan(scores[c]) || scores[c] < of_copies) continue;
                const idx_t column = tile.first_column + c;
                if (scores[c] >= threshold || bytes.are_equal(row, column)) sets.unite(row, column);
            }
        }
    }
};

/// unite_in_range for all workers. begin() comes when the memory of the call is there: a call that fails before leaves
/// the output as it was.
struct unite_by_all_workers : engine::shared_by_workers<unite_in_range> {
    idx_t rows;

    unite_by_all_workers(const unite_in_range& one, idx_t count) : shared_by_workers(one), rows(count) {}
    void begin() const noexcept { union_find(consumer.parent).make_sets(rows); }
};

inline void require_threshold(float threshold) {
    if (is_nan(threshold)) fail<value_error>("near_duplicates: the threshold is NaN");
}

template <class Rows>
void find_duplicates(const Rows& rows, float threshold, matrix_view<idx_t> representative, const execution& how,
                     const row_policy& policy) {
    idx_t* const parent = representative.data();
    const unite_in_range unite(threshold, bytes_of_rows(rows), parent);
    score_all<float, engine::tile_order::by_strips>(how, near_duplicates_names, rows, rows, policy, checked(policy),
                                                    unite_by_all_workers(unite, rows.rows()));
    union_find sets(parent);
    for (idx_t i = 0; i < rows.rows(); ++i) parent[i] = sets.find(i);
}

/// Lists the groups of two and more by a counting sort of the rows by their representatives.
inline duplicate_groups groups_of(array<idx_t>&& representative) {
    const idx_t n = idx_t(representative.size());
    array<idx_t> sizes(n);
    for (const idx_t low : representative) ++sizes[low];
    idx_t groups = 0, members = 0;
    for (const idx_t size : sizes)
        if (size > 1) ++groups, members += size;
    duplicate_groups result{static_cast<array<idx_t>&&>(representative), array<idx_t>::uninitialized(members),
                            array<idx_t>(groups + 1)};
    array<idx_t>& next = sizes;  // once counted: where the next member of a group goes, -1 for a row that is alone
    idx_t group = 0, place = 0;
    for (idx_t& to : next) {
        const idx_t size = to;
        to = size > 1 ? place : -1;
        if (size <= 1) continue;
        place += size;
        result.first[++group] = place;
    }
    for (idx_t i = 0; i < n; ++i) {
        idx_t& to = next[result.representative[i]];
        if (to >= 0) result.members[to++] = i;
    }
    return result;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
