#include <cmath>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

using vector = std::vector<long double>;

/// rows[i] / |rows[i]|, from the formula.
template <class T>
vector unit_of(const matrix<T>& rows, index i) {
    vector unit(std::size_t(rows.dim()));
    const long double length = reference::norm(rows.row(i), rows.dim());
    for (index k = 0; k < rows.dim(); ++k)
        unit[std::size_t(k)] = length == 0 ? 0 : reference::widen(rows(i, k)) / length;
    return unit;
}
vector scaled_to_unit(vector x) {
    long double sum = 0;
    for (const long double v : x) sum += v * v;
    for (long double& v : x) v /= std::sqrt(sum);
    return x;
}
template <class T>
vector sum_of_units(const matrix<T>& rows, const std::vector<double>& weights) {
    vector sum(std::size_t(rows.dim()), 0);
    for (index i = 0; i < rows.rows(); ++i) {
        const vector unit = unit_of(rows, i);
        for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += (long double)(weights[std::size_t(i)]) * unit[k];
    }
    return sum;
}
/// The largest distance of an element from what it should be.
template <class Row>
double worst(const Row& row, index i, const vector& expected) {
    double largest = 0;
    for (std::size_t k = 0; k < expected.size(); ++k)
        largest = larger_error(largest, double(std::fabs((long double)(row(i, index(k))) - expected[k])));
    return largest;
}

// An element of a unit row is off by 1.5 roundings, so the sum of n of them by 1.5 n * 2^-24 at most; dividing by the
// length of the sum (at least a hundredth of n in these tests) scales that up.
constexpr double bound = 150 * 0x1p-24;

}  // namespace

TEMPLATE_LIST_TEST_CASE("mean_direction is the renormalized mean of unit rows", "[directions]", element_types) {
    const index n = GENERATE(1, 2, 7), dim = GENERATE(1, 15, 16, 17, 512);
    const auto rows = random_rows<TestType>(n, dim, 151);
    const auto mean = mean_direction(rows);
    REQUIRE(mean.rows() == 1);
    const vector sum = sum_of_units(rows, std::vector<double>(std::size_t(n), 1.0));
    if (n == 2 && dim == 1 && sum[0] == 0) return;  // two opposite numbers have no mean direction
    CHECK(worst(mean, 0, scaled_to_unit(sum)) <= bound);
    CHECK(first_difference(mean, mean_direction(normalize(rows), std::vector<float>(std::size_t(n), 1.0f))) == "");
}

TEST_CASE("weights mix directions, negative ones too", "[directions]") {
    const auto rows = varied_rows<float>(4, 100, 152);
    const std::vector<double> weights{1.0, -0.5, 2.0, 0.25};
    CHECK(worst(mean_direction(rows, weights), 0, scaled_to_unit(sum_of_units(rows, weights))) <= bound);
    const std::array<float, 4> as_float{1.0f, -0.5f, 2.0f, 0.25f};
    CHECK(first_difference(mean_direction(rows, as_float), mean_direction(rows, weights)) == "");
}

TEST_CASE("weights of any size mix by their ratios", "[directions]") {
    const auto rows = random_rows<float>(2, 30, 162);
    const auto mean = mean_direction(rows, std::vector<double>{1.0, 0.5});
    for (const double size : {0x1p1023, 0x1p-1000, 4.0})
        CHECK(first_difference(mean_direction(rows, std::vector<double>{size, size / 2}), mean) == "");
    CHECK(first_difference(mean_direction(rows, std::vector<int>{2, 1}), mean) == "");
    CHECK(all_zero(mean_direction(rows, std::vector<double>{0.0, 0.0}).row(0), 30));
}

TEST_CASE("a mean without a direction is a zero row and counted; bad input is refused", "[directions]") {
    matrix<float> rows(2, 3);
    rows(0, 1) = 2.0f, rows(1, 1) = -5.0f;
    row_report report;
    CHECK(all_zero(mean_direction(rows, &report).row(0), 3));
    CHECK(report.zero_rows == 1);
    rows(1, 2) = reference::float_from_bits(0x7fc00000u);
    CHECK(message_of<value_error>([&] { mean_direction(rows); }) == "mean_direction: row 1 is not finite");
    CHECK(message_of<value_error>([&] { centroid(rows); }) == "centroid: row 1 is not finite");
    CHECK(message_of<value_error>([&] { mean_direction(matrix<float>(0, 3)); }) == "mean_direction: there are no rows");
    CHECK(message_of<shape_error>([&] { mean_direction(rows, std::vector<float>{1.0f}); }) ==
          "mean_direction: 2 rows, weights has 1 entries");
    CHECK(message_of<value_error>([&] {
              mean_direction(rows, std::vector<float>{1.0f, reference::float_from_bits(0x7f800000u)});
          }) == "mean_direction: weight 1 is not finite");
    CHECK(message_of<value_error>([&] { centroid(matrix<float>(2, 3)); }) == "centroid: all 2 rows are zero");
}

TEST_CASE("a centroid is the mean of the unit rows that have a direction", "[directions]") {
    const index dim = GENERATE(1, 16, 17, 512);
    auto rows = random_rows<float>(6, dim, 153);
    std::memset(rows.row(2), 0, std::size_t(dim) * sizeof(float));
    const matrix<float> mean = centroid(rows);
    vector expected = sum_of_units(rows, std::vector<double>(6, 1.0));
    for (long double& x : expected) x /= 5;
    CHECK(worst(mean, 0, expected) <= 2 * 0x1p-24);
}

