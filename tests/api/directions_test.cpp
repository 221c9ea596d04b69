#include <algorithm>
#include <cmath>

#include <unitsphere/directions.hpp>
#include <unitsphere/normalize.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "random_rows.hpp"
#include "troubled_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

using vector = std::vector<long double>;

vector scaled_to_unit(vector x) {
    long double sum = 0;
    for (const long double v : x) sum += v * v;
    for (long double& v : x) v /= std::sqrt(sum);
    return x;
}
template <class T>
vector sum_of_units(const matrix<T>& rows, const std::vector<double>& weights) {
    vector sum(std::size_t(rows.dim()), 0);
    for (idx_t i = 0; i < rows.rows(); ++i) {
        const vector unit = reference::unit(rows, i);
        for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += (long double)(weights[std::size_t(i)]) * unit[k];
    }
    return sum;
}

// An element of a unit row is off by 1.5 roundings, so the sum of n of them by 1.5 n * 2^-24 at most; dividing by the
// length of the sum (at least a hundredth of n in these tests) scales that up.
constexpr double bound = 150 * 0x1p-24;

/// Many rows, some of them zero or not finite.
matrix<float> troubled_rows_many(idx_t rows, idx_t dim) {
    matrix<float> result = random_rows<float>(rows, dim, 170);
    const matrix<float> trouble = troubled_rows<float>(dim);
    for (idx_t i = 5; i < rows; i += 97)
        std::memcpy(result.row(i), trouble.row(i % 8), std::size_t(dim) * sizeof(float));
    return result;
}

}  // namespace

template <class Rows, class Weights>
unit_embeddings<float> weighted_mean(const Rows& rows, const Weights& weights) {
    return mean_direction(rows, {}, {{}, {}, weights});
}

TEMPLATE_LIST_TEST_CASE("mean_direction is the renormalized mean of unit rows", "[directions]", element_types) {
    const idx_t n = GENERATE(1, 2, 7), dim = GENERATE(1, 15, 16, 17, 512);
    const auto rows = random_rows<TestType>(n, dim, 151);
    const auto mean = mean_direction(rows);
    REQUIRE(mean.rows() == 1);
    const vector sum = sum_of_units(rows, std::vector<double>(std::size_t(n), 1.0));
    if (n == 2 && dim == 1 && sum[0] == 0) return;  // two opposite numbers have no mean direction
    CHECK(largest_error(mean, 0, scaled_to_unit(sum)) <= bound);
    CHECK(first_difference(mean, weighted_mean(normalize(rows), std::vector<float>(std::size_t(n), 1.0f))) == "");
}

TEST_CASE("mean_direction with weights agrees with the formula, for negative weights too", "[directions]") {
    const auto rows = varied_rows<float>(4, 100, 152);
    const std::vector<double> weights{1.0, -0.5, 2.0, 0.25};
    CHECK(largest_error(weighted_mean(rows, weights), 0, scaled_to_unit(sum_of_units(rows, weights))) <= bound);
    const std::array<float, 4> as_float{1.0f, -0.5f, 2.0f, 0.25f};
    CHECK(first_difference(weighted_mean(rows, as_float), weighted_mean(rows, weights)) == "");
}

TEST_CASE("sums of directions that go from block to block are those of all rows", "[directions]") {
    const idx_t n = 50, dim = 37;
    auto rows = random_rows<float>(n, dim, 75);
    for (idx_t k = 0; k < dim; ++k) rows(17, k) = 0;
    std::vector<double> weights(n), alone(n, 1.0);
    std::vector<int> places(n);
    generator random(76);
    for (idx_t i = 0; i < n; ++i) {
        weights[std::size_t(i)] = 0.25 + double(random.below(100)), places[std::size_t(i)] = int(random.below(3));
    }
    matrix<double> sums(1, dim), weighted(1, dim), three(3, dim);
    row_report report;
    idx_t zero_rows = 0;
    for (idx_t first = 0, count = 0; first < n; first += count) {
        count = std::min(n - first, random.below(20));
        const matrix_view<const float> block(rows.row(first), count, dim);
        const std::vector<double> some(weights.begin() + first, weights.begin() + first + count);
        const std::vector<int> of_row(places.begin() + first, places.begin() + first + count);
        add_directions(block, sums, {}, {{on_row::keep, on_row::nan, &report}, {}, {}});
        add_directions(normalize(block), weighted, {}, {{}, some, {}});
        add_directions(block, three, {}, {{}, {}, of_row});
        zero_rows += report.zero_rows;
    }
    CHECK(zero_rows == 1);
    CHECK(first_difference(normalize(sums), mean_direction(rows)) == "");
    CHECK(first_difference(normalize(weighted), mean_direction(rows, {}, {{}, {}, weights})) == "");
    for (int place = 0; place < 3; ++place) {
        for (idx_t i = 0; i < n; ++i) alone[std::size_t(i)] = places[std::size_t(i)] == place && i != 17;
        auto without = rows;
        without(17, 0) = 1;  // whose weight is 0
        const vector exact = sum_of_units(without, alone);
        for (idx_t k = 0; k < dim; ++k) CHECK(std::fabs(three(place, k) - double(exact[std::size_t(k)])) < bound);
    }
}

