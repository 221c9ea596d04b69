#include <unitsphere/linear_probe.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <unitsphere/normalize.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "logistic_oracle.hpp"
#include "random_rows.hpp"
#include "troubled_rows.hpp"

namespace tests {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using unitsphere::best_c_fit;
using unitsphere::execution;
using unitsphere::fit_best_c;
using unitsphere::fit_step;
using unitsphere::logistic_fit;
using unitsphere::logistic_regression;
using unitsphere::logistic_regression_options;
using unitsphere::shape_error;
using unitsphere::value_error;

namespace {

using labels = std::vector<idx_t>;

labels alternating(idx_t n, idx_t classes) {
    labels result;
    for (idx_t i = 0; i < n; ++i) result.push_back(i % classes);
    return result;
}

template <class Error = value_error>
std::string refusal(const matrix<float>& rows, const labels& given, const logistic_regression_options& options = {}) {
    return message_of<Error>([&] { logistic_regression(rows, given, {}, options); });
}

}  // namespace

TEST_CASE("labels are any integers: the fit is that of 0 .. classes - 1, and predict returns them", "[probe]") {
    constexpr idx_t largest = std::numeric_limits<idx_t>::max();
    const auto names = GENERATE(labels{1, 2}, labels{-1, 1}, labels{-largest - 1, largest}, labels{0, 2, 5},
                                labels{-7, -1, 3, 1000000});
    const idx_t classes = idx_t(names.size());
    const matrix<float> rows = random_rows<float>(60, 6, 111), others = random_rows<float>(20, 6, 112);
    labels given, numbered, truth, numbered_truth;
    for (idx_t i = 0; i < 60; ++i)
        numbered.push_back(i * 7 % classes), given.push_back(names[std::size_t(numbered.back())]);
    for (idx_t i = 0; i < 20; ++i)
        numbered_truth.push_back(i % classes), truth.push_back(names[std::size_t(i % classes)]);
    const logistic_fit fit = logistic_regression(rows, given), expected = logistic_regression(rows, numbered);
    CHECK(first_difference(fit.head.parameters(), expected.head.parameters()) == "");
    CHECK(listed(fit.head.labels()) == names);
    const auto predicted = fit.head.predict(others), classes_of = expected.head.predict(others);
    for (idx_t i = 0; i < 20; ++i) CHECK(predicted[i] == names[std::size_t(classes_of[i])]);
    const auto best = fit_best_c(rows, given, others, truth, {0.1, 10.0});
    const auto same = fit_best_c(rows, numbered, others, numbered_truth, {0.1, 10.0});
    for (idx_t i = 0; i < 2; ++i) {
        CHECK(best.tried[i].correct == same.tried[i].correct);
        CHECK(best.tried[i].log_loss == same.tried[i].log_loss);
    }
    truth[3] = 4;
    CHECK(message_of<value_error>([&] { fit_best_c(rows, given, others, truth, {1.0}); }) ==
          "fit_best_c: validation row 3 has label 4, there are " + std::to_string(classes) + " classes");
}

TEST_CASE("labels that cannot be learned are refused, with row and label", "[probe]") {
    const matrix<float> rows = random_rows<float>(4, 3, 101);
    CHECK(refusal(rows, {1, 1, 1, 1}) == "logistic_regression: all 4 rows have label 1, two classes are needed");
    CHECK(refusal(rows, {0, 0, 0, 0}) == "logistic_regression: all 4 rows have label 0, two classes are needed");
    logistic_regression_options three;
    three.classes = 3;
    CHECK(refusal(rows, {0, 1, -1, 1}, three) == "logistic_regression: row 2 has the negative label -1");
    CHECK(refusal(rows, {0, 2, 0, 2}, three) == "logistic_regression: class 1 has no rows");
    CHECK(refusal(rows, {0, 1, 3, 2}, three) == "logistic_regression: row 2 has label 3, there are 3 classes");
    CHECK(refusal(rows, {0, 1, 1, 0}, three) == "logistic_regression: class 2 has no rows");
    CHECK(refusal<shape_error>(rows, {0, 1, 1}) == "logistic_regression: 4 rows, 3 labels");
    CHECK(refusal(matrix<float>(0, 3), {}) == "logistic_regression: there are no rows");
    CHECK(refusal<shape_error>(matrix<float>(2, 0), {0, 1}) == "logistic_regression: rows have dim 0");
}

TEST_CASE("a row that is not finite is refused by its number, raw or unit", "[probe]") {
    const matrix<float> rows = troubled_rows<float>(9);
    const labels given = alternating(8, 2);
    CHECK(refusal(rows, given) == "logistic_regression: row 2 is not finite");
    CHECK(message_of<value_error>([&] { logistic_regression(unitsphere::normalize(rows), given); }) ==
          "logistic_regression: row 2 is not finite");
    logistic_regression_options options;
    for (const on_row policy : {on_row::keep, on_row::nan, on_row::error}) {
        options.rows.non_finite = policy;
        CHECK(refusal(rows, given, options) == "logistic_regression: row 2 is not finite");
    }
}

namespace {

struct regression {
    template <class... Arguments>
    auto operator()(Arguments&&... arguments) const
        -> decltype(logistic_regression(static_cast<Arguments&&>(arguments)...));
};
struct search {
    template <class... Arguments>
    auto operator()(Arguments&&... arguments) const -> decltype(fit_best_c(static_cast<Arguments&&>(arguments)...));
};

}  // namespace

TEST_CASE("a fit takes rows of the engine's types, and options in their place", "[probe]") {
    using rows = const matrix<float>&;
    using numbers = const std::vector<double>&;
    STATIC_REQUIRE(std::is_invocable_v<regression, rows, labels>);
    STATIC_REQUIRE(std::is_invocable_v<regression, rows, labels, execution, logistic_regression_options>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<regression, rows, labels, logistic_regression_options>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<regression, const std::vector<int>&, labels>);
    STATIC_REQUIRE(std::is_invocable_v<search, rows, labels, rows, labels, numbers>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<search, const std::vector<int>&, labels, rows, labels, numbers>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<search, rows, labels, const std::vector<int>&, labels, numbers>);
}

TEST_CASE("failed images are zero rows: they count for the bias alone, and are counted", "[probe]") {
    const matrix<float> rows = only<float>(true, false, 9);
    const labels given = alternating(8, 2);  // both zero rows have label 1
    row_report seen;
    logistic_regression_options options;
    options.rows.report = &seen;
    const logistic_fit found = logistic_regression(rows, given, {}, options);
    CHECK(same(seen, row_report{2, 0, 1, -1}));
    seen = {};
    logistic_regression(unitsphere::normalize(rows), given, {}, options);
    CHECK(same(seen, row_report{2, 0, 1, -1}));

    matrix<float> without(6, 9);
    labels without_labels;
    for (idx_t i = 0, to = 0; i < 8; ++i) {
        if (is_zero_row(i)) continue;
        std::copy_n(rows.row(i), 9, without.row(to++));
        without_labels.push_back(given[std::size_t(i)]);
    }
    CHECK(found.head.bias(0) > logistic_regression(without, without_labels).head.bias(0));

    options.rows.zero_rows = on_row::error;
    CHECK(refusal(rows, given, options) == "logistic_regression: row 1 is zero");
    options.rows.zero_rows = on_row::nan;
    CHECK(refusal(rows, given, options) == "logistic_regression: zero rows cannot become NaN; choose keep or error");
}

TEST_CASE("rows without any direction leave the odds of the labels to the bias", "[probe]") {
    const logistic_fit two = logistic_regression(matrix<float>(10, 4), labels{1, 0, 0, 0, 1, 1, 1, 1, 1, 1});
    CHECK_THAT(two.head.bias(0), WithinAbs(std::log(7.0 / 3.0), 1e-6));
    const logistic_fit three = logistic_regression(matrix<float>(10, 4), labels{0, 1, 1, 1, 2, 2, 2, 2, 2, 2});
    const matrix<double> p = three.head.predict_proba(std::vector<float>{1, 2, 3, 4});
    CHECK_THAT(p(0, 0), WithinAbs(0.1, 1e-6));
    CHECK_THAT(p(0, 2), WithinAbs(0.6, 1e-6));
    for (idx_t k = 0; k < 4; ++k) CHECK(three.head.parameters()(2, k) == 0.0);
}

TEST_CASE("settings without a meaning are refused, with their value", "[probe]") {
    const matrix<float> rows = random_rows<float>(6, 3, 102);
    const labels given = alternating(6, 2);
    const auto with = [&](auto change) {
        logistic_regression_options options;
        change(options);
        return refusal(rows, given, options);
    };
    using options = logistic_regression_options;
    CHECK(with([](options& o) { o.C = 0; }) == "logistic_regression: C is 0, it must be positive");
    CHECK(with([](options& o) { o.C = -2; }) == "logistic_regression: C is -2, it must be positive");
    CHECK(with([](options& o) { o.C = std::nan(""); }) != "(no exception)");
    CHECK(with([](options& o) { o.tolerance = 0; }) == "logistic_regression: tolerance is 0, it must be positive");
    CHECK(with([](options& o) { o.max_iterations = 0; }) ==
          "logistic_regression: max_iterations is 0, it must be at least 1");
    CHECK(with([](options& o) {
              o.class_weight = {1, -1};
          }) == "logistic_regression: the weight of class 1 is -1, it must be positive");
    CHECK(with([](options& o) {
              o.class_weight = {1, 1}, o.balanced = true;
          }) == "logistic_regression: balanced and class_weight exclude each other");
    CHECK(with([](options& o) { o.classes = -3; }) == "logistic_regression: classes is -3, it must not be negative");
    CHECK(with([](options& o) {
              o.C = 1e308, o.class_weight = {1, 10};
          }) == "logistic_regression: C 1e+308 times the weight 10 of class 1 is inf, it must be positive");
    options three_weights;
    row_report untouched{-5, -5, -5, -5};
    three_weights.rows.report = &untouched;
    three_weights.class_weight = {1, 2, 3};
    CHECK(refusal<shape_error>(rows, given, three_weights) ==
          "logistic_regression: class_weight has 3 entries, there are 2 classes");
    CHECK(untouched.zero_rows == -5);
}

TEST_CASE("every step is told: the objective falls, and the last one is the result", "[probe]") {
    const idx_t classes = GENERATE(2, 4);
    const matrix<float> rows = random_rows<float>(90, 20, 103);
    std::vector<fit_step> steps;
    logistic_regression_options options;
    options.C = 20;
    options.on_iteration = [&](const fit_step& step) { steps.push_back(step); };
    const logistic_fit found = logistic_regression(rows, alternating(90, classes), {}, options);
    REQUIRE(steps.size() > 3);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        CHECK(steps[i].iteration == idx_t(i));
        if (i > 0) CHECK(steps[i].objective <= steps[i - 1].objective * (1 + 1e-12));
    }
    CHECK_THAT(steps[0].objective, WithinRel(20 * 90 * std::log(double(classes)), 1e-12));
    CHECK(steps.back().objective == found.objective);
    CHECK(steps.back().gradient == found.gradient);
    CHECK(steps.back().gradient <= steps.back().bound);
    CHECK(steps[0].gradient > steps[0].bound);
    CHECK(steps.back().iteration == found.iterations);
}

