/// Where the row of an id lies, and which id a row has.
#pragma once

#include "../data/array.hpp"
#include "../data/row_filter.hpp"
#include "../engine/arithmetic.hpp"
#include "../kernel/select.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Ids of rows 0 .. places() - 1, which come at the end and go anywhere: a removed row leaves a hole, whose id is -1.
/// Open addressing with linear probing, at most half full, and deletion by a shift backwards: no tombstones. Not
/// std::unordered_map: its code would be shared by all units, with the instructions of whichever was linked first.
class id_table {
public:
    static constexpr idx_t hole = -1;

    id_table() noexcept = default;
    id_table(const id_table&) = default;
    id_table(id_table&& other) noexcept { swap(other); }
    id_table& operator=(id_table other) noexcept {
        swap(other);
        return *this;
    }
    ~id_table() = default;

    /// Rows with an id, and with the holes.
    idx_t rows() const noexcept { return rows_; }
    idx_t places() const noexcept { return places_; }
    idx_t capacity() const noexcept { return idx_t(ids_.size()); }
    const idx_t* ids() const noexcept { return over_ != nullptr ? over_ : ids_.data(); }
    idx_t bytes() const noexcept { return idx_t(slots_.size() * sizeof(slot) + ids_.size() * sizeof(idx_t)); }

    /// Ascending ids that stay where they are, without a hash table; none comes or goes.
    static id_table over(const idx_t* ascending, idx_t rows) noexcept {
        id_table result;
        result.over_ = ascending, result.rows_ = result.places_ = rows;
        return result;
    }

    /// The row of an id; -1 where there is none.
    idx_t row_of(idx_t id) const noexcept {
        if (rows_ == 0) return -1;
        if (over_ == nullptr) return slots_[find(id)].place - 1;
        idx_t first = 0;
        for (idx_t count = rows_; count > 1; count -= count / 2)
            if (over_[first + count / 2] <= id) first += count / 2;
        return over_[first] == id ? first : -1;
    }

    /// The ids of rows, in order.
    array<idx_t> ascending() const {
        auto list = array<idx_t>::uninitialized(rows_);
        if (over_ != nullptr) {
            for (idx_t i = 0; i < rows_; ++i) list[i] = over_[i];
            return list;
        }
        auto equal = array<double>::uninitialized(rows_);
        kernel::list_of_best<double> order{list.data(), equal.data(), rows_};  // ties in ascending order
        for (idx_t i = 0; i < places_; ++i)
            if (ids_[i] != hole) order.add(0.0, ids_[i]);
        order.sort();
        return list;
    }

    /// Room for `more` rows at the end.   Errors  as array; nothing has changed then.
    void reserve(idx_t more) {
        if (more <= idx_t(ids_.size()) - places_) return;
        idx_t capacity = 64;
        while (capacity - places_ < more && capacity < PTRDIFF_MAX / 64) capacity *= 2;
        auto ids = array<idx_t>::uninitialized(capacity);
        array<slot> slots(2 * capacity);
        for (idx_t i = 0; i < places_; ++i) ids[i] = ids_[i];
        ids_ = static_cast<array<idx_t>&&>(ids);
        slots_ = static_cast<array<slot>&&>(slots);
        for (idx_t i = 0; i < places_; ++i)
            if (ids_[i] != hole) slots_[find(ids_[i])] = {ids_[i], i + 1};
    }
    /// Appends a row where there is room; false, and nothing done, if the id is there.
    bool push(idx_t id) noexcept {
        slot& at = slots_[find(id)];
        if (at.place != 0) return false;
        ids_[places_++] = id, at = {id, places_};
        ++rows_;
        return true;
    }
    /// Takes the last row back.
    void pop() noexcept {
        remove(places_ - 1);
        --places_;
    }
    /// The place in a list of the first id that is not there or comes a second time; -1 where there is none.
    template <class Integer>
    idx_t first_unfit(const matrix_view<const Integer>& list) noexcept {
        idx_t fit = 0;
        for (; fit < list.rows() && rows_ > 0; ++fit) {
            slot& at = slots_[find(idx_t(list(fit, 0)))];
            if (at.place <= 0) break;
            at.place = -at.place;  // seen, until the end of this function
        }
        for (idx_t i = 0; i < fit; ++i) {
            slot& at = slots_[find(idx_t(list(i, 0)))];
            at.place = -at.place;
        }
        return fit < list.rows() ? fit : -1;
    }
    /// Leaves a hole.
    void remove(idx_t row) noexcept {
        idx_t free = find(ids_[row]);
        for (idx_t at = next(free); slots_[at].place != 0; at = next(at)) {
            const idx_t from_home = (at - home(slots_[at].id)) & last(), from_free = (at - free) & last();
            if (from_home < from_free) continue;  // its home lies behind the free slot
            slots_[free] = slots_[at], free = at;
        }
        slots_[free] = {};
        ids_[row] = hole;
        --rows_;
    }
    /// Closes the holes: rows keep their order. move(from, to) for each row, in ascending order.
    template <class Move>
    void compact(Move&& move) noexcept {
        idx_t to = 0;
        for (idx_t from = 0; from < places_; ++from) {
            const idx_t id = ids_[from];
            if (id == hole) continue;
            slots_[find(id)].place = to + 1;
            ids_[to] = id;
            move(from, to++);
        }
        places_ = to;
    }

private:
    struct slot {
        idx_t id, place;  ///< 1 + the row; 0 where the slot is free
    };

    idx_t last() const noexcept { return idx_t(slots_.size()) - 1; }
    idx_t next(idx_t at) const noexcept { return (at + 1) & last(); }
    /// Where the search of an id begins: MurmurHash3's mixer, so that ids of any pattern spread.
    idx_t home(idx_t id) const noexcept {
        std::uint64_t x = static_cast<std::uint64_t>(id);
        x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
        x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
        return static_cast<idx_t>(x ^ x >> 33) & last();
    }
    /// The slot of an id, or the free one where it would be.
    idx_t find(idx_t id) const noexcept {
        idx_t at = home(id);
        while (slots_[at].place != 0 && slots_[at].id != id) at = next(at);
        return at;
    }
    void swap(id_table& other) noexcept {
        const idx_t rows = rows_, places = places_;
        rows_ = other.rows_, places_ = other.places_;
        other.rows_ = rows, other.places_ = places;
        const idx_t* const over = over_;
        over_ = other.over_, other.over_ = over;
        array<idx_t> ids(static_cast<array<idx_t>&&>(ids_));
        ids_ = static_cast<array<idx_t>&&>(other.ids_), other.ids_ = static_cast<array<idx_t>&&>(ids);
        array<slot> slots(static_cast<array<slot>&&>(slots_));
        slots_ = static_cast<array<slot>&&>(other.slots_), other.slots_ = static_cast<array<slot>&&>(slots);
    }

    idx_t rows_ = 0, places_ = 0;
    const idx_t* over_ = nullptr;
    array<idx_t> ids_ = {};
    array<slot> slots_ = {};
};

/// The mask of the rows whose ids are allowed(id); a hole is not.
template <class Predicate>
row_mask mask_of_ids(const id_table& ids, Predicate&& allowed) {
    return row_mask(ids.places(),
                    [&](idx_t i) { return ids.ids()[i] != id_table::hole && bool(allowed(ids.ids()[i])); });
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
