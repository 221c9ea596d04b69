#include <string>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"
#include "troubled_rows.hpp"

// Promise 4: rows without a direction are defined, counted, and refused before anything is written.

namespace tests {

using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using namespace unitsphere;

TEMPLATE_LIST_TEST_CASE("a zero row stays zero or becomes NaN, a row that is not finite becomes NaN", "[rows]",
                        floating_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 3, 16, 17, 40, 512);
    const on_row zero_rows = GENERATE(on_row::keep, on_row::nan);
    const matrix<TestType> rows = troubled_rows<TestType>(dim);
    row_report report{99, 99, 99, 99};
    const auto unit = normalize(rows, {}, {zero_rows, on_row::nan, &report});
    CHECK(same(report, trouble));
    for (idx_t i = 0; i < 8; ++i) {
        CAPTURE(i);
        if (is_bad_row(i)) {
            CHECK(all_nan(unit.row(i), dim));
        } else if (is_zero_row(i)) {
            CHECK((zero_rows == on_row::keep ? all_zero(unit.row(i), dim) : all_nan(unit.row(i), dim)));
        } else {
            CHECK(first_difference(normalize(part(rows, i, 1)), matrix_view<const float>(unit.row(i), 1, dim)) == "");
        }
    }
}

TEST_CASE("in place, the policies and the report are those of normalize", "[rows]") {
    const on_row zero_rows = GENERATE(on_row::keep, on_row::nan);
    const matrix<float> rows = troubled_rows<float>(33);
    row_report report{99, 99, 99, 99};
    const row_policy options{zero_rows, on_row::nan, &report};
    matrix<float> in_place = rows, out = untouched(8, 33);
    CHECK(first_difference(unitsphere::normalize_in_place(in_place, {}, {options}), normalize(rows, {}, {zero_rows})) ==
          "");
    CHECK(same(report, trouble));
    report = {99, 99, 99, 99};
    CHECK(first_difference(unitsphere::normalize_into(rows, out, {}, {options}), normalize(rows, {}, {zero_rows})) ==
          "");
    CHECK(same(report, trouble));
}

TEMPLATE_TEST_CASE("an error policy names the first row and leaves all memory as it was", "[rows]", float, float16) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 33);
    const row_policy zero_error{on_row::error, on_row::nan}, bad_error{on_row::keep, on_row::error};
    const matrix<TestType> zeros = only<TestType>(true, false, dim), bad = only<TestType>(false, true, dim);
    CHECK(message_of<value_error>([&] { normalize(zeros, {}, {zero_error}); }) == "normalize: row 1 is zero");
    CHECK(message_of<value_error>([&] { normalize(bad, {}, {bad_error}); }) == "normalize: row 2 is not finite");
    CHECK(normalize(zeros, {}, {bad_error}).rows() == 8);
    CHECK(normalize(bad, {}, {zero_error}).rows() == 8);

    matrix<float> out = untouched(8, dim);
    CHECK_THAT(message_of<value_error>([&] { unitsphere::normalize_into(zeros, out, {}, {zero_error}); }),
               StartsWith("normalize") && EndsWith(": row 1 is zero"));
    CHECK_THAT(message_of<value_error>([&] { unitsphere::normalize_into(bad, out, {}, {bad_error}); }),
               StartsWith("normalize") && EndsWith(": row 2 is not finite"));
    CHECK(first_difference(out, untouched(8, dim)) == "");

    matrix<float> rows = only<float>(true, true, dim);
    CHECK_THAT(message_of<value_error>([&] { unitsphere::normalize_in_place(rows, {}, {zero_error}); }),
               EndsWith(": row 1 is zero"));
    CHECK_THAT(message_of<value_error>([&] { unitsphere::normalize_in_place(rows, {}, {bad_error}); }),
               EndsWith(": row 2 is not finite"));
    CHECK(first_difference(rows, only<float>(true, true, dim)) == "");
}

TEST_CASE("rows that are not finite cannot be kept", "[rows]") {
    const matrix<float> rows = random_rows<float>(2, 4, 34);
    const row_policy keep{on_row::keep, on_row::keep};
    CHECK_THAT(message_of<value_error>([&] { normalize(rows, {}, {keep}); }), StartsWith("normalize"));
    CHECK_THAT(message_of<value_error>([&] { cosine_similarity(rows, rows, {}, {keep}); }),
               StartsWith("cosine_similarity"));
    CHECK_THAT(message_of<value_error>([&] {
                   cosine_similarity(rows, rows, {}, {row_policy{}, keep});
               }),
               StartsWith("cosine_similarity"));
}

