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

    /// scale * scores, or scale * scores + bias (fused), to their places in the whole result.
    void store(C scale, const matrix_view<C>& out) const noexcept {
        C* const to = out.row(first_row) + first_column;
        kernel::scale_tile(scores, pitch, rows, columns, scale, to, out.stride());
    }
    void store(C scale, C bias, const matrix_view<C>& out) const noexcept {
        for (int r = 0; r < rows; ++r)
            kernel::scale_and_shift_row(scores + r * pitch, columns, scale, bias,
                                        out.row(first_row + r) + first_column);
    }
    /// scale * scores of one row of the tile, to their columns in a whole row of the result.
    void store_row(int r, C scale, C* whole_row) const noexcept {
        kernel::scale_tile(scores + r * pitch, pitch, 1, columns, scale, whole_row + first_column, 0);
    }
};

/// Asks the caches for the lines of `out` that a tile will be written to, while it is computed.
template <class C>
void expect_tile(const matrix_view<C>& out, index first_row, int rows, index first_column, int columns) noexcept {
    constexpr int line = 64 / int(sizeof(C));
    for (int r = 0; r < rows; ++r) {
        const C* const row = out.row(first_row + r) + first_column;
        for (int c = 0; c < columns; c += line) __builtin_prefetch(row + c, 1);
        __builtin_prefetch(row + columns - 1, 1);
    }
}

/// What a consumer without an output of its own expects: nothing.
struct expects_nothing {
    void expect(index, int, index, int) const noexcept {}
};

/// Whether a consumer says which scores it wants: wants(first_row, rows, first_column, columns).
template <class Consumer, class = void>
inline constexpr bool chooses_scores = false;
template <class Consumer>
inline constexpr bool chooses_scores<
    Consumer, std::void_t<decltype(std::declval<const Consumer&>().wants(index(), index(), index(), index()))>> = true;

/// Whether some of these scores may be wanted. Others may be left out, but need not be.
template <class Consumer>
bool may_want(const Consumer& consumer, index first_row, index rows, index first_column, index columns) noexcept {
    if constexpr (chooses_scores<Consumer>)
        return consumer.wants(first_row, rows, first_column, columns);
    else
        return true;
}

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
/// column has the number first_column. Meanwhile `next` is asked for, a part of it by each panel.
template <class C, class Consumer>
void multiply_group(const C* group, index first_row, int count, const panels<C>& gallery, index first_column,
                    next_read next, Consumer& consumer) {
    using block = kernel::block<C>;
    alignas(64) C scores[block::rows * block::columns] = {};  // a narrow panel leaves some as they are
    const index block_size = kernel::packed_block_size<C>(gallery.dim);
    const index panels_in_all = (gallery.rows + block::columns - 1) / block::columns;
    const int blocks = (count + block::rows - 1) / block::rows, whole = count / block::rows;  // only those look ahead
    for (index panel = 0; panel < panels_in_all; ++panel) {
        const index column = panel * block::columns;
        const int columns = gallery.columns_from(column), width = gallery.width_from(column);
        const next_read soon = next.part(panel, panels_in_all);
        for (int b = 0; b < blocks; ++b) {
            const int done = b * block::rows, rows = count - done < block::rows ? count - done : block::rows;
            consumer.expect(first_row + done, rows, first_column + column, columns);
            kernel::multiply(group + b * block_size, gallery.panel(column), rows, width, gallery.dim, scores,
                             block::columns, soon.share(b, whole > 0 ? whole : 1, gallery.dim));
            consumer.tile(
                score_tile<C>{first_row + done, first_column + column, rows, columns, scores, block::columns});
        }
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
