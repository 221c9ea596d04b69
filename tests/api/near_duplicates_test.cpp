#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>
#include <vector>

#include <unitsphere/gallery.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "ranked.hpp"
#include "troubled_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// The lowest row that can be reached from each row: labels flow along all pairs until none changes.
std::vector<idx_t> components(const matrix<float>& scores, float threshold) {
    std::vector<idx_t> lowest(std::size_t(scores.rows()));
    std::iota(lowest.begin(), lowest.end(), idx_t(0));
    for (bool changed = true; changed;) {
        changed = false;
        for (idx_t i = 0; i < scores.rows(); ++i)
            for (idx_t j = 0; j < scores.rows(); ++j) {
                if (i == j || reference::is_nan(scores(i, j)) || !(scores(i, j) >= threshold)) continue;
                idx_t &a = lowest[std::size_t(i)], &b = lowest[std::size_t(j)];
                if (a != b) a = b = std::min(a, b), changed = true;
            }
    }
    return lowest;
}

std::vector<std::vector<idx_t>> groups_of(const std::vector<idx_t>& lowest) {
    std::vector<std::vector<idx_t>> groups;
    for (idx_t i = 0; i < idx_t(lowest.size()); ++i) {
        std::vector<idx_t> group;
        for (idx_t j = 0; j < idx_t(lowest.size()); ++j)
            if (lowest[std::size_t(j)] == i) group.push_back(j);
        if (group.size() > 1) groups.push_back(group);
    }
    return groups;
}
std::vector<std::vector<idx_t>> groups_of(const duplicate_groups& found) {
    std::vector<std::vector<idx_t>> groups;
    for (const auto group : found) groups.emplace_back(group.begin(), group.end());
    return groups;
}

/// Rows around some directions, in random order: several groups, and chains of pairs.
matrix<float> clustered(idx_t rows, idx_t dim, std::uint64_t seed) {
    const auto centres = random_rows<float>(rows / 4 + 1, dim, seed);
    const auto noise = random_rows<float>(rows, dim, seed + 1);
    generator random(seed + 2);
    matrix<float> result(rows, dim);
    for (idx_t i = 0; i < rows; ++i) {
        const idx_t centre = random.below(centres.rows());
        for (idx_t k = 0; k < dim; ++k) result(i, k) = centres(centre, k) + 0.3f * noise(i, k);
    }
    return result;
}

/// Pairs i > j from the threshold on, the most alike first.
std::vector<std::tuple<float, idx_t, idx_t>> sorted_pairs(const matrix<float>& scores, float threshold) {
    std::vector<std::tuple<float, idx_t, idx_t>> pairs;
    for (idx_t i = 0; i < scores.rows(); ++i)
        for (idx_t j = 0; j < i; ++j)
            if (!reference::is_nan(scores(i, j)) && scores(i, j) >= threshold) pairs.emplace_back(-scores(i, j), i, j);
    std::sort(pairs.begin(), pairs.end());
    return pairs;
}
/// Components that grow pair by pair: all members of the higher group move to the lower one.
std::vector<idx_t> limited_components(const matrix<float>& scores, float threshold, idx_t most) {
    std::vector<idx_t> lowest(std::size_t(scores.rows()));
    std::iota(lowest.begin(), lowest.end(), idx_t(0));
    for (const auto& [score, i, j] : sorted_pairs(scores, threshold)) {
        const idx_t a = lowest[std::size_t(i)], b = lowest[std::size_t(j)];
        const auto size = std::count(lowest.begin(), lowest.end(), a) + std::count(lowest.begin(), lowest.end(), b);
        if (a != b && size <= most) std::replace(lowest.begin(), lowest.end(), std::max(a, b), std::min(a, b));
    }
    return lowest;
}
/// Each row's centre: the next one is the free row with the most rows like it.
std::vector<idx_t> centres(const matrix<float>& scores, float threshold, idx_t most) {
    const idx_t n = scores.rows();
    std::vector<std::vector<std::pair<float, idx_t>>> alike(std::size_t(n) + 1);
    for (const auto& [score, i, j] : sorted_pairs(scores, threshold))
        alike[std::size_t(i)].emplace_back(score, j), alike[std::size_t(j)].emplace_back(score, i);
    std::vector<idx_t> centre(std::size_t(n), -1);
    for (;;) {
        idx_t next = -1;
        for (idx_t i = n - 1; i >= 0; --i)
            if (centre[std::size_t(i)] < 0 &&
                (next < 0 || alike[std::size_t(i)].size() >= alike[std::size_t(next)].size()))
                next = i;
        if (next < 0) return centre;
        centre[std::size_t(next)] = next;
        auto& others = alike[std::size_t(next)];
        std::sort(others.begin(), others.end());
        idx_t free = most - 1;
        for (const auto& [score, j] : others)
            if (centre[std::size_t(j)] < 0 && free-- > 0) centre[std::size_t(j)] = next;
    }
}