TEMPLATE_LIST_TEST_CASE("a NaN or Inf at any place makes its row not finite, and its row alone", "[rows]",
                        floating_types) {
    const float bad =
        GENERATE(as<float>{}, reference::float_from_bits(0x7fc00000u), reference::float_from_bits(0xffc00001u),
                 reference::float_from_bits(0x7f800000u), reference::float_from_bits(0xff800000u));
    int wrong = 0;
    for (idx_t dim = 1; dim <= 70; ++dim)
        for (idx_t k = 0; k < dim; ++k) {
            matrix<TestType> rows = random_rows<TestType>(3, dim, 32);
            rows(1, k) = TestType(bad);
            row_report report;
            const auto unit = normalize(rows, {}, {on_row::keep, on_row::nan, &report});
            wrong += !same(report, {0, 1, -1, 1}) || !all_nan(unit.row(1), dim);
            wrong += !reference::is_finite_row(unit.row(0), dim) || !reference::is_finite_row(unit.row(2), dim);
        }
    CHECK(wrong == 0);
}

TEMPLATE_LIST_TEST_CASE("one element of any size at any place makes a row not zero", "[rows]", floating_types) {
    const TestType smallest = scaled<TestType>(-1, row_scale<TestType>::smallest);
    int wrong = 0;
    for (idx_t dim = 1; dim <= 70; ++dim)
        for (idx_t k = 0; k < dim; ++k) {
            matrix<TestType> rows(3, dim);
            rows(1, k) = smallest;
            row_report report;
            const auto unit = normalize(rows, {}, {on_row::keep, on_row::nan, &report});
            wrong += !same(report, {2, 0, 0, -1}) || unit(1, k) != -1.0f;
        }
    CHECK(wrong == 0);
}

TEMPLATE_LIST_TEST_CASE("a zero row scores 0 and a row that is not finite scores NaN, in its row alone", "[rows]",
                        floating_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 33, 200);
    const on_row query_zeros = GENERATE(on_row::keep, on_row::nan), gallery_zeros = GENERATE(on_row::keep, on_row::nan);
    CAPTURE(dim, query_zeros == on_row::nan, gallery_zeros == on_row::nan);
    const matrix<TestType> queries = troubled_rows<TestType>(dim);
    const matrix<TestType> gallery = troubled_rows<TestType>(dim);
    row_report query_report{99, 99, 99, 99}, gallery_report{99, 99, 99, 99};
    const matrix<float> scores =
        cosine_similarity(queries, gallery, {},
                          {{query_zeros, on_row::nan, &query_report}, {gallery_zeros, on_row::nan, &gallery_report}});
    const matrix<float> clean = cosine_similarity(only<TestType>(false, false, dim), only<TestType>(false, false, dim));
    CHECK(same(query_report, trouble));
    CHECK(same(gallery_report, trouble));
    int wrong = 0;
    for (idx_t i = 0; i < 8; ++i)
        for (idx_t j = 0; j < 8; ++j) {
            const bool nan = is_bad_row(i) || is_bad_row(j) || (is_zero_row(i) && query_zeros == on_row::nan) ||
                             (is_zero_row(j) && gallery_zeros == on_row::nan);
            const bool zero = is_zero_row(i) || is_zero_row(j);
            const float score = scores(i, j);
            wrong += nan    ? !reference::is_nan(score)
                     : zero ? score != 0.0f
                            : reference::bits(score) != reference::bits(clean(i, j));
        }
    CHECK(wrong == 0);
}

TEST_CASE("reports are of their own side and of this call alone", "[rows]") {
    row_report query_report{5, 6, 7, 8}, gallery_report{5, 6, 7, 8};
    const matrix<float> clean = random_rows<float>(3, 9, 33), rows = troubled_rows<float>(9);
    cosine_similarity(clean, rows, {},
                      {{on_row::keep, on_row::nan, &query_report}, {on_row::keep, on_row::nan, &gallery_report}});
    CHECK(same(query_report, {0, 0, -1, -1}));
    CHECK(same(gallery_report, trouble));
    clip_logits(rows, clean, unitsphere::logit_scale::from_multiplier(2), {},
                {{on_row::keep, on_row::nan, &query_report}, {on_row::keep, on_row::nan, &gallery_report}});
    CHECK(same(query_report, trouble));
    CHECK(same(gallery_report, {0, 0, -1, -1}));
}

