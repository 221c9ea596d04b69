#include <algorithm>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include <unitsphere/search.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// Rows with twins, a zero row and one that is not finite.
matrix<float> rows_with_ties(index rows, index dim, std::uint64_t seed) {
    auto result = random_rows<float>(rows, dim, seed);
    for (index i = 3; i < rows; i += 3) std::copy(result.row(i / 2), result.row(i / 2) + dim, result.row(i));
    if (rows > 4) std::fill(result.row(4), result.row(4) + dim, 0.0f);
    if (rows > 9) result(9, 0) = std::numeric_limits<float>::quiet_NaN();
    return result;
}

/// How many places differ from a stable sort of each row of scores.
index wrong_places(const neighbours& found, const matrix<float>& scores, index k) {
    index wrong = 0;
    for (index i = 0; i < scores.rows(); ++i) {
        std::vector<index> order;
        for (index j = 0; j < scores.dim(); ++j)
            if (!reference::is_nan(scores(i, j))) order.push_back(j);
        std::stable_sort(order.begin(), order.end(), [&](index a, index b) { return scores(i, a) > scores(i, b); });
        for (index j = 0; j < k; ++j) {
            const bool filled = j < index(order.size());
            const index expected = filled ? order[std::size_t(j)] : -1;
            const float score = filled ? scores(i, expected) : -std::numeric_limits<float>::infinity();
            wrong += found.indices(i, j) != expected || reference::bits(found.scores(i, j)) != reference::bits(score);
        }
    }
    return wrong;
}

}  // namespace

TEST_CASE("top_k is the head of a stable sort of all scores, for raw rows and galleries", "[search]") {
    const index q = GENERATE(0, 1, 13, 15, 32, 129), g = GENERATE(0, 1, 31, 33, 300), dim = GENERATE(17, 129);
    const index k = GENERATE(0, 1, 16, 17, 305);
    CAPTURE(q, g, dim, k);
    const auto queries = rows_with_ties(q, dim, 81), rows = rows_with_ties(g, dim, 82);
    const auto scores = cosine_similarity(queries, rows);
    const index columns = std::min(k, g);
    const neighbours of_rows = top_k(queries, rows, k), of_gallery = top_k(queries, gallery(rows), k);
    REQUIRE(of_rows.indices.dim() == columns);
    CHECK(wrong_places(of_rows, scores, columns) == 0);
    CHECK(wrong_places(of_gallery, scores, columns) == 0);
    const auto backwards = [](index count, const auto& body) {
        for (index i = count - 1; i >= 0; --i) body(i);
    };
    CHECK(wrong_places(top_k(queries, rows, k, backwards), scores, columns) == 0);
    CHECK(wrong_places(top_k(queries, gallery(rows), k, backwards), scores, columns) == 0);
}

TEST_CASE("top_k takes rows of every type", "[search]") {
    const auto queries = random_rows<float16>(20, 40, 83);
    const auto rows = random_rows<std::int8_t>(200, 40, 84);
    CHECK(wrong_places(top_k(queries, gallery(rows), 7), cosine_similarity(queries, rows), 7) == 0);
    CHECK(wrong_places(top_k(queries, rows, 7), cosine_similarity(queries, rows), 7) == 0);
}

TEST_CASE("top_k refuses what does not fit, with both numbers", "[search]") {
    const auto queries = random_rows<float>(2, 8, 85), rows = random_rows<float>(5, 8, 86);
    CHECK(message_of<value_error>([&] { top_k(queries, rows, -1); }) == "top_k: k is -1, it must not be negative");
    CHECK(message_of<shape_error>([&] { top_k(queries, random_rows<float>(5, 9, 87), 1); }) ==
          "top_k: queries have dim 8, gallery has dim 9");
    matrix<index> indices(2, 6);
    matrix<float> scores(2, 6);
    CHECK(message_of<shape_error>([&] { top_k(queries, rows, indices, scores); }) ==
          "top_k: 6 neighbours of 5 gallery rows");
    matrix<index> few(2, 3);
    CHECK_THROWS_AS(top_k(queries, rows, few, matrix_view<float>(scores.data(), 2, 4, 6)), shape_error);
}

TEST_CASE("within reports every pair above the threshold once", "[search]") {
    const float infinity = std::numeric_limits<float>::infinity();
    const float threshold = GENERATE_COPY(-infinity, -1.0f, 0.0f, 0.1f, 1.0f, infinity);
    const index q = GENERATE(1, 14, 40), g = GENERATE(1, 33, 300);
    CAPTURE(threshold, q, g);
    const auto queries = rows_with_ties(q, 20, 88), rows = rows_with_ties(g, 20, 89);
    const auto scores = cosine_similarity(queries, rows);
    std::set<std::pair<index, index>> expected, found;
    for (index i = 0; i < q; ++i)
        for (index j = 0; j < g; ++j)
            if (!reference::is_nan(scores(i, j)) && scores(i, j) > threshold) expected.emplace(i, j);
    index calls = 0;
    const auto take = [&](index i, index j, float score) {
        ++calls;
        if (reference::bits(score) == reference::bits(scores(i, j))) found.emplace(i, j);
    };
    within(queries, rows, threshold, take);
    within(queries, gallery(rows), threshold, take);
    CHECK(found == expected);
    CHECK(calls == 2 * index(expected.size()));
}

TEST_CASE("what the callback of within throws reaches the caller", "[search]") {
    const auto rows = random_rows<float>(100, 20, 90);
    CHECK_THROWS_AS(within(rows, rows, 0.5f, [](index, index, float) { throw std::range_error("enough"); }),
                    std::range_error);
    CHECK_THROWS_AS(within(rows, rows, std::numeric_limits<float>::quiet_NaN(), [](index, index, float) {}),
                    value_error);
}

}  // namespace tests
