/// Near duplicates: groups of rows that are alike, by a threshold on cosines.
#pragma once

#include "search.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// The rows of one set by groups of near duplicates.
struct duplicate_groups {
    matrix<index> representative;  ///< [1, n]: the lowest row of its group for each row; itself where it is alone
    matrix<index> rows;   ///< [1, m]: the rows of all groups of two and more, ascending in each, by their first row
    matrix<index> first;  ///< [1, groups + 1]: group k holds rows first[k] .. first[k + 1] - 1

    index count() const noexcept { return first.dim() > 0 ? first.dim() - 1 : 0; }
    /// The rows of group k, [1, size].
    matrix_view<const index> group(index k) const {
        return {rows.data() + first(0, k), 1, first(0, k + 1) - first(0, k)};
    }
    /// How many rows could be left out, if one of each group stays.
    index duplicates() const noexcept { return rows.dim() - count(); }
};

namespace detail {

inline constexpr side_names near_duplicates_names{
    "near_duplicates", "representative", "rows", "rows have dim ", "row ", "rows", "rows have dim ", "row "};

/// Sets of rows that grow together, by several threads at once. Each row points to a lower one of its set or to itself,
/// so that the lowest is where all ways end, whoever joined what first.
///
/// Source   Anderson and Woll 1991, Wait-free parallel algorithms for the union-find problem.
class row_sets {
public:
    explicit row_sets(index* parent) noexcept : parent_(parent) {}

    void separate(index rows) noexcept {
        for (index i = 0; i < rows; ++i) parent_[i] = i;
    }
    void join(index a, index b) noexcept {
        for (;;) {
            a = lowest(a), b = lowest(b);
            if (a == b) return;
            index high = a > b ? a : b;
            const index expected = high, low = a > b ? b : a;
            if (replace(high, expected, low)) return;
        }
    }
    /// The lowest row of a's set; ways are halved as they are gone.
    index lowest(index a) noexcept {
        for (;;) {
            const index parent = load(a);
            if (parent == a) return a;
            const index above = load(parent);
            if (above != parent) replace(a, parent, above);
            a = parent;
        }
    }

private:
    index load(index a) const noexcept { return __atomic_load_n(parent_ + a, __ATOMIC_RELAXED); }
    bool replace(index a, index expected, index with) noexcept {
        return __atomic_compare_exchange_n(parent_ + a, &expected, with, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }

    index* parent_;
};

/// Consumer: joins rows whose cosine is above a threshold. Row and column are the same rows: only what lies left of the
/// diagonal is asked for, so that half the work is left out.
struct join_above : engine::expects_nothing {
    float threshold;
    index* parent;

    bool wants(index first_row, index rows, index first_column, index) const noexcept {
        return first_column < first_row + rows - 1;
    }
    void tile(const engine::score_tile<>& tile) const noexcept {
        row_sets sets(parent);
        for (int r = 0; r < tile.rows; ++r) {
            const index row = tile.first_row + r, before = row - tile.first_column;
            const int columns = int(before < 0 ? 0 : before < tile.columns ? before : tile.columns);
            const float* const scores = tile.scores + r * tile.pitch;
            if (columns == 0 || !kernel::any_reaches(scores, columns, threshold)) continue;
            for (int c = 0; c < columns; ++c)
                if (!is_nan(scores[c]) && scores[c] > threshold) sets.join(row, tile.first_column + c);
        }
    }
    void rows_done(index, index) const noexcept {}
};

/// join_above for all workers. Rows are separate until memory is there: what fails leaves the output as it was.
struct join_all : engine::shared_by_workers<join_above> {
    index rows;

