/// The tile loop: every question about pairs of rows is a consumer of it.
///
///   for each group of queries                 packed as rows, normalized on the way
///     for each panel of the gallery           packed before, 16 or block_columns wide
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
struct score_tile {
    index first_row, first_column;
    int rows, columns;
    const float* scores;
    int pitch;

    /// scale * scores of one row of the tile, to their columns in a whole row of the result.
    void store_row(int r, float scale, float* whole_row) const noexcept {
        kernel::scale_row(scores + r * pitch, columns, {1.0f, scale}, whole_row + first_column);
    }
};

/// Queries that are packed together: each panel of the gallery is read once for all of them.
inline constexpr int blocks_in_group = 4;
inline constexpr int group_rows = blocks_in_group * kernel::block_rows;

namespace score_tiles_detail {

/// Packs `count` queries from `first` on into blocks of block_rows.
template <class T>
void pack_group(row_source<T>& queries, index first, int count, float* group) noexcept {
    const index block_size = kernel::packed_block_size(queries.dim());
    for (int i = 0; i < count; ++i)
        kernel::pack_block_row(queries.row(first + i), queries.dim(), queries.factors(first + i),
                               i % kernel::block_rows, group + i / kernel::block_rows * block_size);
}

/// The blocks of a packed group against one panel.
template <class Consumer>
void multiply_group(const float* group, index first, int count, const packed_rows& gallery, index first_column,
                    Consumer& consumer) {
    alignas(64) float scores[kernel::block_rows * kernel::block_columns];
    const index block_size = kernel::packed_block_size(gallery.dim());
    for (int block = 0; block < count; block += kernel::block_rows) {
        const int rows = count - block < kernel::block_rows ? count - block : kernel::block_rows;
        kernel::multiply(group + block / kernel::block_rows * block_size, gallery.panel(first_column), rows,
                         gallery.width_from(first_column), gallery.dim(), scores, kernel::block_columns);
        consumer.tile(score_tile{first + block, first_column, rows, gallery.columns_from(first_column), scores,
                                 kernel::block_columns});
    }
}

}  // namespace score_tiles_detail

/// Every score of queries x gallery, tile by tile.
///
/// Consumer: tile(score_tile) with the columns of a row in ascending order, and rows_done(first, count).
/// Memory    one packed group of queries.
template <class T, class Consumer>
void score_tiles(row_source<T>& queries, const packed_rows& gallery, Consumer&& consumer) {
    using namespace score_tiles_detail;
    if (queries.rows() == 0) return;
    auto group = matrix<float>::uninitialized(blocks_in_group, kernel::packed_block_size(queries.dim()));
    for (index first = 0; first < queries.rows(); first += group_rows) {
        const int count = int(queries.rows() - first < group_rows ? queries.rows() - first : group_rows);
        pack_group(queries, first, count, group.data());
        for (index column = 0; column < gallery.rows(); column += kernel::block_columns)
            multiply_group(group.data(), first, count, gallery, column, consumer);
        consumer.rows_done(first, count);
    }
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
