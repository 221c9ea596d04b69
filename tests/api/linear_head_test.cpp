#include <unitsphere/linear_head.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <unitsphere/normalize.hpp>

#include "canonical.hpp"
#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "guarded.hpp"
#include "lists.hpp"
#include "random_rows.hpp"
#include "troubled_rows.hpp"

namespace tests {

using Catch::Matchers::WithinAbs;
using unitsphere::execution;
using unitsphere::linear_head;
using unitsphere::linear_head_options;
using unitsphere::normalize;
using unitsphere::shape_error;
using unitsphere::value_error;

namespace {

/// <w, x> / |x| + b, straight from the formula.
template <class T>
long double exact_decision(const matrix<double>& head, idx_t h, const T* row, idx_t dim) {
    long double dot = 0;
    for (idx_t k = 0; k < dim; ++k) dot += (long double)(head(h, k)) * reference::widen(row[k]);
    const long double norm = reference::norm(row, dim);
    return (norm == 0 ? 0 : dot / norm) + (long double)(head(h, dim));
}

double weight_norm(const matrix<double>& head, idx_t h) { return double(reference::norm(head.row(h), head.dim() - 1)); }

/// Element k in lane k mod 16, lanes joined by one tree, then the bias.
double canonical_decision(const matrix<double>& head, idx_t h, const float* unit, idx_t dim) {
    double lane[16] = {};
    for (idx_t k = 0; k < dim; ++k) lane[k % 16] = canonical::multiply_add(double(unit[k]), head(h, k), lane[k % 16]);
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
    return lane[0] + head(h, dim);
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a decision is the weights times the unit row, plus the bias", "[head]", element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 2, 15, 16, 17, 31, 33, 512, 769);
    const matrix<double> rows = random_head(5, dim);
    const matrix<TestType> images = random_rows<TestType>(9, dim, 72);
    const matrix<double> found = linear_head(rows).decision_function(images);
    REQUIRE((found.rows() == 9 && found.dim() == 5));
    for (idx_t i = 0; i < 9; ++i)
        for (idx_t h = 0; h < 5; ++h)  // each float of a unit row is within 2^-23 of itself (two roundings)
            CHECK_THAT(found(i, h), WithinAbs(double(exact_decision(rows, h, images.row(i), dim)),
                                              0x1p-23 * weight_norm(rows, h) + 1e-14));
}

TEST_CASE("the bits of a decision are those of 16 lanes and a tree over the unit row's floats", "[head]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 15, 16, 17, 33, 512, 771), heads = GENERATE(1, 2, 3, 4, 5, 9);
    const matrix<double> rows = random_head(heads, dim);
    const matrix<float> images = varied_rows<float>(12, dim, 73);
    const auto unit = normalize(images);
    const matrix<double> found = linear_head(rows).decision_function(images);
    for (idx_t i = 0; i < images.rows(); ++i)
        for (idx_t h = 0; h < heads; ++h) CHECK(found(i, h) == canonical_decision(rows, h, unit.row(i), dim));
}

TEMPLATE_LIST_TEST_CASE("raw rows, unit rows, rows alone and rows of any stride have the same decisions", "[head]",
                        element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 16, 33, 512);
    const linear_head head(random_head(3, dim));
    const matrix<TestType> images = random_rows<TestType>(20, dim, 74);
    const matrix<double> expected = head.decision_function(images);
    CHECK(first_difference(head.decision_function(normalize(images)), expected) == "");
    CHECK(first_difference(head.decision_function(normalize(images).view()), expected) == "");
    const laid_out<TestType> moved(images, 5, 1);
    CHECK(first_difference(head.decision_function(moved.view()), expected) == "");
    for (idx_t i = 0; i < images.rows(); ++i)
        CHECK(first_difference(head.decision_function(part(images, i, 1)), part(expected, i, 1)) == "");
}

TEST_CASE("no split and no thread changes a decision, a probability or a flag", "[head]") {
    const idx_t dim = 512, n = 500;
    const linear_head head(random_head(1, dim)), classes(random_head(6, dim));
    const matrix<float> images = random_rows<float>(n, dim, 75);
    const matrix<double> decisions = classes.decision_function(images), probabilities = classes.predict_proba(images);
    const std::vector<idx_t> labels = listed(classes.predict(images)), flags = listed(head.predict(images, 0.93));
    for (const int threads : {2, 3, 7}) {
        const on_threads how{threads};
        CHECK(first_difference(classes.decision_function(images, how), decisions) == "");
        CHECK(first_difference(classes.predict_proba(images, how), probabilities) == "");
        CHECK(listed(classes.predict(images, how)) == labels);
        CHECK(listed(head.predict(images, 0.93, how)) == flags);
    }
    for (const idx_t batch : {idx_t(1), idx_t(7), idx_t(64)}) {
        std::vector<idx_t> in_batches;
        for (idx_t first = 0; first < n; first += batch)
            for (const idx_t flag : head.predict(part(images, first, std::min(batch, n - first)), 0.93))
                in_batches.push_back(flag);
        CHECK(in_batches == flags);
    }
}

TEST_CASE("scaling a row changes no decision", "[head]") {
    const linear_head head(random_head(2, 64));
    const matrix<float> images = random_rows<float>(10, 64, 76);
    for (const float power : {0x1p-60f, 0.5f, 8.0f, 0x1p60f}) {
        matrix<float> scaled = images;
        for (idx_t k = 0; k < 640; ++k) scaled.data()[k] *= power;
        CHECK(first_difference(head.decision_function(scaled), head.decision_function(images)) == "");
    }
}

TEST_CASE("a failed image is a zero row: its decision is the bias, and it is counted", "[head]") {
    const linear_head head(random_head(1, 20));
    const matrix<float> images = only<float>(true, false, 20);
    row_report seen;
    linear_head_options options;
    options.rows.report = &seen;
    const matrix<double> z = head.decision_function(images, {}, options);
    CHECK(z(1, 0) == head.bias(0));
    CHECK(z(5, 0) == head.bias(0));
    CHECK(same(seen, row_report{2, 0, 1, -1}));
    CHECK(head.predict(images, 0.5, {}, options)[1] == (head.bias(0) >= 0 ? 1 : 0));

    options.rows.zero_rows = on_row::nan;
    CHECK(reference::is_nan(head.decision_function(images, {}, options)(1, 0)));
    CHECK(head.predict(images, {}, options)[1] == -1);
    CHECK(head.predict(images, 0.5, {}, options)[5] == -1);
    options.rows.zero_rows = on_row::error;
    CHECK(message_of<value_error>([&] { head.decision_function(images, {}, options); }) ==
          "linear_head::decision_function: row 1 is zero");
    CHECK(message_of<value_error>([&] { head.predict_proba(images, {}, options); }) ==
          "linear_head::predict_proba: row 1 is zero");
}

TEMPLATE_LIST_TEST_CASE("a row that is not finite has NaN for decisions, no label, and changes no other row", "[head]",
                        floating_types) {
    const idx_t heads = GENERATE(1, 5);
    const linear_head head(random_head(heads, 33));
    const matrix<TestType> images = troubled_rows<TestType>(33), good = only<TestType>(true, false, 33);
    row_report seen;
    linear_head_options options;
    options.rows.report = &seen;
    const matrix<double> p = head.predict_proba(images, {}, options), expected = head.predict_proba(good);
    CHECK(same(seen, trouble));
    const std::vector<idx_t> labels = listed(head.predict(images)), expected_labels = listed(head.predict(good));
    for (idx_t i = 0; i < images.rows(); ++i) {
        if (!is_bad_row(i)) {
            CHECK(first_difference(part(p, i, 1), part(expected, i, 1)) == "");
            CHECK(labels[std::size_t(i)] == expected_labels[std::size_t(i)]);
            continue;
        }
        for (idx_t c = 0; c < p.dim(); ++c) CHECK(reference::is_nan(p(i, c)));
        CHECK(labels[std::size_t(i)] == -1);
        if (heads == 1) CHECK(head.predict(images, 0.0)[i] == -1);
    }
    options.rows.non_finite = on_row::error;
    CHECK(message_of<value_error>([&] { head.predict(images, {}, options); }) ==
          "linear_head::predict: row 2 is not finite");
}

TEMPLATE_LIST_TEST_CASE("a head stays within the rows that it reads and writes", "[head][guard]", element_types) {
    const placement where = GENERATE(from_range(std::begin(every_placement), std::end(every_placement)));
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 15, 16, 17, 33), heads = GENERATE(1, 5);
    const linear_head head(random_head(heads, dim));
    const matrix<TestType> images = random_rows<TestType>(5, dim, 81);
    const guarded<TestType> memory(images, where);
    guarded<double> decisions(5, heads, where), probabilities(5, head.classes(), where);
    head.decision_function_into(memory.rows(), decisions.view());
    head.predict_proba_into(memory.rows(), probabilities.view());
    CHECK(first_difference(decisions.view(), head.decision_function(images)) == "");
    CHECK(first_difference(probabilities.view(), head.predict_proba(images)) == "");
    CHECK((decisions.surroundings_intact() && probabilities.surroundings_intact()));
    guarded<idx_t> labels(1, 5, where);
    head.predict_into(memory.rows(), labels.view());
    CHECK((labels.surroundings_intact() && first_difference(labels.view(), head.predict(images).view()) == ""));
    if (heads == 1) head.predict_into(memory.rows(), 0.3, labels.view());
    if (heads == 1) CHECK(first_difference(labels.view(), head.predict(images, 0.3).view()) == "");
    CHECK(labels.surroundings_intact());
}

TEST_CASE("decision_function of no rows is empty", "[head]") {
    const linear_head head(random_head(2, 8));
    CHECK(head.decision_function(matrix<float>(0, 8)).rows() == 0);
    CHECK(head.predict(matrix<float>(0, 8)).empty());
}

}  // namespace tests
