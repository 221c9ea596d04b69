#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include <unitsphere/gallery.hpp>
#include <unitsphere/normalize.hpp>
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
template <class Score>
idx_t wrong_places(const neighbours& found, const matrix<Score>& scores, idx_t k) {
    idx_t wrong = 0;
    for (idx_t i = 0; i < scores.rows(); ++i) {
        std::vector<idx_t> order;
        for (idx_t j = 0; j < scores.dim(); ++j)
            if (!reference::is_nan(scores(i, j))) order.push_back(j);
        std::stable_sort(order.begin(), order.end(), [&](idx_t a, idx_t b) { return scores(i, a) > scores(i, b); });
        for (idx_t j = 0; j < k; ++j) {
            const bool filled = j < idx_t(order.size());
            const idx_t expected = filled ? order[std::size_t(j)] : -1;
            const float score = filled ? float(scores(i, expected)) : -std::numeric_limits<float>::infinity();
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

TEST_CASE("searches take rows, rows or a gallery, and a number", "[search]") {
    STATIC_REQUIRE(takes<top_k_call, rows_type, gallery, int>);
    STATIC_REQUIRE(takes<top_k_call, matrix<float16>, rows_type, int, sequential, top_k_options>);
    STATIC_REQUIRE(takes<top_k_call, gallery, gallery, int>);
    STATIC_REQUIRE_FALSE(takes<top_k_call, matrix<int>, rows_type, int>);
    STATIC_REQUIRE_FALSE(takes<top_k_call, rows_type, rows_type>);
    STATIC_REQUIRE_FALSE(takes<top_k_call, rows_type, rows_type, float>);
    STATIC_REQUIRE_FALSE(takes<top_k_call, rows_type, rows_type, sequential>);
    STATIC_REQUIRE(takes<range_search_call, rows_type, gallery, float>);
    STATIC_REQUIRE_FALSE(takes<range_search_call, rows_type, gallery>);
    STATIC_REQUIRE_FALSE(takes<range_search_call, rows_type, gallery, range_search_options>);
    STATIC_REQUIRE(takes<near_duplicates_call, rows_type, double>);
    STATIC_REQUIRE_FALSE(takes<near_duplicates_call, rows_type>);
    STATIC_REQUIRE(takes<near_duplicates_call, gallery, float>);
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

TEMPLATE_TEST_CASE("rescored, top_k is the head of a stable sort of all cosines in double", "[search]", float, double,
                   float16) {
    const idx_t q = GENERATE(1, 13, 32, 70), g = GENERATE(9, 33, 300), k = GENERATE(1, 16, 305), dim = 65;
    CAPTURE(q, g, k);
    const auto queries = near_twins<TestType>(q, dim, 93), rows = near_twins<TestType>(g, dim, 93);
    const matrix<double> cosines = exact_cosines(queries, rows);
    for (idx_t i = 0; i < q; ++i) REQUIRE_FALSE(is_undecided(row_of(cosines, i)));
    const idx_t columns = std::min(k, g);
    CHECK((g < 300 || q < 13 || wrong_places(top_k(queries, rows, k), cosines, columns) > 0));
    team threads(3);
    for (const execution& how : {execution(), execution(in_reverse), execution(threads)})
        CHECK(wrong_places(top_k(queries, rows, k, how, {{}, {}, true}), cosines, columns) == 0);
}

TEST_CASE("rescored, the rows of unit_embeddings and of a gallery are compared as they are", "[search]") {
    const auto raw = near_twins<float>(300, 65, 94), others = near_twins<float>(70, 65, 94);
    const unit_embeddings<float> unit = normalize(raw);
    matrix<float> stored(300, 65), long_rows = stored;
    for (idx_t n = 0; n < 300 * 65; ++n) stored.data()[n] = unit.data()[n];
    const auto check = [&](const matrix<float>& rows, const auto& gallery_rows) {
        const matrix<double> cosines = exact_cosines(others, rows);
        const neighbours found = top_k(others, gallery_rows, 20, {}, {{}, {}, true});
        idx_t wrong = 0;
        for (idx_t i = 0; i < 70; ++i) {
            const std::vector<double> row = row_of(cosines, i);
            std::vector<double> best = row;
            std::sort(best.begin(), best.end(), std::greater<double>());
            for (idx_t n = 0; n < 20; ++n)
                wrong += !(std::fabs(row[std::size_t(found.indices(i, n))] - best[std::size_t(n)]) < 1e-14);
        }
        CHECK(wrong == 0);
    };
    check(stored, unit);
    check(stored, gallery(raw));
    for (const float deviation : {9e-5f, 0.05f}) {  // adopted rows of other lengths
        for (idx_t i = 0; i < 300; ++i)
            for (idx_t k = 0; k < 65; ++k) long_rows(i, k) = unit(i, k) * (1.0f + deviation * float(i % 3 - 1));
        gallery kept;
        kept = gallery(adopt_unit(long_rows, {0.1}));
        check(long_rows, adopt_unit(long_rows, {0.1}));
        check(long_rows, kept);
    }
}

TEST_CASE("rescored, a row is its own first neighbour before its near twins, however many tie", "[search]") {
    const float twins[] = {7.007f, 42, 28, 1, 6, 4}, itself[] = {1, 6, 4};
    const matrix_view<const float> rows(twins, 2, 3), query(itself, 1, 3);
    CHECK(top_k(query, rows, 2).indices(0, 0) == 0);  // 0.99999994 before 0.9999998
    CHECK(top_k(query, rows, 2, {}, {{}, {}, true}).indices(0, 0) == 1);
    CHECK(top_k(query, gallery(rows), 2, {}, {{}, {}, true}).indices(0, 0) == 1);

    const idx_t g = 5000, dim = 100;
    matrix<float> many(g, dim), ones(1, dim);
    std::fill(many.data(), many.data() + g * dim, 1.0f);
    std::fill(ones.data(), ones.data() + dim, 1.0f);
    for (idx_t i = 0; i < g; ++i)
        if (i != 3001 && i != 4002) many(i, i % 3) = 1.0f + 1e-3f;  // all within 1e-8 of 1
    team threads(3);
    for (const execution& how : {execution(), execution(in_reverse), execution(threads)}) {
        const neighbours found = top_k(ones, many, 4, how, {{}, {}, true});
        CHECK(row_of(found.indices, 0) == std::vector<idx_t>{3001, 4002, 0, 1});
        CHECK(found.scores(0, 0) == 1.0f);
    }
}

TEST_CASE("rescored, rows of double have the same neighbours at every length", "[search]") {
    const auto rows = near_twins<double>(60, 33, 97);
    const neighbours expected = top_k(rows, rows, 9, {}, {{}, {}, true});
    for (const double power : {0x1p1000, 0x1p500, 0x1p-500, 0x1p-960}) {
        matrix<double> scaled_rows = rows;
        for (idx_t n = 0; n < 60 * 33; ++n) scaled_rows.data()[n] *= power;
        const neighbours found = top_k(rows, scaled_rows, 9, {}, {{}, {}, true});
        CHECK(first_difference(found.indices.view(), expected.indices.view()) == "");
        CHECK(first_difference(found.scores.view(), expected.scores.view()) == "");
    }
}

TEST_CASE("rescored, rows without a direction are what their policy makes of them", "[search]") {
    const auto rows = rows_with_ties<float>(20, 33, 96);
    row_report seen;
    const top_k_options keep{{}, {on_row::keep, on_row::nan, &seen}, true}, leave_out{{}, {on_row::nan}, true};
    const matrix<float> scores = cosine_similarity(rows, rows);
    const neighbours kept = top_k(rows, rows, 20, {}, keep), left_out = top_k(normalize(rows), rows, 20, {}, leave_out);
    CHECK(seen.zero_rows + seen.non_finite_rows > 1);
    for (idx_t i = 0; i < 20; ++i) {
        CHECK(kept[i].size() == (reference::is_nan(scores(i, 0)) ? 0 : 20 - seen.non_finite_rows));
        for (const auto [row, score] : left_out[i]) CHECK(reference::norm(rows.row(row), 33) > 0);
    }
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
