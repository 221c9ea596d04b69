#include "notebook_example.hpp"

#include <cmath>

#include "orthonormal.hpp"

namespace support {

notebook_example make_notebook_example() {
    constexpr std::size_t count = 8, dim = 512;
    // clang-format off
    constexpr double cosines[count][count] = {  // a row for each text
        {0.296, 0.141, 0.118, 0.127, 0.109, 0.158, 0.146, 0.131},
        {0.112, 0.279, 0.171, 0.094, 0.108, 0.163, 0.184, 0.142},
        {0.098, 0.149, 0.271, 0.196, 0.117, 0.177, 0.105, 0.091},
        {0.104, 0.113, 0.182, 0.287, 0.136, 0.121, 0.117, 0.096},
        {0.087, 0.124, 0.129, 0.143, 0.312, 0.152, 0.128, 0.119},
        {0.133, 0.156, 0.189, 0.115, 0.147, 0.283, 0.139, 0.126},
        {0.151, 0.172, 0.101, 0.109, 0.138, 0.167, 0.304, 0.107},
        {0.126, 0.138, 0.095, 0.102, 0.113, 0.129, 0.116, 0.291},
    };
    // clang-format on
    notebook_example example{
        unitsphere::matrix<float>(count, dim),
        unitsphere::matrix<float>(count, dim),
        {"page", "chelsea", "astronaut", "rocket", "motorcycle_right", "camera", "horse", "coffee"},
        {"a page of text about segmentation", "a facial photo of a tabby cat",
         "a portrait of an astronaut with the American flag", "a rocket standing on a launchpad",
         "a red motorcycle standing in a garage", "a person looking at a camera on a tripod",
         "a black-and-white silhouette of a horse", "a cup of coffee on a saucer"}};
    const auto basis = orthonormal_rows(2 * count, dim, 1);
    for (std::size_t i = 0; i < count; ++i) {
        double squares = 0;
        for (const double cosine : cosines[i]) squares += cosine * cosine;
        const double image_norm = 9.5 + 0.3 * double(i), text_norm = 7.5 + 0.4 * double(i);
        for (std::size_t k = 0; k < dim; ++k) {
            double text = std::sqrt(1 - squares) * basis[count + i][k];
            for (std::size_t j = 0; j < count; ++j) text += cosines[i][j] * basis[j][k];
            example.images.data()[i * dim + k] = static_cast<float>(image_norm * basis[i][k]);
            example.texts.data()[i * dim + k] = static_cast<float>(text_norm * text);
        }
    }
    return example;
}

}  // namespace support
