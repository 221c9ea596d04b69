/// The tile loop of galleries that no cache holds: tasks are some columns each, against many queries that are packed
/// first. Each gallery row is read once for all of them.
///
///   for each strip of the gallery          packed by the worker unless it is already; stays in L2
///     for each group of queries, panel of the strip, block of the group
///                                          multiply -> tile, in L1 -> consumer.tile(tile)
///
/// A gallery of fewer strips than the workers need goes to several of them, each with a part of the groups.
#pragma once

#include "gallery_side.hpp"
#include "score_few.hpp"
#include "tile.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Columns of one strip: 256 KiB, at least one panel; fewer so that each worker gets about four.
template <class C>
index columns_of_strip(index gallery_rows, index dim, index workers) noexcept {
    constexpr index bytes = 256 * 1024, panel = panels<C>::columns;
    const index by_cache = bytes / index(sizeof(C)) / (dim > 0 ? dim : 1) / panel;
    const index by_workers = workers > 1 ? gallery_rows / (4 * workers * panel) : by_cache;
    const index fitting = by_cache < by_workers ? by_cache : by_workers;
    return (fitting < 1 ? 1 : fitting > 32 ? 32 : fitting) * panel;
}

/// Queries that are packed at once for score_strips: 4 MiB of them.
template <class C>
index queries_at_once(index queries, index dim) noexcept {
    const index fitting = (index(4) << 20) / index(sizeof(C)) / (dim > 0 ? dim : 1) / group_rows<C> * group_rows<C>;
    return queries < fitting ? queries : fitting < group_rows<C> ? group_rows<C> : fitting;
}

/// How many tasks share a strip, so that each worker gets about four.
inline index tasks_of_strip(index strips, index groups, index workers) noexcept {
    if (workers == 1 || strips == 0) return 1;
    const index wanted = (4 * workers + strips - 1) / strips;
    return wanted < groups ? wanted : groups < 1 ? 1 : groups;
}

/// Every score of queries x gallery, by strips of the gallery.
///
/// Consumers  as shared_by_workers. Tiles come in no particular order. A consumer that says what it wants() is spared
///            the groups of queries that it does not want with a strip; a strip that nobody wants is not packed. Rows of
///            strips that are not wanted whole may go uncounted.
/// Memory     up to 4 MiB of packed queries, and one packed strip for each worker, in the workspace of `how`.
template <class C, class T, class Side, class Consumers>
void score_strips(const execution& how, row_source<T>& queries, Side& gallery, Consumers&& consumers) {
    if constexpr (!Side::is_packed)
        if (are_few<C>(queries.rows(), queries.dim())) return score_few<C>(how, queries, gallery, consumers);
    if (queries.rows() == 0) gallery.count_rows();
    constexpr index group = group_rows<C>;
    const index dim = queries.dim(), at_once = queries_at_once<C>(queries.rows(), dim);
    const index columns = columns_of_strip<C>(gallery.rows(), dim, how.workers());
    const index strips = (gallery.rows() + columns - 1) / columns, group_size = size_of_blocks<C>(group, dim);
    const index most_groups = (at_once + group - 1) / group,
                shares = tasks_of_strip(strips, most_groups, how.workers());
    const index tasks = strips * shares, workers = workers_for(how, tasks < most_groups ? most_groups : tasks);
    call_memory<C> memory(how, size_of_blocks<C>(at_once, dim), workers,
                          gallery.template elements_of<C>(columns < gallery.rows() ? columns : gallery.rows()),
                          consumers.bytes(workers, at_once));
    consumers.begin(memory.of_consumers());
    for (index first = 0; first < queries.rows(); first += at_once) {
        const index left = queries.rows() - first, count = left < at_once ? left : at_once;
        const index groups = (count + group - 1) / group;
        const auto rows_of = [&](index g) { return int(count - g * group < group ? count - g * group : group); };
        consumers.rows_begin(first, count);
        for_each_task(how, groups, [&](index, index g) {
            row_report seen;
            pack_blocks(queries, first + g * group, rows_of(g), memory.shared() + g * group_size, seen);
            queries.count(seen);
        });
        for_each_task(how, tasks, [&](index worker, index task) {
            const index column = task / shares * columns, rest = gallery.rows() - column, share = task % shares;
            const index wide = rest < columns ? rest : columns;
            const index begin = groups * share / shares, end = groups * (share + 1) / shares;
            const index done = begin * group, rows = (end * group < count ? end * group : count) - done;
            auto&& consumer = consumers.of(worker);
            if (may_want(consumer, first + done, rows, column, wide)) {
                const panels<C> strip =
                    gallery.template strip<C>(column, wide, memory.of_worker(worker), first == 0 && share == 0);
                const next_read next = gallery.after(strip, column + workers * columns, columns);
                for (index g = begin; g < end; ++g)
                    if (may_want(consumer, first + g * group, rows_of(g), column, wide))
                        multiply_group(memory.shared() + g * group_size, first + g * group, rows_of(g), strip, column,
                                       Side::is_packed ? next : next.part(g - begin, end - begin), consumer);
            }
            if (rows > 0) how.tell(rows * wide, queries.rows() * gallery.rows());
        });
        for_each_task(how, groups,
                      [&](index worker, index g) { consumers.of(worker).rows_done(first + g * group, rows_of(g)); });
    }
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
