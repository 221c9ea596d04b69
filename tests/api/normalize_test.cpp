#include <unitsphere/normalize.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"
#include "reference.hpp"

namespace other_library {

/// Rows of somebody else's, which join by to_view alone.
struct tensor {
    const float* numbers;
    long count, width;
};
unitsphere::matrix_view<const float> to_view(const tensor& rows) { return {rows.numbers, rows.count, rows.width}; }

}  // namespace other_library

namespace tests {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using unitsphere::normalize;
using unitsphere::norms;
using unitsphere::norms_into;
using unitsphere::unit_embeddings;
using unitsphere::unit_view;

static_assert(std::is_same_v<decltype(normalize(matrix<float16>())), unit_embeddings<float>>);
static_assert(std::is_same_v<decltype(unitsphere::normalize_in_place(matrix_view<float>())), unit_view<float>>);
static_assert(std::is_same_v<decltype(norms(matrix<float>())), unitsphere::array<double>>);

namespace {

/// The distance of the unit row's length from 1.
template <class Unit>
double off_unit(const Unit& unit, idx_t row) {
    return double(std::fabs(reference::norm(unit.row(row), unit.dim()) - 1));
}

/// The distance between neighbouring floats at x.
double float_ulp(long double x) {
    int exponent = 0;
    std::frexp(x, &exponent);
    return std::ldexp(1.0, std::max(exponent - 24, -149));
}

}  // namespace

TEMPLATE_TEST_CASE("a result larger than the caches has the same bits as row by row", "[normalize]", float, float16) {
    const idx_t dim = 64 + GENERATE(as<idx_t>{}, 0, 5), stride = 80,
                rows = (idx_t(18) << 20) / (dim * idx_t(sizeof(float)));
    const matrix<TestType> few = varied_rows<TestType>(41, dim, 13);
    matrix<TestType> raw(rows, dim);
    for (idx_t i = 0; i < rows; ++i) std::memcpy(raw.row(i), few.row(i % 41), std::size_t(dim) * sizeof(TestType));
    matrix<float> out(rows, stride);
    unitsphere::normalize_into(raw, matrix_view<float>(out.data(), rows, dim, stride));
    const unit_embeddings<float> expected = normalize(few);
    idx_t different = 0;
    for (idx_t i = 0; i < rows; ++i) {
        different += std::memcmp(out.row(i), expected.row(i % 41), std::size_t(dim) * sizeof(float)) != 0;
        for (idx_t j = dim; j < stride; ++j) different += out(i, j) != 0.0f;
    }
    CHECK(different == 0);
}

TEMPLATE_LIST_TEST_CASE("normalize divides every row by its length", "[normalize]", element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 2, 3, 15, 16, 17, 31, 32, 33, 127, 128, 129, 512, 768, 1152);
    CAPTURE(dim);
    const matrix<TestType> raw = varied_rows<TestType>(12, dim, 11);
    const unit_embeddings<float> unit = normalize(raw);
    REQUIRE(unit.rows() == 12);
    REQUIRE(unit.dim() == dim);
    for (idx_t i = 0; i < 12; ++i) {
        CAPTURE(i);
        const long double length = reference::norm(raw.row(i), dim);
        double worst = 0;  // in units of the bound: float(1 / norm) and the product round once each
        for (idx_t k = 0; k < dim; ++k) {
            const long double exact = reference::widen(raw(i, k)) / length;
            const double bound = 1.2e-7 * double(std::fabs(exact)) + 0x1p-149;
            worst = std::max(worst, double(std::fabs((long double)(unit(i, k)) - exact)) / bound);
        }
        CHECK(worst <= 1.0);
        CHECK(off_unit(unit, i) <= 1.2e-7);
    }
}

TEMPLATE_TEST_CASE("norms are exact to half a unit in the last place of a float", "[normalize]", float, float16) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 2, 15, 16, 17, 31, 33, 127, 129, 512, 1152, 4096);
    CAPTURE(dim);
    const matrix<TestType> raw = varied_rows<TestType>(12, dim, 12);
    const unitsphere::array<double> lengths = norms(raw);
    REQUIRE(lengths.size() == 12);
    std::vector<double> written(12, -1.0);
    norms_into(raw, written);
    for (idx_t i = 0; i < 12; ++i) {
        CAPTURE(i);
        const long double exact = reference::norm(raw.row(i), dim);
        const double length = lengths[i];
        CHECK(double(std::fabs((long double)(length)-exact)) <= 1e-6 * float_ulp(exact));
        if (exact < 3e38L)
            CHECK(double(std::fabs((long double)(float(length)) - exact)) <= (0.5 + 1e-6) * float_ulp(exact));
        CHECK(reference::bits(written[std::size_t(i)]) == reference::bits(length));
    }
}

