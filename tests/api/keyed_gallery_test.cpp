#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <type_traits>
#include <vector>

#include <unitsphere/compact_gallery.hpp>
#include <unitsphere/gallery.hpp>
#include <unitsphere/keyed_gallery.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/rescored_search.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/shadow_gallery.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "ranked.hpp"

namespace tests {

using namespace unitsphere;

namespace {

using rows_by_id = std::map<idx_t, std::vector<float>>;

matrix<float> rows_of_ids(const rows_by_id& model, idx_t dim, std::vector<idx_t>& ids) {
    matrix<float> rows(idx_t(model.size()), dim);
    for (const auto& [id, row] : model) {
        std::copy(row.begin(), row.end(), rows.row(idx_t(ids.size())));
        ids.push_back(id);
    }
    return rows;
}

/// Whether rows are bytes, seen from the mean of the rows that came first.
template <class Gallery>
inline constexpr bool has_mean = false;
template <class Storage>
inline constexpr bool has_mean<compact_gallery<Storage>> = !std::is_same_v<Storage, float16>;

/// Whether every search finds in `keyed` what it finds in a gallery of the rows in the order of their ids. Where rows
/// have a mean, that gallery begins with `first`, the rows that decide it, which a mask hides.
template <class Gallery>
void check_same(const keyed<Gallery>& keyed, const rows_by_id& model, const matrix<float>& first,
                const matrix<float>& queries) {
    std::vector<idx_t> ids;
    const matrix<float> rows = rows_of_ids(model, queries.dim(), ids);
    Gallery fresh;
    if (has_mean<Gallery>) fresh.append(first);
    const idx_t hidden = fresh.rows();
    fresh.append(rows);
    REQUIRE(keyed.rows() == rows.rows());
    const array<idx_t> sorted = keyed.ids();
    CHECK(std::equal(sorted.begin(), sorted.end(), ids.begin(), ids.end()));
    const unit_embeddings<float> unit = keyed.unit_rows(ids);
    const auto fresh_unit = fresh.unit_rows();
    idx_t others = 0;
    for (idx_t i = 0; i < unit.rows(); ++i)
        others += std::memcmp(unit.row(i), fresh_unit.row(hidden + i), std::size_t(unit.dim()) * sizeof(float)) != 0;
    CHECK(others == 0);
    const row_mask mask(fresh.rows(), [=](idx_t i) { return i >= hidden; });
    const auto id_of = [&](idx_t row) { return row < hidden ? -1 : ids[std::size_t(row - hidden)]; };
    for (const bool rescore : {false, true}) {
        if (rescore && has_mean<Gallery>) continue;
        top_k_options options;
        options.rescore = rescore;
        const neighbours found = top_k(queries, keyed, 7, {}, options);
        options.filter.mask = mask;
        neighbours expected{matrix<idx_t>(queries.rows(), std::min(idx_t(7), rows.rows())),
                            matrix<float>(queries.rows(), std::min(idx_t(7), rows.rows()))};
        top_k_into(queries, fresh, expected.indices, expected.scores, {}, options);
        for (const auto row : expected.indices.view())
            for (idx_t& index : row) index = id_of(index);
        CHECK(first_difference(found.indices, expected.indices) == "");
        CHECK(first_difference(found.scores, expected.scores) == "");
    }
    range_search_options masked;
    masked.filter.mask = mask;
    const range_result found = range_search(queries, keyed, 0.1f, in_reverse);
    range_result expected = range_search(queries, fresh, 0.1f, {}, masked);
    for (idx_t& index : expected.indices) index = id_of(index);
    CHECK((found.indices == expected.indices && found.scores == expected.scores && found.offsets == expected.offsets));
    row_report report = gallery(rows).report();
    if (report.first_zero >= 0) report.first_zero = ids[std::size_t(report.first_zero)];
    if (report.first_non_finite >= 0) report.first_non_finite = ids[std::size_t(report.first_non_finite)];
    const row_report now = keyed.report();
    CHECK((now.zero_rows == report.zero_rows && now.first_zero == report.first_zero));
    CHECK((now.non_finite_rows == report.non_finite_rows && now.first_non_finite == report.first_non_finite));
}

/// A random history of a keyed gallery, and what must be in it.
template <class Gallery = gallery>
struct history {
    idx_t dim;
    generator random;
    matrix<float> pool;  ///< twins, a zero row and one with NaN among them
    unitsphere::keyed<Gallery> keyed = {};
    rows_by_id model = {};
    matrix<float> first = {};  ///< the rows that were added when there were none