TEST_CASE("center subtracts a mean from unit rows; zero rows stay zero", "[directions]") {
    const index dim = GENERATE(1, 16, 17, 100);
    auto rows = random_rows<float>(5, dim, 154);
    std::memset(rows.row(3), 0, std::size_t(dim) * sizeof(float));
    const matrix<float> mean = centroid(rows);
    row_report report;
    const matrix<float> centered = center(rows, mean, {on_row::keep, on_row::nan, &report});
    CHECK(report.zero_rows == 1);
    for (const index i : {index(0), index(1), index(2), index(4)}) {
        vector expected = unit_of(rows, i);
        for (std::size_t k = 0; k < expected.size(); ++k) expected[k] -= (long double)(mean(0, index(k)));
        CHECK(worst(centered, i, expected) <= 4 * 0x1p-24);
    }
    CHECK(all_zero(centered.row(3), dim));
    matrix<float> bad = mean;
    bad(0, dim - 1) = reference::float_from_bits(0x7f800000u);
    CHECK(message_of<value_error>([&] { center(rows, bad); }) == "center: mean is not finite");
    CHECK(message_of<shape_error>([&] { center(rows, matrix<float>(1, dim + 1)); }) ==
          "center: mean is 1 x " + std::to_string(dim + 1) + ", it must be 1 x " + std::to_string(dim));
}

TEST_CASE("center makes adopted rows with NaN or Inf NaN in every element, with a report and without", "[directions]") {
    matrix<float> rows(2, 20);
    rows(0, 3) = 1.0f, rows(1, 4) = reference::float_from_bits(0x7f800000u);
    const matrix<float> mean = random_rows<float>(1, 20, 161);
    row_report report;
    const matrix<float> silent = center(adopt_unit(rows), mean);
    CHECK(first_difference(center(adopt_unit(rows), mean, {on_row::keep, on_row::nan, &report}), silent) == "");
    CHECK(all_nan(silent.row(1), 20));
    CHECK(reference::is_finite_row(silent.row(0), 20));
    CHECK(report.non_finite_rows == 1);
}

TEMPLATE_LIST_TEST_CASE("truncate keeps the first elements and renormalizes", "[directions]", element_types) {
    const auto rows = random_rows<TestType>(4, 64, 155);
    const index dims = GENERATE(1, 15, 16, 17, 64);
    const auto cut = truncate(rows, dims);
    REQUIRE(cut.dim() == dims);
    matrix<TestType> first(4, dims);
    for (index i = 0; i < 4; ++i)
        for (index k = 0; k < dims; ++k) first(i, k) = rows(i, k);
    CHECK(first_difference(cut, normalize(first)) == "");
    for (index i = 0; i < 4; ++i) CHECK(worst(cut, i, unit_of(first, i)) <= 3 * 0x1p-24);
    CHECK(message_of<shape_error>([&] { truncate(rows, 65); }) == "truncate: 65 of dim 64 cannot be kept");
    CHECK(message_of<shape_error>([&] { truncate(rows, 0); }) == "truncate: 0 of dim 64 cannot be kept");
}

TEST_CASE("spherical_interpolation walks the great circle at an even pace", "[directions]") {
    const index dim = GENERATE(2, 16, 17, 512);
    const double t = GENERATE(0.0, 0.25, 0.5, 1.0, 1.5);
    const auto a = random_rows<float>(5, dim, 156);
    const auto b = random_rows<float16>(5, dim, 157);
    const auto between = spherical_interpolation(a, b, t);
    for (index i = 0; i < 5; ++i) {
        const vector u = unit_of(a, i), v = unit_of(b, i);
        const long double cosine = reference::cosine(a.row(i), b.row(i), dim), theta = std::acos(cosine);
        vector expected(u.size());
        for (std::size_t k = 0; k < u.size(); ++k)
            expected[k] = (std::sin((1 - (long double)(t)) * theta) * u[k] + std::sin((long double)(t)*theta) * v[k]) /
                          std::sin(theta);
        // the weights multiply the roundings of u and v by 1 / sin(theta) at most
        CHECK(worst(between, i, expected) <= 4 * 0x1p-24 / double(std::sin(theta)));
    }
}

TEST_CASE("between nearly equal rows the way is straight, between opposite ones there is none", "[directions]") {
    const auto a = random_rows<float>(3, 50, 158);
    const auto unit = normalize(a);
    const auto same = spherical_interpolation(a, a, 0.3);
    for (index i = 0; i < 3; ++i) CHECK(worst(same, i, unit_of(a, i)) <= 3 * 0x1p-24);
    auto opposite = a;
    for (index k = 0; k < 50; ++k) opposite(1, k) = -3.0f * a(1, k);
    CHECK(message_of<value_error>([&] { spherical_interpolation(a, opposite, 0.5); }) ==
          "spherical_interpolation: rows 1 of a and b are opposite: no way is the shortest");
    CHECK(message_of<value_error>([&] {
              spherical_interpolation(a, a, double(reference::float_from_bits(0x7fc00000u)));
          }) == "spherical_interpolation: t is not finite");
    CHECK(message_of<shape_error>([&] { spherical_interpolation(a, matrix<float>(3, 51), 0.5); }) ==
          "spherical_interpolation: a is 3 x 50, b is 3 x 51");
}

TEST_CASE("a pair with a zero row interpolates to zero, one with NaN to NaN", "[directions]") {
    auto a = random_rows<float>(3, 20, 159);
    const auto b = random_rows<float>(3, 20, 160);
    std::memset(a.row(0), 0, 80);
    a(1, 7) = reference::float_from_bits(0x7fc00000u);
    const auto between = spherical_interpolation(b, a, 0.5);
    CHECK(all_zero(between.row(0), 20));
    CHECK(all_nan(between.row(1), 20));
    CHECK(reference::is_finite_row(between.row(2), 20));
}

}  // namespace tests
