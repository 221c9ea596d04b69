// expect: pass_logit_scale_from_multiplier_or_logit_scale_from_log
// 100 is a multiplier, 4.6052 is its logarithm: a plain number does not say which it is.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

auto wrong(us::matrix_view<const float> cosines) { return us::softmax(cosines, 100.0f); }
