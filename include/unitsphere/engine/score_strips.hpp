/// The tile loop of galleries that no cache holds: tasks are some columns each, against many queries that are packed
/// first. Each gallery row is read once for all of them.
///
///   for each strip of the gallery          packed by the worker unless it is already; stays in L2
///     for each group of queries, panel of the strip, block of the group
///                                          multiply -> tile, in L1 -> consumer.tile(tile)
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

/// Every score of queries x gallery, by strips of the gallery.
///
/// Consumers  as shared_by_workers. Tiles come in no particular order, those of a strip to one worker. A consumer that
///            says what it wants() is spared the groups of queries that it does not want with a strip; a strip that
///            nobody wants is not packed, nor are its rows counted.
/// Memory     up to 4 MiB of packed queries, and one packed strip for each worker, in the workspace of `how`.
template <class C, class T, class Side, class Consumers>
void score_strips(const execution& how, row_source<T>& queries, Side& gallery, Consumers&& consumers) {
    if constexpr (!Side::is_packed)
        if (are_few<C>(queries.rows(), queries.dim())) return score_few<C>(how, queries, gallery, consumers);
    const index dim = queries.dim(), at_once = queries_at_once<C>(queries.rows(), dim);
    const index columns = columns_of_strip<C>(gallery.rows(), dim, how.workers());
    const index strips = (gallery.rows() + columns - 1) / columns, group_size = size_of_blocks<C>(group_rows<C>, dim);
    const index workers = workers_for(how, strips);
    call_memory<C> memory(how, size_of_blocks<C>(at_once, dim), workers,
                          gallery.template elements_of<C>(columns < gallery.rows() ? columns : gallery.rows()),
                          consumers.bytes(workers, at_once));
    consumers.begin(memory.of_consumers());
    for (index first = 0; first < queries.rows(); first += at_once) {
        const index left = queries.rows() - first, count = left < at_once ? left : at_once;
        const index groups = (count + group_rows<C> - 1) / group_rows<C>;
        const auto rows_of = [&](index group) {
            const index rest = count - group * group_rows<C>;
            return int(rest < group_rows<C> ? rest : group_rows<C>);
        };
        consumers.rows_begin(first, count);
        for_each_task(how, groups, [&](index, index group) {
            row_report seen;
            pack_blocks(queries, first + group * group_rows<C>, rows_of(group), memory.shared() + group * group_size,
                        seen);
            queries.count(seen);
        });
        for_each_task(how, strips, [&](index worker, index task) {
            const index column = task * columns, rest = gallery.rows() - column;
            const index wide = rest < columns ? rest : columns;
            auto&& consumer = consumers.of(worker);
            if (!may_want(consumer, first, count, column, wide)) return;
            const panels<C> strip = gallery.template strip<C>(column, wide, memory.of_worker(worker), first == 0);
            const next_read next = gallery.after(strip, column + workers * columns, columns);
            for (index group = 0; group < groups; ++group)
                if (may_want(consumer, first + group * group_rows<C>, rows_of(group), column, wide))
                    multiply_group(memory.shared() + group * group_size, first + group * group_rows<C>, rows_of(group),
                                   strip, column, Side::is_packed ? next : next.part(group, groups), consumer);
        });
        for_each_task(how, groups, [&](index worker, index group) {
            consumers.of(worker).rows_done(first + group * group_rows<C>, rows_of(group));
        });
    }
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
