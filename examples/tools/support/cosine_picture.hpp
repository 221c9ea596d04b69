/// The heat map of a matrix of cosines between texts and images.
#pragma once

#include <string>
#include <vector>

#include <unitsphere/data/matrix.hpp>

namespace support {

/// So many rows and columns stay readable in one picture.
constexpr unitsphere::idx_t most_drawn = 64;

/// Draws the first 64 texts and images into an .svg file; the title says where that is not all. There may be more
/// names than rows and columns.
void draw_cosines(const std::string& file, const unitsphere::matrix<float>& cosines,
                  const std::vector<std::string>& texts, const std::vector<std::string>& images);

}  // namespace support
