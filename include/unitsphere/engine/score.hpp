/// Every score of queries x gallery to a question's consumers: plan, then run the loop that the plan names. A side with
/// a shadow has a loop of its own for consumers that say which scores they need.
#pragma once

#include "run_few.hpp"
#include "run_rows.hpp"
#include "strip_loop.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Plans for the order of tiles that the question needs, and runs the plan.
///
/// Consumers  a consumer_pool; consumer.hpp says which member is called when.
/// Memory     the packed rows of the plan and the consumers' arrays, in the workspace of `how`.
template <class C, tile_order Order, class Queries, class Side, class Pool>
void score(const execution& how, Queries& queries, Side& gallery, Pool&& pool) {
    using pool_type = std::remove_reference_t<Pool>;
    require_pool<pool_type, C>();
    if constexpr (Side::has_loop)
        if (gallery.template score<Order>(how, queries, pool)) return;
    if constexpr (Side::has_panels) {
        const tile_shape shape{queries.rows(),  gallery.rows(),         queries.dim(),    how.workers(),
                               Side::is_packed, register_tile::of<C>(), Side::is_compact, Queries::is_packed};
        const tile_plan plan = plan_tiles(shape, Order, caches(), pool.most_rows());
        if constexpr (Order == tile_order::whole_rows || (Order == tile_order::any && !Side::is_compact))
            if (plan.loop == tile_loop::rows) return run_rows<C>(how, plan, queries, gallery, pool);
        if constexpr (Order != tile_order::whole_rows) {
            if constexpr (!Side::is_packed)
                if (plan.loop == tile_loop::few) return run_few<C>(how, plan, queries, gallery, pool);
            strip_loop<C, Queries, Side, pool_type>(how, plan, queries, gallery, pool).run();
        }
    }
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
