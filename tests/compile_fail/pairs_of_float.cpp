// expect: unitsphere: labels are integers
#include <vector>

#include <unitsphere/unitsphere.hpp>

unitsphere::retrieval_result wrong(unitsphere::matrix_view<const float> rows, const std::vector<float>& image_of_text) {
    return unitsphere::retrieval(rows, rows, image_of_text);
}
