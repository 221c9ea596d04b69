#include <cmath>
#include <vector>

#include <unitsphere/kernel/norm.hpp>

#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

// The canonical order, one element at a time: element k in lane k mod 16, lanes joined by the tree.
template <class T>
double canonical_sum(const T* row, index dim) {
    double lane[16] = {};
    for (index k = 0; k < dim; ++k) {
        const double x = double(reference::widen(row[k]));
        lane[k % 16] += x * x;  // the square of a float is exact in double: fused or not is the same
    }
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
    return lane[0];
}

TEMPLATE_TEST_CASE("a sum of squares has the canonical bits", "[norm]", float, float16, bfloat16, std::int8_t) {
    const index dim = GENERATE(0, 1, 2, 15, 16, 17, 31, 33, 127, 512, 1152);
    const auto rows = varied_rows<TestType>(12, dim, 11);
    for (index i = 0; i < rows.rows(); ++i) {
        const double sum = kernel::length_of(rows.row(i), dim).sum;
        CHECK(reference::bits(sum) == reference::bits(canonical_sum(rows.row(i), dim)));
    }
}

TEST_CASE("the norm of a row of doubles is within 2 ulp, however long, short or monotonous the row", "[norm]") {
    const index dim = GENERATE(1, 2, 15, 16, 17, 512, 4096, 100000);
    const int exponent = GENERATE(-1060, -560, -530, -511, -460, 0, 500, 515, 1000);
    for (const row_kind kind : {row_kind::gaussian, row_kind::all_equal, row_kind::one_hot}) {
        auto row = random_rows<double>(1, dim, 13, kind);
        for (index k = 0; k < dim; ++k) row.data()[k] = std::ldexp(row.data()[k], exponent);
        const long double exact = reference::norm(row.data(), dim);
        const double norm = kernel::length_of(row.data(), dim).norm();
        const double ulp = std::nextafter(norm, INFINITY) - norm;
        INFO("dim " << dim << ", 2^" << exponent << ", kind " << int(kind) << ": " << norm);
        CHECK(std::fabs(double(exact - (long double)(norm))) <= 2 * ulp);
    }
}

TEST_CASE("doubles beyond any square have a direction; zero and non-finite rows have none", "[norm]") {
    const auto kind_of = [](std::vector<double> row) {
        return kernel::length_of(row.data(), index(row.size())).kind();
    };
    CHECK(kind_of({1e308, -1e308, 1e308}) == kernel::row_kind::regular);
    CHECK(kind_of({0x1p-1074, 0.0}) == kernel::row_kind::regular);
    CHECK(kind_of({0.0, -0.0}) == kernel::row_kind::zero);
    CHECK(kind_of({1e308, INFINITY}) == kernel::row_kind::non_finite);
    CHECK(kind_of({1.0, -INFINITY, INFINITY}) == kernel::row_kind::non_finite);
    CHECK(kind_of({NAN, 0.0}) == kernel::row_kind::non_finite);
}

TEST_CASE("a row is scaled by one rounded product", "[norm]") {
    const index dim = GENERATE(1, 15, 16, 17, 40);
    const auto rows = random_rows<float>(1, dim, 12);
    matrix<float> out(1, dim);
    kernel::scale_row(rows.data(), dim, kernel::row_factors<float>{1.0f, 0.37f}, out.data());
    for (index k = 0; k < dim; ++k) {
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
