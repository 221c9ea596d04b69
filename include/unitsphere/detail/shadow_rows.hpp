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

    /// Takes rows `first` and all behind it. What was there before stays until all are taken.
    void take(const unit_view<float>& rows, idx_t first, const number_list& mean, const execution& how) {
        const idx_t dim = rows.dim(), count = rows.rows() - first;
        if (dim < 1 || dim > kernel::most_byte_dim || count == 0) return;
        if (first == 0) space_.find(rows.rows(), dim, mean, [&](idx_t i) { return rows.row(i); });
        panels_.reserve("shadow_gallery", first, count, kernel::padded_bytes(dim) * kernel::byte_columns);
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
                take_panel(rows, first, panel, {rotated.of(worker), bytes.of(worker)});
        });
    }

private:
    static constexpr idx_t panels_of_task = 8;

    void take_panel(const unit_view<float>& rows, idx_t first, idx_t panel, const engine::byte_scratch& scratch) {
        const idx_t panel_bytes = kernel::padded_bytes(rows.dim()) * kernel::byte_columns;
        const idx_t begin = panel * kernel::byte_columns,
                    end = engine::minimum(begin + kernel::byte_columns, rows.rows());
        std::int8_t* const bytes = panels_.panel(panel, panel_bytes);
        kernel::panel_numbers& numbers = panels_.numbers_of(panel);
        if (begin >= first) {
            engine::clear_numbers(numbers);
            std::memset(bytes, 0, std::size_t(panel_bytes));
        }
        for (idx_t i = engine::maximum(begin, first); i < end; ++i)
            engine::pack_byte_column(rows.row(i), rows.dim(), space(), scratch, int(i - begin), bytes, numbers);
    }

    growing_panel_bytes<std::int8_t, kernel::panel_numbers> panels_ = {};
    row_space space_ = {};
};

/// Unit rows, its own or the caller's, and their bytes.
class shadow_rows {
public:
    shadow_rows() noexcept = default;
    /// Rows that the caller keeps.
    shadow_rows(const unit_view<float>& rows, const number_list& mean, const execution& how)
        : kept_(rows.values()), rows_(rows.rows()), dim_(rows.dim()), deviation_(greatest_deviation(rows, how)) {
        for (idx_t i = 0; i < rows_; ++i) {
            const kernel::row_kind kind = kernel::length_of(rows.row(i), rows.dim()).kind();
            if (kind == kernel::row_kind::zero) seen_.add_zero(i);
            if (kind == kernel::row_kind::non_finite) seen_.add_non_finite(i);
        }
        require_mean(mean, dim_, 0, "shadow_gallery::over");
        bytes_.take(rows, 0, mean, how);
    }

    /// Takes unit rows, and makes their bytes.
    void adopt(matrix<float>&& rows, const row_report& seen, double deviation, const execution& how) {
        own_ = static_cast<matrix<float>&&>(rows);
        rows_ = own_.rows(), dim_ = own_.dim(), seen_ = seen, deviation_ = deviation;
        bytes_.take(unit_rows(), 0, how);
    }

    idx_t rows() const noexcept { return rows_; }
    idx_t dim() const noexcept { return dim_; }
    idx_t bytes() const noexcept { return own_.rows() * own_.dim() * idx_t(sizeof(float)) + bytes_.bytes(); }
    const row_report& seen() const noexcept { return seen_; }
    unit_view<float> unit_rows() const noexcept { return unit_access::view<float>(values()); }
    engine::shadow_view view() const noexcept {
        const engine::byte_panels bytes = bytes_.panels(rows_);
        const bool filters = bytes.bytes != nullptr && deviation_ <= 1.0;  // longer rows may leave float's range
        const idx_t most_queries = filters ? kernel::most_fast_byte_rows : 0;
        return {unit_rows(), bytes, bytes_.space(), seen_, deviation_, most_queries};
    }

    /// Appends the rows of a view. If it fails, everything is as before.
    template <class View>
    void append(const View& view, const execution& how, const row_policy& policy, const number_list& mean) {
        if (kept_.data() != nullptr)
            fail<value_error>("shadow_gallery::append: the rows are the caller's, nothing can be appended");
        if (rows_ > 0 && view.dim() != dim())
            fail<shape_error>("shadow_gallery: rows have dim ", view.dim(), ", the gallery has dim ", dim());
        require_mean(mean, view.dim(), rows_, "shadow_gallery");
        row_report counted_here;
        row_policy counted = policy;  // a report makes unit rows count, too
        if (counted.report == nullptr) counted.report = &counted_here;
        engine::row_source source(view, counted, "shadow_gallery", "row ");
        const double deviation = engine::maximum(deviation_, greatest_deviation(view, how));
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
        seen_.add(seen);
        deviation_ = deviation, dim_ = view.dim(), rows_ = rows_ + view.rows();
        source.report();
    }

private:
    matrix_view<const float> values() const noexcept {
        if (kept_.data() != nullptr) return kept_;
        return {own_.data(), rows_, dim_};
    }
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
    matrix_view<const float> kept_ = {};
    row_bytes bytes_ = {};
    moved_count rows_ = 0, dim_ = 0;
    row_report seen_ = {};
    double deviation_ = 0.0;
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