TEMPLATE_TEST_CASE("an error policy of a similarity names side and row and leaves the scores as they were", "[rows]",
                   float, float16) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 40);
    const row_policy none, zero_error{on_row::error, on_row::nan}, bad_error{on_row::keep, on_row::error};
    const matrix<TestType> clean = only<TestType>(false, false, dim), zeros = only<TestType>(true, false, dim);
    const matrix<TestType> bad = only<TestType>(false, true, dim);
    const auto scale = unitsphere::logit_scale::from_multiplier(10);
    matrix<float> out = untouched(8, 8), other = untouched(8, 8);

    const auto similarity = [&](const auto& q, const auto& g, const row_policy& qo, const row_policy& go) {
        const std::string text = message_of<value_error>([&] { cosine_similarity_into(q, g, out, {}, {qo, go}); });
        CHECK(message_of<value_error>([&] { cosine_similarity(q, g, {}, {qo, go}); }) == text);
        return text;
    };
    CHECK(similarity(zeros, clean, zero_error, none) == "cosine_similarity: queries row 1 is zero");
    CHECK(similarity(clean, zeros, none, zero_error) == "cosine_similarity: gallery row 1 is zero");
    CHECK(similarity(bad, clean, bad_error, none) == "cosine_similarity: queries row 2 is not finite");
    CHECK(similarity(clean, bad, none, bad_error) == "cosine_similarity: gallery row 2 is not finite");

    const auto logits = [&](const auto& i, const auto& t, const row_policy& io, const row_policy& to) {
        const std::string text = message_of<value_error>([&] {
            clip_logits_into(i, t, scale, out, other, {}, {io, to});
        });
        CHECK(message_of<value_error>([&] {
                  clip_logits_into(i, t, scale, out, matrix_view<float>{}, {}, {io, to});
              }) == text);
        CHECK(message_of<value_error>([&] { clip_logits(i, t, scale, {}, {io, to}); }) == text);
        return text;
    };
    CHECK(logits(zeros, clean, zero_error, none) == "clip_logits: images row 1 is zero");
    CHECK(logits(clean, zeros, none, zero_error) == "clip_logits: texts row 1 is zero");
    CHECK(logits(bad, clean, bad_error, none) == "clip_logits: images row 2 is not finite");
    CHECK(logits(clean, bad, none, bad_error) == "clip_logits: texts row 2 is not finite");
    CHECK(first_difference(out, untouched(8, 8)) == "");
    CHECK(first_difference(other, untouched(8, 8)) == "");
}

TEST_CASE("unit rows without a direction are counted and refused like raw ones", "[rows]") {
    const auto unit = normalize(troubled_rows<float>(20));
    const matrix<float> clean = random_rows<float>(3, 20, 35);
    row_report report{9, 9, 9, 9};
    cosine_similarity(unit, clean, {}, {{on_row::keep, on_row::nan, &report}});
    CHECK(same(report, trouble));
    CHECK(message_of<value_error>([&] {
              cosine_similarity(clean, unit, {}, {row_policy(), {on_row::error}});
          }) == "cosine_similarity: gallery row 1 is zero");
    CHECK(message_of<value_error>([&] {
              cosine_similarity(unit, clean, {}, {{on_row::keep, on_row::error}});
          }) == "cosine_similarity: queries row 2 is not finite");
}

TEST_CASE("rows of dim 0 are zero rows", "[rows]") {
    row_report report{9, 9, 9, 9};
    normalize(matrix<float>(3, 0), {}, {on_row::keep, on_row::nan, &report});
    CHECK(same(report, {3, 0, 0, -1}));
    CHECK(message_of<value_error>([] { normalize(matrix<float>(3, 0), {}, {on_row::error}); }) ==
          "normalize: row 0 is zero");
    const matrix<float> scores = cosine_similarity(matrix<float>(3, 0), matrix<float>(2, 0));
    CHECK((scores.rows() == 3 && scores.dim() == 2 && all_zero(scores.data(), 6)));
}

}  // namespace tests
