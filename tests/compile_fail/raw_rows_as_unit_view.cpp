// expect: (could not convert|no known conversion|no viable conversion|cannot convert)[^\n]*unit_view
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

us::idx_t takes_unit_rows(us::unit_view<float> unit);
us::idx_t wrong(us::matrix_view<const float> raw) { return takes_unit_rows(raw); }
