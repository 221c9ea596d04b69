#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "canonical.hpp"
#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"
#include "reference.hpp"

// Promise 2: one pair, one value, whichever function computes it and however its memory lies.

namespace tests {

using unitsphere::clip_logits;
using unitsphere::cosine;
using unitsphere::cosine_similarity;
using unitsphere::logit_scale;
using unitsphere::normalize;

namespace {

template <class T>
std::vector<T> row_of(const matrix<T>& rows, idx_t i) {
    return std::vector<T>(rows.row(i), rows.row(i) + rows.dim());
}

template <class A, class B>
std::string block_difference(const A& block, const B& whole, idx_t first_row, idx_t first_column) {
    return first_difference(
        block, matrix_view<const float>(&whole(first_row, first_column), block.rows(), block.dim(), whole.stride()));
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("one pair has the bits that it has in a matrix, and in both orders", "[one_value]",
                        element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 2, 15, 16, 17, 31, 33, 127, 128, 129, 257, 512);
    CAPTURE(dim);
    const matrix<TestType> queries = varied_rows<TestType>(6, dim, 61), gallery = varied_rows<TestType>(12, dim, 62);
    const matrix<float> scores = cosine_similarity(queries, gallery);
    CHECK(first_difference(cosine_similarity(gallery, queries), transposed(scores)) == "");
    int wrong = 0;
    for (idx_t i = 0; i < 6; ++i)
        for (idx_t j = 0; j < 12; ++j) {
            const std::uint32_t expected = reference::bits(scores(i, j));
            wrong += reference::bits(cosine(row_of(queries, i), row_of(gallery, j))) != expected;
            wrong += reference::bits(cosine(row_of(gallery, j), row_of(queries, i))) != expected;
            wrong += reference::bits(cosine(part(queries, i, 1), part(gallery, j, 1))) != expected;
            wrong += reference::bits(cosine(normalize(part(queries, i, 1)), row_of(gallery, j))) != expected;
        }
    CHECK(wrong == 0);
}

TEMPLATE_LIST_TEST_CASE("a score does not depend on the number of queries and gallery rows around it", "[one_value]",
                        element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 5, 16, 131);
    const matrix<TestType> queries = random_rows<TestType>(20, dim, 63), gallery = random_rows<TestType>(70, dim, 64);
    const matrix<float> scores = cosine_similarity(queries, gallery);
    std::string difference;
    for (idx_t q = 1; q <= 20 && difference.empty(); ++q)
        for (idx_t g = 1; g <= 70 && difference.empty(); ++g)
            difference = block_difference(cosine_similarity(part(queries, 20 - q, q), part(gallery, 70 - g, g)), scores,
                                          20 - q, 70 - g);
    CHECK(difference == "");
}

TEST_CASE("a score of a large matrix has the bits of a small one", "[one_value]") {
    const matrix<float> queries = random_rows<float>(300, 260, 65), gallery = random_rows<float>(1100, 260, 66);
    const matrix<float> scores = cosine_similarity(queries, gallery);
    for (const idx_t i : {0, 63, 127, 128, 255, 280})
        for (const idx_t j : {0, 100, 511, 512, 1000, 1023, 1080}) {
            CAPTURE(i, j);
            CHECK(block_difference(cosine_similarity(part(queries, i, 20), part(gallery, j, 20)), scores, i, j) == "");
        }
    CHECK(first_difference(cosine_similarity(gallery, queries), transposed(scores)) == "");
}

TEMPLATE_LIST_TEST_CASE("a score does not depend on strides and alignment", "[one_value]", element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 33, 130);
    CAPTURE(dim);
    const matrix<TestType> queries = varied_rows<TestType>(7, dim, 67), gallery = varied_rows<TestType>(13, dim, 68);
    const matrix<float> expected = cosine_similarity(queries, gallery);
    for (const idx_t gap : {0, 1, 7})
        for (const idx_t shift : {0, 1, 5}) {
            CAPTURE(gap, shift);
            const laid_out<TestType> q(queries, gap, shift), g(gallery, 8 - gap, shift + 1);
            laid_out<float> out(untouched(7, 13), gap, shift);
            CHECK(first_difference(cosine_similarity(q.view(), g.view()), expected) == "");
            cosine_similarity_into(q.view(), g.view(), out.view());
            CHECK(first_difference(out.view(), expected) == "");
        }
}

