// expect: cale.cpp:7:[0-9]+: error: (no (match|via)|co(uld|nv)).*cale.cpp:8:[0-9]+: error: (no (match|via)|co(uld|nv))
// A parameter that decides something is never the number that {} happens to stand for.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

auto wrong(us::matrix_view<const float> rows) { return us::clip_logits(rows, rows, {}); }
auto wrong_bias(us::matrix_view<const float> rows, us::logit_scale s) { return us::siglip_logits(rows, rows, s, {}); }
