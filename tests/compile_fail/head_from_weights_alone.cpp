// expect: (could not convert|no known conversion|no viable conversion|cannot convert|conversion from)[^\n]*linear_head
#include <unitsphere/linear_head.hpp>

namespace us = unitsphere;

/// Weights without their biases would pass for a head of one dim less.
us::linear_head wrong(const us::matrix<float>& weights) { return weights; }
