// expect: (no matching function for call to|could not convert|no viable conversion|conversion from)
// A parameter that decides something is never the number that {} happens to stand for.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

auto wrong(us::matrix_view<const float> rows) { return us::top_k(rows, rows, {}); }
