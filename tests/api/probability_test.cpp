#include <unitsphere/probability.hpp>

#include <cmath>
#include <limits>
#include <string>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"
#include "reference.hpp"

namespace tests {

using unitsphere::softmax;

namespace {

double off_one(const float* probabilities, idx_t columns) {
    long double sum = 0;
    for (idx_t j = 0; j < columns; ++j) sum += (long double)(probabilities[j]);
    return double(std::fabs(sum - 1));
}

/// The largest relative error where the probability is normal; elsewhere it may be wrong by a subnormal.
double worst_relative_error(const float* probabilities, const float* logits, idx_t columns) {
    const std::vector<long double> exact = reference::softmax(logits, columns);
    double worst = 0;
    for (idx_t j = 0; j < columns; ++j) {
        const long double p = exact[std::size_t(j)], error = std::fabs((long double)(probabilities[j]) - p);
        const long double smallest = std::numeric_limits<float>::min();
        const double relative = p >= smallest ? double(error / p) : error <= smallest ? 0 : 1;
        worst = relative >= worst || reference::is_nan(relative) ? relative : worst;
    }
    return worst;
}

}  // namespace

TEST_CASE("softmax agrees with the exact softmax of its logits", "[probability]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 1, 2, 3, 5, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 255, 257, 1000,
                                   1023, 1024, 1025, 2047, 2048, 2049, 4096, 4099, 10007);
    CAPTURE(columns);
    for (const float range : {100.0f, 30.0f, 1.0f, 0.001f}) {
        CAPTURE(range);
        const matrix<float> logits = random_logits(3, columns, range, 81);
        const matrix<float> probabilities = softmax(logits);
        REQUIRE(probabilities.rows() == 3);
        REQUIRE(probabilities.dim() == columns);
        for (idx_t i = 0; i < 3; ++i) {
            CHECK(worst_relative_error(probabilities.row(i), logits.row(i), columns) <= (range <= 1 ? 4e-7 : 5e-6));
            CHECK(off_one(probabilities.row(i), columns) <= 2e-7);
        }
    }
}

TEST_CASE("softmax of a million columns sums to 1 and keeps its accuracy", "[probability]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 65537, 262145, 1000000, 1048575, 1048577);
    const float range = GENERATE(100.0f, 1.0f, 0.0f);
    CAPTURE(columns, range);
    const matrix<float> logits = random_logits(1, columns, range, 82);
    const matrix<float> probabilities = softmax(logits);
    CHECK(worst_relative_error(probabilities.data(), logits.data(), columns) <= (range <= 1 ? 4e-7 : 5e-6));
    CHECK(off_one(probabilities.data(), columns) <= 2e-7);
}

TEST_CASE("softmax sums to 1 where half of the exponentials are as small as the rounding of the others",
          "[probability]") {
    const idx_t period = GENERATE(as<idx_t>{}, 1, 8, 16, 32, 1024);
    const idx_t columns = GENERATE(as<idx_t>{}, 31, 32, 2048, 5000, 99991);
    for (const float low : {-15.9f, -16.5f, -16.7f, -17.3f}) {
        CAPTURE(period, columns, low);
        matrix<float> logits(1, columns);
        for (idx_t j = 0; j < columns; ++j) logits(0, j) = j / period % 2 == 0 ? 0.0f : low;
        CHECK(off_one(softmax(logits).data(), columns) <= 2e-7);
    }
}

TEST_CASE("equal logits have equal probabilities wherever they stand", "[probability]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 1, 2, 15, 16, 17, 33, 100, 1023, 1025, 2049, 5000);
    CAPTURE(columns);
    for (const float logit : {0.0f, -0.0f, 17.25f, -100.0f, largest_float, -largest_float}) {
        matrix<float> logits(1, columns);
        for (idx_t j = 0; j < columns; ++j) logits(0, j) = logit;
        const matrix<float> probabilities = softmax(logits);
        int different = 0;
        for (idx_t j = 0; j < columns; ++j)
            different += reference::bits(probabilities(0, j)) != reference::bits(probabilities(0, 0));
        CHECK(different == 0);
        CHECK(std::fabs(double(probabilities(0, 0)) * double(columns) - 1) <= 2e-7);
    }
    matrix<float> two_values(1, columns);  // every third logit is 1.5, the others -2
    for (idx_t j = 0; j < columns; ++j) two_values(0, j) = j % 3 == 0 ? 1.5f : -2.0f;
    const matrix<float> probabilities = softmax(two_values);
    int different = 0;
    for (idx_t j = 0; j < columns; ++j)
        different += reference::bits(probabilities(0, j)) != reference::bits(probabilities(0, j % 3 == 0 ? 0 : 1));
    CHECK(different == 0);
}

