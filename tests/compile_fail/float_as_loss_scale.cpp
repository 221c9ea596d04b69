// expect: (no matching function|cannot convert|could not convert|no known conversion)[^\n]*(clip_loss|logit_scale)
// 100 is a multiplier, 4.6052 is its logarithm: a plain number does not say which it is.
#include <unitsphere/contrastive_loss.hpp>

namespace us = unitsphere;

auto wrong(us::matrix_view<const float> images, us::matrix_view<const float> texts) {
    return us::clip_loss(images, texts, 100.0f);
}
