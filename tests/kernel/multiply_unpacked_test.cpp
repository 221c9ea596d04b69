#include <vector>

#include <unitsphere/kernel/multiply_unpacked.hpp>

#include "canonical.hpp"
#include "catch.hpp"
#include "random_rows.hpp"
#include "reference.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// Rows of T with factors of all kinds, and what they are at unit length.
template <class T, class C>
struct scaled_rows {
    scaled_rows(idx_t count, idx_t dim, bool with_power) : rows(count, dim + 3), unit(count, dim), factors(16) {
        const matrix<float> values = random_rows<float>(count, dim, 31);
        for (idx_t i = 0; i < count; ++i) {
            auto& each = factors[std::size_t(i)];
            each.power = with_power && i % 3 == 1 ? 0.5f : 1.0f;
            each.inverse = kernel::factor_type<T>(1) / kernel::factor_type<T>(3 + i);
            for (idx_t k = 0; k < dim; ++k) rows(i, k) = T(20 * values(i, k));
            kernel::scale_row(rows.row(i), dim, each, unit.row(i));
        }
    }

    matrix<T> rows;
    matrix<C> unit;
    std::vector<kernel::row_factors<kernel::factor_type<T>>> factors;
};

/// Whether all scores of `count` rows with `columns` packed ones have the canonical bits, and every next length its.
template <class T, class C>
bool multiplies_as_canonical(int columns, int count, idx_t dim, bool with_power) {
    const scaled_rows<T, C> x(count, dim, with_power);
    matrix<C> few = random_rows<C>(columns, dim, 32);
    matrix<C> panel(dim, 16);
    for (int n = 0; n < columns; ++n)
        for (idx_t k = 0; k < dim; ++k) panel(k, n) = few(n, k) /= C(64);

    const bool measures = dim % 16 == 0 && !std::is_same_v<T, double>;
    std::vector<double> sums(16, -1.0);
    std::vector<T> next(std::size_t(16 * dim));
    for (std::size_t i = 0; i < next.size(); ++i) next[i] = T(float(1 + i / std::size_t(dim)));
    kernel::running_lengths<T> lengths(next.data(), dim, dim, sums.data());
    alignas(64) C scores[16 * 16] = {};
    kernel::multiply_unpacked(
        columns, panel.data(), kernel::unpacked_rows<T>{x.rows.data(), dim + 3, count, x.factors.data()}, dim, scores,
        kernel::unpacked_next<T>{measures ? &lengths : nullptr, reinterpret_cast<const char*>(x.rows.data())});
    bool same = true;
    for (int n = 0; n < columns; ++n)
        for (int i = 0; i < count; ++i)
            same = same && reference::bits(scores[n * 16 + i]) ==
                               reference::bits(canonical::score(x.unit.row(i), few.row(n), dim));
    if (measures && count == 16)
        for (int i = 0; i < 16; ++i) same = same && sums[std::size_t(i)] == double((i + 1) * (i + 1) * dim);
    return same;
}

}  // namespace

TEMPLATE_TEST_CASE("rows that are not packed have the canonical scores", "[multiply_unpacked]", float, double, float16,
                   bfloat16, std::int8_t) {
    const idx_t dim = GENERATE(1, 15, 16, 100, 128, 129, 256, 300, 512);
    const int columns = GENERATE(range(1, kernel::most_unpacked_columns + 1));
    for (const int count : {1, 5, 15, 16})
        for (const bool with_power : {false, true}) {
            CAPTURE(dim, columns, count, with_power);
            CHECK(multiplies_as_canonical<TestType, float>(columns, count, dim, with_power));
            if constexpr (std::is_same_v<TestType, double>)
                CHECK(multiplies_as_canonical<double, double>(columns, count, dim, with_power));
        }
}

}  // namespace tests
