/// The tile loop of few queries and a raw gallery: the queries are the packed columns, and the gallery's rows pass by.
///
///   queries                                packed as panels, once; they stay in L2
///   for each few blocks of gallery rows    copied to L1 and normalized: no transposition
///     for each panel of queries            multiply -> [gallery rows, queries] -> transposed -> consumer.tile(tile)
///   or, for a few queries (most_unpacked_columns)
///   for each 16 gallery rows               multiply_unpacked -> consumer.tile(tile)
///
/// A score has the same bits from either side, since multiplication commutes.
#pragma once

#include "multiply_group.hpp"
#include "row_packer.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Up to 16 packed gallery rows, `count` of them from `first_row` on, against all queries.
template <class C, class Consumer>
void multiply_blocks_of_gallery(const C* blocks, idx_t first_row, int count, const panels<C>& queries,
                                prefetch_range next, Consumer& consumer) {
    using block = kernel::block<C>;
    constexpr int pitch = kernel::lane_count;
    alignas(64) C scores[kernel::lane_count * block::columns] = {};
    alignas(64) C transposed[block::columns * pitch];
    const idx_t block_size = kernel::packed_block_size<C>(queries.dim);
    const idx_t blocks_in_all = ceil_div(count, block::rows);
    const idx_t turns = ceil_div(queries.rows, block::columns) * blocks_in_all;
    idx_t turn = 0;
    for (idx_t first = 0; first < queries.rows; first += block::columns) {
        const int width = queries.width_from(first), columns = queries.columns_from(first);
        for (idx_t b = 0; b < blocks_in_all; ++b, ++turn) {
            const int done = int(b) * block::rows;
            kernel::multiply<C>({blocks + b * block_size, queries.panel(first), minimum(count - done, block::rows),
                                 width, queries.dim, scores + done * block::columns, block::columns,
                                 next.steps(turn, turns, queries.dim), false, 0, columns});
        }
        kernel::transpose_tile(scores, block::columns, count, width, transposed, pitch);
        consumer.tile(score_tile<C>{first, first_row, columns, count, transposed, pitch});
    }
}

/// Calls take(first, count) for each run of wanted parts, `step` columns each, of a task.
template <class Wants, class Take>
void for_each_wanted(const tile_range& task, idx_t step, Wants&& wants, Take&& take) {
    const idx_t end = task.first_column + task.columns;
    for (idx_t first = task.first_column, behind; first < end; first = behind + step) {
        for (behind = first; behind < end && wants(behind, minimum(step, end - behind));) behind += step;
        if (behind > first) take(first, minimum(behind, end) - first);
    }
}

/// Every score of queries x gallery, by blocks of the gallery's rows.
template <class C, class Pool>
void run_few(const execution& how, const tile_plan& plan, row_packer<C>& queries, row_packer<C>& gallery, Pool& pool) {
    constexpr idx_t step = register_tile::of<C>().rows_in_lanes();
    const tile_memory<C> memory(how, queries.function(), plan, pool);
    const tile_range all = plan.pass(0);
    pool.rows_begin(0, all.rows);
    const panels<C> packed = queries.pack_all(how, memory.shared());
    for_each_task(how, plan.tasks(), [&](idx_t worker, idx_t t) {
        const tile_range task = plan.task(all, t);
        auto&& consumer = pool.of(worker);
        const auto wants = [&](idx_t first, idx_t rows) { return consumer.wants(0, all.rows, first, rows); };
        if (!wants(task.first_column, task.columns)) {
        } else if (plan.unpacked) {
            for_each_wanted(task, kernel::lane_count, wants, [&](idx_t from, idx_t rows) {
                gallery.multiply_unpacked(from, from + rows, packed, [&](idx_t row, int count, const C* scores) {
                    consumer.tile(score_tile<C>{0, row, int(all.rows), count, scores, kernel::lane_count});
                });
            });
        } else {
            for (idx_t done = 0; done < task.columns; done += step) {
                const idx_t first = task.first_column + done, rows = minimum(task.columns - done, step);
                if (!wants(first, rows)) continue;
                gallery.pack_blocks(first, rows, memory.of_worker(worker), true);
                const prefetch_range next = gallery.memory_of(first + step, step);
                multiply_blocks_of_gallery(memory.of_worker(worker), first, int(rows), packed, next, consumer);
            }
        }
        how.report_progress(task.rows * task.columns, all.rows * all.columns);
    });
    pool.of(0).rows_done(0, all.rows);
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
