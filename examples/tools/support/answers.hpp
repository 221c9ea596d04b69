/// What the tools say about their answers.
#pragma once

#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

namespace support {

/// A table on stdout: the `top` best classes of the first 10 images.
void print_answers(const unitsphere::top_labels& best, unitsphere::idx_t top,
                   const std::vector<std::string>& class_names);

/// "accuracy@1 0.930340 (2217/2383)" on stdout: how many images have their label among the k best. An image
/// without a class counts as wrong. With fewer than k classes "accuracy@5 undefined (3 classes)".
void print_accuracy(const unitsphere::top_labels& best, const std::vector<unitsphere::idx_t>& labels,
                    unitsphere::idx_t k, unitsphere::idx_t classes);

/// One line on stderr for each kind of row without a direction; `rows` says what the rows of the file are.
void warn(const std::string& program, const std::string& file, const unitsphere::row_report& report, const char* rows);

}  // namespace support
