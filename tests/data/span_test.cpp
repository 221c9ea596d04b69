// std::span is one row. Compiled as C++20 wherever the compiler knows it.
#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"

#ifdef __cpp_lib_span
namespace tests {

using namespace unitsphere;

TEST_CASE("a std::span is one row, to read and to write", "[span]") {
    auto rows = random_rows<float>(2, 24, 161);
    const std::span<const float> a(rows.row(0), 24);
    const std::span<float, 24> b(rows.row(1), 24);
    const auto expected = cosine_similarity(rows, rows);
    CHECK(cosine(a, b) == expected(0, 1));
    const auto unit = normalize(b);
    normalize_in_place(b);
    CHECK(first_difference(unit, part(rows, 1, 1)) == "");
}

}  // namespace tests
#else
TEST_CASE("std::span is not available", "[span]") { SUCCEED(); }
#endif
