// expect: no matching (function for call to|constructor|conversion)[^\n]*unit_view
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

us::unit_view<float> wrong(const float* raw) { return us::unit_view<float>(raw, 2, 512); }
