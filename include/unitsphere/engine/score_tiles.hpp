/// The choice between the two tile loops.
#pragma once

#include "score_rows.hpp"
#include "score_strips.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Every score of queries x gallery, by the loop that reads less.
///
/// Consumers  as shared_by_workers; tiles in no particular order.
template <class C, class T, class Side, class Consumers>
void score_tiles(const execution& how, row_source<T>& queries, Side& gallery, Consumers&& consumers) {
    constexpr index kept_packed = index(8) << 20;
    const index dim = queries.dim(), fitting = kept_packed / index(sizeof(C)) / (dim > 0 ? dim : 1);
    if (queries.rows() > queries_at_once<C>(queries.rows(), dim) && gallery.rows() <= fitting)
        score_rows<C>(how, queries, gallery, consumers);
    else
        score_strips<C>(how, queries, gallery, consumers);
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
