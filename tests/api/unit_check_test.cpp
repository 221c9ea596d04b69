#include <unitsphere/normalize.hpp>

#include <string>
#include <vector>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"

// is_unit and adopt_unit: rows that somebody else says are unit; and the shapes that normalize_into refuses.

namespace tests {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using unitsphere::adopt_unit;
using unitsphere::is_unit;
using unitsphere::normalize;
using unitsphere::row_report;
using unitsphere::shape_error;
using unitsphere::value_error;

namespace {

matrix<float> copy_of(const unitsphere::unit_embeddings<float>& unit) {
    matrix<float> result(unit.rows(), unit.dim());
    for (idx_t i = 0; i < unit.rows(); ++i)
        for (idx_t k = 0; k < unit.dim(); ++k) result(i, k) = unit(i, k);
    return result;
}

}  // namespace

TEST_CASE("normalized rows are unit and raw rows are not", "[normalize]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 2, 17, 512);
    const matrix<float> raw = varied_rows<float>(12, dim, 21);
    CHECK(is_unit(normalize(raw)));
    CHECK(is_unit(normalize(raw).values()));
    CHECK_FALSE(is_unit(raw));
}

TEST_CASE("is_unit is false where one row is off by more than the tolerance", "[normalize]") {
    matrix<float> rows(3, 2);
    rows(0, 0) = rows(1, 1) = 1.0f;
    for (const double off : {-9e-5, 9e-5, -2e-4, 2e-4, 0.5}) {
        CAPTURE(off);
        rows(2, 0) = float(1 + off);
        CHECK(is_unit(rows) == (std::fabs(off) < 1e-4));
        CHECK(is_unit(rows, {1e-3}) == (std::fabs(off) < 1e-3));
        CHECK_FALSE(is_unit(rows, {1e-6}));
    }
}

TEST_CASE("a zero row and a row that is not finite are not unit", "[normalize]") {
    for (const row_kind kind : {row_kind::zero, row_kind::nan, row_kind::infinite}) {
        matrix<float> rows = copy_of(normalize(random_rows<float>(3, 20, 22)));
        CHECK(is_unit(rows));
        generator random(1);
        fill_row(rows.row(1), 20, kind, random);
        CHECK_FALSE(is_unit(rows));
        CHECK_FALSE(is_unit(rows, {1e30}));
    }
    CHECK(is_unit(matrix<float>(0, 20)));
    CHECK_FALSE(is_unit(matrix<float>(1, 0)));
}

TEST_CASE("half rows stored as unit are unit to 1e-3 only", "[normalize]") {
    matrix<float16> rows(1, 2);
    rows(0, 0) = rows(0, 1) = float16::from_bits(0x39a8);  // 0.70703125: the half nearest to sqrt(1/2) gives 0.99989
    CHECK(is_unit(rows, {1e-3}));
    CHECK_FALSE(is_unit(rows, {1e-5}));
}

TEST_CASE("adopted rows are the caller's memory", "[normalize]") {
    matrix<float> rows = copy_of(normalize(random_rows<float>(4, 33, 23)));
    const laid_out<float> strided(rows, 3, 1);
    const unitsphere::unit_view<float> adopted = adopt_unit(strided.view());
    CHECK(adopted.data() == strided.view().data());
    CHECK(adopted.stride() == 36);
    CHECK(first_difference(adopted, rows) == "");
}

TEST_CASE("adopt_unit counts rows without a direction", "[normalize]") {
    matrix<float> rows = copy_of(normalize(random_rows<float>(7, 20, 24)));
    generator random(1);
    fill_row(rows.row(2), 20, row_kind::zero, random);
    fill_row(rows.row(3), 20, row_kind::nan, random);
    fill_row(rows.row(5), 20, row_kind::infinite, random);
    fill_row(rows.row(6), 20, row_kind::zero, random);
    row_report report{77, 77, 77, 77};
    CHECK(adopt_unit(rows, {1e-4, &report}).rows() == 7);
    CHECK(report.zero_rows == 2);
    CHECK(report.first_zero == 2);
    CHECK(report.non_finite_rows == 2);
    CHECK(report.first_non_finite == 3);
    CHECK(adopt_unit(rows).rows() == 7);
    adopt_unit(part(rows, 0, 2), {1e-4, &report});
    CHECK((report.zero_rows == 0 && report.non_finite_rows == 0 && report.first_zero == -1 &&
           report.first_non_finite == -1));
}

TEST_CASE("adopt_unit refuses a row that is not unit, with its number and its norm", "[normalize]") {
    matrix<float> rows(3, 2);
    rows(0, 0) = rows(1, 1) = 1.0f;
    for (const float length : {0.875f, 1.125f}) {
        rows(2, 0) = length;
        CHECK_THAT(message_of<value_error>([&] { adopt_unit(rows); }),
                   StartsWith("adopt_unit: ") && ContainsSubstring("row 2") &&
                       ContainsSubstring(length < 1 ? "0.875" : "1.125"));
        CHECK(adopt_unit(rows, {0.2}).rows() == 3);
    }
}

TEST_CASE("normalize_into refuses another shape and writes nothing", "[normalize]") {
    const matrix<float> raw = random_rows<float>(3, 8, 25);
    matrix<float> rows = untouched(4, 8), dim = untouched(3, 9);
    CHECK_THAT(message_of<shape_error>([&] { unitsphere::normalize_into(raw, rows); }),
               StartsWith("normalize") && ContainsSubstring("4") && ContainsSubstring("3"));
    CHECK_THAT(message_of<shape_error>([&] { unitsphere::normalize_into(raw, dim); }),
               StartsWith("normalize") && ContainsSubstring("9") && ContainsSubstring("8"));
    CHECK(first_difference(rows, untouched(4, 8)) == "");
    CHECK(first_difference(dim, untouched(3, 9)) == "");
}

TEST_CASE("normalize_into refuses memory that overlaps its rows, unless it is exactly theirs", "[normalize]") {
    const matrix<float> before = random_rows<float>(1, 120, 26);
    matrix<float> memory = before;
    float* data = memory.data();
    const matrix_view<float> rows(data + 40, 4, 8, 10);  // elements 40 to 77
    const matrix_view<float> wrong[] = {
        {data + 39, 4, 8, 10},  // one element earlier
        {data + 41, 4, 8, 10},  // one later
        {data + 50, 4, 8, 10},  // one row later
        {data + 40, 4, 8, 8},   // the same start, another stride
        {data + 77, 4, 8, 8},   // its first element is their last
        {data + 9, 4, 8, 8},    // its last element is their first
    };
    for (const auto& out : wrong) {
        CAPTURE(out.data() - data, out.stride());
        CHECK_THAT(message_of<shape_error>([&] { unitsphere::normalize_into(rows, out); }),
                   StartsWith("normalize") && ContainsSubstring("overlap"));
    }
    const matrix_view<float16> halves(reinterpret_cast<float16*>(data + 40), 4, 8,
                                      20);  // the same start, another type
    CHECK_THAT(message_of<shape_error>([&] { unitsphere::normalize_into(halves, rows); }),
               ContainsSubstring("overlap"));
    CHECK(first_difference(memory, before) == "");

    const auto expected = normalize(rows);
    unitsphere::normalize_into(rows, matrix_view<float>(data + 78, 4, 8, 8));  // touches, but does not overlap
    unitsphere::normalize_into(rows, matrix_view<float>(data + 8, 4, 8, 8));
    CHECK(first_difference(matrix_view<float>(data + 78, 4, 8, 8), expected) == "");
    CHECK(first_difference(matrix_view<float>(data + 8, 4, 8, 8), expected) == "");
}

TEST_CASE("columns of one wide matrix, side by side, do not overlap", "[normalize]") {
    matrix<float> wide = random_rows<float>(4, 16, 27);
    const matrix<float> before = wide;
    const matrix_view<float> left(wide.data(), 4, 8, 16), right(wide.data() + 8, 4, 8, 16);
    const auto expected = normalize(left);
    unitsphere::normalize_into(left, right);
    CHECK(first_difference(right, expected) == "");
    CHECK(first_difference(left, matrix_view<const float>(before.data(), 4, 8, 16)) == "");
    const matrix_view<float> both(wide.data() + 7, 4, 8, 16), ahead(wide.data() + 1, 4, 8, 16);
    CHECK_THAT(message_of<shape_error>([&] { unitsphere::normalize_into(left, both); }), ContainsSubstring("overlap"));
    CHECK_THAT(message_of<shape_error>([&] { unitsphere::normalize_into(right, ahead); }),
               ContainsSubstring("overlap"));
}

}  // namespace tests
