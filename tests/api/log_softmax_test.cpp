#include <unitsphere/probability.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"
#include "reference.hpp"

namespace tests {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using unitsphere::array;
using unitsphere::log_softmax;
using unitsphere::log_softmax_into;
using unitsphere::log_sum_exp;
using unitsphere::log_sum_exp_into;
using unitsphere::shape_error;

namespace {

const float nans[] = {reference::float_from_bits(0x7fc00000u), reference::float_from_bits(0xffc00000u),
                      reference::float_from_bits(0x7f800001u), reference::float_from_bits(0xffffffffu)};

// log p is the sum of two terms of one sign: a difference of floats, exact but for double, and -log(1 + R). An
// exponential is off by one ulp, 2^-23 at most; so is R, and log(1 + R) by no more, relative to itself. The sums in
// double add 1e-16 for each of their steps, the rounding to float 2^-24.
constexpr double log_softmax_bound = 0x1p-23 + 0x1p-24 + 1e-9;

// Half of the smallest subnormal; where subnormals are flushed, as -ffast-math does at start-up, all of them.
double log_softmax_last_place() {
    const volatile float smallest_normal = 0x1p-126f;
    const volatile float half = smallest_normal * 0.5f;
    return reference::bits(half) == 0u ? 0x1p-126 : 0x1p-150;
}

/// max l and log sum exp(l - max l) of finite numbers and -Inf. By log1p: the oracle, too, must not lose what is small
/// against 1.
struct exact_sum {
    long double largest, log;
};
exact_sum exact_log_sum(const float* logits, idx_t columns) {
    idx_t place = 0;
    for (idx_t j = 1; j < columns; ++j)
        if (reference::is_finite(logits[j]) && (!reference::is_finite(logits[place]) || logits[j] > logits[place]))
            place = j;
    const long double top = logits[place];
    long double others = 0;
    for (idx_t j = 0; j < columns; ++j)
        if (j != place && reference::is_finite(logits[j])) others += std::exp((long double)(logits[j]) - top);
    return {top, std::log1p(others)};
}

/// The largest error of the log p of finite logits, in units of the bound.
double worst_error(const float* got, const float* logits, idx_t columns) {
    const exact_sum sum = exact_log_sum(logits, columns);
    double worst = 0;
    for (idx_t j = 0; j < columns; ++j) {
        if (!reference::is_finite(logits[j])) continue;
        const volatile long double difference = (long double)(logits[j]) - sum.largest;  // first, under any flags
        const long double exact = difference - sum.log;
        if (-exact > (long double)(largest_float)) {
            if (reference::bits(got[j]) != 0xff800000u) return 1e9;
            continue;
        }
        if (!reference::is_finite(got[j])) return 1e9;
        const long double bound = -exact * (long double)(log_softmax_bound) + (long double)(log_softmax_last_place());
        worst = std::max(worst, double(std::fabs((long double)(got[j]) - exact) / bound));
    }
    return worst;
}

void fill(matrix<float>& rows, float value) {
    for (idx_t k = 0; k < rows.rows() * rows.dim(); ++k) rows.data()[k] = value;
}

}  // namespace

TEST_CASE("log_softmax has the relative accuracy of a float for all logits and numbers of columns", "[log_softmax]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 1, 2, 3, 5, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 255, 257, 1000,
                                   1023, 1024, 1025, 2047, 2048, 2049, 4099, 10007);
    for (const float range : {100.0f, 30.0f, 1.0f, 0.001f, 1000.0f, 1e30f, largest_float}) {
        CAPTURE(columns, range);
        const matrix<float> logits = random_logits(3, columns, range, 181);
        const matrix<float> got = log_softmax(logits);
        REQUIRE((got.rows() == 3 && got.dim() == columns));
        for (idx_t i = 0; i < 3; ++i) CHECK(worst_error(got.row(i), logits.row(i), columns) <= 1.0);
    }
}

