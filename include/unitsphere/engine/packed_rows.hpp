/// Unit rows in the order in which kernel::multiply reads them: panels of columns, blocks of rows.
#pragma once

#include "../kernel/pack.hpp"
#include "arithmetic.hpp"
#include "execution.hpp"
#include "row_source.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Packed panels of `columns` rows each, transposed, of float, double or 16-bit elements; a last panel of at most 16
/// rows is only 16 wide.
template <class S>
struct panels {
    static constexpr int columns = kernel::block<kernel::computed_type<S>>::columns;

    const S* data = nullptr;
    idx_t rows = 0, dim = 0;

    /// Elements of a row, its factor included.
    static idx_t row_elements(idx_t dim) noexcept { return dim + kernel::factor_elements<S>; }
    /// The panel that begins at row `first`, a multiple of `columns`.
    const S* panel(idx_t first) const noexcept { return data + first * row_elements(dim); }
    /// How many rows it has, and its width with padding.
    int columns_from(idx_t first) const noexcept { return int(minimum(rows - first, columns)); }
    int width_from(idx_t first) const noexcept {
        return rows - first <= kernel::lane_count ? kernel::lane_count : columns;
    }
    idx_t bytes() const noexcept { return rows * row_elements(dim) * idx_t(sizeof(S)); }
    prefetch_range memory() const noexcept { return {data, bytes()}; }
    /// What to prefetch while these panels are read: the same, one panel further on.
    prefetch_range next_panels() const noexcept { return {panel(columns), bytes()}; }
    /// `count` rows from `first` on, a multiple of `columns`.
    panels part(idx_t first, idx_t count) const noexcept { return {panel(first), count, dim}; }
};

/// `rows` rounded up to the padding of panels.
inline idx_t rows_of_panels(idx_t rows) { return round_up(rows, kernel::lane_count); }

/// Prefetches row i of a source that no cache holds.
template <class T>
void prefetch_row(const row_source<T>& source, idx_t i) noexcept {
    const prefetch_range row = source.memory_of(i, 1);
    for (idx_t byte = 0; byte < row.bytes; byte += 64)
        kernel::prefetch_into_l2(static_cast<const char*>(row.at) + byte);
}

/// Packs rows first .. first + count - 1 of a source as panels. The rows of a square are measured first, one after the
/// other, which is how DRAM is read fastest; they are still in L1 when they are transposed.
template <class C, class T>
UNITSPHERE_NOINLINE void pack_panels(const row_source<T>& source, idx_t first, idx_t count, C* to,
                                     row_report& seen) noexcept {
    const panels<C> packed{to, count, source.dim()};
    for (idx_t done = 0; done < count; done += panels<C>::columns)
        kernel::pack_panel(
            source.row(first + done), source.stride(), packed.columns_from(done), source.dim(),
            [&](int i) { return source.factors(first + done + i, seen); }, packed.width_from(done),
            to + done * panels<C>::row_elements(source.dim()));
}

/// Packs rows first .. first + count - 1 of a source as blocks of kernel::block<C>::rows rows. Each row is measured
/// while the one before it is written.
template <class C, class T>
UNITSPHERE_NOINLINE void pack_blocks(const row_source<T>& source, idx_t first, idx_t count, C* to,
                                     row_report& seen) noexcept {
    constexpr int block_rows = kernel::block<C>::rows;
    const idx_t block_size = kernel::packed_block_size<C>(source.dim()), dim = source.dim();
    const bool beyond_caches = source.memory_of(0, source.rows()).bytes > caches().last_level_bytes;
    kernel::row_length length{0, 1};
    bool measured = false;
    if constexpr (!std::is_same_v<T, double>)
        if (count == 1 && !source.used_unscaled()) {
            length = kernel::length_of_single_row(source.row(first), dim);
            measured = true;
        }
    for (idx_t i = 0; i < count; ++i) {
        const T* const row = source.row(first + i);
        C* const block = to + i / block_rows * block_size;
        const int r = int(i % block_rows);
        if (beyond_caches) prefetch_row(source, first + i + cache_model::rows_of_prefetch);
        const auto factors = measured ? source.factors(first + i, length, seen) : source.factors(first + i, seen);
        measured = false;
        if constexpr (std::is_same_v<C, float> && !std::is_same_v<T, double>)
            if (i + 1 < count && factors.power == 1.0f && !source.used_unscaled()) {
                length =
                    kernel::pack_block_row_and_measure(row, dim, factors.inverse, r, block, source.row(first + i + 1));
                measured = true;
                continue;
            }
        kernel::pack_block_row(row, dim, factors, r, block);
    }
}

/// Packs the rows of a source from `first` on as panels, by all workers.
template <class C, class Source>
void pack_all_panels(const execution& how, Source& source, idx_t first, C* to) {
    constexpr idx_t share = 4 * panels<C>::columns;  // rows of one task
    const idx_t count = source.rows() - first;
    for_each_task(how, ceil_div(count, share), [&](idx_t, idx_t task) {
        const idx_t done = task * share;
        row_report seen;
        pack_panels(source, first + done, minimum(share, count - done),
                    to + done * panels<C>::row_elements(source.dim()), seen);
        source.count(seen);
    });
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
