#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <tuple>
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

using is_allowed = std::function<bool(idx_t, idx_t)>;
using pair_list = std::vector<std::tuple<idx_t, idx_t, std::uint32_t>>;

/// Query, row and bits of the score of the pairs that are allowed and in range, best first, up to `most` of a query.
pair_list expected_pairs(const matrix<float>& scores, const is_allowed& allowed, float threshold, idx_t most) {
    pair_list result;
    for (idx_t i = 0; i < scores.rows(); ++i) {
        std::vector<idx_t> order;
        for (idx_t j = 0; j < scores.columns(); ++j)
            if (!reference::is_nan(scores(i, j)) && scores(i, j) >= threshold && allowed(i, j)) order.push_back(j);
        std::stable_sort(order.begin(), order.end(), [&](idx_t a, idx_t b) { return scores(i, a) > scores(i, b); });
        if (idx_t(order.size()) > most) order.resize(std::size_t(most));
        for (const idx_t j : order) result.emplace_back(i, j, reference::bits(scores(i, j)));
    }
    return result;
}

/// The same of a result; the places of neighbours that are not filled hold -1 and -Inf.
template <class Found>
pair_list pairs_of(const Found& found) {
    pair_list result;
    for (idx_t i = 0; i < found.queries(); ++i)
        for (auto [row, score] : found[i]) result.emplace_back(i, row, reference::bits(score));
    return result;
}
bool rest_is_empty(const neighbours& found) {
    bool empty = true;
    for (idx_t i = 0; i < found.queries(); ++i)
        for (idx_t n = found[i].size(); n < found.indices.columns(); ++n)
            empty = empty && found.indices(i, n) == -1 && found.scores(i, n) == -infinity;
    return empty;
}

/// Every search with one filter, against every pair and its score.
template <class Queries, class Rows>
void check_searches(const Queries& queries, const Rows& rows, const row_filter& filter, const is_allowed& allowed,
                    const execution& how) {
    const matrix<float> scores = cosine_similarity(queries, rows);
    for (const idx_t k : {1, 20}) {
        top_k_options options;
        options.filter = filter;
        const neighbours found = top_k(queries, rows, k, how, options);
        CHECK(pairs_of(found) == expected_pairs(scores, allowed, -infinity, k));
        CHECK(rest_is_empty(found));
    }
    range_search_options in_range;
    in_range.filter = filter, in_range.max_per_query = 50;
    CHECK(pairs_of(range_search(queries, rows, 0.05f, how, in_range)) == expected_pairs(scores, allowed, 0.05f, 50));
    for_each_in_range_options each;
    each.filter = filter;
    pair_list one_by_one, expected = expected_pairs(scores, allowed, 0.05f, PTRDIFF_MAX);
    for_each_in_range(
        queries, rows, 0.05f,
        [&](idx_t i, idx_t j, float score) { one_by_one.emplace_back(i, j, reference::bits(score)); }, in_reverse,
        each);
    std::sort(one_by_one.begin(), one_by_one.end());
    std::sort(expected.begin(), expected.end());
    CHECK(one_by_one == expected);
}

template <class Queries>
void check_all_ways(const Queries& queries, const matrix<float>& rows, const row_filter& filter,
                    const is_allowed& allowed) {
    for (const execution& how : {execution(), execution(in_reverse)}) {
        check_searches(queries, rows, filter, allowed, how);
        check_searches(queries, gallery(rows), filter, allowed, how);
    }
}

}  // namespace

TEST_CASE("searches with a mask find the rows that are set, and only those", "[row_filter]") {
    const idx_t q = GENERATE(1, 12, 40), g = GENERATE(1, 33, 700), every = GENERATE(1, 3, 90, 1000);
    CAPTURE(q, g, every);
    const auto queries = rows_with_ties<float>(q, 20, 410), rows = rows_with_ties<float>(g, 20, 411);
    const row_mask mask(g, [&](idx_t j) { return j % every == every / 2 || (every == 3 && j > 600); });
    row_filter filter;
    filter.mask = mask;
    check_all_ways(queries, rows, filter, [&](idx_t, idx_t j) { return mask[j]; });
}

TEST_CASE("searches with a mask of many queries, of several strips", "[row_filter]") {
    const auto queries = random_rows<float>(150, 520, 412), rows = random_rows<float>(900, 520, 413);
    const row_mask mask(900, [](idx_t j) { return j < 5 || j % 97 == 0 || j == 899; });
    row_filter filter;
    filter.mask = mask;
    check_all_ways(queries, rows, filter, [&](idx_t, idx_t j) { return mask[j]; });
}

