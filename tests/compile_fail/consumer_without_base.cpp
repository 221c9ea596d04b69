// expect: unitsphere: a consumer derives from engine::score_consumer
#include <unitsphere/engine/score.hpp>

namespace us = unitsphere;

struct takes_tiles {
    void tile(const us::engine::score_tile<>&) const {}
};

void wrong(us::engine::row_source<float>& queries, us::engine::raw_side<float>& gallery) {
    us::engine::score<float, us::engine::tile_order::any>({}, queries, gallery,
                                                          us::engine::shared_by_workers{takes_tiles{}});
}