TEST_CASE("a fit that does not converge is an error with its gradient, or says so where that was asked for",
          "[probe]") {
    const idx_t classes = GENERATE(2, 3);
    const matrix<float> rows = random_rows<float>(60, 20, 104);
    logistic_regression_options options;
    options.C = 1000;
    options.max_iterations = 2;
    const std::string message = refusal(rows, alternating(60, classes), options);
    CHECK(message.find("logistic_regression: the gradient is ") == 0);
    CHECK(message.find(" after 2 iterations, it must be at most ") != std::string::npos);
    options.require_convergence = false;
    const logistic_fit found = logistic_regression(rows, alternating(60, classes), {}, options);
    CHECK((!found.converged && found.iterations == 2 && found.gradient > 1e-6));
    options.tolerance = 1e-300;  // beyond any rounding: the search ends by itself
    options.max_iterations = 1000000;
    CHECK(!logistic_regression(rows, alternating(60, classes), {}, options).converged);
}

TEST_CASE("very weak and very strong penalties converge, also where the classes are separable", "[probe]") {
    const idx_t classes = GENERATE(2, 3);
    const double C = GENERATE(1e-8, 1e-3, 1e3, 1e6);
    const matrix<float> rows = random_rows<float>(50, 80, 105);  // more dims than rows: any labels are separable
    logistic_regression_options options;
    options.C = C;
    options.max_iterations = 20000;
    const labels given = alternating(50, classes);
    const logistic_fit found = logistic_regression(rows, given, {}, options);
    CHECK(found.gradient <= 1e-6);
    if (C >= 1e3) CHECK(listed(found.head.predict(rows)) == given);
}

