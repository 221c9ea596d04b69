/// Unit rows of 8, 4 or 1 bits an element that grow: the storage of a compact_gallery of integers.
#pragma once

#include "../data/column.hpp"
#include "../engine/byte_loop.hpp"
#include "packed_gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The mean that rows are seen from, that of the first ones, and the signs of their rotation.
class row_space {
public:
    idx_t dim() const noexcept { return idx_t(mean_.size()); }
    idx_t bytes() const noexcept { return idx_t((mean_.size() + signs_.size()) * sizeof(float)); }
    kernel::byte_space view() const noexcept { return {mean_.data(), signs_.data(), mean_square_}; }

    /// From `given`, or without it from the first rows among unit_row(i), i < count.
    template <class UnitRow>
    void find(idx_t count, idx_t dim, const number_list& given, UnitRow&& unit_row) {
        array<double> sum(dim);
        array<float> mean(dim);
        idx_t regular = 0;
        for (idx_t k = 0; k < given.count(); ++k) regular = 1, sum[k] = given[k];
        for (idx_t i = 0; !given.is_given() && i < engine::minimum(count, rows_of_mean); ++i) {
            const float* const row = unit_row(i);
            if (kernel::length_of(row, dim).kind() != kernel::row_kind::regular) continue;
            for (idx_t k = 0; k < dim; ++k) sum[k] += double(row[k]);
            ++regular;
        }
        for (idx_t k = 0; k < dim; ++k) mean[k] = regular > 0 ? float(sum[k] / double(regular)) : 0.0f;
        set_mean(static_cast<array<float>&&>(mean));
    }
    /// Of a mean that is known.
    void set_mean(array<float>&& mean) {
        const idx_t dim = idx_t(mean.size());
        array<float> signs(dim);
        kernel::find_rotation_signs(dim, signs.data());
        mean_square_ = kernel::product_in_double(mean.data(), mean.data(), dim);
        mean_ = static_cast<array<float>&&>(mean), signs_ = static_cast<array<float>&&>(signs);
    }

private:
    static constexpr idx_t rows_of_mean = 4096;

    array<float> mean_ = {}, signs_ = {};
    double mean_square_ = 0.0;
};

/// Refuses a mean of another dim, one that is no mean of unit rows, and one for a gallery that has rows.
inline void require_mean(const number_list& mean, idx_t dim, idx_t rows, const char* function) {
    if (!mean.is_given()) return;
    const idx_t size = mean.count();
    if (rows > 0) fail<value_error>(function, ": a mean was given for a gallery that has ", rows, " rows");
    if (size != dim) fail<shape_error>(function, ": the mean has dim ", size, ", the rows have dim ", dim);
    double square = 0.0;
    for (idx_t k = 0; k < size; ++k) {
        if (!is_finite(mean[k])) fail<value_error>(function, ": the mean is not finite at ", k, " of ", size);
        square += mean[k] * mean[k];
    }
    if (square > 1.01) fail<value_error>(function, ": the mean has norm ", std::sqrt(square), ", it must be at most 1");
}

/// A count that is 0 once it has been moved: arrays are empty then, too.
class moved_count {
public:
    moved_count(idx_t count) noexcept : count_(count) {}
    moved_count(const moved_count&) noexcept = default;
    moved_count(moved_count&& other) noexcept : count_(other.count_) { other.count_ = 0; }
    moved_count& operator=(const moved_count&) noexcept = default;
    moved_count& operator=(moved_count&& other) noexcept {
        const idx_t count = other.count_;
        other.count_ = 0, count_ = count;
        return *this;
    }
    ~moved_count() = default;
    operator idx_t() const noexcept { return count_; }

private:
    idx_t count_;
};

/// The numbers of a row become those of another.
inline void move_numbers(const kernel::compact_numbers& from, idx_t i, kernel::compact_numbers& to, idx_t j) noexcept {
    to.scale[j] = from.scale[i], to.from_mean[j] = from.from_mean[i];
}
inline void move_numbers(const kernel::panel_numbers& from, idx_t i, kernel::panel_numbers& to, idx_t j) noexcept {
    to.scale[j] = from.scale[i], to.from_mean[j] = from.from_mean[i];
    to.error[j] = from.error[i], to.length[j] = from.length[i];
}

