/// Unit rows of float beside their bytes: the storage of a `shadow_gallery`.
#pragma once

#include "../engine/shadow_side.hpp"
#include "growing_bytes.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The bytes of rows, which grow.
class row_bytes {
public:
    idx_t bytes() const noexcept { return panels_.size_in_bytes() + space_.bytes(); }
    engine::byte_panels panels(idx_t rows) const noexcept {
        return {panels_.bytes(), panels_.numbers(), rows, kernel::padded_bytes(space_.dim())};
    }
    kernel::byte_space space() const noexcept { return space_.view(); }
    idx_t dim() const noexcept { return space_.dim(); }

    /// Takes rows `first` and all behind it. What was there before stays until all are taken.
    void take(const unit_view<float>& rows, idx_t first, const number_list& mean, const execution& how) {
        const idx_t dim = rows.dim(), count = rows.rows() - first;
        if (dim < 1 || dim > kernel::most_byte_dim || count == 0) return;
        row_space first_space;
        if (first == 0) first_space.find(rows.rows(), dim, mean, [&](idx_t i) { return rows.row(i); });
        const kernel::byte_space space = (first == 0 ? first_space : space_).view();
        panels_.reserve("shadow_gallery", first, count, panel_bytes(dim));
        const idx_t first_panel = first / kernel::byte_columns;
        const idx_t panels = engine::ceil_div(rows.rows(), kernel::byte_columns) - first_panel;
        engine::arena memory(how, "shadow_gallery");
        engine::worker_arrays<float> rotated;
        engine::worker_arrays<std::int8_t> bytes;
        const idx_t tasks = engine::ceil_div(panels, panels_of_task), workers = engine::workers_for(how, tasks);
        memory.add(rotated, workers, dim);
        memory.add(bytes, workers, kernel::padded_bytes(dim));
        memory.reserve();
        engine::for_each_range(how, panels, panels_of_task, [&](idx_t worker, idx_t begin, idx_t end) {
            for (idx_t panel = first_panel + begin; panel < first_panel + end; ++panel)
                take_panel(rows, first, panel, space, {rotated.of(worker), bytes.of(worker)});
        });
        if (first == 0) space_ = static_cast<row_space&&>(first_space);
    }
    /// Row i is another one now.
    void take_row(const float* row, idx_t i, const engine::byte_scratch& scratch) noexcept {
        const idx_t panel = i / kernel::byte_columns;
        engine::pack_byte_column(row, dim(), space(), scratch, int(i % kernel::byte_columns),
                                 panels_.panel(panel, panel_bytes(dim())), panels_.numbers_of(panel));
    }
    void take_row(const row_bytes& from, idx_t i, idx_t to) noexcept {
        panels_.take_row(from.panels_, i, to, panel_bytes(dim()));
    }
    /// Leaves the first `rows` rows: what each panel has at most is that of its rows again.
    void truncate(idx_t rows) noexcept {
        for (idx_t panel = 0; panel < engine::ceil_div(rows, kernel::byte_columns); ++panel) {
            kernel::panel_numbers& numbers = panels_.numbers_of(panel);
            numbers.most_error = numbers.most_length = 0.0f;
            for (idx_t j = 0; j < kernel::byte_columns; ++j) {
                if (panel * kernel::byte_columns + j >= rows) {
                    numbers.from_mean[j] = kernel::never_found;
                    continue;
                }
                numbers.most_error = engine::maximum(numbers.most_error, numbers.error[j]);
                numbers.most_length = engine::maximum(numbers.most_length, numbers.length[j]);
            }
        }
    }

private:
    static constexpr idx_t panels_of_task = 8;

