/// The tile loop: every question about pairs of rows is a consumer of it.
///
///   for each group of queries                 packed as rows, normalized on the way
///     for each panel of the gallery           packed before
///       for each block of the group           multiply -> tile, in L1 -> consumer.tile(tile)
///     consumer.rows_done(first, count)        every score of these rows has been seen, in column order
///
/// A panel (64 KiB at dim 512) comes from L2 once and serves all blocks of the group.
#pragma once

#include "packed_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Scores of queries first_row .. first_row + rows - 1 against gallery rows first_column .. first_column + columns - 1.
template <class C = float>
struct score_tile {
    index first_row, first_column;
    int rows, columns;
    const C* scores;
    int pitch;

    /// scale * scores of one row of the tile, to their columns in a whole row of the result.
    void store_row(int r, C scale, C* whole_row) const noexcept {
        kernel::scale_row(scores + r * pitch, columns, kernel::row_factors<C>{C(1), scale}, whole_row + first_column);
    }
    /// scale * scores + bias, fused.
    void store_row(int r, C scale, C bias, C* whole_row) const noexcept {
        kernel::scale_and_shift_row(scores + r * pitch, columns, scale, bias, whole_row + first_column);
    }
};

/// Queries that are packed together: each panel of the gallery is read once for all of them.
inline constexpr int blocks_in_group = 4;
template <class C = float>
inline constexpr int group_rows = blocks_in_group* kernel::block<C>::rows;

namespace score_tiles_detail {

/// Packs `count` queries from `first` on into blocks of block_rows.
template <class T, class C>
void pack_group(row_source<T>& queries, index first, int count, C* group) noexcept {
    constexpr int block_rows = kernel::block<C>::rows;
    const index block_size = kernel::packed_block_size<C>(queries.dim());
    for (int i = 0; i < count; ++i)
        kernel::pack_block_row(queries.row(first + i), queries.dim(), queries.factors(first + i), i % block_rows,
                               group + i / block_rows * block_size);
}

/// The blocks of a packed group against one panel.
template <class C, class Consumer>
void multiply_group(const C* group, index first, int count, const packed_rows<C>& gallery, index first_column,
                    Consumer& consumer) {
    using block = kernel::block<C>;
    alignas(64) C scores[block::rows * block::columns];
    const index block_size = kernel::packed_block_size<C>(gallery.dim());
    for (int done = 0; done < count; done += block::rows) {
        const int rows = count - done < block::rows ? count - done : block::rows;
        kernel::multiply(group + done / block::rows * block_size, gallery.panel(first_column), rows,
                         gallery.width_from(first_column), gallery.dim(), scores, block::columns);
        consumer.tile(score_tile<C>{first + done, first_column, rows, gallery.columns_from(first_column), scores,
                                    block::columns});
    }
}

}  // namespace score_tiles_detail

/// Every score of queries x gallery, tile by tile.
///
/// Consumer: tile(score_tile) with the columns of a row in ascending order, and rows_done(first, count).
/// Memory    one packed group of queries.
template <class T, class C, class Consumer>
void score_tiles(row_source<T>& queries, const packed_rows<C>& gallery, Consumer&& consumer) {
    using namespace score_tiles_detail;
    if (queries.rows() == 0) return;
    auto group = matrix<C>::uninitialized(blocks_in_group, kernel::packed_block_size<C>(queries.dim()));
    for (index first = 0; first < queries.rows(); first += group_rows<C>) {
        const int count = int(queries.rows() - first < group_rows<C> ? queries.rows() - first : group_rows<C>);
        pack_group(queries, first, count, group.data());
        for (index column = 0; column < gallery.rows(); column += kernel::block<C>::columns)
            multiply_group(group.data(), first, count, gallery, column, consumer);
        consumer.rows_done(first, count);
    }
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
