#include <cmath>

#include <unitsphere/directions.hpp>
#include <unitsphere/normalize.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "random_rows.hpp"
#include "troubled_rows.hpp"

// Points of the great circle between two rows.

namespace tests {

using namespace unitsphere;

namespace {

using vector = std::vector<long double>;

/// cos(x) a + sin(x) b for rows a and b that are orthogonal but for an angle: where the way from a at the angle x ends.
vector turned(const vector& a, const vector& b, long double x) {
    vector p(a.size());
    for (std::size_t k = 0; k < a.size(); ++k) p[k] = std::cos(x) * a[k] + std::sin(x) * b[k];
    return p;
}

matrix<float> opposite_of(const matrix<float>& rows) {
    matrix<float> result(rows.rows(), rows.dim());
    for (idx_t k = 0; k < rows.rows() * rows.dim(); ++k) result.data()[k] = -3.0f * rows.data()[k];
    return result;
}

}  // namespace

TEST_CASE("slerp agrees with its formula, for t inside and outside of 0 .. 1", "[directions]") {
    const idx_t dim = GENERATE(2, 16, 17, 512);
    const double t = GENERATE(0.0, 0.25, 0.5, 1.0, 1.5);
    const auto a = random_rows<float>(5, dim, 156);
    const auto b = random_rows<float16>(5, dim, 157);
    const auto between = slerp(a, b, t);
    for (idx_t i = 0; i < 5; ++i) {
        const vector u = reference::unit(a, i), v = reference::unit(b, i);
        const long double cosine = reference::cosine(a.row(i), b.row(i), dim), theta = std::acos(cosine);
        vector expected(u.size());
        for (std::size_t k = 0; k < u.size(); ++k)
            expected[k] = (std::sin((1 - (long double)(t)) * theta) * u[k] + std::sin((long double)(t)*theta) * v[k]) /
                          std::sin(theta);
        // the weights multiply the roundings of u and v by 1 / sin(theta) at most
        CHECK(largest_error(between, i, expected) <= 4 * 0x1p-24 / double(std::sin(theta)));
    }
}

TEST_CASE("slerp of equal rows is the row; opposite rows, a t of NaN and other dims are refused", "[directions]") {
    const auto a = random_rows<float>(3, 50, 158);
    const auto unit = normalize(a);
    const auto same = slerp(a, a, 0.3);
    for (idx_t i = 0; i < 3; ++i) CHECK(largest_error(same, i, reference::unit(a, i)) <= 3 * 0x1p-24);
    auto opposite = a;
    for (idx_t k = 0; k < 50; ++k) opposite(1, k) = -3.0f * a(1, k);
    CHECK(message_of<value_error>([&] { slerp(a, opposite, 0.5); }) ==
          "slerp: rows 1 of a and b are opposite: no way is the shortest");
    CHECK(message_of<value_error>([&] { slerp(a, a, double(reference::float_from_bits(0x7fc00000u))); }) ==
          "slerp: t is not finite");
    CHECK(message_of<shape_error>([&] { slerp(a, matrix<float>(3, 51), 0.5); }) == "slerp: a is 3 x 50, b is 3 x 51");
}

TEST_CASE("a pair with a zero row interpolates to zero, one with NaN to NaN", "[directions]") {
    auto a = random_rows<float>(3, 20, 159);
    const auto b = random_rows<float>(3, 20, 160);
    std::memset(a.row(0), 0, 80);
    a(1, 7) = reference::float_from_bits(0x7fc00000u);
    const auto between = slerp(b, a, 0.5);
    CHECK(all_zero(between.row(0), 20));
    CHECK(all_nan(between.row(1), 20));
    CHECK(reference::is_finite_row(between.row(2), 20));
}

TEST_CASE("slerp at t = 0 and t = 1 gives the rows, for opposite rows too", "[directions]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 2, 16, 17, 512);
    const auto a = random_rows<float>(4, dim, 173), b = random_rows<float>(4, dim, 174), c = opposite_of(a);
    for (idx_t i = 0; i < 4; ++i) {
        CHECK(largest_error(slerp(a, b, 0), i, reference::unit(a, i)) <= 2 * 0x1p-24);
        CHECK(largest_error(slerp(a, b, 1), i, reference::unit(b, i)) <= 2 * 0x1p-24);
        CHECK(largest_error(slerp(a, c, 0.0), i, reference::unit(a, i)) <= 2 * 0x1p-24);
        CHECK(largest_error(slerp(a, c, 1.0), i, reference::unit(c, i)) <= 2 * 0x1p-24);
    }
}

TEST_CASE("slerp of equal rows is the row for any t", "[directions]") {
    const double t = GENERATE(0.3, -1.0, 1e6, 1e17, -1e17, 1e300, -1.7976931348623157e308);
    matrix<float> row(1, 2);
    row(0, 0) = 0.6f, row(0, 1) = 0.8f;
    CHECK(largest_error(slerp(row, row, t), 0, reference::unit(row, 0)) <= 2 * 0x1p-24);
    const auto rows = random_rows<float>(3, 50, 175);
    const auto there = slerp(rows, normalize(rows), t);
    for (idx_t i = 0; i < 3; ++i) CHECK(largest_error(there, i, reference::unit(rows, i)) <= 2 * 0x1p-24);
}

TEST_CASE("slerp far outside of 0 .. 1 stays on the great circle", "[directions]") {
    // b is at the angle theta from a, up to theta^3: t * theta is the angle of the result, many turns or less than one.
    const float theta = GENERATE(1e-4f, 1e-9f, 1e-15f, 1e-30f);
    const double angle = GENERATE(0.1, 1.0, 1.5707963267948966, 3.0, 4.0, -2.0, 40.0, 1e4);
    CAPTURE(theta, angle);
    const double t = angle / std::atan(double(theta));
    matrix<float> a(1, 3), b(1, 3);
    a(0, 0) = b(0, 0) = 1.0f;
    b(0, 2) = theta;
    const vector east{1, 0, 0}, north{0, 0, 1};
    // Elements are rounded to float, the phase to 1e-16 of itself; b as floats is longer than a by theta^2 / 2, of
    // which the weights, up to 1 / theta, make theta / 2.
    CHECK(largest_error(slerp(a, b, t), 0, turned(east, north, angle)) <=
          2e-7 + 1e-15 * std::fabs(angle) + 0.5 * double(theta));
}

TEST_CASE("slerp of rows at a wide angle far outside of 0 .. 1 stays on the great circle", "[directions]") {
    const double t = GENERATE(2e6, -3.7e9, 1e17, 1e300);
    const auto a = random_rows<float>(4, 30, 176), b = random_rows<float>(4, 30, 177);
    const auto there = slerp(a, b, t);
    for (idx_t i = 0; i < 4; ++i) {
        CHECK(std::fabs(double(reference::norm(there.row(i), 30)) - 1) <= 1.2e-7);
        // what is left of the point without its parts along a and across it in the plane of a and b
        const vector u = reference::unit(a, i), v = reference::unit(b, i);
        long double uv = 0, pu = 0, pv = 0, rest = 0;
        for (std::size_t k = 0; k < 30; ++k) {
            uv += u[k] * v[k];
            pu += u[k] * (long double)(there(i, idx_t(k)));
            pv += v[k] * (long double)(there(i, idx_t(k)));
        }
        const long double across = (pv - uv * pu) / (1 - uv * uv), along = pu - uv * across;
        for (std::size_t k = 0; k < 30; ++k)
            rest += std::fabs((long double)(there(i, idx_t(k))) - along * u[k] - across * v[k]);
        CHECK(double(rest) <= 30 * 4 * 0x1p-24);
    }
}

TEST_CASE("slerp_into gives the bits of slerp, in place and with threads", "[directions]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 17, 100);
    const auto a = random_rows<float>(150, dim, 178);
    const auto b = random_rows<float>(150, dim + 1, 179);
    const matrix_view<const float> other(b.data(), 150, dim, dim + 1);
    if (dim == 1) return;  // a number has no way to its opposite
    const auto expected = slerp(a, other, 0.3);
    unitsphere::workspace space;
    laid_out<float> out(untouched(150, dim), 3, 1), in_place(a, 3, 1);
    CHECK(first_difference(slerp_into(a, other, 0.3, out.view(), {on_threads{3}, space}), expected) == "");
    CHECK(first_difference(out.view(), expected) == "");
    slerp_into(in_place.view(), other, 0.3, in_place.view(), space);
    CHECK(first_difference(in_place.view(), expected) == "");
    laid_out<float> second(other, 1, 0);
    slerp_into(a, second.view(), 0.3, second.view(), on_threads{2});
    CHECK(first_difference(second.view(), expected) == "");
}

TEST_CASE("slerp names the first opposite rows, refuses what its options refuse, and writes nothing then",
          "[directions]") {
    const auto a = random_rows<float>(200, 20, 180);
    matrix<float> b = random_rows<float>(200, 20, 181), out = untouched(200, 20);
    for (const idx_t i : {idx_t(190), idx_t(77)})
        for (idx_t k = 0; k < 20; ++k) b(i, k) = -2.0f * a(i, k);
    CHECK(message_of<value_error>([&] { slerp_into(a, b, 0.5, out, on_threads{4}); }) ==
          "slerp: rows 77 of a and b are opposite: no way is the shortest");
    std::memset(b.row(77), 0, 80);
    b(190, 4) = reference::float_from_bits(0x7f800000u);
    row_report of_a{9, 9, 9, 9}, of_b{9, 9, 9, 9};
    const row_policy zero_error{on_row::error, on_row::nan, &of_b}, bad_error{on_row::keep, on_row::error, &of_b};
    CHECK(message_of<value_error>([&] {
              slerp_into(a, b, 0.5, out, {}, {{}, zero_error});
          }) == "slerp: b, row 77 is zero");
    CHECK(message_of<value_error>([&] { slerp_into(b, a, 0.5, out, {}, {bad_error}); }) ==
          "slerp: a, row 190 is not finite");
    CHECK(same(of_b, {9, 9, 9, 9}));
    matrix<float> wide = untouched(200, 21);
    CHECK(message_of<shape_error>([&] { slerp_into(a, b, 0.5, wide); }) ==
          "slerp: out is 200 x 21, it must be 200 x 20");
    const matrix_view<float> shifted(b.data() + 1, 199, 20);
    CHECK(message_of<shape_error>([&] { slerp_into(part(a, 0, 199), part(b, 0, 199), 0.5, shifted); }) ==
          "slerp: out overlaps b");
    CHECK(first_difference(out, untouched(200, 20)) == "");
    slerp_into(a, b, 0.5, out, on_threads{3}, {{on_row::keep, on_row::nan, &of_a}, {on_row::nan, on_row::nan, &of_b}});
    CHECK(same(of_a, {0, 0, -1, -1}));
    CHECK(same(of_b, {1, 1, 77, 190}));
    CHECK((all_nan(out.row(77), 20) && all_nan(out.row(190), 20)));
}

}  // namespace tests
