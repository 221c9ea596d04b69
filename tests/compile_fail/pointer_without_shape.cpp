// expect: pass_rows_of_float_double_float16_bfloat16_or_int8_as_a_matrix_view
// A pointer says nothing about rows and dim.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

us::matrix<float> wrong(const float* queries, us::matrix_view<const float> gallery) {
    return us::cosine_similarity(queries, gallery);
}