TEST_CASE("searches with lists of allowed rows find those, each once", "[row_filter]") {
    const idx_t q = GENERATE(1, 12, 40), g = GENERATE(33, 700);
    CAPTURE(q, g);
    const auto queries = rows_with_ties<float>(q, 140, 414), rows = rows_with_ties<float>(g, 140, 415);
    matrix<idx_t> lists(q, 30);
    generator random(416);
    for (idx_t n = 0; n < q * 30; ++n) lists.data()[n] = random.below(g + 5) - 5;
    std::fill(lists.row(q - 1), lists.row(q - 1) + (q > 1 ? 30 : 0), -1);
    std::set<std::pair<idx_t, idx_t>> pairs;
    for (idx_t i = 0; i < q; ++i)
        for (const idx_t j : lists[i]) pairs.emplace(i, j);
    row_filter filter;
    filter.allowed = lists;
    const is_allowed in_list = [&](idx_t i, idx_t j) { return pairs.count({i, j}) > 0; };
    check_all_ways(queries, rows, filter, in_list);
    const row_mask odd(g, [](idx_t j) { return j % 2 == 1; });
    filter.mask = odd, filter.exclude_self = q <= g;
    check_all_ways(queries, rows, filter,
                   [&](idx_t i, idx_t j) { return in_list(i, j) && odd[j] && !(q <= g && i == j); });
}

TEST_CASE("rows searched among themselves leave themselves out by number, their copies stay", "[row_filter]") {
    const idx_t first = GENERATE(0, 3, 660), g = 700, q = 40;
    CAPTURE(first);
    auto rows = random_rows<float>(g, 20, 417);
    for (idx_t i = 1; i < g; i += 2) std::copy(rows.row(i - 1), rows.row(i - 1) + 20, rows.row(i));
    const matrix_view<const float> queries(rows.row(first), q, 20);
    row_filter filter;
    filter.exclude_self = true, filter.first_query = first;
    check_all_ways(queries, rows, filter, [&](idx_t i, idx_t j) { return j != first + i; });
    top_k_options options;
    options.filter = filter;
    const neighbours found = top_k(queries, gallery(rows), 1, {}, options);
    idx_t copies = 0;
    for (idx_t i = 0; i < q; ++i) copies += found.indices(i, 0) == ((first + i) ^ 1);
    CHECK(copies == q);
}

TEST_CASE("a filter and rescore work together", "[row_filter]") {
    const auto rows = near_twins<double>(300, 65, 418);
    const matrix<double> cosines = exact_cosines(rows, rows);
    const row_mask mask(300, [](idx_t j) { return j % 5 != 0; });
    top_k_options options;
    options.rescore = options.filter.exclude_self = true, options.filter.mask = mask;
    const neighbours found = top_k(rows, rows, 9, {}, options);
    for (idx_t i = 0; i < 300; ++i) {
        std::vector<idx_t> order;
        for (idx_t j = 0; j < 300; ++j)
            if (j % 5 != 0 && j != i) order.push_back(j);
        std::stable_sort(order.begin(), order.end(), [&](idx_t a, idx_t b) { return cosines(i, a) > cosines(i, b); });
        CHECK(std::equal(order.begin(), order.begin() + 9, found.indices.row(i)));
    }
}

TEST_CASE("with a filter a report counts all rows of the gallery", "[row_filter]") {
    const auto rows = rows_with_ties<float>(200, 20, 419);
    const row_mask mask(200, [](idx_t j) { return j == 150; });
    row_report queries, gallery_rows;
    top_k_options options{{on_row::keep, on_row::nan, &queries}, {on_row::keep, on_row::nan, &gallery_rows}};
    options.filter.mask = mask;
    top_k(rows, rows, 3, in_reverse, options);
    for (const row_report& report : {queries, gallery_rows})
        CHECK((report.zero_rows == 1 && report.first_zero == 4 && report.non_finite_rows == 1));
}

TEST_CASE("a mask has a bit for each row, the first in the lowest bit of the first byte", "[row_filter]") {
    const std::uint8_t bits[] = {0x01, 0x80, 0xff};
    const row_mask_view view(bits, 18);
    CHECK((view[0] && !view[1] && !view[8] && view[15] && view[16] && view[17]));
    CHECK(view.count() == 4);
    row_mask mask(18, [&](idx_t i) { return view[i]; });
    CHECK((mask.data()[0] == 0x01 && mask.data()[1] == 0x80 && mask.data()[2] == 0x03));
    for (idx_t first = 0; first < 18; ++first)
        for (idx_t count = 0; count < 25; ++count) {
            bool any = false;
            for (idx_t i = first; i < std::min<idx_t>(18, first + count); ++i) any = any || view[i];
            CHECK(view.any(first, count) == any);
        }
    mask.set(0, false), mask.set(3);
    CHECK((!mask[0] && mask[3] && mask.count() == 4 && mask.rows() == 18));
}

