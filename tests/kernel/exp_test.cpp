#include <cmath>

#include <unitsphere/kernel/exp.hpp>

#include "catch.hpp"
#include "reference.hpp"

namespace tests {

using namespace unitsphere;
using unitsphere::idx_t;

namespace {

// The distance in units of the last place of the float nearest to the exact value, subnormals included.
double ulps(float got, long double exact) {
    int exponent = 0;
    std::frexp(exact, &exponent);
    return double(std::fabs((long double)(got)-exact) / std::ldexp(1.0L, std::max(exponent - 24, -149)));
}

// Whether this process runs with subnormal results flushed to zero, as -ffast-math makes it at start-up.
bool flushes_subnormals() {
    const volatile float smallest_normal = 0x1p-126f;
    const volatile float half = smallest_normal * 0.5f;
    return reference::bits(half) == 0u;
}

}  // namespace

TEST_CASE("exp is within one ulp over its whole range", "[exp]") {
    constexpr std::uint32_t above_104 = 0x42d10000u, step = 16 * 97;  // one in 97 of the 1.1e9 floats
    double worst = 0;
    for (std::uint32_t first = 0; first < above_104; first += step) {
        float y[16], out[16];
        for (std::uint32_t i = 0; i < 16; ++i) y[i] = reference::float_from_bits(first + i);
        kernel::store16(out, kernel::exp_negated(kernel::load16(y)));
        for (int i = 0; i < 16; ++i) {
            const long double exact = std::exp(-(long double)(y[i]));
            if (exact < 0x1p-126L && flushes_subnormals()) continue;
            worst = std::max(worst, ulps(out[i], exact));
        }
    }
    INFO("worst error " << worst << " ulp");
    CHECK(worst <= 1.0);
}

TEST_CASE("exp of zero is one, of minus infinity zero", "[exp]") {
    float y[16] = {0.0f, -0.0f, INFINITY, 3e38f, 104.0f, 103.0f};
    float out[16];
    kernel::store16(out, kernel::exp_negated(kernel::load16(y)));
    CHECK(out[0] == 1.0f);
    CHECK(out[1] == 1.0f);
    CHECK(out[2] == 0.0f);
    CHECK(out[3] == 0.0f);
    CHECK(out[4] == 0.0f);
    CHECK(reference::bits(out[5]) == 1u);  // exp(-103) = 1.85e-45 rounds to the smallest subnormal
}

TEST_CASE("exp of a difference is within one ulp where the difference is not a float, and never subnormal", "[exp]") {
    constexpr std::uint32_t above_130 = 0x43020001u, step = 16 * 97;
    double worst = 0;
    for (std::uint32_t first = 0; first < above_130; first += step) {
        float y[16], low[16], out[16];
        for (std::uint32_t i = 0; i < 16; ++i) {
            y[i] = reference::float_from_bits(first + i);
            // up to half of the last place, either side
            low[i] = (reference::float_from_bits(first + i + 1) - y[i]) * (float(i) - 7.5f) / 15.0f;
        }
        kernel::store16(out, kernel::exp_negated_times_2_64(kernel::load16(y), kernel::load16(low)));
        for (int i = 0; i < 16 && y[i] <= 130.0f; ++i) {
            const volatile long double difference = (long double)(y[i]) + (long double)(low[i]);
            worst = std::max(worst, ulps(out[i], std::exp(-difference) * 0x1p64L));
        }
    }
    INFO("worst error " << worst << " ulp");
    CHECK(worst <= 1.0);
}

TEST_CASE("exp in double is exact to 3e-16", "[exp]") {
    long double worst = 0;
    for (int i = 0; i < 100000; ++i) {
        const double y = i * 0.00699;
        const long double exact = std::exp(-(long double)(y));
        worst = std::max(worst, std::fabs(kernel::exp_negated(y) - exact) / exact);
    }
    CHECK(double(worst) <= 3e-16);
    CHECK(kernel::exp_negated(0.0) == 1.0);
    CHECK(kernel::exp_negated(1e300) == 0.0);
}

}  // namespace tests
