// Views, rows and unit views of what dies at the end of the line; as an argument a view of a temporary is right.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

us::matrix<float> made();
float view() { us::matrix_view<const float> rows = made(); return rows(0, 0); }
float unit() { us::unit_view<> rows = us::normalize(made()); return rows(0, 0); }
float row() { const float* row = made().row(0); return *row; }
us::idx_t rows_of(us::matrix_view<const float> rows);
us::idx_t right() { return rows_of(made()) + us::normalize(made()).rows(); }
