// expect: k.cpp:7:[0-9]+: error: (no (match|via)|co(uld|nv)).*k.cpp:8:[0-9]+: error: (no (match|via)|co(uld|nv))
// Two and a half neighbours are a mistake, and '5' is 53.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

auto wrong(us::matrix_view<const float> rows) { return us::top_k(rows, rows, 2.5); }
auto wrong_character(us::matrix_view<const float> rows) { return us::top_k(rows, rows, '5'); }
