#include <unitsphere/linear_probe.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <unitsphere/normalize.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"
#include "troubled_rows.hpp"

namespace tests {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using unitsphere::best_C_fit;
using unitsphere::fit_best_C;
using unitsphere::fit_step;
using unitsphere::logistic_fit;
using unitsphere::logistic_options;
using unitsphere::logistic_regression;
using unitsphere::shape_error;
using unitsphere::value_error;

namespace {

using labels = std::vector<index>;

labels alternating(index n, index classes) {
    labels result;
    for (index i = 0; i < n; ++i) result.push_back(i % classes);
    return result;
}

template <class Error = value_error>
std::string refusal(const matrix<float>& rows, const labels& given, const logistic_options& options = {}) {
    return message_of<Error>([&] { logistic_regression(rows, given, options); });
}

}  // namespace

TEST_CASE("labels that cannot be learned are refused, with row and label", "[probe]") {
    const matrix<float> rows = random_rows<float>(4, 3, 101);
    CHECK(refusal(rows, {1, 1, 1, 1}) == "logistic_regression: all 4 rows have label 1, two classes are needed");
    CHECK(refusal(rows, {0, 0, 0, 0}) == "logistic_regression: all 4 rows have label 0, two classes are needed");
    CHECK(refusal(rows, {0, 1, -1, 1}) == "logistic_regression: row 2 has the negative label -1");
    CHECK(refusal(rows, {0, 2, 0, 2}) == "logistic_regression: class 1 has no rows");
    CHECK(refusal(rows, {0, 1, 0, std::numeric_limits<index>::max() - 1}) ==
          "logistic_regression: class 2 has no rows");
    logistic_options three;
    three.classes = 3;
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
}

TEST_CASE("failed images are zero rows: they count for the bias alone, and are counted", "[probe]") {
    const matrix<float> rows = only<float>(true, false, 9);
    const labels given = alternating(8, 2);  // both zero rows have label 1
    row_report seen;
    logistic_options options;
    options.report = &seen;
    const logistic_fit found = logistic_regression(rows, given, options);
    CHECK(same(seen, row_report{2, 0, 1, -1}));
    seen = {};
    logistic_regression(unitsphere::normalize(rows), given, options);
    CHECK(same(seen, row_report{2, 0, 1, -1}));

    matrix<float> without(6, 9);
    labels without_labels;
    for (index i = 0, to = 0; i < 8; ++i) {
        if (is_zero_row(i)) continue;
        std::copy_n(rows.row(i), 9, without.row(to++));
        without_labels.push_back(given[std::size_t(i)]);
    }
    CHECK(found.head.bias(0) > logistic_regression(without, without_labels).head.bias(0));

    options.zero_rows = on_row::error;
    CHECK(refusal(rows, given, options) == "logistic_regression: row 1 is zero");
    options.zero_rows = on_row::nan;
    CHECK(refusal(rows, given, options) == "logistic_regression: zero rows cannot become NaN; choose keep or error");
}

TEST_CASE("rows without any direction leave the odds of the labels to the bias", "[probe]") {
    const logistic_fit two = logistic_regression(matrix<float>(10, 4), labels{1, 0, 0, 0, 1, 1, 1, 1, 1, 1});
    CHECK_THAT(two.head.bias(0), WithinAbs(std::log(7.0 / 3.0), 1e-6));
    const logistic_fit three = logistic_regression(matrix<float>(10, 4), labels{0, 1, 1, 1, 2, 2, 2, 2, 2, 2});
    const matrix<double> p = three.head.predict_proba(std::vector<float>{1, 2, 3, 4});
    CHECK_THAT(p(0, 0), WithinAbs(0.1, 1e-6));
    CHECK_THAT(p(0, 2), WithinAbs(0.6, 1e-6));
    for (index k = 0; k < 4; ++k) CHECK(three.head.rows()(2, k) == 0.0);
}

TEST_CASE("settings without a meaning are refused, with their value", "[probe]") {
    const matrix<float> rows = random_rows<float>(6, 3, 102);
    const labels given = alternating(6, 2);
    const auto with = [&](auto change) {
        logistic_options options;
        change(options);
        return refusal(rows, given, options);
    };
    using options = logistic_options;
    CHECK(with([](options& o) { o.C = 0; }) == "logistic_regression: C is 0, it must be positive");
    CHECK(with([](options& o) { o.C = -2; }) == "logistic_regression: C is -2, it must be positive");
    CHECK(with([](options& o) { o.C = std::nan(""); }) != "(no exception)");
    CHECK(with([](options& o) { o.gradient = 0; }) == "logistic_regression: gradient is 0, it must be positive");
    CHECK(with([](options& o) { o.max_iterations = 0; }) ==
          "logistic_regression: max_iterations is 0, it must be at least 1");
    CHECK(with([](options& o) {
              o.class_weights = {1, -1};
          }) == "logistic_regression: the weight of class 1 is -1, it must be positive");
    CHECK(with([](options& o) {
              o.class_weights = {1, 1}, o.balanced = true;
          }) == "logistic_regression: balanced and class_weights exclude each other");
    CHECK(with([](options& o) { o.classes = -3; }) == "logistic_regression: classes is -3, it must not be negative");
    CHECK(with([](options& o) {
              o.C = 1e308, o.class_weights = {1, 10};
          }) == "logistic_regression: C 1e+308 times the weight 10 of class 1 is inf, it must be positive");
    options three_weights;
    row_report untouched{-5, -5, -5, -5};
    three_weights.report = &untouched;
    three_weights.class_weights = {1, 2, 3};
    CHECK(refusal<shape_error>(rows, given, three_weights) ==
          "logistic_regression: class_weights has 3 entries, there are 2 classes");
    CHECK(untouched.zero_rows == -5);
}

TEST_CASE("every step is told: the objective falls, and the last one is the result", "[probe]") {
    const index classes = GENERATE(2, 4);
    const matrix<float> rows = random_rows<float>(90, 20, 103);
    std::vector<fit_step> steps;
    logistic_options options;
    options.C = 20;
    options.on_iteration = [&](const fit_step& step) { steps.push_back(step); };
    const logistic_fit found = logistic_regression(rows, alternating(90, classes), options);
    REQUIRE(steps.size() > 3);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        CHECK(steps[i].iteration == index(i));
        if (i > 0) CHECK(steps[i].objective <= steps[i - 1].objective * (1 + 1e-12));
    }
    CHECK_THAT(steps[0].objective, WithinRel(20 * 90 * std::log(double(classes)), 1e-12));
    CHECK(steps.back().objective == found.objective);
    CHECK(steps.back().gradient == found.gradient);
    CHECK(steps.back().iteration == found.iterations);
}

