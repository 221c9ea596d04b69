#include <unitsphere/zero_shot.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <unitsphere/normalize.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"
#include "reference.hpp"
#include "troubled_rows.hpp"

namespace tests {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using unitsphere::normalize;
using unitsphere::on_row;
using unitsphere::prompt_ensemble;
using unitsphere::row_report;
using unitsphere::shape_error;
using unitsphere::value_error;

namespace {

struct class_mean {
    std::vector<long double> unit;
    long double length = 0;  // of the mean, before it is renormalized
    int prompts = 0;
};

/// Normalize each prompt, mean, renormalize.
template <class T>
class_mean exact_ensemble(const matrix<T>& prompts, const std::vector<int>& class_of_prompt, int wanted) {
    class_mean result;
    result.unit.assign(std::size_t(prompts.dim()), 0);
    for (idx_t i = 0; i < prompts.rows(); ++i) {
        if (class_of_prompt[std::size_t(i)] != wanted) continue;
        ++result.prompts;
        const long double norm = reference::norm(prompts.row(i), prompts.dim());
        for (idx_t k = 0; k < prompts.dim(); ++k) result.unit[std::size_t(k)] += reference::widen(prompts(i, k)) / norm;
    }
    for (long double& x : result.unit) x /= result.prompts;
    for (const long double x : result.unit) result.length += x * x;
    result.length = std::sqrt(result.length);
    for (long double& x : result.unit) x /= result.length;
    return result;
}

const std::vector<int> ragged{2, 0, 1, 2, 2, 0, 3, 2, 4, 4, 2, 2};  // 2, 1, 6, 1 and 2 prompts, mixed

}  // namespace

TEMPLATE_TEST_CASE("prompt_ensemble is the renormalized mean of unit prompts, however many a class has", "[zero_shot]",
                   float, float16) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 2, 16, 17, 33, 129, 512);
    CAPTURE(dim);
    matrix<TestType> prompts = random_rows<TestType>(12, dim, 91);
    for (idx_t i = 0; i < 12; ++i)  // lengths from 1/8 to 4 tell the mean of units from the mean of raw rows
        for (idx_t k = 0; k < dim; ++k)
            prompts(i, k) = TestType(std::ldexp(std::fabs(float(prompts(i, k))), int(i % 6) - 3));
    row_report report{9, 9, 9, 9};
    const auto classes = prompt_ensemble(prompts, ragged, {}, {{}, {on_row::keep, on_row::nan, &report}});
    REQUIRE(classes.rows() == 5);
    REQUIRE(classes.dim() == dim);
    CHECK((report.zero_rows == 0 && report.non_finite_rows == 0 && report.first_zero == -1 &&
           report.first_non_finite == -1));
    for (int c = 0; c < 5; ++c) {
        const class_mean exact = exact_ensemble(prompts, ragged, c);
        // each unit prompt is off by 2 roundings, the sum of n of them by n more, the result by 2
        const double bound = (exact.prompts + 5) * 0x1p-24 / double(exact.length);
        double worst = 0;
        for (idx_t k = 0; k < dim; ++k)
            worst = std::max(worst, double(std::fabs((long double)(classes(c, k)) - exact.unit[std::size_t(k)])));
        CAPTURE(c);
        CHECK(worst <= bound);
        CHECK(double(std::fabs(reference::norm(classes.row(c), dim) - 1)) <= 1.2e-7);
    }
}

TEST_CASE("the mean of raw prompts is another classifier", "[zero_shot]") {
    matrix<float> prompts(2, 2);
    prompts(0, 0) = 10.0f, prompts(1, 1) = 1.0f;
    const auto classes = prompt_ensemble(prompts, std::vector<int>{0, 0});
    CHECK(std::fabs(double(classes(0, 0)) - std::sqrt(0.5)) <= 2e-7);  // the raw mean would be (0.995, 0.0995)
    CHECK(std::fabs(double(classes(0, 1)) - std::sqrt(0.5)) <= 2e-7);
}