TEST_CASE("a fit converges whatever the size of C and of the losses' sum", "[probe]") {
    const idx_t classes = GENERATE(2, 3, 10), n = GENERATE(150, 300);
    const double C = GENERATE(1e-15, 1e-12, 1e-8, 1e-4, 1.0, 1e4, 1e8, 1e12);
    CAPTURE(classes, n, C);
    const matrix<float> rows = random_rows<float>(n, 6, 109);
    generator random(117);
    labels given;  // half of them of class 1 and more: they overlap
    for (idx_t i = 0; i < n; ++i) given.push_back(random.below(2) == 0 ? random.below(classes) : 1);
    logistic_regression_options options;
    options.C = C;
    const logistic_fit found = logistic_regression(rows, given, {}, options);
    CHECK(found.iterations < 200);
    const reference::logistic_oracle oracle(rows, given, std::vector<long double>(std::size_t(classes), C));
    // unit rows are floats here, exact in the oracle: 2^-22 of every term
    CHECK(double(oracle.gradient(found.head.parameters()) / (C * (long double)(n))) <= 1e-10 + 0x1p-22);
}

TEST_CASE("with next to no C the bias alone is left: the odds of the labels", "[probe]") {
    matrix<float> rows(4, 2);
    const float numbers[8] = {1, 0, 0, 1, 1, 0.1f, 0.1f, 1};
    std::copy_n(numbers, 8, rows.data());
    logistic_regression_options options;
    options.C = 1e-7;
    const logistic_fit found = logistic_regression(rows, labels{0, 1, 1, 1}, {}, options);
    CHECK_THAT(found.head.bias(0), WithinAbs(std::log(3.0), 1e-6));
    CHECK(listed(found.head.predict(rows)) == labels{1, 1, 1, 1});
    const logistic_fit three = logistic_regression(rows, labels{0, 1, 2, 1}, {}, options);
    CHECK_THAT(three.head.bias(1) - three.head.bias(0), WithinAbs(std::log(2.0), 1e-6));
    CHECK_THAT(three.head.bias(2) - three.head.bias(0), WithinAbs(0.0, 1e-6));
}

