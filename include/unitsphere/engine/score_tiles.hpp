/// Every score of queries x gallery to a question's consumers: plan, then run the loop that the plan names.
#pragma once

#include "score_few.hpp"
#include "score_rows.hpp"
#include "score_strips.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Plans for what the question needs of the order of its tiles, and runs the plan.
///
/// Consumers  a consumer_pool; consumer.hpp says which member is called when.
/// Memory     the packed rows of the plan and the consumers' arrays, in the workspace of `how`.
template <class C, tile_order Order, class T, class Side, class Pool>
void run_plan(const execution& how, row_source<T>& queries, Side& gallery, Pool& pool) {
    require_pool<Pool, C>();
    const tile_shape shape{queries.rows(), gallery.rows(),  queries.dim(),
                           how.workers(),  Side::is_packed, register_tile::of<C>()};
    const tile_plan plan = plan_tiles(shape, Order);
    if constexpr (Order != tile_order::by_strips)
        if (plan.loop == tile_loop::rows) return run_rows<C>(how, plan, queries, gallery, pool);
    if constexpr (Order != tile_order::whole_rows) {
        if constexpr (!Side::is_packed)
            if (plan.loop == tile_loop::few) return run_few<C>(how, plan, queries, gallery, pool);
        strip_loop<C, T, Side, Pool>(how, plan, queries, gallery, pool).run();
    }
}

/// Tiles in no particular order.
template <class C, class T, class Side, class Pool>
void score_tiles(const execution& how, row_source<T>& queries, Side& gallery, Pool&& pool) {
    run_plan<C, tile_order::any>(how, queries, gallery, pool);
}
/// For questions that need whole rows: the columns of a row in ascending order, to one worker.
template <class C, class T, class Side, class Pool>
void score_rows(const execution& how, row_source<T>& queries, Side& gallery, Pool&& pool) {
    run_plan<C, tile_order::whole_rows>(how, queries, gallery, pool);
}
/// For consumers that leave rectangles out: a strip that the consumer does not want is not packed. Its rows are not
/// counted in the row_report then.
template <class C, class T, class Side, class Pool>
void score_strips(const execution& how, row_source<T>& queries, Side& gallery, Pool&& pool) {
    run_plan<C, tile_order::by_strips>(how, queries, gallery, pool);
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
