/// Made-up pairs for an adapter to learn: the same on every machine.
#pragma once

#include <unitsphere/data/matrix.hpp>

namespace support {

/// Image i is text i with every feature mixed into every other, and a little noise: alike, but not by their cosine.
struct mixed_pairs {
    unitsphere::matrix<float> images, texts;
};
mixed_pairs make_mixed_pairs(unitsphere::idx_t pairs, unitsphere::idx_t dim);

}  // namespace support
