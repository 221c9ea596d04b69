#include <cmath>
#include <limits>
#include <vector>

#include <unitsphere/kernel/running_softmax.hpp>

#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;
using kernel::running_softmax;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
const float nan = reference::float_from_bits(0x7fc00000u);

/// The state of one logit; its exponential, 1, is in the sum or counted.
running_softmax state_of(float logit, bool counted) { return {logit, counted ? 0.0 : 1.0, counted ? 1.0 : 0.0}; }

running_softmax merged(const std::vector<float>& logits, bool counted) {
    running_softmax all;
    for (const float logit : logits) all.merge(state_of(logit, counted));
    return all;
}

}  // namespace

TEST_CASE("a running softmax has the maximum and the sum of all logits that were merged", "[kernel][softmax]") {
    const float scale = GENERATE(0.0f, 1.0f, 30.0f, 1000.0f);
    const bool counted = GENERATE(false, true);
    const auto rows = random_rows<float>(1, 200, 5);
    std::vector<float> logits(rows.data(), rows.data() + 200);
    logits[7] = logits[3];
    float max = -infinity;
    for (float& logit : logits) max = std::fmax(max, logit *= scale);
    logits.push_back(max);  // a tie
    logits.push_back(-infinity);
    long double sum = 0;
    for (const float logit : logits) sum += std::exp((long double)(logit) - (long double)(max));

    const running_softmax all = merged(logits, counted);
    CHECK(all.defined());
    CHECK(all.max == max);
    // bound: 202 merges, each with an exponential and two roundings of doubles
    CHECK(std::fabs((long double)(all.sum + all.maxima) - sum) <= 202 * 4 * 0x1p-53L * sum);
    if (counted) CHECK(std::fabs((long double)(all.log()) - std::log(sum)) <= 202 * 4 * 0x1p-53L);
}

TEST_CASE("the maximum of a running softmax is NaN after a NaN, else infinite after infinity", "[kernel][softmax]") {
    const bool counted = GENERATE(false, true);
    CHECK(reference::is_nan(merged({1, nan, 2, infinity, 3, -infinity}, counted).max));
    CHECK(reference::is_nan(merged({1, infinity, 2, nan, 3}, counted).max));
    CHECK(merged({1, infinity, 2, -infinity}, counted).max == infinity);
    CHECK(merged({-infinity, -infinity}, counted).max == -infinity);
    for (const float logit : {nan, infinity, -infinity}) CHECK_FALSE(merged({logit}, counted).defined());
    CHECK_FALSE(running_softmax{}.defined());
}

}  // namespace tests
