// expect: (cannot convert|could not convert|no known conversion)[^\n]*logit_scale
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

us::zero_shot_classifier wrong(us::matrix_view<const float> classes) {
    return us::zero_shot_classifier(classes, 100.0f);
}