    static idx_t panel_bytes(idx_t dim) noexcept { return kernel::padded_bytes(dim) * kernel::byte_columns; }
    void take_panel(const unit_view<float>& rows, idx_t first, idx_t panel, const kernel::byte_space& space,
                    const engine::byte_scratch& scratch) {
        const idx_t begin = panel * kernel::byte_columns,
                    end = engine::minimum(begin + kernel::byte_columns, rows.rows());
        std::int8_t* const bytes = panels_.panel(panel, panel_bytes(rows.dim()));
        kernel::panel_numbers& numbers = panels_.numbers_of(panel);
        if (begin >= first) {
            engine::clear_numbers(numbers);
            std::memset(bytes, 0, std::size_t(panel_bytes(rows.dim())));
        }
        for (idx_t i = engine::maximum(begin, first); i < end; ++i)
            engine::pack_byte_column(rows.row(i), rows.dim(), space, scratch, int(i - begin), bytes, numbers);
    }

    growing_panel_bytes<std::int8_t, kernel::panel_numbers> panels_ = {};
    row_space space_ = {};
};

/// Unit rows, its own or the caller's, and their bytes.
class shadow_rows {
public:
    shadow_rows() noexcept = default;
    shadow_rows(const shadow_rows&) = default;
    shadow_rows(shadow_rows&&) noexcept = default;
    shadow_rows& operator=(shadow_rows&&) noexcept = default;
    shadow_rows& operator=(const shadow_rows& other) { return *this = shadow_rows(other); }  // all or nothing
    ~shadow_rows() = default;
    /// Rows that the caller keeps.
    shadow_rows(const unit_view<float>& rows, const number_list& mean, const execution& how)
        : kept_(rows.values()), rows_(rows.rows()), dim_(rows.dim()), deviation_(greatest_deviation(rows, how)) {
        for (idx_t i = 0; i < rows_; ++i) {
            const kernel::row_kind kind = kernel::length_of(rows.row(i), rows.dim()).kind();
            if (kind == kernel::row_kind::zero) seen_.value().add_zero(i);
            if (kind == kernel::row_kind::non_finite) seen_.value().add_non_finite(i);
        }
        require_mean(mean, dim_, 0, "shadow_gallery::over");
        bytes_.take(rows, 0, mean, how);
    }

    /// Takes unit rows, and makes their bytes.
    void adopt(matrix<float>&& rows, const row_report& seen, double deviation, const execution& how) {
        own_ = static_cast<matrix<float>&&>(rows);
        rows_ = own_.rows(), dim_ = own_.dim(), seen_ = seen, deviation_ = deviation;
        bytes_.take(unit_rows(), 0, {}, how);
    }

    idx_t rows() const noexcept { return rows_; }
    idx_t dim() const noexcept { return dim_; }
    idx_t bytes() const noexcept { return own_.rows() * own_.dim() * idx_t(sizeof(float)) + bytes_.bytes(); }
    const row_report& seen() const noexcept { return seen_.value(); }
    unit_view<float> unit_rows() const noexcept { return unit_access::view<float>(values()); }
    engine::shadow_view packed() const noexcept {
        const engine::byte_panels bytes = bytes_.panels(rows_);
        const bool filters = has_bytes() && deviation_ <= 1.0;  // longer rows may leave float's range
        const idx_t most_queries = filters ? kernel::most_fast_byte_rows : 0;
        return {unit_rows(), bytes, bytes_.space(), seen_, deviation_, most_queries};
    }

