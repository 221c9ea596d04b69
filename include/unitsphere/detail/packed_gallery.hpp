/// Rows that are normalized and packed once: the storage of a gallery and of a classifier's classes.
#pragma once

#include "../engine/gallery_side.hpp"
#include "counted_source.hpp"
#include "normalize_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The greatest deviation of unit rows, which are used as they are; as floats, rows of double may be off by 2^-23 more.
template <class T>
double greatest_deviation(const unit_view<T>& rows, const execution& how) {
    double greatest = 0.0;
    engine::for_each_rows(how, rows.rows(), rows.dim(), [&](idx_t first, idx_t end) {
        double here = 0.0, before = 0.0;
        for (idx_t i = first; i < end; ++i)
            here = kernel::maximum(here, norm_deviation(kernel::length_of(rows.row(i), rows.dim())));
        if (std::is_same_v<T, double>) here += 0x1p-23;
        __atomic_load(&greatest, &before, __ATOMIC_RELAXED);
        while (here > before &&
               !__atomic_compare_exchange(&greatest, &before, &here, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            continue;
    });
    return greatest;
}
template <class T>
double greatest_deviation(const matrix_view<const T>&, const execution&) noexcept {
    return 0.0;
}
template <class T>
double greatest_deviation(const engine::maybe_unit_view<T>& rows, const execution& how) {
    return rows.unit ? greatest_deviation(unit_access::view<T>(rows), how) : 0.0;
}

/// Unit rows in panels that grow, stored as float or rounded to 16 bits. Counts the rows without a direction by their
/// numbers here.
template <class Storage>
class growing_panels {
public:
    growing_panels() noexcept = default;
    growing_panels(const growing_panels&) = default;
    growing_panels(growing_panels&& other) noexcept { swap(other); }
    growing_panels& operator=(const growing_panels& other) {
        growing_panels copy(other);
        swap(copy);
        return *this;
    }
    growing_panels& operator=(growing_panels&& other) noexcept {
        growing_panels taken(static_cast<growing_panels&&>(other));
        swap(taken);
        return *this;
    }
    ~growing_panels() = default;

    idx_t rows() const noexcept { return rows_; }
    idx_t dim() const noexcept { return engine::maximum(storage_.dim() - panels_type::row_elements(0), 0); }
    idx_t bytes() const noexcept { return storage_.rows() * storage_.dim() * idx_t(sizeof(Storage)); }
    const row_report& seen() const noexcept { return seen_; }
    void set_seen(const row_report& seen) noexcept { seen_ = seen; }
    void set_deviation(double deviation) noexcept { deviation_ = deviation; }

    /// Rows that there is room for.
    idx_t capacity() const noexcept { return storage_.rows(); }

    /// Room for `rows` rows of `dim` where there are none yet: the first append copies nothing, nor do those after it.
    void reserve(idx_t rows, idx_t dim) {
        storage_ = matrix<Storage>::uninitialized(engine::rows_of_panels(rows), panels_type::row_elements(dim));
    }

    /// Takes `rows` rows that are packed already, in rows_of_panels(rows) rows of storage.
    void adopt(matrix<Storage>&& panels, idx_t rows, const row_report& seen, double deviation) noexcept {
        storage_ = static_cast<matrix<Storage>&&>(panels);
        rows_ = rows, seen_ = seen, deviation_ = deviation;
    }

    /// For the engine: the rows as the multiply kernel reads them.
    engine::packed_view<Storage> packed() const noexcept { return {panels(), seen_, deviation_}; }
    /// The norms of rows that were appended as unit rows are 1 within this.
    double deviation() const noexcept { return deviation_; }

    /// `count` rows from `first` on as unit rows.
    unit_embeddings<float> unit_rows(const char* owner, idx_t first, idx_t count) const {
        if (first < 0 || count < 0 || count > rows() - first)
            fail<shape_error>(owner, "::unit_rows: ", count, " rows from ", first, " on, of ", rows());
        auto out = matrix<float>::uninitialized(count, dim());
        for (idx_t i = 0; i < count; ++i) unpack_row(first + i, out.row(i));
        return unit_access::embeddings(static_cast<matrix<float>&&>(out));
    }
    /// Row i as a unit row.
    void unpack_row(idx_t i, float* to) const noexcept {
        const idx_t column = i % panel_rows, first = i - column;
        kernel::unpack_column(panels().panel(first), dim(), panels().width_from(first), int(column), to);
    }

    /// Appends the rows of a view. `function` and `row` ("row ", "class ") begin the texts of errors. If it fails,
    /// everything is as before.
    template <class View>
    void append(const View& view, const execution& how, const row_policy& policy, const char* function,
                const char* row) {
        row_report unasked;
        auto source = counted_source(view, rows_, dim(), policy, unasked, function, row);
        const double deviation = engine::maximum(deviation_, greatest_deviation(view, how));
        matrix<Storage> larger = larger_storage(function, view.rows(), view.dim());
        const bool grows = larger.rows() > 0;
        // An executor may throw: before it has returned, neither the last panel in use nor the storage changes.
        const idx_t filled = free_places(view.rows());
        engine::pack_all_panels(
            how, source, filled,
            (grows ? larger : storage_).data() + (rows_ + filled) * panels_type::row_elements(view.dim()));
        if (grows || storage_.dim() != panels_type::row_elements(view.dim()))
            storage_ = static_cast<matrix<Storage>&&>(larger);
        fill_last_panel(source, filled);
        row_report seen = source.seen();
        seen.first_zero += rows_;
        seen.first_non_finite += rows_;
        seen_.add(seen);
        deviation_ = deviation;
        rows_ += view.rows();
        source.report();
    }

    /// Writes the rows of a view over the rows row_of(0), row_of(1), .. `policy` has a report. If it fails, everything
    /// is as before.
    template <class View, class RowOf>
    void replace(const View& view, RowOf&& row_of, const execution& how, const row_policy& policy, const char* function,
                 const char* row) {
        auto source = counted_source(view, rows_, dim(), policy, *policy.report, function, row);
        deviation_ = engine::maximum(deviation_, greatest_deviation(view, how));
        for (idx_t i = 0; i < view.rows(); ++i) {
            const place<Storage> to = place_of(row_of(i));
            kernel::pack_column(source.row(i), dim(), source.factors(i), to.width, to.column, to.panel);
        }
        source.report();
    }
    static constexpr idx_t panel_rows = engine::panels<Storage>::columns;

    /// Rows rows[0], rows[1], .. of `from` become rows first, first + 1, .. of a panel, `count` of them at most
    /// panel_rows. Of itself none goes to a higher place. All are read element by element: panels are streamed.
    void take_rows(const growing_panels& from, const idx_t* rows, idx_t count, idx_t first) noexcept {
        const Storage* sources[panel_rows];
        int widths[panel_rows];
        float factors[panel_rows];
        for (idx_t c = 0; c < count; ++c) {
            const place<const Storage> source = from.place_of(rows[c]);
            sources[c] = source.elements(), widths[c] = source.width;
            if constexpr (has_factors) std::memcpy(factors + c, source.factor(), sizeof(float));
        }
        const place<Storage> to = place_of(first);
        if constexpr (has_factors) std::memcpy(to.factor(), factors, std::size_t(count) * sizeof(float));
        for (idx_t k = 0; k < dim(); ++k) {
            Storage elements[panel_rows];
            for (idx_t c = 0; c < count; ++c) elements[c] = sources[c][k * widths[c]];
            for (idx_t c = 0; c < count; ++c) to.elements()[k * to.width + c] = elements[c];
        }
    }
    /// A copy of `count` rows, in the order of a list.
    growing_panels gathered(const idx_t* rows, idx_t count) const {
        growing_panels some;
        some.adopt(matrix<Storage>(engine::rows_of_panels(count), panels_type::row_elements(dim())), count, {},
                   deviation_);
        for (idx_t first = 0; first < count; first += panel_rows)
            some.take_rows(*this, rows + first, engine::minimum(count - first, panel_rows), first);
        return some;
    }
    /// Leaves the first `rows` rows.
    void truncate(idx_t rows) noexcept {
        const idx_t used = rows % panel_rows, first = rows - used;
        const place<Storage> last = used > 0 ? place_of(first) : place<Storage>{nullptr, 0, 0};
        rows_ = rows;
        if (used == 0) return;
        const int narrow = panels().width_from(first);
        Storage* const to = kernel::elements_of_panel(last.panel, narrow);
        for (idx_t k = 0; k < dim(); ++k)
            for (int c = 0; c < narrow; ++c)
                to[k * narrow + c] = c < used ? last.elements()[k * last.width + c] : Storage();
        if constexpr (has_factors) std::memset(last.factor() + used, 0, std::size_t(narrow - used) * sizeof(float));
    }

private:
    static constexpr bool has_factors = kernel::factor_elements<Storage> > 0;
    template <class S>
    struct place {
        S* panel;
        int column, width;

        S* elements() const noexcept { return kernel::elements_of_panel(panel, width) + column; }
        auto factor() const noexcept {
            return reinterpret_cast<std::conditional_t<std::is_const_v<S>, const float, float>*>(panel) + column;
        }
    };
    template <class S>
    place<S> place_in(S* storage, idx_t i) const noexcept {
        const idx_t column = i % panel_rows, first = i - column;
        return {storage + first * panels_type::row_elements(dim()), int(column), panels().width_from(first)};
    }
    place<Storage> place_of(idx_t i) noexcept { return place_in(storage_.data(), i); }
    place<const Storage> place_of(idx_t i) const noexcept { return place_in(storage_.data(), i); }

    using panels_type = engine::panels<Storage>;
    panels_type panels() const noexcept { return {storage_.data(), rows_, dim()}; }

    /// Storage for `more` rows behind a copy of those that are there; empty where there is room.
    matrix<Storage> larger_storage(const char* function, idx_t more, idx_t dim) const {
        const idx_t elements = panels_type::row_elements(dim);
        if (more > PTRDIFF_MAX - 2 * panel_rows - rows_)
            fail<std::length_error>(function, ": ", more, " rows behind ", rows_, " exceed the address space");
        const idx_t needed = engine::rows_of_panels(engine::round_up(rows_, panel_rows) + more);
        if (elements == storage_.dim() && needed <= storage_.rows()) return {};
        const idx_t roomy = rows_ > 0 ? engine::rows_of_panels(rows_ + rows_ / 2) : 0;
        auto larger = matrix<Storage>::uninitialized(engine::maximum(needed, roomy), elements);
        if (rows_ > 0 && elements > 0)
            std::memcpy(static_cast<void*>(larger.data()), storage_.data(),
                        std::size_t(engine::rows_of_panels(rows_) * elements) * sizeof(Storage));
        return larger;
    }

    /// How many of `count` rows fit into the free places of the last panel.
    idx_t free_places(idx_t count) const noexcept {
        const idx_t used = rows_ % panel_rows, free = used > 0 ? panel_rows - used : 0;
        return engine::minimum(count, free);
    }

    /// Packs the first `count` rows of a source there.
    template <class T>
    void fill_last_panel(engine::row_source<T>& source, idx_t count) noexcept {
        if (count == 0) return;
        const idx_t used = rows_ % panel_rows, first = rows_ - used;
        Storage* const panel = storage_.data() + first * storage_.dim();
        const panels_type now{storage_.data(), rows_ + count, dim()};
        const int width = now.width_from(first);
        if (width > panels().width_from(first)) kernel::widen_panel(panel, dim(), width);
        row_report seen;
        for (idx_t i = 0; i < count; ++i)
            kernel::pack_column(source.row(i), dim(), source.factors(i, seen), width, int(used + i), panel);
        source.count(seen);
    }

    void swap(growing_panels& other) noexcept {
        const idx_t rows = rows_;
        const row_report seen = seen_;
        const double deviation = deviation_;
        rows_ = other.rows_, seen_ = other.seen_, deviation_ = other.deviation_;
        other.rows_ = rows, other.seen_ = seen, other.deviation_ = deviation;
        matrix<Storage> storage(static_cast<matrix<Storage>&&>(storage_));
        storage_ = static_cast<matrix<Storage>&&>(other.storage_);
        other.storage_ = static_cast<matrix<Storage>&&>(storage);
    }

    idx_t rows_ = 0;
    row_report seen_ = {};
    double deviation_ = 0.0;
    matrix<Storage> storage_ = {};
};
using packed_gallery = growing_panels<float>;

/// What holds the rows of a gallery, for keyed<Gallery>.
template <class Gallery>
struct storage_of {
    static_assert(std::is_void_v<Gallery>,
                  "unitsphere: keyed<Gallery> keeps a gallery, a compact_gallery or a "
                  "shadow_gallery: include its header");
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
