/// Every score of queries x gallery to a question's consumers: plan, then run the loop that the plan names. A side with
/// a shadow has a loop of its own for consumers that say which scores they need.
#pragma once

#include "run_few.hpp"
#include "run_rows.hpp"
#include "strip_loop.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Plans for rows that are packed when a worker needs them and a side that is packed or not, and runs the plan.
template <class C, tile_order Order, class Side, class Pool>
void score_panels(const execution& how, row_packer<C>& queries, Side& gallery, Pool& pool) {
    const tile_shape shape{queries.rows(),  gallery.rows(),         queries.dim(),    how.workers(),
                           Side::is_packed, register_tile::of<C>(), Side::is_compact, queries.are_of_gallery()};
    const tile_plan plan = plan_tiles(shape, Order, caches(), pool.most_rows());
    if constexpr (Order == tile_order::whole_rows || (Order == tile_order::any && !Side::is_compact))
        if (plan.loop == tile_loop::rows) return run_rows<C>(how, plan, queries, gallery, pool);
    if constexpr (Order != tile_order::whole_rows) {
        if constexpr (!Side::is_packed)
            if (plan.loop == tile_loop::few) return run_few<C>(how, plan, queries, gallery, pool);
        strip_loop<C, Side, Pool>(how, plan, queries, gallery, pool).run();
    }
}

/// Every score, in the order of tiles that the question needs.
///
/// Consumers  a consumer_pool; consumer.hpp says which member is called when.
/// Memory     the packed rows of the plan and the consumers' arrays, in the workspace of `how`.
template <class C, tile_order Order, class Queries, class Side, class Pool>
void score(const execution& how, Queries& queries, Side& gallery, Pool&& pool) {
    require_pool<std::remove_reference_t<Pool>, C>();
    packer_of<C, Queries> packer(queries);
    row_packer<C>& rows = packer;
    if constexpr (Side::has_loop)
        if (gallery.template score<Order>(how, rows, pool)) return;
    if constexpr (Side::has_panels) {
        if constexpr (Side::is_packed) {
            score_panels<C, Order>(how, rows, gallery, pool);
        } else {
            packer_of<C, std::decay_t<decltype(gallery.source())>> side(gallery.source());
            score_panels<C, Order, row_packer<C>>(how, rows, side, pool);
        }
    }
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
