// expect: (no matching function for call to|could not convert|no viable conversion|conversion from)
#include <unitsphere/unitsphere.hpp>

/// exp(0) = 1 would be a scale that nobody chose.
auto wrong() { return unitsphere::logit_scale::from_log({}); }
