/// Rows with ids of the caller's: added, replaced and removed at any time, and searched.
#pragma once

#include "data/column.hpp"
#include "data/row_filter.hpp"
#include "detail/packed_gallery.hpp"
#include "detail/searched_side.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

struct keyed_gallery_options {
    row_policy rows = {};
};

/// A gallery whose rows have ids: any integers from 0 to 2^63 - 1, such as the keys of a database.
///
///   keyed_gallery catalogue(ids, rows);             normalizes and packs
///   catalogue.add(7, row), catalogue.replace(8, row), catalogue.remove(9);
///   top_k(queries, catalogue, 10)                   finds ids; range_search and for_each_in_range, too
///
/// Searches give ids where they give row numbers otherwise, and order ties by id: a result depends on which rows are
/// there, and neither on how they came nor on what was removed. Its bits are those of a `gallery` of the rows in the
/// order of their ids. A removed row leaves a hole that searches skip; the holes are closed, in place, when a removal
/// makes more holes than rows, and when an addition that would take new memory finds half as many.
///
/// Errors   every function names an id or a position and a count, and has changed nothing when it fails.
/// Threads  const members and searches may run on many threads, while nobody changes the gallery.
/// Memory   the rows as float, 40 to 80 bytes for each id beside them, and the room that `add` leaves.
/// Source   FAISS, IndexIDMap2 (add_with_ids, remove_ids); Malkov and Yashunin 2018, hnswlib (labels, markDelete).
class keyed_gallery {
public:
    /// Without rows; the first ones decide the dim.
    keyed_gallery() noexcept = default;
    /// As add.
    template <class Ids, class Rows, detail::if_rows<Rows> = 0>
    keyed_gallery(const Ids& ids, const Rows& rows, const execution& how = {},
                  const keyed_gallery_options& options = {}) {
        add(ids, rows, how, options);
    }

    idx_t rows() const noexcept { return ids_.rows(); }
    idx_t dim() const noexcept { return rows_.dim(); }
    /// The memory that it holds.
    idx_t bytes() const noexcept { return rows_.bytes() + ids_.bytes() + idx_t(kinds_.size()); }
    bool contains(idx_t id) const noexcept { return ids_.row_of(id) >= 0; }
    /// The rows without a direction that are there now, the first of each kind by its id: the lowest one.
    row_report report() const noexcept {
        row_report seen;
        for (idx_t i = 0; has_kinds_ && i < ids_.places(); ++i) {
            row_report one;
            if (ids_.ids()[i] != detail::id_table::hole && kinds_[i] == kind::zero) one.add_zero(ids_.ids()[i]);
            if (ids_.ids()[i] != detail::id_table::hole && kinds_[i] == kind::non_finite)
                one.add_non_finite(ids_.ids()[i]);
            seen.add(one);
        }
        return seen;
    }

    /// Adds rows[i] as ids[i].
    ///
    /// Shapes   ids: one integer for one row, or a list of n; rows [n, dim] of the dim of those before.
    /// Units    raw rows are normalized, unit rows used as they are.
    /// Errors   shape_error for another dim or another number of ids than rows; value_error for an id that is there
    ///          already, comes twice or is negative, and for rows where the options say so. By default a zero row
    ///          scores 0, and one with NaN or Inf is never found.
    /// Threads  `how` splits the rows.
    /// Memory   half as much again when it is full and has few holes.   Source  as the class.
    template <class Ids, class Rows, detail::if_rows<Rows> = 0>
    void add(const Ids& ids, const Rows& rows, const execution& how = {}, const keyed_gallery_options& options = {}) {
        constexpr const char* function = "keyed_gallery::add";
        const auto view = engine::view_of(rows);
        const auto list = list_of(function, ids);
        require_as_many(function, list.rows(), view.rows());
        const bool closes = view.rows() > rows_.capacity() - ids_.places() && 2 * holes() >= ids_.rows();
        reserve(view.rows());
        undo_ids undo{ids_, ids_.places()};
        push_all(function, list);
        // Masks go by places: holes are closed before only where that makes room and the rows will be taken.
        const bool first = closes && view.rows() <= rows_.capacity() - (ids_.rows() - view.rows()) &&
                           are_fit(view, options.rows);
        if (first) {
            undo.take_back();
            close_holes();
            undo.places = ids_.places();
            push_all(function, list);
        }
        const idx_t before = undo.places;
        row_report seen;
        rows_.append(view, how, counted(options.rows, seen), function, "row ");
        undo.places = ids_.places();
        set_kinds(view, seen, [before](idx_t i) { return before + i; });
        if (closes && !first) close_holes();
        if (options.rows.report != nullptr) *options.rows.report = seen;
    }

