// expect: labels are integers
#include <unitsphere/linear_probe.hpp>

namespace us = unitsphere;

/// The scores of another classifier are no labels.
us::logistic_fit wrong(us::matrix_view<const float> rows, const std::vector<float>& scores) {
    return us::logistic_regression(rows, scores);
}
