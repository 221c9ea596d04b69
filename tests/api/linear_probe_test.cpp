#include <unitsphere/linear_probe.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <unitsphere/interop/eigen.hpp>
#include <unitsphere/normalize.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "logistic_oracle.hpp"
#include "random_rows.hpp"
#include "stack_use.hpp"

namespace tests {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using reference::logistic_oracle;
using unitsphere::logistic_fit;
using unitsphere::logistic_regression;
using unitsphere::logistic_regression_options;
using unitsphere::normalize;

namespace {

/// The rows and labels of linear_probe/expected.py.
matrix<float> small_rows() {
    matrix<float> rows(24, 5);
    for (idx_t i = 0; i < 24; ++i)
        for (idx_t k = 0; k < 5; ++k) rows(i, k) = float((i * 7 + k * 11 + i * k * 3) % 13 - 6);
    return rows;
}
std::vector<idx_t> three_labels() {
    std::vector<idx_t> labels;
    for (idx_t i = 0; i < 24; ++i) labels.push_back((i * 5 + i / 3) % 3);
    return labels;
}
std::vector<idx_t> two_labels() {
    std::vector<idx_t> labels = three_labels();
    for (idx_t& label : labels) label = label == 2 ? 1 : 0;
    return labels;
}

struct expected_fit {
    double C;
    bool balanced;
    std::vector<double> class_weight;
    std::vector<idx_t> labels;
    double objective;
    std::vector<std::vector<double>> rows;
};

/// What scikit-learn 1.2.1 finds: linear_probe/expected.py prints it.
std::vector<expected_fit> sklearn_fits() {
    const auto two = two_labels(), three = three_labels();
    return {{1,
             false,
             {},
             two,
             12.8234051285,
             {{-0.310214173, -0.032336617, 0.008956763, 1.508774809, -0.160266458, -0.850411857}}},
            {10,
             true,
             {},
             two,
             115.071271387,
             {{-1.236275668, -0.799539090, 0.156622157, 3.328107564, 0.258044026, -0.553023120}}},
            {1,
             false,
             {0.5, 3},
             two,
             15.1806573454,
             {{-0.553330601, 0.144394092, 0.009809592, 1.405748240, -0.144707234, 0.752208701}}},
            {1,
             false,
             {},
             three,
             17.7562314351,
             {{-0.106089724, 1.211324649, 0.006195700, -0.049184721, -0.303391006, 0.046469604},
              {0.409480729, -1.162139928, -0.012391399, -1.162139928, 0.409480729, -0.092939208},
              {-0.303391006, -0.049184721, 0.006195700, 1.211324648, -0.106089723, 0.046469604}}},
            {30,
             true,
             {},
             three,
             335.282225741,
             {{0.067526830, 3.200281037, 0.057331195, -0.202246014, -1.416809377, 0.315757522},
              {1.349282547, -2.998035023, -0.114662390, -2.998035023, 1.349282547, -0.631515045},
              {-1.416809378, -0.202246014, 0.057331195, 3.200281037, 0.067526830, 0.315757522}}},
            {2,
             false,
             {1, 0.25, 4},
             three,
             41.7320643779,
             {{-0.007356437, 2.013133436, -0.021128678, -0.467835974, -0.554638700, -0.147131218},
              {0.719025238, -1.371970679, -0.005974970, -1.013892311, 0.461981399, -1.088182042},
              {-0.711668800, -0.641162757, 0.027103648, 1.481728285, 0.092657301, 1.235313260}}}};
}

logistic_regression_options options_of(double C, bool balanced = false, std::vector<double> class_weight = {}) {
    logistic_regression_options options;
    options.C = C, options.balanced = balanced, options.class_weight = class_weight;
    return options;
}

/// Labels 0 .. classes - 1, each of them at least once, that follow the rows somewhat.
std::vector<idx_t> random_labels(const matrix<float>& rows, idx_t classes, std::uint64_t seed) {
    generator random(seed);
    std::vector<idx_t> labels;
    for (idx_t i = 0; i < rows.rows(); ++i)
        labels.push_back(i < classes ? i : (rows(i, 0) > 0 ? random.below(classes) : random.below(2)));
    return labels;
}

}  // namespace

TEST_CASE("objective and weights are those of scikit-learn on unit rows", "[probe]") {
    for (const expected_fit& expected : sklearn_fits()) {
        CAPTURE(expected.objective);
        const logistic_fit found = logistic_regression(
            small_rows(), expected.labels, {}, options_of(expected.C, expected.balanced, expected.class_weight));
        CHECK_THAT(found.objective, WithinRel(expected.objective, 1e-7));  // unit rows are floats here
        CHECK(found.converged);
        CHECK(found.gradient <= 1e-6);
        REQUIRE(found.head.heads() == idx_t(expected.rows.size()));
        for (idx_t h = 0; h < found.head.heads();
             ++h)  // the gradient's 1e-6 is the weights' error at most: curvature >= 1
            for (idx_t k = 0; k < 6; ++k)
                CHECK_THAT(found.head.parameters()(h, k),
                           WithinAbs(expected.rows[std::size_t(h)][std::size_t(k)], 3e-6));
    }
}

TEST_CASE("where the fit ends, the gradient of the formula vanishes", "[probe]") {
    const idx_t classes = GENERATE(as<idx_t>{}, 2, 3, 5, 33, 40);  // slabs of 32 classes
    const idx_t n = GENERATE(as<idx_t>{}, 127, 128, 129, 300);     // blocks of 128 rows
    const idx_t dim = GENERATE(as<idx_t>{}, 7, 16, 33);
    const matrix<float> rows = random_rows<float>(n, dim, std::uint64_t(n + dim));
    const std::vector<idx_t> labels = random_labels(rows, classes, 91);
    const logistic_fit found = logistic_regression(rows, labels, {}, options_of(3.0));
    const logistic_oracle oracle(rows, labels, std::vector<long double>(std::size_t(classes), 3.0L));
    const matrix_view<const double> head = found.head.parameters();
    REQUIRE((head.rows() == (classes == 2 ? 1 : classes) && head.dim() == dim + 1));
    // unit rows are floats here, exact in the oracle: each of n residuals moves by 2^-23 of its row
    const double rounding = 3.0 * double(n) * 0x1p-22;
    CHECK(double(oracle.gradient(head)) <= 1e-6 + rounding);
    CHECK_THAT(found.objective, WithinRel(double(oracle.objective(head)), 1e-6));
    CHECK(found.gradient <= 1e-6);
}

TEST_CASE("the objective's gradient and Hessian are those of finite differences", "[probe]") {
    const idx_t classes = GENERATE(as<idx_t>{}, 2, 3);
    const matrix<float> rows = random_rows<float>(50, 4, 92);
    const std::vector<idx_t> labels = random_labels(rows, classes, 93);
    std::vector<double> costs{2.0, 0.7, 1.3};
    costs.resize(std::size_t(classes));
    const auto unit = normalize(rows);
    unitsphere::matrix<idx_t> label_row(1, 50);
    for (idx_t i = 0; i < 50; ++i) label_row(0, i) = labels[std::size_t(i)];
    const unitsphere::execution how;
    unitsphere::learning::logistic_objective objective(unit.values(), label_row.view(), costs, how);
    using unitsphere::array;
    array<double> x(objective.size()), gradient(objective.size());
    generator random(94);
    for (idx_t h = 0; h < objective.heads(); ++h)
        for (idx_t k : {0, 1, 2, 3, 16}) x[h * objective.stride() + k] = double(random.bell(20)) * 0x1p-20;
    array<double> v(objective.size()), product(objective.size());
    v[1] = 0.5, v[3] = -2.0, v[16] = 1.5, v[objective.size() - objective.stride()] = 3.0;
    objective(x, gradient);
    objective.product(v, product);
    array<double> right = x, left = x, slope_right = x, slope_left = x;
    for (idx_t k = 0; k < objective.size(); ++k) right[k] += 1e-5 * v[k], left[k] -= 1e-5 * v[k];
    objective(right, slope_right), objective(left, slope_left);
    for (idx_t k = 0; k < objective.size(); ++k)
        CHECK_THAT((slope_right[k] - slope_left[k]) / 2e-5, WithinAbs(product[k], 1e-7));
    for (idx_t k = 0; k < objective.size(); ++k) {
        const double step = 1e-5;
        array<double> ignored = x;
        right = x, left = x;
        if (k % objective.stride() < 4 || k % objective.stride() == 16) right[k] += step, left[k] -= step;
        const double rise = objective(right, ignored).value - objective(left, ignored).value;
        CHECK_THAT(rise / (2 * step), WithinAbs(gradient[k], 1e-7));
    }
}

TEST_CASE("losses next to 0 keep their digits, which a large C multiplies", "[probe]") {
    const idx_t classes = GENERATE(as<idx_t>{}, 2, 3);
    const std::vector<double> costs(std::size_t(classes), 1e25);
    unitsphere::matrix<idx_t> label(1, 1);
    const unitsphere::execution how;
    const unitsphere::matrix<float> row(1, 4);  // zeros: the bias alone, label 0 is sure
    unitsphere::learning::logistic_objective objective(row.view(), label.view(), costs, how);
    unitsphere::matrix<double> head(classes == 2 ? 1 : classes, 5);
    head(0, 4) = classes == 2 ? -45 : 45;
    unitsphere::array<double> gradient(objective.size());
    const double others = double(classes - 1) * std::exp(-45.0);
    const auto found = objective(objective.variables(head), gradient);
    CHECK_THAT(found.value, WithinRel(1e25 * others, 1e-12));
    CHECK_THAT(std::fabs(gradient[16]), WithinRel(1e25 * others, 1e-12));
    CHECK_THAT(found.scale, WithinRel(1e25 * others, 1e-12));
    CHECK((gradient[16] > 0) == (classes == 2));
}

TEMPLATE_LIST_TEST_CASE("raw rows, unit rows and rows of any stride are fitted alike, bit by bit", "[probe]",
                        element_types) {
    const matrix<TestType> rows = random_rows<TestType>(60, 17, 95);
    std::vector<int> labels;
    for (idx_t i = 0; i < 60; ++i) labels.push_back(int(i % 3));
    const logistic_fit expected = logistic_regression(rows, labels);
    CHECK(first_difference(logistic_regression(normalize(rows), labels).head.parameters(),
                           expected.head.parameters()) == "");
    CHECK(first_difference(logistic_regression(normalize(rows).view(), labels).head.parameters(),
                           expected.head.parameters()) == "");
    const laid_out<TestType> moved(rows, 3, 1);
    CHECK(first_difference(logistic_regression(moved.view(), labels).head.parameters(), expected.head.parameters()) ==
          "");
}

TEST_CASE("labels are integers of any type, and Eigen matrices are rows", "[probe]") {
    const matrix<float> rows = small_rows();
    const logistic_fit expected = logistic_regression(rows, three_labels());
    std::vector<std::uint8_t> bytes;
    for (const idx_t label : three_labels()) bytes.push_back(std::uint8_t(label));
    CHECK(first_difference(logistic_regression(rows, bytes).head.parameters(), expected.head.parameters()) == "");
    const Eigen::MatrixXf columns = unitsphere::as_eigen(rows).transpose();
    Eigen::VectorXi labels(24);
    for (idx_t i = 0; i < 24; ++i) labels(i) = int(bytes[std::size_t(i)]);
    CHECK(first_difference(logistic_regression(columns.transpose(), labels).head.parameters(),
                           expected.head.parameters()) == "");
}

TEST_CASE("neither a fit nor its head takes more than 32 KiB of stack", "[probe]") {
    if (!stack_can_be_measured) return;
    const idx_t dim = GENERATE(16, 300), classes = GENERATE(2, 5, 40);
    CAPTURE(dim, classes);
    const auto rows = random_rows<float>(200, dim, 195), others = random_rows<float>(50, dim, 196);
    std::vector<idx_t> labels, other_labels;
    for (idx_t i = 0; i < 200; ++i) labels.push_back(i % classes);
    for (idx_t i = 0; i < 50; ++i) other_labels.push_back(i % classes);
    const unitsphere::linear_head head = logistic_regression(rows, labels).head;
    const std::vector<double> Cs{0.1, 1.0};
    CHECK(stack_of([&] { logistic_regression(rows, labels); }) <= 32 * 1024);
    CHECK(stack_of([&] { unitsphere::fit_best_c(rows, labels, others, other_labels, Cs); }) <= 32 * 1024);
    CHECK(stack_of([&] { head.predict(rows); }) <= 32 * 1024);
    CHECK(stack_of([&] { head.predict_proba(rows); }) <= 32 * 1024);
    CHECK(stack_of([&] { head.decision_function(rows); }) <= 32 * 1024);
}

TEST_CASE("balanced weights are n / (classes * n_class)", "[probe]") {
    const std::vector<idx_t> labels = two_labels();
    const double ones = double(std::count(labels.begin(), labels.end(), 1));
    const logistic_fit balanced = logistic_regression(small_rows(), labels, {}, options_of(5, true));
    const logistic_fit own =
        logistic_regression(small_rows(), labels, {}, options_of(5, false, {24 / (2 * (24 - ones)), 24 / (2 * ones)}));
    CHECK(first_difference(balanced.head.parameters(), own.head.parameters()) == "");
}

TEST_CASE("a class of weight two is a class whose rows come twice", "[probe]") {
    const matrix<float> rows = small_rows();
    const std::vector<idx_t> labels = three_labels();
    matrix<float> more(24 + 8, 5);
    std::vector<idx_t> more_labels = labels;
    for (idx_t i = 0; i < 24; ++i) std::copy_n(rows.row(i), 5, more.row(i));
    for (idx_t i = 0; i < 24; ++i)
        if (labels[std::size_t(i)] == 1) {
            std::copy_n(rows.row(i), 5, more.row(idx_t(more_labels.size())));
            more_labels.push_back(1);
        }
    REQUIRE(more_labels.size() == 32);
    const logistic_fit twice = logistic_regression(more, more_labels);
    const logistic_fit weighted = logistic_regression(rows, labels, {}, options_of(1, false, {1, 2, 1}));
    CHECK_THAT(weighted.objective, WithinRel(twice.objective, 1e-11));
}

}  // namespace tests
