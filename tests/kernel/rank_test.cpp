#include <limits>
#include <vector>

#include <unitsphere/kernel/rank.hpp>

#include "catch.hpp"
#include "ranked.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// Every kind of float, from the last in order to the first; the NaNs of either sign come last.
std::vector<float> ascending() {
    std::vector<float> all;
    for (const std::uint32_t nan : {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xff800001u, 0x7fffffffu, 0xffffffffu})
        all.push_back(reference::float_from_bits(nan));
    for (const std::uint32_t bits :
         {0xff800000u, 0xff7fffffu, 0xbf800001u, 0xbf800000u, 0xbf000000u, 0x80800000u, 0x80000001u, 0x80000000u,
          0x00000000u, 0x00000001u, 0x00800000u, 0x3f000000u, 0x3f7fffffu, 0x3f800000u, 0x7f7fffffu, 0x7f800000u})
        all.push_back(reference::float_from_bits(bits));
    return all;
}
constexpr std::size_t nans = 6, negative_zero = 13;

/// Scores of few values, so that many are equal, with zeros of either sign and NaNs; no subnormal ones, which the
/// oracle takes for zeros where -ffast-math has the processor do so.
std::vector<float> scores_with_ties(idx_t count, std::uint64_t seed) {
    std::vector<float> values;
    for (const float x : ascending()) {
        const std::uint32_t magnitude = reference::bits(x) & 0x7fffffffu;
        if (magnitude == 0 || magnitude >= 0x00800000u) values.push_back(x);
    }
    generator random(seed);
    std::vector<float> scores;
    for (idx_t i = 0; i < count; ++i) scores.push_back(values[std::size_t(random.below(idx_t(values.size())))]);
    return scores;
}

}  // namespace

TEST_CASE("scores as integers have the order of the floats, with equal zeros and NaN below all", "[rank]") {
    const std::vector<float> all = ascending();
    REQUIRE(reference::bits(all[negative_zero]) == 0x80000000u);
    for (std::size_t i = nans + 1; i < all.size(); ++i) {
        CAPTURE(i);
        if (i == negative_zero + 1)
            CHECK(kernel::rank_key(all[i - 1]) == kernel::rank_key(all[i]));
        else
            CHECK(kernel::rank_key(all[i - 1]) < kernel::rank_key(all[i]));
    }
    for (std::size_t i = 0; i < nans; ++i) CHECK(kernel::rank_key(all[i]) < kernel::rank_key(all[nans]));
    std::int32_t orders[32];
    kernel::rank_keys(all.data(), 0, 1, int(all.size()), orders, 0);
    for (std::size_t i = nans; i < all.size(); ++i) CHECK(orders[i] == kernel::rank_key(all[i]));
    for (std::size_t i = 0; i < nans; ++i) CHECK(orders[i] < orders[nans]);
    for (std::size_t i = all.size(); i < 32; ++i) CHECK(orders[i] <= orders[nans]);
}

TEST_CASE("count_before agrees with a stable sort of the row", "[rank]") {
    const idx_t count = GENERATE(1, 2, 15, 16, 17, 31, 32, 33, 64, 100);
    CAPTURE(count);
    const std::vector<float> scores = scores_with_ties(count, 700 + std::uint64_t(count));
    for (idx_t j = 0; j < count; ++j) {
        if (reference::is_nan(scores[std::size_t(j)])) continue;
        CAPTURE(j);
        CHECK(kernel::count_before(scores.data(), count, j) + 1 == place_in(scores, j));
    }
}

TEST_CASE("count_before_in_columns agrees with a stable sort of 16 columns", "[rank]") {
    const int rows = GENERATE(1, 2, 6, 14, 32);
    CAPTURE(rows);
    const std::vector<float> scores = scores_with_ties(rows * 16, 800 + std::uint64_t(rows));
    alignas(64) std::int32_t orders[32 * 16];
    kernel::rank_keys(scores.data(), 16, rows, 16, orders, 16);
    for (int place = 0; place < rows; ++place) {
        std::int32_t limits[16], earlier[16], counts[16];
        for (std::size_t c = 0; c < 16; ++c) {
            const float score = scores[std::size_t(place) * 16 + c];
            limits[c] = reference::is_nan(score) ? kernel::unreachable_key : kernel::rank_key(score);
            earlier[c] = place;
        }
        kernel::count_before_in_columns(orders, 16, rows, limits, earlier, counts);
        for (std::size_t c = 0; c < 16; ++c) {
            CAPTURE(place, c);
            std::vector<float> column;
            for (int r = 0; r < rows; ++r) column.push_back(scores[std::size_t(r) * 16 + c]);
            const bool nan = reference::is_nan(column[std::size_t(place)]);
            CHECK(counts[c] == (nan ? 0 : place_in(column, place) - 1));
        }
    }
}

}  // namespace tests
