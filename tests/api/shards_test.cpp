#include <array>
#include <cstdint>
#include <vector>

#include <unitsphere/gallery.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/shards.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "ranked.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// The ends of parts of `rows` rows, some of them empty.
std::vector<idx_t> ends_of_parts(idx_t rows, idx_t parts, std::uint64_t seed) {
    generator random(seed);
    std::vector<idx_t> ends;
    for (idx_t p = 1; p < parts; ++p) ends.push_back(random.below(rows + 1));
    ends.push_back(rows);
    std::sort(ends.begin(), ends.end());
    return ends;
}

/// What ask(part of rows) returns for each part, and where the parts begin.
template <class Result, class Ask>
void ask_parts(const matrix<float>& rows, idx_t parts, std::vector<Result>& lists, std::vector<idx_t>& first,
               Ask&& ask) {
    idx_t begin = 0;
    for (const idx_t end : ends_of_parts(rows.rows(), parts, std::uint64_t(parts))) {
        lists.push_back(ask(part(rows, begin, end - begin)));
        first.push_back(begin);
        begin = end;
    }
}

neighbours hits_of_one(std::vector<idx_t> rows, std::vector<float> scores) {
    neighbours list{matrix<idx_t>(1, idx_t(rows.size())), matrix<float>(1, idx_t(scores.size()))};
    std::copy(rows.begin(), rows.end(), list.indices.data());
    std::copy(scores.begin(), scores.end(), list.scores.data());
    return list;
}

}  // namespace

TEST_CASE("merge_neighbours makes the search of the whole gallery from those of its shards", "[shards]") {
    const auto queries = rows_with_ties<float>(70, 17, 501), rows = rows_with_ties<float>(300, 17, 502);
    const idx_t parts = GENERATE(1, 2, 3, 7, 40), k = GENERATE(0, 1, 16, 305);
    CAPTURE(parts, k);
    std::vector<neighbours> lists;
    std::vector<idx_t> first;
    ask_parts(rows, parts, lists, first, [&](const auto& shard) { return top_k(queries, shard, k); });
    const neighbours whole = top_k(queries, rows, k), merged = merge_neighbours(lists, first, k);
    team threads(3);
    const neighbours by_threads = merge_neighbours(lists, first, k, threads);
    CHECK(first_difference(whole.indices, merged.indices) == "");
    CHECK(first_difference(whole.scores, merged.scores) == "");
    CHECK(first_difference(whole.indices, by_threads.indices) == "");
}

TEST_CASE("merge_range_results makes the search of the whole gallery from those of its shards", "[shards]") {
    const auto queries = rows_with_ties<float>(70, 17, 503), rows = rows_with_ties<float>(300, 17, 504);
    const idx_t parts = GENERATE(1, 2, 7), most = GENERATE(idx_t(0), idx_t(3), PTRDIFF_MAX);
    range_search_options options;
    options.max_per_query = most;
    std::vector<range_result> lists;
    std::vector<idx_t> first;
    ask_parts(rows, parts, lists, first,
              [&](const auto& shard) { return range_search(queries, shard, 0.2f, {}, options); });
    const range_result whole = range_search(queries, rows, 0.2f, {}, options);
    const range_result merged = merge_range_results(lists, first, {}, {most});
    CHECK((most == 0) == whole.indices.empty());
    CHECK(first_difference(whole.indices, merged.indices) == "");
    CHECK(first_difference(whole.scores, merged.scores) == "");
    CHECK(first_difference(whole.offsets, merged.offsets) == "");
}

TEST_CASE("merge_neighbours takes lists in any order, with gaps and NaN", "[shards]") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::array<neighbours, 2> lists{hits_of_one({3, -1, 5}, {0.0f, -infinity, 0.5f}),
                                          hits_of_one({2, 9, 0}, {-0.0f, nan, 0.5f})};
    const neighbours merged = merge_neighbours(lists, std::array<int, 2>{10, 0}, 5);
    const std::vector<idx_t> expected{0, 15, 2, 13, -1};
    CHECK(std::vector<idx_t>(merged.indices.row(0), merged.indices.row(0) + 5) == expected);
    CHECK(merged.scores(0, 4) == -infinity);
}

TEST_CASE("merges refuse lists that do not fit, with both numbers", "[shards]") {
    const neighbours one = hits_of_one({3}, {0.5f}), torn = hits_of_one({3, 4}, {0.5f});
    const std::vector<neighbours> none, ones{one, one}, torn_ones{torn};
    const std::array<int, 2> two{0, 5};
    const auto message = [](auto&& call) { return message_of<shape_error>(call); };
    CHECK(message([&] { merge_neighbours(none, std::vector<int>(), 1); }) ==
          "merge_neighbours: there are 0 lists to merge");
    CHECK(message([&] { merge_neighbours(ones, std::array<int, 1>{}, 1); }) ==
          "merge_neighbours: 2 lists, first_rows has 1 entries");
    CHECK(message([&] { merge_neighbours(torn_ones, std::array<int, 1>{}, 1); }) ==
          "merge_neighbours: a list's scores is 1 x 1, it must be 1 x 2");
    const std::vector<neighbours> uneven{one, {matrix<idx_t>(2, 1), matrix<float>(2, 1)}};
    CHECK(message([&] { merge_neighbours(uneven, two, 1); }) == "merge_neighbours: list 0 has 1 queries, list 1 has 2");
    CHECK(message_of<value_error>([&] { merge_neighbours(ones, two, -1); }) ==
          "merge_neighbours: k is -1, it must not be negative");
    CHECK(message_of<value_error>([&] {
              merge_neighbours(ones, std::array<int, 2>{0, -5}, 1);
          }) == "merge_neighbours: first row 1 is -5, it must not be negative");
    CHECK(message_of<value_error>([&] {
              merge_neighbours(ones, std::array<idx_t, 2>{0, PTRDIFF_MAX - 2}, 1);
          }) == "merge_neighbours: row 3 of shard 1 behind 9223372036854775805 rows exceeds 2^63 - 1");
    CHECK(message_of<value_error>([&] { merge_range_results(std::vector<range_result>(1), two, {}, {-1}); }) ==
          "merge_range_results: max_per_query is -1, it must not be negative");
}

}  // namespace tests