TEST_CASE("a large C over many rows converges, though rounding alone exceeds any small gradient", "[probe]") {
    const matrix<float> rows = random_rows<float>(20000, 16, 110);
    generator random(111);
    labels given;
    for (idx_t i = 0; i < 20000; ++i) given.push_back(random.below(3));
    logistic_regression_options options;
    options.C = 1e8;
    const logistic_fit found = logistic_regression(rows, given, {}, options);
    CHECK(found.converged);
    CHECK(found.gradient <= 1e-10 * 1e8 * 20000);
    options.C = 1e6;  // without a penalty to speak of, C is a factor of the objective
    CHECK_THAT(logistic_regression(rows, given, {}, options).objective, WithinRel(found.objective / 100, 1e-9));
}

TEST_CASE("an objective beyond the range of double is an error, not a fit", "[probe]") {
    const idx_t classes = GENERATE(2, 3);
    logistic_regression_options options;
    options.C = 1e308;
    const std::string message = refusal(random_rows<float>(60, 20, 112), alternating(60, classes), options);
    CHECK(message.find("logistic_regression: the gradient is ") == 0);
}

TEST_CASE("the gradient of the mean loss is at most the tolerance, and all of it where the labels are noise",
          "[probe]") {
    const idx_t classes = GENERATE(2, 5);
    const double tolerance = GENERATE(1e-2, 1e-4, 1e-8), C = GENERATE(1e-3, 1.0, 1e5);
    const matrix<float> rows = random_rows<float>(300, 10, 118);
    generator random(119);
    labels given;
    for (idx_t i = 0; i < 300; ++i) given.push_back(i < classes ? i : random.below(classes));
    logistic_regression_options options;
    options.C = C, options.tolerance = tolerance;
    const logistic_fit found = logistic_regression(rows, given, {}, options);
    options.tolerance = 1e-12;
    const logistic_fit best = logistic_regression(rows, given, {}, options);
    CHECK(found.gradient <= tolerance * C * 300);  // scikit-learn's tol
    CHECK(found.iterations <= best.iterations);
    CHECK(found.objective >= best.objective * (1 - 1e-12));
    const reference::logistic_oracle oracle(rows, given, std::vector<long double>(std::size_t(classes), C));
    long double scale = 0;
    const auto& head = found.head.parameters();
    for (idx_t i = 0; i < 300; ++i) scale += C * (1 - oracle.probability(head, i, given[std::size_t(i)]));
    CHECK(double(oracle.gradient(found.head.parameters()) / scale) <= tolerance + 0x1p-22);
}