TEST_CASE("labels may be any contiguous integers and raw and unit prompts give one ensemble up to rounding",
          "[zero_shot]") {
    const matrix<float> prompts = random_rows<float>(4, 33, 92);
    const auto expected = prompt_ensemble(prompts, std::vector<int>{1, 0, 1, 1});
    CHECK(first_difference(prompt_ensemble(prompts, std::array<std::int64_t, 4>{1, 0, 1, 1}), expected) == "");
    CHECK(first_difference(prompt_ensemble(prompts, std::vector<std::uint8_t>{1, 0, 1, 1}), expected) == "");
    CHECK(first_difference(prompt_ensemble(laid_out<float>(prompts, 3, 1).view(), std::vector<idx_t>{1, 0, 1, 1}),
                           expected) == "");
    const auto from_unit = prompt_ensemble(normalize(prompts), std::vector<int>{1, 0, 1, 1});
    for (idx_t c = 0; c < 2; ++c) CHECK(1 - reference::cosine(from_unit.row(c), expected.row(c), 33) <= 1e-6L);
}

TEST_CASE("an ensemble whose mean is zero is a zero row and is counted", "[zero_shot]") {
    matrix<float> prompts = random_rows<float>(6, 20, 93);
    generator random(1);
    for (idx_t k = 0; k < 20; ++k) prompts(3, k) = -4 * prompts(1, k);  // class 1: opposite directions
    fill_row(prompts.row(4), 20, row_kind::zero, random);               // class 3: zero prompts alone
    fill_row(prompts.row(5), 20, row_kind::zero, random);
    row_report report{9, 9, 9, 9};
    const auto classes =
        prompt_ensemble(prompts, std::vector<int>{0, 1, 2, 1, 3, 3}, {}, {{}, {on_row::keep, on_row::nan, &report}});
    CHECK(report.zero_rows == 2);
    CHECK(report.first_zero == 1);
    CHECK(report.non_finite_rows == 0);
    CHECK(all_zero(classes.row(1), 20));
    CHECK(all_zero(classes.row(3), 20));
    CHECK_FALSE(all_zero(classes.row(2), 20));
    CHECK(prompt_ensemble(prompts, std::vector<int>{0, 1, 2, 1, 3, 3}).rows() == 4);
}

TEST_CASE("prompt_ensemble refuses what has no meaning and names it", "[zero_shot]") {
    matrix<float> prompts = random_rows<float>(4, 8, 94);
    CHECK_THAT(message_of<shape_error>([&] {
                   prompt_ensemble(prompts, std::vector<int>{0, 1, 1});
               }),
               StartsWith("prompt_ensemble: ") && ContainsSubstring("3") && ContainsSubstring("4"));
    CHECK_THAT(message_of<value_error>([&] {
                   prompt_ensemble(prompts, std::vector<int>{0, 1, -1, 1});
               }),
               StartsWith("prompt_ensemble: ") && ContainsSubstring("-1"));
    CHECK_THAT(message_of<value_error>([&] {
                   prompt_ensemble(prompts, std::vector<int>{0, 1, 3, 3});
               }),
               StartsWith("prompt_ensemble: ") && ContainsSubstring("class 2"));
    for (const row_kind kind : {row_kind::nan, row_kind::infinite}) {
        generator random(1);
        fill_row(prompts.row(2), 8, kind, random);
        CHECK_THAT(message_of<value_error>([&] {
                       prompt_ensemble(prompts, std::vector<int>{0, 1, 0, 1});
                   }),
                   StartsWith("prompt_ensemble: ") && ContainsSubstring("2 is not finite"));
    }
}

TEST_CASE("prompt_ensemble refuses a label beyond the number of prompts before it allocates", "[zero_shot]") {
    const matrix<float> prompts = random_rows<float>(2, 8, 95);
    for (const idx_t label : {idx_t(1) << 62, std::numeric_limits<idx_t>::max()}) {
        CAPTURE(label);
        CHECK_THAT(message_of<value_error>([&] {
                       prompt_ensemble(prompts, std::vector<idx_t>{0, label});
                   }),
                   StartsWith("prompt_ensemble: ") && ContainsSubstring("class 1"));
    }
}

