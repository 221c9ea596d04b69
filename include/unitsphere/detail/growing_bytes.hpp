/// Unit rows of 16, 8, 4 or 1 bits an element that grow, seen from their mean: the storage of a compact_gallery.
#pragma once

#include "counted_source.hpp"
#include "growing_panel_bytes.hpp"
#include "row_space.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

template <int Bits>
class growing_bytes {
public:
    growing_bytes() noexcept = default;
    growing_bytes(const growing_bytes&) = default;
    growing_bytes(growing_bytes&&) noexcept = default;
    growing_bytes& operator=(growing_bytes&&) noexcept = default;
    growing_bytes& operator=(const growing_bytes& other) { return *this = growing_bytes(other); }  // all or nothing
    ~growing_bytes() = default;

    idx_t rows() const noexcept { return rows_; }
    idx_t dim() const noexcept { return dim_; }
    idx_t bytes() const noexcept { return panels_.size_in_bytes() + space_.bytes(); }
    const row_report& seen() const noexcept { return seen_.value(); }
    engine::byte_view<Bits> packed() const noexcept {
        return {panels_.bytes(), panels_.numbers(), rows_, dim_, space_.view(), seen_, 0.0};
    }

    idx_t capacity() const noexcept { return panels_.capacity(); }
    static constexpr idx_t panel_rows = kernel::byte_columns;
    static constexpr int bits = Bits;  ///< of an element

    /// `count` rows from `first` on: what is stored, rotated back, at unit length.
    unit_embeddings<float> unit_rows(const char* owner, idx_t first, idx_t count) const {
        if (first < 0 || count < 0 || count > rows() - first)
            fail<shape_error>(owner, "::unit_rows: ", count, " rows from ", first, " on, of ", rows());
        auto out = matrix<float>::uninitialized(count, dim_);
        for (idx_t i = 0; i < count; ++i) unpack_row(first + i, out.row(i));
        return unit_access::embeddings(static_cast<matrix<float>&&>(out));
    }
    /// Row i as a unit row.
    void unpack_row(idx_t i, float* to) const noexcept {
        const idx_t panel = i / kernel::byte_columns;
        const int column = int(i % kernel::byte_columns);
        const kernel::compact_numbers& numbers = panels_.numbers_of(panel);
        const bool zero = numbers.from_mean[column] == kernel::of_zero_row,
                   undefined = is_nan(numbers.from_mean[column]);
        for (idx_t k = 0; k < dim_; ++k)
            to[k] = numbers.scale[column] *
                    kernel::compact_element<Bits>(panels_.panel(panel, panel_bytes(dim_)), column, k);
        kernel::rotate_back(to, dim_, space_.view().signs);
        for (idx_t k = 0; k < dim_; ++k) to[k] = undefined ? quiet_nan() : zero ? 0.0f : to[k] + space_.view().mean[k];
        kernel::scale_row(to, dim_, kernel::factors_of<float>(kernel::length_of(to, dim_), on_row::keep), to);
    }

    /// Takes `rows` rows that are packed already, seen from the mean.
    void adopt(row_space&& space, array<std::uint8_t>&& panels, array<kernel::compact_numbers>&& numbers, idx_t rows,
               const row_report& seen) noexcept {
        space_ = static_cast<row_space&&>(space), rows_ = rows, dim_ = space_.dim(), seen_ = seen;
        panels_.adopt(static_cast<array<std::uint8_t>&&>(panels),
                      static_cast<array<kernel::compact_numbers>&&>(numbers));
    }

    /// Appends the rows of a view. If it fails, everything is as before.
    template <class View>
    void append(const View& view, const execution& how, const row_policy& policy, const char* function, const char* row,
                const number_list& mean = {}) {
        row_report unasked;
        auto source = counted_source(view, rows_, dim_, policy, unasked, function, row);
        require_mean(mean, view.dim(), rows_, function);
        if (view.dim() > kernel::most_byte_dim)
            fail<shape_error>(function, ": rows have dim ", view.dim(), ", it must be at most ", kernel::most_byte_dim);
        row_space first_space;
        if (rows_ == 0) find_space(source, mean, first_space);
        panels_.reserve(function, rows_, view.rows(), panel_bytes(view.dim()));
        pack(how, source, (rows_ == 0 ? first_space : space_).view());
        row_report seen = source.seen();
        seen.first_zero += rows_, seen.first_non_finite += rows_;
        seen_.value().add(seen);
        if (rows_ == 0) space_ = static_cast<row_space&&>(first_space);
        dim_ = view.dim(), rows_ = rows_ + view.rows();
        source.report();
    }
    /// Writes the rows of a view over the rows row_of(0), row_of(1), .. `policy` has a report. If it fails, everything
    /// is as before.
    template <class View, class RowOf>
    void replace(const View& view, RowOf&& row_of, const execution& how, const row_policy& policy, const char* function,
                 const char* row) {
        auto source = counted_source(view, rows_, dim_, policy, *policy.report, function, row);
        engine::arena memory(how, function);
        row_scratch scratch(memory, 1, dim_);
        memory.reserve();
        row_report seen;
        for (idx_t i = 0; i < view.rows(); ++i) pack_row(row_of(i), source, i, space_.view(), scratch, 0, seen);
        source.count(seen);
        source.report();
    }
    /// Rows rows[0], rows[1], .. of `from` become rows first, first + 1, .., `count` of them. Of itself none goes to a
    /// higher place.
    void take_rows(const growing_bytes& from, const idx_t* rows, idx_t count, idx_t first) noexcept {
        for (idx_t c = 0; c < count; ++c) panels_.take_row(from.panels_, rows[c], first + c, panel_bytes(dim_));
    }
    /// A copy of `count` rows, in the order of a list, seen from the same mean.
    growing_bytes gathered(const idx_t* rows, idx_t count) const {
        growing_bytes some;
        const idx_t panels = engine::ceil_div(count, panel_rows);
        some.adopt(row_space(space_), array<std::uint8_t>(panels * panel_bytes(dim_)),
                   array<kernel::compact_numbers>(panels), count, {});
        some.take_rows(*this, rows, count, 0);
        return some;
    }
    /// Leaves the first `rows` rows.
    void truncate(idx_t rows) noexcept {
        rows_ = rows;
        for (idx_t i = rows; i % kernel::byte_columns != 0; ++i) panels_.clear_row(i, panel_bytes(dim_));
    }

private:
    static constexpr idx_t panels_of_task = 8;