template <class T, class... How>
std::vector<idx_t> found_lowest(const matrix<T>& rows, float threshold, How&&... how) {
    std::vector<idx_t> result(std::size_t(rows.rows()), -7);
    near_duplicates_into(rows, threshold, result, how...);
    return result;
}

}  // namespace

TEST_CASE("near duplicates are the connected components of pairs from the threshold on", "[near_duplicates]") {
    const idx_t n = GENERATE(0, 1, 2, 14, 16, 17, 33, 129, 700);
    const float threshold = GENERATE(0.94f, 0.9f, 0.5f, 0.0f, -2.0f);
    CAPTURE(n, threshold);
    auto rows = clustered(n, 20, 141);
    if (n > 10) std::fill(rows.row(4), rows.row(4) + 20, 0.0f), rows(9, 0) = std::numeric_limits<float>::quiet_NaN();
    const std::vector<idx_t> expected = components(cosine_similarity(rows, rows), threshold);
    CHECK(found_lowest(rows, threshold) == expected);
    CHECK(found_lowest(rows, threshold, in_reverse) == expected);
    CHECK(found_lowest(rows, threshold, on_threads{3}) == expected);
    const duplicate_groups found = near_duplicates(rows, threshold);
    CHECK(groups_of(found) == groups_of(expected));
    CHECK(std::vector<idx_t>(found.representative.begin(), found.representative.end()) == expected);
    CHECK(found.duplicates() == n - idx_t(std::count_if(expected.begin(), expected.end(),
                                                        [&, i = idx_t(0)](idx_t low) mutable { return low == i++; })));
}

TEST_CASE("groups may have a centre or a largest size", "[near_duplicates]") {
    const idx_t n = GENERATE(0, 1, 17, 33, 400), most = GENERATE(idx_t{1}, idx_t{2}, idx_t{5}, idx_t{PTRDIFF_MAX});
    const float threshold = GENERATE(0.9f, 0.6f, -2.0f);
    CAPTURE(n, most, threshold);
    auto rows = clustered(n, 20, 148);
    for (idx_t i = 12; i < n; i += 4) std::copy(rows.row(i / 2), rows.row(i / 2) + 20, rows.row(i));  // ties
    if (n > 10) std::fill(rows.row(4), rows.row(4) + 20, 0.0f), rows(9, 0) = std::numeric_limits<float>::quiet_NaN();
    const matrix<float> scores = cosine_similarity(rows, rows);
    near_duplicates_options options;
    options.max_group_size = most;
    const std::vector<idx_t> limited = limited_components(scores, threshold, most);
    CHECK(found_lowest(rows, threshold, execution(), options) == limited);
    CHECK(found_lowest(rows, threshold, on_threads{3}, options) == limited);
    options.around_centres = true;
    const std::vector<idx_t> expected = centres(scores, threshold, most);
    CHECK(found_lowest(rows, threshold, in_reverse, options) == expected);
    CHECK(found_lowest(rows, threshold, on_threads{3}, options) == expected);
    CHECK(groups_of(near_duplicates(rows, threshold, {}, options)) == groups_of(expected));
}

