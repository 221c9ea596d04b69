// Printing: the shape, then the first rows and columns.
#include <sstream>

#include <unitsphere/io/ostream.hpp>
#include <unitsphere/normalize.hpp>

#include "catch.hpp"

namespace tests {

using namespace unitsphere;

namespace {

template <class Printed>
std::string printed(const Printed& it) {
    std::ostringstream text;
    text << it;
    return text.str();
}

}  // namespace

TEST_CASE("a small matrix prints its shape and all of its rows", "[ostream]") {
    matrix<float> rows(2, 3);
    rows(0, 0) = 0.5f, rows(1, 2) = -2.0f;
    CHECK(printed(rows) == "2 x 3\n[0.5, 0, 0]\n[0, 0, -2]");
    CHECK(printed(rows.view()) == printed(rows));
    CHECK(printed(matrix_view<const float>(rows)) == printed(rows));
    CHECK(printed(rows[1]) == "[0, 0, -2]");
    CHECK(printed(matrix<float>(0, 3)) == "0 x 3");
    CHECK(printed(matrix<float>(1, 0)) == "1 x 0\n[]");
}

TEST_CASE("printed matrices mark what they leave out", "[ostream]") {
    CHECK(printed(array<idx_t>(8)) == "[0, 0, 0, 0, 0, 0, 0, 0]");
    CHECK(printed(array<idx_t>(9)) == "[0, 0, 0, 0, 0, 0, 0, 0, ..]");
    const std::string text = printed(matrix<double>(9, 9));
    CHECK(text.substr(0, 6) == "9 x 9\n");
    CHECK(text.substr(text.size() - 4) == "]\n..");
}

TEST_CASE("every element type prints as a number", "[ostream]") {
    array<std::int8_t> bytes(1);
    bytes[0] = 65;
    CHECK(printed(bytes) == "[65]");
    array<float16> halves(1);
    halves[0] = float16(0.25f);
    CHECK(printed(halves) == "[0.25]");
    CHECK(printed(normalize(std::vector<float>{3, 4})) == "1 x 2\n[0.6, 0.8]");
    CHECK(printed(normalize(std::vector<float>{3, 4}).view()) == "1 x 2\n[0.6, 0.8]");
}

TEST_CASE("rows and results iterate, and index their rows", "[ostream]") {
    matrix<float> rows(3, 2);
    for (idx_t i = 0; i < 3; ++i) rows[i][1] = float(i);
    float sum = 0;
    idx_t seen = 0;
    for (const auto row : rows) {
        for (const float x : row) sum += x;
        ++seen;
    }
    CHECK((sum == 3.0f && seen == 3));
    for (const auto row : normalize(rows)) CHECK(row.size() == 2);
    CHECK(rows.columns() == 2);
}

}  // namespace tests
