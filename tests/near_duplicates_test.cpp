#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include <unitsphere/near_duplicates.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "ranked.hpp"
#include "troubled_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// The lowest row that can be reached from each row: labels flow along all pairs until none changes.
std::vector<index> components(const matrix<float>& scores, float threshold) {
    std::vector<index> lowest(std::size_t(scores.rows()));
    std::iota(lowest.begin(), lowest.end(), index(0));
    for (bool changed = true; changed;) {
        changed = false;
        for (index i = 0; i < scores.rows(); ++i)
            for (index j = 0; j < scores.rows(); ++j) {
                if (i == j || reference::is_nan(scores(i, j)) || !(scores(i, j) > threshold)) continue;
                index &a = lowest[std::size_t(i)], &b = lowest[std::size_t(j)];
                if (a != b) a = b = std::min(a, b), changed = true;
            }
    }
    return lowest;
}

std::vector<std::vector<index>> groups_of(const std::vector<index>& lowest) {
    std::vector<std::vector<index>> groups;
    for (index i = 0; i < index(lowest.size()); ++i) {
        std::vector<index> group;
        for (index j = 0; j < index(lowest.size()); ++j)
            if (lowest[std::size_t(j)] == i) group.push_back(j);
        if (group.size() > 1) groups.push_back(group);
    }
    return groups;
}
std::vector<std::vector<index>> groups_of(const duplicate_groups& found) {
    std::vector<std::vector<index>> groups;
    for (index k = 0; k < found.count(); ++k) {
        const auto group = found.group(k);
        groups.emplace_back(group.data(), group.data() + group.dim());
    }
    return groups;
}

/// Rows around some directions, in random order: several groups, and chains of pairs.
matrix<float> clustered(index rows, index dim, std::uint64_t seed) {
    const auto centres = random_rows<float>(rows / 4 + 1, dim, seed);
    const auto noise = random_rows<float>(rows, dim, seed + 1);
    generator random(seed + 2);
    matrix<float> result(rows, dim);
    for (index i = 0; i < rows; ++i) {
        const index centre = random.below(centres.rows());
        for (index k = 0; k < dim; ++k) result(i, k) = centres(centre, k) + 0.3f * noise(i, k);
    }
    return result;
}

template <class... How>
std::vector<index> found_lowest(const matrix<float>& rows, float threshold, How&&... how) {
    std::vector<index> result(std::size_t(rows.rows()), -7);
    near_duplicates(rows, threshold, result, how...);
    return result;
}

}  // namespace

TEST_CASE("near duplicates are the connected components of pairs above the threshold", "[near_duplicates]") {
    const index n = GENERATE(0, 1, 2, 14, 16, 17, 33, 129, 700);
    const float threshold = GENERATE(0.94f, 0.9f, 0.5f, 0.0f, -2.0f);
    CAPTURE(n, threshold);
    auto rows = clustered(n, 20, 141);
    if (n > 10) std::fill(rows.row(4), rows.row(4) + 20, 0.0f), rows(9, 0) = std::numeric_limits<float>::quiet_NaN();
    const std::vector<index> expected = components(cosine_similarity(rows, rows), threshold);
    CHECK(found_lowest(rows, threshold) == expected);
    CHECK(found_lowest(rows, threshold, in_reverse) == expected);
    CHECK(found_lowest(rows, threshold, on_threads{3}) == expected);
    const duplicate_groups found = near_duplicates(rows, threshold);
    CHECK(groups_of(found) == groups_of(expected));
    CHECK(std::vector<index>(found.representative.data(), found.representative.data() + n) == expected);
    CHECK(found.duplicates() == n - index(std::count_if(expected.begin(), expected.end(),
                                                        [&, i = index(0)](index low) mutable { return low == i++; })));
}

TEST_CASE("more rows than are packed at once are grouped all the same", "[near_duplicates]") {
    auto rows = clustered(600, 4096, 142);  // 256 at once
    std::copy(rows.row(1), rows.row(1) + 4096, rows.row(599));
    const std::vector<index> expected = components(cosine_similarity(rows, rows), 0.9f);
    REQUIRE(expected[599] < 2);
    REQUIRE(groups_of(expected).size() > 10);
    team threads(4);
    CHECK(found_lowest(rows, 0.9f) == expected);
    CHECK(found_lowest(rows, 0.9f, threads) == expected);
}

