#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include <unitsphere/compact_gallery.hpp>
#include <unitsphere/gallery.hpp>
#include <unitsphere/knn_classify.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/rescored_search.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/shadow_gallery.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "random_rows.hpp"
#include "shadow.hpp"

namespace tests {

using namespace unitsphere;

namespace {

template <class Queries, class Rows>
void check_equal_answers(const Queries& queries, const Rows& rows, const shadow_gallery& shadow, idx_t k,
                         const execution& how = {}) {
    const always_filtered filtered{shadow};
    const gallery plain(rows);
    for (const bool rescore : {false, true}) {
        top_k_options options;
        options.rescore = rescore;
        const neighbours found = top_k(queries, filtered, k, how, options),
                         expected = top_k(queries, plain, k, {}, options);
        CHECK(first_difference(found.indices, expected.indices) == "");
        CHECK(first_difference(found.scores, expected.scores) == "");
    }
    for (const float threshold : {-2.0f, -1.0f, -0.1f, 0.0f, 0.3f, 1.0f}) {
        const range_result found = range_search(queries, filtered, threshold, how);
        const range_result expected = range_search(queries, plain, threshold);
        CHECK(found.offsets == expected.offsets);
        CHECK(found.indices == expected.indices);
        CHECK(first_difference(found.scores.view(), expected.scores.view()) == "");
    }
}

/// An executor of two workers.
template <class Executor>
struct two_workers {
    const Executor& executor;

