/// The tile loop of questions that need whole rows: tasks are some queries each, against a packed gallery.
///
///   for each group of queries              packed by the worker, normalized on the way
///     for each panel of the gallery        64 KiB at dim 512, from L3 or L2 once for the group
///       for each block of the group        multiply -> tile, in L1 -> consumer.tile(tile)
///     consumer.rows_done(first, count)     every score of these queries has been seen, in column order
#pragma once

#include "gallery_side.hpp"
#include "tile.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Whole blocks of queries for one task: a group, or less so that each worker gets about four tasks.
template <class C>
int rows_of_task(index queries, index workers) noexcept {
    constexpr int block_rows = kernel::block<C>::rows;
    if (workers == 1) return group_rows<C>;
    const index blocks = queries / (4 * workers * block_rows);
    return int(blocks < 1 ? 1 : blocks > blocks_in_group ? blocks_in_group : blocks) * block_rows;
}

inline constexpr index panels_in_l2 = 256 * 1024;

/// Every score of queries x gallery, by groups of queries; a raw gallery is packed before, by all workers.
///
/// Consumers  as shared_by_workers. The columns of a row come in ascending order, to one worker.
/// Memory     one packed group of queries for each worker and the packed gallery, in the workspace of `how`.
template <class C, class T, class Side, class Consumers>
void score_rows(const execution& how, row_source<T>& queries, Side& gallery, Consumers&& consumers) {
    const int share = rows_of_task<C>(queries.rows(), how.workers());
    const index tasks = (queries.rows() + share - 1) / share;
    const index group_size = size_of_blocks<C>(queries.rows() < share ? queries.rows() : share, queries.dim());
    const index workers = workers_for(how, tasks);
    call_memory<C> memory(how, gallery.template elements_of<C>(gallery.rows()), workers, group_size,
                          consumers.bytes(workers, share));
    consumers.begin(memory.of_consumers());
    const panels<C> packed = gallery.template pack_all<C>(how, memory.shared());
    for_each_task(how, tasks, [&](index worker, index task) {
        const index first = task * share, left = queries.rows() - first;
        const int count = int(left < share ? left : share);
        C* const group = memory.of_worker(worker);
        row_report seen;
        pack_blocks(queries, first, count, group, seen);
        queries.count(seen);
        auto&& consumer = consumers.of(worker);
        // Panels that stay in L2 need not be asked for again: then the worker's next queries are.
        const next_read next =
            packed.bytes() <= panels_in_l2 ? queries.memory_of(first + workers * share, share) : packed.ahead();
        multiply_group(group, first, count, packed, 0, next, consumer);
        consumer.rows_done(first, count);
        how.tell(count * gallery.rows(), queries.rows() * gallery.rows());
    });
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
