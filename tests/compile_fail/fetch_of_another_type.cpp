// expect: unitsphere: fetch_rows<T> needs a function of
#include <unitsphere/rescored_search.hpp>

namespace us = unitsphere;

/// The function fills rows of double.
auto wrong() {
    return us::fetch_rows<float>([](us::row_view<const us::idx_t>, us::matrix_view<double>) {});
}
