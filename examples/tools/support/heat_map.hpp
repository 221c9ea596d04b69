/// A matrix as a picture: coloured cells with their values, names at the side and across the top, a colour scale.
#pragma once

#include <string>
#include <vector>

#include <unitsphere/data/matrix.hpp>

namespace support {

struct heat_map {
    std::string title;
    std::string quantity;                              ///< what the values are; stands beside the colour scale
    std::vector<std::string> row_names, column_names;  ///< UTF-8; as many as there are rows and columns
    unitsphere::matrix_view<const float> values;       ///< at most 64 x 64 stay readable; NaN is drawn grey
};

/// The picture as an SVG document. Each cell carries its names and its value with four decimals as a tooltip.
std::string heat_map_svg(const heat_map& map);

/// Writes a text file; a std::runtime_error that names the file if a byte cannot be written.
void save_text(const std::string& path, const std::string& text);

}  // namespace support
