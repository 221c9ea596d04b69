// expect: unitsphere: the output must be writable rows
#include <unitsphere/unitsphere.hpp>

void wrong(unitsphere::matrix_view<const float> rows, unitsphere::matrix<int>& scores) {
    unitsphere::cosine_similarity_into(rows, rows, scores);
}