namespace {

/// Counts what reads all rows.
struct counted_objective {
    unitsphere::learning::logistic_objective& objective;
    int looks = 0;

    auto operator()(const unitsphere::array<double>& x, unitsphere::array<double>& gradient) {
        return ++looks, objective(x, gradient);
    }
    void product(const unitsphere::array<double>& v, unitsphere::array<double>& out) {
        ++looks, objective.product(v, out);
    }
    void precondition(const unitsphere::array<double>& r, unitsphere::array<double>& out) const {
        objective.precondition(r, out);
    }
};

}  // namespace

TEST_CASE("a direction that all rows share costs a fit no more looks at the rows", "[probe]") {
    const idx_t classes = GENERATE(2, 3, 10);
    int looks[2];
    for (const int shared : {0, 1}) {
        matrix<float> rows = random_rows<float>(2000, 32, 120);
        unitsphere::matrix<idx_t> given(1, 2000);
        for (idx_t i = 0; i < 2000; ++i) {
            float* const row = rows.row(i);
            given(0, i) = i % 7 == 0 ? i / 7 % classes : std::max_element(row, row + classes) - row;
            for (idx_t k = 0; k < 32; ++k) row[k] += float(shared * (1 + k % 3));
        }
        const auto unit = unitsphere::normalize(rows);
        const std::vector<double> costs(std::size_t(classes), 10.0);
        const execution how;
        unitsphere::learning::logistic_objective objective(unit.values(), given.view(), costs, how);
        counted_objective counted{objective};
        unitsphere::array<double> x(objective.size());
        const auto end = unitsphere::learning::newton_cg(counted, x, {1e-10, 100}, [](const auto&) {});
        CHECK(end.converged);
        looks[shared] = counted.looks;
    }
    CHECK(2 * looks[1] <= 3 * looks[0]);
    CHECK(looks[0] <= 60);
}

TEST_CASE("a class of one row is fitted beside one of hundreds, whatever C is", "[probe]") {
    const idx_t classes = GENERATE(2, 3);
    const double C = GENERATE(1e-7, 1e-2, 1.0, 1e3, 1e8);
    CAPTURE(classes, C);
    matrix<float> rows = random_rows<float>(500, 12, 121);
    labels given;
    for (idx_t i = 0; i < 500; ++i) {
        given.push_back(i == 137 ? 0 : 1 + i % (classes - 1));
        for (idx_t k = 0; k < 12; ++k) rows(i, k) += 20;
    }
    logistic_regression_options options;
    options.C = C;
    const logistic_fit found = logistic_regression(rows, given, {}, options);
    CHECK(found.iterations < 200);
    const reference::logistic_oracle oracle(rows, given, std::vector<long double>(std::size_t(classes), C));
    // unit rows are floats here, exact in the oracle: 2^-22 of every term
    CHECK(double(oracle.gradient(found.head.parameters()) / (C * 500.0L)) <= 1e-10 + 0x1p-22);
}

