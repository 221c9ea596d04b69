#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "random_rows.hpp"
#include "reference.hpp"

namespace tests {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using Catch::Matchers::WithinAbs;
using unitsphere::clip_logits;
using unitsphere::cosine;
using unitsphere::cosine_similarity;
using unitsphere::logit_scale;
using unitsphere::normalize;
using unitsphere::shape_error;

namespace {}  // namespace

TEMPLATE_LIST_TEST_CASE("cosine_similarity agrees with the formula for rows of every size and shape", "[similarity]",
                        element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 2, 3, 15, 16, 17, 31, 33, 64, 127, 128, 129, 255, 257, 512, 768, 1152);
    CAPTURE(dim);
    const matrix<TestType> queries = varied_rows<TestType>(12, dim, 41), gallery = varied_rows<TestType>(18, dim, 42);
    const matrix<float> scores = cosine_similarity(queries, gallery);
    REQUIRE(scores.rows() == 12);
    REQUIRE(scores.dim() == 18);
    CHECK(worst_error(scores, queries, gallery) <= reference::cosine_bound(dim));
}

TEMPLATE_LIST_TEST_CASE("cosines of gaussian rows are within 6e-7 of the formula", "[similarity]", element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 2, 17, 100, 512, 768, 1152, 2048, 4096);
    CAPTURE(dim);
    const matrix<TestType> queries = random_rows<TestType>(9, dim, 43), gallery = random_rows<TestType>(21, dim, 44);
    CHECK(worst_error(cosine_similarity(queries, gallery), queries, gallery) <= 6e-7);
    // Rows of few bits against themselves: many equal products round the same way, as in rows of equal numbers.
    constexpr bool coarse = std::is_same_v<TestType, bfloat16> || std::is_same_v<TestType, std::int8_t>;
    CHECK(worst_error(cosine_similarity(queries, queries), queries, queries) <=
          (coarse ? reference::cosine_bound(dim) : 6e-7));
}

TEST_CASE("half queries against float rows agree with the formula", "[similarity]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 33, 512);
    const matrix<float16> queries = random_rows<float16>(5, dim, 45);
    const matrix<float> gallery = random_rows<float>(7, dim, 46);
    CHECK(worst_error(cosine_similarity(queries, gallery), queries, gallery) <= 6e-7);
    CHECK(worst_error(cosine_similarity(gallery, queries), gallery, queries) <= 6e-7);
}

TEST_CASE("rows of equal numbers, the worst that is known, stay within the bound", "[similarity]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 2, 16, 127, 128, 129, 1000, 4096);
    CAPTURE(dim);
    const matrix<float> rows = random_rows<float>(40, dim, 47, row_kind::all_equal);
    CHECK(worst_error(cosine_similarity(rows, rows), rows, rows) <= reference::cosine_bound(dim));
}

TEMPLATE_LIST_TEST_CASE("a cosine is never above 1 or below -1", "[similarity]", element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 2, 3, 16, 17, 100, 512, 1152);
    CAPTURE(dim);
    const matrix<TestType> rows = varied_rows<TestType>(96, dim, 48);
    matrix<TestType> opposite = rows;
    for (idx_t k = 0; k < 96 * dim; ++k) opposite.data()[k] = TestType(-rows.data()[k]);
    const matrix<float> along = cosine_similarity(rows, rows), against = cosine_similarity(rows, opposite);
    int outside = 0, far = 0;
    for (idx_t i = 0; i < 96; ++i) {
        for (idx_t j = 0; j < 96; ++j) {
            outside += !(along(i, j) <= 1.0f) || !(along(i, j) >= -1.0f);
            outside += !(against(i, j) <= 1.0f) || !(against(i, j) >= -1.0f);
        }
        far +=
            !(along(i, i) >= 1 - reference::cosine_bound(dim)) || !(against(i, i) <= -1 + reference::cosine_bound(dim));
    }
    CHECK(outside == 0);
    CHECK(far == 0);
}

TEST_CASE("cosines of rows near the largest and smallest floats are within the bound", "[similarity]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 2, 17, 512);
    const float magnitude = GENERATE(1e-45f, 1e-38f, 3e38f, std::numeric_limits<float>::max());
    CAPTURE(dim, magnitude);
    matrix<float> rows(2, dim);
    for (idx_t k = 0; k < dim; ++k) rows(0, k) = magnitude, rows(1, k) = k % 2 == 0 ? magnitude : -magnitude;
    const matrix<float> gaussian = random_rows<float>(8, dim, 49);
    CHECK(worst_error(cosine_similarity(rows, gaussian), rows, gaussian) <= reference::cosine_bound(dim));
    CHECK(worst_error(cosine_similarity(rows, rows), rows, rows) <= reference::cosine_bound(dim));
}

