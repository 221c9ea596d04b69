// expect: pass_rows_that_lie_in_one_block_as_a_matrix_or_a_matrix_view
// Rows that lie apart are no matrix.
#include <vector>

#include <unitsphere/unitsphere.hpp>

auto wrong(const std::vector<std::vector<float>>& rows) { return unitsphere::cosine_similarity(rows, rows); }
