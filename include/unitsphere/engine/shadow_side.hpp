/// A `shadow_gallery` as the gallery's side: filter_loop answers what it can.
#pragma once

#include "filter_loop.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// The side of a gallery with a shadow: loops that need every score pack its rows as unit rows of the caller.
class shadow_side : public raw_side<float>, public rows_of_gallery {
public:
    static constexpr bool has_loop = true;
    using rows_of_gallery::count_rows, rows_of_gallery::report, rows_of_gallery::scale_unit_rows;

    shadow_side(const shadow_view& view, const row_policy& options, const char* function, const char* side)
        : raw_side(view.rows_of_float, {}, function, side),
          rows_of_gallery(view.seen, options, function),
          view_(view) {}

    /// Whether the consumer says which scores it needs, and the bytes are worth reading: then filter_loop has run.
    template <tile_order Order, class Pool>
    bool score(const execution& how, row_packer<float>& queries, Pool& pool) const {
        using consumer = pool_consumer<Pool>;
        if constexpr ((Order == tile_order::by_strips && has_reach<consumer>) || has_limits<consumer>)
            if (queries.rows() <= view_.most_queries) {
                filter_loop<Pool>(how, queries, view_, pool).run();
                return true;
            }
        return false;
    }

private:
    shadow_view view_;
};
/// With a body: clang warns of one that is only declared in a unit of its own, as those of levels are.
inline shadow_side side_type_of(const shadow_view& rows) { return {rows, {}, "", ""}; }

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
