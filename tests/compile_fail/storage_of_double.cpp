// expect: a compact_gallery stores float16, bfloat16
#include <unitsphere/compact_gallery.hpp>

namespace us = unitsphere;

/// double is no storage: there is nothing compact in it.
us::compact_gallery<double> wrong(us::matrix_view<const double> rows) {
    return us::compact_gallery<double>(rows);
}
