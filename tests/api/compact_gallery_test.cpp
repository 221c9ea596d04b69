#include <algorithm>
#include <cmath>
#include <vector>

#include <unitsphere/compact_gallery.hpp>
#include <unitsphere/gallery.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/rescored_search.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "troubled_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// What a compact gallery is to hold: unit rows, each element rounded from a double by the oracle.
template <class S>
matrix<S> stored_rows(matrix_view<const float> rows) {
    const auto unit = normalize(rows);
    matrix<S> stored(rows.rows(), rows.dim());
    for (idx_t i = 0; i < rows.rows(); ++i)
        for (idx_t k = 0; k < rows.dim(); ++k)
            if (reference::is_nan(unit(i, k)))
                make_special(stored(i, k), true);
            else if constexpr (std::is_same_v<S, float16>)
                stored(i, k) = float16::from_bits(reference::half_bits(double(unit(i, k))));
            else
                stored(i, k) = bfloat16::from_bits(reference::bfloat16_bits(double(unit(i, k))));
    return stored;
}

/// The rows, put in some at a time.
template <class S>
compact_gallery<S> in_pieces(const matrix<float>& rows, idx_t step) {
    compact_gallery<S> result;
    for (idx_t first = 0, count = 1; first < rows.rows(); first += count, count = count * step % 37 + 1) {
        count = std::min(count, rows.rows() - first);
        result.append(part(rows, first, count));
    }
    return result;
}

/// Every question that takes a gallery, with the bits that the stored rows give as raw rows.
template <class S>
void check_questions(const matrix<float>& queries, const compact_gallery<S>& packed, const matrix<S>& stored,
                     const execution& how) {
    const idx_t k = std::min<idx_t>(3, stored.rows());
    CHECK(first_difference(cosine_similarity(queries, packed, how), cosine_similarity(queries, stored)) == "");
    for (const bool rescore : {false, true}) {
        const auto found = top_k(queries, packed, k, how, {{}, {}, rescore});
        const auto expected = top_k(queries, stored, k, {}, {{}, {}, rescore});
        CHECK(first_difference(found.indices, expected.indices) == "");
        CHECK(first_difference(found.scores, expected.scores) == "");
    }
    const auto found = range_search(queries, packed, 0.05f, how), expected = range_search(queries, stored, 0.05f);
    CHECK(first_difference(found.indices, expected.indices) == "");
    CHECK(first_difference(found.scores, expected.scores) == "");
    const auto scale = logit_scale::from_multiplier(10.0f);
    CHECK(first_difference(clip_logits(queries, packed, scale, how).per_image,
                           clip_logits(queries, stored, scale).per_image) == "");
}

}  // namespace

TEMPLATE_TEST_CASE("a compact gallery scores the rounded unit rows, to the bit", "[compact_gallery]", float16,
                   bfloat16) {
    const idx_t n = GENERATE(1, 16, 17, 33, 100);
    const std::vector<idx_t> dims = n == 100 ? std::vector<idx_t>{7, 64, 130, 512} : std::vector<idx_t>{1, 5, 70};
    for (const idx_t dim : dims)
        for (const idx_t q : {1, 4, 5, 31}) {
            CAPTURE(n, dim, q);
            const auto rows = varied_rows<float>(n, dim, 71), queries = random_rows<float>(q, dim, 72);
            const auto stored = stored_rows<TestType>(rows);
            const auto grown = in_pieces<TestType>(rows, 5);
            CHECK(first_difference(grown.unit_rows(), normalize(stored)) == "");
            check_questions(queries, grown, stored, {});
            check_questions(queries, compact_gallery<TestType>(rows, on_threads{3}), stored, on_threads{3});
        }
}

TEMPLATE_TEST_CASE("a compact gallery is right for every dim", "[compact_gallery]", float16, bfloat16) {
    for (idx_t dim = 1; dim <= 70; ++dim) {
        CAPTURE(dim);
        const auto rows = random_rows<float>(49, dim, 73), queries = random_rows<float>(3, dim, 74);
        const compact_gallery<TestType> packed(rows);
        const auto expected = cosine_similarity(queries, stored_rows<TestType>(rows));
        CHECK(first_difference(cosine_similarity(queries, packed), expected) == "");
        CHECK(packed.bytes() == 64 * (2 * dim + 4));
    }
}

