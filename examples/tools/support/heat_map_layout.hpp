/// Where the parts of a heat map stand, in pixels.
#pragma once

#include <string>
#include <vector>

#include "heat_map.hpp"

namespace support {

/// An estimate of how wide a text is drawn that is rarely too low: the reader's font is not known.
double text_width(const std::string& text, double font_size);

struct heat_map_layout {
    double cell_width, cell_height;
    double name_font, value_font;
    std::vector<std::string> row_names, column_names;  ///< cut where they are too long to draw
    bool slanted;                     ///< column names that are wider than their cells rise to the right
    double left, top;                 ///< of the first cell
    double scale_left, scale_height;  ///< the colour scale begins at `top`
    double width, height;             ///< of the picture
};

heat_map_layout lay_out(const heat_map& map);

/// Round numbers inside [lowest, highest] for the scale, and how many decimals they need.
struct scale_ticks {
    std::vector<double> values;
    int decimals;
};
scale_ticks choose_ticks(double lowest, double highest);

}  // namespace support