TEST_CASE("a power of two on either side changes no bit of a cosine while its values stay normal", "[similarity]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 2, 33, 512);
    const matrix<float> queries = random_rows<float>(5, dim, 50), gallery = random_rows<float>(6, dim, 51);
    const matrix<float> expected = cosine_similarity(queries, gallery);
    for (const int exponent : {-105, -60, -1, 1, 60, 125}) {
        CAPTURE(dim, exponent);
        matrix<float> moved = queries;
        for (idx_t k = 0; k < 5 * dim; ++k) moved.data()[k] = std::ldexp(moved.data()[k], exponent);
        CHECK(first_difference(cosine_similarity(moved, gallery), expected) == "");
        CHECK(first_difference(cosine_similarity(gallery, moved), transposed(expected)) == "");
    }
}

TEST_CASE("cosine_similarity gives published cosines", "[similarity]") {
    matrix<float> x(3, 2), y(2, 2);
    const float x_values[] = {2, 3, 3, 5, 5, 8}, y_values[] = {1, 0, 2, 1};
    std::copy(std::begin(x_values), std::end(x_values), x.data());
    std::copy(std::begin(y_values), std::end(y_values), y.data());
    const matrix<float> scores = cosine_similarity(x, y);
    const double published[3][2] = {{.5547, .8682}, {.5145, .8437}, {.5300, .8533}};
    for (idx_t i = 0; i < 3; ++i)
        for (idx_t j = 0; j < 2; ++j) CHECK_THAT(double(scores(i, j)), WithinAbs(published[i][j], 5e-5));
    CHECK_THAT(double(cosine(std::vector<float>{1, 3, 5}, std::vector<float>{2, 4, 6})), WithinAbs(.99385864, 6e-7));
    const std::array<float16, 3> small{float16(1e-4f), float16(1e-4f), float16(2e-4f)};
    CHECK_THAT(double(cosine(small, small)), WithinAbs(1.0, 6e-7));
    CHECK_THAT(double(cosine(std::vector<float>{1e-13f, 0, 0, 0}, std::vector<float>{2, 0, 0, 0})),
               WithinAbs(1.0, 6e-7));
}

TEST_CASE("clip_logits are the scale times the cosines, and per text they are the transpose", "[similarity]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 100);
    const matrix<float16> images = random_rows<float16>(7, dim, 52);
    const matrix<float> texts = random_rows<float>(19, dim, 53);
    const auto scale = GENERATE(logit_scale::from_log(4.6051702f), logit_scale::from_multiplier(56.9953f));
    const auto [per_image, per_text] = clip_logits(images, texts, scale);
    matrix<float> expected = cosine_similarity(images, texts);
    for (idx_t k = 0; k < 7 * 19; ++k) expected.data()[k] *= scale.multiplier();
    CHECK(first_difference(per_image, expected) == "");
    CHECK(first_difference(per_text, transposed(expected)) == "");

    matrix<float> image_out(7, 19), both_image_out(7, 19), both_text_out(19, 7);
    unitsphere::clip_logits_into(images, texts, scale, image_out, matrix_view<float>{});
    unitsphere::clip_logits_into(images, texts, scale, both_image_out, both_text_out);
    CHECK(first_difference(image_out, expected) == "");
    CHECK(first_difference(both_image_out, expected) == "");
    CHECK(first_difference(both_text_out, transposed(expected)) == "");
}

TEST_CASE("any number of rows is legal, none included", "[similarity]") {
    const matrix<float> none(0, 8), some = random_rows<float>(3, 8, 54);
    CHECK((cosine_similarity(none, some).rows() == 0 && cosine_similarity(none, some).dim() == 3));
    CHECK((cosine_similarity(some, none).rows() == 3 && cosine_similarity(some, none).dim() == 0));
    const auto logits = clip_logits(none, some, logit_scale::from_multiplier(1));
    CHECK((logits.per_image.rows() == 0 && logits.per_text.rows() == 3 && logits.per_text.dim() == 0));
    CHECK(cosine(std::vector<float>{}, std::vector<float>{}) == 0.0f);
}

TEST_CASE("a result that no cache holds has the bits of one whose rows are no whole lines", "[similarity]") {
    const auto queries = random_rows<float>(1100, 5, 51), gallery = random_rows<float>(4112, 5, 52);
    const auto check = [&](const auto& rows) {
        const matrix<float> large = cosine_similarity(queries, rows, on_threads{3});  // over 16 MiB: past the caches
        matrix<float> room(1100, 4113);
        const matrix_view<float> apart(room.data(), 1100, 4112, 4113);
        unitsphere::cosine_similarity_into(queries, rows, apart);
        CHECK(first_difference(large, apart) == "");
        for (idx_t i = 0; i < 1100; ++i) REQUIRE(room(i, 4112) == 0.0f);
    };
    check(gallery);
    check(unitsphere::gallery(gallery));
    check(unitsphere::compact_gallery<std::int8_t>(gallery));
}

