/// Two zero-shot classifiers on the same images, side by side.
#pragma once

#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

namespace support {

struct two_classifiers {
    unitsphere::zero_shot_classifier right, wrong;
};

/// On stdout: the first 10 images that get different classes, how many images each class gets, the accuracies where
/// labels are given, and last "2 of 4 images get another class". Rows of NaN get no class.
void compare(const two_classifiers& both, const unitsphere::unit_embeddings<>& images,
             const std::vector<std::string>& class_names, const std::vector<unitsphere::idx_t>& labels);

}  // namespace support
