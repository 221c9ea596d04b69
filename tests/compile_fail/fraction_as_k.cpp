// expect: (no matching function for call to|could not convert|no viable conversion|conversion from)
// Two and a half neighbours are a mistake.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

auto wrong(us::matrix_view<const float> rows) { return us::top_k(rows, rows, 2.5); }
