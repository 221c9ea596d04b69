// Rows that came in as unit rows keep every rule for rows without a direction.

#include <cmath>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;
using unitsphere::idx_t;

namespace {

/// Unit rows of which row 1 is of the given kind.
matrix<float> with_row(row_kind kind) {
    auto rows = random_rows<float>(3, 40, 71);
    normalize_in_place(rows);
    generator random(72);
    fill_row(rows.row(1), 40, kind, random);
    return rows;
}

}  // namespace

TEST_CASE("an adopted row with Inf or NaN scores NaN on either side, in its row alone", "[similarity]") {
    const auto rows = with_row(GENERATE(row_kind::infinite, row_kind::nan));
    const auto others = random_rows<float>(5, 40, 73);
    const auto unit = adopt_unit(rows);
    const auto as_queries = cosine_similarity(unit, others), as_gallery = cosine_similarity(others, unit);
    for (idx_t j = 0; j < 5; ++j)
        for (idx_t i = 0; i < 3; ++i) {
            CHECK(reference::is_nan(as_queries(i, j)) == (i == 1));
            CHECK(reference::is_nan(as_gallery(j, i)) == (i == 1));
        }
    const zero_shot_classifier classifier(others, logit_scale::from_multiplier(100.0f));
    CHECK(classifier.top_k(unit, 2).labels(1, 0) == -1);
    CHECK(classifier.top_k(unit, 2).labels(2, 0) >= 0);
}

TEST_CASE("policies and reports see adopted rows without a direction", "[similarity]") {
    const auto rows = with_row(row_kind::zero);
    const auto others = random_rows<float>(5, 40, 74);
    row_policy options;
    row_report report;
    options.report = &report;
    CHECK(cosine_similarity(adopt_unit(rows), others, {}, {options})(1, 0) == 0.0f);
    CHECK((report.zero_rows == 1 && report.first_zero == 1 && report.non_finite_rows == 0));
    options.zero_rows = on_row::nan;
    CHECK(reference::is_nan(cosine_similarity(adopt_unit(rows), others, {}, {options})(1, 0)));
    options.zero_rows = on_row::error;
    CHECK(message_of<value_error>([&] { cosine_similarity(adopt_unit(rows), others, {}, {options}); }) ==
          "cosine_similarity: queries row 1 is zero");
}

TEST_CASE("normalizing adopted rows makes them unit to the last bits", "[normalize]") {
    auto rows = random_rows<float>(3, 40, 75);
    normalize_in_place(rows);
    for (idx_t k = 0; k < 40; ++k) rows(2, k) *= 1.00009f;
    for (double norm : norms(normalize(adopt_unit(rows)))) CHECK(std::fabs(norm - 1.0) <= 1.2e-7);
}

TEST_CASE("dims that disagree are an error before anything is allocated", "[similarity]") {
    const float one[2] = {1.0f, 0.0f};
    const matrix_view<const float> narrow(one, idx_t(1) << 32, 1, 1), wide(one, idx_t(1) << 32, 2, 2);
    CHECK(message_of<shape_error>([&] { cosine_similarity(narrow, wide); }) ==
          "cosine_similarity: queries have dim 1, gallery has dim 2");
    CHECK(message_of<shape_error>([&] { clip_logits(narrow, wide, logit_scale::from_multiplier(1.0f)); }) ==
          "clip_logits: images have dim 1, texts have dim 2");
}

TEST_CASE("cosine of two pointers viewed as rows is that of two vectors", "[similarity]") {
    const std::vector<float> a{1, 3, 5}, b{2, 4, 6};
    const matrix_view<const float> behind_a(a.data(), 1, 3), behind_b(b.data(), 1, 3);
    CHECK(cosine(behind_a, behind_b) == cosine(a, b));
    CHECK_THAT(cosine(behind_a, behind_b), Catch::Matchers::WithinAbs(0.99385864, 2e-7));
}

}  // namespace tests
