/// What detector is given: a head and images, from files or written by hand; and the mistake it shows beside.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

namespace support {

struct detector_arguments {
    bool files_given = false;  ///< both files; none: the rows written by hand
    std::string head, images;
    double threshold = 0.93;
    std::string out;  ///< where the flags go; empty: nowhere
};

/// Throws what CLI11 throws for bad arguments; --help prints and ends the program.
detector_arguments parse_detector(int argc, char** argv);

/// Throws where the head is not one of two classes.
unitsphere::linear_head load_detector(const std::string& file);

/// Six raw rows, 4 wide and some 10 long, and a head as training on unit rows gives it.
struct detector_example {
    unitsphere::linear_head head;
    unitsphere::matrix<float> images;
};
detector_example written_by_hand();

/// What a detector says that applies the same weights to raw rows: their bias is 10 times too small for those.
template <class T>
std::vector<double> probabilities_without_normalizing(const unitsphere::linear_head& head,
                                                      const unitsphere::matrix<T>& images) {
    std::vector<double> probabilities;
    for (unitsphere::idx_t i = 0; i < images.rows(); ++i) {
        double z = head.bias(0);
        for (unitsphere::idx_t k = 0; k < head.dim(); ++k) z += head.parameters()(0, k) * double(images(i, k));
        probabilities.push_back(1.0 / (1.0 + std::exp(-z)));
    }
    return probabilities;
}

}  // namespace support