TEST_CASE("add_directions refuses what does not fit, and adds nothing", "[directions]") {
    auto rows = random_rows<float>(3, 4, 77);
    matrix<double> sums(2, 4), wide(2, 5);
    const std::vector<int> places{0, 1, 2}, few{0}, below{0, -1, 1};
    const std::vector<double> broken{1, double(infinity), 1}, between{0, 1, 0.5}, unknown{0, 1, std::nan("")};
    const auto text = [&](auto&& error, auto& to, const add_directions_options& options) {
        return message_of<std::decay_t<decltype(error)>>([&] { add_directions(rows, to, {}, options); });
    };
    CHECK(text(shape_error(""), wide, {}) == "add_directions: rows have dim 4, sums have dim 5");
    CHECK(text(shape_error(""), sums, {{}, {}, few}) == "add_directions: 3 rows, sum_of_row has 1 entries");
    CHECK(text(shape_error(""), sums, {{}, few, {}}) == "add_directions: 3 rows, weights has 1 entries");
    CHECK(text(value_error(""), sums, {{}, broken, {}}) == "add_directions: weight 1 is not finite");
    CHECK(text(value_error(""), sums, {{}, {}, places}) == "add_directions: row 2 goes to sum 2, there are 2");
    CHECK(text(value_error(""), sums, {{}, {}, below}) == "add_directions: row 1 goes to sum -1, there are 2");
    CHECK(text(value_error(""), sums, {{}, {}, between}) == "add_directions: row 2 goes to sum 0.5, there are 2");
    CHECK(text(value_error(""), sums, {{}, {}, unknown}) == "add_directions: row 2 goes to sum nan, there are 2");
    const matrix_view<const double> same(sums.data(), 2, 4);
    CHECK(message_of<shape_error>([&] { add_directions(same, sums); }) == "add_directions: sums overlaps the rows");
    rows(2, 1) = infinity;
    CHECK(text(value_error(""), sums, {}) == "add_directions: row 2 is not finite");
    CHECK(std::count(sums.data(), sums.data() + 8, 0.0) == 8);
}

TEST_CASE("mean_direction depends only on the ratios of the weights", "[directions]") {
    const auto rows = random_rows<float>(2, 30, 162);
    const auto mean = weighted_mean(rows, std::vector<double>{1.0, 0.5});
    for (const double size : {0x1p1023, 0x1p-1000, 4.0})
        CHECK(first_difference(weighted_mean(rows, std::vector<double>{size, size / 2}), mean) == "");
    CHECK(first_difference(weighted_mean(rows, std::vector<int>{2, 1}), mean) == "");
    CHECK(all_zero(weighted_mean(rows, std::vector<double>{0.0, 0.0}).row(0), 30));
}

TEST_CASE("a mean without a direction is a zero row and counted; bad input is refused", "[directions]") {
    matrix<float> rows(2, 3);
    rows(0, 1) = 2.0f, rows(1, 1) = -5.0f;
    row_report report;
    CHECK(all_zero(mean_direction(rows, {}, {{}, {on_row::keep, on_row::nan, &report}}).row(0), 3));
    CHECK(report.zero_rows == 1);
    rows(1, 2) = reference::float_from_bits(0x7fc00000u);
    CHECK(message_of<value_error>([&] { mean_direction(rows); }) == "mean_direction: row 1 is not finite");
    CHECK(message_of<value_error>([&] { centroid(rows); }) == "centroid: row 1 is not finite");
    CHECK(message_of<value_error>([&] { mean_direction(matrix<float>(0, 3)); }) == "mean_direction: there are no rows");
    CHECK(message_of<shape_error>([&] { weighted_mean(rows, std::vector<float>{1.0f}); }) ==
          "mean_direction: 2 rows, weights has 1 entries");
    CHECK(message_of<shape_error>([&] { weighted_mean(rows, std::vector<float>()); }) ==
          "mean_direction: 2 rows, weights has 0 entries");
    CHECK(message_of<value_error>([&] {
              weighted_mean(rows, std::vector<float>{1.0f, reference::float_from_bits(0x7f800000u)});
          }) == "mean_direction: weight 1 is not finite");
    CHECK(message_of<value_error>([&] { centroid(matrix<float>(2, 3)); }) == "centroid: all 2 rows are zero");
}

