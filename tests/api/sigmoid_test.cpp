#include <unitsphere/probability.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "canonical.hpp"
#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"
#include "reference.hpp"

namespace tests {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using Catch::Matchers::WithinRel;
using unitsphere::logit_scale;
using unitsphere::shape_error;
using unitsphere::sigmoid;
using unitsphere::sigmoid_into;
using unitsphere::value_error;

namespace {

// exp is off by one ulp, 2^-23 at most; the sum 1 + e and the quotient by a rounding each, 2^-24.
constexpr double sigmoid_bound = 0x1p-23 + 0x1p-24 + 0x1p-24 + 1e-13;

// The last place of the subnormals; where they are flushed, as -ffast-math does at start-up, all of them.
double sigmoid_last_place() {
    const volatile float smallest_normal = 0x1p-126f;
    const volatile float half = smallest_normal * 0.5f;
    return reference::bits(half) == 0u ? 0x1p-126 : 0x1p-149;
}

/// The error in units of the bound.
double error_of(float got, float logit) {
    const long double exact = 1 / (1 + std::exp(-(long double)(logit)));
    if (!reference::is_finite(got)) return 1e9;
    const long double error = std::fabs((long double)(got)-exact);
    return double(error / (exact * (long double)(sigmoid_bound) + (long double)(sigmoid_last_place())));
}

}  // namespace

TEST_CASE("sigmoid agrees with its formula over all floats, however small the result", "[sigmoid]") {
    constexpr std::uint32_t above_110 = 0x42dc0001u, step = 16 * 97;  // one in 97 of the floats of either sign
    matrix<float> logits(2, 16), got(2, 16);
    double worst = 0;
    for (std::uint32_t first = 0; first < above_110; first += step) {
        for (std::uint32_t i = 0; i < 16; ++i) {
            logits(0, idx_t(i)) = reference::float_from_bits(first + i);
            logits(1, idx_t(i)) = -logits(0, idx_t(i));
        }
        sigmoid_into(logits, got);
        for (idx_t k = 0; k < 32; ++k) worst = std::max(worst, error_of(got.data()[k], logits.data()[k]));
    }
    INFO("worst error " << worst << " of the bound");
    CHECK(worst <= 1.0);
}

TEST_CASE("sigmoid of SigLIP's logits has its reference numbers", "[sigmoid]") {
    const std::vector<float> logits{-1.2487f, -8.8779f, -10.9327f};
    const matrix<float> p = sigmoid(unitsphere::to_view(logits));
    const double expected[] = {0.22292, 1.3942e-4, 1.7864e-5};
    for (idx_t j = 0; j < 3; ++j) CHECK_THAT(double(p(0, j)), WithinRel(expected[j], 3e-5));
}

TEST_CASE("sigmoid of NaN is NaN, of infinities 1 and 0, of zeros a half, wherever they stand", "[sigmoid]") {
    const float special[] = {infinity, -infinity, largest_float, -largest_float, 0.0f, -0.0f};
    const float expected[] = {1.0f, 0.0f, 1.0f, 0.0f, 0.5f, 0.5f};
    int wrong = 0;
    for (idx_t columns = 1; columns <= 40; ++columns)
        for (idx_t place = 0; place < columns; ++place) {
            matrix<float> logits = random_logits(1, columns, 20.0f, 201);
            matrix<float> plain = sigmoid(logits);
            for (const std::uint32_t nan : {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xffffffffu}) {
                logits(0, place) = plain(0, place) = reference::float_from_bits(nan);
                wrong += first_difference(sigmoid(logits), plain) != "";
            }
            for (int s = 0; s < 6; ++s) {
                logits(0, place) = special[s];
                plain(0, place) = expected[s];
                wrong += first_difference(sigmoid(logits), plain) != "";
            }
        }
    CHECK(wrong == 0);
}

TEST_CASE("sigmoid with scale and bias is the sigmoid of scale * cosine + bias", "[sigmoid]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 1, 2, 15, 16, 17, 33, 100);
    for (const float multiplier : {10.0f, 117.33f, 1.0f, 1e30f})
        for (const float bias : {-10.0f, -12.93f, 0.0f, 3.7f, -1e30f}) {
            CAPTURE(columns, multiplier, bias);
            const matrix<float> cosines = random_logits(3, columns, 1.0f, 202);
            matrix<float> logits(3, columns);
            for (idx_t k = 0; k < 3 * columns; ++k)
                logits.data()[k] = canonical::multiply_add(multiplier, cosines.data()[k], bias);
            const auto scale = logit_scale::from_multiplier(multiplier);
            CHECK(first_difference(sigmoid(cosines, scale, bias), sigmoid(logits)) == "");
            matrix<float> out = cosines;
            sigmoid_into(out, scale, bias, out);
            CHECK(first_difference(out, sigmoid(logits)) == "");
        }
}

TEST_CASE("a logit that overflows is infinite, and a NaN cosine has no probability", "[sigmoid]") {
    const std::vector<float> cosines{1.0f, -1.0f, reference::float_from_bits(0xffc00001u)};
    const matrix<float> p = sigmoid(unitsphere::to_view(cosines), logit_scale::from_multiplier(largest_float), 0.0f);
    CHECK(p(0, 0) == 1.0f);
    CHECK(p(0, 1) == 0.0f);
    CHECK(reference::is_nan(p(0, 2)));
    const matrix<float> sum =
        sigmoid(unitsphere::to_view(cosines), logit_scale::from_multiplier(largest_float), largest_float);
    CHECK(sum(0, 0) == 1.0f);
    CHECK(sum(0, 1) == 0.5f);
}

TEST_CASE("sigmoid refuses a bias that is not finite and writes nothing", "[sigmoid]") {
    const matrix<float> cosines = random_logits(2, 3, 1.0f, 203);
    matrix<float> out = untouched(2, 3);
    const auto scale = logit_scale::from_multiplier(10);
    for (const float bias : {infinity, -infinity, reference::float_from_bits(0x7fc00000u)})
        CHECK_THAT(message_of<value_error>([&] { sigmoid_into(cosines, scale, bias, out); }),
                   StartsWith("sigmoid: bias is ") && ContainsSubstring("must be finite"));
    CHECK(message_of<value_error>([&] { sigmoid(cosines, scale, infinity); }) ==
          "sigmoid: bias is inf, it must be finite");
    CHECK(first_difference(out, untouched(2, 3)) == "");
}

TEST_CASE("a sigmoid does not depend on batch, stride, alignment or whose memory it is written to", "[sigmoid]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 1, 15, 16, 17, 33, 100, 1025);
    CAPTURE(columns);
    const matrix<float> logits = random_logits(5, columns, 60.0f, 204);
    const matrix<float> expected = sigmoid(logits);
    for (idx_t i = 0; i < 5; ++i) CHECK(first_difference(sigmoid(part(logits, i, 1)), part(expected, i, 1)) == "");
    for (const idx_t gap : {0, 3})
        for (const idx_t shift : {0, 1, 7}) {
            laid_out<float> moved(logits, gap, shift), out(untouched(5, columns), 3 - gap, shift + 1);
            sigmoid_into(moved.view(), out.view());
            CHECK(first_difference(out.view(), expected) == "");
            sigmoid_into(moved.view(), moved.view());
            CHECK(first_difference(moved.view(), expected) == "");
        }
}

TEST_CASE("sigmoid refuses another shape and memory that overlaps its input, and writes nothing", "[sigmoid]") {
    const matrix<float> before = random_logits(1, 120, 1.0f, 206);
    matrix<float> memory = before, rows = untouched(3, 8), dim = untouched(4, 7);
    float* data = memory.data();
    const auto scale = logit_scale::from_multiplier(10);
    const matrix_view<float> logits(data + 40, 4, 8, 10);  // elements 40 to 77
    CHECK(message_of<shape_error>([&] { sigmoid_into(logits, rows); }) == "sigmoid: out is 3 x 8, it must be 4 x 8");
    CHECK(message_of<shape_error>([&] { sigmoid_into(logits, dim); }) == "sigmoid: out is 4 x 7, it must be 4 x 8");
    CHECK(message_of<shape_error>([&] { sigmoid_into(logits, scale, 0.0f, dim); }) ==
          "sigmoid: out is 4 x 7, it must be 4 x 8");
    const matrix_view<float> wrong[] = {{data + 39, 4, 8, 10}, {data + 41, 4, 8, 10}, {data + 50, 4, 8, 10},
                                        {data + 40, 4, 8, 8},  {data + 77, 4, 8, 8},  {data + 9, 4, 8, 8}};
    for (const auto& out : wrong) {
        CHECK(message_of<shape_error>([&] { sigmoid_into(logits, out); }) == "sigmoid: out overlaps the logits");
        CHECK(message_of<shape_error>([&] { sigmoid_into(logits, scale, 0.0f, out); }) ==
              "sigmoid: out overlaps the cosines");
    }
    CHECK(first_difference(rows, untouched(3, 8)) == "");
    CHECK(first_difference(dim, untouched(4, 7)) == "");
    CHECK(first_difference(memory, before) == "");
}

TEST_CASE("sigmoid of no rows or no columns is empty", "[sigmoid]") {
    CHECK((sigmoid(matrix<float>(0, 7)).rows() == 0 && sigmoid(matrix<float>(0, 7)).dim() == 7));
    CHECK((sigmoid(matrix<float>(7, 0)).rows() == 7 && sigmoid(matrix<float>(7, 0)).dim() == 0));
}

}  // namespace tests
