#include <unitsphere/zero_shot.hpp>

#include <cmath>
#include <vector>

#include <unitsphere/normalize.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"
#include "reference.hpp"

namespace tests {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using unitsphere::logit_scale;
using unitsphere::normalize;
using unitsphere::normalize_options;
using unitsphere::on_row;
using unitsphere::row_report;
using unitsphere::shape_error;
using unitsphere::value_error;
using unitsphere::zero_shot_classifier;

TEST_CASE("a classifier knows its classes, dim and scale", "[zero_shot]") {
    const zero_shot_classifier classifier(random_rows<float16>(5, 33, 95), logit_scale::from_multiplier(56.9953f));
    CHECK(classifier.classes() == 5);
    CHECK(classifier.dim() == 33);
    CHECK(classifier.scale().multiplier() == 56.9953f);
}

TEMPLATE_TEST_CASE("a classifier's probabilities are the softmax of the scaled cosines", "[zero_shot]", float,
                   float16) {
    const index dim = GENERATE(as<index>{}, 2, 17, 512);
    const index count = GENERATE(as<index>{}, 1, 2, 17, 40);
    const float scale = GENERATE(1.0f, 30.0f, 100.0f);
    CAPTURE(dim, count, scale);
    const matrix<TestType> images = random_rows<TestType>(6, dim, 96), classes = random_rows<TestType>(count, dim, 97);
    const matrix<float> got = zero_shot_classifier(classes, logit_scale::from_multiplier(scale)).probabilities(images);
    REQUIRE(got.rows() == 6);
    REQUIRE(got.dim() == count);
    // a cosine is off by 6e-7 and its logit by one rounding; numerator and denominator move together
    const double bound = 2 * double(scale) * (6e-7 + 0x1p-24) + 5e-6;
    for (index i = 0; i < 6; ++i) {
        std::vector<long double> logits(std::size_t(count), 0);
        long double sum = 0;
        for (index c = 0; c < count; ++c)
            logits[std::size_t(c)] = scale * reference::cosine(images.row(i), classes.row(c), dim);
        for (const long double logit : logits) sum += std::exp(logit);
        double worst = 0, total = 0;
        for (index c = 0; c < count; ++c) {
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
    const matrix<float> kept = classifier.probabilities(images, {on_row::keep, on_row::nan, &report});
    CHECK((report.zero_rows == 1 && report.first_zero == 1 && report.non_finite_rows == 1 &&
           report.first_non_finite == 2));
    for (index c = 0; c < 5; ++c) CHECK(std::fabs(double(kept(1, c)) - 0.2) <= 0.2 * 2e-7);  // all cosines are 0
    CHECK(all_nan(kept.row(2), 5));
    CHECK(reference::is_finite_row(kept.row(3), 5));
    CHECK(all_nan(classifier.probabilities(images, {on_row::nan}).row(1), 5));

    matrix<float> out = untouched(4, 5);
    const normalize_options zero_error{on_row::error}, bad_error{on_row::keep, on_row::error};
    CHECK_THAT(message_of<value_error>([&] { classifier.probabilities(images, out, zero_error); }),
               ContainsSubstring("image") && ContainsSubstring("1 is zero"));
    CHECK_THAT(message_of<value_error>([&] { classifier.probabilities(images, out, bad_error); }),
               ContainsSubstring("image") && ContainsSubstring("2 is not finite"));
    CHECK(first_difference(out, untouched(4, 5)) == "");
}

TEST_CASE("a classifier refuses classes that are not finite and keeps zero ones", "[zero_shot]") {
    const auto scale = logit_scale::from_multiplier(10);
    matrix<float> classes = random_rows<float>(4, 20, 100);
    generator random(1);
    fill_row(classes.row(3), 20, row_kind::zero, random);
    const matrix<float> images = random_rows<float>(2, 20, 101);
    const matrix<float> got = zero_shot_classifier(classes, scale).probabilities(images);
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
    CHECK_THAT(message_of<shape_error>([&] { classifier.probabilities(matrix<float>(3, 9)); }),
               ContainsSubstring("images have dim 9") && ContainsSubstring("8"));
    CHECK_THAT(message_of<shape_error>([&] { classifier.top(matrix<float>(3, 9), 1); }),
               ContainsSubstring("images have dim 9") && ContainsSubstring("8"));
    matrix<float> rows = untouched(4, 5), dim = untouched(3, 6);
    CHECK_THAT(message_of<shape_error>([&] { classifier.probabilities(images, rows); }),
               ContainsSubstring("4") && ContainsSubstring("3"));
    CHECK_THAT(message_of<shape_error>([&] { classifier.probabilities(images, dim); }),
               ContainsSubstring("6") && ContainsSubstring("5"));
    CHECK(first_difference(rows, untouched(4, 5)) == "");
    CHECK(first_difference(dim, untouched(3, 6)) == "");
    matrix<float> square = random_rows<float>(8, 8, 104);
    const matrix<float> before = square;
    const zero_shot_classifier eight(random_rows<float>(8, 8, 105), logit_scale::from_multiplier(10));
    CHECK_THAT(message_of<shape_error>([&] { eight.probabilities(square, square); }), ContainsSubstring("overlap"));
    CHECK(first_difference(square, before) == "");
}

TEST_CASE("a classifier without classes or images is legal", "[zero_shot]") {
    const zero_shot_classifier none(matrix<float>(0, 8), logit_scale::from_multiplier(10));
    CHECK(none.classes() == 0);
    CHECK((none.probabilities(matrix<float>(3, 8)).rows() == 3 && none.probabilities(matrix<float>(3, 8)).dim() == 0));
    const zero_shot_classifier some(random_rows<float>(2, 8, 106), logit_scale::from_multiplier(10));
    CHECK((some.probabilities(matrix<float>(0, 8)).rows() == 0 && some.probabilities(matrix<float>(0, 8)).dim() == 2));
}

TEST_CASE("a classifier keeps no reference to the rows it was made from", "[zero_shot]") {
    matrix<float> classes = random_rows<float>(5, 8, 107);
    const matrix<float> images = random_rows<float>(3, 8, 108);
    const zero_shot_classifier classifier(classes, logit_scale::from_multiplier(10));
    const matrix<float> expected = classifier.probabilities(images);
    const zero_shot_classifier copy = classifier;
    std::fill(classes.data(), classes.data() + 40, 0.0f);
    CHECK(first_difference(classifier.probabilities(images), expected) == "");
    CHECK(first_difference(copy.probabilities(images), expected) == "");
}

}  // namespace tests
