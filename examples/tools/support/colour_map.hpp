/// Colours for numbers: viridis, whose lightness rises evenly, so that it reads in grey and to the colour-blind too.
///
/// Source   Smith and van der Walt 2015, https://bids.github.io/colormap (CC0): ten of its colours, evenly spaced.
#pragma once

#include <array>
#include <string>

namespace support {

struct colour {
    int red, green, blue;  ///< 0..255
};

/// The ten colours; between two of them a straight line, as an SVG gradient draws it.
extern const std::array<colour, 10> viridis;

/// The colour at `position`, 0..1.
colour colour_at(double position);

/// Black or white, whichever stands out more on `background`.
colour text_colour_on(const colour& background);

/// The contrast of two colours, 1..21. Source   W3C, WCAG 2.1, "contrast ratio".
double contrast(const colour& a, const colour& b);

/// "#440154".
std::string hex(const colour& c);

}  // namespace support