/// Panels of 16 rows that grow, and the numbers of each.
template <class Byte, class Numbers>
class growing_panel_bytes {
public:
    /// Rows that there is room for.
    idx_t capacity() const noexcept { return idx_t(numbers_.size()) * kernel::byte_columns; }
    idx_t size_in_bytes() const noexcept { return idx_t(bytes_.size()) + idx_t(numbers_.size() * sizeof(Numbers)); }
    const Byte* bytes() const noexcept { return bytes_.data(); }
    const Numbers* numbers() const noexcept { return numbers_.data(); }
    Byte* panel(idx_t i, idx_t panel_bytes) noexcept { return bytes_.data() + i * panel_bytes; }
    const Byte* panel(idx_t i, idx_t panel_bytes) const noexcept { return bytes_.data() + i * panel_bytes; }
    Numbers& numbers_of(idx_t i) noexcept { return numbers_[i]; }
    const Numbers& numbers_of(idx_t i) const noexcept { return numbers_[i]; }

    /// Room for `more` rows behind the first `used`, which stay.
    void reserve(const char* owner, idx_t used, idx_t more, idx_t panel_bytes) {
        if (more > PTRDIFF_MAX - 64 - used)
            fail<std::length_error>(owner, ": ", more, " rows behind ", used, " exceed the address space");
        const idx_t panels = engine::ceil_div(used + more, kernel::byte_columns), there = idx_t(numbers_.size());
        if (panels <= there && idx_t(bytes_.size()) == there * panel_bytes) return;
        const idx_t roomy = used > 0 ? engine::maximum(panels, there + there / 2) : panels;
        auto bytes = array<Byte>::uninitialized(roomy * panel_bytes);
        auto numbers = array<Numbers>::uninitialized(roomy);
        if (const idx_t taken = engine::ceil_div(used, kernel::byte_columns); taken > 0) {
            std::memcpy(bytes.data(), bytes_.data(), std::size_t(taken * panel_bytes));
            std::memcpy(numbers.data(), numbers_.data(), std::size_t(taken) * sizeof(Numbers));
        }
        adopt(static_cast<array<Byte>&&>(bytes), static_cast<array<Numbers>&&>(numbers));
    }
    void adopt(array<Byte>&& bytes, array<Numbers>&& numbers) noexcept {
        bytes_ = static_cast<array<Byte>&&>(bytes), numbers_ = static_cast<array<Numbers>&&>(numbers);
    }
    /// Row `from` becomes row `to`: 4 bytes of every 64 of a panel, and the numbers.
    void move_row(idx_t from, idx_t to, idx_t panel_bytes) noexcept {
        if (from == to) return;
        constexpr idx_t columns = kernel::byte_columns, each = 4;
        const idx_t i = from % columns, j = to % columns;
        const Byte* const source = panel(from / columns, panel_bytes) + i * each;
        Byte* const target = panel(to / columns, panel_bytes) + j * each;
        for (idx_t n = 0; n < panel_bytes; n += columns * each) std::memcpy(target + n, source + n, each);
        move_numbers(numbers_[from / columns], i, numbers_[to / columns], j);
    }

private:
    array<Byte> bytes_ = {};
    array<Numbers> numbers_ = {};
};

template <int Bits>
class growing_bytes {
public:
    idx_t rows() const noexcept { return rows_; }
    idx_t dim() const noexcept { return dim_; }
    idx_t bytes() const noexcept { return panels_.size_in_bytes() + space_.bytes(); }
    const row_report& seen() const noexcept { return seen_; }
    engine::byte_view<Bits> packed() const noexcept {
        return {panels_.bytes(), panels_.numbers(), rows_, dim_, space_.view(), seen_, 0.0};
    }

