// expect: (cannot convert|could not convert|no known conversion|no matching function)
#include <unitsphere/unitsphere.hpp>

void wrong(unitsphere::matrix_view<const float> logits) { unitsphere::softmax(logits, unitsphere::matrix<float>(2, 3)); }
