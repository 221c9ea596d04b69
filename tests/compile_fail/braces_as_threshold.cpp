// expect: hold.cpp:7:[0-9]+: error: (no (match|via)|co(uld|nv)).*hold.cpp:8:[0-9]+: error: (no (match|via)|co(uld|nv))
// A parameter that decides something is never the number that {} happens to stand for.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

auto wrong(us::matrix_view<const float> rows) { return us::range_search(rows, rows, {}); }
auto wrong_too(us::matrix_view<const float> rows) { return us::near_duplicates(rows, {}); }