TEST_CASE("log_softmax of very many columns keeps its accuracy", "[log_softmax]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 65537, 100000, 262145, 1048577);
    const float range = GENERATE(100.0f, 1.0f, 0.0f);
    CAPTURE(columns, range);
    const matrix<float> logits = random_logits(1, columns, range, 182);
    CHECK(worst_error(log_softmax(logits).data(), logits.data(), columns) <= 1.0);
}

TEST_CASE("where one logit dominates its log p keeps all digits, however close to 0", "[log_softmax]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 2, 3, 16, 17, 40, 1025, 5000);
    // differences that a float holds, and differences that it does not
    for (const float top : {0.0f, 100.0f, 7.3f, 1e-3f, -0.1f})
        for (const float gap : {0.7f, 5.1f, 16.7f, 20.3f, 40.1f, 60.7f, 80.3f, 90.1f, 100.3f, 104.1f, 120.0f, 140.0f})
            for (const idx_t place : {idx_t(0), columns / 2, columns - 1}) {
                CAPTURE(columns, top, gap, place);
                matrix<float> logits = random_logits(1, columns, 0.01f, 183);
                for (idx_t j = 0; j < columns; ++j) logits(0, j) += top - gap;
                logits(0, place) = top;
                CHECK(worst_error(log_softmax(logits).data(), logits.data(), columns) <= 1.0);
            }
}

TEST_CASE("logits that share the maximum count each", "[log_softmax]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 2, 15, 16, 17, 33, 1024, 1025, 2049, 5000);
    for (const float top : {0.0f, -0.0f, 17.25f, -100.0f, largest_float, -largest_float, 1e-45f}) {
        CAPTURE(columns, top);
        matrix<float> logits(1, columns);
        fill(logits, top);
        CHECK(worst_error(log_softmax(logits).data(), logits.data(), columns) <= 1.0);
        for (idx_t j = 0; j < columns; j += 3) logits(0, j) = top - 3.0f;
        CHECK(worst_error(log_softmax(logits).data(), logits.data(), columns) <= 1.0);
    }
    matrix<float> zeros(1, columns);
    for (idx_t j = 0; j < columns; j += 2) zeros(0, j) = -0.0f;
    CHECK(worst_error(log_softmax(zeros).data(), zeros.data(), columns) <= 1.0);
}

TEST_CASE("log_softmax of one column is 0", "[log_softmax]") {
    matrix<float> logit(1, 1);
    for (const float value : {0.0f, 100.0f, -100.0f, largest_float, -largest_float, 1e-45f}) {
        logit(0, 0) = value;
        CHECK(reference::bits(log_softmax(logit)(0, 0)) == 0u);
    }
}

TEST_CASE("a row with NaN or +Inf, or of -Inf alone, has no log_softmax: all NaN, and no other row is",
          "[log_softmax]") {
    int wrong = 0;
    for (const idx_t columns : {1, 2, 15, 16, 17, 33, 1023, 1024, 1025, 2049})
        for (const float bad : {infinity, nans[0], nans[1], nans[2], nans[3]})
            for (idx_t place = 0; place < columns; place += columns < 40 ? 1 : 97) {
                matrix<float> logits = random_logits(3, columns, 20.0f, 184);
                const matrix<float> expected = log_softmax(logits);
                if (place % 3 == 1)
                    for (idx_t j = 0; j < columns; ++j) logits(1, j) = -infinity;
                logits(1, place) = bad;
                const matrix<float> got = log_softmax(logits);
                wrong += !all_nan(got.row(1), columns);
                wrong += first_difference(part(got, 0, 1), part(expected, 0, 1)) != "";
                wrong += first_difference(part(got, 2, 1), part(expected, 2, 1)) != "";
            }
    CHECK(wrong == 0);
    for (const idx_t columns : {1, 16, 17, 1024, 1025, 2049}) {
        matrix<float> none(1, columns);
        fill(none, -infinity);
        CHECK(all_nan(log_softmax(none).data(), columns));
    }
}

