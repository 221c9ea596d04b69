// expect: pass_logit_scale_from_multiplier_or_logit_scale_from_log
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

us::zero_shot_classifier wrong(us::matrix_view<const float> classes) {
    return us::zero_shot_classifier(classes, 100.0f);
}