TEST_CASE("norms of the largest and the smallest floats neither overflow nor underflow", "[normalize]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 2, 16, 33, 512, 4096);
    CAPTURE(dim);
    const float magnitude = GENERATE(3e38f, std::numeric_limits<float>::max(), 1e-38f, 1e-45f, 1.1754944e-38f);
    CAPTURE(magnitude);
    matrix<float> raw(1, dim);
    for (idx_t k = 0; k < dim; ++k) raw(0, k) = k % 3 == 1 ? -magnitude : magnitude;
    CHECK_THAT(norms(raw)[0], WithinRel(double(magnitude) * std::sqrt(double(dim)), 1e-12));
    const unit_embeddings<float> unit = normalize(raw);
    CHECK(off_unit(unit, 0) <= 1.2e-7);
    CHECK(unit(0, 0) > 0);
}

TEST_CASE("half rows whose squares overflow or underflow half normalize to unit length", "[normalize]") {
    const std::array<float16, 3> small{float16(1e-4f), float16(1e-4f), float16(2e-4f)};
    CHECK(off_unit(normalize(small), 0) <= 1.2e-7);
    const std::array<float16, 2> large{float16(65504.0f), float16(-65504.0f)};
    CHECK(off_unit(normalize(large), 0) <= 1.2e-7);
    CHECK_THAT(norms(large)[0], WithinRel(65504.0 * std::sqrt(2.0), 1e-12));
    const std::array<float16, 2> subnormal{float16::from_bits(1), float16::from_bits(1)};
    CHECK(off_unit(normalize(subnormal), 0) <= 1.2e-7);
}

TEST_CASE("a row far below any eps still normalizes", "[normalize]") {
    const unit_embeddings<float> unit = normalize(std::vector<float>{1e-13f, 0, 0, 0});
    CHECK_THAT(unit(0, 0), WithinAbs(1.0, 1.2e-7));
    CHECK(all_zero(unit.row(0) + 1, 3));
}

TEST_CASE("a power of two on a row changes no bit of its unit row while its values stay normal", "[normalize]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 2, 3, 17, 130);
    CAPTURE(dim);
    const matrix<float> raw = random_rows<float>(4, dim, 13);
    const unit_embeddings<float> expected = normalize(raw);
    for (const int exponent : {-105, -100, -64, -1, 1, 64, 100, 122, 125}) {  // values within 2^-21 .. 2^2
        CAPTURE(exponent);
        matrix<float> moved = raw;
        for (idx_t k = 0; k < 4 * dim; ++k) moved.data()[k] = std::ldexp(moved.data()[k], exponent);
        CHECK(first_difference(normalize(moved), expected) == "");
    }
}

TEST_CASE("rows scaled to the largest and smallest normal floats keep their unit rows", "[normalize]") {
    const std::vector<std::vector<float>> shapes{
        {1.25f}, {1.0f, 1.5f}, {1.0f, -1.25f, 1.75f}, {0.0f, 1.0f, 0.0f, 1.9f}};
    for (const auto& middle : shapes)
        for (const int exponent : {-126, -125, -124, 124, 125, 126, 127}) {
            CAPTURE(middle, exponent);
            std::vector<float> moved = middle;
            for (float& x : moved) x = std::ldexp(x, exponent);
            CHECK(first_difference(normalize(moved), normalize(middle)) == "");
        }
}

TEMPLATE_LIST_TEST_CASE("a unit row does not depend on its batch, stride or alignment", "[normalize]", element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 7, 16, 33, 129, 512);
    CAPTURE(dim);
    const matrix<TestType> raw = varied_rows<TestType>(7, dim, 14);
    const unit_embeddings<float> expected = normalize(raw);
    for (idx_t i = 0; i < 7; ++i)
        CHECK(first_difference(normalize(part(raw, i, 1)), matrix_view<const float>(expected.row(i), 1, dim)) == "");
    for (const idx_t gap : {0, 1, 5})
        for (const idx_t shift : {1, 3, 8}) {
            CAPTURE(gap, shift);
            const laid_out<TestType> moved(raw, gap, shift);
            CHECK(first_difference(normalize(moved.view()), expected) == "");
            CHECK(norms(moved.view()) == norms(raw));
        }
}

