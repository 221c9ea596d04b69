// expect: pass_rows_of_float_double_float16_bfloat16_or_int8_as_a_matrix_view
#include <unitsphere/unitsphere.hpp>

unitsphere::unit_embeddings<> wrong(unitsphere::matrix_view<const int> rows) { return unitsphere::normalize(rows); }