TEST_CASE("near_duplicates of a gallery are those of its rows", "[near_duplicates]") {
    matrix<float> rows(200, 100);  // 40 kinds of 5 rows each, among them equal numbers: copies score 0.9999993443
    const auto kinds = random_rows<float>(40, 100, 149);
    for (idx_t i = 0; i < 200; ++i) std::copy(kinds.row(i % 40), kinds.row(i % 40) + 100, rows.row(i));
    for (idx_t i = 7; i < 200; i += 40) std::fill(rows.row(i), rows.row(i) + 100, 1.0f);
    const gallery packed(rows);
    const unit_embeddings<float> unit = normalize(rows);
    for (const float threshold : {0.2f, 0.94f, 1.0f}) {
        const std::vector<std::vector<idx_t>> expected = groups_of(near_duplicates(rows, threshold));
        CHECK(groups_of(near_duplicates(packed, threshold)) == expected);
        CHECK(groups_of(near_duplicates(packed, threshold, on_threads{3})) == expected);
    }
    CHECK(near_duplicates(packed, 1.0f).size() == 40);
    matrix<float> shorter(200, 100);
    for (idx_t n = 0; n < 200 * 100; ++n) shorter.data()[n] = 0.97f * unit.values().data()[n];
    CHECK(near_duplicates(gallery(adopt_unit(shorter, {0.1})), 0.99f).size() == 40);
    near_duplicates_options options;
    options.rows.zero_rows = on_row::error;
    CHECK_THROWS_AS(near_duplicates(packed, 0.9f, {}, options), value_error);
    options = {};
    options.max_group_size = 0;
    CHECK(message_of<value_error>([&] { near_duplicates(packed, 0.9f, {}, options); }) ==
          "near_duplicates: max_group_size is 0, it must be at least 1");
}

TEST_CASE("more rows than are packed at once are grouped all the same", "[near_duplicates]") {
    auto rows = clustered(600, 4096, 142);  // 256 at once
    std::copy(rows.row(1), rows.row(1) + 4096, rows.row(599));
    const std::vector<idx_t> expected = components(cosine_similarity(rows, rows), 0.9f);
    REQUIRE(expected[599] < 2);
    REQUIRE(groups_of(expected).size() > 10);
    team threads(4);
    CHECK(found_lowest(rows, 0.9f) == expected);
    CHECK(found_lowest(rows, 0.9f, threads) == expected);
}

TEST_CASE("a chain of pairs is one group, whichever end is found first", "[near_duplicates]") {
    constexpr idx_t n = 64;
    matrix<float> arc(n, 2);  // a step of 2 degrees; only neighbours are above cos 3 degrees
    for (idx_t i = 0; i < n; ++i) {
        const double angle = double((i * 37) % n) * 0.0349065850398866;
        arc(i, 0) = float(std::cos(angle)), arc(i, 1) = float(std::sin(angle));
    }
    for (const int threads : {1, 2, 3, 7})
        CHECK(found_lowest(arc, 0.99863f, on_threads{threads}) == std::vector<idx_t>(n, 0));
    CHECK(groups_of(near_duplicates(arc, 0.9995f)).empty());
}

TEST_CASE("rows that are all equal are one group, from any number of threads", "[near_duplicates]") {
    matrix<float> same(1000, 16);
    for (idx_t k = 0; k < 1000 * 16; ++k) same.data()[k] = 3.0f;
    CHECK(found_lowest(same, 0.94f, on_threads{5}) == std::vector<idx_t>(1000, 0));
    CHECK(near_duplicates(same, 0.94f).size() == 1);
    CHECK(near_duplicates(same, 0.94f).duplicates() == 999);
}

TEMPLATE_LIST_TEST_CASE("rows that are equal bit for bit are near duplicates at every threshold up to 1",
                        "[near_duplicates]", element_types) {
    const idx_t dim = GENERATE(100, 130);
    CAPTURE(dim);
    // 40 groups of 5: row i is like i % 40. Among them rows of equal numbers, whose copies score 0.9999993443.
    matrix<TestType> rows(200, dim);
    auto kinds = random_rows<TestType>(40, dim, 146);
    generator random(147);
    fill_row(kinds.row(3), dim, row_kind::zero, random);
    fill_row(kinds.row(5), dim, row_kind::nan, random);
    for (const idx_t kind : {7, 9}) std::fill(kinds.row(kind), kinds.row(kind) + dim, TestType(1.0f));
    kinds(9, 0) = TestType(2.0f);
    if (std::is_same_v<TestType, float>) kinds(9, 0) = TestType(1.02f);  // a near twin is no copy
    std::vector<idx_t> expected;
    for (idx_t i = 0; i < 200; ++i) {
        std::copy(kinds.row(i % 40), kinds.row(i % 40) + dim, rows.row(i));
        const bool alone = i % 40 == 3 || !reference::is_finite_row(rows.row(i), dim);
        expected.push_back(alone ? i : i % 40);
    }
    CHECK(found_lowest(rows, 1.0f) == expected);
    CHECK(found_lowest(rows, 1.0f, on_threads{3}) == expected);
    CHECK(near_duplicates(rows, std::nextafter(1.0f, 2.0f)).size() == 0);
    const unit_embeddings<float> unit = normalize(rows);
    matrix<float> adopted(200, dim);
    for (idx_t n = 0; n < 200 * dim; ++n) adopted.data()[n] = 0.97f * unit.data()[n];
    std::vector<idx_t> of_adopted(200, -7);
    near_duplicates_into(adopt_unit(adopted, {0.1}), 0.99f, of_adopted);
    CHECK(of_adopted == expected);
}

