/// Two SVG pictures, drawn by gnuplot.
#pragma once

#include "tables.hpp"

namespace report {

/// limit.svg: the fraction of the limit, ours and the best peer's, over the shapes. gallery.svg: the time of a top-10
/// over the size of the gallery. The scripts and data stay beside them. False without gnuplot.
bool draw_plots(const results& all, const std::string& out);

}  // namespace report