TEST_CASE("a centroid is the mean of the unit rows that have a direction", "[directions]") {
    const idx_t dim = GENERATE(1, 16, 17, 512);
    auto rows = random_rows<float>(6, dim, 153);
    std::memset(rows.row(2), 0, std::size_t(dim) * sizeof(float));
    const matrix<float> mean = centroid(rows);
    vector expected = sum_of_units(rows, std::vector<double>(6, 1.0));
    for (long double& x : expected) x /= 5;
    CHECK(largest_error(mean, 0, expected) <= 2 * 0x1p-24);
}

TEST_CASE("center subtracts a mean from unit rows; zero rows stay zero", "[directions]") {
    const idx_t dim = GENERATE(1, 16, 17, 100);
    auto rows = random_rows<float>(5, dim, 154);
    std::memset(rows.row(3), 0, std::size_t(dim) * sizeof(float));
    const matrix<float> mean = centroid(rows);
    row_report report;
    const matrix<float> centered = center(rows, mean, {}, {on_row::keep, on_row::nan, &report});
    CHECK(report.zero_rows == 1);
    for (const idx_t i : {idx_t(0), idx_t(1), idx_t(2), idx_t(4)}) {
        vector expected = reference::unit(rows, i);
        for (std::size_t k = 0; k < expected.size(); ++k) expected[k] -= (long double)(mean(0, idx_t(k)));
        CHECK(largest_error(centered, i, expected) <= 4 * 0x1p-24);
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
    CHECK(first_difference(center(adopt_unit(rows), mean, {}, {on_row::keep, on_row::nan, &report}), silent) == "");
    CHECK(all_nan(silent.row(1), 20));
    CHECK(reference::is_finite_row(silent.row(0), 20));
    CHECK(report.non_finite_rows == 1);
}

TEMPLATE_LIST_TEST_CASE("truncate_dim keeps the first elements and renormalizes", "[directions]", element_types) {
    const auto rows = random_rows<TestType>(4, 64, 155);
    const idx_t dims = GENERATE(1, 15, 16, 17, 64);
    const auto cut = truncate_dim(rows, dims);
    REQUIRE(cut.dim() == dims);
    matrix<TestType> first(4, dims);
    for (idx_t i = 0; i < 4; ++i)
        for (idx_t k = 0; k < dims; ++k) first(i, k) = rows(i, k);
    CHECK(first_difference(cut, normalize(first)) == "");
    for (idx_t i = 0; i < 4; ++i) CHECK(largest_error(cut, i, reference::unit(first, i)) <= 3 * 0x1p-24);
    CHECK(message_of<shape_error>([&] { truncate_dim(rows, 65); }) == "truncate_dim: 65 of dim 64 cannot be kept");
    CHECK(message_of<shape_error>([&] { truncate_dim(rows, 0); }) == "truncate_dim: 0 of dim 64 cannot be kept");
}

TEST_CASE("means in the caller's memory are those of new rows, and refuse memory of their input", "[directions]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 17, 100);
    matrix<float> rows = random_rows<float>(6, dim, 171);
    const std::vector<double> weights{1.0, -0.5, 2.0, 0.25, 3.0, 0.0};
    const matrix<float> before = rows;
    std::vector<float> mean(std::size_t(dim), 9.0f), mixed(mean), center_of(mean);
    unitsphere::workspace space;
    CHECK(first_difference(mean_direction_into(rows, mean), mean_direction(rows)) == "");
    CHECK(first_difference(to_view(mean), mean_direction(rows)) == "");
    mean_direction_into(rows, mixed, {on_threads{2}, space}, {{}, {}, weights});
    CHECK(first_difference(to_view(mixed), weighted_mean(rows, weights)) == "");
    centroid_into(rows, center_of, space);
    CHECK(first_difference(to_view(center_of), centroid(rows)) == "");
    const matrix_view<float> inside(rows.data(), 1, dim);
    CHECK(message_of<shape_error>([&] { mean_direction_into(rows, inside); }) ==
          "mean_direction: out overlaps the rows");
    CHECK(message_of<shape_error>([&] { centroid_into(rows, inside); }) == "centroid: out overlaps the rows");
    std::vector<float> own_weights(6, 1.0f);
    const matrix_view<float> in_weights(own_weights.data(), 1, dim < 6 ? dim : 1);
    if (dim == 1)
        CHECK(message_of<shape_error>([&] {
                  mean_direction_into(rows, in_weights, {}, {{}, {}, own_weights});
              }) == "mean_direction: out overlaps the weights");
    CHECK(message_of<shape_error>([&] { mean_direction_into(rows, rows); }) ==
          "mean_direction: out is 6 x " + std::to_string(dim) + ", it must be 1 x " + std::to_string(dim));
    CHECK(first_difference(rows, before) == "");
}

TEST_CASE("mean_direction reports zero rows, and its policy decides what a mean without a direction is",
          "[directions]") {
    matrix<float> rows(3, 20);
    rows(0, 1) = 2.0f, rows(2, 1) = -5.0f;
    row_report of_rows{9, 9, 9, 9}, of_mean{9, 9, 9, 9};
    const row_policy counted_rows{on_row::keep, on_row::nan, &of_rows};
    mean_direction(rows, {}, {counted_rows, {on_row::keep, on_row::nan, &of_mean}});
    CHECK(same(of_rows, {1, 0, 1, -1}));
    CHECK(same(of_mean, {1, 0, 0, -1}));
    CHECK(all_nan(mean_direction(rows, {}, {{}, {on_row::nan}}).row(0), 20));
    CHECK(all_nan(mean_direction(rows, {}, {{on_row::nan}}).row(0), 20));
    matrix<float> out = untouched(1, 20);
    of_rows = {9, 9, 9, 9};
    CHECK(message_of<value_error>([&] {
              mean_direction_into(rows, out, {}, {counted_rows, {on_row::error}});
          }) == "mean_direction: mean, row 0 is zero");
    CHECK(message_of<value_error>([&] { mean_direction_into(rows, out, {}, {{on_row::error}}); }) ==
          "mean_direction: row 1 is zero");
    CHECK(same(of_rows, {9, 9, 9, 9}));
    CHECK(first_difference(out, untouched(1, 20)) == "");
    rows(0, 0) = 1.0f;
    centroid(rows, {}, {counted_rows});
    CHECK(same(of_rows, {1, 0, 1, -1}));
    CHECK(message_of<value_error>([&] { centroid_into(rows, out, {}, {{on_row::error}}); }) ==
          "centroid: row 1 is zero");
    rows(1, 3) = reference::float_from_bits(0x7fc00000u);
    CHECK(message_of<value_error>([&] { mean_direction_into(rows, out); }) == "mean_direction: row 1 is not finite");
    CHECK(message_of<value_error>([&] {
              centroid_into(rows, out, {}, {{on_row::keep, on_row::nan}});
          }) == "centroid: row 1 is not finite");
    CHECK(first_difference(out, untouched(1, 20)) == "");
}

TEST_CASE("center_into gives the bits of center, in place and with threads", "[directions]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 17, 100);
    const matrix<float> rows = troubled_rows_many(700, dim), mean = random_rows<float>(1, dim, 172);
    const matrix<float> expected = center(rows, mean);
    row_report alone, together;
    center(rows, mean, {}, {on_row::keep, on_row::nan, &alone});
    matrix<float> in_place = rows, out(700, dim);
    center_into(in_place, mean, in_place, on_threads{3}, {on_row::keep, on_row::nan, &together});
    CHECK(first_difference(in_place, expected) == "");
    CHECK(same(together, alone));
    center_into(normalize(rows), mean, out, on_threads{2});
    CHECK(first_difference(out, expected) == "");
    matrix<float> shifted = rows, own_mean = mean;
    const matrix_view<float> some(shifted.data(), 600, dim), others(shifted.data() + 1, 600, dim);
    CHECK(message_of<shape_error>([&] { center_into(some, mean, others); }) == "center: out overlaps the rows");
    const matrix_view<float> one(own_mean.data(), 1, dim);
    CHECK(message_of<shape_error>([&] { center_into(part(rows, 0, 1), own_mean, one); }) ==
          "center: out overlaps mean");
    CHECK(first_difference(shifted, rows) == "");
}

}  // namespace tests
