// expect: pass_rows_of_float_double_float16_bfloat16_or_int8_as_a_matrix_view_or_unit_embeddings
// A gallery has no rows to give a gradient to.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

auto wrong(us::matrix_view<const float> images, const us::gallery& texts) {
    return us::clip_loss(images, texts, us::logit_scale::from_multiplier(100.0f));
}
