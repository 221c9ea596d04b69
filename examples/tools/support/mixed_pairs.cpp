#include "mixed_pairs.hpp"

#include <cstdint>
#include <vector>

#include "orthonormal.hpp"

namespace support {

mixed_pairs make_mixed_pairs(unitsphere::idx_t pairs, unitsphere::idx_t dim) {
    using unitsphere::idx_t;
    const auto mixture = orthonormal_rows(std::size_t(dim), std::size_t(dim), 7);
    std::uint64_t state = 11;
    const auto uniform = [&] {  // from -1 to 1
        state = state * 6364136223846793005u + 1442695040888963407u;
        return double(state >> 11) * 0x1p-52 - 1.0;
    };
    mixed_pairs result{unitsphere::matrix<float>(pairs, dim), unitsphere::matrix<float>(pairs, dim)};
    for (idx_t i = 0; i < pairs; ++i) {
        std::vector<double> image(std::size_t(dim), 0.0);
        for (idx_t k = 0; k < dim; ++k) {
            result.texts(i, k) = float(uniform());
            for (std::size_t b = 0; b < image.size(); ++b)
                image[b] += double(result.texts(i, k)) * mixture[std::size_t(k)][b];
        }
        for (idx_t b = 0; b < dim; ++b)
            result.images(i, b) = float(3.0 * image[std::size_t(b)] + 0.2 * uniform());  // raw rows of any length
    }
    return result;
}

}  // namespace support
