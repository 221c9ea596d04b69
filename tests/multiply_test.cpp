#include <cmath>
#include <vector>

#include <unitsphere/kernel/pack.hpp>

#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

// The canonical score, one step at a time: a chain of multiply-adds within blocks of 128, block sums in order,
// clamp.
float canonical_score(const float* a, const float* b, index dim) {
    float total = 0.0f;
    for (index first = 0; first < dim; first += 128) {
        float chain = 0.0f;
        for (index k = first; k < dim && k < first + 128; ++k) {
            const volatile float rounded = a[k] * b[k];
            chain = kernel::has_fma ? std::fma(a[k], b[k], chain) : rounded + chain;
        }
        total = first == 0 ? chain : total + chain;
    }
    return total > 1.0f ? 1.0f : total < -1.0f ? -1.0f : total;
}

constexpr kernel::row_factors as_is{1.0f, 1.0f};

}  // namespace

TEST_CASE("a block of scores has the canonical bits for every number of rows and columns", "[multiply]") {
    const index dim = GENERATE(1, 3, 4, 15, 16, 127, 128, 129, 256, 300, 512);
    const int rows = GENERATE(range(1, kernel::block_rows + 1));
    const int columns = GENERATE(1, 3, 4, 15, 16, 17, kernel::block_columns);
    if (columns > kernel::block_columns) return;
    auto a = random_rows<float>(rows, dim, 21), b = random_rows<float>(columns, dim, 22);
    for (index i = 0; i < a.rows() * dim; ++i) a.data()[i] /= 64.0f;

    matrix<float> block(1, kernel::packed_block_size(dim));
    for (int r = 0; r < rows; ++r) kernel::pack_block_row(a.row(r), dim, as_is, r, block.data());
    const int width = columns <= 16 ? 16 : kernel::block_columns;
    const std::vector<kernel::row_factors> factors(std::size_t(columns), as_is);
    matrix<float> panel(dim, width), scores(rows, width);
    kernel::pack_panel(b.data(), dim, columns, dim, factors.data(), width, panel.data());
    kernel::multiply(block.data(), panel.data(), rows, width, dim, scores.data(), width);

    bool same = true;
    for (int r = 0; r < rows; ++r)
        for (int c = 0; c < columns; ++c)
            same = same && reference::bits(scores(r, c)) == reference::bits(canonical_score(a.row(r), b.row(c), dim));
    CHECK(same);
}

TEST_CASE("a score is clamped to one; NaN passes and an infinite sum becomes NaN", "[multiply]") {
    const float inputs[16] = {0.0f, -0.0f, 1.0f,   -1.0f,   1.0000001f, -1.0000001f, 3e38f, -3e38f,
                              0.5f, -0.5f, 1e-45f, -1e-45f, INFINITY,   -INFINITY,   NAN,   0.99999994f};
    float out[16];
    kernel::store16(out, kernel::clamp_to_one(kernel::load16(inputs)));
    for (int i = 0; i < 16; ++i) {
        const float x = inputs[i], clamped = x > 1.0f ? 1.0f : x < -1.0f ? -1.0f : x;
        if (i >= 12 && i <= 14)
            CHECK(reference::is_nan(out[i]));
        else
            CHECK(reference::bits(out[i]) == reference::bits(clamped));
    }
}

}  // namespace tests
