#include <algorithm>
#include <limits>
#include <set>
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

/// How many places differ from a stable sort of each row of scores.
idx_t wrong_places(const neighbours& found, const matrix<float>& scores, idx_t k) {
    idx_t wrong = 0;
    for (idx_t i = 0; i < scores.rows(); ++i) {
        std::vector<idx_t> order;
        for (idx_t j = 0; j < scores.dim(); ++j)
            if (!reference::is_nan(scores(i, j))) order.push_back(j);
        std::stable_sort(order.begin(), order.end(), [&](idx_t a, idx_t b) { return scores(i, a) > scores(i, b); });
        for (idx_t j = 0; j < k; ++j) {
            const bool filled = j < idx_t(order.size());
            const idx_t expected = filled ? order[std::size_t(j)] : -1;
            const float score = filled ? scores(i, expected) : -std::numeric_limits<float>::infinity();
            wrong += found.indices(i, j) != expected || reference::bits(found.scores(i, j)) != reference::bits(score);
        }
    }
    return wrong;
}

struct top_k_call {
    template <class... Arguments>
    auto operator()(const Arguments&... arguments) const -> decltype(top_k(arguments...));
};
struct range_search_call {
    template <class... Arguments>
    auto operator()(const Arguments&... arguments) const -> decltype(range_search(arguments...));
};
struct near_duplicates_call {
    template <class... Arguments>
    auto operator()(const Arguments&... arguments) const -> decltype(near_duplicates(arguments...));
};
template <class Call, class... Arguments>
constexpr bool takes = std::is_invocable_v<Call, Arguments...>;
using rows_type = matrix<float>;

}  // namespace

TEST_CASE("searches take rows, a gallery to be searched, and a parameter that is a number", "[search]") {
    STATIC_REQUIRE(takes<top_k_call, rows_type, gallery, int>);
    STATIC_REQUIRE(takes<top_k_call, matrix<float16>, rows_type, int, sequential, top_k_options>);
    STATIC_REQUIRE_FALSE(takes<top_k_call, gallery, rows_type, int>);
    STATIC_REQUIRE_FALSE(takes<top_k_call, matrix<int>, rows_type, int>);
    STATIC_REQUIRE_FALSE(takes<top_k_call, rows_type, rows_type>);
    STATIC_REQUIRE_FALSE(takes<top_k_call, rows_type, rows_type, float>);
    STATIC_REQUIRE_FALSE(takes<top_k_call, rows_type, rows_type, sequential>);
    STATIC_REQUIRE(takes<range_search_call, rows_type, gallery, float>);
    STATIC_REQUIRE_FALSE(takes<range_search_call, rows_type, gallery>);
    STATIC_REQUIRE_FALSE(takes<range_search_call, rows_type, gallery, range_search_options>);
    STATIC_REQUIRE(takes<near_duplicates_call, rows_type, double>);
    STATIC_REQUIRE_FALSE(takes<near_duplicates_call, rows_type>);
    STATIC_REQUIRE_FALSE(takes<near_duplicates_call, gallery, float>);
    STATIC_REQUIRE(std::is_constructible_v<gallery, matrix<std::int8_t>, sequential>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<gallery, matrix<int>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<rows_type, gallery>);
}

TEST_CASE("top_k is the head of a stable sort of all scores, for raw rows and galleries", "[search]") {
    const idx_t q = GENERATE(0, 1, 13, 15, 32, 129), g = GENERATE(0, 1, 31, 33, 300), dim = GENERATE(17, 129);
    const idx_t k = GENERATE(0, 1, 16, 17, 305);
    CAPTURE(q, g, dim, k);
    const auto queries = rows_with_ties<float>(q, dim, 81), rows = rows_with_ties<float>(g, dim, 82);
    const auto scores = cosine_similarity(queries, rows);
    const idx_t columns = std::min(k, g);
    const neighbours of_rows = top_k(queries, rows, k), of_gallery = top_k(queries, gallery(rows), k);
    REQUIRE(of_rows.indices.dim() == columns);
    CHECK(wrong_places(of_rows, scores, columns) == 0);
    CHECK(wrong_places(of_gallery, scores, columns) == 0);
    const auto backwards = [](idx_t count, const auto& body) {
        for (idx_t i = count - 1; i >= 0; --i) body(i);
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
    matrix<idx_t> indices(2, 6);
    matrix<float> scores(2, 6);
    CHECK(message_of<shape_error>([&] { top_k_into(queries, rows, indices, scores); }) ==
          "top_k: 6 neighbours of 5 gallery rows");
    matrix<idx_t> few(2, 3);
    CHECK_THROWS_AS(top_k_into(queries, rows, few, matrix_view<float>(scores.data(), 2, 4, 6)), shape_error);
}

TEST_CASE("the neighbours of each query iterate without unfilled places", "[search]") {
    auto queries = rows_with_ties<float>(12, 20, 91), rows = rows_with_ties<float>(30, 20, 92);
    const neighbours found = top_k(queries, rows, 30);  // one row of the gallery is not finite, and so is query 9
    REQUIRE(found.queries() == 12);
    idx_t query = 0;
    for (const hit_list& hits : found) {
        CHECK(hits.size() == (query == 9 ? 0 : 29));
        CHECK(hits.empty() == (query == 9));
        idx_t place = 0;
        for (auto [row, score] : found[query]) {
            CHECK(row == found.indices(query, place));
            CHECK(hits[place].row == row);
            CHECK(reference::bits(score) == reference::bits(found.scores(query, place++)));
        }
        CHECK(place == hits.size());
        ++query;
    }
    CHECK(query == 12);
    CHECK(top_k(queries, rows, 0)[3].empty());
}

}  // namespace tests
