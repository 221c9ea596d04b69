#include <string>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "troubled_rows.hpp"

// Promise 4 for scores of pairs, SigLIP's logits and scores in double: rows without a direction are defined, counted,
// and refused before anything is written.

namespace tests {

using namespace unitsphere;

namespace {

const logit_scale policy_scale = logit_scale::from_multiplier(10.0f);

/// Whether a score is NaN, 0 or that of rows without trouble, as the rules say of rows i and j.
template <class C>
bool follows_the_rules(C score, C clean, idx_t i, idx_t j, on_row zeros_i, on_row zeros_j) {
    if (is_bad_row(i) || is_bad_row(j)) return reference::is_nan(score);
    if ((is_zero_row(i) && zeros_i == on_row::nan) || (is_zero_row(j) && zeros_j == on_row::nan))
        return reference::is_nan(score);
    return is_zero_row(i) || is_zero_row(j) ? score == C(0) : reference::bits(score) == reference::bits(clean);
}

/// The text of a value_error; whatever `out` is, it must be as before.
template <class T, class Call>
std::string refused(matrix<T>& out, Call&& call) {
    const matrix<T> before = out;
    const std::string text = message_of<value_error>(call);
    CHECK(first_difference(out, before) == "");
    return text;
}

/// One trouble on one side: what each function says of it, with an output and with a new result.
template <class T>
struct troubles {
    matrix<T> clean = only<T>(false, false, 24), zeros = only<T>(true, false, 24), bad = only<T>(false, true, 24);
    row_policy none, zero_error{on_row::error, on_row::nan}, bad_error{on_row::keep, on_row::error};
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("the score of a pair applies the policies of both of its rows", "[rows]", floating_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 33, 200);
    const on_row zeros_a = GENERATE(on_row::keep, on_row::nan), zeros_b = GENERATE(on_row::keep, on_row::nan);
    const matrix<TestType> a = troubled_rows<TestType>(dim), clean = only<TestType>(false, false, dim);
    const array<float> expected = pairwise_cosine(clean, clean);
    int wrong = 0;
    for (idx_t shift = 0; shift < 8; ++shift) {  // every row meets every other
        matrix<TestType> b(8, dim), clean_b(8, dim);
        for (idx_t i = 0; i < 8; ++i)
            for (idx_t k = 0; k < dim; ++k) {
                b(i, k) = a((i + shift) % 8, k);
                clean_b(i, k) = clean((i + shift) % 8, k);
            }
        row_report report_a{9, 9, 9, 9}, report_b{9, 9, 9, 9}, expected_b;
        for (idx_t i = 0; i < 8; ++i) {
            if (is_zero_row((i + shift) % 8)) expected_b.add_zero(i);
            if (is_bad_row((i + shift) % 8)) expected_b.add_non_finite(i);
        }
        const array<float> scores =
            pairwise_cosine(a, b, {}, {{zeros_a, on_row::nan, &report_a}, {zeros_b, on_row::nan, &report_b}});
        const array<float> clean_scores = pairwise_cosine(clean, clean_b);
        for (idx_t i = 0; i < 8; ++i)
            wrong += !follows_the_rules(scores[i], clean_scores[i], i, (i + shift) % 8, zeros_a, zeros_b);
        wrong += !same(report_a, trouble) || !same(report_b, expected_b);
    }
    CHECK(wrong == 0);
}

TEST_CASE("a double score applies the policies of both rows", "[rows]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 33, 200);
    const on_row zeros = GENERATE(on_row::keep, on_row::nan);
    const matrix<double> rows = troubled_rows<double>(dim), clean = only<double>(false, false, dim);
    row_report report_a{9, 9, 9, 9}, report_b{9, 9, 9, 9};
    const row_policy options_a{zeros, on_row::nan, &report_a}, options_b{on_row::keep, on_row::nan, &report_b};
    const matrix<double> scores = cosine_similarity<double>(rows, rows, {}, {options_a, options_b});
    const matrix<double> expected = cosine_similarity<double>(clean, clean);
    CHECK((same(report_a, trouble) && same(report_b, trouble)));
    report_a = report_b = {9, 9, 9, 9};
    const array<double> pairs = pairwise_cosine<double>(rows, rows, {}, {options_a, options_b});
    CHECK((same(report_a, trouble) && same(report_b, trouble)));
    int wrong = 0;
    for (idx_t i = 0; i < 8; ++i) {
        for (idx_t j = 0; j < 8; ++j)
            wrong += !follows_the_rules(scores(i, j), expected(i, j), i, j, zeros, on_row::keep);
        wrong += !follows_the_rules(pairs[i], expected(i, i), i, i, zeros, on_row::keep);
    }
    CHECK(wrong == 0);
}

TEMPLATE_LIST_TEST_CASE("the SigLIP logit of a zero row is the bias, of a row that is not finite NaN", "[rows]",
                        floating_types) {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 16, 33, 200);
    const on_row zeros = GENERATE(on_row::keep, on_row::nan);
    const matrix<TestType> rows = troubled_rows<TestType>(dim), clean = only<TestType>(false, false, dim);
    row_report images{9, 9, 9, 9}, texts{9, 9, 9, 9};
    const matrix<float> logits = siglip_logits(rows, rows, policy_scale, -3.0f, {},
                                               {{zeros, on_row::nan, &images}, {on_row::keep, on_row::nan, &texts}});
    const matrix<float> expected = siglip_logits(clean, clean, policy_scale, -3.0f);
    CHECK((same(images, trouble) && same(texts, trouble)));
    int wrong = 0;
    for (idx_t i = 0; i < 8; ++i)
        for (idx_t j = 0; j < 8; ++j) {
            const bool zero = is_zero_row(i) || is_zero_row(j), bad = is_bad_row(i) || is_bad_row(j);
            const bool nan = bad || (is_zero_row(i) && zeros == on_row::nan);
            wrong += nan    ? !reference::is_nan(logits(i, j))
                     : zero ? logits(i, j) != -3.0f
                            : reference::bits(logits(i, j)) != reference::bits(expected(i, j));
        }
    CHECK(wrong == 0);
}

TEMPLATE_LIST_TEST_CASE("an error policy of pairs names side and row, and nothing is written or reported", "[rows]",
                        floating_types) {
    const troubles<TestType> t;
    row_report untold{9, 9, 9, 9};
    const auto pairs = [&](const auto& a, const auto& b, row_policy of_a, row_policy of_b) {
        of_a.report = of_b.report = &untold;
        matrix<float> out = untouched(1, 8);
        const std::string text = refused(out, [&] { pairwise_cosine_into(a, b, out, {}, {of_a, of_b}); });
        CHECK(message_of<value_error>([&] { pairwise_cosine(a, b, {}, {of_a, of_b}); }) == text);
        CHECK(same(untold, {9, 9, 9, 9}));
        return text;
    };
    CHECK(pairs(t.zeros, t.clean, t.zero_error, t.none) == "pairwise_cosine: a, row 1 is zero");
    CHECK(pairs(t.clean, t.zeros, t.none, t.zero_error) == "pairwise_cosine: b, row 1 is zero");
    CHECK(pairs(t.bad, t.clean, t.bad_error, t.none) == "pairwise_cosine: a, row 2 is not finite");
    CHECK(pairs(t.clean, t.bad, t.none, t.bad_error) == "pairwise_cosine: b, row 2 is not finite");
    CHECK(pairs(t.clean, normalize(t.bad), t.none, t.bad_error) == "pairwise_cosine: b, row 2 is not finite");
    CHECK(pairwise_cosine(t.zeros, t.bad, {}, {t.bad_error, t.zero_error}).size() == 8);
}

TEMPLATE_LIST_TEST_CASE("an error policy of SigLIP's logits names side and row, and nothing is written or reported",
                        "[rows]", floating_types) {
    const troubles<TestType> t;
    row_report untold{9, 9, 9, 9};
    const auto logits = [&](const auto& a, const auto& b, row_policy of_a, row_policy of_b) {
        of_a.report = of_b.report = &untold;
        matrix<float> out = untouched(8, 8);
        const std::string text = refused(out, [&] {
            siglip_logits_into(a, b, policy_scale, -3.0f, out, {}, {of_a, of_b});
        });
        CHECK(message_of<value_error>([&] { siglip_logits(a, b, policy_scale, -3.0f, {}, {of_a, of_b}); }) == text);
        CHECK(same(untold, {9, 9, 9, 9}));
        return text;
    };
    CHECK(logits(t.zeros, t.clean, t.zero_error, t.none) == "siglip_logits: images row 1 is zero");
    CHECK(logits(t.clean, t.zeros, t.none, t.zero_error) == "siglip_logits: texts row 1 is zero");
    CHECK(logits(t.bad, t.clean, t.bad_error, t.none) == "siglip_logits: images row 2 is not finite");
    CHECK(logits(t.clean, t.bad, t.none, t.bad_error) == "siglip_logits: texts row 2 is not finite");
    CHECK(logits(normalize(t.zeros), t.clean, t.zero_error, t.none) == "siglip_logits: images row 1 is zero");
}

TEST_CASE("an error policy of double scores names side and row, and nothing is written", "[rows]") {
    const troubles<double> t;
    matrix<double> all = random_rows<double>(8, 8, 36), pairs = random_rows<double>(1, 8, 37);
    CHECK(refused(all, [&] { cosine_similarity_into(t.zeros, t.clean, all, {}, {t.zero_error}); }) ==
          "cosine_similarity: queries row 1 is zero");
    CHECK(refused(all, [&] {
              cosine_similarity_into(t.clean, t.bad, all, {}, {t.none, t.bad_error});
          }) == "cosine_similarity: gallery row 2 is not finite");
    CHECK(refused(pairs, [&] { pairwise_cosine_into(t.bad, t.clean, pairs, {}, {t.bad_error}); }) ==
          "pairwise_cosine: a, row 2 is not finite");
    CHECK(refused(pairs, [&] {
              pairwise_cosine_into(t.clean, normalize<double>(t.zeros), pairs, {}, {t.none, t.zero_error});
          }) == "pairwise_cosine: b, row 1 is zero");
}

TEST_CASE("no side of a pair or of SigLIP's logits keeps rows that are not finite", "[rows]") {
    const matrix<float> rows = random_rows<float>(2, 4, 34);
    const row_policy keep{on_row::keep, on_row::keep}, none;
    const std::string kept = ": rows that are not finite cannot be kept; choose nan or error";
    CHECK(message_of<value_error>([&] { pairwise_cosine(rows, rows, {}, {keep}); }) == "pairwise_cosine" + kept);
    CHECK(message_of<value_error>([&] { pairwise_cosine(rows, rows, {}, {none, keep}); }) == "pairwise_cosine" + kept);
    CHECK(message_of<value_error>([&] { siglip_logits(rows, rows, policy_scale, 0.0f, {}, {keep}); }) ==
          "siglip_logits" + kept);
    CHECK(message_of<value_error>([&] {
              siglip_logits(rows, rows, policy_scale, 0.0f, {}, {none, keep});
          }) == "siglip_logits" + kept);
}

}  // namespace tests
