/// Eight images and eight texts as in CLIP's notebook "Interacting with CLIP": no model and no file needed.
///
/// The names and texts are the notebook's; the cosines are made up in the range that real ones have (about 0.3
/// where text and image belong together, 0.1 to 0.2 elsewhere), and the rows are built so that they come out.
///
/// Source   https://github.com/openai/CLIP/blob/main/notebooks/Interacting_with_CLIP.ipynb
#pragma once

#include <string>
#include <vector>

#include <unitsphere/data/matrix.hpp>

namespace support {

struct notebook_example {
    unitsphere::matrix<float> images;  ///< [8, 512], raw: norms from 9.5 to 11.6
    unitsphere::matrix<float> texts;   ///< [8, 512], raw: norms from 7.5 to 10.3
    std::vector<std::string> image_names, text_names;
};

/// Around a random orthonormal basis e, f:  image_j = |image_j| e_j,
/// text_i = |text_i| (sum_j cosine_ij e_j + sqrt(1 - sum_j cosine_ij^2) f_i).
notebook_example make_notebook_example();

}  // namespace support
