#include <cmath>

#include <unitsphere/kernel/norm.hpp>

#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

// The canonical order, one element at a time: element k in lane k mod 16, lanes joined by the tree.
template <class T>
double canonical_sum(const T* row, idx_t dim) {
    double lane[16] = {};
    for (idx_t k = 0; k < dim; ++k) {
        const double x = double(reference::widen(row[k]));
        lane[k % 16] += x * x;  // the square of a float is exact in double: fused or not is the same
    }
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
    return lane[0];
}

TEMPLATE_TEST_CASE("a sum of squares has the canonical bits", "[norm]", float, float16, bfloat16, std::int8_t) {
    const idx_t dim = GENERATE(0, 1, 2, 15, 16, 17, 31, 33, 127, 512, 1152);
    const auto rows = varied_rows<TestType>(12, dim, 11);
    for (idx_t i = 0; i < rows.rows(); ++i) {
        const double sum = kernel::length_of(rows.row(i), dim).sum;
        CHECK(reference::bits(sum) == reference::bits(canonical_sum(rows.row(i), dim)));
    }
}

TEST_CASE("the smallest double has a direction", "[norm]") {
    const double row[] = {0x1p-1074, 0.0};
    CHECK(kernel::length_of(row, 2).kind() == kernel::row_kind::regular);
    CHECK(kernel::length_of(row, 2).norm() == 0x1p-1074);
}

TEST_CASE("a row is scaled by one rounded product", "[norm]") {
    const idx_t dim = GENERATE(1, 15, 16, 17, 40);
    const auto rows = random_rows<float>(1, dim, 12);
    matrix<float> out(1, dim);
    kernel::scale_row(rows.data(), dim, kernel::row_factors<float>{1.0f, 0.37f}, out.data());
    for (idx_t k = 0; k < dim; ++k) {
        const volatile float exact = rows.data()[k] * 0.37f;
        CHECK(out.data()[k] == exact);
    }
}

TEST_CASE("factors stay in float's range for the longest and the shortest rows", "[norm]") {
    const double norm = GENERATE(0x1p-149, 0x1p-126, 0x1p-125, 1.0, 0x1p125, 0x1p126, 0x1p134);
    const auto factors = kernel::factors_of<float>({norm * norm, 1.0}, on_row::keep);
    CHECK(double(factors.power) * double(factors.inverse) * norm == 1.0);
    CHECK((factors.power == 1.0f) == (norm >= 0x1p-125 && norm <= 0x1p125));
}

}  // namespace tests
