/// The tile loops: every question about pairs of rows is a consumer of one of them.
///
///   score_rows      tasks are some queries each, against a whole gallery that is packed already
///     for each group of queries              packed by the worker, normalized on the way
///       for each panel of the gallery        64 KiB at dim 512, from L3 or L2 once for the group
///         for each block of the group        multiply -> tile, in L1 -> consumer.tile(tile)
///       consumer.rows_done(first, count)     every score of these queries has been seen, in column order
///
///   score_strips    tasks are some columns each, against many queries that are packed first
///     for each strip of the gallery          packed by the worker unless it is already; stays in L2
///       for each group of queries, panel of the strip, block of the group
///                                            multiply -> tile, in L1 -> consumer.tile(tile)
///
/// The first serves questions that need whole rows, the second galleries that no cache holds: each of their rows is read
/// once for all queries. A score has the same bits in both.
#pragma once

#include "gallery_side.hpp"

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

namespace score_tiles_detail {

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

/// Whole blocks of queries for one task: a group, or less so that each worker gets about four tasks.
template <class C>
int rows_of_task(index queries, index workers) noexcept {
    constexpr int block_rows = kernel::block<C>::rows;
    if (workers == 1) return group_rows<C>;
    const index blocks = queries / (4 * workers * block_rows);
    return int(blocks < 1 ? 1 : blocks > blocks_in_group ? blocks_in_group : blocks) * block_rows;
}

}  // namespace score_tiles_detail

/// Every score of queries x gallery, by groups of queries; a raw gallery is packed before, by all workers.
///
/// Consumers  as shared_by_workers. The columns of a row come in ascending order, to one worker.
/// Memory     one packed group of queries for each worker and the packed gallery, in the workspace of `how`.
template <class C, class T, class Side, class Consumers>
void score_rows(const execution& how, row_source<T>& queries, Side& gallery, Consumers&& consumers) {
    using namespace score_tiles_detail;
    const int share = rows_of_task<C>(queries.rows(), how.workers());
    const index tasks = (queries.rows() + share - 1) / share;
    const index group_size = size_of_blocks<C>(queries.rows() < share ? queries.rows() : share, queries.dim());
    const index workers = how.workers() < tasks ? how.workers() : tasks;
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
        multiply_group(group, first, count, packed, 0, consumer);
        consumer.rows_done(first, count);
    });
}

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
/// Consumers  as shared_by_workers. Tiles come in no particular order, those of a strip to one worker.
/// Memory     up to 4 MiB of packed queries, and one packed strip for each worker, in the workspace of `how`.
template <class C, class T, class Side, class Consumers>
void score_strips(const execution& how, row_source<T>& queries, Side& gallery, Consumers&& consumers) {
    using namespace score_tiles_detail;
    const index dim = queries.dim(), at_once = queries_at_once<C>(queries.rows(), dim);
    const index columns = columns_of_strip<C>(gallery.rows(), dim, how.workers());
    const index strips = (gallery.rows() + columns - 1) / columns, group_size = size_of_blocks<C>(group_rows<C>, dim);
    const index workers = how.workers() < strips ? how.workers() : strips;
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
            const panels<C> strip = gallery.template strip<C>(column, rest < columns ? rest : columns,
                                                              memory.of_worker(worker), first == 0);
            auto&& consumer = consumers.of(worker);
            for (index group = 0; group < groups; ++group)
                multiply_group(memory.shared() + group * group_size, first + group * group_rows<C>, rows_of(group),
                               strip, column, consumer);
        });
        for_each_task(how, groups, [&](index worker, index group) {
            consumers.of(worker).rows_done(first + group * group_rows<C>, rows_of(group));
        });
    }
}

/// Every score of queries x gallery, by the loop that reads less.
///
/// Consumers  as shared_by_workers; tiles in no particular order.
template <class C, class T, class Side, class Consumers>
void score_tiles(const execution& how, row_source<T>& queries, Side& gallery, Consumers&& consumers) {
    constexpr index cached = index(8) << 20;
    const index dim = queries.dim(), fitting = cached / index(sizeof(C)) / (dim > 0 ? dim : 1);
    if (queries.rows() > queries_at_once<C>(queries.rows(), dim) && gallery.rows() <= fitting)
        score_rows<C>(how, queries, gallery, consumers);
    else
        score_strips<C>(how, queries, gallery, consumers);
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
