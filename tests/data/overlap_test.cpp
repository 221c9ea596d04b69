#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"

// Promise 8: functions of single rows take out == in exactly. Any other memory that an output shares with an input or
// with another output is an error that names both, and nothing is written.

namespace tests {

using namespace unitsphere;

namespace {

/// One piece of memory in which inputs and outputs are put side by side, or over each other.
template <class T>
struct arena {
    matrix<T> memory = random_rows<T>(1, 200, 171);
    matrix<T> before = memory;

    matrix_view<T> at(idx_t first, idx_t rows, idx_t dim, idx_t stride) {
        return {memory.data() + first, rows, dim, stride};
    }
    matrix_view<T> at(idx_t first, idx_t rows, idx_t dim) { return at(first, rows, dim, dim); }
    /// The text with which the call refuses; all memory must be as before.
    template <class Call>
    std::string refuses(Call&& call) {
        const std::string text = message_of<shape_error>(call);
        CHECK(first_difference(memory, before) == "");
        return text;
    }
};

/// 4 rows of 8 that lie on elements 40 to 77, and every way to share some of them: one element earlier and later, a row
/// later, another stride, the last element, the first.
template <class T>
matrix_view<T> rows_of(arena<T>& a) {
    return a.at(40, 4, 8, 10);
}
template <class T>
std::vector<matrix_view<T>> overlapping(arena<T>& a) {
    return {a.at(39, 4, 8, 10), a.at(41, 4, 8, 10), a.at(50, 4, 8, 10), a.at(40, 4, 8), a.at(77, 4, 8), a.at(9, 4, 8)};
}
/// Memory of the same shape that touches the rows, or lies between them, but shares none.
template <class T>
std::vector<matrix_view<T>> apart(arena<T>& a) {
    return {a.at(78, 4, 8), a.at(8, 4, 8), a.at(120, 4, 8, 10)};
}

/// f(rows, out) of single rows: exactly in place or apart it writes what it writes elsewhere, else it refuses.
template <class T, class F>
void check_row_wise(const std::string& refusal, F&& f) {
    arena<T> a;
    for (const auto& out : overlapping(a)) CHECK(a.refuses([&] { f(rows_of(a), out); }) == refusal);
    matrix<T> expected(4, 8);
    f(rows_of(a), expected.view());
    for (const auto& out : apart(a)) {
        f(rows_of(a), out);
        CHECK(first_difference(out, expected) == "");
    }
    f(rows_of(a), rows_of(a));
    CHECK(first_difference(rows_of(a), expected) == "");
}

/// f(a, b, out) of 4 pairs or 4 x 8 scores: no output in the memory of a side, not even exactly.
template <class T, class F>
void check_sides(const std::string& refusal, const std::string& first, const std::string& second, idx_t rows,
                 idx_t columns, F&& f) {
    arena<T> a;
    const matrix<T> other = random_rows<T>(rows == 1 ? 4 : 8, 8, 172);
    const matrix<T> four = random_rows<T>(4, 8, 173);
    for (const idx_t start : {idx_t(9), idx_t(40), idx_t(47), idx_t(50), idx_t(77)}) {
        if (start + rows * columns <= 40) continue;
        const auto out = a.at(start, rows, columns);
        CHECK(a.refuses([&] { f(rows_of(a), other, out); }) == refusal + first);
        CHECK(a.refuses([&] { f(four, a.at(40, other.rows(), 8, 10), out); }) == refusal + second);
    }
}

const logit_scale overlap_scale = logit_scale::from_multiplier(10.0f);

}  // namespace

TEST_CASE("row-wise functions write exactly in place, or into memory that does not overlap", "[overlap]") {
    check_row_wise<float>("normalize: out overlaps the input", [](auto rows, auto out) { normalize_into(rows, out); });
    check_row_wise<double>("normalize: out overlaps the input", [](auto rows, auto out) { normalize_into(rows, out); });
    arena<float> a;
    CHECK(a.refuses([&] { truncate_dim_into(rows_of(a), 7, a.at(41, 4, 7, 10)); }) ==
          "truncate_dim: out overlaps the input");
    check_row_wise<float>("softmax: out overlaps the logits", [](auto rows, auto out) { softmax_into(rows, out); });
    check_row_wise<float>("log_softmax: out overlaps the logits",
                          [](auto rows, auto out) { log_softmax_into(rows, out); });
    check_row_wise<float>("sigmoid: out overlaps the logits", [](auto rows, auto out) { sigmoid_into(rows, out); });
    check_row_wise<float>("sigmoid: out overlaps the cosines",
                          [](auto rows, auto out) { sigmoid_into(rows, overlap_scale, -10.0f, out); });
}

TEST_CASE("in place a single row may have any stride", "[overlap]") {
    arena<float> a;
    const matrix<float> expected = softmax(a.at(40, 1, 8));
    softmax_into(a.at(40, 1, 8, 8), a.at(40, 1, 8, 100));
    CHECK(first_difference(a.at(40, 1, 8), expected) == "");
}

TEST_CASE("rows of one type are never normalized into memory that another type reads", "[overlap]") {
    arena<double> a;
    float* const begin = reinterpret_cast<float*>(a.memory.data() + 40);
    const std::string refusal = "normalize: out overlaps the input";
    CHECK(a.refuses([&] { normalize_into(a.at(40, 4, 8), matrix_view<float>(begin, 4, 8)); }) == refusal);
    CHECK(a.refuses([&] { normalize_into(a.at(40, 4, 8), matrix_view<float>(begin, 4, 8, 16)); }) == refusal);
    CHECK(a.refuses([&] { normalize_into(a.at(40, 4, 8), matrix_view<float>(begin + 63, 4, 8)); }) == refusal);
    const matrix_view<const float16> halves(reinterpret_cast<const float16*>(begin), 4, 8);
    CHECK(a.refuses([&] { normalize_into(halves, matrix_view<float>(begin, 4, 8)); }) == refusal);
    const matrix_view<const std::int8_t> bytes(reinterpret_cast<const std::int8_t*>(begin), 4, 8);
    CHECK(a.refuses([&] { normalize_into(bytes, matrix_view<float>(begin + 7, 4, 8)); }) == refusal);
}

TEMPLATE_TEST_CASE("scores are not written into the rows of a side", "[overlap]", float, double) {
    check_sides<TestType>("cosine_similarity: scores overlaps ", "queries", "gallery", 4, 8,
                          [](const auto& a, const auto& b, auto out) { cosine_similarity_into(a, b, out); });
    check_sides<TestType>("pairwise_cosine: scores overlaps ", "a", "b", 1, 4,
                          [](const auto& a, const auto& b, auto out) { pairwise_cosine_into(a, b, out); });
}

TEST_CASE("scores are not written into the unit rows of a side", "[overlap]") {
    matrix<float> memory(8, 8);
    for (idx_t i = 0; i < 8; ++i) memory(i, i) = 1.0f;
    const matrix<float> before = memory, other = random_rows<float>(8, 8, 174);
    const unit_view<float> unit = adopt_unit(memory);
    CHECK(message_of<shape_error>([&] { cosine_similarity_into(unit, other, memory); }) ==
          "cosine_similarity: scores overlaps queries");
    CHECK(message_of<shape_error>([&] { siglip_logits_into(other, unit, overlap_scale, 0.0f, memory); }) ==
          "siglip_logits: logits overlaps texts");
    CHECK(message_of<shape_error>([&] {
              zero_shot_classifier(other, overlap_scale).predict_proba_into(unit, memory);
          }) == "zero_shot_classifier::predict_proba: probabilities overlaps the images");
    CHECK(first_difference(memory, before) == "");
}

TEST_CASE("logits are not written into the rows of a side", "[overlap]") {
    check_sides<float>(
        "siglip_logits: logits overlaps ", "images", "texts", 4, 8,
        [](const auto& a, const auto& b, auto out) { siglip_logits_into(a, b, overlap_scale, -1.0f, out); });
    check_sides<float>("clip_logits: per_image overlaps ", "images", "texts", 4, 8,
                       [](const auto& a, const auto& b, auto out) {
                           clip_logits_into(a, b, overlap_scale, out, matrix_view<float>{});
                       });
    matrix<float> elsewhere = untouched(4, 8), transposed_elsewhere = untouched(8, 4);
    check_sides<float>("clip_logits: per_image overlaps ", "images", "texts", 4, 8,
                       [&](const auto& a, const auto& b, auto out) {
                           clip_logits_into(a, b, overlap_scale, out, transposed_elsewhere);
                       });
    check_sides<float>(
        "clip_logits: per_text overlaps ", "images", "texts", 8, 4,
        [&](const auto& a, const auto& b, auto out) { clip_logits_into(a, b, overlap_scale, elsewhere, out); });
    CHECK(first_difference(elsewhere, untouched(4, 8)) == "");
    CHECK(first_difference(transposed_elsewhere, untouched(8, 4)) == "");
}

TEST_CASE("a matrix of clip_logits that is left out may have an address", "[overlap]") {
    arena<float> a;
    matrix<float> per_image(4, 8);
    clip_logits_into(random_rows<float>(4, 8, 175), random_rows<float>(8, 8, 176), overlap_scale, per_image,
                     a.at(40, 0, 0));
    CHECK(first_difference(a.memory, a.before) == "");
}

TEST_CASE("the two matrices of clip_logits do not share memory", "[overlap]") {
    arena<float> a;
    const matrix<float> images = random_rows<float>(4, 8, 175), texts = random_rows<float>(8, 8, 176);
    for (const idx_t start : {9, 40, 71})
        CHECK(a.refuses([&] { clip_logits_into(images, texts, overlap_scale, a.at(40, 4, 8), a.at(start, 8, 4)); }) ==
              "clip_logits: per_text overlaps per_image");
    const auto expected = clip_logits(images, texts, overlap_scale);
    clip_logits_into(images, texts, overlap_scale, a.at(40, 4, 8), a.at(72, 8, 4));
    CHECK(first_difference(a.at(40, 4, 8), expected.per_image) == "");
    CHECK(first_difference(a.at(72, 8, 4), expected.per_text) == "");
}

TEST_CASE("doubles of rows are not written into the rows", "[overlap]") {
    arena<double> a;
    for (const idx_t start : {38, 40, 55, 71})
        CHECK(a.refuses([&] { norms_into(a.at(40, 4, 8), a.at(start, 1, 4)); }) == "norms: out overlaps the rows");
    const matrix_view<const float> logits(reinterpret_cast<const float*>(a.memory.data() + 40), 4, 8);
    for (const idx_t start : {38, 40, 45, 55})
        CHECK(a.refuses([&] { log_sum_exp_into(logits, a.at(start, 1, 4)); }) ==
              "log_sum_exp: out overlaps the logits");
    const array<double> lengths = norms(a.at(40, 4, 8));
    norms_into(a.at(40, 4, 8), a.at(72, 1, 4));
    CHECK(first_difference(a.at(72, 1, 4), to_view(lengths)) == "");
}

TEST_CASE("a classifier writes neither into its images nor one output into another", "[overlap]") {
    arena<float> a;
    const zero_shot_classifier classifier(random_rows<float>(8, 8, 177), overlap_scale);
    const matrix<float> images = random_rows<float>(4, 8, 178);
    for (const auto& out : overlapping(a))
        CHECK(a.refuses([&] { classifier.predict_proba_into(rows_of(a), out); }) ==
              "zero_shot_classifier::predict_proba: probabilities overlaps the images");
    CHECK(a.refuses([&] { classifier.predict_proba_into(rows_of(a), rows_of(a)); }) ==
          "zero_shot_classifier::predict_proba: probabilities overlaps the images");

    const std::string top = "zero_shot_classifier::top_k: ";
    matrix<idx_t> labels(4, 2);
    matrix<float> best(4, 2);
    const matrix_view<idx_t> labels_inside(reinterpret_cast<idx_t*>(a.memory.data() + 40), 4, 2);
    CHECK(a.refuses([&] { classifier.top_k_into(rows_of(a), labels, a.at(70, 4, 2)); }) ==
          top + "probabilities overlaps the images");
    CHECK(a.refuses([&] { classifier.top_k_into(rows_of(a), labels_inside, best); }) ==
          top + "labels overlaps the images");
    CHECK(a.refuses([&] { classifier.top_k_into(images, labels_inside, a.at(55, 4, 2)); }) ==
          top + "probabilities overlaps labels");
    CHECK(a.refuses([&] { classifier.predict_into(rows_of(a), matrix_view<idx_t>(labels_inside.data(), 1, 4)); }) ==
          "zero_shot_classifier::predict: labels overlaps the images");
}

TEST_CASE("neighbours are not written into the rows of a side nor over each other", "[overlap]") {
    arena<float> a;
    const matrix<float> queries = random_rows<float>(4, 8, 179);
    const matrix_view<idx_t> inside(reinterpret_cast<idx_t*>(a.memory.data() + 40), 4, 2);
    matrix<idx_t> indices(4, 2);
    matrix<float> scores(4, 2);
    CHECK(a.refuses([&] { top_k_into(rows_of(a), queries, indices, a.at(70, 4, 2)); }) ==
          "top_k: scores overlaps queries");
    CHECK(a.refuses([&] { top_k_into(queries, rows_of(a), inside, scores); }) == "top_k: indices overlaps gallery");
    CHECK(a.refuses([&] { top_k_into(queries, queries, inside, a.at(55, 4, 2)); }) == "top_k: scores overlaps indices");
}

}  // namespace tests