    idx_t workers() const { return 2; }
    template <class Body>
    void operator()(idx_t count, Body&& body) const {
        executor(count, body);
    }
};
template <class Executor>
two_workers(const Executor&) -> two_workers<Executor>;

}  // namespace

TEST_CASE("searches of a shadow gallery have the answers of float, bit for bit", "[shadow]") {
    const idx_t n = GENERATE(1, 15, 16, 17, 97, 700), dim = GENERATE(1, 3, 15, 16, 17, 63, 64, 65, 100, 200);
    const idx_t q = GENERATE(1, 4, 33);
    CAPTURE(n, dim, q);
    const auto rows = rows_in_a_cone(n, dim, 81), queries = rows_in_a_cone(q, dim, 82);
    check_equal_answers(queries, rows, shadow_gallery(rows), std::min<idx_t>(n, 5));
}

TEMPLATE_LIST_TEST_CASE("a shadow gallery takes rows of every type and kind", "[shadow]", element_types) {
    auto rows = varied_rows<TestType>(120, 70, 83);
    generator random(84);
    for (const idx_t i : {0, 17, 50, 119}) fill_row(rows.row(i), 70, row_kind::zero, random);
    if (!std::is_same_v<TestType, std::int8_t>)
        for (const idx_t i : {3, 16, 118})
            fill_row(rows.row(i), 70, i == 16 ? row_kind::infinite : row_kind::nan, random);
    const auto queries = part(rows, 0, 40);
    const shadow_gallery shadow(rows);
    check_equal_answers(queries, rows, shadow, 9);
    const gallery plain(rows);
    CHECK(shadow.report().zero_rows == plain.report().zero_rows);
    CHECK(shadow.report().first_zero == plain.report().first_zero);
    CHECK(shadow.report().non_finite_rows == plain.report().non_finite_rows);
    CHECK(shadow.report().first_non_finite == plain.report().first_non_finite);
}

TEST_CASE("rows that are alike are all scored in float, and ties have one order", "[shadow]") {
    const idx_t dim = 128;
    matrix<float> rows(300, dim);
    const auto one = random_rows<float>(1, dim, 85);
    for (idx_t i = 0; i < rows.rows(); ++i)
        for (idx_t j = 0; j < dim; ++j) rows(i, j) = one(0, j) * (i % 3 == 0 ? 2.0f : 1.0f);
    for (idx_t i = 0; i < rows.rows(); i += 7) rows(i, i % dim) += 1e-4f;
    const auto queries = random_rows<float>(20, dim, 86);
    check_equal_answers(queries, rows, shadow_gallery(rows), 50);
    check_equal_answers(rows, rows, shadow_gallery(rows), 3);
}

TEST_CASE("a shadow gallery grows, and stands over rows of the caller", "[shadow]") {
    const idx_t n = 333, dim = 96;
    const auto rows = rows_in_a_cone(n, dim, 87), queries = rows_in_a_cone(9, dim, 88);
    shadow_gallery grown;
    CHECK(grown.rows() == 0);
    for (idx_t first = 0, count = 1; first < n; first += count, count = count * 5 % 37 + 1) {
        count = std::min(count, n - first);
        grown.append(part(rows, first, count));
    }
    CHECK(grown.rows() == n);
    check_equal_answers(queries, rows, grown, 11);
    const unit_embeddings<float> unit = normalize(rows);
    CHECK(first_difference(grown.unit_rows().values(), unit.values()) == "");
    const shadow_gallery over = shadow_gallery::over(unit);
    CHECK(over.unit_rows().data() == unit.data());
    check_equal_answers(queries, rows, over, 11);
    CHECK(first_difference(cosine_similarity(queries, over), cosine_similarity(queries, rows)) == "");
    CHECK_THROWS_WITH(shadow_gallery(over).append(rows),
                      Catch::Matchers::ContainsSubstring("the rows are the caller's"));
    CHECK_THROWS_WITH(grown.append(random_rows<float>(2, 95, 1)),
                      Catch::Matchers::ContainsSubstring("dim 95") && Catch::Matchers::ContainsSubstring("dim 96"));
    row_policy refuse;
    refuse.zero_rows = on_row::error;
    CHECK_THROWS_AS(grown.append(matrix<float>(2, dim), {}, {refuse}), value_error);
    CHECK(grown.rows() == n);
    check_equal_answers(queries, rows, grown, 11);
}

TEST_CASE("a shadow gallery that was moved, or whose append failed, takes rows anew", "[shadow]") {
    const auto rows = rows_in_a_cone(200, 64, 98), others = rows_in_a_cone(150, 200, 99);
    const auto many = rows_in_a_cone(2000, 64, 98);
    shadow_gallery first(rows);
    const shadow_gallery taken(static_cast<shadow_gallery&&>(first));
    CHECK(first.rows() == 0);
    first.append(others);
    check_equal_answers(others, others, first, 3);
    const auto unit = normalize(rows);
    auto of_caller = shadow_gallery::over(unit);
    const shadow_gallery kept(static_cast<shadow_gallery&&>(of_caller));
    CHECK(of_caller.unit_rows().rows() == 0);
    of_caller.append(others);
    check_equal_answers(others, others, of_caller, 3);
    check_equal_answers(rows, rows, taken, 3);

    shadow_gallery failing;
    int calls = 0;
    const auto fails_at = [&](int call) {
        return [&calls, call](idx_t count, auto&& body) {
            if (++calls == call) throw std::runtime_error("no thread");
            for (idx_t i = 0; i < count; ++i) body(i);
        };
    };
    for (const int call : {1, 2}) {
        const auto executor = fails_at(call);
        calls = 0;
        CHECK_THROWS_AS(failing.append(many, two_workers{executor}), std::runtime_error);
        CHECK(failing.rows() == 0);
        CHECK(failing.dim() == 0);
    }
    failing.append(others);
    check_equal_answers(others, others, failing, 3);
    failing.append(failing.unit_rows());
    CHECK(failing.rows() == 300);
    CHECK(first_difference(failing.unit_rows().values(),
                           shadow_gallery::over(failing.unit_rows()).unit_rows().values()) == "");
    for (idx_t i = 0; i < 150; ++i)
        for (idx_t k = 0; k < 200; ++k)
            if (failing.unit_rows()(i, k) != failing.unit_rows()(150 + i, k)) FAIL("row " << i);
}

TEST_CASE("rows that the bytes rule out are not read", "[shadow]") {
    const idx_t n = 4000, dim = 64;
    auto units = normalize(rows_in_a_cone(n, dim, 100));
    const auto queries = rows_in_a_cone(3, dim, 101);
    const neighbours expected = top_k(queries, units, 5);
    const shadow_gallery shadow = shadow_gallery::over(units);
    // What is not among the 2000 best of any query becomes NaN: it would be found nowhere, had it been scored.
    const neighbours near_ones = top_k(queries, units, 2000);
    std::vector<char> is_near(std::size_t(n), 0);
    for (idx_t i = 0; i < 3; ++i)
        for (idx_t k = 0; k < 2000; ++k) is_near[std::size_t(near_ones.indices(i, k))] = 1;
    idx_t spoilt = 0;
    for (idx_t j = 0; j < n; ++j)
        if (is_near[std::size_t(j)] == 0) {
            // Twice the row would be first of all, if it were read.
            for (idx_t k = 0; k < dim; ++k) const_cast<float*>(units.row(j))[k] = queries(0, k) * 100.0f;
            ++spoilt;
        }
    CHECK(spoilt > 100);
    const neighbours found = top_k(queries, always_filtered{shadow}, 5);
    idx_t read = 0;
    for (idx_t i = 0; i < 3; ++i)
        for (idx_t k = 0; k < 5; ++k) read += is_near[std::size_t(found.indices(i, k))] == 0;
    CHECK(read < 15);  // rows of the first lists are read before a bound is known
    shadow_gallery none;
    CHECK(top_k(queries.view(), always_filtered{none = shadow_gallery(rows_in_a_cone(20, dim, 1))}, 5).indices.rows() ==
          3);
}

TEST_CASE("a caller's function may search, too, while it is called by a search", "[shadow]") {
    const auto rows = rows_in_a_cone(500, 64, 102), queries = rows_in_a_cone(40, 64, 103);
    const shadow_gallery shadow(rows), other(rows);
    const always_filtered filtered{shadow}, inner{other};
    const gallery plain(rows);
    idx_t found = 0, expected = 0;
    for_each_in_range(queries, filtered, 0.3f, [&](idx_t, idx_t, float) {
        if (++found % 50 == 1) CHECK(top_k(queries, inner, 1).indices(0, 0) == top_k(queries, plain, 1).indices(0, 0));
    });
    for_each_in_range(queries, plain, 0.3f, [&](idx_t, idx_t, float) { ++expected; });
    CHECK(found == expected);
}

TEST_CASE("no split of a filtered search changes its answer", "[shadow]") {
    const auto rows = rows_in_a_cone(3000, 64, 89), queries = rows_in_a_cone(70, 64, 90);
    const on_threads three{3};
    workspace space;
    for (const execution& how : {execution(three), execution(in_reverse), execution(three, space)})
        check_equal_answers(queries, rows, shadow_gallery(rows, how), 7, how);
}

TEST_CASE("more queries than a pass takes", "[shadow]") {
    const auto rows = rows_in_a_cone(100, 32, 91), queries = rows_in_a_cone(2100, 32, 92);
    check_equal_answers(queries, rows, shadow_gallery(rows), 3);
}

TEST_CASE("near duplicates, votes, lists and masks of a shadow gallery are those of float", "[shadow]") {
    const idx_t n = 420, dim = 48;
    auto rows = rows_in_a_cone(n, dim, 96);
    for (idx_t i = 0; i < n; i += 5)
        for (idx_t k = 0; k < dim; ++k) rows(i, k) = rows((i * 7) % n, k) * (i % 2 == 0 ? 1.0f : 1.001f);
    const auto queries = rows_in_a_cone(30, dim, 97);
    const shadow_gallery shadow(rows);
    const always_filtered filtered{shadow};
    const gallery plain(rows);
    for (const float threshold : {0.5f, 0.95f, 0.9999f, 1.0f})
        CHECK(near_duplicates(filtered, threshold).representative == near_duplicates(plain, threshold).representative);

    std::vector<int> labels;
    for (idx_t i = 0; i < n; ++i) labels.push_back(int(i % 11));
    const top_labels found = knn_classify(queries, filtered, labels, 9),
                     expected = knn_classify(queries, plain, labels, 9);
    CHECK(first_difference(found.labels, expected.labels) == "");
    CHECK(first_difference(found.probabilities, expected.probabilities) == "");

    const row_mask some(n, [](idx_t i) { return i % 50 < 3; });
    matrix<idx_t> lists(30, 6);
    for (idx_t i = 0; i < 30; ++i)
        for (idx_t k = 0; k < 6; ++k) lists(i, k) = (i * 31 + k * 61) % n;
    top_k_options masked, listed, others;
    masked.filter.mask = some, listed.filter.allowed = lists, others.filter.exclude_self = true;
    for (const auto& options : {masked, listed}) {
        const neighbours a = top_k(queries, filtered, 8, {}, options), b = top_k(queries, plain, 8, {}, options);
        CHECK(first_difference(a.indices, b.indices) == "");
        CHECK(first_difference(a.scores, b.scores) == "");
    }
    const neighbours a = top_k(rows, filtered, 4, {}, others), b = top_k(rows, plain, 4, {}, others);
    CHECK(first_difference(a.indices, b.indices) == "");
    CHECK(first_difference(a.scores, b.scores) == "");
    const neighbours c = top_k(filtered, filtered, 4), d = top_k(plain, plain, 4);
    CHECK(first_difference(c.indices, d.indices) == "");
    CHECK(first_difference(c.scores, d.scores) == "");
}

namespace {
struct rescored_call {
    template <class... A>
    auto operator()(A&&... a) const -> decltype(top_k_rescored(std::forward<A>(a)...));
};
template <class Rows>
inline constexpr bool may_rescore =
    std::is_invocable_v<rescored_call, const matrix<float>&, const compact_gallery<int4>&, const Rows&, int, int>;
}  // namespace

TEST_CASE("a shadow gallery is a second stage by its floats, rows of bytes are none", "[shadow]") {
    const auto queries = random_rows<float>(9, 40, 96), rows = random_rows<float>(300, 40, 97);
    const compact_gallery<int4> first(rows);
    const neighbours expected = top_k_rescored(queries, first, rows, 5, 4),
                     found = top_k_rescored(queries, first, shadow_gallery(rows), 5, 4);
    CHECK(first_difference(found.indices, expected.indices) == "");
    CHECK(first_difference(found.scores, expected.scores) == "");
    STATIC_REQUIRE(may_rescore<gallery>);
    STATIC_REQUIRE(may_rescore<compact_gallery<float16>>);
    STATIC_REQUIRE_FALSE(may_rescore<compact_gallery<std::int8_t>>);
    STATIC_REQUIRE_FALSE(may_rescore<compact_gallery<int4>>);
    STATIC_REQUIRE_FALSE(may_rescore<compact_gallery<one_bit>>);
    STATIC_REQUIRE_FALSE(may_rescore<compact_gallery<fast_bfloat16>>);
}

TEST_CASE("long rows have no bytes, and are searched in float", "[shadow]") {
    const auto rows = random_rows<float>(3, kernel::most_byte_dim + 1, 94),
               whole = random_rows<float>(3, kernel::most_byte_dim, 95);
    const shadow_gallery shadow(rows);
    CHECK(shadow.packed().most_queries == 0);
    check_equal_answers(rows, rows, shadow, 2);
    check_equal_answers(whole, whole, shadow_gallery(whole), 2);
}

}  // namespace tests
