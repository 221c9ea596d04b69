// expect: rows are float, double, float16, bfloat16 or int8_t
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

std::vector<us::index> wrong(const us::linear_head& head, const std::vector<int>& labels) {
    return head.predict(labels);
}