TEST_CASE("a fit that does not converge is an error with its gradient, or says so where that was asked for",
          "[probe]") {
    const index classes = GENERATE(2, 3);
    const matrix<float> rows = random_rows<float>(60, 20, 104);
    logistic_options options;
    options.C = 1000;
    options.max_iterations = 2;
    const std::string message = refusal(rows, alternating(60, classes), options);
    CHECK(message.find("logistic_regression: the gradient is ") == 0);
    CHECK(message.find(" after 2 iterations, it must be at most 1e-06; allow more iterations") != std::string::npos);
    options.require_convergence = false;
    const logistic_fit found = logistic_regression(rows, alternating(60, classes), options);
    CHECK((!found.converged && found.iterations == 2 && found.gradient > 1e-6));
    options.gradient = 1e-300;  // beyond any rounding: the search ends by itself
    options.max_iterations = 1000000;
    CHECK(!logistic_regression(rows, alternating(60, classes), options).converged);
}

TEST_CASE("very weak and very strong penalties converge, also where the classes are separable", "[probe]") {
    const index classes = GENERATE(2, 3);
    const double C = GENERATE(1e-8, 1e-3, 1e3, 1e6);
    const matrix<float> rows = random_rows<float>(50, 80, 105);  // more dims than rows: any labels are separable
    logistic_options options;
    options.C = C;
    options.max_iterations = 20000;
    const labels given = alternating(50, classes);
    const logistic_fit found = logistic_regression(rows, given, options);
    CHECK(found.gradient <= 1e-6);
    if (C >= 1e3) CHECK(found.head.predict(rows) == given);
}

