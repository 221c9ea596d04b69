#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <unitsphere/probability.hpp>
#include <unitsphere/similarity.hpp>
#include <unitsphere/zero_shot.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "random_rows.hpp"

// Probabilities of similarities and a logit_scale: softmax, log_softmax and log_sum_exp of l = scale * similarity.

namespace tests {

using namespace unitsphere;

namespace {

/// scale * x, each product rounded to float.
matrix<float> logits_of(const matrix<float>& similarities, float scale) {
    matrix<float> logits(similarities.rows(), similarities.columns());
    for (idx_t k = 0; k < similarities.rows() * similarities.columns(); ++k) {
        const volatile float product = scale * similarities.data()[k];
        logits.data()[k] = product;
    }
    return logits;
}

/// Where one of the three differs from what it makes of the logits themselves; empty where none does.
std::string difference(const matrix<float>& similarities, logit_scale scale, const execution& how = {}) {
    const matrix<float> logits = logits_of(similarities, scale.multiplier());
    return first_difference(softmax(similarities, scale, how), softmax(logits)) +
           first_difference(log_softmax(similarities, scale, how), log_softmax(logits)) +
           first_difference(log_sum_exp(similarities, scale, how).view(), log_sum_exp(logits).view());
}

template <class... X>
auto call_softmax(X&&... x) -> decltype(softmax(static_cast<X&&>(x)...));
template <class... X>
auto call_log_sum_exp(X&&... x) -> decltype(log_sum_exp(static_cast<X&&>(x)...));
template <class... X>
auto call_sigmoid(X&&... x) -> decltype(sigmoid(static_cast<X&&>(x)...));

template <class Void, class... X>
inline constexpr bool takes = false;
template <class... X>
inline constexpr bool takes<
    std::void_t<decltype(call_softmax(std::declval<X>()...)), decltype(call_log_sum_exp(std::declval<X>()...))>, X...> =
    true;
template <class Void, class... X>
inline constexpr bool sigmoid_takes = false;
template <class... X>
inline constexpr bool sigmoid_takes<std::void_t<decltype(call_sigmoid(std::declval<X>()...))>, X...> = true;

}  // namespace

TEMPLATE_TEST_CASE("the softmax of cosines and a scale has the bits of the classifier's probabilities", "[scale]",
                   float, float16) {
    const idx_t classes = GENERATE(as<idx_t>{}, 1, 2, 15, 16, 17, 31, 33, 100, 1023, 1024, 1025, 2500);
    const float multiplier = GENERATE(1.0f, 56.9953f, 100.0f, 1e-3f, 3000.0f);
    CAPTURE(classes, multiplier);
    const auto images = varied_rows<TestType>(13, 40, 301), texts = varied_rows<TestType>(classes, 40, 302);
    const auto scale = logit_scale::from_multiplier(multiplier);
    const zero_shot_classifier classifier(texts, scale);
    const matrix<float> cosines = cosine_similarity(images, texts);
    CHECK(first_difference(softmax(cosines, scale), classifier.predict_proba(images)) == "");
    CHECK(first_difference(softmax(cosines, scale), softmax(clip_logits(images, texts, scale).per_image)) == "");
}

TEST_CASE("softmax, log_softmax and log_sum_exp with a scale have the bits of the rounded products", "[scale]") {
    const idx_t columns =
        GENERATE(as<idx_t>{}, 1, 2, 15, 16, 17, 31, 32, 33, 63, 100, 1023, 1024, 1025, 2049, 5000, (1 << 20) + 5);
    CAPTURE(columns);
    for (const float multiplier : {1.0f, 0.37f, 31.7f, 100.0f, 1e4f}) {
        const matrix<float> similarities = random_logits(columns > 5000 ? 1 : 3, columns, 1.0f, 303);
        CAPTURE(multiplier);
        CHECK(difference(similarities, logit_scale::from_multiplier(multiplier)) == "");
    }
}

TEST_CASE("softmax, log_softmax and log_sum_exp with a scale agree with the formula in long double", "[scale]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 1, 2, 16, 17, 100, 1025);
    const float multiplier = GENERATE(1.5f, 30.0f, 99.7f);
    CAPTURE(columns, multiplier);
    const matrix<float> similarities = random_logits(3, columns, 1.0f, 304);
    const auto scale = logit_scale::from_multiplier(multiplier);
    const matrix<float> p = softmax(similarities, scale), log_p = log_softmax(similarities, scale);
    const array<double> sums = log_sum_exp(similarities, scale);
    // A logit of at most `multiplier` is rounded to float once: off by multiplier * 2^-24, which exp makes relative.
    const double logit = double(multiplier) * 0x1p-24;
    double worst_p = 0, worst_log = 0, worst_sum = 0;
    for (idx_t i = 0; i < 3; ++i) {
        long double sum = 0;
        for (idx_t j = 0; j < columns; ++j) sum += std::exp((long double)(multiplier)*similarities(i, j));
        worst_sum = larger_error(worst_sum, double(std::fabs((long double)(sums[i]) - std::log(sum))));
        for (idx_t j = 0; j < columns; ++j) {
            const long double exact = (long double)(multiplier)*similarities(i, j) - std::log(sum);
            if (exact > -80)
                worst_p = larger_error(worst_p, double(std::fabs((long double)(p(i, j)) / std::exp(exact) - 1)));
            worst_log = larger_error(worst_log, double(std::fabs((long double)(log_p(i, j)) - exact) / (1 - exact)));
        }
    }
    CHECK(worst_p <= 2 * logit + 5e-6);
    CHECK(worst_log <= 2 * logit + 2e-7);
    CHECK(worst_sum <= logit + 1.2e-7);
}

TEST_CASE("a scale of 1 changes no bit of any row", "[scale]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 1, 16, 17, 33, 1024, 1025, 3000);
    matrix<float> logits = random_logits(5, columns, 90.0f, 305);
    logits(1, columns / 2) = -infinity;
    logits(2, columns - 1) = infinity;
    logits(3, 0) = reference::float_from_bits(0xffc00001u);
    for (idx_t j = 0; j < columns; ++j) logits(4, j) = -infinity;
    const auto one = logit_scale::from_multiplier(1.0f);
    CHECK(first_difference(softmax(logits, one), softmax(logits)) == "");
    CHECK(first_difference(log_softmax(logits, one), log_softmax(logits)) == "");
    CHECK(first_difference(log_sum_exp(logits, one).view(), log_sum_exp(logits).view()) == "");
    CHECK(first_difference(sigmoid(logits, one, 0.0f), sigmoid(logits)) == "");
}

TEST_CASE("scaled rows in place, with any stride, alignment and split have the same bits", "[scale]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 1, 15, 16, 17, 33, 100, 1025, 2049);
    const auto scale = logit_scale::from_multiplier(56.9953f);
    const matrix<float> similarities = random_logits(300, columns, 1.0f, 306);
    const matrix<float> p = softmax(similarities, scale), log_p = log_softmax(similarities, scale);
    const array<double> sums = log_sum_exp(similarities, scale);
    CHECK(difference(similarities, scale, on_threads{3}) == "");
    for (const idx_t gap : {0, 3})
        for (const idx_t shift : {0, 1, 7}) {
            laid_out<float> moved(similarities, gap, shift), again(similarities, gap, shift);
            laid_out<float> out(untouched(300, columns), 3 - gap, shift + 1);
            std::vector<double> list(300);
            log_sum_exp_into(moved.view(), scale, list, on_threads{2});
            CHECK(first_difference(to_view(list), sums.view()) == "");
            softmax_into(moved.view(), scale, out.view());
            CHECK(first_difference(out.view(), p) == "");
            softmax_into(moved.view(), scale, moved.view());
            CHECK(first_difference(moved.view(), p) == "");
            log_softmax_into(again.view(), scale, again.view(), on_threads{4});
            CHECK(first_difference(again.view(), log_p) == "");
        }
}

TEST_CASE("a similarity that is NaN, or whose product overflows, makes its row alone NaN; -Inf is masked", "[scale]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 2, 16, 17, 40, 1025, 2049);
    const auto scale = logit_scale::from_multiplier(100.0f);
    for (const float bad : {3.3e37f, infinity, reference::float_from_bits(0x7fc00000u)})  // 3.3e39 is no float
        for (const idx_t place : {idx_t(0), columns / 2, columns - 1}) {
            matrix<float> similarities = random_logits(4, columns, 1.0f, 307);
            const matrix<float> p = softmax(similarities, scale), log_p = log_softmax(similarities, scale);
            similarities(1, place) = bad;
            for (idx_t j = 0; j < columns; ++j) similarities(2, j) = j % 2 == 0 ? -infinity : -3.3e37f;
            const matrix<float> got = softmax(similarities, scale), log_got = log_softmax(similarities, scale);
            const array<double> sums = log_sum_exp(similarities, scale);
            for (const idx_t i : {idx_t(1), idx_t(2)})
                CHECK((all_nan(got.row(i), columns) && all_nan(log_got.row(i), columns)));
            for (const idx_t i : {idx_t(0), idx_t(3)}) {
                CHECK(first_difference(part(got, i, 1), part(p, i, 1)) == "");
                CHECK(first_difference(part(log_got, i, 1), part(log_p, i, 1)) == "");
            }
            CHECK((reference::is_nan(bad) ? reference::is_nan(sums[1])
                                          : reference::bits(sums[1]) == 0x7ff0000000000000u));
            CHECK(reference::bits(sums[2]) == 0xfff0000000000000u);
        }
}

TEST_CASE("scores are rows of float, and a scale is a logit_scale", "[scale]") {
    using rows = matrix<float>&;
    CHECK(takes<void, rows>);
    CHECK(takes<void, rows, logit_scale>);
    CHECK(takes<void, matrix_view<const float>, logit_scale, sequential>);
    CHECK(takes<void, std::vector<float>&, execution>);
    CHECK(sigmoid_takes<void, rows>);
    CHECK(sigmoid_takes<void, rows, logit_scale, float>);
    CHECK_FALSE(takes<void, matrix<double>&>);
    CHECK_FALSE(takes<void, matrix<double>&, logit_scale>);
    CHECK_FALSE(takes<void, unit_embeddings<float>&>);
    CHECK_FALSE(takes<void, rows, float>);
    CHECK_FALSE(takes<void, rows, double, sequential>);
    CHECK_FALSE(takes<void, std::string&>);
    CHECK_FALSE(sigmoid_takes<void, rows, float, float>);
    CHECK_FALSE(sigmoid_takes<void, rows, logit_scale>);
}

TEST_CASE("scaled softmax names the similarities where it refuses an output, and writes nothing", "[scale]") {
    const matrix<float> before = random_logits(1, 80, 1.0f, 308);
    matrix<float> memory = before, other = untouched(4, 7);
    const auto scale = logit_scale::from_multiplier(10.0f);
    const matrix_view<float> similarities(memory.data(), 4, 8, 10), shifted(memory.data() + 1, 4, 8, 10);
    CHECK(message_of<shape_error>([&] { softmax_into(similarities, scale, other); }) ==
          "softmax: out is 4 x 7, it must be 4 x 8");
    CHECK(message_of<shape_error>([&] { softmax_into(similarities, scale, shifted); }) ==
          "softmax: out overlaps the similarities");
    CHECK(message_of<shape_error>([&] { log_softmax_into(similarities, scale, shifted); }) ==
          "log_softmax: out overlaps the similarities");
    CHECK(first_difference(memory, before) == "");
    CHECK(first_difference(other, untouched(4, 7)) == "");
}

}  // namespace tests
