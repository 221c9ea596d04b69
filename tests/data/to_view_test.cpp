#include <array>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "npy_files.hpp"
#include "random_rows.hpp"

// to_view is the one door for other libraries' rows: inputs of any kind, outputs where the rows may be written, and no
// call that could mean two overloads.

namespace other_library {

/// Owns its rows, which are const with it.
struct table {
    std::vector<float> numbers;
    long count, width, pitch;
};
unitsphere::matrix_view<const float> to_view(const table& t) { return {t.numbers.data(), t.count, t.width, t.pitch}; }
unitsphere::matrix_view<float> to_view(table& t) { return {t.numbers.data(), t.count, t.width, t.pitch}; }

/// A handle: its rows may be written however const the handle is.
template <class T>
struct handle {
    T* numbers;
    long count, width;
};
template <class T>
unitsphere::matrix_view<T> to_view(const handle<T>& h) {
    return {h.numbers, h.count, h.width};
}

/// Rows that are made when they are asked for.
struct lazy {
    float first;
};
unitsphere::copied_rows<float> to_view(const lazy& l) {
    unitsphere::matrix<float> rows(2, 3);
    for (int k = 0; k < 6; ++k) rows.data()[k] = l.first + float(k * k);
    return unitsphere::copied_rows<float>(static_cast<unitsphere::matrix<float>&&>(rows));
}

}  // namespace other_library

