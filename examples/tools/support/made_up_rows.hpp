/// Rows for retrieval and near duplicates where no files are given: no model needed, the same on every machine.
#pragma once

#include <vector>

#include <unitsphere/data/matrix.hpp>

namespace support {

/// Images with five captions each, and captions that differ from their image as real ones do: most are found.
struct captioned_images {
    unitsphere::matrix<float> images, texts;       ///< [200, 64] and [1000, 64], raw
    std::vector<unitsphere::idx_t> image_of_text;  ///< the captions of an image lie apart from each other
};
captioned_images make_captioned_images();

/// Ten images [10, 32] around seven orthonormal directions: 7 is image 2 at half the length; 8 and 9 are 5 with a
/// cosine of 0.970, and 0.882 to each other.
unitsphere::matrix<float> make_images_with_duplicates();

}  // namespace support
