#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include <unitsphere/gallery.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "ranked.hpp"

namespace tests {

using namespace unitsphere;

namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// Row and bits of the score, for each query.
using hit_table = std::vector<std::vector<std::pair<idx_t, std::uint32_t>>>;

/// A stable sort of each row of scores, cut to the range and to the best `most`.
hit_table expected_hits(const matrix<float>& scores, float threshold, float upper_bound, idx_t most) {
    hit_table result;
    for (idx_t i = 0; i < scores.rows(); ++i) {
        std::vector<idx_t> order;
        for (idx_t j = 0; j < scores.columns(); ++j)
            if (!reference::is_nan(scores(i, j)) && scores(i, j) >= threshold && scores(i, j) < upper_bound)
                order.push_back(j);
        std::stable_sort(order.begin(), order.end(), [&](idx_t a, idx_t b) { return scores(i, a) > scores(i, b); });
        if (idx_t(order.size()) > most) order.resize(std::size_t(most));
        result.emplace_back();
        for (const idx_t j : order) result.back().emplace_back(j, reference::bits(scores(i, j)));
    }
    return result;
}

hit_table hits_of(const range_result& found) {
    hit_table result;
    for (const hit_list& hits : found) {
        result.emplace_back();
        for (auto [row, score] : hits) result.back().emplace_back(row, reference::bits(score));
    }
    return result;
}

range_search_options bounded(float upper_bound, idx_t most) {
    range_search_options options;
    options.upper_bound = upper_bound, options.max_per_query = most;
    return options;
}

/// Rows around two directions: many scores are high, many are equal.
matrix<float> alike_rows(idx_t rows, idx_t dim, std::uint64_t seed) {
    const auto centres = random_rows<float>(2, dim, 181);
    auto result = rows_with_ties<float>(rows, dim, seed);
    for (idx_t i = 0; i < rows; ++i)
        if (i != 4)
            for (idx_t k = 0; k < dim; ++k) result(i, k) = 0.5f * result(i, k) + centres(i % 7 == 0 ? 1 : 0, k);
    return result;
}

}  // namespace

TEST_CASE("range_search is the part of a stable sort of all scores that is in range", "[range_search]") {
    const idx_t q = GENERATE(0, 1, 14, 40), g = GENERATE(0, 1, 33, 300);
    const float threshold = GENERATE(as<float>{}, -infinity, -1.0f, 0.0f, 0.1f, 1.0f, infinity);
    const float upper_bound = GENERATE(as<float>{}, infinity, 0.3f);
    const idx_t most = GENERATE(as<idx_t>{}, PTRDIFF_MAX, 0, 1, 7);
    CAPTURE(q, g, threshold, upper_bound, most);
    const auto queries = rows_with_ties<float>(q, 20, 88), rows = rows_with_ties<float>(g, 20, 89);
    const hit_table expected = expected_hits(cosine_similarity(queries, rows), threshold, upper_bound, most);
    const range_search_options options = bounded(upper_bound, most);
    const range_result found = range_search(queries, rows, threshold, {}, options);
    CHECK(found.queries() == q);
    CHECK(idx_t(found.offsets.size()) == q + 1);
    CHECK(found.indices.size() == found.scores.size());
    CHECK(hits_of(found) == expected);
    CHECK(hits_of(range_search(queries, gallery(rows), threshold, {}, options)) == expected);
    CHECK(hits_of(range_search(queries, rows, threshold, in_reverse, options)) == expected);
    CHECK(hits_of(range_search(queries, gallery(rows), threshold, on_threads{3}, options)) == expected);
}

TEST_CASE("range_search gives the same hits for every split, with more pairs than a buffer first holds",
          "[range_search]") {
    const auto queries = alike_rows(150, 40, 182), rows = alike_rows(900, 40, 183);
    const idx_t most = GENERATE(as<idx_t>{}, PTRDIFF_MAX, 1, 5, 400);
    const matrix<float> scores = cosine_similarity(queries, rows);
    const hit_table expected = expected_hits(scores, 0.6f, infinity, most);
    REQUIRE(expected_hits(scores, 0.6f, infinity, 900)[1].size() > 400);
    const gallery packed(rows);
    for (const int threads : {1, 2, 3, 7}) {
        CAPTURE(threads, most);
        CHECK(hits_of(range_search(queries, rows, 0.6f, on_threads{threads}, bounded(infinity, most))) == expected);
        CHECK(hits_of(range_search(queries, packed, 0.6f, on_threads{threads}, bounded(infinity, most))) == expected);
    }
}

TEST_CASE("more queries than are packed at once are searched in range all the same", "[range_search]") {
    auto queries = rows_with_ties<float>(300, 4096, 184);  // 256 at once
    const auto rows = rows_with_ties<float>(70, 4096, 185);
    std::copy(rows.row(69), rows.row(69) + 4096, queries.row(299));
    const hit_table expected = expected_hits(cosine_similarity(queries, rows), 0.02f, infinity, 3);
    REQUIRE(expected[299].size() == 3);
    CHECK(hits_of(range_search(queries, rows, 0.02f, {}, bounded(infinity, 3))) == expected);
    CHECK(hits_of(range_search(queries, rows, 0.02f, on_threads{4}, bounded(infinity, 3))) == expected);
}

