/// The example of the CLIP README, rebuilt from its published numbers: no model and no file needed.
///
/// Source   https://github.com/openai/CLIP#usage: CLIP.png beside three texts, ViT-B/32.
#pragma once

#include <array>

#include <unitsphere/data/matrix.hpp>

namespace support {

struct published_example {
    unitsphere::matrix<float> image;  ///< [1, 512], raw: the published norm
    unitsphere::matrix<float> texts;  ///< [3, 512], raw: the published norms and cosines to the image
    std::array<const char*, 3> names;
    std::array<double, 3> probabilities;  ///< as published
};

/// Norms and cosines decide the probabilities; the direction in which the rows lie does not. So the rows are drawn
/// around a random orthonormal basis e:  image = |image| e0,  text_i = |text_i| (c_i e0 + sqrt(1 - c_i^2) e_i).
published_example make_published_example();

}  // namespace support
