// expect: pass_a_function_of_ids_as_the_labels_of_a_keyed_gallery
#include <vector>

#include <unitsphere/keyed_gallery.hpp>
#include <unitsphere/knn_classify.hpp>

namespace us = unitsphere;

/// The rows of a keyed gallery have no numbers that a list could go by.
us::top_labels wrong(const us::keyed_gallery& catalogue, us::matrix_view<const float> queries,
                     const std::vector<int>& labels) {
    return us::knn_classify(queries, catalogue, labels, 20);
}
