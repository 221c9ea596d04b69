#include <algorithm>
#include <atomic>
#include <cmath>
#include <stdexcept>
#include <vector>

#include <unitsphere/compact_gallery.hpp>
#include <unitsphere/gallery.hpp>
#include <unitsphere/keyed_gallery.hpp>
#include <unitsphere/rescored_search.hpp>
#include <unitsphere/search.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// What a database would be: row number i * step is rows[i].
template <class T>
auto copies_of(const matrix<T>& rows, idx_t step = 1) {
    return [&rows, step](row_view<const idx_t> numbers, matrix_view<T> to) {
        for (idx_t n = 0; n < to.rows(); ++n) std::copy_n(rows.row(numbers[n] / step), rows.dim(), to.row(n));
    };
}

void check_same(const neighbours& found, const neighbours& expected) {
    CHECK(first_difference(found.indices, expected.indices) == "");
    CHECK(first_difference(found.scores, expected.scores) == "");
}

}  // namespace

TEMPLATE_TEST_CASE("rows that are fetched are rescored as rows that are there", "[fetched_rows]", float, double,
                   float16, std::int8_t) {
    const idx_t q = GENERATE(1, 9, 60), g = 150, dim = 40;
    auto rows = random_rows<TestType>(g, dim, 901);
    for (idx_t i = 0; i < g; i += 3) std::copy_n(rows.row(0), dim - 1, rows.row(i));  // near twins, which 8 bits lose
    std::copy_n(rows.row(3), dim, rows.row(141));
    const auto queries = random_rows<float>(q, dim, 902);
    const compact_gallery<std::int8_t> compact(rows);
    for (const idx_t factor : {1, 3, 100}) {
        CAPTURE(q, factor);
        const neighbours expected = top_k_rescored(queries, compact, rows, 5, factor);
        check_same(top_k_rescored(queries, compact, fetch_rows<TestType>(copies_of(rows)), 5, factor), expected);
        check_same(top_k_rescored(queries, compact, fetch_rows<TestType>(copies_of(rows)), 5, factor, on_threads{3}),
                   expected);
    }
    CHECK(top_k_rescored(queries, compact, fetch_rows<TestType>(copies_of(rows)), 0, 2).indices.columns() == 0);
}

TEST_CASE("rows are fetched once a query, by ids where there are some, the best candidates first", "[fetched_rows]") {
    const idx_t q = 20, g = 90, dim = 24, k = 3, factor = 4;
    const auto rows = random_rows<float>(g, dim, 903), queries = random_rows<float>(q, dim, 904);
    std::vector<idx_t> ids;
    for (idx_t i = 0; i < g; ++i) ids.push_back(7 * i);
    const keyed<compact_gallery<float16>> compact(ids, rows);
    const keyed_gallery exact(ids, rows);
    const neighbours candidates = top_k(queries, compact, k * factor);
    idx_t calls = 0;
    const auto fetch = [&](row_view<const idx_t> numbers, matrix_view<float> to) {
        CHECK((to.rows() == k * factor && to.dim() == dim && idx_t(numbers.size()) == k * factor));
        CHECK(std::equal(numbers.begin(), numbers.end(), candidates.indices.row(calls++)));
        copies_of(rows, 7)(numbers, to);
    };
    check_same(top_k_rescored(queries, compact, fetch_rows<float>(fetch), k, factor),
               top_k_rescored(queries, compact, exact, k, factor));
    CHECK(calls == q);
}

TEST_CASE("a first pass over the first elements fetches whole rows", "[fetched_rows]") {
    const auto rows = random_rows<float>(80, 32, 905), queries = random_rows<float>(9, 32, 906);
    const gallery first(matrix_view<const float>(rows.data(), 80, 12, 32));
    top_k_rescored_options options;
    options.truncate_dim = 12;
    check_same(top_k_rescored(queries, first, fetch_rows<float>(copies_of(rows)), 4, 3, {}, options),
               top_k_rescored(queries, first, rows, 4, 3, {}, options));
}

TEST_CASE("a row that is filled with NaN is not found", "[fetched_rows]") {
    const auto rows = random_rows<float>(8, 16, 907);
    const compact_gallery<float16> compact(rows);
    const auto stored = fetch_rows<float>([&](row_view<const idx_t> numbers, matrix_view<float> to) {
        copies_of(rows)(numbers, to);
        for (idx_t n = 0; n < to.rows(); ++n)
            if (numbers[n] == 2) std::fill_n(to.row(n), to.dim(), NAN);
    });
    const neighbours found = top_k_rescored(rows, compact, stored, 8, 1);
    for (idx_t i = 0; i < 8; ++i) {
        CHECK(found.indices(i, 7) == -1);
        CHECK(std::count(found.indices.row(i), found.indices.row(i) + 8, 2) == 0);
    }
}

TEST_CASE("a fetch that throws leaves the outputs as they were", "[fetched_rows]") {
    const idx_t q = GENERATE(1, 40, 300), g = 700, dim = 33, k = 2;
    const auto rows = random_rows<float>(g, dim, 908), queries = random_rows<float>(q, dim, 909);
    const compact_gallery<std::int8_t> compact(rows);
    const idx_t last = GENERATE(0, 17, 299);
    if (last >= q) return;
    workspace space;
    for (const execution& how : {execution(space), execution(on_threads{3}, space)}) {
        std::atomic<idx_t> calls{0};
        bool fails = true;
        const auto stored = fetch_rows<float>([&](row_view<const idx_t> numbers, matrix_view<float> to) {
            if (fails && calls++ == last) throw std::runtime_error("the database is gone");
            copies_of(rows)(numbers, to);
        });
        matrix<idx_t> indices(q, k);
        auto scores = untouched(q, k);
        CHECK(message_of<std::runtime_error>([&] {
                  top_k_rescored_into(queries, compact, stored, 3, indices, scores, how);
              }) == "the database is gone");
        CHECK(first_difference(indices, matrix<idx_t>(q, k)) == "");
        CHECK(first_difference(scores, untouched(q, k)) == "");
        fails = false;
        top_k_rescored_into(queries, compact, stored, 3, indices, scores, how);
        const neighbours expected = top_k_rescored(queries, compact, rows, k, 3);
        CHECK(first_difference(indices, expected.indices) == "");
        CHECK(first_difference(scores, expected.scores) == "");
    }
}

}  // namespace tests