namespace tests {

using namespace unitsphere;
using other_library::handle;
using other_library::lazy;
using other_library::table;

template <class From, class To>
constexpr bool converts = std::is_convertible_v<From, To>;

static_assert(converts<table&, matrix_view<float>> && converts<table&, matrix_view<const float>>);
static_assert(converts<const table&, matrix_view<const float>> && !converts<const table&, matrix_view<float>>);
static_assert(converts<table, matrix_view<const float>>, "a temporary lives until the call is over");
static_assert(converts<const handle<float>&, matrix_view<float>>);
static_assert(converts<handle<const float>, matrix_view<const float>>);
static_assert(!converts<handle<const float>&, matrix_view<float>>);
static_assert(!converts<handle<float>&, matrix_view<double>> && !converts<handle<float>&, matrix_view<const double>>);
static_assert(!converts<lazy&, matrix_view<const float>>, "a copy must not be viewed after its end");
static_assert(converts<std::vector<float>&, matrix_view<float>> &&
              converts<std::array<double, 3>&, matrix_view<double>>);
static_assert(!converts<const std::vector<float>&, matrix_view<float>>);
static_assert(!converts<const std::array<double, 3>&, matrix_view<double>>);
static_assert(!converts<float*, matrix_view<float>> && !converts<int, matrix_view<const float>>);
static_assert(!converts<unit_embeddings<float>&, matrix_view<float>>, "unit rows are read-only");
static_assert(!converts<unit_view<float>&, matrix_view<const float>>, "and no raw rows by accident");

namespace {

/// 5 rows of 20 in a table of pitch 23, with a mark in the gaps.
table table_of(const matrix<float>& rows) {
    table t{std::vector<float>(std::size_t(rows.rows() * (rows.dim() + 3)), -7.0f), long(rows.rows()), long(rows.dim()),
            long(rows.dim() + 3)};
    for (idx_t i = 0; i < rows.rows(); ++i)
        for (idx_t k = 0; k < rows.dim(); ++k) t.numbers[std::size_t(i * t.pitch + k)] = rows(i, k);
    return t;
}
bool gaps_whole(const table& t) {
    for (long i = 0; i < t.count; ++i)
        for (long k = t.width; k < t.pitch; ++k)
            if (t.numbers[std::size_t(i * t.pitch + k)] != -7.0f) return false;
    return true;
}
const logit_scale view_scale = logit_scale::from_multiplier(10.0f);

}  // namespace

TEST_CASE("rows of another library are inputs of every function, const or not, lasting or temporary", "[to_view]") {
    const matrix<float> a = random_rows<float>(5, 20, 201), b = random_rows<float>(5, 20, 202);
    const matrix<float> mean = random_rows<float>(1, 20, 203);
    const auto check = [&](auto&& x) {
        CHECK(first_difference(normalize(x), normalize(a)) == "");
        CHECK(norms(x) == norms(a));
        CHECK_FALSE(is_unit(x));
        CHECK(first_difference(truncate_dim(x, 7), truncate_dim(a, 7)) == "");
        CHECK(first_difference(cosine_similarity(x, b), cosine_similarity(a, b)) == "");
        CHECK(first_difference(cosine_similarity(b, x), cosine_similarity(b, a)) == "");
        CHECK(pairwise_cosine(x, b) == pairwise_cosine(a, b));
        CHECK(pairwise_cosine(b, x) == pairwise_cosine(b, a));
        CHECK(first_difference(clip_logits(x, b, view_scale).per_text, clip_logits(a, b, view_scale).per_text) == "");
        CHECK(first_difference(siglip_logits(b, x, view_scale, 1.0f), siglip_logits(b, a, view_scale, 1.0f)) == "");
        CHECK(first_difference(mean_direction(x), mean_direction(a)) == "");
        CHECK(first_difference(mean_direction(x, {}, {{}, {}, std::array<float, 5>{1, 2, 3, 4, 5}}),
                               mean_direction(a, {}, {{}, {}, std::vector<double>{1, 2, 3, 4, 5}})) == "");
        CHECK(first_difference(centroid(x), centroid(a)) == "");
        CHECK(first_difference(center(x, mean), center(a, mean)) == "");
        CHECK(first_difference(slerp(x, b, 0.5), slerp(a, b, 0.5)) == "");
        const std::vector<int> labels{0, 1, 1, 0, 2};
        CHECK(first_difference(prompt_ensemble(x, labels), prompt_ensemble(a, labels)) == "");
        const zero_shot_classifier classifier(x, view_scale), plain(a, view_scale);
        CHECK(first_difference(classifier.predict_proba(x), plain.predict_proba(a)) == "");
        CHECK(first_difference(classifier.top_k(x, 2).labels, plain.top_k(a, 2).labels) == "");
        CHECK(first_difference(softmax(x), softmax(a)) == "");
        CHECK(first_difference(log_softmax(x), log_softmax(a)) == "");
        CHECK(first_difference(to_view(log_sum_exp(x)), to_view(log_sum_exp(a))) == "");
        CHECK(first_difference(sigmoid(x), sigmoid(a)) == "");
    };
    const table fixed = table_of(a);
    table loose = fixed;
    check(fixed);
    check(loose);
    check(handle<const float>{a.data(), 5, 20});
    matrix<float> written = a;
    handle<float> shallow{written.data(), 5, 20};
    check(shallow);
    check(std::as_const(shallow));
    CHECK(first_difference(normalize(table_of(a)), normalize(a)) == "");
    CHECK(first_difference(softmax(table_of(a)), softmax(a)) == "");
    CHECK(first_difference(cosine_similarity(table_of(a), table_of(b)), cosine_similarity(a, b)) == "");
    CHECK(first_difference(written, a) == "");
}

TEST_CASE("rows of another library are outputs, with their gaps left alone", "[to_view]") {
    const matrix<float> a = random_rows<float>(5, 20, 204), b = random_rows<float>(20, 20, 205);
    const auto check = [&](const matrix<float>& expected, auto&& write) {
        table t = table_of(matrix<float>(expected.rows(), expected.dim()));
        write(t);
        CHECK(first_difference(to_view(t), expected) == "");
        CHECK(gaps_whole(t));
        matrix<float> memory(expected.rows(), expected.dim());
        const handle<float> h{memory.data(), long(expected.rows()), long(expected.dim())};
        write(h);
        CHECK(first_difference(memory, expected) == "");
    };
    matrix<float> unit(5, 20);
    normalize_into(a, unit);
    check(unit, [&](auto& out) { normalize_into(a, out); });
    check(cosine_similarity(a, b), [&](auto& out) { cosine_similarity_into(a, b, out); });
    check(clip_logits(a, b, view_scale).per_image,
          [&](auto& out) { clip_logits_into(a, b, view_scale, out, matrix_view<float>{}); });
    check(siglip_logits(a, b, view_scale, 1.0f), [&](auto& out) { siglip_logits_into(a, b, view_scale, 1.0f, out); });
    check(softmax(a), [&](auto& out) { softmax_into(a, out); });
    check(log_softmax(a), [&](auto& out) { log_softmax_into(a, out); });
    check(sigmoid(a), [&](auto& out) { sigmoid_into(a, out); });
    check(sigmoid(a, view_scale, 1.0f), [&](auto& out) { sigmoid_into(a, view_scale, 1.0f, out); });
    const zero_shot_classifier classifier(b, view_scale);
    check(classifier.predict_proba(a), [&](auto& out) { classifier.predict_proba_into(a, out); });

    table in_place = table_of(a);
    CHECK(normalize_in_place(in_place).data() == in_place.numbers.data());
    CHECK(first_difference(to_view(in_place), unit) == "");
    CHECK(gaps_whole(in_place));
    CHECK(adopt_unit(in_place).data() == in_place.numbers.data());
    CHECK(adopt_unit(std::as_const(in_place)).stride() == 23);
}

TEST_CASE("a copy of rows that to_view returns lives until the call has returned", "[to_view]") {
    matrix<float> rows(2, 3);
    for (int k = 0; k < 6; ++k) rows.data()[k] = 2.0f + float(k * k);
    CHECK(first_difference(normalize(lazy{2.0f}), normalize(rows)) == "");
    CHECK(first_difference(siglip_logits(lazy{2.0f}, rows, view_scale, 1.0f),
                           siglip_logits(rows, rows, view_scale, 1.0f)) == "");
    const zero_shot_classifier classifier(lazy{2.0f}, view_scale);
    CHECK(first_difference(classifier.predict_proba(lazy{2.0f}), classifier.predict_proba(rows)) == "");
    CHECK(first_difference(classifier.top_k(lazy{2.0f}, 1).labels, classifier.top_k(rows, 1).labels) == "");
}

TEMPLATE_TEST_CASE("a std::vector and a std::array are one row of output", "[to_view]", float, double) {
    const auto rows = random_rows<TestType>(9, 12, 206), one = random_rows<TestType>(1, 12, 207);
    const matrix<TestType> scores = cosine_similarity<TestType>(one, rows);
    std::vector<TestType> vector(9);
    std::array<TestType, 9> array{};
    cosine_similarity_into(one, rows, vector);
    cosine_similarity_into(one, rows, array);
    CHECK(first_difference(to_view(vector), scores) == "");
    CHECK(first_difference(to_view(array), scores) == "");
    const unitsphere::array<TestType> pairs = pairwise_cosine<TestType>(rows, rows);
    pairwise_cosine_into(rows, rows, vector);
    pairwise_cosine_into(rows, rows, array);
    CHECK(std::equal(vector.begin(), vector.end(), pairs.begin(), pairs.end()));
    CHECK(std::equal(array.begin(), array.end(), pairs.begin()));
    std::vector<TestType> row(one.data(), one.data() + 12), unit(12);
    std::array<TestType, 12> place{};
    std::copy(row.begin(), row.end(), place.begin());
    const auto expected = normalize<TestType>(one);
    normalize_into(row, unit);
    CHECK(first_difference(to_view(unit), expected) == "");
    CHECK(first_difference(normalize_in_place(place), expected) == "");
    CHECK(first_difference(normalize_in_place(row), expected) == "");
    CHECK(adopt_unit(row).data() == row.data());
    CHECK(adopt_unit(place).data() == place.data());
}

TEMPLATE_TEST_CASE("save_npy takes matrices, views and vectors of any type without ambiguity", "[to_view]", float,
                   double, float16, std::int8_t, std::int32_t) {
    const temporary_directory directory;
    const std::string name = directory.path();
    matrix<TestType> rows(2, 3);
    std::memset(static_cast<void*>(rows.data()), 1, 6 * sizeof(TestType));
    const matrix_view<TestType> view = rows;
    const matrix_view<const TestType> fixed = rows;
    std::vector<TestType> row(rows.data(), rows.data() + 3);
    save_npy(name, rows);
    CHECK(load_npy<TestType>(name).rows() == 2);
    save_npy(name, std::as_const(rows));
    save_npy(name, view);
    save_npy(name, fixed);
    save_npy(name, row);
    CHECK(load_npy<TestType>(name).rows() == 1);
    save_npy(name, std::as_const(row));
}

}  // namespace tests
