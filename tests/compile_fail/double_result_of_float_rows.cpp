// expect: unitsphere: a double result needs rows of double on every side
#include <unitsphere/unitsphere.hpp>

unitsphere::matrix<double> wrong(unitsphere::matrix_view<const float> rows) {
    return unitsphere::cosine_similarity<double>(rows, rows);
}