TEST_CASE("cosine_similarity refuses rows of different dims", "[similarity]") {
    const matrix<float> a(2, 512), b(3, 768);
    CHECK(message_of<shape_error>([&] { cosine_similarity(a, b); }) ==
          "cosine_similarity: queries have dim 512, gallery has dim 768");
    CHECK(message_of<shape_error>([&] { cosine_similarity(normalize(a), normalize(b)); }) ==
          "cosine_similarity: queries have dim 512, gallery has dim 768");
    CHECK_THAT(message_of<shape_error>([&] { clip_logits(a, b, logit_scale::from_multiplier(1)); }),
               StartsWith("clip_logits: images ") && ContainsSubstring("512") && ContainsSubstring("texts") &&
                   ContainsSubstring("768"));
    CHECK_THAT(message_of<shape_error>([&] {
                   cosine(std::vector<float>{1}, std::vector<float>{1, 2});
               }),
               StartsWith("cosine: ") && ContainsSubstring("1") && ContainsSubstring("2"));
}

TEST_CASE("a pair with a zero row has the cosine 0, a pair with a row that is not finite NaN", "[similarity]") {
    const std::vector<float> row{1, 2}, zero{0, -0.0f}, nan{1, reference::float_from_bits(0x7fc00000u)};
    const std::vector<float> infinite{-std::numeric_limits<float>::infinity(), 0};
    CHECK(cosine(row, zero) == 0.0f);
    CHECK(cosine(zero, zero) == 0.0f);
    CHECK(reference::is_nan(cosine(nan, row)));
    CHECK(reference::is_nan(cosine(row, infinite)));
    CHECK(reference::is_nan(cosine(infinite, zero)));
}

TEST_CASE("cosine takes one row on each side", "[similarity]") {
    const matrix<float> one(1, 4), two(2, 4), none(0, 4);
    CHECK_THAT(message_of<shape_error>([&] { cosine(two, one); }), StartsWith("cosine: ") && ContainsSubstring("2"));
    CHECK_THAT(message_of<shape_error>([&] { cosine(one, two); }), StartsWith("cosine: ") && ContainsSubstring("2"));
    CHECK_THAT(message_of<shape_error>([&] { cosine(none, one); }), StartsWith("cosine: ") && ContainsSubstring("0"));
}

TEST_CASE("scores of another shape or in the memory of the rows are refused and not written", "[similarity]") {
    const auto scale = logit_scale::from_multiplier(1);
    matrix<float> queries = random_rows<float>(4, 4, 55), gallery = random_rows<float>(4, 4, 56);
    const matrix<float> queries_before = queries, gallery_before = gallery;
    matrix<float> wrong_rows = untouched(5, 4), wrong_dim = untouched(4, 3), right = untouched(4, 4);
    CHECK_THAT(message_of<shape_error>([&] { cosine_similarity_into(queries, gallery, wrong_rows); }),
               StartsWith("cosine_similarity: scores ") && ContainsSubstring("5") && ContainsSubstring("4"));
    CHECK_THAT(message_of<shape_error>([&] { cosine_similarity_into(queries, gallery, wrong_dim); }),
               StartsWith("cosine_similarity: scores ") && ContainsSubstring("3") && ContainsSubstring("4"));
    CHECK_THAT(
        message_of<shape_error>([&] { clip_logits_into(queries, gallery, scale, wrong_dim, matrix_view<float>{}); }),
        StartsWith("clip_logits: "));
    CHECK_THAT(message_of<shape_error>([&] { clip_logits_into(queries, gallery, scale, right, wrong_rows); }),
               StartsWith("clip_logits: "));
    CHECK_THAT(message_of<shape_error>([&] { clip_logits_into(queries, gallery, scale, right, right); }),
               StartsWith("clip_logits: ") && ContainsSubstring("overlap"));
    for (matrix<float>* rows : {&queries, &gallery}) {
        CHECK_THAT(message_of<shape_error>([&] { cosine_similarity_into(queries, gallery, *rows); }),
                   StartsWith("cosine_similarity: ") && ContainsSubstring("overlap"));
        CHECK_THAT(
            message_of<shape_error>([&] { clip_logits_into(queries, gallery, scale, *rows, matrix_view<float>{}); }),
            ContainsSubstring("overlap"));
        CHECK_THAT(message_of<shape_error>([&] { clip_logits_into(queries, gallery, scale, right, *rows); }),
                   ContainsSubstring("overlap"));
    }
    CHECK(first_difference(queries, queries_before) == "");
    CHECK(first_difference(gallery, gallery_before) == "");
    CHECK(first_difference(right, untouched(4, 4)) == "");
    CHECK(first_difference(wrong_rows, untouched(5, 4)) == "");
    CHECK(first_difference(wrong_dim, untouched(4, 3)) == "");
}

}  // namespace tests
