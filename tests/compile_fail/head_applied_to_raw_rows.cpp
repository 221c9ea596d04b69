// expect: no match for|invalid operands
#include <unitsphere/linear_head.hpp>

namespace us = unitsphere;

/// A dot product of raw rows and weights: what a head's decision_function() never is.
us::matrix<double> wrong(us::matrix_view<const float> raw, const us::linear_head& head) { return raw * head; }
