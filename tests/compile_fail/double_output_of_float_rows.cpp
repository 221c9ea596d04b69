// expect: a double result needs rows of double on every side
#include <unitsphere/unitsphere.hpp>

void wrong(unitsphere::matrix_view<const float> rows, unitsphere::matrix<double>& scores) {
    unitsphere::cosine_similarity_into(rows, rows, scores);
}