TEST_CASE("a range includes its threshold and excludes its upper bound", "[range_search]") {
    const auto rows = random_rows<float>(40, 20, 186);
    const matrix<float> scores = cosine_similarity(rows, rows);
    const float tie = scores(3, 17);
    const float above = std::nextafter(tie, infinity);
    const auto finds = [&](const range_result& found) {
        return std::any_of(found[3].begin(), found[3].end(), [](const hit& one) { return one.row == 17; });
    };
    CHECK(finds(range_search(rows, rows, tie)));
    CHECK_FALSE(finds(range_search(rows, rows, above)));
    CHECK(finds(range_search(rows, rows, -1.0f, {}, bounded(above, 40))));
    CHECK_FALSE(finds(range_search(rows, rows, -1.0f, {}, bounded(tie, 40))));
    const auto below = range_search(rows, rows, -1.0f, {}, bounded(tie, 40)), from = range_search(rows, rows, tie);
    CHECK(below.indices.size() + from.indices.size() == 40 * 40);  // adjoining ranges: every pair once
    CHECK(range_search(rows, rows, tie, {}, bounded(tie, 40)).indices.empty());
}

TEST_CASE("range_search applies the policies of both sides and reports their rows", "[range_search]") {
    const auto queries = random_rows<float>(6, 20, 187), rows = rows_with_ties<float>(12, 20, 188);
    row_report report;
    range_search(queries, rows, 0.5f, {}, {{}, {on_row::keep, on_row::nan, &report}});
    CHECK((report.zero_rows == 1 && report.first_zero == 4 && report.non_finite_rows == 1));
    CHECK(message_of<value_error>([&] {
              range_search(queries, rows, 0.5f, {}, {{}, {on_row::error}});
          }) == "range_search: gallery row 4 is zero");
}

TEST_CASE("for_each_in_range calls found once for every pair in range", "[range_search]") {
    const float threshold = GENERATE(as<float>{}, -infinity, -1.0f, 0.0f, 0.1f, 1.0f, infinity);
    const float upper_bound = GENERATE(as<float>{}, infinity, 0.3f);
    const idx_t q = GENERATE(1, 14, 40), g = GENERATE(1, 33, 300);
    CAPTURE(threshold, upper_bound, q, g);
    const auto queries = rows_with_ties<float>(q, 20, 88), rows = rows_with_ties<float>(g, 20, 89);
    const auto scores = cosine_similarity(queries, rows);
    std::set<std::pair<idx_t, idx_t>> expected, found;
    for (idx_t i = 0; i < q; ++i)
        for (idx_t j = 0; j < g; ++j)
            if (!reference::is_nan(scores(i, j)) && scores(i, j) >= threshold && scores(i, j) < upper_bound)
                expected.emplace(i, j);
    idx_t calls = 0;
    const auto take = [&](idx_t i, idx_t j, float score) {
        ++calls;
        if (reference::bits(score) == reference::bits(scores(i, j))) found.emplace(i, j);
    };
    for_each_in_range_options options;
    options.upper_bound = upper_bound;
    for_each_in_range(queries, rows, threshold, take, {}, options);
    for_each_in_range(queries, gallery(rows), threshold, take, {}, options);
    CHECK(found == expected);
    CHECK(calls == 2 * idx_t(expected.size()));
}

TEST_CASE("what the callback of for_each_in_range throws reaches the caller", "[range_search]") {
    const auto rows = random_rows<float>(100, 20, 90);
    const auto refuse = [](idx_t, idx_t, float) { throw std::range_error("enough"); };
    for (const idx_t queries : {1, 8, 20, 100})  // each loop over tiles
        CHECK_THROWS_AS(for_each_in_range(matrix_view<const float>(rows.data(), queries, 20), rows, -1.0f, refuse),
                        std::range_error);
}

TEST_CASE("what the callback of for_each_in_range calls needs a workspace of its own", "[range_search]") {
    const auto rows = random_rows<float>(300, 20, 91);
    workspace space, other;
    idx_t calls = 0;
    const auto compare_in = [&](workspace& inner) {
        const auto compare = [&](idx_t, idx_t, float) { ++calls, cosine_similarity(rows, rows, inner); };
        for_each_in_range(rows, rows, 0.9f, compare, space);
    };
    for (int round = 0; round < 2; ++round)
        CHECK(message_of<value_error>([&] { compare_in(space); }) ==
              "cosine_similarity: the workspace is in use by for_each_in_range; calls inside each other or at the "
              "same time need one each");
    CHECK(calls == 2);
    compare_in(other);
    CHECK(calls == 302);
}

TEST_CASE("range searches refuse what does not fit, and name themselves", "[range_search]") {
    const auto rows = random_rows<float>(5, 8, 189), others = random_rows<float>(5, 9, 190);
    const auto ignore = [](idx_t, idx_t, float) {};
    CHECK(message_of<value_error>([&] { range_search(rows, rows, nan); }) == "range_search: the threshold is NaN");
    CHECK(message_of<value_error>([&] { for_each_in_range(rows, rows, nan, ignore); }) ==
          "for_each_in_range: the threshold is NaN");
    CHECK(message_of<value_error>([&] { range_search(rows, rows, 0.5f, {}, bounded(nan, 1)); }) ==
          "range_search: upper_bound is NaN");
    CHECK(message_of<value_error>([&] { range_search(rows, rows, 0.5f, {}, bounded(1.0f, -1)); }) ==
          "range_search: max_per_query is -1, it must not be negative");
    CHECK(message_of<shape_error>([&] { range_search(rows, others, 0.5f); }) ==
          "range_search: queries have dim 8, gallery has dim 9");
    CHECK(message_of<shape_error>([&] { for_each_in_range(rows, others, 0.5f, ignore); }) ==
          "for_each_in_range: queries have dim 8, gallery has dim 9");
}

}  // namespace tests
