/// Rows with ids of the caller's: added, replaced and removed at any time, and searched.
#pragma once

#include "data/column.hpp"
#include "detail/keyed_rows.hpp"
#include "detail/searched_side.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

class gallery;

namespace detail {
template <>
struct storage_of<gallery> {
    using type = packed_gallery;
};
/// Ids as a list: of one integer, or of many.
template <class Ids>
auto ids_of_call(const char* function, const Ids& ids) {
    if constexpr (std::is_integral_v<Ids>)
        return (void)function, matrix_view<const Ids>(&ids, 1, 1);
    else
        return labels_of(ids, function);
}
}  // namespace detail

struct keyed_gallery_options {
    row_policy rows = {};
};

/// A gallery whose rows have ids: any integers from 0 to 2^63 - 1, such as the keys of a database.
///
///   keyed_gallery catalogue(ids, rows);             normalizes and packs; it is a keyed<gallery>
///   keyed<compact_gallery<int4>> small(ids, rows);  the same of a compact_gallery, or of a shadow_gallery
///   catalogue.add(7, row), catalogue.replace(8, row), catalogue.remove(9);
///   top_k(queries, catalogue, 10)                   finds ids; range_search, for_each_in_range, near_duplicates,
///                                                   top_k_rescored and, from labels by id, knn_classify, too
///
/// Searches give ids where they give row numbers otherwise, and order ties by id: a result depends on which rows are
/// there, and neither on how they came nor on what was removed. Its bits are those of a `Gallery` of the rows in the
/// order of their ids; seen from a mean, of one with the same, which is that of the first rows that were added, or were
/// added after all had been removed. A removed row leaves a hole that searches skip; the holes are closed, in place, by
/// a change that leaves more holes than rows, or half as many and little room behind them.
///
/// io/keyed_gallery.hpp keeps it in a file, and searches it there.
///
/// Errors   every function names an id or a position and a count, and has changed nothing when it fails.
/// Threads  const members and searches may run on many threads, while nobody changes the gallery.
/// Memory   the rows as a `Gallery` keeps them, 40 to 80 bytes for each id beside them, and the room that `add` leaves.
/// Source   FAISS, IndexIDMap2 (add_with_ids, remove_ids); Malkov and Yashunin 2018, hnswlib (labels, markDelete).
template <class Gallery>
class keyed {
public:
    /// Without rows; the first ones decide the dim.
    keyed() noexcept = default;
    /// As add.
    template <class Ids, class Rows, detail::if_rows<Rows> = 0>
    keyed(const Ids& ids, const Rows& rows, const execution& how = {}, const keyed_gallery_options& options = {}) {
        add(ids, rows, how, options);
    }

    idx_t rows() const noexcept { return rows_.ids().rows(); }
    idx_t dim() const noexcept { return rows_.dim(); }
    /// The memory that it holds.
    idx_t bytes() const noexcept { return rows_.bytes(); }
    bool contains(idx_t id) const noexcept { return rows_.ids().row_of(id) >= 0; }
    /// The rows without a direction that are there now, the first of each kind by its id: the lowest one.
    row_report report() const noexcept { return rows_.report(); }

    /// Adds rows[i] as ids[i].
    ///
    /// Shapes   ids: one integer for one row, or a list of n; rows [n, dim] of the dim of those before.
    /// Units    raw rows are normalized, unit rows used as they are; then they are rounded as `Gallery` rounds them.
    /// Errors   shape_error for another dim or another number of ids than rows; value_error for an id that is there
    ///          already, comes twice or is negative, and for rows where the options say so. By default a zero row
    ///          scores 0, and one with NaN or Inf is never found.
    /// Threads  `how` splits the rows.
    /// Memory   half as much again when it is full.   Source  as the class.
    template <class Ids, class Rows, detail::if_rows<Rows> = 0>
    void add(const Ids& ids, const Rows& rows, const execution& how = {}, const keyed_gallery_options& options = {}) {
        constexpr const char* function = "keyed_gallery::add";
        rows_.add(function, detail::ids_of_call(function, ids), engine::view_of(rows), how, options.rows);
    }

    /// Writes rows[i] over the row of ids[i]; of an id that comes twice the last row stays.
    ///
    /// Shapes, Units, Source   as add.
    /// Errors   as add, but value_error for an id that is not there.
    /// Threads  the caller's; `how` measures unit rows.
    /// Memory   none; of rows that are seen from a mean a few rows of scratch, from the workspace of `how`.
    template <class Ids, class Rows, detail::if_rows<Rows> = 0>
    void replace(const Ids& ids, const Rows& rows, const execution& how = {},
                 const keyed_gallery_options& options = {}) {
        constexpr const char* function = "keyed_gallery::replace";
        rows_.replace(function, detail::ids_of_call(function, ids), engine::view_of(rows), how, options.rows);
    }

    /// Removes one id, or a list of them.
    ///
    /// Shapes   one integer, or a list.   Units  ids.
    /// Errors   value_error for an id that is not there or comes twice.
    /// Threads  the caller's.
    /// Memory   none. O(1) for each id: closing the holes is one pass over as many rows as have been changed before.
    /// Source   as the class.
    template <class Ids>
    void remove(const Ids& ids) {
        constexpr const char* function = "keyed_gallery::remove";
        rows_.remove(function, detail::ids_of_call(function, ids));
    }

    /// All ids, ascending.
    ///
    /// Shapes   [rows()].   Threads  the caller's.   Memory  the result, and as much until it is returned.
    array<idx_t> ids() const { return rows_.ids().ascending(); }
    /// The rows of one id or a list of them, as they are used: [n, dim], the bits of normalize() of what is stored.
    ///
    /// Shapes   ids [n], or one integer.   Units  unit rows.
    /// Errors   value_error for an id that is not there.
    /// Threads  the caller's.   Memory  the result.   Source  as the class.
    template <class Ids>
    unit_embeddings<float> unit_rows(const Ids& ids) const {
        constexpr const char* function = "keyed_gallery::unit_rows";
        return rows_.unit_rows(function, detail::ids_of_call(function, ids));
    }

    /// The mask of the ids with allowed(id), for the option `filter` of searches until the gallery changes. A change
    /// that fails, or is cancelled, changes nothing: the mask holds.
    ///
    /// Errors   what `allowed` throws.   Threads  the caller's.   Memory  a bit for each row and each hole.
    template <class Predicate>
    row_mask mask(Predicate&& allowed) const {
        return detail::mask_of_ids(rows_.ids(), allowed);
    }

private:
    friend struct detail::keyed_access;
    detail::keyed_rows<typename detail::storage_of<Gallery>::type> rows_ = {};
};

using keyed_gallery = keyed<gallery>;

namespace detail {
template <class Gallery>
inline constexpr bool is_keyed<keyed<Gallery>> = true;
}  // namespace detail

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
