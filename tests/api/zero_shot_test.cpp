#include <unitsphere/zero_shot.hpp>

#include <cmath>
#include <vector>

#include <unitsphere/normalize.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "random_rows.hpp"
#include "reference.hpp"

namespace tests {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using unitsphere::logit_scale;
using unitsphere::normalize;
using unitsphere::on_row;
using unitsphere::row_policy;
using unitsphere::row_report;
using unitsphere::shape_error;
using unitsphere::value_error;
using unitsphere::zero_shot_classifier;

TEST_CASE("a classifier returns its classes, dim and scale", "[zero_shot]") {
    const zero_shot_classifier classifier(random_rows<float16>(5, 33, 95), logit_scale::from_multiplier(56.9953f));
    CHECK(classifier.classes() == 5);
    CHECK(classifier.dim() == 33);
    CHECK(classifier.scale().multiplier() == 56.9953f);
}

TEMPLATE_TEST_CASE("a classifier's probabilities are the softmax of the scaled cosines", "[zero_shot]", float,
                   float16) {
    const idx_t dim = GENERATE(as<idx_t>{}, 2, 17, 512);
    const idx_t count = GENERATE(as<idx_t>{}, 1, 2, 17, 40);
    const float scale = GENERATE(1.0f, 30.0f, 100.0f);
    CAPTURE(dim, count, scale);
    const matrix<TestType> images = random_rows<TestType>(6, dim, 96), classes = random_rows<TestType>(count, dim, 97);
    const matrix<float> got = zero_shot_classifier(classes, logit_scale::from_multiplier(scale)).predict_proba(images);
    REQUIRE(got.rows() == 6);
    REQUIRE(got.dim() == count);
    // a cosine is off by 6e-7 and its logit by one rounding; numerator and denominator move together
    const double bound = 2 * double(scale) * (6e-7 + 0x1p-24) + 5e-6;
    for (idx_t i = 0; i < 6; ++i) {
        std::vector<long double> logits(std::size_t(count), 0);
        long double sum = 0;
        for (idx_t c = 0; c < count; ++c)
            logits[std::size_t(c)] = scale * reference::cosine(images.row(i), classes.row(c), dim);
        for (const long double logit : logits) sum += std::exp(logit);
        double worst = 0, total = 0;
        for (idx_t c = 0; c < count; ++c) {
            const long double exact = std::exp(logits[std::size_t(c)]) / sum;
            if (exact > 1e-37L) worst = std::max(worst, double(std::fabs((long double)(got(i, c)) - exact) / exact));
            total += double(got(i, c));
        }
        CHECK(worst <= bound);
        CHECK(std::fabs(total - 1) <= 2e-7);
    }
}

TEST_CASE("images without a direction get what their policy says", "[zero_shot]") {
    const zero_shot_classifier classifier(random_rows<float>(5, 20, 98), logit_scale::from_multiplier(100));
    matrix<float> images = random_rows<float>(4, 20, 99);
    generator random(1);
    fill_row(images.row(1), 20, row_kind::zero, random);
    fill_row(images.row(2), 20, row_kind::nan, random);
    row_report report{9, 9, 9, 9};
    const matrix<float> kept = classifier.predict_proba(images, {}, {on_row::keep, on_row::nan, &report});
    CHECK((report.zero_rows == 1 && report.first_zero == 1 && report.non_finite_rows == 1 &&
           report.first_non_finite == 2));
    for (idx_t c = 0; c < 5; ++c) CHECK(std::fabs(double(kept(1, c)) - 0.2) <= 0.2 * 2e-7);  // all cosines are 0
    CHECK(all_nan(kept.row(2), 5));
    CHECK(reference::is_finite_row(kept.row(3), 5));
    CHECK(all_nan(classifier.predict_proba(images, {}, {on_row::nan}).row(1), 5));

    matrix<float> out = untouched(4, 5);
    const row_policy zero_error{on_row::error}, bad_error{on_row::keep, on_row::error};
    CHECK_THAT(message_of<value_error>([&] { classifier.predict_proba_into(images, out, {}, {zero_error}); }),
               ContainsSubstring("image") && ContainsSubstring("1 is zero"));
    CHECK_THAT(message_of<value_error>([&] { classifier.predict_proba_into(images, out, {}, {bad_error}); }),
               ContainsSubstring("image") && ContainsSubstring("2 is not finite"));
    CHECK(first_difference(out, untouched(4, 5)) == "");
}

TEST_CASE("a classifier refuses classes that are not finite and keeps zero ones", "[zero_shot]") {
    const auto scale = logit_scale::from_multiplier(10);
    matrix<float> classes = random_rows<float>(4, 20, 100);
    generator random(1);
    fill_row(classes.row(3), 20, row_kind::zero, random);
    const matrix<float> images = random_rows<float>(2, 20, 101);
    const matrix<float> got = zero_shot_classifier(classes, scale).predict_proba(images);
    CHECK(reference::is_finite_row(got.data(), 8));
    for (const row_kind kind : {row_kind::nan, row_kind::infinite}) {
        fill_row(classes.row(2), 20, kind, random);
        CHECK_THAT(message_of<value_error>([&] { zero_shot_classifier(classes, scale); }),
                   StartsWith("zero_shot_classifier: ") && ContainsSubstring("2 is not finite"));
        CHECK_THAT(message_of<value_error>([&] { zero_shot_classifier(normalize(classes), scale); }),
                   StartsWith("zero_shot_classifier: ") && ContainsSubstring("2 is not finite"));
    }
}

TEST_CASE("a classifier refuses images of another dim and outputs of another shape", "[zero_shot]") {
    const zero_shot_classifier classifier(random_rows<float>(5, 8, 102), logit_scale::from_multiplier(10));
    const matrix<float> images = random_rows<float>(3, 8, 103);
    CHECK_THAT(message_of<shape_error>([&] { classifier.predict_proba(matrix<float>(3, 9)); }),
               ContainsSubstring("images have dim 9") && ContainsSubstring("8"));
    CHECK_THAT(message_of<shape_error>([&] { classifier.top_k(matrix<float>(3, 9), 1); }),
               ContainsSubstring("images have dim 9") && ContainsSubstring("8"));
    matrix<float> rows = untouched(4, 5), dim = untouched(3, 6);
    CHECK_THAT(message_of<shape_error>([&] { classifier.predict_proba_into(images, rows); }),
               ContainsSubstring("4") && ContainsSubstring("3"));
    CHECK_THAT(message_of<shape_error>([&] { classifier.predict_proba_into(images, dim); }),
               ContainsSubstring("6") && ContainsSubstring("5"));
    CHECK(first_difference(rows, untouched(4, 5)) == "");
    CHECK(first_difference(dim, untouched(3, 6)) == "");
    matrix<float> square = random_rows<float>(8, 8, 104);
    const matrix<float> before = square;
    const zero_shot_classifier eight(random_rows<float>(8, 8, 105), logit_scale::from_multiplier(10));
    CHECK_THAT(message_of<shape_error>([&] { eight.predict_proba_into(square, square); }),
               ContainsSubstring("overlap"));
    CHECK(first_difference(square, before) == "");
}

TEST_CASE("a classifier without classes or images is legal", "[zero_shot]") {
    const zero_shot_classifier none(matrix<float>(0, 8), logit_scale::from_multiplier(10));
    CHECK(none.classes() == 0);
    CHECK((none.predict_proba(matrix<float>(3, 8)).rows() == 3 && none.predict_proba(matrix<float>(3, 8)).dim() == 0));
    const zero_shot_classifier some(random_rows<float>(2, 8, 106), logit_scale::from_multiplier(10));
    CHECK((some.predict_proba(matrix<float>(0, 8)).rows() == 0 && some.predict_proba(matrix<float>(0, 8)).dim() == 2));
}

TEST_CASE("a classifier keeps no reference to the rows it was made from", "[zero_shot]") {
    matrix<float> classes = random_rows<float>(5, 8, 107);
    const matrix<float> images = random_rows<float>(3, 8, 108);
    const zero_shot_classifier classifier(classes, logit_scale::from_multiplier(10));
    const matrix<float> expected = classifier.predict_proba(images);
    const zero_shot_classifier copy = classifier;
    std::fill(classes.data(), classes.data() + 40, 0.0f);
    CHECK(first_difference(classifier.predict_proba(images), expected) == "");
    CHECK(first_difference(copy.predict_proba(images), expected) == "");
}

TEMPLATE_TEST_CASE("a classifier's decisions are CLIP's logits, bit for bit", "[zero_shot]", float, float16) {
    const idx_t count = GENERATE(as<idx_t>{}, 1, 2, 16, 17, 33, 100), dim = GENERATE(as<idx_t>{}, 1, 17, 130);
    const auto images = varied_rows<TestType>(29, dim, 131), classes = varied_rows<TestType>(count, dim, 132);
    const auto scale = logit_scale::from_multiplier(56.9953f);
    const zero_shot_classifier classifier(classes, scale, on_threads{2});
    const matrix<float> logits = clip_logits(images, classes, scale).per_image;
    CHECK(first_difference(classifier.decision_function(images), logits) == "");
    laid_out<float> out(untouched(29, count), 3, 1);
    classifier.decision_function_into(normalize(images), out.view(), on_threads{3});
    CHECK(first_difference(out.view(), logits) == "");
}

TEST_CASE("the predicted label is the first of top_k, the lowest of equal ones", "[zero_shot]") {
    const idx_t count = GENERATE(as<idx_t>{}, 1, 2, 5, 16, 17, 32, 33, 100, 1025);
    const idx_t n = GENERATE(as<idx_t>{}, 1, 13, 150);
    CAPTURE(count, n);
    matrix<float> images(n, 3), classes(count, 3);  // 27 directions, so that most classes have exact twins
    generator random(133);
    for (matrix<float>* rows : {&images, &classes})
        for (idx_t k = 0; k < rows->rows() * 3; ++k) rows->data()[k] = float(random.below(3) - 1);
    const bool exact_twins = GENERATE(true, false);
    if (!exact_twins) images = random_rows<float>(n, 3, 134);
    if (n > 2) images(2, 1) = reference::float_from_bits(0xffc00000u);
    const zero_shot_classifier classifier(classes, logit_scale::from_multiplier(7));
    const matrix<idx_t> first = classifier.top_k(images, 1).labels;
    const unitsphere::array<idx_t> labels = classifier.predict(images);
    std::vector<idx_t> list(std::size_t(n), 9);
    classifier.predict_into(images, list, on_threads{3});
    idx_t wrong = 0;
    for (idx_t i = 0; i < n; ++i) wrong += labels[i] != first(i, 0) || list[std::size_t(i)] != first(i, 0);
    CHECK(wrong == 0);
    if (n > 2) CHECK(labels[2] == -1);
}

TEST_CASE("without a class there is no label to predict", "[zero_shot]") {
    const zero_shot_classifier none(matrix<float>(0, 8), logit_scale::from_multiplier(10));
    for (const idx_t label : none.predict(random_rows<float>(20, 8, 135))) CHECK(label == -1);
    CHECK(none.decision_function(matrix<float>(3, 8)).columns() == 0);
    CHECK(none.predict(matrix<float>(0, 8)).empty());
}

TEST_CASE("every question to a classifier follows the policy of its images", "[zero_shot]") {
    const zero_shot_classifier classifier(random_rows<float>(5, 20, 136), logit_scale::from_multiplier(100));
    matrix<float> images = random_rows<float>(4, 20, 137);
    generator random(1);
    fill_row(images.row(1), 20, row_kind::zero, random);
    fill_row(images.row(2), 20, row_kind::nan, random);
    row_report report{9, 9, 9, 9};
    const matrix<float> logits = classifier.decision_function(images, {}, {on_row::keep, on_row::nan, &report});
    CHECK((report.zero_rows == 1 && report.first_zero == 1 && report.non_finite_rows == 1));
    CHECK((all_zero(logits.row(1), 5) && all_nan(logits.row(2), 5)));
    CHECK((classifier.predict(images)[1] == 0 && classifier.predict(images, {}, {on_row::nan})[1] == -1));
    std::vector<idx_t> labels(4, 9), three(3, 9);
    matrix<float> out = untouched(4, 5);
    CHECK(message_of<value_error>([&] { classifier.predict_into(images, labels, {}, {on_row::error}); }) ==
          "zero_shot_classifier::predict: image 1 is zero");
    CHECK(message_of<value_error>([&] {
              classifier.decision_function_into(images, out, {}, {on_row::keep, on_row::error});
          }) == "zero_shot_classifier::decision_function: image 2 is not finite");
    CHECK(message_of<shape_error>([&] { classifier.predict_into(images, three); }) ==
          "zero_shot_classifier::predict: labels is 1 x 3, it must be 1 x 4");
    CHECK(message_of<shape_error>([&] { classifier.predict(matrix<float>(1, 21)); }) ==
          "zero_shot_classifier::predict: images have dim 21, the classes have dim 20");
    CHECK((labels == std::vector<idx_t>(4, 9) && three == std::vector<idx_t>(3, 9)));
    CHECK(first_difference(out, untouched(4, 5)) == "");
}

TEST_CASE("a classifier takes rows and a logit_scale, and nothing else", "[zero_shot]") {
    using rows = const matrix<float>&;
    CHECK(std::is_constructible_v<zero_shot_classifier, rows, logit_scale>);
    CHECK(std::is_constructible_v<zero_shot_classifier, rows, logit_scale, on_threads>);
    CHECK_FALSE(std::is_constructible_v<zero_shot_classifier, rows, float>);
    CHECK_FALSE(std::is_constructible_v<zero_shot_classifier, rows, int, on_threads>);
    CHECK_FALSE(std::is_constructible_v<zero_shot_classifier, rows>);
    CHECK_FALSE(std::is_constructible_v<zero_shot_classifier, const matrix<int>&, logit_scale>);
    CHECK_FALSE(std::is_constructible_v<zero_shot_classifier, const std::string&, logit_scale>);
}

}  // namespace tests
