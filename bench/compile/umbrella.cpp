// What a user's unit costs: the umbrella and one call.
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

us::matrix<float> cosines(us::matrix_view<const float> queries, us::matrix_view<const float> gallery) {
    return us::cosine_similarity(queries, gallery);
}
