// A careful user's loops. The only file that is compiled with -ffast-math: it vectorizes sums, and exp through libmvec.
#include <cmath>
#include <cstddef>

#include "peers.hpp"

namespace bench::peer::loops {

void normalize(const float* from, float* out, std::ptrdiff_t rows, std::ptrdiff_t dim) {
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
        const float* row = from + i * dim;
        float* to = out + i * dim;
        float squares = 0;
        for (std::ptrdiff_t k = 0; k < dim; ++k) squares += row[k] * row[k];
        const float factor = 1.0f / std::sqrt(squares);
        for (std::ptrdiff_t k = 0; k < dim; ++k) to[k] = row[k] * factor;
    }
}

void softmax(const float* from, float* out, std::ptrdiff_t rows, std::ptrdiff_t columns) {
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
        const float* row = from + i * columns;
        float* to = out + i * columns;
        float largest = row[0], sum = 0;
        for (std::ptrdiff_t j = 1; j < columns; ++j) largest = row[j] > largest ? row[j] : largest;
        for (std::ptrdiff_t j = 0; j < columns; ++j) {
            const float e = std::exp(row[j] - largest);
            to[j] = e;
            sum += e;
        }
        const float factor = 1.0f / sum;
        for (std::ptrdiff_t j = 0; j < columns; ++j) to[j] *= factor;
    }
}

}  // namespace bench::peer::loops