TEMPLATE_TEST_CASE("every kind of row takes its storage's nearest numbers", "[compact_gallery]", float16, bfloat16) {
    const idx_t dim = 300;  // elements of 2^-25 and below are zero or subnormal as float16
    auto rows = random_rows<float>(32, dim, 75);
    for (idx_t i = 0; i < rows.rows(); ++i)
        for (idx_t k = 0; k < dim; ++k) rows(i, k) *= k % 7 == 0 ? 1.0f : k % 7 == 1 ? 0x1p-24f : 0x1p-14f;
    const compact_gallery<TestType> packed(rows);
    CHECK(first_difference(packed.unit_rows(), normalize(stored_rows<TestType>(rows))) == "");
    matrix<double> wide(2, 3);
    wide(0, 0) = 1e300, wide(0, 1) = 1e290, wide(1, 1) = -1e-310;
    const auto unit = normalize(wide);
    const auto stored = stored_rows<TestType>(unit.values());
    CHECK(first_difference(compact_gallery<TestType>(wide).unit_rows(), normalize(stored)) == "");
}

TEMPLATE_TEST_CASE("a row that was adopted as unit and is not saturates", "[compact_gallery]", float16, bfloat16) {
    matrix<float> rows(2, 2);
    rows(0, 0) = largest_float, rows(0, 1) = 1.0f, rows(1, 0) = -1e-37f, rows(1, 1) = 1e-37f;
    adopt_unit_options any;
    any.tolerance = 1e39;
    const compact_gallery<TestType> packed(adopt_unit(rows, any));
    CHECK(packed.unit_rows(0, 1)(0, 0) == 1.0f);
    const bool is_zero = std::is_same_v<TestType, float16>;
    CHECK(packed.unit_rows(1, 1)(0, 1) == (is_zero ? 0.0f : 0.70710678f));
}

TEMPLATE_TEST_CASE("rows without a direction are in a compact gallery as everywhere", "[compact_gallery]", float16,
                   bfloat16) {
    const auto rows = troubled_rows<float>(21), queries = troubled_rows<float>(21);
    const compact_gallery<TestType> packed(rows);
    CHECK(same(packed.report(), trouble));
    const auto scores = cosine_similarity(queries, packed);
    CHECK(first_difference(scores, cosine_similarity(queries, stored_rows<TestType>(rows))) == "");
    for (idx_t j = 0; j < 8; ++j) {
        CHECK((scores(0, j) == 0.0f) == is_zero_row(j));
        CHECK(std::isnan(scores(0, j)) == is_bad_row(j));
    }
    row_policy strict;
    strict.zero_rows = on_row::error;
    compact_gallery<TestType> refuses;
    CHECK(message_of<value_error>([&] { refuses.append(rows, {}, {strict}); }) == "compact_gallery: row 1 is zero");
    CHECK(refuses.rows() == 0);
    strict.zero_rows = on_row::nan;
    refuses.append(rows, {}, {strict});
    CHECK(std::isnan(cosine_similarity(queries, refuses)(0, 1)));
    CHECK(message_of<shape_error>([&] { refuses.append(random_rows<float>(1, 22, 75)); }) ==
          "compact_gallery: rows have dim 22, the gallery has dim 21");
    CHECK(message_of<shape_error>([&] { refuses.unit_rows(5, 4); }) ==
          "compact_gallery::unit_rows: 4 rows from 5 on, of 8");
    const compact_gallery<TestType> no_elements{matrix<float>(20, 0)};
    CHECK(no_elements.dim() == 0);
    CHECK(cosine_similarity(matrix<float>(2, 0), no_elements)(1, 19) == 0.0f);
}