TEMPLATE_LIST_TEST_CASE("raw rows have the scores of their unit rows", "[one_value]", element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 33, 512);
    CAPTURE(dim);
    const matrix<TestType> queries = varied_rows<TestType>(7, dim, 69), gallery = varied_rows<TestType>(18, dim, 70);
    const matrix<float> expected = cosine_similarity(queries, gallery);
    const auto unit_queries = normalize(queries), unit_gallery = normalize(gallery);
    CHECK(first_difference(cosine_similarity(unit_queries, gallery), expected) == "");
    CHECK(first_difference(cosine_similarity(queries, unit_gallery), expected) == "");
    CHECK(first_difference(cosine_similarity(unit_queries, unit_gallery), expected) == "");
    CHECK(first_difference(cosine_similarity(unit_queries.view(), unit_gallery.view()), expected) == "");
    laid_out<float> in_place(untouched(7, dim), 3, 1);
    CHECK(first_difference(cosine_similarity(unitsphere::normalize_into(queries, in_place.view()), gallery),
                           expected) == "");
}

TEST_CASE("half rows have the scores of the same numbers in float", "[one_value]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 17, 512);
    const matrix<float16> halves = varied_rows<float16>(12, dim, 71);
    matrix<float> floats(12, dim);
    for (idx_t k = 0; k < 12 * dim; ++k) floats.data()[k] = float(reference::widen(halves.data()[k]));
    const matrix<float> expected = cosine_similarity(floats, floats);
    CHECK(first_difference(cosine_similarity(halves, halves), expected) == "");
    CHECK(first_difference(cosine_similarity(halves, floats), expected) == "");
    CHECK(first_difference(cosine_similarity(floats, halves), expected) == "");
}

TEMPLATE_TEST_CASE("a classifier's probabilities are the softmax of the logits of the same pairs", "[one_value]", float,
                   float16) {
    const idx_t classes = GENERATE(as<idx_t>{}, 1, 2, 15, 16, 17, 33, 100, 1025);
    CAPTURE(classes);
    const matrix<TestType> images = random_rows<TestType>(9, 40, 72), texts = random_rows<TestType>(classes, 40, 73);
    const auto scale = logit_scale::from_log(4.6051702f);
    const matrix<float> logits = clip_logits(images, texts, scale).per_image;
    const unitsphere::zero_shot_classifier raw(texts, scale), unit(normalize(texts), scale);
    const matrix<float> expected = unitsphere::softmax(logits);
    CHECK(first_difference(raw.predict_proba(images), expected) == "");
    CHECK(first_difference(unit.predict_proba(images), expected) == "");
    CHECK(first_difference(raw.predict_proba(normalize(images)), expected) == "");
    for (const idx_t i : {0, 4, 8})
        CHECK(block_difference(raw.predict_proba(part(images, i, 1)), expected, i, 0) == "");
    const laid_out<TestType> moved(images, 3, 1);
    CHECK(first_difference(raw.predict_proba(moved.view()), expected) == "");
}

TEMPLATE_TEST_CASE("a unit row is the row times float(1 / norm)", "[one_value]", float, float16) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 3, 16, 33, 512);
    CAPTURE(dim);
    const matrix<TestType> raw = random_rows<TestType>(5, dim, 74);
    const auto unit = normalize(raw);
    const auto lengths = unitsphere::norms(raw);
    matrix<float> expected(5, dim);
    for (idx_t i = 0; i < 5; ++i)
        for (idx_t k = 0; k < dim; ++k) expected(i, k) = float(reference::widen(raw(i, k))) * float(1.0 / lengths[i]);
    CHECK(first_difference(unit, expected) == "");
}

TEST_CASE("a score is one chain of fused multiply-adds in blocks of 128, added in order", "[one_value]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 2, 7, 16, 31, 127, 128, 129, 255, 256, 257, 512, 1152);
    CAPTURE(dim);
    const auto queries = normalize(varied_rows<float>(6, dim, 75)),
               gallery = normalize(varied_rows<float>(18, dim, 76));
    CHECK(first_difference(cosine_similarity(queries, gallery), canonical::scores(queries, gallery)) == "");
}

}  // namespace tests