    /// Writes rows[i] over the row of ids[i]; of an id that comes twice the last row stays.
    ///
    /// Shapes, Units, Source   as add.
    /// Errors   as add, but value_error for an id that is not there.
    /// Threads  the caller's; `how` measures unit rows.   Memory  none.
    template <class Ids, class Rows, detail::if_rows<Rows> = 0>
    void replace(const Ids& ids, const Rows& rows, const execution& how = {},
                 const keyed_gallery_options& options = {}) {
        constexpr const char* function = "keyed_gallery::replace";
        const auto view = engine::view_of(rows);
        const auto list = list_of(function, ids);
        require_as_many(function, list.rows(), view.rows());
        const auto row_of = [&](idx_t i) { return ids_.row_of(idx_t(list(i, 0))); };
        for (idx_t i = 0; i < list.rows(); ++i)
            if (row_of(i) < 0) refuse(function, list, i, " is not there");
        if (list.rows() == 0) return;
        row_report seen;
        rows_.replace(view, row_of, how, counted(options.rows, seen), function, "row ");
        set_kinds(view, seen, row_of);
        if (options.rows.report != nullptr) *options.rows.report = seen;
    }

    /// Removes one id, or a list of them.
    ///
    /// Shapes   one integer, or a list.   Units  ids.
    /// Errors   value_error for an id that is not there or comes twice.
    /// Threads  the caller's.
    /// Memory   none. O(1) for each id: closing the holes is one pass over as many rows as have been removed before.
    /// Source   as the class.
    template <class Ids>
    void remove(const Ids& ids) {
        constexpr const char* function = "keyed_gallery::remove";
        const auto list = list_of(function, ids);
        const idx_t unfit = ids_.first_unfit(list);
        if (unfit >= 0)
            refuse(function, list, unfit, contains(idx_t(list(unfit, 0))) ? " comes twice" : " is not there");
        for (idx_t i = 0; i < list.rows(); ++i) ids_.remove(ids_.row_of(idx_t(list(i, 0))));
        if (holes() > ids_.rows()) close_holes();
    }

    /// All ids, in the order in which their rows were added.   Memory  the result.
    array<idx_t> ids() const {
        auto list = array<idx_t>::uninitialized(rows());
        for (idx_t i = 0, n = 0; i < ids_.places(); ++i)
            if (ids_.ids()[i] != detail::id_table::hole) list[n++] = ids_.ids()[i];
        return list;
    }
    /// The rows of one id or a list of them, as they are used: [n, dim], the bits of normalize().
    ///
    /// Errors   value_error for an id that is not there.   Memory  the result.
    template <class Ids>
    unit_embeddings<float> unit_rows(const Ids& ids) const {
        constexpr const char* function = "keyed_gallery::unit_rows";
        const auto list = list_of(function, ids);
        auto out = matrix<float>::uninitialized(list.rows(), dim());
        for (idx_t i = 0; i < list.rows(); ++i) {
            const idx_t row = ids_.row_of(idx_t(list(i, 0)));
            if (row < 0) refuse(function, list, i, " is not there");
            rows_.unpack_row(row, out.row(i));
        }
        return unit_access::embeddings(static_cast<matrix<float>&&>(out));
    }

    /// The mask of the ids with allowed(id), for the option `filter` of searches until the gallery changes.
    template <class Predicate>
    row_mask mask(Predicate&& allowed) const {
        return row_mask(ids_.places(), [&](idx_t i) {
            const idx_t id = ids_.ids()[i];
            return id != detail::id_table::hole && allowed(id);
        });
    }

private:
    friend struct detail::keyed_access;
    enum class kind : unsigned char { regular, zero, non_finite };

    /// Takes back the ids behind the first `places`, unless that has grown to all.
    struct undo_ids {
        detail::id_table& ids;
        idx_t places;
        void take_back() noexcept {
            while (ids.places() > places) ids.pop();
        }
        ~undo_ids() { take_back(); }
    };

