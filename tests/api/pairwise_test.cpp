// pairwise_cosine: row i with row i, with the bits of the matrix's diagonal.
#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

TEMPLATE_LIST_TEST_CASE("pairwise_cosine has the bits of the matrix's diagonal", "[pairwise]", element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 3, 4, 16, 127, 128, 129, 257, 512);
    const idx_t n = GENERATE(as<idx_t>{}, 1, 2, 15, 16, 17, 33);
    CAPTURE(dim, n);
    const auto a = varied_rows<TestType>(n, dim, 121);
    const auto b = varied_rows<float>(n, dim, 122);
    const laid_out<TestType> spread(a, 3, 1);
    const matrix<float> all = cosine_similarity(a, b);
    const array<float> pairs = pairwise_cosine(spread.view(), b), unit_pairs = pairwise_cosine(b, normalize(a));
    REQUIRE(idx_t(pairs.size()) == n);
    int wrong = 0;
    for (idx_t i = 0; i < n; ++i) {
        wrong += reference::bits(pairs[i]) != reference::bits(all(i, i));
        wrong += reference::bits(unit_pairs[i]) != reference::bits(all(i, i));
    }
    CHECK(wrong == 0);
}

TEST_CASE("rows without a direction score 0 or NaN in their pair alone, and are counted", "[pairwise]") {
    auto a = random_rows<float>(20, 40, 123), b = random_rows<float>(20, 40, 124);
    std::memset(a.row(3), 0, 160);
    b(17, 39) = reference::float_from_bits(0x7f800000u);
    row_report report_a, report_b;
    const array<float> scores =
        pairwise_cosine(a, b, {}, {{on_row::keep, on_row::nan, &report_a}, {on_row::keep, on_row::nan, &report_b}});
    CHECK(report_a.zero_rows == 1);
    CHECK(report_a.first_zero == 3);
    CHECK(report_b.non_finite_rows == 1);
    CHECK(report_b.first_non_finite == 17);
    CHECK(reference::bits(scores[3]) == 0);
    CHECK(reference::is_nan(scores[17]));
    for (const idx_t i : {2, 4, 16, 18}) CHECK(reference::is_finite(scores[i]));
}

TEMPLATE_LIST_TEST_CASE("a cosine in double is the exact one, rounded once", "[pairwise]", element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 3, 16, 127, 512);
    CAPTURE(dim);
    const auto a = varied_rows<TestType>(33, dim, 125);
    const auto b = varied_rows<float>(33, dim, 126);
    pairwise_cosine_options options;
    options.in_double = true;
    const array<float> scores = pairwise_cosine(a, b, {}, options);
    for (idx_t i = 0; i < 33; ++i) {
        const double exact = double(reference::cosine(a.row(i), b.row(i), dim));
        CAPTURE(i);
        CHECK(std::fabs(double(scores[i]) - exact) <= 6e-8);
        CHECK(reference::bits(cosine(a[i], b[i], {{}, {}, true})) == reference::bits(scores[i]));
    }
}

TEST_CASE("a cosine in double follows the policies, and is exact where canonical ones are not", "[pairwise]") {
    auto a = random_rows<float>(5, 40, 127), b = random_rows<float>(5, 40, 128);
    std::memset(a.row(1), 0, 160);
    std::memset(b.row(4), 0, 160);
    b(2, 39) = reference::float_from_bits(0x7f800000u);
    row_report report_a, report_b;
    pairwise_cosine_options options{{on_row::keep, on_row::nan, &report_a}, {on_row::keep, on_row::nan, &report_b}};
    options.in_double = true;
    const array<float> scores = pairwise_cosine(a, b, {}, options);
    CHECK(report_a.first_zero == 1);
    CHECK(report_b.first_non_finite == 2);
    CHECK(reference::bits(scores[1]) == 0);
    CHECK(reference::is_nan(scores[2]));
    CHECK(reference::bits(scores[4]) == 0);
    options.a.zero_rows = options.b.zero_rows = on_row::nan;
    for (const idx_t i : {1, 4}) CHECK(reference::is_nan(pairwise_cosine(a, b, {}, options)[i]));
    options.a.zero_rows = on_row::error;
    CHECK_THROWS_AS(pairwise_cosine(a, b, {}, options), value_error);

    cosine_options in_double;
    in_double.in_double = true;
    const std::vector<float> right{1.0f, 1.0f}, down{1.0f, -1.0f}, ones(100, 1.0f);
    CHECK(cosine(right, down, in_double) == 0.0f);
    CHECK(cosine(ones, ones, in_double) == 1.0f);
    CHECK_THAT(cosine<double>(std::vector<double>{1e200, 1e200}, std::vector<double>{1e-200, 0.0}, in_double),
               Catch::Matchers::WithinRel(std::sqrt(0.5), 1e-15));
}

TEST_CASE("pairwise_cosine names function and both numbers when shapes disagree", "[pairwise]") {
    const matrix<float> a(3, 4), b(3, 5), c(2, 4);
    std::vector<float> four(4, -1.0f);
    const auto text = [](auto call) { return message_of<shape_error>(call); };
    CHECK(text([&] { pairwise_cosine(a, b); }) == "pairwise_cosine: a has dim 4, b has dim 5");
    CHECK(text([&] { pairwise_cosine(a, c); }) == "pairwise_cosine: a has 3 rows, b has 2 rows");
    CHECK(text([&] { pairwise_cosine_into(a, a, four); }) == "pairwise_cosine: scores is 1 x 4, it must be 1 x 3");
    CHECK(text([&] { pairwise_cosine_into(a, a, matrix_view<float>(const_cast<float*>(a.data()) + 2, 1, 3)); }) ==
          "pairwise_cosine: scores overlaps a");
    CHECK(four == std::vector<float>(4, -1.0f));
}

TEST_CASE("pairwise_cosine of no rows is empty, of no elements 0", "[pairwise]") {
    CHECK(pairwise_cosine(matrix<float>(0, 5), matrix<float>(0, 5)).empty());
    CHECK(listed(pairwise_cosine(matrix<float>(2, 0), matrix<float>(2, 0))) == std::vector<float>(2, 0.0f));
}

}  // namespace tests