TEST_CASE("rows whose cosine is exactly the threshold are near duplicates", "[near_duplicates]") {
    const auto rows = random_rows<float>(2, 20, 145);
    const float tie = cosine(rows[0], rows[1]), above = std::nextafter(tie, 2.0f);
    CHECK(near_duplicates(rows, above).size() == 0);
    const duplicate_groups found = near_duplicates(rows, tie);
    REQUIRE(found.size() == 1);
    idx_t members = 0;
    for (const idx_t row : found[0]) CHECK(row == members++);
    CHECK(members == 2);
    CHECK(duplicate_groups().size() == 0);
}

TEMPLATE_LIST_TEST_CASE("near_duplicates takes rows of every type, unit rows and any stride", "[near_duplicates]",
                        element_types) {
    const auto rows = rows_with_ties<TestType>(200, 33, 143);
    const std::vector<idx_t> expected = components(cosine_similarity(rows, rows), 0.94f);
    REQUIRE(groups_of(expected).size() > 10);
    CHECK(groups_of(near_duplicates(rows, 0.94f)) == groups_of(expected));
    CHECK(groups_of(near_duplicates(normalize(rows), 0.94f)) == groups_of(expected));
    matrix<TestType> wide(200, 40);
    for (idx_t i = 0; i < 200; ++i) std::copy(rows.row(i), rows.row(i) + 33, wide.row(i));
    CHECK(groups_of(near_duplicates(matrix_view<const TestType>(wide.data(), 200, 33, 40), 0.94f)) ==
          groups_of(expected));
}

TEST_CASE("near_duplicates counts each row without a direction once", "[near_duplicates]") {
    const idx_t copies = GENERATE(1, 100);
    matrix<float> rows(8 * copies, 16);
    const auto eight = troubled_rows<float>(16);
    for (idx_t i = 0; i < rows.rows(); ++i) std::copy(eight.row(i % 8), eight.row(i % 8) + 16, rows.row(i));
    row_report report;
    row_policy options;
    options.report = &report;
    for (const execution& how : {execution(sequential{}), execution(in_reverse)}) {
        report = {};
        const duplicate_groups found = near_duplicates(rows, 0.94f, how, {options});
        CHECK(same(report, {2 * copies, 3 * copies, 1, 2}));
        CHECK(found.size() == (copies > 1 ? 3 : 0));  // zero rows are like nothing, not even each other
    }
    options.zero_rows = on_row::error;
    CHECK(message_of<value_error>([&] { near_duplicates(rows, 0.94f, {}, {options}); }) ==
          "near_duplicates: row 1 is zero");
    options = {on_row::keep, on_row::error, nullptr};
    CHECK(message_of<value_error>([&] { near_duplicates(rows, 0.94f, {}, {options}); }) ==
          "near_duplicates: row 2 is not finite");
}

TEST_CASE("near_duplicates refuses what does not fit, and writes nothing", "[near_duplicates]") {
    const auto rows = random_rows<float>(5, 8, 144);
    std::vector<idx_t> few(4, -7), enough(5, -7);
    CHECK(message_of<shape_error>([&] { near_duplicates_into(rows, 0.94f, few); }) ==
          "near_duplicates: representative is 1 x 4, it must be 1 x 5");
    CHECK(message_of<value_error>([&] {
              near_duplicates_into(rows, std::numeric_limits<float>::quiet_NaN(), enough);
          }) == "near_duplicates: the threshold is NaN");
    CHECK_THROWS_AS(near_duplicates(rows, std::numeric_limits<float>::quiet_NaN()), value_error);
    CHECK(enough == std::vector<idx_t>(5, -7));
    std::vector<idx_t> shared(8, 1);
    const matrix_view<const std::int8_t> inside(reinterpret_cast<const std::int8_t*>(shared.data()), 8, 8);
    CHECK(message_of<shape_error>([&] { near_duplicates_into(inside, 0.94f, shared); }) ==
          "near_duplicates: representative overlaps rows");
    CHECK(shared == std::vector<idx_t>(8, 1));
}

}  // namespace tests
