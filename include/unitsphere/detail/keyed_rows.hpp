/// Rows with ids that come and go: what a keyed gallery does, whatever stores its rows.
#pragma once

#include "id_table.hpp"
#include "packed_gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Lists of ids are [n, 1], and `function` begins the texts of errors. A change that fails has changed nothing, the
/// places of rows either: holes are closed once a change is made.
template <class Storage>
class keyed_rows {
public:
    keyed_rows() noexcept = default;
    keyed_rows(const keyed_rows&) = default;
    keyed_rows(keyed_rows&&) noexcept = default;
    keyed_rows& operator=(keyed_rows&&) noexcept = default;
    keyed_rows& operator=(const keyed_rows& other) { return *this = keyed_rows(other); }  // all or nothing
    ~keyed_rows() = default;

    idx_t dim() const noexcept { return rows_.dim(); }
    idx_t bytes() const noexcept { return rows_.bytes() + ids_.bytes() + idx_t(kinds_.size()); }
    const id_table& ids() const noexcept { return ids_; }
    /// The rows, the holes included.
    auto packed() const noexcept {
        auto view = rows_.packed();
        view.seen = report();
        return view;
    }
    row_report report() const noexcept {
        row_report seen;
        for (idx_t i = 0; has_kinds_ && i < ids_.places(); ++i)
            if (ids_.ids()[i] != id_table::hole) add_kind(i, ids_.ids()[i], seen);
        return seen;
    }

    /// use(storage, report) for the rows in the order of `ascending`, their ids, or a copy of them where they lie
    /// otherwise; the report has their numbers in that order.
    template <class Use>
    void in_order(const array<idx_t>& ascending, Use&& use) const {
        auto places = array<idx_t>::uninitialized(idx_t(ascending.size()));
        row_report seen;
        bool are_in_order = ids_.places() == ids_.rows();
        for (idx_t n = 0; n < idx_t(ascending.size()); ++n) {
            places[n] = ids_.row_of(ascending[n]);
            are_in_order = are_in_order && places[n] == n;
            if (has_kinds_) add_kind(places[n], n, seen);
        }
        are_in_order ? use(rows_, seen) : use(rows_.gathered(places.data(), idx_t(places.size())), seen);
    }
    /// Takes rows, and their ids, which are ascending.
    static keyed_rows adopted(Storage&& rows, const array<idx_t>& ids) {
        keyed_rows result;
        result.reserve(rows.rows());
        for (const idx_t id : ids) result.ids_.push(id);
        array<float> unit(rows.dim());
        result.has_kinds_ = rows.seen().zero_rows + rows.seen().non_finite_rows > 0;
        for (idx_t i = 0; result.has_kinds_ && i < rows.rows(); ++i) {
            rows.unpack_row(i, unit.data());
            result.kinds_[i] = kind_of(kernel::length_of(unit.data(), rows.dim()).kind());
        }
        result.rows_ = static_cast<Storage&&>(rows);
        return result;
    }

    template <class Ids, class View>
    void add(const char* function, const Ids& ids, const View& view, const execution& how, const row_policy& policy) {
        require_as_many(function, ids.rows(), view.rows());
        reserve(view.rows());
        undo_ids undo{ids_, ids_.places()};
        for (idx_t i = 0; i < ids.rows(); ++i) {
            if (idx_t(ids(i, 0)) < 0) refuse(function, ids, i, " is negative");
            if (!ids_.push(idx_t(ids(i, 0)))) refuse(function, ids, i, " is there already");
        }
        row_report seen;
        rows_.append(view, how, counted(policy, seen), function, "row ");
        const idx_t before = undo.places;
        undo.places = ids_.places();
        set_kinds(view, seen, [before](idx_t i) { return before + i; });
        close_many_holes();
        if (policy.report != nullptr) *policy.report = seen;
    }
    template <class Ids, class View>
    void replace(const char* function, const Ids& ids, const View& view, const execution& how,
                 const row_policy& policy) {
        require_as_many(function, ids.rows(), view.rows());
        const auto row_of = [&](idx_t i) { return require_row(function, ids, i); };
        for (idx_t i = 0; i < ids.rows(); ++i) row_of(i);
        row_report seen;
        if (ids.rows() > 0) {
            rows_.replace(view, row_of, how, counted(policy, seen), function, "row ");
            set_kinds(view, seen, row_of);
        }
        if (policy.report != nullptr) *policy.report = seen;
    }
    template <class Ids>
    void remove(const char* function, const Ids& ids) {
        const idx_t unfit = ids_.first_unfit(ids);
        if (unfit >= 0) require_row(function, ids, unfit), refuse(function, ids, unfit, " comes twice");
        for (idx_t i = 0; i < ids.rows(); ++i) ids_.remove(ids_.row_of(idx_t(ids(i, 0))));
        close_many_holes();
    }
    template <class Ids>
    unit_embeddings<float> unit_rows(const char* function, const Ids& ids) const {
        auto out = matrix<float>::uninitialized(ids.rows(), dim());
        for (idx_t i = 0; i < ids.rows(); ++i) rows_.unpack_row(require_row(function, ids, i), out.row(i));
        return unit_access::embeddings(static_cast<matrix<float>&&>(out));
    }

private:
    enum class kind : unsigned char { regular, zero, non_finite };

