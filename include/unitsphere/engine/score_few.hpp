/// The tile loop of few queries and a raw gallery: the queries are the packed columns, and the gallery's rows pass by.
///
///   queries                                packed as panels, once; they stay in L2
///   for each block of gallery rows         copied to L1 and normalized: no transposition
///     for each panel of queries            multiply -> tile [gallery rows, queries] -> transposed -> consumer.tile(tile)
///
/// A score has the same bits from either side, since a product has.
#pragma once

#include "gallery_side.hpp"
#include "tile.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Whether copying the gallery's rows and padding the queries to whole registers of 16 costs less than transposing the
/// gallery: for up to 6 lanes of padding it does (measured by similarity_bench, 32 x 1000), while all queries fit L2.
template <class C>
bool are_few(index queries, index dim) noexcept {
    constexpr index most = 128, padding = 6, bytes = 512 * 1024;
    if (queries > most) return false;
    const index padded = rows_of_panels(queries);
    return queries >= 10 && queries <= most && padded - queries <= padding && padded * dim * index(sizeof(C)) <= bytes;
}

/// A tile as the consumer expects it, rows for columns.
template <class C>
class turned_tile {
public:
    void turn(const C* scores, int rows, int columns) noexcept {
        kernel::transpose_tile(scores, kernel::block<C>::columns, rows, columns, turned_, pitch);
    }
    score_tile<C> of(index first_query, int queries, index first_row, int rows) const noexcept {
        return {first_query, first_row, queries, rows, turned_, pitch};
    }

private:
    static constexpr int pitch = kernel::lane_count;
    alignas(64) C turned_[kernel::block<C>::columns * pitch];
};

/// One block of packed gallery rows, `count` of them from `first_row` on, against all queries.
template <class C, class Consumer>
void multiply_block_of_gallery(const C* block, index first_row, int count, const panels<C>& queries, next_read next,
                               Consumer& consumer) {
    using shape = kernel::block<C>;
    alignas(64) C scores[kernel::lane_count * shape::columns] = {};
    turned_tile<C> turned;
    const int panels_of_queries = int((queries.rows + shape::columns - 1) / shape::columns);
    for (index first = 0; first < queries.rows; first += shape::columns) {
        const int width = queries.width_from(first);
        kernel::multiply(block, queries.panel(first), count, width, queries.dim, scores, shape::columns,
                         next.share(int(first / shape::columns), panels_of_queries, queries.dim));
        turned.turn(scores, count, width);
        consumer.tile(turned.of(first, queries.columns_from(first), first_row, count));
    }
}

/// Every score of queries x gallery, by blocks of the gallery's rows; `gallery` is a raw_side.
///
/// Consumers  as shared_by_workers. Tiles come in no particular order.
/// Memory     the packed queries and one packed block for each worker, in the workspace of `how`.
template <class C, class T, class Side, class Consumers>
void score_few(const execution& how, row_source<T>& queries, Side& gallery, Consumers&& consumers) {
    constexpr index block_rows = kernel::block<C>::rows, share = 4 * block_rows;
    const index dim = queries.dim(), count = queries.rows(), tasks = (gallery.rows() + share - 1) / share;
    const index workers = workers_for(how, tasks);
    call_memory<C> memory(how, rows_of_panels(count) * dim, workers, kernel::packed_block_size<C>(dim),
                          consumers.bytes(workers, count));
    consumers.begin(memory.of_consumers());
    consumers.rows_begin(0, count);
    pack_all_panels(how, queries, 0, memory.shared());
    const panels<C> packed{memory.shared(), count, dim};
    for_each_task(how, tasks, [&](index worker, index task) {
        auto&& consumer = consumers.of(worker);
        const index end = gallery.rows() - task * share < share ? gallery.rows() : (task + 1) * share;
        for (index first = task * share; first < end; first += block_rows) {
            const int rows = int(end - first < block_rows ? end - first : block_rows);
            gallery.pack_block(first, rows, memory.of_worker(worker));
            const next_read next = gallery.memory_of(first + block_rows, block_rows);
            multiply_block_of_gallery(memory.of_worker(worker), first, rows, packed, next, consumer);
        }
        how.tell(count * (end - task * share), count * gallery.rows());
    });
    consumers.of(0).rows_done(0, count);
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
