/// The tile loop of questions that add up along rows AND along columns, in O(rows + columns) memory. A task is a cell,
/// a chunk of rows against a chunk of columns; a step is a diagonal of a Latin square.
///
///   step 0   0 . .    step 1   . 0 .    step 2   . . 0     row chunk r meets column chunk (r + step) mod n: no two
///            . 1 .             . . 1             1 . .     cells of a step share a row or a column, so each adds to
///            . . 2             2 . .             . 2 .     the sums of its rows and columns in place
///
/// Chunks depend on the shape alone, each chunk meets its cells in a fixed order, and all workers wait for each other
/// between two steps: so every sum is added in one order, whoever adds it. Rows are packed again for each cell. At 512
/// rows or more that costs little beside the products, and saves the memory of all packed rows.
#pragma once

#include "gallery_side.hpp"
#include "measured_rows.hpp"
#include "multiply_group.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// A side, divided into chunks of `size` rows; the last one may be shorter.
struct chunks {
    idx_t rows, size;

    /// Whole panels of at most chunk_bytes; eight chunks where each has 512 rows, so that many workers have a cell, and
    /// a multiple of four where there are more. `gradients`: packed rows and their slices stay in L2.
    static chunks of(idx_t rows, idx_t dim, bool gradients) noexcept {
        constexpr idx_t panel = 32;
        const idx_t bytes = gradients ? cache_model::gradient_chunk_bytes : cache_model::chunk_bytes;
        const idx_t fitting = bytes / idx_t(sizeof(float)) / maximum(dim, 1) / panel * panel;
        const idx_t by_size = ceil_div(rows, clamped(fitting, panel, cache_model::most_chunk_rows));
        const idx_t by_workers = minimum(rows / cache_model::least_chunk_rows_of_worker, 8);
        const idx_t wanted = maximum(by_size, by_workers), count = wanted > 4 ? ceil_div(wanted, 4) * 4 : wanted;
        const idx_t each = count > 1 ? ceil_div(rows, count) : rows;
        return {rows, each < 1 ? 1 : ceil_div(each, panel) * panel};
    }
    idx_t count() const noexcept { return ceil_div(rows, size); }
    idx_t first(idx_t chunk) const noexcept { return chunk * size; }
    idx_t rows_of(idx_t chunk) const noexcept { return minimum(rows - first(chunk), size); }
};

/// Columns that are packed at once. One chain: weighted_sums adds along the columns in blocks of 128.
inline constexpr idx_t strip_of_cell = kernel::chain_length;

/// Floats that score_cells needs for each worker: the packed rows of a chunk and of a strip.
inline idx_t elements_of_cell(const chunks& rows, const chunks& columns, idx_t dim) {
    const idx_t strip = minimum(columns.size, strip_of_cell);
    return round_up(size_of_blocks<float>(rows.size, dim), 16) + rows_of_panels(strip) * dim;
}

/// One cell: rows first_row .. first_row + count - 1 against columns first_column .. first_column + width - 1.
template <class T, class G, class Consumer>
void score_cell(const measured_rows<T>& rows, idx_t first_row, idx_t count, const measured_rows<G>& columns,
                idx_t first_column, idx_t width, float* memory, Consumer& consumer) {
    const idx_t dim = rows.dim(), group_size = size_of_blocks<float>(group_rows<float>, dim);
    float* const strip_memory = memory + round_up(size_of_blocks<float>(count, dim), 16);
    rows.pack_blocks(first_row, count, memory);
    consumer.cell_begins(first_row, count);
    for (idx_t done = 0; done < width; done += strip_of_cell) {
        const idx_t first = first_column + done, left = width - done, here = minimum(left, strip_of_cell);
        const panels<float> strip = columns.pack_panels(first, here, strip_memory);
        consumer.strip_begins(first, here);
        const idx_t groups = ceil_div(count, group_rows<float>);
        const prefetch_range next = columns.memory_of(first + here, minimum(left - here, here));
        for (idx_t group = 0; group < groups; ++group) {
            const idx_t done_rows = group * group_rows<float>, after = group + 1 < groups ? group + 1 : 0;
            const auto rows_of = [&](idx_t g) { return minimum(count - g * group_rows<float>, group_rows<float>); };
            multiply_group(
                memory + group * group_size, first_row + done_rows, rows_of(group), strip, first,
                {groups > 1 ? next_group(memory + after * group_size, rows_of(after), dim) : prefetch_range{nullptr, 0},
                 next.part(group, groups)},
                consumer);
        }
        consumer.strip_done();
    }
}

/// Every cell of rows x columns.
///
/// Consumers  consumer_of(worker) returns the consumer of a worker, a score_consumer. Strips have at most 128 columns.
/// Memory     elements_of_cell floats at memory_of(worker).
template <class T, class G, class Memory, class ConsumerOf>
void score_cells(const execution& how, const measured_rows<T>& rows, const chunks& row_chunks,
                 const measured_rows<G>& columns, const chunks& column_chunks, Memory&& memory_of,
                 ConsumerOf&& consumer_of) {
    const idx_t down = row_chunks.count(), across = column_chunks.count(), steps = maximum(down, across);
    for (idx_t step = 0; step < steps; ++step)
        for_each_task(how, down, [&](idx_t worker, idx_t r) {
            const idx_t c = (r + step) % steps;
            if (c >= across) return;
            auto&& consumer = consumer_of(worker);
            require_consumer<std::decay_t<decltype(consumer)>, float>();
            score_cell(rows, row_chunks.first(r), row_chunks.rows_of(r), columns, column_chunks.first(c),
                       column_chunks.rows_of(c), memory_of(worker), consumer);
        });
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
