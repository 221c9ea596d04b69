#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "canonical.hpp"
#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"

// Promise 2 across functions and element types: one pair, one value, whatever its rows are made of, in both orders.

namespace tests {

using namespace unitsphere;

namespace {

const logit_scale one = logit_scale::from_multiplier(1.0f), scale = logit_scale::from_multiplier(117.33f);
constexpr float bias = -9.5f;

template <class T>
int bits_differ(const T& a, const T& b) {
    return first_difference(a, b) != "";
}

/// Of the functions that score all of a with all of b, in both orders: how many show other bits than `expected`.
template <class A, class B>
int wrong_matrices(const A& a, const B& b, const matrix<float>& expected) {
    const matrix<float> back = transposed(expected);
    matrix<float> scaled = expected, biased = expected;
    for (idx_t k = 0; k < expected.rows() * expected.dim(); ++k) {
        const volatile float product = 117.33f * expected.data()[k];
        scaled.data()[k] = product;
        biased.data()[k] = canonical::multiply_add(117.33f, expected.data()[k], bias);
    }
    const auto logits = clip_logits(a, b, one);
    return bits_differ(cosine_similarity(a, b), expected) + bits_differ(cosine_similarity(b, a), back) +
           bits_differ(logits.per_image, expected) + bits_differ(logits.per_text, back) +
           bits_differ(clip_logits(b, a, one).per_image, back) + bits_differ(siglip_logits(a, b, scale, bias), biased) +
           bits_differ(siglip_logits(b, a, scale, bias), transposed(biased)) +
           bits_differ(zero_shot_classifier(b, scale).predict_proba(a), softmax(scaled));
}

/// Rows first .. first + count - 1 of anything that owns rows.
template <class Rows>
auto some(const Rows& rows, idx_t first, idx_t count) {
    using element = std::decay_t<decltype(rows(0, 0))>;
    return matrix_view<const element>(rows.row(first), count, rows.dim());
}

/// Of the functions that score pairs, in both orders: how many pairs (i, i) have other bits than `expected`.
template <class A, class B>
int wrong_pairs(const A& a, const B& b, const matrix<float>& expected) {
    const idx_t n = expected.rows() < expected.dim() ? expected.rows() : expected.dim();
    const array<float> pairs = pairwise_cosine(some(a, 0, n), some(b, 0, n));
    const array<float> swapped = pairwise_cosine(some(b, 0, n), some(a, 0, n));
    int wrong = 0;
    for (idx_t i = 0; i < n; ++i) {
        const auto wanted = reference::bits(expected(i, i));
        wrong += reference::bits(pairs[i]) != wanted;
        wrong += reference::bits(swapped[i]) != wanted;
        wrong += reference::bits(cosine(some(a, i, 1), some(b, i, 1))) != wanted;
        wrong += reference::bits(cosine(some(b, i, 1), some(a, i, 1))) != wanted;
    }
    return wrong;
}

template <class A, class B>
int wrong_scores(const A& a, const B& b, const matrix<float>& expected) {
    return wrong_matrices(a, b, expected) + wrong_pairs(a, b, expected);
}

/// The same whole numbers -largest .. largest in any type: int8_t holds all of them up to 127, bfloat16 up to 255.
template <class T>
matrix<T> whole_numbers(idx_t rows, idx_t dim, idx_t largest, std::uint64_t seed) {
    matrix<T> result(rows, dim);
    generator random(seed);
    for (idx_t k = 0; k < rows * dim; ++k) result.data()[k] = scaled<T>(random.below(2 * largest + 1) - largest, 0);
    if (dim > 0)
        for (idx_t i = 0; i < rows; ++i) result(i, 0) = scaled<T>(i + 1, 0);
    return result;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a pair of mixed element types has one score in every function and in both orders",
                        "[one_value]", element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 17, 131);
    CAPTURE(dim);
    const auto a = varied_rows<TestType>(7, dim, 181);
    const auto unit_a = normalize(a);
    const auto check = [&](const auto& b) {
        const auto unit_b = normalize(b);
        const matrix<float> expected = cosine_similarity(unit_a, unit_b);
        CHECK(wrong_scores(a, b, expected) == 0);
    };
    check(varied_rows<float>(19, dim, 182));
    check(varied_rows<double>(19, dim, 183));
    check(varied_rows<float16>(19, dim, 184));
    check(varied_rows<bfloat16>(19, dim, 185));
    check(varied_rows<std::int8_t>(19, dim, 186));
}

TEMPLATE_TEST_CASE("the same numbers have the same scores in every type that holds floats", "[one_value]", float16,
                   bfloat16, std::int8_t) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 131, 512);
    CAPTURE(dim);
    const idx_t largest = std::is_same_v<TestType, std::int8_t> ? 127 : 255;  // so that the last bits count
    const auto a = whole_numbers<float>(7, dim, largest, 187), b = whole_numbers<float>(19, dim, largest, 188);
    const auto narrow_a = whole_numbers<TestType>(7, dim, largest, 187),
               narrow_b = whole_numbers<TestType>(19, dim, largest, 188);
    const matrix<float> expected = cosine_similarity(a, b);
    CHECK(first_difference(normalize(narrow_a), normalize(a)) == "");
    CHECK(norms(narrow_a) == norms(a));
    CHECK(wrong_scores(narrow_a, narrow_b, expected) == 0);
    CHECK(wrong_scores(narrow_a, b, expected) == 0);
    CHECK(wrong_scores(a, narrow_b, expected) == 0);
    CHECK(first_difference(mean_direction(narrow_a), mean_direction(a)) == "");
    CHECK(first_difference(truncate_dim(narrow_a, (dim + 1) / 2), truncate_dim(a, (dim + 1) / 2)) == "");
}

