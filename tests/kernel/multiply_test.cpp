#include <algorithm>
#include <cmath>
#include <vector>

#include <unitsphere/kernel/linear.hpp>
#include <unitsphere/kernel/pack.hpp>

#include "canonical.hpp"
#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

template <class C>
constexpr kernel::row_factors<C> as_is{C(1), C(1)};

}  // namespace

TEMPLATE_TEST_CASE("a block of scores has the canonical bits for every number of rows and columns", "[multiply]", float,
                   double) {
    using C = TestType;
    using block = kernel::block<C>;
    const idx_t dim = GENERATE(1, 3, 4, 15, 16, 127, 128, 129, 256, 300, 512);
    const int rows = GENERATE(range(1, block::rows + 1));
    const int columns = GENERATE(1, 3, 4, 15, 16, 17, block::columns);
    if (columns > block::columns) return;
    auto a = random_rows<C>(rows, dim, 21), b = random_rows<C>(columns, dim, 22);
    for (idx_t i = 0; i < a.rows() * dim; ++i) a.data()[i] /= C(64);

    matrix<C> packed(1, kernel::packed_block_size<C>(dim));
    for (int r = 0; r < rows; ++r) kernel::pack_block_row(a.row(r), dim, as_is<C>, r, packed.data());
    const int width = columns <= 16 ? 16 : block::columns;
    const std::vector<kernel::row_factors<C>> factors(std::size_t(columns), as_is<C>);
    matrix<C> panel(dim, width), scores(rows, width);
    kernel::pack_panel(
        b.data(), dim, columns, dim, [&](int i) { return factors[std::size_t(i)]; }, width, panel.data());
    kernel::multiply<C>({packed.data(), panel.data(), rows, width, dim, scores.data(), width});

    bool same = true;
    for (int r = 0; r < rows; ++r)
        for (int c = 0; c < columns; ++c)
            same = same && reference::bits(scores(r, c)) == reference::bits(canonical::score(a.row(r), b.row(c), dim));
    CHECK(same);
}

TEMPLATE_TEST_CASE("a part of a panel has the scores of the whole panel", "[multiply]", float, float16, bfloat16) {
    using block = kernel::block<float>;
    constexpr int half = block::columns / 2, pitch = block::columns + 16;
    const idx_t dim = GENERATE(1, 3, 127, 128, 129, 300, 512, 515);
    const int rows = GENERATE(range(1, block::rows + 1));
    const auto a = random_rows<float>(rows, dim, 31);
    matrix<float> packed(1, kernel::packed_block_size<float>(dim)), whole(rows, block::columns), part(rows, pitch);
    for (int r = 0; r < rows; ++r) kernel::pack_block_row(a.row(r), dim, as_is<float>, r, packed.data());
    const auto elements = random_rows<TestType>(dim + kernel::factor_elements<TestType>, block::columns, 32);
    const TestType* const panel = elements.data();
    kernel::multiply<float, TestType>({packed.data(), panel, rows, block::columns, dim, whole.data(), block::columns});
    for (const int first : {0, half})
        for (int columns = 1; columns <= block::columns - first; ++columns) {
            std::fill_n(part.data(), rows * pitch, 7.0f);
            kernel::multiply<float, TestType>({packed.data(),
                                               panel,
                                               rows,
                                               block::columns,
                                               dim,
                                               part.data(),
                                               pitch,
                                               {nullptr, 0},
                                               false,
                                               first,
                                               columns});
            bool same = true;
            for (int r = 0; r < rows; ++r) {
                for (int c = 0; c < columns; ++c)
                    same = same && reference::bits(part(r, c)) == reference::bits(whole(r, first + c));
                for (int c = (columns + 15) / 16 * 16; c < pitch; ++c) same = same && part(r, c) == 7.0f;
            }
            CAPTURE(first, columns);
            CHECK(same);
        }
}

