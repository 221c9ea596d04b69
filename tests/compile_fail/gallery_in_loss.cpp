// expect: unitsphere: pass a matrix_view of raw features
// A gallery has no rows to give a gradient to.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

auto wrong(us::matrix_view<const float> images, const us::gallery& texts) {
    return us::clip_loss(images, texts, us::logit_scale::from_multiplier(100.0f));
}
