// What turns a unit row into bytes, piece by piece.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include <unitsphere/kernel/int8_rows.hpp>

#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

double square_sum(const std::vector<float>& x) {
    double sum = 0.0;
    for (const float element : x) sum += double(element) * double(element);
    return sum;
}

}  // namespace

TEST_CASE("16 numbers are stored as bytes in their order", "[int8_rows]") {
    std::int32_t numbers[16];
    for (int i = 0; i < 16; ++i) numbers[i] = 17 * i - 128;
    numbers[5] = -127, numbers[15] = 127;
    std::int8_t bytes[18] = {99};
    bytes[17] = 99;
    kernel::store16(bytes + 1, kernel::load16(numbers));
    for (int i = 0; i < 16; ++i) CHECK(int(bytes[1 + i]) == numbers[i]);
    CHECK(bytes[0] == 99);
    CHECK(bytes[17] == 99);
}

TEST_CASE("elements go to the nearest whole number, ties away from 0, no farther than asked", "[int8_rows]") {
    const float scaled[16] = {0.0f,   -0.0f,   0.49f,  0.5f,   -0.5f,   1.5f,   -2.5f,   126.4f,
                              126.5f, -126.5f, 127.0f, 127.6f, -128.0f, 500.0f, -500.0f, 0x1p-140f};
    const int expected[16] = {0, 0, 0, 1, -1, 2, -3, 126, 127, -127, 127, 127, -127, 127, -127, 0};
    std::int32_t whole[16];
    kernel::store16(whole, kernel::rounded_to_ints(kernel::load16(scaled), 127));
    for (int i = 0; i < 16; ++i) {
        CAPTURE(i);
        CHECK(whole[i] == expected[i]);
    }
    kernel::store16(whole, kernel::rounded_to_ints(kernel::load16(scaled), 7));
    CHECK(whole[7] == 7);
    CHECK(whole[14] == -7);
    kernel::store16(whole, kernel::signs_of(kernel::load16(scaled)));
    for (int i = 0; i < 16; ++i) CHECK(whole[i] == (scaled[i] < 0.0f ? -1 : 1));
}

TEST_CASE("the kind of a row needs no length", "[int8_rows]") {
    const idx_t dim = GENERATE(1, 15, 16, 17, 40);
    for (const float special : {0.0f, -0.0f, 0x1p-149f, -3e38f, HUGE_VALF, -HUGE_VALF, std::nanf("")})
        for (idx_t at = 0; at < dim; ++at) {
            std::vector<float> row(std::size_t(dim), 0.0f);
            row[std::size_t(at)] = special;
            CAPTURE(dim, special, at);
            CHECK(kernel::kind_of(row.data(), dim) == kernel::length_of(row.data(), dim).kind());
        }
}

TEST_CASE("bytes and their scale are the same with bounds and without", "[int8_rows]") {
    const idx_t dim = GENERATE(1, 15, 16, 33, 500);
    const auto row = random_rows<float>(1, dim, 71);
    std::vector<std::int8_t> bounded(std::size_t(dim) + 16), alone(bounded);
    for (const int most : {127, 7}) {
        const auto numbers = kernel::quantize<true>(row.data(), dim, bounded.data(), most);
        CHECK(kernel::quantize<false>(row.data(), dim, alone.data(), most).scale == numbers.scale);
        CHECK(bounded == alone);
        double lost = 0.0;
        int greatest = 0;
        for (idx_t k = 0; k < dim; ++k) {
            const int byte = bounded[std::size_t(k)];
            lost += std::pow(double(row.data()[k]) - double(numbers.scale) * byte, 2);
            greatest = std::max(greatest, std::abs(byte));
        }
        CHECK(greatest == most);
        CHECK(double(numbers.error) >= std::sqrt(lost));
    }
}

TEST_CASE("a rotation keeps lengths and is undone", "[int8_rows]") {
    const idx_t dim = GENERATE(1, 15, 16, 17, 100, 128, 256, 512, 1000, 2048);
    const auto row = random_rows<float>(1, dim, 72);
    std::vector<float> signs(std::size_t(dim), 0.0f), rotated(row.data(), row.data() + dim);
    kernel::find_rotation_signs(dim, signs.data());
    const double before = square_sum(rotated);
    kernel::rotate(rotated.data(), dim, signs.data());
    CHECK(std::fabs(square_sum(rotated) / before - 1.0) < 1e-6);
    if (dim >= kernel::least_rotated_dim) CHECK(rotated[0] != row.data()[0]);
    kernel::rotate_back(rotated.data(), dim, signs.data());
    for (idx_t k = 0; k < dim; ++k)
        CHECK(std::fabs(rotated[std::size_t(k)] - row.data()[k]) < 2e-6f * std::sqrt(float(before)));
}

}  // namespace tests
