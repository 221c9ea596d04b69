#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <unitsphere/similarity.hpp>
#include <unitsphere/zero_shot.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"
#include "reference.hpp"

// Promise 7: the order is total: logit descending, label ascending, -0 equals +0, NaN excluded.

namespace tests {

using Catch::Matchers::ContainsSubstring;
using unitsphere::clip_logits;
using unitsphere::logit_scale;
using unitsphere::shape_error;
using unitsphere::top_labels;
using unitsphere::value_error;
using unitsphere::zero_shot_classifier;

namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

/// The order of one row of finite logits, by sorting all of it.
std::vector<idx_t> order_of(const float* logits, idx_t classes) {
    std::vector<idx_t> order(std::size_t(classes), 0);
    std::iota(order.begin(), order.end(), idx_t(0));
    std::stable_sort(order.begin(), order.end(), [&](idx_t a, idx_t b) { return logits[a] > logits[b]; });
    return order;
}

/// The images whose labels or probabilities are not those of the sorted logits.
int wrong_rows(const top_labels& top, const matrix<float>& logits, const matrix<float>& probabilities) {
    int wrong = 0;
    for (idx_t i = 0; i < logits.rows(); ++i) {
        const std::vector<idx_t> order = order_of(logits.row(i), logits.dim());
        bool right = true;
        for (idx_t r = 0; r < top.labels.dim(); ++r) {
            const idx_t label = order[std::size_t(r)];
            right = right && top.labels(i, r) == label &&
                    reference::bits(top.probabilities(i, r)) == reference::bits(probabilities(i, label));
        }
        wrong += !right;
    }
    return wrong;
}

bool unfilled(const top_labels& top, idx_t row, idx_t first) {
    bool result = true;
    for (idx_t r = first; r < top.labels.dim(); ++r)
        result = result && top.labels(row, r) == -1 &&
                 reference::bits(top.probabilities(row, r)) == reference::bits(minus_infinity);
    return result;
}

}  // namespace

TEMPLATE_TEST_CASE("the best labels are those of the sorted logits, with their probabilities", "[top]", float,
                   float16) {
    const idx_t classes = GENERATE(as<idx_t>{}, 1, 2, 5, 15, 16, 17, 33, 100, 1025);
    const idx_t k = GENERATE(as<idx_t>{}, 1, 2, 5, 16, 17, 100);
    CAPTURE(classes, k);
    const matrix<TestType> images = random_rows<TestType>(70, 24, 111), texts = random_rows<TestType>(classes, 24, 112);
    const auto scale = logit_scale::from_multiplier(100);
    const zero_shot_classifier classifier(texts, scale);
    const top_labels top = classifier.top_k(images, k);
    REQUIRE(top.labels.rows() == 70);
    REQUIRE(top.labels.dim() == std::min(k, classes));
    REQUIRE(top.probabilities.rows() == 70);
    REQUIRE(top.probabilities.dim() == std::min(k, classes));
    CHECK(wrong_rows(top, clip_logits(images, texts, scale).per_image, classifier.predict_proba(images)) == 0);
}

TEST_CASE("classes with equal logits come in the order of their labels", "[top]") {
    const idx_t classes = GENERATE(as<idx_t>{}, 3, 16, 17, 50, 400);
    const idx_t k = GENERATE(as<idx_t>{}, 1, 3, 10, 400);
    CAPTURE(classes, k);
    // Coordinates of -1, 0 and 1 in three dimensions: 27 directions, so that most classes have exact twins.
    matrix<float> images(40, 3), texts(classes, 3);
    generator random(113);
    for (matrix<float>* rows : {&images, &texts})
        for (idx_t j = 0; j < rows->rows() * 3; ++j) rows->data()[j] = float(random.below(3) - 1);
    const auto scale = logit_scale::from_multiplier(7);
    const zero_shot_classifier classifier(texts, scale);
    const matrix<float> logits = clip_logits(images, texts, scale).per_image;
    CHECK(wrong_rows(classifier.top_k(images, k), logits, classifier.predict_proba(images)) == 0);
}