namespace {

/// The k best by `exact` of the `count` best by `rough` of one query, by sorting pairs: score descending, then index.
std::vector<idx_t> best_of_candidates(const float* rough, const float* exact, idx_t g, idx_t count, idx_t k) {
    std::vector<idx_t> order;
    for (idx_t j = 0; j < g; ++j)
        if (!std::isnan(rough[j])) order.push_back(j);
    const auto by = [&](const float* scores) {
        std::stable_sort(order.begin(), order.end(),
                         [=](idx_t a, idx_t b) { return scores[a] > scores[b] || (scores[a] == scores[b] && a < b); });
    };
    by(rough);
    order.resize(std::size_t(std::min<idx_t>(count, idx_t(order.size()))));
    order.erase(std::remove_if(order.begin(), order.end(), [=](idx_t j) { return std::isnan(exact[j]); }), order.end());
    by(exact);
    order.resize(std::size_t(k), -1);
    return order;
}

template <class Gallery, class Rows>
void check_rescored(const matrix<float>& queries, const Gallery& gallery, const Rows& rows, idx_t k, idx_t factor,
                    const execution& how) {
    const auto rough = cosine_similarity(queries, gallery), exact = cosine_similarity(queries, rows);
    const auto found = top_k_rescored(queries, gallery, rows, k, factor, how);
    for (idx_t i = 0; i < queries.rows(); ++i) {
        const auto expected = best_of_candidates(rough.row(i), exact.row(i), exact.dim(), factor * k, k);
        for (idx_t n = 0; n < k; ++n) {
            const idx_t row = expected[std::size_t(n)];
            CHECK(found.indices(i, n) == row);
            CHECK(reference::bits(found.scores(i, n)) == reference::bits(row < 0 ? -infinity : exact(i, row)));
        }
    }
}

}  // namespace

TEST_CASE("top_k_rescored orders a compact gallery's candidates by the scores of the rows", "[compact_gallery]") {
    const idx_t q = GENERATE(1, 9, 60), factor = GENERATE(1, 2, 100);
    CAPTURE(q, factor);
    auto rows = random_rows<float>(150, 40, 81);
    for (idx_t i = 0; i < 150; i += 3)  // near twins: what 8 bits cannot tell apart
        for (idx_t k = 0; k < 40; ++k) rows(i, k) = rows(0, k) + 0.003f * rows(i, k);
    std::copy(rows.row(3), rows.row(4), rows.row(141));  // equal rows: a tie
    rows(6, 2) = infinity;
    const auto queries = random_rows<float>(q, 40, 82);
    const compact_gallery<bfloat16> compact(rows);
    check_rescored(queries, compact, rows, 5, factor, {});
    check_rescored(queries, compact, rows, 5, factor, on_threads{3});
    check_rescored(queries, compact, gallery(rows), 5, factor, {});
    check_rescored(queries, compact, normalize(rows), 5, factor, {});
    const auto whole = top_k(queries, rows, 5), all = top_k_rescored(queries, compact, rows, 5, 30);
    CHECK(first_difference(all.indices, whole.indices) == "");
    CHECK(first_difference(all.scores, whole.scores) == "");
}

TEST_CASE("a first pass may take the first elements alone, normalized again", "[compact_gallery]") {
    const idx_t q = GENERATE(1, 40), g = 200, dim = 48, first = GENERATE(2, 20, 48), k = 4, candidates = 12;
    CAPTURE(q, first);
    auto rows = random_rows<float>(g, dim, 84);
    const auto queries = random_rows<float>(q, dim, 85);
    for (idx_t i = 0; i < g; ++i)
        for (idx_t n = 0; n < dim; ++n) rows(i, n) /= float(n / 8 + 1);  // the first elements say most
    const gallery short_rows(matrix_view<const float>(rows.data(), g, first, dim));
    top_k_rescored_options options;
    options.truncate_dim = first;
    const neighbours found = top_k_rescored(queries, short_rows, rows, k, candidates / k, on_threads{3}, options),
                     of_units = top_k_rescored(normalize(queries), short_rows, rows, k, candidates / k, {}, options);
    CHECK(first_difference(found.indices, of_units.indices) == "");
    for (idx_t i = 0; i < q; ++i) {  // in double: the best by the first elements, then the best of these by all
        const auto cosine = [&](idx_t j, idx_t count) {
            return double(reference::cosine(queries.row(i), rows.row(j), count));
        };
        std::vector<idx_t> order;
        for (idx_t j = 0; j < g; ++j) order.push_back(j);
        const auto sort_by = [&](idx_t count) {
            std::sort(order.begin(), order.end(),
                      [&](idx_t a, idx_t b) { return cosine(a, count) > cosine(b, count); });
        };
        sort_by(first);
        if (cosine(order[candidates - 1], first) - cosine(order[candidates], first) < 1e-6) continue;  // a near tie
        order.resize(candidates);
        sort_by(dim);
        for (idx_t n = 0; n < k; ++n) {
            CHECK(found.indices(i, n) == order[std::size_t(n)]);
            CHECK(std::fabs(double(found.scores(i, n)) - cosine(found.indices(i, n), dim)) < 1e-6);
        }
    }
}