    /// Appends the rows of a view. If it fails, everything is as before.
    template <class View>
    void append(const View& view, const execution& how, const row_policy& policy, const char* function, const char* row,
                const number_list& mean = {}) {
        if (kept_.value().data() != nullptr)
            fail<value_error>("shadow_gallery::append: the rows are the caller's, nothing can be appended");
        row_report unasked;
        auto source = counted_source(view, rows_, dim(), policy, unasked, function, row);
        require_mean(mean, view.dim(), rows_, function);
        const double deviation = engine::maximum(deviation_.value(), greatest_deviation(view, how));
        const matrix<float> before = reserve(view.rows(), view.dim());  // the view may be a part of it
        engine::for_each_rows(how, source.rows(), source.dim(), [&](idx_t first, idx_t end) {
            row_report seen;
            for (idx_t i = first; i < end; ++i)
                kernel::scale_row(source.row(i), source.dim(), source.factors(i, seen), own_.row(rows_ + i));
            source.count(seen);
        });
        const matrix_view<const float> all(own_.data(), rows_ + view.rows(), own_.dim());
        bytes_.take(unit_access::view<float>(all), rows_, mean, how);
        row_report seen = source.seen();
        seen.first_zero += rows_, seen.first_non_finite += rows_;
        seen_.value().add(seen);
        deviation_ = deviation, dim_ = view.dim(), rows_ = rows_ + view.rows();
        source.report();
    }
    /// Writes the rows of a view over the rows row_of(0), row_of(1), .. `policy` has a report. If it fails, everything
    /// is as before.
    template <class View, class RowOf>
    void replace(const View& view, RowOf&& row_of, const execution& how, const row_policy& policy, const char* function,
                 const char* row) {
        auto source = counted_source(view, rows_, dim(), policy, *policy.report, function, row);
        engine::arena memory(how, function);
        engine::byte_scratch scratch;
        memory.add(scratch.rotated, dim());
        memory.add(scratch.bytes, kernel::padded_bytes(dim()));
        memory.reserve();
        deviation_ = engine::maximum(deviation_.value(), greatest_deviation(view, how));
        for (idx_t i = 0; i < view.rows(); ++i) {
            float* const to = own_.row(row_of(i));
            kernel::scale_row(source.row(i), dim(), source.factors(i), to);
            if (has_bytes()) bytes_.take_row(to, row_of(i), scratch);
        }
        source.report();
    }
    idx_t capacity() const noexcept { return own_.rows(); }
    static constexpr idx_t panel_rows = kernel::byte_columns;
    /// Row i as a unit row.
    void unpack_row(idx_t i, float* to) const noexcept {
        std::memcpy(to, own_.row(i), std::size_t(dim()) * sizeof(float));
    }
    /// Rows rows[0], rows[1], .. of `from` become rows first, first + 1, .., `count` of them, with bytes where this has
    /// some. Of itself none goes to a higher place.
    void take_rows(const shadow_rows& from, const idx_t* rows, idx_t count, idx_t first) noexcept {
        for (idx_t c = 0; c < count; ++c) {
            if (&from == this && rows[c] == first + c) continue;
            from.unpack_row(rows[c], own_.row(first + c));
            if (has_bytes()) bytes_.take_row(from.bytes_, rows[c], first + c);
        }
    }
    /// A copy of `count` rows, in the order of a list, without bytes.
    shadow_rows gathered(const idx_t* rows, idx_t count) const {
        shadow_rows some;
        some.own_ = matrix<float>::uninitialized(count, dim_);
        some.rows_ = count, some.dim_ = dim_, some.deviation_ = deviation_;
        some.take_rows(*this, rows, count, 0);
        return some;
    }
    /// Leaves the first `rows` rows.
    void truncate(idx_t rows) noexcept {
        rows_ = rows;
        if (has_bytes()) bytes_.truncate(rows);
    }

private:
    matrix_view<const float> values() const noexcept {
        if (kept_.value().data() != nullptr) return kept_;
        return {own_.data(), rows_, dim_};
    }
    bool has_bytes() const noexcept { return dim_ > 0 && bytes_.dim() == dim_; }
    /// Room for more rows. Returns what held them before, where that is another block.
    matrix<float> reserve(idx_t more, idx_t dim) {
        if (more > PTRDIFF_MAX - 64 - rows_)
            fail<std::length_error>("shadow_gallery: ", more, " rows behind ", rows_, " exceed the address space");
        if (dim == own_.dim() && rows_ + more <= own_.rows()) return {};
        auto larger = matrix<float>::uninitialized(engine::maximum(rows_ + more, rows_ + rows_ / 2), dim);
        if (rows_ > 0 && dim > 0) std::memcpy(larger.data(), own_.data(), std::size_t(rows_ * dim) * sizeof(float));
        matrix<float> before(static_cast<matrix<float>&&>(own_));
        own_ = static_cast<matrix<float>&&>(larger);
        return before;
    }

    matrix<float> own_ = {};
    moved<matrix_view<const float>> kept_ = {};
    row_bytes bytes_ = {};
    moved<idx_t> rows_ = {}, dim_ = {};
    moved<row_report> seen_ = {};
    moved<double> deviation_ = {};
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