TEST_CASE("no split and no thread changes a fit, a report or a search for C", "[probe]") {
    const idx_t classes = GENERATE(2, 3);
    matrix<float> rows = random_rows<float>(700, 200, 113);  // three parts of the sums
    for (const idx_t zero : {3, 70, 299}) std::fill_n(rows.row(zero), 200, 0.0f);
    const labels given = alternating(700, classes);
    const auto ask = [&](const execution& how) {
        row_report seen;
        logistic_regression_options options;
        options.rows.report = &seen;
        const logistic_fit fit = logistic_regression(rows, given, how, options);
        CHECK(same(seen, row_report{3, 0, 3, -1}));
        return fit;
    };
    const logistic_fit expected = ask({});
    const best_c_fit best = fit_best_c(rows, given, rows, given, {0.1, 1});
    for (const int threads : {2, 3, 7}) {
        CHECK(first_difference(ask(on_threads{threads}).head.parameters(), expected.head.parameters()) == "");
        const best_c_fit other = fit_best_c(rows, given, rows, given, {0.1, 1}, on_threads{threads});
        CHECK(first_difference(other.fit.head.parameters(), best.fit.head.parameters()) == "");
        CHECK((other.C == best.C && other.tried[0].log_loss == best.tried[0].log_loss));
    }
}

TEST_CASE("the best C is the one with most validation labels right, then the lower log loss", "[probe]") {
    const matrix<float> rows = random_rows<float>(80, 30, 106), validation = random_rows<float>(60, 30, 107);
    const auto label_of = [](const matrix<float>& of, idx_t i) { return of(i, 0) + of(i, 1) > 0.4f ? idx_t(1) : 0; };
    labels given, truth;
    for (idx_t i = 0; i < 80; ++i) given.push_back(i % 6 == 0 ? i / 6 % 2 : label_of(rows, i));  // some are wrong
    for (idx_t i = 0; i < 60; ++i) truth.push_back(label_of(validation, i));
    const std::vector<double> candidates{1e-3, 0.1, 1, 10, 1000};
    const best_c_fit best = fit_best_c(rows, given, validation, truth, candidates);
    REQUIRE(best.tried.size() == 5);
    std::size_t expected = 0;
    for (std::size_t c = 0; c < 5; ++c) {
        logistic_regression_options options;
        options.C = candidates[c];
        const logistic_fit fit = logistic_regression(rows, given, {}, options);
        const labels predicted = listed(fit.head.predict(validation));
        const matrix<double> p = fit.head.predict_proba(validation);
        idx_t correct = 0;
        double loss = 0;
        for (idx_t i = 0; i < 60; ++i) {
            correct += predicted[std::size_t(i)] == truth[std::size_t(i)];
            loss -= std::log(p(i, truth[std::size_t(i)])) / 60;
        }
        CAPTURE(c, correct, loss);
        CHECK(best.tried[idx_t(c)].C == candidates[c]);
        CHECK(best.tried[idx_t(c)].correct == correct);
        CHECK_THAT(best.tried[idx_t(c)].log_loss, WithinAbs(loss, 1e-5));  // both fits are within 1e-6 of the minimum
        const auto& leader = best.tried[idx_t(expected)];
        if (correct > leader.correct || (correct == leader.correct && best.tried[idx_t(c)].log_loss < leader.log_loss))
            expected = c;
        if (candidates[c] == best.C) CHECK_THAT(best.fit.objective, WithinRel(fit.objective, 1e-9));
    }
    CHECK(best.C == candidates[expected]);
    CHECK((best.C != candidates.front() && best.C != candidates.back()));
}

TEST_CASE("of candidates with as many right labels the lower log loss wins, of equal ones the smaller", "[probe]") {
    matrix<float> rows(4, 2);
    for (idx_t i = 0; i < 4; ++i) rows(i, i % 2) = 1;
    const labels given = alternating(4, 2);  // separable: every C gets all of them right
    const best_c_fit best = fit_best_c(rows, given, rows, given, {1, 100, 10});
    for (const auto& one : best.tried) CHECK(one.correct == 4);
    CHECK(best.C == 100);
    CHECK_THAT(best.fit.head.parameters()(0, 1), WithinAbs(-best.fit.head.parameters()(0, 0), 1e-6));
    unitsphere::fit_best_c_options loose;
    loose.fit.tolerance = 1e3;  // no step is made: all heads are zero and equal
    CHECK(fit_best_c(rows, given, rows, given, {3, 2, 5}, {}, loose).C == 2);
}

