// expect: pass_rows_of_float_double_float16_bfloat16_or_int8_as_a_matrix_view_or_unit_embeddings
#include <vector>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

us::array<us::idx_t> wrong(const us::linear_head& head, const std::vector<int>& labels) {
    return head.predict(labels);
}
