// expect: (no matching function for call to|could not convert|no viable conversion|conversion from)
#include <unitsphere/unitsphere.hpp>

/// '5' is 53.
auto wrong(unitsphere::matrix_view<const float> rows) { return unitsphere::top_k(rows, rows, '5'); }
