// expect: pass_contiguous_rows_of_float_or_double_that_outlive_the_view_or_normalize_them
#include <unitsphere/unitsphere.hpp>

unitsphere::unit_view<> wrong(unitsphere::matrix_view<const unitsphere::bfloat16> rows) {
    return unitsphere::adopt_unit(rows);
}
