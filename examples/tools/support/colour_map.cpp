#include "colour_map.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace support {
namespace {

double luminance(const colour& c) {
    const auto linear = [](int channel) {
        const double s = channel / 255.0;
        return s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(c.red) + 0.7152 * linear(c.green) + 0.0722 * linear(c.blue);
}

}  // namespace

const std::array<colour, 10> viridis = {{{0x44, 0x01, 0x54},
                                         {0x48, 0x28, 0x78},
                                         {0x3E, 0x49, 0x89},
                                         {0x31, 0x68, 0x8E},
                                         {0x26, 0x82, 0x8E},
                                         {0x1F, 0x9E, 0x89},
                                         {0x35, 0xB7, 0x79},
                                         {0x6E, 0xCE, 0x58},
                                         {0xB5, 0xDE, 0x2B},
                                         {0xFD, 0xE7, 0x25}}};

colour colour_at(double position) {
    const double place = std::clamp(position, 0.0, 1.0) * double(viridis.size() - 1);
    const std::size_t lower = std::min(std::size_t(place), viridis.size() - 2);
    const colour &a = viridis[lower], &b = viridis[lower + 1];
    const auto between = [&](int x, int y) { return int(std::lround(x + (y - x) * (place - double(lower)))); };
    return {between(a.red, b.red), between(a.green, b.green), between(a.blue, b.blue)};
}

colour text_colour_on(const colour& background) {
    constexpr colour black{0, 0, 0}, white{255, 255, 255};
    return contrast(black, background) >= contrast(white, background) ? black : white;
}

double contrast(const colour& a, const colour& b) {
    const double first = luminance(a) + 0.05, second = luminance(b) + 0.05;
    return std::max(first, second) / std::min(first, second);
}

std::string hex(const colour& c) {
    char text[40];
    std::snprintf(text, sizeof text, "#%02x%02x%02x", unsigned(c.red), unsigned(c.green), unsigned(c.blue));
    return text;
}

}  // namespace support
