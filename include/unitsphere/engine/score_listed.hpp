/// The scores of each query with the gallery rows of its list alone, one after the other: for short lists.
#pragma once

#include "consumer.hpp"
#include "packed_source.hpp"
#include "pair_scores.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Tiles of one score for query i and the rows row_of(lists[i][..]): a negative one is no row, a repeated one counts
/// once. No row of `gallery` is counted.
///
/// Memory   for each worker a bit for each gallery row, the side's room_elements(), and the consumers' arrays.
template <class Queries, class Side, class RowOf, class Pool>
void score_listed(const execution& how, Queries& queries, Side& gallery, const matrix_view<const idx_t>& lists,
                  RowOf&& row_of, Pool&& pool) {
    require_pool<std::remove_reference_t<Pool>, float>();
    const idx_t q = queries.rows(), bytes = gallery.rows() / 8 + 1, workers = workers_for(how, q);
    arena memory(how, queries.function());
    worker_arrays<unsigned char> seen_rows;
    worker_arrays<float> rooms;
    memory.add(seen_rows, workers, bytes);
    memory.add(rooms, workers, gallery.room_elements());
    pool.lay_out(memory, workers, q);
    memory.reserve();
    pool.begin();
    pool.rows_begin(0, q);
    for (idx_t worker = 0; worker < workers; ++worker) std::memset(seen_rows.of(worker), 0, std::size_t(bytes));
    for_each_task(how, q, [&](idx_t worker, idx_t i) {
        auto&& consumer = pool.of(worker);
        unsigned char* const seen_row = seen_rows.of(worker);
        row_report seen;
        const auto query = unit_row(queries, i, seen);
        const auto score_of = gallery.scores_with(query, rooms.of(worker));
        for (const idx_t listed : lists[i]) {
            const idx_t j = row_of(listed);
            if (j < 0 || (seen_row[j / 8] >> j % 8 & 1) != 0) continue;
            seen_row[j / 8] = static_cast<unsigned char>(seen_row[j / 8] | 1 << j % 8);
            const float score = score_of(j);
            consumer.tile(score_tile<>{i, j, 1, 1, &score, 1});
        }
        for (const idx_t listed : lists[i])
            if (const idx_t j = row_of(listed); j >= 0) seen_row[j / 8] = 0;
        queries.count(seen);
        how.report_progress(1, q);
    });
    if (q > 0) pool.of(0).rows_done(0, q);
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
