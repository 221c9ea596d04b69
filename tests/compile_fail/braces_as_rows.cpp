// expect: rows.cpp:7:[0-9]+: error: no matching function.*rows.cpp:8:[0-9]+: error: no matching function
// Rows without which there is no answer are never the empty view that {} happens to be.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

auto wrong(us::matrix_view<const float> rows) { return us::center(rows, {}); }
auto wrong_too(us::matrix_view<const float> gains) { return us::ndcg_at({}, gains, 5); }
