// expect: adopt_unit: takes contiguous rows of float or double; 16-bit rows are off
#include <unitsphere/unitsphere.hpp>

unitsphere::unit_view<> wrong(unitsphere::matrix_view<const unitsphere::bfloat16> rows) {
    return unitsphere::adopt_unit(rows);
}
