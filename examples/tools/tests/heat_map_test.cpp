#include "../support/heat_map.hpp"

#include <cmath>
#include <limits>
#include <map>

#include "../../../tests/support/catch.hpp"
#include "../support/characters.hpp"
#include "../support/colour_map.hpp"
#include "../support/heat_map_layout.hpp"
#include "well_formed.hpp"

namespace tests {

using support::heat_map;
using unitsphere::idx_t;
using unitsphere::matrix;

matrix<float> rising_values(idx_t rows, idx_t columns) {
    matrix<float> values(rows, columns);
    for (idx_t i = 0; i < rows * columns; ++i) values.data()[i] = 0.1f + 0.2f * float(i) / float(rows * columns);
    return values;
}

std::string repeated(const std::string& part, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += part;
    return text;
}

heat_map map_of(const matrix<float>& values) {
    heat_map map{"title", "cosine", {}, {}, values};
    for (idx_t i = 0; i < values.rows(); ++i) map.row_names.push_back("row " + std::to_string(i));
    for (idx_t j = 0; j < values.dim(); ++j) map.column_names.push_back("column " + std::to_string(j));
    return map;
}

TEST_CASE("a heat map is well-formed and has one cell and one value for each number", "[heat_map]") {
    const idx_t rows = GENERATE(0, 1, 2, 13, 64), columns = GENERATE(0, 1, 3, 33, 64);
    const matrix<float> values = rising_values(rows, columns);
    const std::string svg = support::heat_map_svg(map_of(values));
    CHECK(well_formed(svg));
    CHECK(occurrences(svg, "class=\"cell\"") == std::size_t(rows * columns));
    CHECK(occurrences(svg, "class=\"value\"") == std::size_t(rows * columns));
    CHECK(occurrences(svg, "class=\"row\"") == std::size_t(rows));
    CHECK(occurrences(svg, "class=\"column\"") == std::size_t(columns));
}

TEST_CASE("a heat map holds any name: markup, quotes, UTF-8 and bytes that are none of it", "[heat_map]") {
    const matrix<float> values = rising_values(4, 1);
    heat_map map = map_of(values);
    map.title = "<script>";
    map.quantity = "a & b";
    map.row_names = {"a < b & \"c\" > 'd'", "\xC3\xA9migr\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x90\xB6", "x\x01\xFFy\xC3\x7Fz",
                     "\xED\xA0\x80\xC0\xAF\xE0\x80\xAF\xEF\xBF\xBF\xF4\x90\x80\x80"};
    map.column_names = {"]]>"};
    const std::string svg = support::heat_map_svg(map);
    CHECK(well_formed(svg));
    CHECK(occurrences(svg, ">a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;</text>") == 1);
    CHECK(occurrences(svg, ">\xC3\xA9migr\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x90\xB6</text>") == 1);
    CHECK(occurrences(svg, ">x\xEF\xBF\xBD\xEF\xBF\xBDy\xEF\xBF\xBD\xEF\xBF\xBDz</text>") == 1);
    // Half a surrogate pair, a slash spelled too long twice, what XML forbids, what is beyond Unicode: byte by byte.
    CHECK(occurrences(svg, ">" + repeated("\xEF\xBF\xBD", 3 + 2 + 3 + 1 + 4) + "</text>") == 1);
    CHECK(occurrences(svg, "<script") == 0);
}

TEST_CASE("a heat map cuts long names where they are drawn and keeps them in the tooltips", "[heat_map]") {
    const matrix<float> values = rising_values(1, 1);
    heat_map map = map_of(values);
    map.row_names = {std::string(200, 'r')};
    map.column_names = {std::string(200, 'c')};
    const std::string svg = support::heat_map_svg(map);
    CHECK(occurrences(svg, std::string(200, 'r')) == 1);
    CHECK(occurrences(svg, std::string(200, 'r') + " / " + std::string(200, 'c') + ": 0.1000</title>") == 1);
    CHECK(occurrences(svg, "r...</text>") == 1);
    CHECK(occurrences(svg, "c...</text>") == 1);
}

TEST_CASE("a heat map colours the lowest value darkest, the highest lightest and NaN grey", "[heat_map]") {
    matrix<float> values(1, 4);
    values(0, 0) = -0.25f, values(0, 1) = 0.75f,
              values(0, 2) = std::copysign(std::numeric_limits<float>::quiet_NaN(), -1.0f);
    values(0, 3) = -0.001f;
    const std::string svg = support::heat_map_svg(map_of(values));
    CHECK(occurrences(svg, "fill=\"#440154\"><title>row 0 / column 0: -0.2500</title>") == 1);
    CHECK(occurrences(svg, "fill=\"#fde725\"><title>row 0 / column 1: 0.7500</title>") == 1);
    CHECK(occurrences(svg, "fill=\"#dddddd\"><title>row 0 / column 2: nan</title>") == 1);
    CHECK(occurrences(svg, ">0.00</text>") == 1);  // not -0.00
}

TEST_CASE("a heat map of equal or of no finite values has a scale all the same", "[heat_map]") {
    const float value = GENERATE(0.5f, 0.0f, -1.0f, std::numeric_limits<float>::quiet_NaN(), HUGE_VALF);
    matrix<float> values(2, 2);
    for (idx_t i = 0; i < 4; ++i) values.data()[i] = value;
    const std::string svg = support::heat_map_svg(map_of(values));
    CHECK(well_formed(svg));
    CHECK(occurrences(svg, "class=\"tick\"") >= 2);
    CHECK(occurrences(svg, "=\"nan") + occurrences(svg, "=\"-nan") + occurrences(svg, "=\"inf") == 0);
}

TEST_CASE("the ticks of a scale are round, lie inside it and are 3 to 8", "[heat_map]") {
    const double lowest = GENERATE(-1.0, -0.03, 0.0, 0.0871, 0.65),
                 length = GENERATE(0.01, 0.0237, 0.1, 0.35, 1.0, 2.0);
    const support::scale_ticks ticks = support::choose_ticks(lowest, lowest + length);
    CHECK(ticks.values.size() >= 3);
    CHECK(ticks.values.size() <= 8);
    for (const double tick : ticks.values) {
        CHECK(tick >= lowest - 1e-9);
        CHECK(tick <= lowest + length + 1e-9);
        const double scaled = tick * std::pow(10, ticks.decimals);
        CHECK(std::fabs(scaled - std::round(scaled)) < 1e-6);  // what is printed is where the tick stands
    }
}

TEST_CASE("every value stands out from its cell, with a contrast of 4.5 or more", "[heat_map]") {
    for (int i = 0; i <= 1000; ++i) {
        const support::colour background = support::colour_at(i / 1000.0);
        // bound: W3C, WCAG 2.1, criterion 1.4.3
        CHECK(support::contrast(background, support::text_colour_on(background)) >= 4.5);
    }
}

/// How wide DejaVu Sans draws a text of these letters, from its table of advances in 1/2048 of its size.
double drawn_width(const std::string& text, double font_size) {
    const std::map<char, double> advances = {{'W', 2025}, {'m', 1995}, {'a', 1255},
                                             {'i', 569},  {'0', 1303}, {'.', 651}};
    double width = 0;
    for (const char letter : text) width += advances.at(letter) / 2048 * font_size;
    return width;
}

TEST_CASE("every name of a heat map lies within the picture and below the title", "[heat_map]") {
    const char letter = GENERATE('W', 'm', 'a', 'i', '0');
    const int length = GENERATE(1, 2, 7, 28, 60, 90);
    const std::string name(std::size_t(length), letter);
    const idx_t columns = GENERATE(5, 20, 40);
    const matrix<float> values = rising_values(3, columns);
    heat_map map = map_of(values);
    map.column_names.assign(std::size_t(columns), "");  // so that short names stand upright
    map.row_names[1] = map.column_names.back() = map.title = name;
    const support::heat_map_layout at = support::lay_out(map);

    CHECK(drawn_width(at.row_names[1], at.name_font) <= at.left - 8);
    CHECK(16 + drawn_width(name, 16) <= at.width);
    const double column_name = drawn_width(at.column_names.back(), at.name_font);
    if (at.slanted) {
        const double foot = at.left + (double(columns) - 0.5) * at.cell_width;
        CHECK(foot + column_name * std::sqrt(0.5) <= at.width);
        CHECK(at.top - 8 - column_name * std::sqrt(0.5) >= 40);
    } else {
        CHECK(column_name <= at.cell_width);
    }
}

TEST_CASE("text is cut between characters, never inside one", "[characters]") {
    CHECK(support::clipped("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 5) ==
          "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9");
    CHECK(support::clipped("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 5) == "\xC3\xA9\xC3\xA9...");
    CHECK(support::width("\xF0\x9F\x90\xB6\xE6\x97\xA5z") == 3);
    CHECK(support::clipped("a b c d e f", 5) == "a...");
}

}  // namespace tests