TEST_CASE("filters that do not fit are refused before anything is written", "[row_filter]") {
    const auto queries = random_rows<float>(4, 20, 420), rows = random_rows<float>(10, 20, 421);
    const auto refusal = [&](const row_filter& filter, auto error) {
        matrix<idx_t> indices(4, 3);
        matrix<float> scores(4, 3);
        indices(0, 0) = 77;
        top_k_options options;
        options.filter = filter;
        const auto text = message_of<decltype(error)>([&] { top_k_into(queries, rows, indices, scores, {}, options); });
        CHECK(indices(0, 0) == 77);
        range_search_options in_range;
        in_range.filter = filter;
        CHECK(message_of<decltype(error)>([&] { range_search(queries, gallery(rows), 0.5f, {}, in_range); }) ==
              "range_search" + text.substr(5));
        return text;
    };
    row_filter filter;
    const row_mask none;
    filter.mask = none;
    CHECK(refusal(filter, shape_error("")) == "top_k: the mask has 0 bits, the gallery has 10 rows");
    filter = {};
    matrix<idx_t> lists(3, 2);
    filter.allowed = lists;
    CHECK(refusal(filter, shape_error("")) == "top_k: allowed has 3 rows, there are 4 queries");
    lists = matrix<idx_t>(4, 2);
    lists(2, 1) = 10;
    filter.allowed = lists;
    CHECK(refusal(filter, value_error("")) == "top_k: allowed row 10 of query 2, the gallery has 10 rows");
    filter = {};
    filter.exclude_self = true, filter.first_query = 7;
    CHECK(refusal(filter, shape_error("")) ==
          "top_k: exclude_self: 4 queries from row 7 on are not all among the 10 rows of the gallery");
    top_k_options options;
    lists = matrix<idx_t>(4, 2);
    options.filter.allowed = lists;
    matrix<float> scores(4, 2);
    CHECK(message_of<shape_error>([&] { top_k_into(queries, rows, lists, scores, {}, options); }) ==
          "top_k: indices overlaps allowed");
    filter = {};
    filter.first_query = 1;
    CHECK(refusal(filter, value_error("")) == "top_k: first_query is given without exclude_self");
    filter = {};
    const matrix<idx_t> selves(1, 4);
    filter.query_rows = selves;
    CHECK(refusal(filter, value_error("")) == "top_k: query_rows is given without exclude_self");
    CHECK_THROWS_AS(row_mask_view(nullptr, 3), shape_error);
    CHECK_THROWS_AS(row_mask(-1), shape_error);
}

TEST_CASE("outputs in memory that a filter reads are refused", "[row_filter]") {
    const auto queries = random_rows<float>(4, 20, 422), rows = random_rows<float>(10, 20, 423);
    const auto refusal = [&](auto&& indices, auto&& scores, const row_filter& filter) {
        top_k_options options;
        options.filter = filter;
        return message_of<shape_error>([&] { top_k_into(queries, rows, indices, scores, {}, options); });
    };
    matrix<idx_t> indices(4, 1);
    matrix<float> scores(4, 1);
    const matrix_view<float> inside(reinterpret_cast<float*>(indices.data()), 4, 1);
    row_filter filter;
    filter.allowed = indices;
    CHECK(refusal(matrix<idx_t>(4, 1).view(), inside, filter) == "top_k: scores overlaps allowed");
    filter = {};
    filter.exclude_self = true, filter.query_rows = {indices.data(), 1, 4};
    CHECK(refusal(indices, scores, filter) == "top_k: indices overlaps query_rows");
    CHECK(refusal(matrix<idx_t>(4, 1).view(), inside, filter) == "top_k: scores overlaps query_rows");
    filter = {};
    filter.mask = {reinterpret_cast<const std::uint8_t*>(scores.data()), 10};
    CHECK(refusal(indices, scores, filter) == "top_k: scores overlaps the mask");
    filter.mask = {reinterpret_cast<const std::uint8_t*>(indices.data()) + 30, 10};
    CHECK(refusal(indices, scores, filter) == "top_k: indices overlaps the mask");
}

}  // namespace tests
