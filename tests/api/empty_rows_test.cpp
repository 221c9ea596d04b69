#include <array>
#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"

// No rows, and rows of no elements, through every function: legal wherever a result has a meaning, whatever the data
// pointer and the stride are.

namespace tests {

using namespace unitsphere;

namespace {

const logit_scale scale = logit_scale::from_multiplier(10.0f);

/// Views without elements: of a null pointer and of one that may not be read, with and without a stride.
template <class T>
std::vector<matrix_view<const T>> without_elements(idx_t rows, idx_t dim) {
    static const T one_behind[1] = {};
    const idx_t stride = dim + 5;
    return {{nullptr, rows, dim}, {nullptr, rows, dim, stride}, {one_behind + 1, rows, dim, stride}};
}

template <class Rows>
std::string shape(const Rows& rows) {
    return std::to_string(rows.rows()) + " x " + std::to_string(rows.dim());
}

/// How many numbers of the rows are not `expected`.
template <class Rows>
idx_t others(const Rows& rows, double expected) {
    idx_t count = 0;
    for (idx_t i = 0; i < rows.rows(); ++i)
        for (idx_t j = 0; j < rows.dim(); ++j) count += !(double(rows(i, j)) == expected);
    return count;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("rows of no elements are zero rows in every function", "[empty]", element_types) {
    const matrix<float> mean(1, 0);
    for (const auto& rows : without_elements<TestType>(19, 0)) {
        row_report report;
        CHECK(shape(normalize(rows, {}, {on_row::keep, on_row::nan, &report})) == "19 x 0");
        CHECK((report.zero_rows == 19 && report.first_zero == 0 && report.non_finite_rows == 0));
        CHECK(listed(norms(rows)) == std::vector<double>(19, 0.0));
        CHECK_FALSE(is_unit(rows));
        CHECK(shape(mean_direction(rows)) == "1 x 0");
        CHECK(shape(center(rows, mean)) == "19 x 0");
        CHECK(shape(slerp(rows, rows, 0.5)) == "19 x 0");
        CHECK(message_of<value_error>([&] { centroid(rows); }) == "centroid: all 19 rows are zero");
        CHECK(message_of<shape_error>([&] { truncate_dim(rows, 0); }) == "truncate_dim: 0 of dim 0 cannot be kept");
        CHECK(message_of<value_error>([&] { normalize(rows, {}, {on_row::error}); }) == "normalize: row 0 is zero");

        const matrix<float> scores = cosine_similarity(rows, rows);
        CHECK((shape(scores) == "19 x 19" && others(scores, 0.0) == 0));
        CHECK(listed(pairwise_cosine(rows, normalize(rows))) == std::vector<float>(19, 0.0f));
        CHECK(others(cosine_similarity(rows, normalize(rows)), 0.0) == 0);
        CHECK(others(clip_logits(rows, rows, scale).per_text, 0.0) == 0);
        const matrix<float> logits = siglip_logits(rows, rows, scale, -2.5f);
        CHECK((shape(logits) == "19 x 19" && others(logits, -2.5) == 0));

        const zero_shot_classifier classifier(rows, scale);
        CHECK(others(classifier.predict_proba(rows), double(1.0f / 19.0f)) == 0);
        CHECK(first_difference(part(classifier.top_k(rows, 3).labels, 0, 1),
                               matrix_view<const idx_t>(std::array<idx_t, 3>{0, 1, 2})) == "");
        CHECK(shape(prompt_ensemble(rows, std::vector<int>(19, 0))) == "1 x 0");
    }
}

TEMPLATE_LIST_TEST_CASE("every function of no rows has an empty result", "[empty]", element_types) {
    const auto some = random_rows<TestType>(3, 20, 221);
    const matrix<float> mean(1, 20);
    for (const auto& rows : without_elements<TestType>(0, 20)) {
        row_report report{9, 9, 9, 9};
        CHECK(shape(normalize(rows, {}, {on_row::error, on_row::error, &report})) == "0 x 20");
        CHECK((report.zero_rows == 0 && report.first_zero == -1));
        CHECK(shape(truncate_dim(rows, 7)) == "0 x 7");
        CHECK(norms(rows).empty());
        norms_into(rows, matrix_view<double>(nullptr, 1, 0));
        CHECK(is_unit(rows));
        CHECK(shape(center(rows, mean)) == "0 x 20");
        CHECK(shape(slerp(rows, rows, 0.5)) == "0 x 20");
        CHECK(message_of<value_error>([&] { mean_direction(rows); }) == "mean_direction: there are no rows");
        CHECK(message_of<value_error>([&] {
                  mean_direction(rows, {}, {{}, {}, std::vector<float>()});
              }) == "mean_direction: there are no rows");
        CHECK(message_of<value_error>([&] { centroid(rows); }) == "centroid: there are no rows");

        CHECK(shape(cosine_similarity(rows, some)) == "0 x 3");
        CHECK(shape(cosine_similarity(some, rows)) == "3 x 0");
        CHECK(shape(cosine_similarity(rows, rows)) == "0 x 0");
        CHECK(pairwise_cosine(rows, rows).empty());
        CHECK(shape(clip_logits(some, rows, scale).per_text) == "0 x 3");
        CHECK(shape(siglip_logits(rows, some, scale, 1.0f)) == "0 x 3");
        CHECK(shape(siglip_logits(some, rows, scale, 1.0f)) == "3 x 0");
        std::vector<float> none;
        pairwise_cosine_into(rows, rows, none);

        const zero_shot_classifier classifier(some, scale), nothing(rows, scale);
        CHECK(shape(classifier.predict_proba(rows)) == "0 x 3");
        CHECK(shape(classifier.top_k(rows, 2).labels) == "0 x 2");
        CHECK(shape(nothing.predict_proba(some)) == "3 x 0");
        CHECK(shape(nothing.top_k(some, 2).labels) == "3 x 0");
        CHECK(shape(prompt_ensemble(rows, std::vector<int>())) == "0 x 20");
    }
}

TEST_CASE("double results of no rows and of no elements have their shape", "[empty]") {
    for (const auto& rows : without_elements<double>(5, 0)) {
        CHECK(shape(normalize<double>(rows)) == "5 x 0");
        CHECK(others(cosine_similarity<double>(rows, rows), 0.0) == 0);
        CHECK(listed(pairwise_cosine<double>(rows, rows)) == std::vector<double>(5, 0.0));
        CHECK(cosine<double>(std::array<double, 0>(), std::array<double, 0>()) == 0.0);
    }
    for (const auto& rows : without_elements<double>(0, 5)) {
        CHECK(shape(normalize<double>(rows)) == "0 x 5");
        CHECK(shape(truncate_dim<double>(rows, 2)) == "0 x 2");
        CHECK(shape(cosine_similarity<double>(rows, rows)) == "0 x 0");
        CHECK(pairwise_cosine<double>(rows, rows).empty());
    }
}

TEST_CASE("adopting and normalizing in place take no rows and rows of no elements", "[empty]") {
    matrix<float> no_rows(0, 7), no_elements(7, 0);
    matrix<double> no_doubles(0, 7), no_double_elements(7, 0);
    CHECK(shape(normalize_in_place(no_rows)) == "0 x 7");
    CHECK(shape(normalize_in_place(no_elements)) == "7 x 0");
    CHECK(shape(normalize_in_place(no_doubles)) == "0 x 7");
    CHECK(shape(normalize_in_place(no_double_elements)) == "7 x 0");
    CHECK(shape(normalize_into(no_elements, no_elements)) == "7 x 0");
    row_report report;
    CHECK(shape(adopt_unit(no_elements, {1e-4, &report})) == "7 x 0");
    CHECK(report.zero_rows == 7);
    CHECK(shape(adopt_unit(no_doubles, {1e-4, &report})) == "0 x 7");
    CHECK(report.zero_rows == 0);
}

TEST_CASE("probabilities of no rows or no columns are empty", "[empty]") {
    for (const auto& [rows, columns] : {std::pair<idx_t, idx_t>{0, 7}, {7, 0}, {0, 0}})
        for (const auto& logits : without_elements<float>(rows, columns)) {
            const std::string expected = shape(logits);
            CHECK(shape(softmax(logits)) == expected);
            CHECK(shape(log_softmax(logits)) == expected);
            CHECK(shape(sigmoid(logits)) == expected);
            CHECK(shape(sigmoid(logits, scale, 1.0f)) == expected);
            const array<double> sums = log_sum_exp(logits);
            CHECK(idx_t(sums.size()) == rows);
            for (const double sum : sums) CHECK(reference::bits(sum) == 0xfff0000000000000u);
            matrix<float> out(rows, columns);
            softmax_into(out, out);
            log_softmax_into(out, out);
            sigmoid_into(out, out);
        }
}

TEST_CASE("rows without elements are zero rows, of one side and of many", "[empty]") {
    const matrix<float> one(1, 0), many(64, 0);
    row_report of_many;
    cosine_similarity_options options;
    options.gallery.report = &of_many;
    CHECK(others(cosine_similarity(one, many, {}, options), 0.0) == 0);
    CHECK((of_many.zero_rows == 64 && of_many.first_zero == 0 && of_many.non_finite_rows == 0));
    options.gallery.report = nullptr, options.queries.report = &of_many;
    CHECK(others(cosine_similarity(many, one, {}, options), 0.0) == 0);
    CHECK((of_many.zero_rows == 64 && of_many.first_zero == 0 && of_many.non_finite_rows == 0));
}

}  // namespace tests