TEST_CASE("labels are ranked by logit even where the probabilities are equal", "[top]") {
    matrix<float> texts(3, 2), image(1, 2);  // cosines 1e-4, 2e-4, 3e-4 at scale 1e-4: every probability is 1/3
    image(0, 0) = 1;
    for (idx_t c = 0; c < 3; ++c) texts(c, 0) = 1e-4f * float(c + 1), texts(c, 1) = 1;
    const top_labels top = zero_shot_classifier(texts, logit_scale::from_multiplier(1e-4f)).top_k(image, 3);
    REQUIRE(reference::bits(top.probabilities(0, 0)) == reference::bits(top.probabilities(0, 2)));
    CHECK((top.labels(0, 0) == 2 && top.labels(0, 1) == 1 && top.labels(0, 2) == 0));
}

TEST_CASE("a logit of -0 equals one of +0", "[top]") {
    const bool negative_first = GENERATE(true, false);
    matrix<float> image(1, 3), texts(2, 3);
    image(0, 1) = 1, image(0, 2) = 1e-30f;  // times -1e-30 as the last step: underflows to -0 where that is one fma
    texts(0, 0) = texts(1, 0) = 1;
    texts(negative_first ? 0 : 1, 2) = -1e-30f;
    const auto scale = logit_scale::from_multiplier(1);
    const matrix<float> logits = clip_logits(image, texts, scale).per_image;
    REQUIRE((logits(0, 0) == 0.0f && logits(0, 1) == 0.0f));
#if (defined(__FMA__) || defined(__aarch64__)) && !defined(__FAST_MATH__)
    REQUIRE(std::signbit(logits(0, negative_first ? 0 : 1)));
#endif
    const top_labels top = zero_shot_classifier(texts, scale).top_k(image, 2);
    CHECK((top.labels(0, 0) == 0 && top.labels(0, 1) == 1));
    CHECK(zero_shot_classifier(texts, scale).top_k(image, 1).labels(0, 0) == 0);
}

TEST_CASE("top_k of an image with NaN or Inf has no labels", "[top]") {
    const zero_shot_classifier classifier(random_rows<float>(6, 20, 114), logit_scale::from_multiplier(100));
    matrix<float> images = random_rows<float>(5, 20, 115);
    generator random(1);
    fill_row(images.row(0), 20, row_kind::nan, random);
    fill_row(images.row(2), 20, row_kind::infinite, random);
    fill_row(images.row(3), 20, row_kind::zero, random);
    unitsphere::row_report report{9, 9, 9, 9};
    const top_labels top =
        classifier.top_k(images, 4, {}, {unitsphere::on_row::keep, unitsphere::on_row::nan, &report});
    CHECK((report.zero_rows == 1 && report.first_zero == 3 && report.non_finite_rows == 2 &&
           report.first_non_finite == 0));
    CHECK(unfilled(top, 0, 0));
    CHECK(unfilled(top, 2, 0));
    for (idx_t r = 0; r < 4; ++r) CHECK(top.labels(3, r) == r);  // a zero row: all cosines are 0, ties
    CHECK(std::fabs(double(top.probabilities(3, 0)) - 1.0 / 6) <= 2e-7 / 6);
    CHECK(unfilled(classifier.top_k(images, 4, {}, {unitsphere::on_row::nan}), 3, 0));
    const top_labels alone = classifier.top_k(part(images, 4, 1), 4);
    CHECK(first_difference(alone.labels, part(top.labels, 4, 1)) == "");
    CHECK(first_difference(alone.probabilities, part(top.probabilities, 4, 1)) == "");
}

TEST_CASE("more labels than classes: all classes; no labels: an empty result; fewer than none: an error", "[top]") {
    const zero_shot_classifier classifier(random_rows<float>(3, 20, 116), logit_scale::from_multiplier(100));
    const matrix<float> images = random_rows<float>(2, 20, 117);
    CHECK(classifier.top_k(images, 1000000).labels.dim() == 3);
    CHECK((classifier.top_k(images, 0).labels.rows() == 2 && classifier.top_k(images, 0).labels.dim() == 0));
    CHECK((classifier.top_k(images, 0).probabilities.rows() == 2 &&
           classifier.top_k(images, 0).probabilities.dim() == 0));
    CHECK_THAT(message_of<value_error>([&] { classifier.top_k(images, -1); }),
               ContainsSubstring("top_k: ") && ContainsSubstring("k is -1"));
    const zero_shot_classifier none(matrix<float>(0, 20), logit_scale::from_multiplier(1));
    CHECK(none.top_k(images, 5).labels.dim() == 0);
}