TEST_CASE("a chain of pairs is one group, whichever end is found first", "[near_duplicates]") {
    constexpr index n = 64;
    matrix<float> arc(n, 2);  // a step of 2 degrees; only neighbours are above cos 3 degrees
    for (index i = 0; i < n; ++i) {
        const double angle = double((i * 37) % n) * 0.0349065850398866;
        arc(i, 0) = float(std::cos(angle)), arc(i, 1) = float(std::sin(angle));
    }
    for (const int threads : {1, 2, 3, 7})
        CHECK(found_lowest(arc, 0.99863f, on_threads{threads}) == std::vector<index>(n, 0));
    CHECK(groups_of(near_duplicates(arc, 0.9995f)).empty());
}

TEST_CASE("every row equal to every other: one group, from any number of threads", "[near_duplicates]") {
    matrix<float> same(1000, 16);
    for (index k = 0; k < 1000 * 16; ++k) same.data()[k] = 3.0f;
    CHECK(found_lowest(same, 0.94f, on_threads{5}) == std::vector<index>(1000, 0));
    CHECK(near_duplicates(same).count() == 1);
    CHECK(near_duplicates(same).duplicates() == 999);
}

TEMPLATE_LIST_TEST_CASE("near_duplicates takes rows of every type, unit rows and any stride", "[near_duplicates]",
                        element_types) {
    const auto rows = rows_with_ties<TestType>(200, 33, 143);
    const std::vector<index> expected = components(cosine_similarity(rows, rows), 0.94f);
    REQUIRE(groups_of(expected).size() > 10);
    CHECK(groups_of(near_duplicates(rows)) == groups_of(expected));
    CHECK(groups_of(near_duplicates(normalize(rows))) == groups_of(expected));
    matrix<TestType> wide(200, 40);
    for (index i = 0; i < 200; ++i) std::copy(rows.row(i), rows.row(i) + 33, wide.row(i));
    CHECK(groups_of(near_duplicates(matrix_view<const TestType>(wide.data(), 200, 33, 40))) == groups_of(expected));
}

TEST_CASE("near_duplicates counts each row without a direction once", "[near_duplicates]") {
    const index copies = GENERATE(1, 100);
    matrix<float> rows(8 * copies, 16);
    const auto eight = troubled_rows<float>(16);
    for (index i = 0; i < rows.rows(); ++i) std::copy(eight.row(i % 8), eight.row(i % 8) + 16, rows.row(i));
    row_report report;
    normalize_options options;
    options.report = &report;
    for (const execution& how : {execution(sequential{}), execution(in_reverse)}) {
        report = {};
        const duplicate_groups found = near_duplicates(rows, 0.94f, how, options);
        CHECK(same(report, {2 * copies, 3 * copies, 1, 2}));
        CHECK(found.count() == (copies > 1 ? 3 : 0));  // zero rows are like nothing, not even each other
    }
    options.zero_rows = on_row::error;
    CHECK(message_of<value_error>([&] { near_duplicates(rows, 0.94f, options); }) == "near_duplicates: row 1 is zero");
    options = {on_row::keep, on_row::error, nullptr};
    CHECK(message_of<value_error>([&] { near_duplicates(rows, 0.94f, options); }) ==
          "near_duplicates: row 2 is not finite");
}

TEST_CASE("near_duplicates refuses what does not fit, and writes nothing", "[near_duplicates]") {
    const auto rows = random_rows<float>(5, 8, 144);
    std::vector<index> few(4, -7), enough(5, -7);
    CHECK(message_of<shape_error>([&] { near_duplicates(rows, 0.94f, few); }) ==
          "near_duplicates: representative is 1 x 4, it must be 1 x 5");
    CHECK(message_of<value_error>([&] { near_duplicates(rows, std::numeric_limits<float>::quiet_NaN(), enough); }) ==
          "near_duplicates: the threshold is NaN");
    CHECK_THROWS_AS(near_duplicates(rows, std::numeric_limits<float>::quiet_NaN()), value_error);
    CHECK(enough == std::vector<index>(5, -7));
    std::vector<index> shared(8, 1);
    const matrix_view<const std::int8_t> inside(reinterpret_cast<const std::int8_t*>(shared.data()), 8, 8);
    CHECK(message_of<shape_error>([&] { near_duplicates(inside, 0.94f, shared); }) ==
          "near_duplicates: representative overlaps rows");
    CHECK(shared == std::vector<index>(8, 1));
}

}  // namespace tests
