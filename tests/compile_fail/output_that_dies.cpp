// expect: unitsphere: the output is a temporary that owns its elements
#include <unitsphere/unitsphere.hpp>

void wrong(unitsphere::matrix_view<const float> logits) {
    unitsphere::softmax_into(logits, unitsphere::matrix<float>(2, 3));
}