TEST_CASE("the best labels in the caller's memory are the same", "[top]") {
    const idx_t classes = GENERATE(as<idx_t>{}, 5, 17, 40);
    const zero_shot_classifier classifier(random_rows<float>(classes, 20, 118), logit_scale::from_multiplier(100));
    matrix<float> images = random_rows<float>(4, 20, 119);
    images(2, 7) = reference::float_from_bits(0x7fc00000u);
    const top_labels expected = classifier.top_k(images, 5);
    laid_out<float> probabilities(untouched(4, 5), 3, 1);
    laid_out<idx_t> labels(matrix<idx_t>(4, 5), 3, 1);
    classifier.top_k_into(images, labels.view(), probabilities.view());
    CHECK(first_difference(labels.view(), expected.labels) == "");
    CHECK(first_difference(probabilities.view(), expected.probabilities) == "");
    CHECK(unfilled(expected, 2, 0));
}

TEST_CASE("top_k refuses outputs of other shapes and an error policy, and writes nothing", "[top]") {
    const zero_shot_classifier classifier(random_rows<float>(6, 20, 120), logit_scale::from_multiplier(100));
    matrix<float> images = random_rows<float>(4, 20, 121);
    matrix<idx_t> labels(4, 3), labels_rows(5, 3), labels_dim(4, 2), labels_many(4, 7);
    matrix<float> probabilities = untouched(4, 3), probabilities_rows = untouched(3, 3),
                  probabilities_many = untouched(4, 7);
    const auto refused = [&](auto& l, auto& p) {
        return message_of<shape_error>([&] { classifier.top_k_into(images, l, p); });
    };
    CHECK(refused(labels_rows, probabilities).find("5") != std::string::npos);
    CHECK(refused(labels_dim, probabilities).find("2") != std::string::npos);
    CHECK(refused(labels, probabilities_rows).find("3") != std::string::npos);
    CHECK(refused(labels_many, probabilities_many).find("7") != std::string::npos);  // of 6 classes
    images(1, 3) = minus_infinity;
    const unitsphere::row_policy strict{unitsphere::on_row::keep, unitsphere::on_row::error};
    const auto text =
        message_of<value_error>([&] { classifier.top_k_into(images, labels, probabilities, {}, {strict}); });
    CHECK(text.find("1 is not finite") != std::string::npos);
    CHECK(first_difference(labels, matrix<idx_t>(4, 3)) == "");
    CHECK(first_difference(labels_rows, matrix<idx_t>(5, 3)) == "");
    CHECK(first_difference(labels_dim, matrix<idx_t>(4, 2)) == "");
    CHECK(first_difference(labels_many, matrix<idx_t>(4, 7)) == "");
    CHECK(first_difference(probabilities, untouched(4, 3)) == "");
    CHECK(first_difference(probabilities_rows, untouched(3, 3)) == "");
}

TEST_CASE("the best labels of an image iterate with their probabilities, up to the first -1", "[top]") {
    const zero_shot_classifier classifier(random_rows<float>(6, 20, 122), logit_scale::from_multiplier(100));
    matrix<float> images = random_rows<float>(4, 20, 123);
    images(2, 7) = minus_infinity;
    const top_labels best = classifier.top_k(images, 3);
    REQUIRE(best.images() == 4);
    idx_t image = 0, wrong = 0;
    for (const auto& labels : best) {
        idx_t place = 0;
        for (const auto [label, probability] : labels) {
            wrong += label != best.labels(image, place) || probability != best.probabilities(image, place);
            wrong += labels[place].label != label || labels[place].probability != probability;
            ++place;
        }
        CHECK((place == (image == 2 ? 0 : 3) && labels.size() == place && labels.empty() == (image == 2)));
        ++image;
    }
    CHECK((image == 4 && wrong == 0));
    top_labels filled{matrix<idx_t>(1, 3), matrix<float>(1, 3)};
    filled.labels(0, 0) = 5, filled.labels(0, 1) = -1, filled.labels(0, 2) = -1;
    CHECK((filled[0].size() == 1 && (*filled[0].begin()).label == 5));
}

}  // namespace tests
