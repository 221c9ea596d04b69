// expect: pass_rows_of_float_double_float16_bfloat16_or_int8_as_a_matrix_view
// Rows that lie apart are no matrix.
#include <vector>

#include <unitsphere/unitsphere.hpp>

auto wrong(const std::vector<std::vector<float>>& rows) { return unitsphere::cosine_similarity(rows, rows); }
