// expect: unitsphere: pass a matrix_view of raw features \(pointer, rows, dim\), a matrix, unit_embeddings or unit_view
#include <unitsphere/unitsphere.hpp>

unitsphere::duplicate_groups wrong(const unitsphere::gallery& packed) { return unitsphere::near_duplicates(packed); }