TEST_CASE("double scores and rows do not depend on strides and alignment", "[one_value]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 15, 16, 33, 130);
    const auto a = varied_rows<double>(7, dim, 189), b = varied_rows<double>(13, dim, 190);
    const matrix<double> scores = cosine_similarity<double>(a, b);
    const auto unit = normalize<double>(a);
    const idx_t dims = (dim + 1) / 2;
    for (const idx_t gap : {0, 1, 7})
        for (const idx_t shift : {0, 1, 5}) {
            CAPTURE(dim, gap, shift);
            const laid_out<double> x(a, gap, shift), y(b, 8 - gap, shift + 1);
            CHECK(first_difference(cosine_similarity<double>(x.view(), y.view()), scores) == "");
            CHECK(first_difference(cosine_similarity<double>(y.view(), x.view()), transposed(scores)) == "");
            CHECK(first_difference(cosine_similarity(x.view(), y.view()), cosine_similarity(a, b)) == "");
            CHECK(first_difference(normalize<double>(x.view()), unit) == "");
            CHECK(first_difference(normalize(x.view()), normalize(a)) == "");
            CHECK(first_difference(truncate_dim<double>(x.view(), dims), truncate_dim<double>(a, dims)) == "");
            CHECK(norms(x.view()) == norms(a));
            laid_out<double> out(random_rows<double>(7, 13, 191), gap, shift), rows(a, 8 - gap, shift + 1);
            cosine_similarity_into(x.view(), y.view(), out.view());
            CHECK(first_difference(out.view(), scores) == "");
            CHECK(first_difference(normalize_in_place(rows.view()), unit) == "");
            const matrix_view<const double> seven(y.view().data(), 7, dim, y.view().stride());
            const array<double> pairs = pairwise_cosine<double>(x.view(), seven);
            for (idx_t i = 0; i < 7; ++i) CHECK(reference::bits(pairs[i]) == reference::bits(scores(i, i)));
        }
}

TEMPLATE_LIST_TEST_CASE("pairs, logits and directions do not depend on strides and alignment", "[one_value]",
                        element_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 2, 16, 33, 130);
    const auto a = varied_rows<TestType>(7, dim, 192), b = random_rows<TestType>(7, dim, 193);
    const matrix<float> mean = random_rows<float>(1, dim, 194);
    const auto pairs = pairwise_cosine(a, b);
    const auto logits = siglip_logits(a, b, scale, bias);
    const auto cut = truncate_dim(a, (dim + 1) / 2);
    const auto centered = center(a, mean);
    for (const idx_t gap : {0, 1, 7})
        for (const idx_t shift : {0, 1, 5}) {
            CAPTURE(dim, gap, shift);
            const laid_out<TestType> x(a, gap, shift), y(b, 8 - gap, shift + 1);
            const laid_out<float> m(mean, gap, shift);
            CHECK(pairwise_cosine(x.view(), y.view()) == pairs);
            laid_out<float> out(untouched(7, 7), gap, shift);
            siglip_logits_into(x.view(), y.view(), scale, bias, out.view());
            CHECK(first_difference(out.view(), logits) == "");
            CHECK(first_difference(truncate_dim(x.view(), (dim + 1) / 2), cut) == "");
            CHECK(first_difference(mean_direction(y.view()), mean_direction(b)) == "");
            CHECK(first_difference(centroid(y.view()), centroid(b)) == "");
            CHECK(first_difference(center(x.view(), m.view()), centered) == "");
        }
}

}  // namespace tests