    void begin(std::byte*) const noexcept { row_sets(consumer.parent).separate(rows); }
};

template <class Rows>
void find_duplicates(const Rows& rows, float threshold, index* representative, const execution& how,
                     const normalize_options& options) {
    const side_names& names = near_duplicates_names;
    engine::row_source queries(rows, options, names.function, names.query_row);
    engine::gallery_side<Rows> side(rows, judged(options), names.function, names.gallery_row);
    engine::score_strips<float>(how, queries, side, join_all{{{{}, threshold, representative}}, rows.rows()});
    row_sets sets(representative);
    for (index i = 0; i < rows.rows(); ++i) representative[i] = sets.lowest(i);
    queries.report();
}

inline void require_threshold(float threshold) {
    if (is_nan(threshold)) fail<value_error>("near_duplicates: the threshold is NaN");
}

/// Sorts rows to their representatives, by counting; those alone are left out.
inline duplicate_groups groups_of(matrix<index>&& representative) {
    const index n = representative.dim();
    matrix<index> size(1, n);
    for (index i = 0; i < n; ++i) ++size(0, representative(0, i));
    index groups = 0, members = 0;
    for (index i = 0; i < n; ++i)
        if (size(0, i) > 1) ++groups, members += size(0, i);
    duplicate_groups result{matrix<index>(), matrix<index>(1, members), matrix<index>(1, groups + 1)};
    matrix<index>& next = size;  // once counted: where the next row of a group goes, -1 for those alone
    index group = 0, place = 0;
    for (index i = 0; i < n; ++i) {
        const index many = size(0, i);
        next(0, i) = many > 1 ? place : -1;
        if (many <= 1) continue;
        place += many;
        result.first(0, ++group) = place;
    }
    for (index i = 0; i < n; ++i) {
        index& to = next(0, representative(0, i));
        if (to >= 0) result.rows(0, to++) = i;
    }
    result.representative = static_cast<matrix<index>&&>(representative);
    return result;
}

}  // namespace detail

/// Near duplicates: the lowest row of each row's group, into the caller's memory.
///
///   i and j are alike if cosine(rows[i], rows[j]) > threshold; groups are the connected components of this relation
///   representative[i] = the lowest row of i's group
///
/// Rows of a group need not all be alike: a chain of pairs joins its ends. Keeping the rows with representative[i] == i
/// keeps one of each group. Equal rows have a cosine of 1 within 6e-7, within 1e-5 where their elements are all alike, and not
/// always exactly 1: keep the threshold below.
///
/// Shapes   rows [n, dim] -> representative [1, n] (a std::vector of n will do).
/// Units    row numbers. The threshold is a cosine, with the bits of cosine_similarity and compared as in `within`; 0.94
///          is usual.
/// Errors   shape_error if the output has another shape or overlaps; value_error for a threshold that is NaN, and for
///          zero or non-finite rows where the options say so. By default a zero row has cosine 0 with every row, and one
///          with NaN or Inf is alone.
/// Threads  `how` splits the rows; every split gives the same groups.
/// Memory   some MiB of packed rows, from the workspace of `how`; none that grows with the number of pairs.
/// Source   Beaumont 2022, clip-retrieval: deduplication by connected components of inner products above 0.94.
template <class Rows>
void near_duplicates(const Rows& rows, float threshold, matrix_view<index> representative, const execution& how,
                     const normalize_options& options = {}) {
    const auto view = engine::view_of(rows);
    detail::require_threshold(threshold);
    detail::require_shape("near_duplicates", "representative", representative, 1, view.rows());
    detail::require_apart("near_duplicates", "representative", representative, "rows", engine::values_of(view));
    detail::find_duplicates(view, threshold, representative.data(), how, options);
}
/// On the caller's thread.
template <class Rows>
void near_duplicates(const Rows& rows, float threshold, matrix_view<index> representative,
                     const normalize_options& options = {}) {
    near_duplicates(rows, threshold, representative, sequential{}, options);
}

/// The same with the groups of two rows and more.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result, and n numbers until it is returned.
template <class Rows>
duplicate_groups near_duplicates(const Rows& rows, float threshold, const execution& how,
                                 const normalize_options& options = {}) {
    const auto view = engine::view_of(rows);
    detail::require_threshold(threshold);
    matrix<index> representative(1, view.rows());
    detail::find_duplicates(view, threshold, representative.data(), how, options);
    return detail::groups_of(static_cast<matrix<index>&&>(representative));
}
template <class Rows>
duplicate_groups near_duplicates(const Rows& rows, float threshold = 0.94f, const normalize_options& options = {}) {
    return near_duplicates(rows, threshold, sequential{}, options);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