    template <class Ids>
    static auto list_of(const char* function, const Ids& ids) {
        if constexpr (std::is_integral_v<Ids>)
            return (void)function, matrix_view<const Ids>(&ids, 1, 1);
        else
            return detail::labels_of(ids, function);
    }
    static void require_as_many(const char* function, idx_t ids, idx_t rows) {
        if (ids != rows) detail::fail<shape_error>(function, ": ", ids, " ids for ", rows, " rows");
    }
    template <class Integer>
    [[noreturn]] static void refuse(const char* function, const matrix_view<const Integer>& list, idx_t i,
                                    const char* why) {
        detail::fail<value_error>(function, ": id ", idx_t(list(i, 0)), ", number ", i, " of ", list.rows(), ",", why);
    }
    template <class Integer>
    void push_all(const char* function, const matrix_view<const Integer>& list) {
        for (idx_t i = 0; i < list.rows(); ++i) {
            if (list(i, 0) < 0) refuse(function, list, i, " is negative");
            if (!ids_.push(idx_t(list(i, 0)))) refuse(function, list, i, " is there already");
        }
    }
    /// Whether the dim is right and the policy refuses none of these rows.
    template <class View>
    bool are_fit(const View& view, const row_policy& policy) const noexcept {
        if (view.dim() != dim()) return false;
        if (policy.zero_rows != on_row::error && policy.non_finite != on_row::error) return true;
        for (idx_t i = 0; i < view.rows(); ++i) {
            const auto found = kernel::length_of(view.row(i), dim()).kind();
            if (found == kernel::row_kind::zero && policy.zero_rows == on_row::error) return false;
            if (found == kernel::row_kind::non_finite && policy.non_finite == on_row::error) return false;
        }
        return true;
    }
    /// The policy with a report, which makes unit rows count, too.
    static row_policy counted(row_policy policy, row_report& seen) noexcept {
        policy.report = &seen;
        return policy;
    }

    idx_t holes() const noexcept { return ids_.places() - ids_.rows(); }
    void close_holes() noexcept {
        constexpr idx_t panel = detail::packed_gallery::panel_rows;
        idx_t sources[panel];
        ids_.compact([&](idx_t from, idx_t to) {
            kinds_[to] = kinds_[from];
            sources[to % panel] = from;
            if (to % panel == panel - 1 && from > to) rows_.move_rows(sources, panel, to - to % panel);
        });
        rows_.move_rows(sources, ids_.places() % panel, ids_.places() - ids_.places() % panel);
        rows_.truncate(ids_.places());
    }
    void reserve(idx_t more) {
        ids_.reserve(more);
        if (idx_t(kinds_.size()) >= ids_.capacity()) return;
        array<kind> kinds(ids_.capacity());
        for (idx_t i = 0; i < ids_.places(); ++i) kinds[i] = kinds_[i];
        kinds_ = static_cast<array<kind>&&>(kinds);
    }
    /// What the rows of a view are, which are now rows row_of(0), row_of(1), ..: regular, unless some were `seen`.
    template <class View, class RowOf>
    void set_kinds(const View& view, const row_report& seen, RowOf&& row_of) noexcept {
        const bool are_regular = seen.zero_rows + seen.non_finite_rows == 0;
        has_kinds_ = has_kinds_ || !are_regular;
        for (idx_t i = 0; has_kinds_ && i < view.rows(); ++i) {
            const auto found = are_regular ? kernel::row_kind::regular : kernel::length_of(view.row(i), dim()).kind();
            kinds_[row_of(i)] = found == kernel::row_kind::zero         ? kind::zero
                                : found == kernel::row_kind::non_finite ? kind::non_finite
                                                                        : kind::regular;
        }
    }

    /// For searches: the rows, the holes included.
    engine::packed_view<float> packed() const noexcept {
        engine::packed_view<float> view = rows_.packed();
        view.seen = report();
        return view;
    }

    detail::packed_gallery rows_ = {};
    detail::id_table ids_ = {};
    array<kind> kinds_ = {};  ///< of rows, once there was one without a direction
    bool has_kinds_ = false;  ///< whether there was
};

namespace detail {
template <>
inline constexpr bool is_keyed<keyed_gallery> = true;
}  // namespace detail

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
