/// Unit rows in the order in which the multiply kernel reads them: panels of columns, blocks of rows.
#pragma once

#include "../kernel/pack.hpp"
#include "execution.hpp"
#include "row_source.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Packed panels of `columns` rows each, transposed, in C; a last panel of at most 16 rows is only 16 wide.
template <class C>
struct panels {
    static constexpr int columns = kernel::block<C>::columns;

    const C* data = nullptr;
    index rows = 0, dim = 0;

    /// The panel that begins at row `first`, a multiple of `columns`.
    const C* panel(index first) const noexcept { return data + first * dim; }
    /// Its rows, and its width with padding.
    int columns_from(index first) const noexcept { return int(rows - first < columns ? rows - first : columns); }
    int width_from(index first) const noexcept {
        return rows - first <= kernel::lane_count ? kernel::lane_count : columns;
    }
    index bytes() const noexcept { return rows * dim * index(sizeof(C)); }
    /// What is read while these panels are: the same, one panel further on.
    next_read ahead() const noexcept { return {panel(columns), bytes()}; }
    /// `count` rows from `first` on, a multiple of `columns`.
    panels part(index first, index count) const noexcept { return {panel(first), count, dim}; }
};

/// `count` rounded up to whole `step`s; std::length_error where that leaves the range of an index.
inline index round_up(index count, index step) {
    if (count > PTRDIFF_MAX - step)
        unitsphere::detail::fail<std::length_error>("unitsphere: ", count, " rows exceed the address space");
    return (count + step - 1) / step * step;
}

/// Rows for which panels need room.
inline index rows_of_panels(index rows) { return round_up(rows, kernel::lane_count); }

/// Asks for row i of a source, which is to be read some rows later, where no cache holds the source: beside what is
/// written meanwhile, the machine's own prefetching loses the thread (527 cycles a row against 302, dim 512).
template <class T>
void ask_for_row(const row_source<T>& source, index i) noexcept {
    const next_read row = source.memory_of(i, 1);
    for (index byte = 0; byte < row.bytes; byte += 64) __builtin_prefetch(static_cast<const char*>(row.at) + byte);
}
inline constexpr index rows_ahead = 16;  // 32 KiB at dim 512

/// Packs rows first .. first + count - 1 of a source as panels, 32 rows at a time: they are measured in row order, which
/// is how memory is read fastest, and are still in L2 when they are transposed.
template <class C, class T>
UNITSPHERE_NOINLINE void pack_panels(const row_source<T>& source, index first, index count, C* to,
                                     row_report& seen) noexcept {
    const panels<C> packed{to, count, source.dim()};
    for (index done = 0; done < count; done += panels<C>::columns) {
        typename row_source<T>::factors_type factors[panels<C>::columns];
        const int rows = packed.columns_from(done);
        for (int i = 0; i < rows; ++i) factors[i] = source.factors(first + done + i, seen);
        kernel::pack_panel(source.row(first + done), source.stride(), rows, source.dim(), factors,
                           packed.width_from(done), to + done * source.dim());
    }
}

/// Packs rows first .. first + count - 1 of a source as blocks of kernel::block<C>::rows rows. Each row is measured while
/// the one before is written.
template <class C, class T>
UNITSPHERE_NOINLINE void pack_blocks(const row_source<T>& source, index first, index count, C* to,
                                     row_report& seen) noexcept {
    constexpr int block_rows = kernel::block<C>::rows;
    const index block_size = kernel::packed_block_size<C>(source.dim()), dim = source.dim();
    const bool beyond_caches = source.memory_of(0, source.rows()).bytes > cached_bytes;
    kernel::row_length length{0, 1};
    bool measured = false;
    if constexpr (!std::is_same_v<T, double>)
        if (count == 1 && !source.as_they_are()) {
            length = kernel::length_of_lone(source.row(first), dim);
            measured = true;
        }
    for (index i = 0; i < count; ++i) {
        const T* const row = source.row(first + i);
        C* const block = to + i / block_rows * block_size;
        const int r = int(i % block_rows);
        if (beyond_caches) ask_for_row(source, first + i + rows_ahead);
        const auto factors = measured ? source.factors(first + i, length, seen) : source.factors(first + i, seen);
        measured = false;
        if constexpr (std::is_same_v<C, float> && !std::is_same_v<T, double>)
            if (i + 1 < count && factors.power == 1.0f && !source.as_they_are()) {
                length =
                    kernel::pack_block_row_and_measure(row, dim, factors.inverse, r, block, source.row(first + i + 1));
                measured = true;
                continue;
            }
        kernel::pack_block_row(row, dim, factors, r, block);
    }
}

/// The rows of a source from `first` on as panels, by all workers.
template <class C, class T>
void pack_all_panels(const execution& how, row_source<T>& source, index first, C* to) {
    constexpr index share = 4 * panels<C>::columns;  // rows of one task
    const index count = source.rows() - first;
    for_each_task(how, (count + share - 1) / share, [&](index, index task) {
        const index done = task * share, left = count - done;
        row_report seen;
        pack_panels(source, first + done, left < share ? left : share, to + done * source.dim(), seen);
        source.count(seen);
    });
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
