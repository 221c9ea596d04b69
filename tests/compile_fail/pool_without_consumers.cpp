// expect: unitsphere: these consumers lack the member of
#include <unitsphere/engine/score.hpp>

namespace us = unitsphere;

void wrong(us::engine::row_source<float>& queries, us::engine::raw_side<float>& gallery) {
    us::engine::score<float, us::engine::tile_order::whole_rows>({}, queries, gallery, us::engine::consumer_pool{});
}