TEST_CASE("a half row has the unit row of the same numbers in float", "[normalize]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 15, 16, 17, 512);
    const matrix<float16> halves = varied_rows<float16>(6, dim, 15);
    matrix<float> floats(6, dim);
    for (idx_t k = 0; k < 6 * dim; ++k) floats.data()[k] = float(reference::widen(halves.data()[k]));
    CHECK(first_difference(normalize(halves), normalize(floats)) == "");
    CHECK(norms(halves) == norms(floats));
}

TEST_CASE("normalizing into the caller's memory, in place and into new memory give the same bits", "[normalize]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 31, 130);
    CAPTURE(dim);
    const matrix<float> raw = varied_rows<float>(6, dim, 16);
    const unit_embeddings<float> expected = normalize(raw);

    laid_out<float> out(untouched(6, dim), 3, 1);
    const unit_view<float> written = unitsphere::normalize_into(raw, out.view());
    CHECK(first_difference(written, expected) == "");
    CHECK(written.data() == out.view().data());
    CHECK(written.stride() == dim + 3);

    laid_out<float> rows(raw, 2, 1);
    const unit_view<float> in_place = unitsphere::normalize_in_place(rows.view());
    CHECK(first_difference(in_place, expected) == "");
    CHECK(in_place.data() == rows.view().data());

    laid_out<float> same(raw, 2, 1);
    unitsphere::normalize_into(same.view(), same.view());
    CHECK(first_difference(same.view(), expected) == "");
}

TEST_CASE("normalizing twice changes nothing beyond rounding", "[normalize]") {
    const unit_embeddings<float> once = normalize(varied_rows<float>(12, 512, 17));
    const unit_embeddings<float> twice = normalize(once.values());
    double worst = 0;
    for (idx_t i = 0; i < 12; ++i) {
        for (idx_t k = 0; k < 512; ++k) worst = std::max(worst, std::fabs(double(once(i, k)) - double(twice(i, k))));
        CHECK(off_unit(twice, i) <= 1.2e-7);
    }
    CHECK(worst <= 2.4e-7);
}

TEST_CASE("a vector, an array, a matrix and another library's rows normalize alike", "[normalize]") {
    const std::vector<float> vector{3, 0, 4};
    const std::array<float, 3> array{3, 0, 4};
    const unit_embeddings<float> expected = normalize(vector);
    CHECK(expected.rows() == 1);
    CHECK_THAT(expected(0, 0), WithinAbs(0.6, 1.2e-7));
    CHECK_THAT(expected(0, 2), WithinAbs(0.8, 1.2e-7));
    CHECK(first_difference(normalize(array), expected) == "");
    CHECK(first_difference(normalize(other_library::tensor{vector.data(), 1, 3}), expected) == "");
    CHECK(norms(other_library::tensor{vector.data(), 1, 3})[0] == 5.0);
}

TEST_CASE("norms refuses memory of the rows, and another size, and writes nothing", "[normalize]") {
    matrix<double> rows = random_rows<double>(2, 3, 18);
    const matrix<double> before = rows;
    CHECK(message_of<unitsphere::shape_error>([&] { norms_into(rows, matrix_view<double>(rows.data(), 1, 2)); }) ==
          "norms: out overlaps the rows");
    CHECK(message_of<unitsphere::shape_error>([&] { norms_into(rows, matrix_view<double>(rows.data() + 4, 1, 2)); }) ==
          "norms: out overlaps the rows");
    std::vector<double> three(3);
    CHECK(message_of<unitsphere::shape_error>([&] { norms_into(rows, three); }) ==
          "norms: out is 1 x 3, it must be 1 x 2");
    CHECK(first_difference(rows, before) == "");
}

TEST_CASE("no rows and rows of dim 0 are legal", "[normalize]") {
    CHECK(normalize(matrix<float>(0, 512)).rows() == 0);
    CHECK(normalize(matrix<float>(0, 512)).dim() == 512);
    CHECK(normalize(matrix<float16>(5, 0)).rows() == 5);
    CHECK(listed(norms(matrix<float>(5, 0))) == std::vector<double>(5, 0.0));
    CHECK(norms(matrix<float>(0, 5)).empty());
    matrix<float> none(0, 3);
    CHECK(unitsphere::normalize_in_place(none).rows() == 0);
}

}  // namespace tests