TEST_CASE("top_k_rescored refuses what does not fit, before it writes", "[compact_gallery]") {
    const auto rows = troubled_rows<float>(12), queries = random_rows<float>(2, 12, 83);
    const compact_gallery<float16> compact(rows);
    const auto message = [&](const auto& query, const auto& row, idx_t k, idx_t factor) {
        return message_of<std::invalid_argument>([&] { top_k_rescored(query, compact, row, k, factor); });
    };
    CHECK(message(queries, rows, 2, 0) == "top_k_rescored: factor is 0, it must be at least 1");
    CHECK(message(queries, rows, -1, 1) == "top_k_rescored: k is -1, it must not be negative");
    CHECK(message(random_rows<float>(2, 13, 1), rows, 2, 1) ==
          "top_k_rescored: queries have dim 13, gallery has dim 12");
    CHECK(message(queries, random_rows<float>(8, 13, 1), 2, 1) ==
          "top_k_rescored: gallery has dim 12, rows have dim 13");
    CHECK(message(queries, random_rows<float>(7, 12, 1), 2, 1) == "top_k_rescored: gallery has 8 rows, rows has 7");
    CHECK(top_k_rescored(queries, compact, rows, 100, PTRDIFF_MAX).indices.dim() == 8);
    CHECK(top_k_rescored(queries, compact, rows, 0, 1).indices.dim() == 0);

    matrix<idx_t> indices(2, 9);
    auto scores = untouched(2, 9);
    const auto into = [&](auto&& best, auto&& cosines) {
        return message_of<shape_error>([&] { top_k_rescored_into(queries, compact, rows, 1, best, cosines); });
    };
    CHECK(into(indices, scores) == "top_k_rescored: 9 neighbours of 8 gallery rows");
    CHECK(first_difference(scores, untouched(2, 9)) == "");
    matrix<idx_t> two(2, 2);
    matrix<float> own(8, 12);
    CHECK(message_of<shape_error>([&] {
              top_k_rescored_into(queries, compact, own, 1, two, matrix_view<float>(own.row(3), 2, 2, 12));
          }) == "top_k_rescored: scores overlaps rows");
    top_k_rescored_options cut;
    const auto cut_to = [&](idx_t dim, const auto& query, const auto& row) {
        cut.truncate_dim = dim;
        return message_of<std::invalid_argument>([&] { top_k_rescored(query, compact, row, 1, 1, {}, cut); });
    };
    const auto longer = random_rows<float>(8, 20, 1);
    CHECK(cut_to(12, longer, longer) == "(no exception)");
    CHECK(cut_to(10, longer, longer) == "top_k_rescored: gallery has dim 12, truncate_dim is 10");
    CHECK(cut_to(21, longer, longer) == "top_k_rescored: truncate_dim is 21, the rows have dim 20");
    CHECK(cut_to(-1, longer, longer) == "top_k_rescored: truncate_dim is -1, the rows have dim 20");
    CHECK(cut_to(12, queries, longer) == "top_k_rescored: queries have dim 12, rows have dim 20");
    row_policy strict;
    strict.non_finite = on_row::error;
    CHECK_THROWS_AS(top_k_rescored(rows, compact, rows, 2, 2, {}, {strict}), value_error);
    const auto found = top_k_rescored(rows, compact, rows, 8, 1);
    CHECK(found.indices(2, 0) == -1);  // a query with NaN
    CHECK(found.indices(0, 4) != -1);
    CHECK(found.indices(0, 5) == -1);  // five of the eight rows are finite
}

}  // namespace tests