TEST_CASE("the best C is the one with most validation labels right, then the lower log loss", "[probe]") {
    const matrix<float> rows = random_rows<float>(80, 30, 106), validation = random_rows<float>(60, 30, 107);
    const auto label_of = [](const matrix<float>& of, index i) { return of(i, 0) + of(i, 1) > 0.4f ? index(1) : 0; };
    labels given, truth;
    for (index i = 0; i < 80; ++i) given.push_back(i % 6 == 0 ? i / 6 % 2 : label_of(rows, i));  // some are wrong
    for (index i = 0; i < 60; ++i) truth.push_back(label_of(validation, i));
    const std::vector<double> candidates{1e-3, 0.1, 1, 10, 1000};
    const best_C_fit best = fit_best_C(rows, given, validation, truth, candidates);
    REQUIRE(best.tried.size() == 5);
    std::size_t expected = 0;
    for (std::size_t c = 0; c < 5; ++c) {
        logistic_options options;
        options.C = candidates[c];
        const logistic_fit fit = logistic_regression(rows, given, options);
        const labels predicted = fit.head.predict(validation);
        const matrix<double> p = fit.head.predict_proba(validation);
        index correct = 0;
        double loss = 0;
        for (index i = 0; i < 60; ++i) {
            correct += predicted[std::size_t(i)] == truth[std::size_t(i)];
            loss -= std::log(p(i, truth[std::size_t(i)])) / 60;
        }
        CAPTURE(c, correct, loss);
        CHECK(best.tried[c].C == candidates[c]);
        CHECK(best.tried[c].correct == correct);
        CHECK_THAT(best.tried[c].log_loss, WithinAbs(loss, 1e-5));  // both fits are within 1e-6 of the minimum
        const auto& leader = best.tried[expected];
        if (correct > leader.correct || (correct == leader.correct && best.tried[c].log_loss < leader.log_loss))
            expected = c;
        if (candidates[c] == best.C) CHECK_THAT(best.fit.objective, WithinRel(fit.objective, 1e-9));
    }
    CHECK(best.C == candidates[expected]);
    CHECK((best.C != candidates.front() && best.C != candidates.back()));
}

TEST_CASE("of candidates with as many right labels the lower log loss wins, of equal ones the first", "[probe]") {
    matrix<float> rows(4, 2);
    for (index i = 0; i < 4; ++i) rows(i, i % 2) = 1;
    const labels given = alternating(4, 2);  // separable: every C gets all of them right
    const best_C_fit best = fit_best_C(rows, given, rows, given, {1, 100, 10});
    for (const auto& one : best.tried) CHECK(one.correct == 4);
    CHECK(best.C == 100);
    CHECK_THAT(best.fit.head.rows()(0, 1), WithinAbs(-best.fit.head.rows()(0, 0), 1e-6));
    logistic_options loose;
    loose.gradient = 1e3;  // no step is made: all heads are zero and equal
    CHECK(fit_best_C(rows, given, rows, given, {3, 2, 5}, loose).C == 3);
}

TEST_CASE("the search for C refuses what it cannot judge", "[probe]") {
    const matrix<float> rows = random_rows<float>(6, 3, 108);
    const labels given = alternating(6, 2);
    const auto message = [&](const matrix<float>& validation, const labels& truth, const std::vector<double>& Cs) {
        return message_of<std::invalid_argument>([&] { fit_best_C(rows, given, validation, truth, Cs); });
    };
    CHECK(message(rows, given, {}) == "fit_best_C: there is no C to try");
    CHECK(message(rows, given, {1, -1}) == "fit_best_C: C is -1, it must be positive");
    CHECK(message(matrix<float>(6, 4), given, {1}) == "fit_best_C: validation rows have dim 4, rows have dim 3");
    CHECK(message(rows, {0, 1}, {1}) == "fit_best_C: 6 validation rows, 2 labels");
    CHECK(message(matrix<float>(0, 3), {}, {1}) == "fit_best_C: there are no validation rows");
    CHECK(message(rows, {0, 1, 0, 1, 2, 0}, {1}) == "fit_best_C: validation row 4 has label 2, there are 2 classes");
    matrix<float> bad = rows;
    bad(3, 1) = std::nanf("");
    CHECK(message(bad, given, {1}) == "fit_best_C: validation row 3 is not finite");
}

}  // namespace tests