TEST_CASE("softmax of one column is 1", "[probability]") {
    for (const float logit : {0.0f, 100.0f, -100.0f, largest_float, -largest_float, 1e-45f}) {
        matrix<float> logits(1, 1);
        logits(0, 0) = logit;
        CHECK(softmax(logits)(0, 0) == 1.0f);
    }
}

TEST_CASE("softmax of logits that are far apart is 1 for the largest and 0 for the others", "[probability]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 2, 16, 17, 40, 3000);
    for (idx_t place = 0; place < columns; place += columns < 100 ? 1 : 333) {
        matrix<float> logits(1, columns);
        for (idx_t j = 0; j < columns; ++j) logits(0, j) = j % 2 == 0 ? -largest_float : -1000.0f;
        logits(0, place) = place % 2 == 0 ? largest_float : 0.0f;
        const matrix<float> probabilities = softmax(logits);
        int wrong = 0;
        for (idx_t j = 0; j < columns; ++j) wrong += probabilities(0, j) != (j == place ? 1.0f : 0.0f);
        CAPTURE(place);
        CHECK(wrong == 0);
    }
}

TEST_CASE("a row with NaN or +Inf, or of -Inf alone, is all NaN, and no other row is", "[probability]") {
    const float bad = GENERATE(as<float>{}, infinity, reference::float_from_bits(0x7fc00000u),
                               reference::float_from_bits(0xffc00000u), reference::float_from_bits(0x7f800001u),
                               reference::float_from_bits(0xff800001u), reference::float_from_bits(0xffffffffu));
    CAPTURE(reference::bits(bad));
    int wrong = 0;
    const auto check_columns = [&](idx_t columns, idx_t step) {
        for (idx_t place = 0; place < columns; place += step) {
            matrix<float> logits = random_logits(3, columns, 20.0f, 83);
            const matrix<float> expected = softmax(logits);
            if (place % 3 == 1)
                for (idx_t j = 0; j < columns; ++j) logits(1, j) = -infinity;
            logits(1, place) = bad;
            const matrix<float> probabilities = softmax(logits);
            wrong += !all_nan(probabilities.row(1), columns);
            wrong += first_difference(part(probabilities, 0, 1), part(expected, 0, 1)) != "";
            wrong += first_difference(part(probabilities, 2, 1), part(expected, 2, 1)) != "";
        }
    };
    for (idx_t columns = 1; columns <= 70; ++columns) check_columns(columns, 1);
    for (const idx_t columns : {1023, 1024, 1025, 2047, 2048, 2049, 5000}) check_columns(columns, 97);
    CHECK(wrong == 0);
}

TEST_CASE("a row of -Inf alone is all NaN", "[probability]") {
    for (const idx_t columns : {1, 2, 15, 16, 17, 33, 1024, 1025, 2049}) {
        CAPTURE(columns);
        matrix<float> logits(2, columns);
        for (idx_t j = 0; j < columns; ++j) logits(0, j) = -infinity;
        const matrix<float> probabilities = softmax(logits);
        CHECK(all_nan(probabilities.row(0), columns));
        CHECK(reference::is_finite_row(probabilities.row(1), columns));
    }
}

TEST_CASE("columns masked with -Inf have probability 0 and do not count", "[probability]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 2, 3, 16, 17, 40, 1025, 2049, 5000);
    CAPTURE(columns);
    const matrix<float> all = random_logits(4, columns, 50.0f, 84);
    for (int masking = 0; masking < 4; ++masking) {  // every other; all but the first; all but the last; the first half
        matrix<float> logits = all;
        int wrong = 0;
        for (idx_t i = 0; i < 4; ++i)
            for (idx_t j = 0; j < columns; ++j)
                if (masking == 0   ? j % 2 == i % 2
                    : masking == 1 ? j > 0
                    : masking == 2 ? j < columns - 1
                                   : j < columns / 2)
                    logits(i, j) = -infinity;
        const matrix<float> probabilities = softmax(logits);
        for (idx_t i = 0; i < 4; ++i) {
            for (idx_t j = 0; j < columns; ++j)
                wrong += !reference::is_finite(logits(i, j)) && probabilities(i, j) != 0.0f;
            CHECK(worst_relative_error(probabilities.row(i), logits.row(i), columns) <= 5e-6);
            CHECK(off_one(probabilities.row(i), columns) <= 2e-7);
        }
        CHECK(wrong == 0);
    }
}

}  // namespace tests
