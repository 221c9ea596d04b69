// expect: std::vector<bool> does not, a std::vector<char> does
#include <vector>

#include <unitsphere/linear_probe.hpp>

namespace us = unitsphere;

us::logistic_fit wrong(us::matrix_view<const float> rows, const std::vector<bool>& labels) {
    return us::logistic_regression(rows, labels);
}
