/// A tile of scores, who gets it, and how blocks of packed queries make it.
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

/// Queries that meet a panel one after the other, so that it comes from a cache behind L2 once for all of them.
inline constexpr int blocks_in_group = 4;
template <class C = float>
inline constexpr int group_rows = blocks_in_group* kernel::block<C>::rows;

/// One consumer for all workers: a question without memory of its own.
///
/// What a loop asks of its consumers: bytes(workers, rows) of memory for that many workers and queries at once;
/// begin(memory) with them; rows_begin(first, count) before the first tile of these queries, where strips of them are
/// done by several workers; of(worker), the consumer of one worker. What it asks of a consumer: tile(score_tile), and
/// rows_done(first, count) when every score of these queries has been seen, by whichever worker.
template <class Consumer>
struct shared_by_workers {
    Consumer consumer;

    index bytes(index, index) const noexcept { return 0; }
    void begin(std::byte*) const noexcept {}
    void rows_begin(index, index) const noexcept {}
    const Consumer& of(index) const noexcept { return consumer; }
};
template <class Consumer>
shared_by_workers(Consumer) -> shared_by_workers<Consumer>;

/// The packed blocks of one group, rows first_row .. first_row + count - 1, against all panels of `gallery`, whose first
/// column has the number first_column.
template <class C, class Consumer>
void multiply_group(const C* group, index first_row, int count, const panels<C>& gallery, index first_column,
                    Consumer& consumer) {
    using block = kernel::block<C>;
    alignas(64) C scores[block::rows * block::columns];
    const index block_size = kernel::packed_block_size<C>(gallery.dim);
    for (index column = 0; column < gallery.rows; column += block::columns)
        for (int done = 0; done < count; done += block::rows) {
            const int rows = count - done < block::rows ? count - done : block::rows;
            kernel::multiply(group + done / block::rows * block_size, gallery.panel(column), rows,
                             gallery.width_from(column), gallery.dim, scores, block::columns);
            consumer.tile(score_tile<C>{first_row + done, first_column + column, rows, gallery.columns_from(column),
                                        scores, block::columns});
        }
}

/// How many elements `count` rows need as packed blocks.
template <class C>
index size_of_blocks(index count, index dim) {
    return round_up(count, kernel::block<C>::rows) / kernel::block<C>::rows * kernel::packed_block_size<C>(dim);
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
