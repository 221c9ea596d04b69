// Rows of double: normalized in double; float results by default, double ones where both sides are double.
#include <cmath>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

TEST_CASE("a double cosine agrees with the formula to the precision of double", "[double]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 2, 15, 16, 17, 127, 128, 129, 512, 1152);
    CAPTURE(dim);
    const auto queries = varied_rows<double>(14, dim, 131), gallery = varied_rows<double>(35, dim, 132);
    // Higham, section 3.1, with the unit roundoff of double: chains of 128, block sums, and three roundings in each
    // element of either unit row (norm, quotient, product).
    const double bound = double(128 + (dim + 127) / 128 + 8) * 0x1p-53;
    const matrix<double> scores = cosine_similarity<double>(queries, gallery);
    CHECK(worst_error(scores, queries, gallery) <= bound);
    CHECK(first_difference(cosine_similarity<double>(gallery, queries), transposed(scores)) == "");
    int outside = 0;
    for (idx_t k = 0; k < scores.rows() * scores.dim(); ++k) outside += !(std::fabs(scores.data()[k]) <= 1.0);
    CHECK(outside == 0);
}

TEST_CASE("a double score has the same bits from raw and unit rows, alone, in pairs and in a matrix", "[double]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 17, 128, 131, 300);
    const auto a = varied_rows<double>(19, dim, 133), b = varied_rows<double>(19, dim, 134);
    const matrix<double> scores = cosine_similarity<double>(a, b);
    const unit_embeddings<double> unit = normalize<double>(a);
    CHECK(first_difference(cosine_similarity<double>(unit, b), scores) == "");
    matrix<double> written(19, 19);
    cosine_similarity_into(laid_out<double>(a, 3, 1).view(), unit_embeddings<double>(normalize<double>(b)), written);
    CHECK(first_difference(written, scores) == "");
    const array<double> pairs = pairwise_cosine<double>(a, b);
    int wrong = 0;
    for (idx_t i = 0; i < 19; ++i) {
        wrong += reference::bits(pairs[i]) != reference::bits(scores(i, i));
        wrong += reference::bits(cosine<double>(part(a, i, 1), part(b, 3, 1))) != reference::bits(scores(i, 3));
    }
    CHECK(wrong == 0);
}

TEST_CASE("rows of double are normalized in double, then rounded to float once", "[double]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 15, 16, 17, 512);
    const auto rows = varied_rows<double>(12, dim, 135);
    const unit_embeddings<double> wide = normalize<double>(rows);
    const unit_embeddings<float> unit = normalize(rows);
    int wrong = 0;
    for (idx_t i = 0; i < 12; ++i)
        for (idx_t k = 0; k < dim; ++k) wrong += reference::bits(float(wide(i, k))) != reference::bits(unit(i, k));
    CHECK(wrong == 0);
    CHECK(first_difference(cosine_similarity(wide, rows), cosine_similarity(unit, rows)) == "");
    CHECK(is_unit(wide, {1e-15}));
}

TEST_CASE("a power of two changes no bit of a double cosine, however long or short the rows become", "[double]") {
    const int exponent = GENERATE(-1000, -500, -460, -449, 1, 300, 500, 511, 1000);
    const auto rows = random_rows<double>(7, 100, 136), gallery = random_rows<double>(5, 100, 137);
    auto scaled_rows = rows;
    for (idx_t k = 0; k < 700; ++k) scaled_rows.data()[k] = std::ldexp(rows.data()[k], exponent);
    CHECK(first_difference(cosine_similarity<double>(scaled_rows, gallery), cosine_similarity<double>(rows, gallery)) ==
          "");
}

TEST_CASE("double rows that are unit are adopted; others are refused with row and norm", "[double]") {
    matrix<double> rows(2, 4);
    rows(0, 0) = 1.0;
    rows(1, 1) = 1.5;
    CHECK(message_of<value_error>([&] { adopt_unit(rows); }) == "adopt_unit: row 1 has norm 1.5, not 1 within 0.0001");
    rows(1, 1) = -1.0;
    const unit_view<double> unit = adopt_unit(rows);
    CHECK(unit.data() == rows.data());
    CHECK(cosine_similarity<double>(unit, unit)(1, 1) == 1.0);
}

TEST_CASE("row policies hold for zero and non-finite rows of double", "[double]") {
    auto rows = random_rows<double>(4, 21, 138);
    std::memset(rows.row(1), 0, 21 * sizeof(double));
    rows(2, 20) = double(reference::float_from_bits(0x7fc00000u));
    const matrix<double> scores = cosine_similarity<double>(rows, rows);
    for (idx_t j = 0; j < 4; ++j) {
        CHECK((j == 2 || reference::bits(scores(1, j)) == 0));
        CHECK(reference::is_nan(scores(2, j)));
        CHECK((j == 2 || reference::is_finite(scores(0, j))));
    }
}

}  // namespace tests
