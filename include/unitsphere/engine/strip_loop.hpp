/// The tile loop over strips of the gallery, against many queries that are packed first: for galleries that no cache
/// holds. Each gallery row is read once for a pass of queries.
///
///   for each pass of queries
///     pack_queries                          all workers, a group each
///     multiply_strips                       a task: one strip against one share of the groups
///       the strip                             packed by the worker unless it is already; stays in L2. A compact one
///                                             is widened there for many queries
///       for each group of queries, panel of the strip, block of the group
///                                             multiply -> tile, in L1 -> consumer.tile(tile)
///     finish_rows                           consumer.rows_done(first, count) for each group
#pragma once

#include "multiply_group.hpp"
#include "row_packer.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

template <class C, class Side, class Pool>
class strip_loop {
public:
    strip_loop(const execution& how, const tile_plan& plan, row_packer<C>& queries, Side& gallery, Pool& pool)
        : how_(how),
          plan_(plan),
          queries_(queries),
          gallery_(gallery),
          pool_(pool),
          memory_(how, queries.function(), plan, pool) {}

    void run() {
        if (queries_.rows() == 0) gallery_.count_rows();
        for (idx_t p = 0; p < plan_.passes(); ++p) {
            const tile_range pass = plan_.pass(p);
            pool_.rows_begin(pass.first_row, pass.rows);
            pack_queries(pass);
            multiply_strips(pass);
            finish_rows(pass);
        }
    }

private:
    /// Where the blocks of a group of the current pass lie.
    C* packed_group(const tile_range& pass, const tile_range& group) const {
        return memory_.shared() + size_of_blocks<C>(group.first_row - pass.first_row, queries_.dim());
    }

    void pack_queries(const tile_range& pass) {
        for_each_task(how_, plan_.groups(pass), [&](idx_t, idx_t g) {
            const tile_range group = plan_.group(pass, g);
            queries_.pack_blocks(group.first_row, group.rows, packed_group(pass, group), true);
        });
    }

    void multiply_strips(const tile_range& pass) {
        for_each_task(how_, plan_.tasks(), [&](idx_t worker, idx_t t) {
            const tile_range task = plan_.task(pass, t);
            if (task.rows == 0) return;
            auto&& consumer = pool_.of(worker);
            if (consumer.wants(task.first_row, task.rows, task.first_column, task.columns)) {
                // Each strip is packed in every pass, by each task that shares it: its rows are counted once.
                const bool count_rows = pass.first_row == 0 && t % plan_.shares == 0;
                multiply_task(pass, task, memory_.of_worker(worker), count_rows, consumer);
            }
            how_.report_progress(task.rows * task.columns, queries_.rows() * gallery_.rows());
        });
    }
    template <class Consumer>
    void multiply_task(const tile_range& pass, const tile_range& task, C* memory, bool count_rows, Consumer& consumer) {
        if constexpr (Side::is_compact)
            if (plan_.worker_elements > 0)
                return multiply_strip<false>(
                    pass, task, gallery_.unpacked_strip(task.first_column, task.columns, memory), consumer);
        multiply_strip<Side::is_packed>(pass, task, gallery_.strip(task.first_column, task.columns, memory, count_rows),
                                        consumer);
    }
    template <bool InPlace, class S, class Consumer>
    void multiply_strip(const tile_range& pass, const tile_range& task, const panels<S>& strip, Consumer& consumer) {
        const idx_t next_column = task.first_column + plan_.workers * plan_.strip_columns, groups = plan_.groups(task);
        const bool wants_next = consumer.wants(task.first_row, task.rows, next_column, plan_.strip_columns);
        const prefetch_range next_strip = gallery_.memory_of(next_column, wants_next ? plan_.strip_columns : 0);
        for (idx_t g = 0; g < groups; ++g) {
            const tile_range group = plan_.group(task, g), after = plan_.group(task, g + 1 < groups ? g + 1 : 0);
            if (!consumer.wants(group.first_row, group.rows, group.first_column, group.columns)) continue;
            // A single group meets each panel once: that of a gallery is prefetched one ahead.
            group_prefetch next{{nullptr, 0}, strip.next_panels()};
            if (groups > 1) next.rows = next_group(packed_group(pass, after), after.rows, queries_.dim());
            if (groups > 1 || !InPlace)
                next.rest = next_strip.part(g, groups);
            else
                next.panels_behind = cache_model::searched_panels;
            multiply_group(packed_group(pass, group), group.first_row, group.rows, strip, group.first_column, next,
                           consumer);
        }
    }

    void finish_rows(const tile_range& pass) {
        for_each_task(how_, plan_.groups(pass), [&](idx_t worker, idx_t g) {
            const tile_range group = plan_.group(pass, g);
            pool_.of(worker).rows_done(group.first_row, group.rows);
        });
    }

    const execution& how_;
    const tile_plan& plan_;
    row_packer<C>& queries_;
    Side& gallery_;
    Pool& pool_;
    tile_memory<C> memory_;
};

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
