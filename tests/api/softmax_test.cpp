#include <cmath>
#include <vector>

#include <unitsphere/kernel/softmax_rows.hpp>

#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

std::vector<float> logits_of(idx_t columns, std::uint64_t seed) {
    const auto rows = random_rows<float>(1, columns, seed);
    std::vector<float> logits(rows.data(), rows.data() + columns);
    for (auto& l : logits) l *= 20.0f;
    return logits;
}

}  // namespace

TEST_CASE("the maximum of a strip is found wherever it stands", "[softmax]") {
    const int columns = GENERATE(1, 2, 15, 16, 17, 31, 32, 33, 100, 1024);
    const float offset = GENERATE(0.0f, 1000.0f, -1000.0f);  // both signs, all positive, all negative
    auto logits = logits_of(columns, 31);
    for (auto& l : logits) l += offset;
    for (int place = 0; place<columns; place += columns> 40 ? 37 : 1) {
        auto with = logits;
        with[std::size_t(place)] = offset + 100.0f;
        CHECK(kernel::range_of(with.data(), columns).max == offset + 100.0f);
    }
}

TEST_CASE("a NaN of either sign is found wherever it stands", "[softmax]") {
    const int columns = GENERATE(1, 15, 16, 17, 40);
    const std::uint32_t nan = GENERATE(0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xffffffffu);
    const auto logits = logits_of(columns, 32);
    for (std::size_t place = 0; place < logits.size(); ++place) {
        auto with = logits;
        with[place] = reference::float_from_bits(nan);
        CHECK(reference::is_nan(kernel::range_of(with.data(), columns).max));
    }
}

TEST_CASE("a strip's sum is the sum of what it wrote", "[softmax]") {
    const int columns = GENERATE(1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 1023, 1024);
    const auto logits = logits_of(columns, 33);
    std::vector<float> e(logits.size());
    const auto strip = kernel::exp_strip(logits.data(), columns, e.data());
    double sum = 0;
    for (float x : e) sum += double(x);
    // One rounding to float for each pair that is added: half a unit of 2^-23 of the pair, so of the sum.
    CHECK_THAT(strip.sum, Catch::Matchers::WithinRel(sum, 0x1p-24));
    CHECK(*std::max_element(e.begin(), e.end()) == 1.0f);
}

TEST_CASE("strips merge in column order to the row's sum, whichever holds the maximum", "[softmax]") {
    const idx_t columns = GENERATE(1025, 3000, 5000);
    const idx_t place = GENERATE(0, 1024, 1030, 2999);
    auto logits = logits_of(columns, 34);
    logits[std::size_t(std::min(place, columns - 1))] = 90.0f;
    kernel::running_softmax row;
    std::vector<float> e(kernel::strip_columns);
    for (idx_t j = 0; j < columns; j += kernel::strip_columns) {
        const int width = int(std::min<idx_t>(kernel::strip_columns, columns - j));
        row.merge(kernel::exp_strip(logits.data() + j, width, e.data()));
    }
    long double exact = 0;
    for (float l : logits) exact += std::exp((long double)(l)-90.0L);
    CHECK(row.max == 90.0f);
    CHECK_THAT(row.sum, Catch::Matchers::WithinRel(double(exact), 3e-7));
}

TEST_CASE("rows with more strips than fit on the stack have the same bits", "[softmax]") {
    // Masked columns behind the first million change nothing: both ways of keeping strips must agree.
    const idx_t columns = idx_t(1) << 20;
    const auto logits = logits_of(columns, 35);
    std::vector<float> padded = logits;
    padded.resize(logits.size() + 5, -INFINITY);
    std::vector<float> expected(logits.size()), got(padded.size());
    kernel::softmax_row(logits.data(), columns, expected.data());
    kernel::softmax_row(padded.data(), columns + 5, got.data());
    CHECK(std::equal(expected.begin(), expected.end(), got.begin()));
    kernel::softmax_row(padded.data(), columns + 5, padded.data());
    CHECK(padded == got);
}

namespace {

/// The bits of x * factor, rounded once; subnormal numbers as multiples of 2^-149, since -ffast-math counts them as 0.
std::uint32_t bits_of_product(float x, float factor) {
    const std::uint32_t bits = reference::bits(x);
    const double value = bits < 0x00800000u ? std::ldexp(double(bits), -149) : double(x);
    const double product = value * double(factor);
    return product < 0x1p-126 ? std::uint32_t(std::nearbyint(std::ldexp(product, 149)))
                              : reference::bits(float(product));
}

}  // namespace

TEST_CASE("products that may be subnormal are rounded once", "[softmax]") {
#ifdef __FAST_MATH__
    if (!kernel::has_fma) return;  // a plain product there, and subnormal ones are 0
#endif
    generator random(47);
    idx_t wrong = 0;
    for (int round = 0; round < 20000; ++round) {
        const float factor = std::ldexp(1.0f + float(random.below(1 << 23)) * 0x1p-23f, -1 - int(random.below(40)));
        float values[16], products[16];
        for (float& value : values) value = reference::float_from_bits(std::uint32_t(random.below(0x3f800001)));
        for (int i = 0; i < 8; ++i)  // most of these have subnormal products
            values[i] = reference::float_from_bits(std::uint32_t(random.below(0x12800000)));
        values[15] = 0.0f;
        kernel::store16(products, kernel::product_with_subnormals(kernel::load16(values), factor));
        for (int i = 0; i < 16; ++i) wrong += reference::bits(products[i]) != bits_of_product(values[i], factor);
    }
    CHECK(wrong == 0);
}

}  // namespace tests