    /// What a worker needs for a row.
    struct row_scratch {
        engine::worker_arrays<float> units, rotated;
        engine::worker_arrays<std::int8_t> bytes;

        row_scratch(engine::arena& memory, idx_t workers, idx_t dim) {
            memory.add(units, workers, dim);
            memory.add(rotated, workers, dim);
            memory.add(bytes, workers, kernel::padded_row_bytes<Bits>(dim));
        }
    };

    template <class T>
    static void find_space(engine::row_source<T>& source, const number_list& mean, row_space& space) {
        array<float> unit(source.dim());
        row_report unused;
        space.find(source.rows(), source.dim(), mean, [&](idx_t i) {
            kernel::scale_row(source.row(i), source.dim(), source.factors(i, unused), unit.data());
            return unit.data();
        });
    }
    idx_t panel_bytes(idx_t dim) const noexcept {
        return kernel::compact_panel_bytes<Bits>(kernel::padded_row_bytes<Bits>(dim));
    }
    /// All rows of a source behind those that are there; a panel belongs to one task.
    template <class T>
    void pack(const execution& how, engine::row_source<T>& source, const kernel::byte_space& space) {
        const idx_t dim = source.dim(), first_panel = rows_ / kernel::byte_columns, end = rows_ + source.rows();
        const idx_t panels = engine::ceil_div(end, kernel::byte_columns) - first_panel;
        engine::arena memory(how, source.function());
        row_scratch scratch(memory, engine::workers_for(how, engine::ceil_div(panels, panels_of_task)), dim);
        memory.reserve();
        engine::for_each_range(how, panels, panels_of_task, [&](idx_t worker, idx_t begin, idx_t last) {
            row_report seen;
            const idx_t first = engine::maximum((first_panel + begin) * kernel::byte_columns, rows());
            for (idx_t i = first; i < engine::minimum((first_panel + last) * kernel::byte_columns, end); ++i) {
                const idx_t panel = i / kernel::byte_columns;
                if (i % kernel::byte_columns == 0)
                    std::memset(panels_.panel(panel, panel_bytes(dim)), 0, std::size_t(panel_bytes(dim)));
                pack_row(i, source, i - rows_, space, scratch, worker, seen);
            }
            source.count(seen);
        });
    }
    /// Row i of a source, which it counts, as row `to`.
    template <class T>
    void pack_row(idx_t to, const engine::row_source<T>& source, idx_t i, const kernel::byte_space& space,
                  const row_scratch& scratch, idx_t worker, row_report& seen) noexcept {
        const idx_t dim = source.dim(), padded = kernel::padded_row_bytes<Bits>(dim), panel = to / kernel::byte_columns;
        const int column = int(to % kernel::byte_columns);
        float *const unit = scratch.units.of(worker), *const rotated = scratch.rotated.of(worker);
        std::int8_t* const bytes = scratch.bytes.of(worker);
        kernel::scale_row(source.row(i), dim, source.factors(i, seen), unit);
        const kernel::row_kind kind = kernel::kind_of(unit, dim);
        float scale = 0.0f, from_mean = kind == kernel::row_kind::zero ? kernel::of_zero_row : quiet_nan();
        std::memset(bytes, 0, std::size_t(padded));
        if (kind == kernel::row_kind::regular) {
            kernel::rotate_from_mean(unit, dim, space, rotated);
            scale = kernel::compact_row<Bits>(rotated, dim, bytes);
            from_mean = float(kernel::product_in_double(unit, space.mean, dim));
        }
        kernel::pack_compact_column<Bits>(bytes, padded, column, panels_.panel(panel, panel_bytes(dim)));
        kernel::compact_numbers& numbers = panels_.numbers_of(panel);
        numbers.scale[column] = scale, numbers.from_mean[column] = from_mean;
    }

    moved<idx_t> rows_ = {}, dim_ = {};
    moved<row_report> seen_ = {};
    row_space space_ = {};
    growing_panel_bytes<std::uint8_t, kernel::compact_numbers> panels_ = {};
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
