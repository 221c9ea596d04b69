// expect: unitsphere: this consumer lacks the member tile
#include <unitsphere/engine/score.hpp>

namespace us = unitsphere;

struct counts_rows : us::engine::score_consumer {
    void rows_done(us::idx_t, us::idx_t) const {}
};

void wrong(us::engine::row_source<float>& queries, us::engine::raw_side<float>& gallery) {
    us::engine::score<float, us::engine::tile_order::any>({}, queries, gallery,
                                                          us::engine::shared_by_workers{counts_rows{}});
}
