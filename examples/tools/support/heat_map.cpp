#include "heat_map.hpp"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <stdexcept>

#include "characters.hpp"
#include "colour_map.hpp"
#include "heat_map_layout.hpp"
#include "table.hpp"

namespace support {
namespace {

using unitsphere::idx_t;

constexpr colour no_value{0xDD, 0xDD, 0xDD};

/// The ends of the colours: the lowest and the highest value, drawn apart where they are too close to divide.
struct range {
    double lowest, highest;

    double place(double value) const { return (value - lowest) / (highest - lowest); }
};

range range_of(const unitsphere::matrix_view<const float>& values) {
    range found{HUGE_VAL, -HUGE_VAL};
    for (idx_t i = 0; i < values.rows(); ++i)
        for (idx_t j = 0; j < values.dim(); ++j) {
            const double value = values(i, j);
            if (!std::isfinite(value)) continue;
            found = {std::fmin(found.lowest, value), std::fmax(found.highest, value)};
        }
    if (found.lowest > found.highest) return {0, 1};
    if (found.highest - found.lowest < 0.01) return {found.lowest - 0.005, found.highest + 0.005};
    return found;
}

std::string text_element(double x, double y, const std::string& attributes, const std::string& text) {
    return "<text x=\"" + decimals(x, 1) + "\" y=\"" + decimals(y, 1) + "\"" + attributes + ">" + xml_text(text) +
           "</text>\n";
}

std::string rectangle(double x, double y, double width, double height, const std::string& attributes) {
    return "<rect x=\"" + decimals(x, 1) + "\" y=\"" + decimals(y, 1) + "\" width=\"" + decimals(width, 1) +
           "\" height=\"" + decimals(height, 1) + "\"" + attributes;
}

std::string font(double size) { return " font-size=\"" + decimals(size, 0) + "\""; }

std::string value_text(double value, int digits) {
    const std::string text = decimals(value, digits);
    const bool minus_zero = text[0] == '-' && text.find_first_not_of("-0.") == std::string::npos;
    return minus_zero ? text.substr(1) : text;
}

void draw_names(std::ostream& out, const heat_map_layout& at) {
    for (std::size_t i = 0; i < at.row_names.size(); ++i)
        out << text_element(at.left - 8, at.top + (double(i) + 0.5) * at.cell_height + at.name_font * 0.35,
                            " class=\"row\" text-anchor=\"end\"" + font(at.name_font), at.row_names[i]);
    for (std::size_t j = 0; j < at.column_names.size(); ++j) {
        const double x = at.left + (double(j) + 0.5) * at.cell_width, y = at.top - 8;
        const std::string slant = " transform=\"rotate(-45 " + decimals(x, 1) + " " + decimals(y, 1) + ")\"";
        const std::string place = at.slanted ? " text-anchor=\"start\"" + slant : " text-anchor=\"middle\"";
        out << text_element(x, y, " class=\"column\"" + place + font(at.name_font), at.column_names[j]);
    }
}

void draw_cells(std::ostream& out, const heat_map& map, const heat_map_layout& at, const range& colours) {
    for (idx_t i = 0; i < map.values.rows(); ++i)
        for (idx_t j = 0; j < map.values.dim(); ++j) {
            const double value = map.values(i, j);
            const colour fill = std::isfinite(value) ? colour_at(colours.place(value)) : no_value;
            const double x = at.left + double(j) * at.cell_width, y = at.top + double(i) * at.cell_height;
            out << rectangle(x, y, at.cell_width, at.cell_height,
                             " class=\"cell\" shape-rendering=\"crispEdges\" fill=\"" + hex(fill) + "\"><title>")
                << xml_text(map.row_names[std::size_t(i)] + " / " + map.column_names[std::size_t(j)] + ": ")
                << value_text(value, 4) << "</title></rect>\n"
                << text_element(x + at.cell_width / 2, y + at.cell_height / 2 + at.value_font * 0.35,
                                " class=\"value\" text-anchor=\"middle\" pointer-events=\"none\"" +
                                    font(at.value_font) + " fill=\"" + hex(text_colour_on(fill)) + "\"",
                                value_text(value, 2));
        }
}

void draw_scale(std::ostream& out, const heat_map& map, const heat_map_layout& at, const range& colours) {
    constexpr double bar = 16;
    out << "<defs><linearGradient id=\"viridis\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\">\n";
    for (std::size_t i = 0; i < viridis.size(); ++i)
        out << "<stop offset=\"" << decimals(double(i) / double(viridis.size() - 1), 4) << "\" stop-color=\""
            << hex(viridis[i]) << "\"/>\n";
    out << "</linearGradient></defs>\n"
        << rectangle(at.scale_left, at.top, bar, at.scale_height, " fill=\"url(#viridis)\"/>\n");
    double widest = 0;
    const scale_ticks ticks = choose_ticks(colours.lowest, colours.highest);
    for (const double tick : ticks.values) {
        widest = std::fmax(widest, text_width(decimals(tick, ticks.decimals), 12));
        const double y = at.top + at.scale_height * (1 - colours.place(tick)), x = at.scale_left + bar;
        out << rectangle(x, y - 0.5, 4, 1, " fill=\"#000000\"/>\n")
            << text_element(x + 7, y + 12 * 0.35, " class=\"tick\"" + font(12), decimals(tick, ticks.decimals));
    }
    const double x = at.scale_left + bar + 7 + widest + 18, y = at.top + at.scale_height / 2;
    out << text_element(x, y,
                        " text-anchor=\"middle\"" + font(12) + " transform=\"rotate(-90 " + decimals(x, 1) + " " +
                            decimals(y, 1) + ")\"",
                        map.quantity);
}

}  // namespace

std::string heat_map_svg(const heat_map& map) {
    const heat_map_layout at = lay_out(map);
    const range colours = range_of(map.values);
    std::ostringstream out;
    const std::string width = decimals(at.width, 0), height = decimals(at.height, 0);
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width << "\" height=\"" << height
        << "\" viewBox=\"0 0 " << width << " " << height << "\" font-family=\"Helvetica, Arial, sans-serif\">\n"
        << "<title>" << xml_text(map.title) << "</title>\n"
        << rectangle(0, 0, at.width, at.height, " fill=\"#ffffff\"/>\n")
        << text_element(16, 32, font(16) + " font-weight=\"bold\"", map.title);
    draw_names(out, at);
    draw_cells(out, map, at, colours);
    draw_scale(out, map, at, colours);
    out << "</svg>\n";
    return out.str();
}

void save_text(const std::string& path, const std::string& text) {
    errno = 0;
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    if (file != nullptr && std::fclose(file) != 0) written = false;  // closing writes what is still buffered
    if (!written) throw std::runtime_error(path + ": " + std::strerror(errno != 0 ? errno : EIO));
}

}  // namespace support
