#include "heat_map_layout.hpp"

#include <algorithm>
#include <cmath>

#include "characters.hpp"

namespace support {
namespace {

constexpr double margin = 16, gap = 8, title_font = 16, slope = 0.7072;  // sine and cosine of 45 degrees

/// A little more than the advance in DejaVu Sans, one of the widest common fonts, in parts of the font's size.
double advance(char32_t c) {
    if (c < 0x80) {
        const std::string thin = "ijl|'.,:;!()[]ft /\\Ir", wide = "mwMW@%&";
        if (thin.find(char(c)) != std::string::npos) return 0.42;
        if (wide.find(char(c)) != std::string::npos) return 1.0;
        return c >= 'A' && c <= 'Z' ? 0.79 : 0.65;
    }
    return c < 0x1100 ? 0.8 : 1.05;  // from here on mostly full-width scripts
}

double widest(const std::vector<std::string>& names, double font_size) {
    double width = 0;
    for (const std::string& name : names) width = std::max(width, text_width(name, font_size));
    return width;
}

void clip_all(std::vector<std::string>& names, std::size_t characters) {
    for (std::string& name : names) name = clipped(name, characters);
}

}  // namespace

double text_width(const std::string& text, double font_size) {
    double width = 0;
    for (const char32_t c : characters(text)) width += advance(c) * font_size;
    return width;
}

heat_map_layout lay_out(const heat_map& map) {
    const double rows = double(map.values.rows()), columns = double(map.values.dim());
    const double most = std::max(rows, columns);
    heat_map_layout at{};
    at.cell_width = most <= 12 ? 60 : most <= 32 ? 44 : 34;
    at.cell_height = most <= 12 ? 44 : most <= 32 ? 30 : 24;
    at.name_font = most <= 32 ? 14 : 12;
    at.value_font = most <= 12 ? 15 : most <= 32 ? 13 : 11;
    at.row_names = map.row_names, at.column_names = map.column_names;
    clip_all(at.row_names, 60);
    clip_all(at.column_names, 28);

    const double names = widest(at.column_names, at.name_font);
    at.slanted = names > at.cell_width - gap;
    at.left = std::ceil(margin + widest(at.row_names, at.name_font) + gap);  // whole pixels, or cells have seams
    const double names_height = at.slanted ? (names + at.name_font) * slope : at.name_font + gap;
    at.top = std::ceil(margin + title_font + gap + names_height + gap);
    at.scale_left = at.left + columns * at.cell_width + 3 * gap;
    at.scale_height = std::max(rows * at.cell_height, 120.0);

    double right = at.scale_left + 90;  // the scale, its numbers and what they are
    right = std::max(right, margin + 1.12 * text_width(map.title, title_font));  // it is bold
    for (std::size_t j = 0; at.slanted && j < at.column_names.size(); ++j) {
        const double foot = at.left + (double(j) + 0.5) * at.cell_width;
        right = std::max(right, foot + text_width(at.column_names[j], at.name_font) * slope + gap);
    }
    at.width = std::ceil(right + margin);
    at.height = std::ceil(at.top + at.scale_height + margin);
    return at;
}

scale_ticks choose_ticks(double lowest, double highest) {
    const double rough = (highest - lowest) / 7, power = std::pow(10, std::floor(std::log10(rough)));
    const double digit = rough / power;  // 1 <= digit < 10
    const double step = power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    scale_ticks ticks{{}, std::max(0, int(-std::floor(std::log10(step) + 1e-9)))};
    for (double i = std::ceil(lowest / step - 1e-9); i * step <= highest + step * 1e-9; ++i)
        ticks.values.push_back(i == 0 ? 0.0 : i * step);
    return ticks;
}

}  // namespace support