    idx_t capacity() const noexcept { return panels_.capacity(); }
    static constexpr idx_t panel_rows = kernel::byte_columns;

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
                    float(kernel::compact_byte<Bits>(panels_.panel(panel, panel_bytes(dim_)), column, k));
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
    void append(const View& view, const execution& how, const row_policy& policy, const char* function,
                const char* row, const number_list& mean = {}) {
        if (rows_ > 0 && view.dim() != dim_)
            fail<shape_error>(function, ": rows have dim ", view.dim(), ", the gallery has dim ", dim_);
        require_mean(mean, view.dim(), rows_, function);
        if (view.dim() > kernel::most_byte_dim)
            fail<shape_error>(function, ": rows have dim ", view.dim(), ", it must be at most ", kernel::most_byte_dim);
        row_report counted_here;
        row_policy counted = policy;  // a report makes unit rows count, too
        if (counted.report == nullptr) counted.report = &counted_here;
        engine::row_source source(view, counted, function, row);
        row_space first_space;
        if (rows_ == 0) find_space(source, mean, first_space);
        panels_.reserve(function, rows_, view.rows(), panel_bytes(view.dim()));
        pack(how, source, (rows_ == 0 ? first_space : space_).view());
        row_report seen = source.seen();
        seen.first_zero += rows_, seen.first_non_finite += rows_;
        seen_.add(seen);
        if (rows_ == 0) space_ = static_cast<row_space&&>(first_space);
        dim_ = view.dim(), rows_ = rows_ + view.rows();
        source.report();
    }
    /// Writes the rows of a view over the rows row_of(0), row_of(1), .. If it fails, everything is as before.
    template <class View, class RowOf>
    void replace(const View& view, RowOf&& row_of, const execution& how, const row_policy& policy, const char* function,
                 const char* row) {
        if (view.dim() != dim_)
            fail<shape_error>(function, ": rows have dim ", view.dim(), ", the gallery has dim ", dim_);
        row_policy counted = policy;
        row_report seen;
        counted.report = &seen;
        engine::row_source source(view, counted, function, row);
        engine::arena memory(how, function);
        row_scratch scratch(memory, 1, dim_);
        memory.reserve();
        for (idx_t i = 0; i < view.rows(); ++i) pack_row(row_of(i), source, i, space_.view(), scratch, 0, seen);
        if (policy.report != nullptr) *policy.report = seen;
    }
    /// Rows from[0], from[1], .. become rows first, first + 1, .., `count` of them. None goes to a higher place.
    void move_rows(const idx_t* from, idx_t count, idx_t first) noexcept {
        for (idx_t c = 0; c < count; ++c) panels_.move_row(from[c], first + c, panel_bytes(dim_));
    }
    /// Leaves the first `rows` rows.
    void truncate(idx_t rows) noexcept { rows_ = rows; }

private:
    static constexpr idx_t panels_of_task = 8;

    /// What a worker needs for a row.
    struct row_scratch {
        engine::worker_arrays<float> units, rotated;
        engine::worker_arrays<std::int8_t> bytes;

        row_scratch(engine::arena& memory, idx_t workers, idx_t dim) {
            memory.add(units, workers, dim);
            memory.add(rotated, workers, dim);
            memory.add(bytes, workers, kernel::padded_bytes(dim));
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
    idx_t panel_bytes(idx_t dim) const noexcept { return kernel::compact_panel_bytes<Bits>(kernel::padded_bytes(dim)); }
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
        const idx_t dim = source.dim(), padded = kernel::padded_bytes(dim), panel = to / kernel::byte_columns;
        const int column = int(to % kernel::byte_columns);
        float *const unit = scratch.units.of(worker), *const rotated = scratch.rotated.of(worker);
        std::int8_t* const bytes = scratch.bytes.of(worker);
        kernel::scale_row(source.row(i), dim, source.factors(i, seen), unit);
        const kernel::row_kind kind = kernel::length_of(unit, dim).kind();
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

    moved_count rows_ = 0, dim_ = 0;
    row_report seen_ = {};
    row_space space_ = {};
    growing_panel_bytes<std::uint8_t, kernel::compact_numbers> panels_ = {};
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
