/// The tile loop over groups of queries, against a gallery that is packed whole.
///
///   for each group of queries              packed by the worker, normalized on the way
///     for each panel of the gallery        64 KiB at dim 512, from L3 or L2 once for the group
///       for each block of the group        multiply -> tile, in L1 -> consumer.tile(tile)
///     consumer.rows_done(first, count)     every score of these queries has been seen, in column order
///
/// Where the gallery has few rows (most_unpacked_columns), a group is not packed:
///   multiply_unpacked -> transposed -> consumer.tile(tile)
#pragma once

#include "multiply_group.hpp"
#include "row_packer.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// The scores of some queries with a gallery of few rows.
template <class C, class Consumer>
void multiply_unpacked_queries(row_packer<C>& queries, const tile_range& task, const panels<C>& gallery,
                               Consumer& consumer) {
    constexpr int pitch = kernel::lane_count;
    alignas(64) C transposed[pitch * pitch];
    queries.multiply_unpacked(task.first_row, task.first_row + task.rows, gallery,
                              [&](idx_t row, int count, const C* scores) {
                                  const int columns = int(gallery.rows);
                                  kernel::transpose_tile(scores, pitch, columns, pitch, transposed, pitch);
                                  consumer.tile(score_tile<C>{row, 0, count, columns, transposed, pitch});
                              });
}

/// Every score of queries x gallery, a group of queries for each task; a raw gallery is packed before, by all workers.
template <class C, class Side, class Pool>
void run_rows(const execution& how, const tile_plan& plan, row_packer<C>& queries, Side& gallery, Pool& pool) {
    const tile_memory<C> memory(how, queries.function(), plan, pool);
    const auto packed = gallery.pack_all(how, memory.shared());
    const tile_range all{0, queries.rows(), 0, gallery.rows()};
    for_each_task(how, plan.tasks(), [&](idx_t worker, idx_t t) {
        const tile_range task = plan.task(all, t);
        auto&& consumer = pool.of(worker);
        if (plan.unpacked) {
            if constexpr (!Side::is_compact) multiply_unpacked_queries(queries, task, packed, consumer);
        } else {
            C* const group = memory.of_worker(worker);
            queries.pack_blocks(task.first_row, task.rows, group, true);
            // Panels that stay in L2 need no prefetching: then the worker's next queries are prefetched.
            const prefetch_range next =
                packed.bytes() <= caches().resident_panels_bytes
                    ? queries.memory_of(task.first_row + plan.workers * plan.group_rows, plan.group_rows)
                    : packed.next_panels();
            multiply_group(group, task.first_row, task.rows, packed, 0, {{nullptr, 0}, next}, consumer);
        }
        consumer.rows_done(task.first_row, task.rows);
        how.report_progress(task.rows * task.columns, queries.rows() * gallery.rows());
    });
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