TEMPLATE_TEST_CASE("an accumulating product adds its block sums in order, unclamped", "[multiply]", float, double) {
    using C = TestType;
    using block = kernel::block<C>;
    const idx_t dim = GENERATE(1, 127, 128, 129, 300, 512);
    const int rows = GENERATE(range(1, block::rows + 1));
    const int width = block::columns;
    const int columns = kernel::computes_parts<C> ? GENERATE(range(1, block::columns + 1)) : width;
    const auto a = random_rows<C>(rows, dim, 23), b = random_rows<C>(width, dim, 24);

    matrix<C> packed(1, kernel::packed_block_size<C>(dim));
    for (int r = 0; r < rows; ++r) kernel::pack_block_row(a.row(r), dim, as_is<C>, r, packed.data());
    const std::vector<kernel::row_factors<C>> factors(std::size_t(width), as_is<C>);
    matrix<C> panel(dim, width), sums = random_rows<C>(rows, width, 25);
    const matrix<C> before(sums);
    kernel::pack_panel(
        b.data(), dim, width, dim, [&](int i) { return factors[std::size_t(i)]; }, width, panel.data());
    kernel::multiply<C>(
        {packed.data(), panel.data(), rows, width, dim, sums.data(), width, {nullptr, 0}, true, 0, columns});

    constexpr int per_register = int(kernel::vector<C>::size);
    bool same = true;
    for (int r = 0; r < rows; ++r)
        for (int c = 0; c < width; ++c) {
            C total = before(r, c);
            if (c >= (columns + per_register - 1) / per_register * per_register) {
                same = same && reference::bits(sums(r, c)) == reference::bits(total);
                continue;
            }
            for (idx_t first = 0; first < dim; first += 128)
                total = total + canonical::chain(a.row(r), b.row(c), first, std::min<idx_t>(dim, first + 128));
            same = same && reference::bits(sums(r, c)) == reference::bits(total);
        }
    CHECK(same);
}

TEST_CASE("a score in double is clamped to one; NaN and infinite sums become the one quiet NaN", "[multiply]") {
    const double inputs[16] = {
        0.0, -0.0, 1.0,    -1.0,    1.0000000000000002, -1.0000000000000002, 1.7e308, -3e307,
        0.5, -0.5, 5e-324, -5e-324, INFINITY,           -INFINITY,           -NAN,    0.9999999999};
    double out[16];
    kernel::store16(out, kernel::clamp_to_one(kernel::load16(inputs)));
    for (int i = 0; i < 16; ++i) {
        const double x = inputs[i], clamped = x > 1.0 ? 1.0 : x < -1.0 ? -1.0 : x;
        if (!reference::is_finite(x))
            CHECK(reference::bits(out[i]) == 0x7ff8000000000000u);
        else
            CHECK(reference::bits(out[i]) == reference::bits(clamped));
    }
}

TEST_CASE("a score is clamped to one; NaN and infinite sums become the one quiet NaN", "[multiply]") {
    const float inputs[16] = {0.0f, -0.0f, 1.0f,   -1.0f,   1.0000001f, -1.0000001f, 3e38f, -3e38f,
                              0.5f, -0.5f, 1e-45f, -1e-45f, INFINITY,   -INFINITY,   -NAN,  0.99999994f};
    float out[16];
    kernel::store16(out, kernel::clamp_to_one(kernel::load16(inputs)));
    for (int i = 0; i < 16; ++i) {
        const float x = inputs[i], clamped = x > 1.0f ? 1.0f : x < -1.0f ? -1.0f : x;
        if (i >= 12 && i <= 14)
            CHECK(reference::bits(out[i]) == 0x7fc00000u);
        else
            CHECK(reference::bits(out[i]) == reference::bits(clamped));
    }
}

TEST_CASE("the sums of a fit have one order each, for every number of rows, heads and columns", "[linear]") {
    const idx_t dim = GENERATE(1, 15, 16, 17, 63, 64, 65, 100), heads = GENERATE(range(1, 14)), n = GENERATE(1, 4, 7);
    const idx_t stride = dim + 3, width = (dim + 15) / 16 * 16;
    const auto x = random_rows<float>(n, stride, 26);
    matrix<double> w(heads, width), slopes = random_rows<double>(n, heads, 27), z(n, heads), sums(heads, width);
    const auto numbers = random_rows<double>(heads, width, 28);
    for (idx_t h = 0; h < heads; ++h) std::copy_n(numbers.row(h), dim, w.row(h));
    for (idx_t k = 0; k < heads * width; ++k) sums.data()[k] = numbers.data()[k];
    kernel::find_dots({x.data(), stride}, {w.data(), width}, n, heads, dim, {z.data(), heads});
    kernel::add_products({slopes.data(), heads}, {x.data(), stride}, n, heads, dim, {sums.data(), width});
    bool same = true;
    for (idx_t h = 0; h < heads; ++h)
        for (idx_t j = 0; j < n; ++j) {
            double decision = 0;
            kernel::decide<1>(x.row(j), dim, as_is<float>, w.row(h), width, &decision);
            same = same && reference::bits(z(j, h)) == reference::bits(decision);
        }
    for (idx_t h = 0; h < heads; ++h)
        for (idx_t k = 0; k < dim; ++k) {
            double sum = numbers(h, k);
            for (idx_t j = 0; j < n; ++j) sum = kernel::fma(slopes(j, h), double(x(j, k)), sum);
            same = same && reference::bits(sums(h, k)) == reference::bits(sum);
        }
    CHECK(same);
}

}  // namespace tests
