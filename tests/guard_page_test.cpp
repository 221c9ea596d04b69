#include <array>
#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "guarded.hpp"
#include "random_rows.hpp"

// Promise 8: not one byte outside the caller's rows is read or written. Every function runs on rows that lie at
// pages without access (a byte too far is a crash), with a NaN in every gap (reading it changes a result) and a
// pattern around every output (writing there is seen). The inputs are read-only memory.

namespace tests {

using unitsphere::logit_scale;

namespace {

const std::vector<index>& dims() {
    static const std::vector<index> result = [] {
        std::vector<index> all;
        for (index dim = 0; dim <= 70; ++dim) all.push_back(dim);
        for (const index dim : {127, 128, 129, 130, 512}) all.push_back(dim);
        return all;
    }();
    return result;
}

/// Runs write(out) on memory of every placement: the result is the expected one and nothing else is touched.
template <class T, class Expected, class Write>
std::string written(const Expected& expected, placement where, Write&& write) {
    guarded<T> out(expected.rows(), expected.dim(), where);
    write(out.view());
    if (!out.surroundings_intact()) return "wrote outside its rows";
    return first_difference(out.view(), expected);
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("normalize and norms stay within their rows", "[guard]", element_types) {
    const placement where = GENERATE(from_range(std::begin(every_placement), std::end(every_placement)));
    for (const index dim : dims()) {
        CAPTURE(int(where), dim);
        const matrix<TestType> plain = random_rows<TestType>(3, dim, 121);
        const guarded<TestType> rows(plain, where);
        const auto unit = unitsphere::normalize(plain);
        CHECK(first_difference(unitsphere::normalize(rows.rows()), unit) == "");
        CHECK(written<float>(unit, where, [&](auto out) { unitsphere::normalize_into(rows.rows(), out); }) == "");
        CHECK(unitsphere::norms(rows.rows()) == unitsphere::norms(plain));
        matrix<double> lengths(1, 3);
        unitsphere::norms(plain, lengths.data());
        CHECK(written<double>(lengths, where, [&](auto out) { unitsphere::norms(rows.rows(), out.data()); }) == "");
        CHECK_FALSE(unitsphere::is_unit(rows.rows(), 1e-9));
        const unitsphere::normalize_options strict{unitsphere::on_row::keep,
                                                   unitsphere::on_row::error};  // reads the rows once more
        CHECK(first_difference(unitsphere::normalize(rows.rows(), strict), unit) == "");
    }
}

TEST_CASE("normalizing in place and adopting stay within their rows", "[guard]") {
    const placement where = GENERATE(from_range(std::begin(every_placement), std::end(every_placement)));
    for (const index dim : dims()) {
        CAPTURE(int(where), dim);
        const matrix<float> plain = random_rows<float>(3, dim, 122);
        const auto unit = unitsphere::normalize(plain);
        CHECK(written<float>(unit, where, [&](auto out) {
                  for (index i = 0; i < 3; ++i)
                      for (index k = 0; k < dim; ++k) out(i, k) = plain(i, k);
                  unitsphere::normalize_in_place(out);
              }) == "");
        guarded<float> rows(3, dim, where);
        unitsphere::normalize_into(plain, rows.view());
        CHECK(first_difference(unitsphere::adopt_unit(rows.rows()), unit) == "");
        CHECK(unitsphere::is_unit(rows.rows()) == (dim > 0));
    }
}

TEMPLATE_LIST_TEST_CASE("similarities stay within their rows", "[guard]", element_types) {
    const placement where = GENERATE(from_range(std::begin(every_placement), std::end(every_placement)));
    const auto scale = logit_scale::from_multiplier(100);
    for (const index dim : dims()) {
        CAPTURE(int(where), dim);
        const index q = dim % 7 + 1, g = dim % 19 + 1;
        const matrix<TestType> plain_queries = random_rows<TestType>(q, dim, 123),
                               plain_gallery = random_rows<TestType>(g, dim, 124);
        const guarded<TestType> queries(plain_queries, where), gallery(plain_gallery, where);
        const matrix<float> scores = unitsphere::cosine_similarity(plain_queries, plain_gallery);
        CHECK(first_difference(unitsphere::cosine_similarity(queries.rows(), gallery.rows()), scores) == "");
        CHECK(written<float>(scores, where, [&](auto out) {
                  unitsphere::cosine_similarity(queries.rows(), gallery.rows(), out);
              }) == "");

        const guarded<TestType> one(matrix<TestType>(random_rows<TestType>(1, dim, 123)), where);
        CHECK(reference::bits(
                  unitsphere::cosine(one.rows(), matrix_view<const TestType>(gallery.rows().data(), 1, dim))) ==
              reference::bits(scores(0, 0)));

        guarded<float> unit(g, dim, where);
        const auto unit_gallery = unitsphere::normalize_into(plain_gallery, unit.view());
        CHECK(first_difference(unitsphere::cosine_similarity(queries.rows(), unit_gallery), scores) == "");
        CHECK(first_difference(unitsphere::cosine_similarity(unit_gallery, queries.rows()), transposed(scores)) == "");

        const auto logits = unitsphere::clip_logits(plain_queries, plain_gallery, scale);
        CHECK(first_difference(unitsphere::clip_logits(queries.rows(), gallery.rows(), scale).per_text,
                               logits.per_text) == "");
        CHECK(written<float>(logits.per_image, where, [&](auto out) {
                  unitsphere::clip_logits(queries.rows(), gallery.rows(), scale, out);
              }) == "");
        guarded<float> per_text(g, q, where);
        CHECK(written<float>(logits.per_image, where, [&](auto out) {
                  unitsphere::clip_logits(queries.rows(), gallery.rows(), scale, out, per_text.view());
              }) == "");
        CHECK(per_text.surroundings_intact());
        CHECK(first_difference(per_text.view(), logits.per_text) == "");
    }
}

TEST_CASE("softmax stays within its rows", "[guard]") {
    const placement where = GENERATE(from_range(std::begin(every_placement), std::end(every_placement)));
    std::vector<index> sizes = dims();
    for (const index columns : {1023, 1024, 1025, 2047, 2048, 2049, 4100}) sizes.push_back(columns);
    for (const index columns : sizes) {
        CAPTURE(int(where), columns);
        const matrix<float> plain = random_rows<float>(3, columns, 125);
        const guarded<float> logits(plain, where);
        const matrix<float> expected = unitsphere::softmax(plain);
        CHECK(first_difference(unitsphere::softmax(logits.rows()), expected) == "");
        CHECK(written<float>(expected, where, [&](auto out) { unitsphere::softmax(logits.rows(), out); }) == "");
        CHECK(written<float>(expected, where, [&](auto out) {
                  for (index i = 0; i < 3; ++i)
                      for (index j = 0; j < columns; ++j) out(i, j) = plain(i, j);
                  unitsphere::softmax(out, out);
              }) == "");
    }
}

TEMPLATE_LIST_TEST_CASE("ensembles and classifiers stay within their rows", "[guard]", element_types) {
    const placement where = GENERATE(from_range(std::begin(every_placement), std::end(every_placement)));
    const auto scale = logit_scale::from_multiplier(100);
    for (const index dim : dims()) {
        CAPTURE(int(where), dim);
        const index classes = dim % 37 + 1, count = dim % 5 + 1;
        const matrix<TestType> plain_classes = random_rows<TestType>(classes, dim, 126),
                               plain_images = random_rows<TestType>(count, dim, 127);
        const guarded<TestType> rows(plain_classes, where), images(plain_images, where);

        std::vector<int> labels;
        for (index i = 0; i < classes; ++i) labels.push_back(int(i / 2));
        const auto ensemble = unitsphere::prompt_ensemble(plain_classes, labels);
        CHECK(first_difference(unitsphere::prompt_ensemble(rows.rows(), labels), ensemble) == "");

        const unitsphere::zero_shot_classifier plain(plain_classes, scale), classifier(rows.rows(), scale);
        const matrix<float> probabilities = plain.probabilities(plain_images);
        CHECK(first_difference(classifier.probabilities(images.rows()), probabilities) == "");
        CHECK(written<float>(probabilities, where, [&](auto out) { classifier.probabilities(images.rows(), out); }) ==
              "");

        const index k = std::min(dim % 6 + 1, classes);
        const auto best = plain.top(plain_images, k);
        CHECK(first_difference(classifier.top(images.rows(), k).labels, best.labels) == "");
        matrix<index> expected_labels(count, k);
        matrix<float> expected_probabilities(count, k);
        plain.top(plain_images, expected_labels, expected_probabilities);
        guarded<index> best_labels(count, k, where);
        CHECK(written<float>(expected_probabilities, where,
                             [&](auto out) { classifier.top(images.rows(), best_labels.view(), out); }) == "");
        CHECK(best_labels.surroundings_intact());
        CHECK(first_difference(best_labels.view(), expected_labels) == "");
    }
}

TEST_CASE("rows with zeros and NaN stay within their rows under every policy", "[guard]") {
    const placement where = GENERATE(from_range(std::begin(every_placement), std::end(every_placement)));
    for (const index dim : {1, 15, 16, 17, 33, 129}) {
        CAPTURE(int(where), dim);
        matrix<float> plain = random_rows<float>(4, dim, 128);
        std::fill(plain.row(1), plain.row(1) + dim, 0.0f);
        plain(3, dim - 1) = reference::float_from_bits(0x7fc00000u);
        const guarded<float> rows(plain, where);
        for (const auto zeros : {unitsphere::on_row::keep, unitsphere::on_row::nan}) {
            const auto unit = unitsphere::normalize(plain, {zeros});
            CHECK(written<float>(unit, where,
                                 [&](auto out) { unitsphere::normalize_into(rows.rows(), out, {zeros}); }) == "");
            const matrix<float> scores = unitsphere::cosine_similarity(plain, plain, {zeros}, {zeros});
            CHECK(written<float>(scores, where, [&](auto out) {
                      unitsphere::cosine_similarity(rows.rows(), rows.rows(), out, {zeros}, {zeros});
                  }) == "");
        }
    }
}

TEST_CASE("labels of prompts are read once each and not beyond", "[guard]") {
    const placement where = GENERATE(from_range(std::begin(every_placement), std::begin(every_placement) + 2));
    const matrix<float> prompts = random_rows<float>(5, 20, 129);
    struct label_span {  // contiguous integers at the guard page
        const int* first;
        std::size_t count;
        const int* data() const { return first; }
        std::size_t size() const { return count; }
        const int* begin() const { return first; }
        const int* end() const { return first + count; }
        const int& operator[](std::size_t i) const { return first[i]; }
    };
    matrix<int> labels(1, 5);
    for (index i = 0; i < 5; ++i) labels(0, i) = int(i % 2);
    const guarded<int> memory(labels, where);
    const label_span span{memory.rows().data(), 5};
    CHECK(first_difference(unitsphere::prompt_ensemble(prompts, span),
                           unitsphere::prompt_ensemble(prompts, std::vector<int>{0, 1, 0, 1, 0})) == "");
}

}  // namespace tests