TEST_CASE("columns masked with -Inf have log p -Inf and do not count", "[log_softmax]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 2, 3, 16, 17, 40, 1025, 2049, 5000);
    for (int masking = 0; masking < 4; ++masking) {  // every other; all but the first; all but the last; the first half
        CAPTURE(columns, masking);
        matrix<float> logits = random_logits(1, columns, 50.0f, 185);
        for (idx_t j = 0; j < columns; ++j)
            if (masking == 0 ? j % 2 == 0 : masking == 1 ? j > 0 : masking == 2 ? j < columns - 1 : j < columns / 2)
                logits(0, j) = -infinity;
        const matrix<float> got = log_softmax(logits);
        int wrong = 0;
        for (idx_t j = 0; j < columns; ++j)
            wrong += !reference::is_finite(logits(0, j)) && reference::bits(got(0, j)) != 0xff800000u;
        CHECK(wrong == 0);
        CHECK(worst_error(got.data(), logits.data(), columns) <= 1.0);
    }
}

TEST_CASE("log_sum_exp agrees with its formula, and nothing overflows", "[log_softmax]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 1, 2, 16, 17, 1000, 1024, 1025, 5000, 100000);
    for (const float range : {100.0f, 1.0f, 0.0f, 1000.0f, 1e30f, largest_float}) {
        CAPTURE(columns, range);
        const matrix<float> logits = random_logits(2, columns, range, 186);
        const array<double> got = log_sum_exp(logits);
        REQUIRE(got.size() == 2);
        for (idx_t i = 0; i < 2; ++i) {
            const exact_sum exact = exact_log_sum(logits.row(i), columns);
            const long double error = std::fabs((long double)(got[i]) - (exact.largest + exact.log));
            CHECK(double(error) <= 1.2e-7 + 0x1p-52 * double(std::fabs(exact.largest)));
        }
    }
}

TEST_CASE("log_sum_exp of NaN is NaN, else of +Inf is +Inf, else of -Inf alone is -Inf", "[log_softmax]") {
    const std::uint64_t plus = 0x7ff0000000000000u, minus = 0xfff0000000000000u;
    const idx_t columns = GENERATE(as<idx_t>{}, 1, 2, 16, 17, 40, 1024, 1025, 3000);
    CAPTURE(columns);
    for (const idx_t place : {idx_t(0), columns / 2, columns - 1}) {
        matrix<float> logits = random_logits(1, columns, 20.0f, 187);
        logits(0, place) = infinity;
        CHECK(reference::bits(log_sum_exp(logits)[0]) == plus);
        logits(0, columns - 1 - place) = nans[place % 4];
        CHECK(reference::is_nan(log_sum_exp(logits)[0]));
        fill(logits, -infinity);
        CHECK(reference::bits(log_sum_exp(logits)[0]) == minus);
        logits(0, place) = infinity;
        CHECK(reference::bits(log_sum_exp(logits)[0]) == plus);
        logits(0, place) = nans[place % 4];
        CHECK(reference::is_nan(log_sum_exp(logits)[0]));
        logits(0, place) = 2.5f;
        CHECK(log_sum_exp(logits)[0] == 2.5);
    }
    CHECK(reference::bits(log_sum_exp(matrix<float>(1, 0))[0]) == minus);
    CHECK(log_sum_exp(matrix<float>(0, 5)).empty());
}

