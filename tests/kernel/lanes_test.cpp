#include <cmath>
#include <vector>

#include <unitsphere/kernel/lanes_bits.hpp>

#include "catch.hpp"
#include "guarded.hpp"
#include "random_rows.hpp"

using namespace unitsphere::kernel;
using unitsphere::float16;

namespace {

std::vector<float> elements(const lanes<float>& x) {
    std::vector<float> out(lane_count);
    store16(out.data(), x);
    return out;
}
std::vector<double> elements(const lanes<double>& x) {
    std::vector<double> out(lane_count);
    store16(out.data(), x);
    return out;
}

}  // namespace

TEST_CASE("a partial load reads the first elements and zeros behind them", "[lanes]") {
    const int count = GENERATE(range(0, 17));
    const auto row = tests::random_rows<float>(1, lane_count, 1);
    const auto half = tests::random_rows<float16>(1, lane_count, 2);
    const auto loaded = elements(load16_first(row.data(), count));
    const auto widened = elements(load16_first(half.data(), count));
    for (int i = 0; i < lane_count; ++i) {
        CHECK(loaded[std::size_t(i)] == (i < count ? row.data()[i] : 0.0f));
        CHECK(widened[std::size_t(i)] == (i < count ? float(half.data()[i]) : 0.0f));
    }
}

TEST_CASE("a float of memory is multiplied and added with the bits of its broadcast", "[lanes]") {
#if defined(__AVX512F__) && !defined(UNITSPHERE_PORTABLE)
    const auto rows = tests::random_rows<float>(3, lane_count, 3);
    const auto b = vector<float>::load_unaligned(rows.row(0)), c = vector<float>::load_unaligned(rows.row(1));
    for (int i = 0; i < lane_count; ++i) {
        const lanes<float> found{{fma_broadcast(rows.row(2) + i, b, c)}};
        const lanes<float> expected{{fma(vector<float>(rows.row(2)[i]), b, c)}};
        CHECK(elements(found) == elements(expected));
    }
#else
    CHECK(!has_fma_broadcast);
#endif
}

TEST_CASE("a partial store writes the first elements only", "[lanes]") {
    const int count = GENERATE(range(0, 17));
    const auto row = tests::random_rows<float>(1, lane_count, 3);
    std::vector<float> out(lane_count, -7.0f);
    store16_first(out.data(), load16(row.data()), count);
    for (int i = 0; i < lane_count; ++i) CHECK(out[std::size_t(i)] == (i < count ? row.data()[i] : -7.0f));
}

TEST_CASE("vector loads of float16 agree with the exact conversion for all 65,536 patterns", "[lanes]") {
    bool same = true;
    for (unsigned first = 0; first < 65536; first += lane_count) {
        float16 half[lane_count];
        for (unsigned i = 0; i < lane_count; ++i) half[i] = float16::from_bits(std::uint16_t(first + i));
        const auto wide = elements(load16(half));
        for (unsigned i = 0; i < lane_count; ++i)
            same = same && reference::bits(wide[i]) == reference::bits(float(half[i]));
    }
    CHECK(same);
}

TEST_CASE("vector loads of bfloat16 and int8 agree with the exact conversion for all patterns", "[lanes]") {
    bool same = true;
    for (unsigned first = 0; first < 65536; first += lane_count) {
        unitsphere::bfloat16 brain[lane_count];
        std::int8_t whole[lane_count];
        for (unsigned i = 0; i < lane_count; ++i) {
            brain[i] = unitsphere::bfloat16::from_bits(std::uint16_t(first + i));
            whole[i] = std::int8_t(int(first + i) % 256 - 128);
        }
        const auto wide = elements(load16(brain)), wide_whole = elements(load16(whole));
        for (unsigned i = 0; i < lane_count; ++i) {
            same = same && reference::bits(wide[i]) == reference::bits(float(brain[i]));
            same = same && wide_whole[i] == float(int(first + i) % 256 - 128);
        }
    }
    CHECK(same);
}

TEST_CASE("widening keeps the order of the elements", "[lanes]") {
    const auto row = tests::random_rows<float>(1, lane_count, 4);
    const auto wide = elements(widen(load16(row.data())));
    for (int i = 0; i < lane_count; ++i) CHECK(wide[std::size_t(i)] == double(row.data()[i]));
}

TEST_CASE("lanes are joined in the order of the canonical tree", "[lanes]") {
    double lane[lane_count], tree[lane_count];
    tests::generator random(5);
    for (auto& x : lane) x = std::ldexp(double(random.bell(20)), int(random.below(80)) - 40);  // order matters
    std::copy(lane, lane + lane_count, tree);
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) tree[i] = tree[i] + tree[i + half];
    CHECK(reference::bits(sum_of_lanes(load16(lane))) == reference::bits(tree[0]));
}

TEST_CASE("lanes above others are counted, at every count and at the ends of the range", "[lanes]") {
    const std::int32_t lowest = INT32_MIN, highest = INT32_MAX;
    for (int above = 0; above <= lane_count; ++above) {
        CAPTURE(above);
        std::int32_t values[lane_count], bounds[lane_count];
        for (int i = 0; i < lane_count; ++i) {
            const bool counts = i * 7 % lane_count < above;
            values[i] = counts ? (i % 2 == 0 ? highest : lowest + 1) : i % 3 == 0 ? lowest : 5;
            bounds[i] = counts ? values[i] - 1 : i % 3 == 0 ? lowest : 5 + i % 2;
        }
        CHECK(count_gt(load16(values), load16(bounds)) == above);
        const bits16 chosen = select_gt(load16(values), load16(bounds), load16(values), load16(bounds));
        std::int32_t larger_ones[lane_count];
        store16(larger_ones, chosen);
        for (int i = 0; i < lane_count; ++i) CHECK(larger_ones[i] == (values[i] > bounds[i] ? values[i] : bounds[i]));
    }
}

TEMPLATE_TEST_CASE("transposing a square exchanges rows and columns", "[lanes]", float, double) {
    constexpr int width = int(vector<TestType>::size);
    const auto from = tests::random_rows<TestType>(width, width, 6);
    vector<TestType> square[width];
    for (int r = 0; r < width; ++r) square[r] = vector<TestType>::load_unaligned(from.row(r));
    transpose(square);
    for (int r = 0; r < width; ++r) {
        TestType row[width];
        square[r].store_unaligned(row);
        for (int c = 0; c < width; ++c) CHECK(row[c] == from(c, r));
    }
}
