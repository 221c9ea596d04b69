#include <unitsphere/linear_head.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "checks.hpp"
#include "lists.hpp"
#include "random_rows.hpp"

namespace tests {

using Catch::Matchers::WithinAbs;
using unitsphere::linear_head;
using unitsphere::shape_error;
using unitsphere::value_error;

namespace {}  // namespace

TEST_CASE("with one head the probabilities are both sigmoids of the decision", "[head]") {
    matrix<double> rows(1, 2);
    for (const double bias : {-800.0, -40.0, -1.0, 0.0, 0.3, 30.0, 800.0}) {
        rows(0, 1) = bias;
        const matrix<double> p = linear_head(rows).predict_proba(std::vector<float>{1.0f});
        REQUIRE((p.rows() == 1 && p.dim() == 2));
        const long double exact = 1 / (1 + std::exp(-(long double)(bias))),
                          rest = 1 / (1 + std::exp((long double)(bias)));
        CHECK_THAT(p(0, 1), WithinAbs(double(exact), 4e-16 * double(exact)));
        CHECK_THAT(p(0, 0), WithinAbs(double(rest), 4e-16 * double(rest)));
    }
}

TEST_CASE("with more heads the probabilities are the softmax of the decisions", "[head]") {
    const idx_t classes = GENERATE(as<idx_t>{}, 2, 3, 4, 5, 37);
    matrix<double> rows = random_head(classes, 48);
    for (idx_t k = 0; k < classes * 49; ++k) rows.data()[k] *= 1000.0;  // exp of these overflows
    const linear_head head(rows);
    CHECK(head.classes() == classes);
    const matrix<float> images = random_rows<float>(7, 48, 77);
    const matrix<double> p = head.predict_proba(images), z = head.decision_function(images);
    for (idx_t i = 0; i < 7; ++i) {
        long double sum = 0, largest = (long double)(*std::max_element(z.row(i), z.row(i) + classes));
        for (idx_t c = 0; c < classes; ++c) sum += std::exp((long double)(z(i, c)) - largest);
        for (idx_t c = 0; c < classes; ++c) {
            const double exact = double(std::exp((long double)(z(i, c)) - largest) / sum);
            CHECK_THAT(p(i, c), WithinAbs(exact, 1e-13 * exact + 1e-300));
        }
    }
}

TEST_CASE("a head returns the labels that it was given for its classes", "[head]") {
    matrix<double> rows(1, 2);
    rows(0, 0) = 1.0;
    const linear_head plain(rows), head = plain.with_labels(std::vector<int>{7, 5});
    const std::vector<float> up{1.0f}, down{-1.0f}, nowhere{std::numeric_limits<float>::quiet_NaN()};
    CHECK((!plain.has_own_labels() && head.has_own_labels()));
    CHECK(listed(plain.labels()) == std::vector<idx_t>{0, 1});
    CHECK(listed(head.labels()) == std::vector<idx_t>{7, 5});
    CHECK((head.predict(up)[0] == 5 && head.predict(down)[0] == 7 && head.predict(nowhere)[0] == -1));
    CHECK((head.predict(up, 0.99)[0] == 7 && head.predict(up, 0.7)[0] == 5));
    const linear_head signs = plain.with_labels(std::vector<int>{-1, 1});
    CHECK((signs.predict(down)[0] == -1 && signs.predict(up)[0] == 1));
    CHECK((signs.no_label() == std::numeric_limits<idx_t>::min() && signs.predict(nowhere)[0] == signs.no_label()));
    CHECK_FALSE(signs.with_labels(std::vector<int>{0, 1}).has_own_labels());
    CHECK(message_of<shape_error>([&] {
              plain.with_labels(std::vector<int>{1, 2, 3});
          }) == "linear_head::with_labels: 3 labels, 2 classes");
    CHECK(message_of<value_error>([&] {
              plain.with_labels(std::vector<int>{4, 4});
          }) == "linear_head::with_labels: classes 0 and 1 have the same label 4");
    CHECK(message_of<value_error>([&] {
              plain.with_labels(std::vector<std::uint64_t>{UINT64_MAX >> 1, UINT64_MAX});
          }) == "linear_head::with_labels: entry 1 is 18446744073709551615, which exceeds 2^63 - 1");
}

TEST_CASE("a label is the largest decision, of equal ones the lower class", "[head]") {
    matrix<double> rows(4, 2);
    const double biases[4] = {1, 3, 3, -2};
    for (idx_t h = 0; h < 4; ++h) rows(h, 1) = biases[h];
    CHECK(listed(linear_head(rows).predict(std::vector<float>{2.0f})) == std::vector<idx_t>{1});
    for (idx_t h = 0; h < 4; ++h) rows(h, 1) = -5.0;  // all below 0
    CHECK(listed(linear_head(rows).predict(std::vector<float>{2.0f})) == std::vector<idx_t>{0});

    const matrix<double> many = random_head(7, 33);
    const matrix<float> images = random_rows<float>(50, 33, 78);
    const matrix<double> z = linear_head(many).decision_function(images);
    const auto labels = linear_head(many).predict(images);
    for (idx_t i = 0; i < 50; ++i) CHECK(labels[i] == std::max_element(z.row(i), z.row(i) + 7) - z.row(i));
}

TEST_CASE("with one head the label is 1 where the decision is positive, and 0 at 0", "[head]") {
    matrix<double> rows(1, 2);
    for (const double bias : {-1e-300, 0.0, 1e-300}) {
        rows(0, 1) = bias;
        CHECK(listed(linear_head(rows).predict(std::vector<float>{1.0f})) == std::vector<idx_t>{bias > 0 ? 1 : 0});
    }
}

TEST_CASE("rows with infinite decisions have labels, rows with NaN have none", "[head]") {
    matrix<double> rows(1, 3);
    rows(0, 0) = rows(0, 1) = 1.7e308;
    const linear_head head(rows);
    CHECK(listed(head.predict(std::vector<float>{1.0f, 1.0f})) == std::vector<idx_t>{1});
    CHECK(listed(head.predict(std::vector<float>{-1.0f, -1.0f})) == std::vector<idx_t>{0});
    CHECK(listed(head.predict(std::vector<float>{-1.0f, -1.0f}, 0.5)) == std::vector<idx_t>{0});
    CHECK(listed(head.predict(std::vector<float>{std::numeric_limits<float>::infinity(), 1.0f})) ==
          std::vector<idx_t>{-1});
}

TEST_CASE("a row has no label where the decision of any head is NaN", "[head]") {
    const idx_t bad = GENERATE(0, 1, 2);
    matrix<double> rows(3, 129);
    for (idx_t k = 0; k < 128; ++k) rows(bad, k) = k % 8 < 4 ? 1.7e308 : -1.7e308;  // lanes of Inf and of -Inf
    for (idx_t h = 0; h < 3; ++h) rows(h, 128) = double(h + 1);
    const linear_head head(rows);
    const std::vector<float> ones(128, 1.0f);
    REQUIRE(reference::is_nan(head.decision_function(ones)(0, bad)));
    CHECK(head.predict(ones)[0] == -1);
}

TEST_CASE("a flag is the comparison of the probability of class 1 with the threshold", "[head]") {
    const linear_head head(random_head(1, 40));
    const matrix<float> images = random_rows<float>(200, 40, 79);
    const matrix<double> p = head.predict_proba(images);
    for (const double threshold : {0.0, 0.07, 0.5, 0.93, p(3, 1), 1.0}) {
        const auto flags = head.predict(images, threshold);
        for (idx_t i = 0; i < 200; ++i) CHECK(flags[i] == (p(i, 1) >= threshold ? 1 : 0));
    }
    CHECK(listed(head.predict(part(images, 3, 1), p(3, 1))) == std::vector<idx_t>{1});
    CHECK(listed(head.predict(part(images, 3, 1), std::nextafter(p(3, 1), 2.0))) == std::vector<idx_t>{0});
}

TEST_CASE("labels of many heads and rows are those of the decisions, ties too", "[head]") {
    const idx_t heads = GENERATE(as<idx_t>{}, 2, 63, 64, 65, 130), n = GENERATE(as<idx_t>{}, 1, 31, 32, 33, 97);
    matrix<double> rows = random_head(heads, 9);
    for (idx_t k = 0; k < 10; ++k) rows(heads - 1, k) = rows(0, k);  // equal decisions: the first of them is the label
    for (idx_t h = 0; h < heads; ++h) rows(h, 9) -= 50.0;            // all below 0
    const linear_head head(rows);
    matrix<float> images = random_rows<float>(n, 9, 82);
    images(n / 2, 3) = std::numeric_limits<float>::infinity();
    const matrix<double> z = head.decision_function(images);
    std::vector<idx_t> found(std::size_t(n), 77);
    head.predict_into(images, found);
    for (idx_t i = 0; i < n; ++i) {
        CHECK(found[std::size_t(i)] == (i == n / 2 ? -1 : std::max_element(z.row(i), z.row(i) + heads) - z.row(i)));
        CHECK(first_difference(head.decision_function(part(images, i, 1)), part(z, i, 1)) == "");
    }
}

TEST_CASE("a threshold is a number: {} asks for labels, and the caller's memory holds what a new array would",
          "[head]") {
    const linear_head head(random_head(1, 40));
    const matrix<float> images = random_rows<float>(70, 40, 83);
    const std::vector<idx_t> labels = listed(head.predict(images)), flags = listed(head.predict(images, 0.0));
    REQUIRE(labels != flags);
    CHECK(listed(head.predict(images, {})) == labels);
    CHECK(listed(head.predict(images, {}, {})) == labels);
    CHECK(listed(head.predict(images, 0, {}, {})) == flags);
    unitsphere::array<idx_t> into(70);
    head.predict_into(images, into, {}, {});
    CHECK(listed(into) == labels);
    head.predict_into(images, 0.0, into);
    CHECK(listed(into) == flags);
    unitsphere::matrix<idx_t> column(70, 1);
    CHECK(message_of<shape_error>([&] { head.predict_into(images, column); }) ==
          "linear_head::predict: labels is 70 x 1, it must be 1 x 70");
    CHECK(message_of<shape_error>([&] { head.predict_into(images, 0.5, column); }) ==
          "linear_head::predict: labels is 70 x 1, it must be 1 x 70");
}

namespace {

struct predict {
    template <class... Arguments>
    auto operator()(Arguments&&... arguments) const
        -> decltype(std::declval<const linear_head&>().predict(static_cast<Arguments&&>(arguments)...));
};

}  // namespace

TEST_CASE("a head takes rows of the engine's types, and options in their place", "[head]") {
    using rows = const matrix<float>&;
    using unitsphere::execution;
    using unitsphere::linear_head_options;
    STATIC_REQUIRE(std::is_invocable_v<predict, rows>);
    STATIC_REQUIRE(std::is_invocable_v<predict, rows, double, execution, linear_head_options>);
    STATIC_REQUIRE(std::is_invocable_v<predict, rows, execution, linear_head_options>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<predict, rows, linear_head_options>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<predict, rows, bool>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<predict, const std::vector<int>&>);
    STATIC_REQUIRE(std::is_constructible_v<linear_head, rows>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<linear_head, const std::vector<int>&>);
}

TEST_CASE("weights and biases apart make the same head as rows", "[head]") {
    const matrix<double> rows = random_head(3, 10);
    matrix<double> weights(3, 10);
    std::vector<double> biases(3);
    for (idx_t h = 0; h < 3; ++h) {
        for (idx_t k = 0; k < 10; ++k) weights(h, k) = rows(h, k);
        biases[std::size_t(h)] = rows(h, 10);
    }
    const linear_head head(weights, biases);
    CHECK(first_difference(head.parameters(), linear_head(rows).parameters()) == "");
    CHECK((head.dim() == 10 && head.heads() == 3 && head.bias(2) == rows(2, 10)));
    CHECK(linear_head(std::vector<float>{1, 2, 3}).heads() == 1);  // a std::vector is one row
}

TEST_CASE("a head refuses other shapes, and numbers that are not finite with row and column", "[head]") {
    using rows = matrix<double>;
    CHECK(message_of<shape_error>([] { linear_head{rows(0, 5)}; }) ==
          "linear_head: rows are 0 x 5, a head needs at least 1 x 2: weights and a bias");
    CHECK(message_of<shape_error>([] { linear_head{rows(2, 1)}; }) ==
          "linear_head: rows are 2 x 1, a head needs at least 1 x 2: weights and a bias");
    CHECK(message_of<shape_error>([] { linear_head(rows(2, 4), std::vector<double>(3)); }) ==
          "linear_head: weights have 2 rows, biases are 1 x 3");
    CHECK(message_of<shape_error>([] { linear_head(rows(1, 0), std::vector<double>(1)); }) ==
          "linear_head: weights are 1 x 0");
    rows bad(2, 3);
    bad(1, 2) = std::numeric_limits<double>::infinity();
    CHECK(message_of<value_error>([&] { linear_head{bad}; }) == "linear_head: row 1, column 2 is not finite");
    bad(1, 2) = 0, bad(0, 1) = std::nan("");
    CHECK(message_of<value_error>([&] { linear_head{bad}; }) == "linear_head: row 0, column 1 is not finite");
}

TEST_CASE("a head refuses rows of another dim, outputs of another shape or in the rows, and wrong thresholds",
          "[head]") {
    const linear_head head(random_head(1, 8)), classes(random_head(3, 8));
    matrix<float> images = random_rows<float>(4, 8, 80);
    CHECK(message_of<shape_error>([&] { head.decision_function(matrix<float>(4, 7)); }) ==
          "linear_head::decision_function: rows have dim 7, the head has dim 8");
    CHECK(message_of<shape_error>([&] { head.predict(matrix<float>(4, 9), 0.5); }) ==
          "linear_head::predict: rows have dim 9, the head has dim 8");
    matrix<double> out(4, 1);
    CHECK(message_of<shape_error>([&] { head.predict_proba_into(images, out); }) ==
          "linear_head::predict_proba: out is 4 x 1, it must be 4 x 2");
    matrix<double> wide(4, 8);
    CHECK(message_of<shape_error>([&] {
              head.decision_function_into(wide, matrix_view<double>(wide.data(), 4, 1, 8));
          }) == "linear_head::decision_function: out overlaps the rows");
    CHECK(message_of<shape_error>([&] { classes.predict(images, 0.5); }) ==
          "linear_head::predict: a threshold needs two classes, the head has 3");
    CHECK(message_of<value_error>([&] { head.predict(images, 1.5); }) ==
          "linear_head::predict: threshold is 1.5, it must be in 0 .. 1");
    CHECK(message_of<value_error>([&] { head.predict(images, -0.1); }) ==
          "linear_head::predict: threshold is -0.1, it must be in 0 .. 1");
    CHECK(message_of<value_error>([&] { head.predict(images, std::nan("")); }) != "(no exception)");
}

}  // namespace tests