TEST_CASE("a row's log_softmax does not depend on batch, stride, alignment or whose memory it is written to",
          "[log_softmax]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 1, 15, 16, 17, 33, 100, 1025, 2049);
    CAPTURE(columns);
    const matrix<float> logits = random_logits(5, columns, 60.0f, 188);
    const matrix<float> expected = log_softmax(logits);
    const array<double> sums = log_sum_exp(logits);
    for (idx_t i = 0; i < 5; ++i) {
        CHECK(first_difference(log_softmax(part(logits, i, 1)), part(expected, i, 1)) == "");
        CHECK(log_sum_exp(part(logits, i, 1))[0] == sums[i]);
    }
    for (const idx_t gap : {0, 3})
        for (const idx_t shift : {0, 1, 7}) {
            laid_out<float> moved(logits, gap, shift), out(untouched(5, columns), 3 - gap, shift + 1);
            CHECK(first_difference(log_sum_exp(moved.view()).view(), sums.view()) == "");
            log_softmax_into(moved.view(), out.view());
            CHECK(first_difference(out.view(), expected) == "");
            log_softmax_into(moved.view(), moved.view());
            CHECK(first_difference(moved.view(), expected) == "");
        }
}

TEST_CASE("log_softmax refuses another shape and memory that overlaps the logits, and writes nothing",
          "[log_softmax]") {
    const matrix<float> before = random_logits(1, 120, 1.0f, 190);
    matrix<float> memory = before, rows = untouched(3, 8), dim = untouched(4, 7);
    float* data = memory.data();
    const matrix_view<float> logits(data + 40, 4, 8, 10);  // elements 40 to 77
    CHECK(message_of<shape_error>([&] { log_softmax_into(logits, rows); }) ==
          "log_softmax: out is 3 x 8, it must be 4 x 8");
    CHECK(message_of<shape_error>([&] { log_softmax_into(logits, dim); }) ==
          "log_softmax: out is 4 x 7, it must be 4 x 8");
    CHECK(first_difference(rows, untouched(3, 8)) == "");
    CHECK(first_difference(dim, untouched(4, 7)) == "");
    const matrix_view<float> wrong[] = {{data + 39, 4, 8, 10}, {data + 41, 4, 8, 10}, {data + 50, 4, 8, 10},
                                        {data + 40, 4, 8, 8},  {data + 77, 4, 8, 8},  {data + 9, 4, 8, 8}};
    for (const auto& out : wrong)
        CHECK_THAT(message_of<shape_error>([&] { log_softmax_into(logits, out); }),
                   StartsWith("log_softmax: ") && ContainsSubstring("overlap"));
    const matrix_view<double> inside(reinterpret_cast<double*>(data + 50), 1, 4);
    array<double> other_size(3);
    CHECK(message_of<shape_error>([&] { log_sum_exp_into(logits, inside); }) == "log_sum_exp: out overlaps the logits");
    CHECK(message_of<shape_error>([&] { log_sum_exp_into(logits, other_size); }) ==
          "log_sum_exp: out is 1 x 3, it must be 1 x 4");
    CHECK_THAT(message_of<shape_error>([&] { log_sum_exp_into(logits, matrix_view<double>(nullptr, 1, 4)); }),
               ContainsSubstring("null"));
    CHECK((other_size[0] == 0 && other_size[1] == 0 && other_size[2] == 0));
    CHECK(first_difference(memory, before) == "");
}

TEST_CASE("log_softmax of no rows or no columns is empty", "[log_softmax]") {
    CHECK((log_softmax(matrix<float>(0, 7)).rows() == 0 && log_softmax(matrix<float>(0, 7)).dim() == 7));
    CHECK((log_softmax(matrix<float>(7, 0)).rows() == 7 && log_softmax(matrix<float>(7, 0)).dim() == 0));
}

TEST_CASE("doubles narrow to the nearest floats, in order", "[log_softmax]") {
    const auto floats = random_rows<float>(1, 16, 191);
    double doubles[16];
    for (int i = 0; i < 16; ++i) doubles[i] = double(floats.data()[i]) * (i % 2 == 0 ? 1 + 0x1p-25 : 1 - 0x1p-26);
    float got[16];
    unitsphere::kernel::store16(got, unitsphere::kernel::narrow(unitsphere::kernel::load16(doubles)));
    for (int i = 0; i < 16; ++i) CHECK(got[i] == floats.data()[i]);
}

}  // namespace tests
