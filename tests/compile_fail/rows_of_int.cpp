// expect: unitsphere: rows are float, double, float16, bfloat16 or int8_t; convert other types first
#include <unitsphere/unitsphere.hpp>

unitsphere::unit_embeddings<> wrong(unitsphere::matrix_view<const int> rows) { return unitsphere::normalize(rows); }
