// expect: pass_rows_of_float_double_float16_bfloat16_or_int8_as_a_matrix_view_or_unit_embeddings
#include <unitsphere/gallery.hpp>
#include <unitsphere/search.hpp>

unitsphere::duplicate_groups wrong(const unitsphere::gallery& packed) {
    return unitsphere::near_duplicates(packed, 0.94f);
}
