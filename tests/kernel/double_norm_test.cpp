// The length of rows of double, under any flags: -ffast-math must not take the compensation out of the sum.
#include <cmath>
#include <vector>

#include <unitsphere/kernel/norm.hpp>

#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

TEST_CASE("the norm of a row of doubles is within 2 ulp, however long, short or monotonous the row", "[norm]") {
    const idx_t dim = GENERATE(1, 2, 15, 16, 17, 512, 4096, 100000);
    const int exponent = GENERATE(-1060, -560, -530, -511, -460, 0, 500, 515, 1000);
    for (const row_kind kind : {row_kind::gaussian, row_kind::all_equal, row_kind::one_hot}) {
        auto row = random_rows<double>(1, dim, 13, kind);
        for (idx_t k = 0; k < dim; ++k) row.data()[k] = std::ldexp(row.data()[k], exponent);
        const long double exact = reference::norm(row.data(), dim);
        const double norm = kernel::length_of(row.data(), dim).norm();
        const double ulp = std::nextafter(norm, INFINITY) - norm;
        INFO("dim " << dim << ", 2^" << exponent << ", kind " << int(kind) << ": " << norm);
        CHECK(std::fabs(double(exact - (long double)(norm))) <= 2 * ulp);
    }
}

TEST_CASE("doubles beyond any square have a direction; zero and non-finite rows have none", "[norm]") {
    const auto kind_of = [](std::vector<double> row) {
        return kernel::length_of(row.data(), idx_t(row.size())).kind();
    };
    CHECK(kind_of({1e308, -1e308, 1e308}) == kernel::row_kind::regular);
    CHECK(kind_of({1e-307, 0.0}) == kernel::row_kind::regular);
    CHECK(kind_of({0.0, -0.0}) == kernel::row_kind::zero);
    CHECK(kind_of({1e308, INFINITY}) == kernel::row_kind::non_finite);
    CHECK(kind_of({1.0, -INFINITY, INFINITY}) == kernel::row_kind::non_finite);
    CHECK(kind_of({NAN, 0.0}) == kernel::row_kind::non_finite);
}

}  // namespace tests