    /// Takes back the ids behind the first `places`.
    struct undo_ids {
        id_table& ids;
        idx_t places;
        ~undo_ids() {
            while (ids.places() > places) ids.pop();
        }
    };

    static void require_as_many(const char* function, idx_t ids, idx_t rows) {
        if (ids != rows) fail<shape_error>(function, ": ", ids, " ids for ", rows, " rows");
    }
    template <class Ids>
    [[noreturn]] static void refuse(const char* function, const Ids& ids, idx_t i, const char* why) {
        fail<value_error>(function, ": id ", idx_t(ids(i, 0)), ", number ", i, " of ", ids.rows(), ",", why);
    }
    template <class Ids>
    idx_t require_row(const char* function, const Ids& ids, idx_t i) const {
        const idx_t row = ids_.row_of(idx_t(ids(i, 0)));
        if (row < 0) refuse(function, ids, i, " is not there");
        return row;
    }
    /// The policy with a report, which makes unit rows count, too.
    static row_policy counted(row_policy policy, row_report& seen) noexcept {
        policy.report = &seen;
        return policy;
    }

    void reserve(idx_t more) {
        ids_.reserve(more);
        if (idx_t(kinds_.size()) >= ids_.capacity()) return;
        array<kind> kinds(ids_.capacity());
        for (idx_t i = 0; i < ids_.places(); ++i) kinds[i] = kinds_[i];
        kinds_ = static_cast<array<kind>&&>(kinds);
    }
    static kind kind_of(kernel::row_kind found) noexcept {
        return found == kernel::row_kind::zero         ? kind::zero
               : found == kernel::row_kind::non_finite ? kind::non_finite
                                                       : kind::regular;
    }
    /// Counts a row under a number, those of a report in any order.
    void add_kind(idx_t row, idx_t number, row_report& seen) const noexcept {
        row_report one;
        if (kinds_[row] == kind::zero) one.add_zero(number);
        if (kinds_[row] == kind::non_finite) one.add_non_finite(number);
        seen.add(one);
    }
    /// What the rows of a view are, which are now rows row_of(0), row_of(1), ..: regular, unless some were `seen`.
    template <class View, class RowOf>
    void set_kinds(const View& view, const row_report& seen, RowOf&& row_of) noexcept {
        const bool are_regular = seen.zero_rows + seen.non_finite_rows == 0;
        has_kinds_ = has_kinds_ || !are_regular;
        for (idx_t i = 0; has_kinds_ && i < view.rows(); ++i) {
            kinds_[row_of(i)] = are_regular ? kind::regular : kind_of(kernel::length_of(view.row(i), dim()).kind());
        }
    }
    /// Where there are more holes than rows, or half as many and little room: then so many changes have come before as
    /// rows are moved.
    void close_many_holes() noexcept {
        const idx_t rows = ids_.rows(), holes = ids_.places() - rows;
        const idx_t room = rows_.capacity() - Storage::panel_rows - ids_.places();
        if (holes <= rows && (2 * holes < rows || holes == 0 || 8 * room >= ids_.places())) return;
        constexpr idx_t panel = Storage::panel_rows;
        idx_t sources[panel];
        ids_.compact([&](idx_t from, idx_t to) {
            kinds_[to] = kinds_[from];
            sources[to % panel] = from;
            if (to % panel == panel - 1 && from > to) rows_.take_rows(rows_, sources, panel, to - to % panel);
        });
        rows_.take_rows(rows_, sources, ids_.places() % panel, ids_.places() - ids_.places() % panel);
        rows_.truncate(ids_.places());
    }

    Storage rows_ = {};
    id_table ids_ = {};
    array<kind> kinds_ = {};  ///< of rows, once there was one without a direction
    bool has_kinds_ = false;  ///< whether there was
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