TEST_CASE("prompt_ensemble of no prompts has no classes", "[zero_shot]") {
    CHECK(prompt_ensemble(matrix<float>(0, 8), std::vector<int>{}).rows() == 0);
}

TEST_CASE("an ensemble in the caller's memory is the same", "[zero_shot]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 17, 129);
    const matrix<float> prompts = random_rows<float>(12, dim, 96);
    const auto expected = prompt_ensemble(prompts, ragged);
    laid_out<float> out(untouched(5, dim), 3, 1);
    unitsphere::workspace space;
    CHECK(first_difference(prompt_ensemble_into(prompts, ragged, out.view(), space), expected) == "");
    CHECK(first_difference(out.view(), expected) == "");
}

TEST_CASE("prompt_ensemble_into refuses another shape and memory of its inputs, and writes nothing", "[zero_shot]") {
    matrix<float> prompts = random_rows<float>(12, 8, 97), rows = untouched(4, 8), dim = untouched(5, 9);
    const matrix<float> before = prompts;
    CHECK(message_of<shape_error>([&] { prompt_ensemble_into(prompts, ragged, rows); }) ==
          "prompt_ensemble: out is 4 x 8, it must be 5 x 8");
    CHECK(message_of<shape_error>([&] { prompt_ensemble_into(prompts, ragged, dim); }) ==
          "prompt_ensemble: out is 5 x 9, it must be 5 x 8");
    const matrix_view<float> inside(prompts.row(7), 5, 8);
    CHECK(message_of<shape_error>([&] { prompt_ensemble_into(prompts, ragged, inside); }) ==
          "prompt_ensemble: out overlaps the prompts");
    CHECK(first_difference(rows, untouched(4, 8)) == "");
    CHECK(first_difference(dim, untouched(5, 9)) == "");
    CHECK(first_difference(prompts, before) == "");
}

TEST_CASE("policies of the prompts and of the classes decide what has no direction, and count it", "[zero_shot]") {
    matrix<float> prompts = random_rows<float>(5, 20, 98);
    generator random(1);
    fill_row(prompts.row(1), 20, row_kind::zero, random);
    fill_row(prompts.row(4), 20, row_kind::zero, random);
    const std::vector<int> labels{0, 0, 1, 1, 2};  // a zero prompt beside another in class 0, alone in class 2
    row_report of_prompts{9, 9, 9, 9}, of_classes{9, 9, 9, 9};
    const unitsphere::row_policy counted{on_row::keep, on_row::nan, &of_prompts};
    prompt_ensemble(prompts, labels, {}, {counted, {on_row::keep, on_row::nan, &of_classes}});
    CHECK(same(of_prompts, {2, 0, 1, -1}));
    CHECK(same(of_classes, {1, 0, 2, -1}));
    CHECK(all_nan(prompt_ensemble(prompts, labels, {}, {{}, {on_row::nan}}).row(2), 20));
    CHECK(all_nan(prompt_ensemble(prompts, labels, {}, {{on_row::nan}}).row(0), 20));
    matrix<float> out = untouched(3, 20);
    of_prompts = {9, 9, 9, 9};
    CHECK(message_of<value_error>([&] {
              prompt_ensemble_into(prompts, labels, out, {}, {counted, {on_row::error}});
          }) == "prompt_ensemble: class 2 is zero");
    CHECK(message_of<value_error>([&] { prompt_ensemble_into(prompts, labels, out, {}, {{on_row::error}}); }) ==
          "prompt_ensemble: prompt 1 is zero");
    CHECK(same(of_prompts, {9, 9, 9, 9}));
    CHECK(first_difference(out, untouched(3, 20)) == "");
}

}  // namespace tests
