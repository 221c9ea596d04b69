// The oracle rounds scale * x to float in memory, and gives the logits to the kernels without a scale.
#include <cstring>
#include <limits>
#include <vector>

#include <unitsphere/kernel/log_softmax.hpp>
#include <unitsphere/kernel/softmax_rows.hpp>

#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

/// Cosine-like rows behind each other, `stride` apart; of every four one holds a NaN, one a -Inf.
std::vector<float> rows_of_scores(idx_t rows, idx_t columns, idx_t stride) {
    auto scores = random_rows<float>(rows, stride, 77);
    for (idx_t i = 0; i < rows; ++i) {
        if (i % 4 == 2) scores(i, columns / 2) = reference::float_from_bits(0x7fc00000u);
        if (i % 4 == 3) scores(i, columns - 1) = minus_infinity;
    }
    return std::vector<float>(scores.data(), scores.data() + rows * stride);
}

std::vector<float> rounded_products(std::vector<float> x, float scale) {
    for (float& value : x) {
        const volatile float product = scale * value;
        value = product;
    }
    return x;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

}  // namespace

TEST_CASE("a scale in the softmax kernels gives the bits of scaling the logits before", "[kernel][softmax]") {
    const idx_t columns = GENERATE(1, 2, 15, 16, 17, 31, 32, 33, 64, 65, 1000, 1023, 1024, 1025, 5000);
    const float scale = GENERATE(1.0f, 100.0f, 56.9953f, -3.7f, 0.01f, 0.0f);
    const idx_t rows = 5 + 4096 / columns, stride = columns + 1, out_stride = columns + 3;
    const std::vector<float> x = rows_of_scores(rows, columns, stride), logits = rounded_products(x, scale);
    const auto row = [&](const std::vector<float>& all, idx_t i) { return all.data() + i * stride; };
    const std::vector<float> untouched(std::size_t(rows * out_stride), 7.0f);
    INFO("columns " << columns << ", scale " << scale);

    std::vector<float> expected = untouched, out = untouched;
    kernel::softmax_rows(logits.data(), rows, columns, stride, expected.data(), out_stride);
    kernel::softmax_rows(x.data(), rows, columns, stride, scale, out.data(), out_stride);
    CHECK(same_bits(out, expected));

    std::vector<float> in_place = x, expected_in_place = logits;
    kernel::softmax_rows(expected_in_place.data(), rows, columns, stride, expected_in_place.data(), stride);
    kernel::softmax_rows(in_place.data(), rows, columns, stride, scale, in_place.data(), stride);
    for (idx_t i = 0; i < rows; ++i)
        CHECK(std::memcmp(row(in_place, i), row(expected_in_place, i), std::size_t(columns) * sizeof(float)) == 0);

    std::vector<double> sums, expected_sums;
    out = expected = untouched;
    for (idx_t i = 0; i < rows; ++i) {
        kernel::log_softmax_row(row(logits, i), columns, 1.0f, expected.data() + i * out_stride);
        kernel::log_softmax_row(row(x, i), columns, scale, out.data() + i * out_stride);
        expected_sums.push_back(kernel::log_sum_exp_row(row(logits, i), columns, 1.0f));
        sums.push_back(kernel::log_sum_exp_row(row(x, i), columns, scale));
        if (reference::is_nan(sums.back()) && reference::is_nan(expected_sums.back()))
            sums.back() = expected_sums.back();  // a NaN's payload is free
    }
    CHECK(same_bits(out, expected));
    CHECK(same_bits(sums, expected_sums));
}

TEST_CASE("a scale gives the bits of scaling before, in rows whose exponentials are made twice", "[kernel][softmax]") {
    constexpr idx_t columns = (idx_t(1) << 20) + 1025;
    const std::vector<float> x = rows_of_scores(1, columns, columns);
    std::vector<float> expected = rounded_products(x, 100.0f), out(std::size_t(columns), 0.0f);
    kernel::softmax_row(std::vector<float>(expected).data(), columns, expected.data());
    kernel::softmax_row(x.data(), columns, 100.0f, out.data());
    CHECK(same_bits(out, expected));
}

}  // namespace tests