    history(idx_t d, std::uint64_t seed) : dim(d), random(seed), pool(rows_with_ties<float>(40, d, seed)) {}

    matrix<float> some_rows(idx_t count) {
        matrix<float> rows(count, dim);
        for (idx_t i = 0; i < count; ++i) {
            const float* const row = pool.row(random.below(40));
            std::copy(row, row + dim, rows.row(i));
        }
        return rows;
    }
    void remember(const std::vector<idx_t>& ids, const matrix<float>& rows) {
        for (std::size_t i = 0; i < ids.size(); ++i) model[ids[i]].assign(rows.row(idx_t(i)), rows.row(idx_t(i)) + dim);
    }
    std::vector<idx_t> known(idx_t count) {
        std::vector<idx_t> ids;
        for (const auto& entry : model) ids.push_back(entry.first);
        for (std::size_t i = ids.size(); i > 1; --i) std::swap(ids[i - 1], ids[std::size_t(random.below(idx_t(i)))]);
        ids.resize(std::min(ids.size(), std::size_t(count)));
        return ids;
    }
    void add(idx_t count, const execution& how) {
        std::vector<idx_t> ids;
        while (idx_t(ids.size()) < count) {
            const idx_t id = random.below(4000) * 64;
            if (model.count(id) == 0 && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
        }
        const matrix<float> rows = some_rows(count);
        keyed.add(ids, rows, how);
        if (model.empty()) first = rows;
        remember(ids, rows);
    }
    void replace(idx_t count) {
        const std::vector<idx_t> ids = known(count);
        const matrix<float> rows = some_rows(idx_t(ids.size()));
        keyed.replace(ids, rows);
        remember(ids, rows);
    }
    void remove(idx_t count) {
        const std::vector<idx_t> ids = known(count);
        keyed.remove(ids);
        for (const idx_t id : ids) model.erase(id);
    }
    void check(const matrix<float>& queries) const { check_same(keyed, model, first, queries); }
};

struct cosine_call {
    template <class... Arguments>
    auto operator()(const Arguments&... arguments) const -> decltype(cosine_similarity(arguments...));
};
struct keyed_top_k_call {
    template <class... Arguments>
    auto operator()(const Arguments&... arguments) const -> decltype(top_k(arguments...));
};

struct keyed_rescored_call {
    template <class... Arguments>
    auto operator()(const Arguments&... arguments) const -> decltype(top_k_rescored(arguments...));
};

}  // namespace

TEMPLATE_TEST_CASE("after any history a keyed gallery finds what a fresh gallery of its rows finds", "[keyed_gallery]",
                   gallery, shadow_gallery, compact_gallery<float16>, compact_gallery<std::int8_t>,
                   compact_gallery<one_bit>, compact_gallery<fast_bfloat16>) {
    const idx_t dim = std::is_same_v<TestType, gallery> ? GENERATE(17, 140) : 140;
    history<TestType> past(dim, 430 + std::uint64_t(dim));
    const auto queries = rows_with_ties<float>(11, dim, 431);
    past.check(matrix<float>(11, 0));
    past.add(150, on_threads{2});
    past.check(queries);
    for (int step = 0; step < 60; ++step) {
        CAPTURE(step);
        const idx_t count = past.random.below(4) == 0 ? past.random.below(60) : 1;
        switch (past.random.below(5)) {
            case 0:
                past.replace(count);
                break;
            case 1:
                past.remove(count);
                break;
            case 2:
                past.remove(count / 2 + 1);
                break;
            default:
                past.add(count, {});
        }
        if (step % 4 == 3) past.check(queries);
    }
    const idx_t bytes = past.keyed.bytes();
    past.remove(past.keyed.rows() - 5);
    past.check(queries);
    if constexpr (std::is_same_v<TestType, shadow_gallery>) {
        const auto& of_panel = *detail::keyed_access::rows(past.keyed).packed().bytes.numbers;
        CHECK(*std::max_element(of_panel.error, of_panel.error + 5) <= of_panel.most_error);
        CHECK(*std::max_element(of_panel.length, of_panel.length + 5) <= of_panel.most_length);
    }
    past.add(20, {});
    past.remove(9);
    past.check(queries);
    past.remove(past.keyed.rows());
    CHECK(past.keyed.rows() == 0);
    past.add(100, {});
    past.check(queries);
    CHECK(past.keyed.bytes() == bytes);
}

TEST_CASE("a keyed gallery that is added to and removed from forever does not grow", "[keyed_gallery]") {
    keyed_gallery keyed;
    const auto row = random_rows<float>(1, 5, 432);
    for (idx_t id = 0; id < 300; ++id) keyed.add(id, row);
    const idx_t bytes = keyed.bytes();
    for (idx_t id = 300; id < 20000; ++id) {
        keyed.remove(id - 300);
        keyed.add(id, row);
    }
    CHECK((keyed.rows() == 300 && keyed.contains(19999) && keyed.contains(19700) && !keyed.contains(19699)));
    CHECK(keyed.bytes() <= 4 * bytes);
    CHECK(top_k(row, keyed, 2).indices(0, 0) == 19700);
}

TEST_CASE("the filters of a keyed gallery go by ids", "[keyed_gallery]") {
    history<> past(20, 433);
    past.pool = random_rows<float>(40, 20, 434);
    past.add(300, {});
    past.remove(60);
    std::vector<idx_t> ids;
    const matrix<float> rows = rows_of_ids(past.model, 20, ids);
    const matrix<float> queries = past.some_rows(9), scores = cosine_similarity(queries, rows);
    const auto expect = [&](const row_filter& filter, auto&& allowed) {
        top_k_options options;
        options.filter = filter;
        const neighbours found = top_k(queries, past.keyed, 12, {}, options);
        idx_t wrong = 0;
        for (idx_t i = 0; i < 9; ++i) {
            std::vector<idx_t> order;
            for (idx_t j = 0; j < rows.rows(); ++j)
                if (allowed(i, ids[std::size_t(j)])) order.push_back(j);
            std::stable_sort(order.begin(), order.end(), [&](idx_t a, idx_t b) { return scores(i, a) > scores(i, b); });
            for (idx_t n = 0; n < 12; ++n)
                wrong +=
                    found.indices(i, n) != (n < idx_t(order.size()) ? ids[std::size_t(order[std::size_t(n)])] : -1);
        }
        CHECK(wrong == 0);
    };
    row_filter filter;
    const row_mask mask = past.keyed.mask([](idx_t id) { return id % 3 == 0; });
    filter.mask = mask;
    expect(filter, [](idx_t, idx_t id) { return id % 3 == 0; });
    filter = {};
    matrix<idx_t> lists(9, 20);
    for (idx_t n = 0; n < 180; ++n) lists.data()[n] = past.random.below(4) * 64000 + past.random.below(500) * 64 - 64;
    filter.allowed = lists;  // ids that are not there, too
    expect(filter,
           [&](idx_t i, idx_t id) { return std::find(lists.row(i), lists.row(i) + 20, id) != lists.row(i) + 20; });
    filter = {};
    const std::vector<idx_t> selves{ids[0], ids[1], ids[2], ids[3], ids[4], ids[200], 1, -1, ids[8]};
    filter.exclude_self = true, filter.query_rows = selves;
    expect(filter, [&](idx_t i, idx_t id) { return id != selves[std::size_t(i)]; });
}

TEMPLATE_TEST_CASE("near duplicates of a keyed gallery are groups of ids", "[keyed_gallery]", gallery, shadow_gallery) {
    history<TestType> past(24, 446);
    past.pool = near_twins<float>(40, 24, 447);
    past.add(90, {});
    past.remove(25);  // so few that the holes stay
    past.add(20, {});
    std::vector<idx_t> ids;
    const matrix<float> rows = rows_of_ids(past.model, 24, ids);
    const auto id_of = [&](idx_t row) { return ids[std::size_t(row)]; };
    near_duplicates_options options;
    options.max_group_size = GENERATE(PTRDIFF_MAX, 5);
    options.around_centres = GENERATE(false, true);
    row_report report;
    options.rows.report = &report;
    for (const float threshold : {0.3f, 0.999f, 1.0f}) {
        const duplicate_groups found = near_duplicates(past.keyed, threshold, in_reverse, options);
        CHECK(report.first_zero == past.keyed.report().first_zero);
        duplicate_groups expected = near_duplicates(gallery(rows), threshold, {}, options);
        REQUIRE(expected.size() > 0);
        for (idx_t& row : expected.representative) row = id_of(row);
        for (idx_t& row : expected.members) row = id_of(row);
        CHECK((found.representative == expected.representative && found.first == expected.first));
        CHECK(found.members == expected.members);
        std::vector<idx_t> representative(ids.size());
        near_duplicates_into(past.keyed, threshold, representative, {}, options);
        CHECK(std::equal(representative.begin(), representative.end(), found.representative.begin()));
    }
    options.rows.zero_rows = on_row::error;
    CHECK_THROWS_AS(near_duplicates(past.keyed, 0.5f, {}, options), value_error);
    std::vector<idx_t> representative(ids.size() - 1);
    CHECK_THROWS_AS(near_duplicates_into(past.keyed, 0.5f, representative), shape_error);
}

TEST_CASE("top_k_rescored finds the candidates of one keyed gallery in another by their ids", "[keyed_gallery]") {
    const idx_t q = GENERATE(1, 40), k = 4, factor = 3, n = 120, dim = 20;
    const auto rows = rows_with_ties<float>(n, dim, 448), queries = random_rows<float>(q, dim, 449);
    const auto block = [&](idx_t first, idx_t count) { return matrix_view<const float>(rows.row(first), count, dim); };
    std::vector<idx_t> ids(static_cast<std::size_t>(n));
    for (idx_t i = 0; i < n; ++i) ids[std::size_t(i)] = 7 * i;
    const auto some_ids = [&](idx_t first, idx_t count) {
        return std::vector<idx_t>(ids.begin() + first, ids.begin() + first + count);
    };
    keyed<compact_gallery<float16>> small(some_ids(50, 70), block(50, 70));
    small.add(some_ids(0, 50), block(0, 50));
    keyed_gallery all(some_ids(80, 40), block(80, 40));
    all.add(std::vector<idx_t>{1, 2}, block(0, 2));
    all.add(some_ids(0, 80), block(0, 80));
    all.remove(std::vector<idx_t>{1, 2, 7 * 33});
    all.add(2, block(5, 1));  // id 231 is in the first one alone
    small.remove(7 * 60), all.remove(7 * 60);
    const auto rough = cosine_similarity(queries, compact_gallery<float16>(rows)),
               exact = cosine_similarity(queries, rows);
    const neighbours found = top_k_rescored(queries, small, all, k, factor, on_threads{3});
    idx_t wrong = 0;
    for (idx_t i = 0; i < q; ++i) {
        std::vector<idx_t> order;
        const auto sort_by = [&](const matrix<float>& scores) {
            std::stable_sort(order.begin(), order.end(), [&](idx_t a, idx_t b) { return scores(i, a) > scores(i, b); });
        };
        for (idx_t j = 0; j < n; ++j)
            if (j != 60 && rough(i, j) == rough(i, j)) order.push_back(j);
        sort_by(rough);
        order.resize(std::size_t(k * factor));
        order.erase(std::remove(order.begin(), order.end(), 33), order.end());
        std::sort(order.begin(), order.end());
        sort_by(exact);
        for (idx_t m = 0; m < k; ++m) {
            const idx_t j = order[std::size_t(m)];
            wrong += found.indices(i, m) != 7 * j || found.scores(i, m) != exact(i, j);
        }
    }
    CHECK(wrong == 0);
    CHECK(message_of<shape_error>([&] { top_k_rescored(queries, small, keyed_gallery(ids, rows), 2, 2); }) ==
          "top_k_rescored: gallery has 119 rows, rows has 120");
    STATIC_REQUIRE(
        std::is_invocable_v<keyed_rescored_call, matrix<float>, decltype(small), keyed<shadow_gallery>, int, int>);
    STATIC_REQUIRE_FALSE(
        std::is_invocable_v<keyed_rescored_call, matrix<float>, decltype(small), matrix<float>, int, int>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<keyed_rescored_call, matrix<float>, gallery, keyed_gallery, int, int>);
}

TEST_CASE("a keyed gallery refuses what does not fit, and stays as it was", "[keyed_gallery]") {
    history<> past(8, 435);
    past.add(40, {});
    past.remove(3);
    const auto queries = random_rows<float>(5, 8, 436);
    const idx_t there = past.model.begin()->first, other = std::next(past.model.begin())->first;
    const std::string id = std::to_string(there);
    keyed_gallery& keyed = past.keyed;
    const auto two = random_rows<float>(2, 8, 437);
    auto broken = two;
    broken(1, 3) = std::numeric_limits<float>::quiet_NaN();
    const std::vector<idx_t> fresh{1, 2}, taken{1, there}, twice{1, 1}, negative{1, -4}, unknown{there, 5},
        removed_twice{there, other, there};
    CHECK(message_of<value_error>([&] { keyed.add(taken, two); }) ==
          "keyed_gallery::add: id " + id + ", number 1 of 2, is there already");
    CHECK(message_of<value_error>([&] { keyed.add(twice, two); }) ==
          "keyed_gallery::add: id 1, number 1 of 2, is there already");
    CHECK(message_of<value_error>([&] { keyed.add(negative, two); }) ==
          "keyed_gallery::add: id -4, number 1 of 2, is negative");
    CHECK_THROWS_AS(keyed.add(~std::uint64_t(0), random_rows<float>(1, two.dim(), 438)), value_error);
    CHECK(message_of<shape_error>([&] { keyed.add(std::vector<int>{7}, two); }) ==
          "keyed_gallery::add: 1 ids for 2 rows");
    CHECK(message_of<shape_error>([&] { keyed.add(fresh, random_rows<float>(2, 9, 438)); }) ==
          "keyed_gallery::add: rows have dim 9, the gallery has dim 8");
    CHECK(message_of<value_error>([&] {
              keyed.add(fresh, broken, {}, {{on_row::keep, on_row::error}});
          }) == "keyed_gallery::add: row 1 is not finite");
    const auto failing = [](idx_t, const auto&) { throw std::range_error("no threads"); };
    std::vector<int> many(400);
    for (int i = 0; i < 400; ++i) many[std::size_t(i)] = 64 * i + 1;
    CHECK_THROWS_AS(keyed.add(many, random_rows<float>(400, 8, 440), failing), std::range_error);
    CHECK(message_of<value_error>([&] { keyed.replace(unknown, two); }) ==
          "keyed_gallery::replace: id 5, number 1 of 2, is not there");
    CHECK(message_of<shape_error>([&] { keyed.replace(there, two); }) == "keyed_gallery::replace: 1 ids for 2 rows");
    CHECK(message_of<shape_error>([&] { keyed.replace(there, random_rows<float>(1, 9, 438)); }) ==
          "keyed_gallery::replace: rows have dim 9, the gallery has dim 8");
    CHECK(message_of<value_error>([&] {
              keyed.replace(std::vector<idx_t>{there, other}, broken, {}, {{on_row::keep, on_row::error}});
          }) == "keyed_gallery::replace: row 1 is not finite");
    CHECK(message_of<value_error>([&] { keyed.remove(unknown); }) ==
          "keyed_gallery::remove: id 5, number 1 of 2, is not there");
    CHECK(message_of<value_error>([&] { keyed.remove(removed_twice); }) ==
          "keyed_gallery::remove: id " + id + ", number 2 of 3, comes twice");
    CHECK(message_of<value_error>([&] { keyed.unit_rows(unknown); }) ==
          "keyed_gallery::unit_rows: id 5, number 1 of 2, is not there");
    top_k_options options;
    options.filter.exclude_self = true;
    CHECK(message_of<value_error>([&] { top_k(queries, keyed, 3, {}, options); }) ==
          "top_k: exclude_self needs query_rows, the ids of the 5 queries");
    options.filter.query_rows = fresh;
    CHECK(message_of<shape_error>([&] { top_k(queries, keyed, 3, {}, options); }) ==
          "top_k: query_rows has 2 numbers, there are 5 queries");
    past.check(queries);
}

TEST_CASE("an addition that fails leaves the masks of a keyed gallery right", "[keyed_gallery]") {
    const auto rows = random_rows<float>(400, 8, 441);
    std::vector<idx_t> ids(400), removed, fresh(400);
    for (idx_t i = 0; i < 400; ++i) ids[std::size_t(i)] = i, fresh[std::size_t(i)] = 1000 + i;
    for (idx_t i = 0; i < 180; ++i) removed.push_back(2 * i);
    keyed_gallery keyed(ids, rows);
    keyed.remove(removed);
    const row_mask before = keyed.mask([](idx_t id) { return id == 361; });
    std::vector<idx_t> taken = fresh;
    taken.back() = 1;
    auto broken = rows;
    broken(399, 0) = infinity;
    const auto failing = [](idx_t, const auto&) { throw std::range_error("no threads"); };
    CHECK_THROWS_AS(keyed.add(taken, rows), value_error);
    CHECK_THROWS_AS(keyed.add(fresh, broken, {}, {{on_row::keep, on_row::error}}), value_error);
    CHECK_THROWS_AS(keyed.add(fresh, random_rows<float>(400, 9, 442)), shape_error);
    CHECK_THROWS_AS(keyed.add(fresh, rows, failing), std::range_error);
    fresh.resize(160);  // the holes would have room for them
    CHECK_THROWS_AS(keyed.add(fresh, matrix_view<const float>(rows.row(0), 160, 8), failing), std::range_error);
    top_k_options options;
    options.filter.mask = before;
    CHECK(top_k(rows, keyed, 1, {}, options).indices(0, 0) == 361);
}

TEMPLATE_TEST_CASE("after a failed addition of another dim an empty gallery is searched as before", "[keyed_gallery]",
                   gallery, shadow_gallery, compact_gallery<std::int8_t>) {
    const auto rows = random_rows<float>(200, 200, 443);
    std::vector<int> ids(200);
    for (int i = 0; i < 200; ++i) ids[std::size_t(i)] = i;
    keyed<TestType> keyed(ids, rows);
    keyed.remove(ids);
    const auto failing = [](idx_t, const auto&) { throw std::range_error("no threads"); };
    CHECK_THROWS_AS(keyed.add(ids, random_rows<float>(200, 8, 444), failing), std::range_error);
    CHECK(keyed.dim() == 200);
    CHECK(range_search(rows, keyed, 0.5f).indices.empty());
    keyed.add(ids, rows);
    CHECK(top_k(rows, keyed, 1).indices(39, 0) == 39);
}

TEST_CASE("a keyed gallery copies and moves, and gives rows back", "[keyed_gallery]") {
    const auto rows = random_rows<float>(50, 20, 439);
    std::vector<std::uint32_t> ids(50);
    for (std::uint32_t i = 0; i < 50; ++i) ids[i] = 1000 - i;
    keyed_gallery keyed(ids, rows), copy(keyed), taken(static_cast<keyed_gallery&&>(copy));
    copy = keyed;
    copy.remove(960);
    CHECK((keyed.contains(960) && taken.contains(960) && !copy.contains(960) && copy.rows() == 49));
    const unit_embeddings<float> unit = normalize(rows), some = keyed.unit_rows(std::vector<int>{1000, 951});
    CHECK(std::equal(some.row(0), some.row(0) + 20, unit.row(0)));
    CHECK(std::equal(some.row(1), some.row(1) + 20, unit.row(49)));
    row_report report;
    keyed.replace(960, matrix<float>(1, 20), {}, {{on_row::keep, on_row::nan, &report}});
    CHECK((report.zero_rows == 1 && report.first_zero == 0 && keyed.report().first_zero == 960));
    keyed.replace(960, matrix_view<const float>(rows.row(0), 1, 20));
    CHECK((keyed.report().zero_rows == 0 && keyed.report().first_zero == -1));
    STATIC_REQUIRE(std::is_invocable_v<keyed_top_k_call, matrix<float>, keyed_gallery, int>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<cosine_call, matrix<float>, keyed_gallery>);
    STATIC_REQUIRE_FALSE(std::is_invocable_v<keyed_top_k_call, keyed_gallery, matrix<float>, int>);
}

}  // namespace tests
