/// The tile loop of questions that add up along rows AND along columns, in memory of their size: tasks are cells, chunks
/// of rows against chunks of columns.
///
///   step 0   0 . .    step 1   . 0 .    step 2   . . 0     row chunk r meets column chunk (r + step) mod n: of the
///            . 1 .             . . 1             1 . .     cells of a step no two share a row or a column, so each
///            . . 2             2 . .             . 2 .     adds to its rows' and columns' sums in place
///
/// Chunks depend on the shape alone, and each chunk's cells come in a fixed order with all workers waiting between two
/// steps: every sum is taken in one order, whoever takes it. Rows are packed again for each cell: at 512 rows or more
/// that is little beside the products, and memory of all packed rows is not needed.
#pragma once

#include "gallery_side.hpp"
#include "measured_rows.hpp"
#include "tile.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// A side in chunks of `size` rows, the last one of what is left.
struct chunks {
    index rows, size;

    /// Of at most `most` rows; eight of them, for many workers, where they have 512 rows then. Whole panels.
    static chunks of(index rows, index most) noexcept {
        const index by_workers = rows / 512 < 8 ? rows / 512 : 8, by_size = (rows + most - 1) / most;
        index count = by_size > by_workers ? by_size : by_workers;
        if (count > 4) count = (count + 3) / 4 * 4;
        const index size = count > 1 ? (rows + count - 1) / count : rows;
        return {rows, size < 1 ? 1 : (size + 31) / 32 * 32};
    }
    index count() const noexcept { return (rows + size - 1) / size; }
    index first(index chunk) const noexcept { return chunk * size; }
    index rows_of(index chunk) const noexcept { return rows - first(chunk) < size ? rows - first(chunk) : size; }
};

/// Columns that are packed at once. One chain: sums that run along the columns are taken 128 at a time.
inline constexpr index strip_of_cell = kernel::chain_length;

/// Rows of a chunk, so that its packed rows take `bytes`.
inline index rows_of_chunk(index dim, index bytes) noexcept {
    const index fitting = bytes / index(sizeof(float)) / (dim > 0 ? dim : 1) / 32 * 32;
    return fitting < 32 ? 32 : fitting > 2048 ? 2048 : fitting;
}

/// What a loop over cells needs of each worker's memory, in floats: a chunk's packed rows, and a strip's.
inline index elements_of_cell(const chunks& rows, const chunks& columns, index dim) {
    const index strip = columns.size < strip_of_cell ? columns.size : strip_of_cell;
    return round_up(size_of_blocks<float>(rows.size, dim), 16) + rows_of_panels(strip) * dim;
}

/// What a consumer without interest in the order of cells is told in vain.
struct sees_only_tiles : expects_nothing {
    void cell_begins(index, index) const noexcept {}
    void strip_begins(index, index) const noexcept {}
    void strip_done() const noexcept {}
};

/// One cell: rows first_row .. first_row + count - 1 against columns first_column .. first_column + width - 1.
template <class T, class G, class Consumer>
void score_cell(const measured_rows<T>& rows, index first_row, index count, const measured_rows<G>& columns,
                index first_column, index width, float* memory, Consumer& consumer) {
    const index dim = rows.dim(), group_size = size_of_blocks<float>(group_rows<float>, dim);
    float* const strip_memory = memory + round_up(size_of_blocks<float>(count, dim), 16);
    rows.pack_blocks(first_row, count, memory);
    consumer.cell_begins(first_row, count);
    for (index done = 0; done < width; done += strip_of_cell) {
        const index first = first_column + done, left = width - done;
        const index here = left < strip_of_cell ? left : strip_of_cell;
        const panels<float> strip = columns.pack_panels(first, here, strip_memory);
        consumer.strip_begins(first, here);
        const index groups = (count + group_rows<float> - 1) / group_rows<float>;
        const next_read next = columns.memory_of(first + here, left - here < here ? left - here : here);
        for (index group = 0; group < groups; ++group) {
            const index done_rows = group * group_rows<float>, rest = count - done_rows;
            multiply_group(memory + group * group_size, first_row + done_rows,
                           int(rest < group_rows<float> ? rest : group_rows<float>), strip, first,
                           next.part(group, groups), consumer);
        }
        consumer.strip_done();
    }
}

/// Every cell of rows x columns.
///
/// Consumers  consumer_of(worker) is the consumer of one worker: tile(score_tile) for each tile of a cell, its rows in
///            ascending order within a strip of at most 128 columns; cell_begins, strip_begins, strip_done between them.
/// Memory     elements_of_cell floats at memory_of(worker).
template <class T, class G, class Memory, class ConsumerOf>
void score_cells(const execution& how, const measured_rows<T>& rows, const chunks& row_chunks,
                 const measured_rows<G>& columns, const chunks& column_chunks, Memory&& memory_of,
                 ConsumerOf&& consumer_of) {
    const index down = row_chunks.count(), across = column_chunks.count(), steps = down > across ? down : across;
    for (index step = 0; step < steps; ++step)
        for_each_task(how, down, [&](index worker, index r) {
            const index c = (r + step) % steps;
            if (c >= across) return;
            auto&& consumer = consumer_of(worker);
            score_cell(rows, row_chunks.first(r), row_chunks.rows_of(r), columns, column_chunks.first(c),
                       column_chunks.rows_of(c), memory_of(worker), consumer);
        });
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
