#include <unitsphere/data/logit_scale.hpp>

#include <cmath>
#include <limits>
#include <type_traits>

#include <unitsphere/data/error.hpp>

#include "catch.hpp"
#include "checks.hpp"

namespace tests {

using Catch::Matchers::StartsWith;
using Catch::Matchers::WithinRel;
using Catch::Matchers::WithinULP;
using unitsphere::logit_scale;
using unitsphere::value_error;

// A number alone does not say whether it is ln(scale) or scale.
static_assert(!std::is_constructible_v<logit_scale, float> && !std::is_convertible_v<float, logit_scale>);
static_assert(!std::is_constructible_v<logit_scale, double> && !std::is_constructible_v<logit_scale, int>);
static_assert(!std::is_convertible_v<logit_scale, float> && !std::is_default_constructible_v<logit_scale>);
static_assert(std::is_trivially_copyable_v<logit_scale>);

using unitsphere::idx_t;
using unitsphere::required;
static_assert(!std::is_constructible_v<required<float>, bool> && !std::is_constructible_v<required<idx_t>, char>);
static_assert(!std::is_constructible_v<required<float>, char> && !std::is_constructible_v<required<idx_t>, float>);
static_assert(required<idx_t>(~std::uint64_t(0)) == std::numeric_limits<idx_t>::max() &&
              required<idx_t>(std::uint32_t(7)) == 7 && required<idx_t>(-1) == -1);

namespace {
const float nan_value = reference::float_from_bits(0x7fc00000u);
}  // namespace

TEST_CASE("a multiplier is kept as it is", "[logit_scale]") {
    for (const float multiplier : {1.0f, 56.9953f, 100.0f, 1e-38f, std::numeric_limits<float>::max()})
        CHECK(logit_scale::from_multiplier(multiplier).multiplier() == multiplier);
}

TEST_CASE("a checkpoint's parameter is the logarithm of the multiplier", "[logit_scale]") {
    // ln(1 / 0.07), where CLIP's training starts; ln 100, where OpenAI's ended; EVA01-g's; SigLIP's start
    for (const float parameter : {2.6592600f, 4.6051702f, 4.0429690f, 2.3025851f, 0.0f, -3.0f, 80.0f, -80.0f}) {
        CAPTURE(parameter);
        const float expected = float(std::exp(double(parameter)));
        CHECK_THAT(logit_scale::from_log(parameter).multiplier(), WithinULP(expected, 1));
    }
    CHECK_THAT(double(logit_scale::from_log(4.6051702f).multiplier()), WithinRel(100.0, 1e-6));
    CHECK(logit_scale::from_log(0.0f).multiplier() == 1.0f);
}

TEST_CASE("nothing is clamped unless a maximum is given", "[logit_scale]") {
    CHECK(logit_scale::from_log(5.0f).multiplier() > 148.0f);
    CHECK(logit_scale::from_log(5.0f, 100.0f).multiplier() == 100.0f);
    CHECK(logit_scale::from_log(4.0f, 100.0f).multiplier() == logit_scale::from_log(4.0f).multiplier());
    CHECK(logit_scale::from_log(5.0f, infinity).multiplier() == logit_scale::from_log(5.0f).multiplier());
}

TEST_CASE("a multiplier that is not finite and positive is an error", "[logit_scale]") {
    for (const float multiplier : {0.0f, -0.0f, -1.0f, -100.0f, infinity, -infinity, nan_value}) {
        CAPTURE(multiplier);
        CHECK_THAT(message_of<value_error>([=] { logit_scale::from_multiplier(multiplier); }),
                   StartsWith("logit_scale"));
    }
}

TEST_CASE("a parameter whose exponential is not finite and positive is an error", "[logit_scale]") {
    for (const float parameter : {89.0f, 1000.0f, infinity, -infinity, -1000.0f, nan_value}) {
        CAPTURE(parameter);
        CHECK_THAT(message_of<value_error>([=] { logit_scale::from_log(parameter); }), StartsWith("logit_scale"));
    }
    CHECK_THAT(message_of<value_error>([] { logit_scale::from_log(nan_value, 100.0f); }), StartsWith("logit_scale"));
    CHECK_THAT(message_of<value_error>([] { logit_scale::from_log(1.0f, 0.0f); }), StartsWith("logit_scale"));
    CHECK_THAT(message_of<value_error>([] { logit_scale::from_log(1.0f, -5.0f); }), StartsWith("logit_scale"));
    CHECK_THAT(message_of<value_error>([] { logit_scale::from_log(1.0f, nan_value); }), StartsWith("logit_scale"));
}

}  // namespace tests
