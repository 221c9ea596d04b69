#include "made_up_rows.hpp"

#include <cstdint>
#include <random>

#include "orthonormal.hpp"

namespace support {

using unitsphere::idx_t;
using unitsphere::matrix;

namespace {

/// Bell shaped, from 24 bits of each of four draws: exact, so the same everywhere.
matrix<float> bell_shaped_rows(idx_t rows, idx_t dim, std::uint32_t seed) {
    std::mt19937 random(seed);
    matrix<float> result(rows, dim);
    for (idx_t k = 0; k < rows * dim; ++k) {
        std::int64_t sum = -(std::int64_t(1) << 25);
        for (int draw = 0; draw < 4; ++draw) sum += std::int64_t(random() >> 8);
        result.data()[k] = float(sum) * 0x1p-24f;
    }
    return result;
}

}  // namespace

captioned_images make_captioned_images() {
    constexpr idx_t images = 200, captions = 5, dim = 64;
    captioned_images made{bell_shaped_rows(images, dim, 1), bell_shaped_rows(images * captions, dim, 2), {}};
    for (idx_t j = 0; j < images * captions; ++j) {
        const idx_t image = j % images;
        made.image_of_text.push_back(image);
        for (idx_t k = 0; k < dim; ++k) made.texts(j, k) = 0.125f * made.images(image, k) + 0.5f * made.texts(j, k);
    }
    return made;
}

matrix<float> make_images_with_duplicates() {
    constexpr idx_t dim = 32;
    const std::vector<std::vector<double>> basis = orthonormal_rows(8, dim, 3);
    matrix<float> images(10, dim);
    for (std::size_t k = 0; k < dim; ++k) {
        for (std::size_t i = 0; i < 7; ++i) images(idx_t(i), idx_t(k)) = float(10 * basis[i][k]);
        images(7, idx_t(k)) = float(5 * basis[2][k]);
        images(8, idx_t(k)) = float(10 * basis[5][k] + 2.5 * basis[7][k]);
        images(9, idx_t(k)) = float(10 * basis[5][k] - 2.5 * basis[7][k]);
    }
    return images;
}

}  // namespace support
