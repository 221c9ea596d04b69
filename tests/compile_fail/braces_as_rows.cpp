// expect: rows.cpp:7:.*rows.cpp:8:
// Rows without which there is no answer are never the empty view that {} happens to be.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

auto wrong_mean(us::matrix_view<const float> rows) { return us::center(rows, {}); }
auto wrong_scores(us::matrix_view<const float> gains) { return us::ndcg_at({}, gains, 5); }