TEST_CASE("the order of candidates changes neither the best C nor how any of them did", "[probe]") {
    const idx_t classes = GENERATE(2, 4);
    const matrix<float> rows = random_rows<float>(60, 20, 114), validation = random_rows<float>(50, 20, 115);
    const labels given = alternating(60, classes), truth = alternating(50, classes);
    unitsphere::array<double> candidates(4);
    for (idx_t i = 0; i < 4; ++i) candidates[i] = std::pow(10.0, double(i) - 2);
    const best_c_fit expected = fit_best_c(rows, given, validation, truth, candidates);
    std::vector<idx_t> order{0, 1, 2, 3};
    while (std::next_permutation(order.begin(), order.end())) {
        std::vector<double> permuted;
        for (const idx_t i : order) permuted.push_back(candidates[i]);
        const best_c_fit found = fit_best_c(rows, given, validation, truth, permuted);
        CHECK(found.C == expected.C);
        CHECK(first_difference(found.fit.head.parameters(), expected.fit.head.parameters()) == "");
        for (idx_t i = 0; i < 4; ++i) {
            CHECK(found.tried[i].C == permuted[std::size_t(i)]);
            CHECK(found.tried[i].correct == expected.tried[order[std::size_t(i)]].correct);
            CHECK(found.tried[i].log_loss == expected.tried[order[std::size_t(i)]].log_loss);
        }
    }
}

TEST_CASE("zero rows are counted on both sides of the search for C, or refused on the side that says so", "[probe]") {
    const matrix<float> rows = random_rows<float>(8, 9, 116), zero = only<float>(true, false, 9);
    const labels given = alternating(8, 2);
    row_report seen, seen_too;
    unitsphere::fit_best_c_options options;
    options.fit.rows.report = &seen, options.validation_rows.report = &seen_too;
    fit_best_c(rows, given, zero, given, {1}, {}, options);
    CHECK((same(seen, row_report{0, 0, -1, -1}) && same(seen_too, row_report{2, 0, 1, -1})));
    fit_best_c(zero, given, rows, given, {1}, {}, options);
    CHECK((same(seen, row_report{2, 0, 1, -1}) && same(seen_too, row_report{0, 0, -1, -1})));
    const auto message = [&](const matrix<float>& of_fit, const matrix<float>& validation) {
        return message_of<value_error>([&] { fit_best_c(of_fit, given, validation, given, {1}, {}, options); });
    };
    options.fit.rows.zero_rows = on_row::error;
    CHECK(message(zero, zero) == "fit_best_c: row 1 is zero");
    CHECK(message(rows, zero) == "(no exception)");
    options.fit.rows.zero_rows = on_row::keep, options.validation_rows.zero_rows = on_row::error;
    CHECK(message(zero, zero) == "fit_best_c: validation row 1 is zero");
    options.validation_rows.zero_rows = on_row::nan;
    CHECK(message(rows, rows) == "fit_best_c: zero rows cannot become NaN; choose keep or error");
}

TEST_CASE("the search for C refuses what it cannot judge", "[probe]") {
    const matrix<float> rows = random_rows<float>(6, 3, 108);
    const labels given = alternating(6, 2);
    const auto message = [&](const matrix<float>& validation, const labels& truth, const std::vector<double>& Cs) {
        return message_of<std::invalid_argument>([&] { fit_best_c(rows, given, validation, truth, Cs); });
    };
    CHECK(message(rows, given, {}) == "fit_best_c: there is no C to try");
    CHECK(message(rows, given, {1, -1}) == "fit_best_c: C is -1, it must be positive");
    CHECK(message(matrix<float>(6, 4), given, {1}) == "fit_best_c: validation rows have dim 4, rows have dim 3");
    CHECK(message(rows, {0, 1}, {1}) == "fit_best_c: 6 validation rows, 2 labels");
    CHECK(message(matrix<float>(0, 3), {}, {1}) == "fit_best_c: there are no validation rows");
    CHECK(message(rows, {0, 1, 0, 1, 2, 0}, {1}) == "fit_best_c: validation row 4 has label 2, there are 2 classes");
    matrix<float> bad = rows;
    bad(3, 1) = std::nanf("");
    CHECK(message(bad, given, {1}) == "fit_best_c: validation row 3 is not finite");
}

}  // namespace tests
