#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "troubled_rows.hpp"

// However work is split: the same bits, the same report of rows without a direction, the same refusals. A thread
// sanitizer watches this program: it sees what two workers do to one place even where the numbers come out right.

namespace tests {

using namespace unitsphere;

namespace {

const logit_scale scale = logit_scale::from_multiplier(10.0f);

/// Rows of which each fifth or so has no direction, and what a report must say of them.
struct troubled {
    matrix<float> rows;
    row_report expected;

    troubled(idx_t count, idx_t dim, std::uint64_t seed) : rows(random_rows<float>(count, dim, seed)) {
        generator random(seed);
        for (idx_t i = 0; i < count; ++i) {
            const idx_t kind = random.below(10);
            if (kind == 0) fill_row(rows.row(i), dim, row_kind::zero, random), expected.add_zero(i);
            if (kind == 1) fill_row(rows.row(i), dim, row_kind::nan, random), expected.add_non_finite(i);
        }
    }
};

struct sides {
    troubled queries, gallery;
    zero_shot_classifier classifier;
    unitsphere::gallery packed;

    sides(idx_t q, idx_t g, idx_t dim)
        : queries(q, dim, 401 + std::uint64_t(q)),
          gallery(g, dim, 402),
          classifier(random_rows<float>(g, dim, 403), scale),
          packed(gallery.rows) {}

    /// ask(name, rows, dim, sides, question) for every function with a report: question(how, out, query options,
    /// gallery options) writes [rows, dim]; `sides` of its two sides are raw.
    template <class Ask>
    void each(Ask&& ask) const {
        const matrix<float>&a = queries.rows, &b = gallery.rows;
        const idx_t q = a.rows(), g = b.rows(), dim = a.dim();
        using out = matrix_view<float>;
        using how = const execution&;
        using options = const row_policy&;
        ask("normalize_into", q, dim, 1, [&](how h, out to, options o, options) { normalize_into(a, to, h, {o}); });
        ask("cosine_similarity", q, g, 2, [&](how h, out to, options o, options p) {
            cosine_similarity_into(a, b, to, h, {o, p});
        });
        ask("cosine_similarity of a gallery", q, g, 1,
            [&](how h, out to, options o, options) { cosine_similarity_into(a, packed, to, h, {o}); });
        const idx_t pairs = std::min(q, g);
        ask("pairwise_cosine", 1, pairs, 2, [&](how h, out to, options o, options p) {
            pairwise_cosine_into(part(a, 0, pairs), part(b, 0, pairs), to, h, {o, p});
        });
        ask("clip_logits", q, g, 2, [&](how h, out to, options o, options p) {
            clip_logits_into(a, b, scale, to, out{}, h, {o, p});
        });
        ask("siglip_logits", q, g, 2, [&](how h, out to, options o, options p) {
            siglip_logits_into(a, b, scale, -1.0f, to, h, {o, p});
        });
        ask("predict_proba", q, g, 1,
            [&](how h, out to, options o, options) { classifier.predict_proba_into(a, to, h, {o}); });
        ask("decision_function", q, g, 1,
            [&](how h, out to, options o, options) { classifier.decision_function_into(a, to, h, {o}); });
        ask("top_k of classes", q, 7, 1, [&](how h, out to, options o, options) {
            matrix<idx_t> labels(q, 7);
            classifier.top_k_into(a, labels, to, h, {o});
        });
        ask("top_k", q, 7, 2, [&](how h, out to, options o, options p) {
            matrix<idx_t> best(q, 7);
            top_k_into(a, b, best, to, h, {o, p});
        });
        ask("top_k, rescored", q, 7, 2, [&](how h, out to, options o, options p) {
            matrix<idx_t> best(q, 7);
            top_k_into(a, b, best, to, h, {o, p, true});
        });
        ask("top_k of a gallery", q, 7, 1, [&](how h, out to, options o, options) {
            matrix<idx_t> best(q, 7);
            top_k_into(a, packed, best, to, h, {o});
        });
    }
};

/// The report of the gallery's first rows only.
row_report of_first(const matrix<float>& rows, idx_t count) {
    row_report seen;
    for (idx_t i = 0; i < count; ++i) {
        if (all_zero(rows.row(i), rows.dim())) seen.add_zero(i);
        if (!reference::is_finite_row(rows.row(i), rows.dim())) seen.add_non_finite(i);
    }
    return seen;
}

/// check(how) for sequential, backwards, and several threads.
template <class Check>
void for_each_split(Check&& check, std::initializer_list<int> numbers_of_threads = {2, 3, 8}) {
    workspace space;
    check(execution(sequential{}));
    check(execution(in_reverse));
    for (const int threads : numbers_of_threads) {
        check(execution(on_threads{threads}));
        check(execution(on_threads{threads}, space));
    }
}

struct shape {
    idx_t q, g, dim;
};
// Unpacked rows of either side, few queries, many queries by groups; the last by rows: more than are packed at once.
constexpr shape shapes[] = {{5, 700, 33}, {5, 700, 32}, {700, 8, 32}, {16, 700, 33}, {200, 300, 400}, {300, 301, 4096}};

}  // namespace

TEST_CASE("every split gives the same bits and the same report", "[splits]") {
    const shape s = GENERATE(from_range(std::begin(shapes), std::end(shapes)));
    CAPTURE(s.q, s.g, s.dim);
    const sides rows(s.q, s.g, s.dim);
    rows.each([&](const std::string& name, idx_t count, idx_t dim, int raw_sides, auto&& question) {
        CAPTURE(name);
        matrix<float> expected = untouched(count, dim);
        question(sequential{}, expected.view(), row_policy{}, row_policy{});
        const idx_t rows_of_both = std::min(s.q, s.g);
        const bool pairs = name == "pairwise_cosine";
        const row_report of_queries = pairs ? of_first(rows.queries.rows, rows_of_both) : rows.queries.expected;
        const row_report of_gallery = pairs ? of_first(rows.gallery.rows, rows_of_both) : rows.gallery.expected;
        const auto check = [&](const execution& how) {
            CAPTURE(how.workers());
            row_report q{9, 9, 9, 9}, g{9, 9, 9, 9};
            matrix<float> out = untouched(count, dim);
            question(how, out.view(), row_policy{on_row::keep, on_row::nan, &q},
                     row_policy{on_row::keep, on_row::nan, &g});
            CHECK(first_difference(out, expected) == "");
            CHECK(same(q, of_queries));
            if (raw_sides == 2) CHECK(same(g, of_gallery));
        };
        if (s.dim < 1000) for_each_split(check);
        if (s.dim > 1000) for_each_split(check, {3});
    });
}

TEST_CASE("every split refuses rows before anything is written", "[splits]") {
    const sides rows(16, 200, 33);
    const row_policy no_zeros{on_row::error, on_row::nan}, no_bad{on_row::keep, on_row::error};
    rows.each([&](const std::string& name, idx_t count, idx_t dim, int raw_sides, auto&& question) {
        CAPTURE(name);
        for_each_split([&](const execution& how) {
            matrix<float> out = untouched(count, dim);
            row_report seen{9, 9, 9, 9};
            row_policy counted;
            counted.report = &seen;
            for (const row_policy& strict : {no_zeros, no_bad}) {
                CHECK_THROWS_AS(question(how, out.view(), strict, counted), value_error);
                if (raw_sides == 2) CHECK_THROWS_AS(question(how, out.view(), counted, strict), value_error);
            }
            CHECK(first_difference(out, untouched(count, dim)) == "");
            CHECK(same(seen, {9, 9, 9, 9}));
        });
    });
}

TEST_CASE("every split makes the same gallery, and a refused append leaves it as it was", "[splits]") {
    const troubled first(205, 33, 404), more(700, 33, 405);
    const unitsphere::gallery expected = [&] {
        unitsphere::gallery rows(first.rows);
        rows.append(more.rows);
        return rows;
    }();
    row_report in_all = first.expected, behind = more.expected;
    behind.first_zero += 205, behind.first_non_finite += 205;
    in_all.add(behind);
    for_each_split([&](const execution& how) {
        row_report seen{9, 9, 9, 9};
        unitsphere::gallery rows(first.rows, how, {on_row::keep, on_row::nan, &seen});
        CHECK(same(seen, first.expected));
        CHECK_THROWS_AS(rows.append(more.rows, how, {on_row::error, on_row::nan}), value_error);
        CHECK((rows.rows() == 205 && same(rows.report(), first.expected)));
        rows.append(more.rows, how, {on_row::keep, on_row::nan, &seen});
        CHECK(same(seen, more.expected));
        CHECK(same(rows.report(), in_all));
        CHECK(first_difference(rows.unit_rows(), expected.unit_rows()) == "");
    });
}

TEST_CASE("a gallery of one strip still keeps every worker busy with some of the queries", "[splits]") {
    const auto queries = random_rows<float>(2500, 65, 321), rows = random_rows<float>(37, 65, 322);
    const auto expected = top_k(queries, rows, 5);
    team three(3);
    for (const execution& how : {execution(three), execution(in_reverse)}) {
        const auto found = top_k(queries, rows, 5, how), of_gallery = top_k(queries, gallery(rows), 5, how);
        CHECK(first_difference(found.indices, expected.indices) == "");
        CHECK(first_difference(of_gallery.scores, expected.scores) == "");
    }
}

TEST_CASE("the parts that on_progress reports add up to all scores of the call", "[splits]") {
    team three(3);
    const auto check = [](idx_t q, idx_t g, idx_t dim, const execution& how) {
        CAPTURE(q, g, how.workers());
        const auto queries = random_rows<float>(q, dim, 323), rows = random_rows<float>(g, dim, 324);
        const gallery packed(rows);
        const auto told = [&](auto&& call) {
            std::atomic<idx_t> done{0};
            std::atomic<bool> same_whole{true};
            const auto tell = [&](idx_t part, idx_t whole) {
                done += part;
                if (whole != q * g || part < 1) same_whole = false;
            };
            execution telling = how;
            call(telling.on_progress(tell));
            return same_whole ? done.load() : idx_t(-1);
        };
        CHECK(told([&](const execution& it) { cosine_similarity(queries, rows, it); }) == q * g);
        CHECK(told([&](const execution& it) { cosine_similarity(queries, packed, it); }) == q * g);
        CHECK(told([&](const execution& it) { top_k(queries, rows, 3, it); }) == q * g);
        CHECK(told([&](const execution& it) { top_k(queries, packed, 3, it); }) == q * g);
    };
    for (const execution& how : {execution(sequential{}), execution(three), execution(in_reverse)}) {
        check(1, 200, 17, how);
        check(12, 333, 17, how);    // few queries
        check(100, 700, 65, how);   // strips
        check(2500, 37, 600, how);  // rows
    }
}

TEST_CASE("a progress callback that returns false cancels the call, and no worker begins another task", "[splits]") {
    const auto queries = random_rows<float>(100, 65, 325), rows = random_rows<float>(3000, 65, 326);
    const gallery packed(rows);
    const shadow_gallery shadow(rows);
    const compact_gallery<int4> compact(rows);
    matrix<idx_t> lists(100, 300);
    for (idx_t n = 0; n < 100 * 300; ++n) lists.data()[n] = n * 7 % 3000;
    top_k_options listed;
    listed.filter.allowed = lists;
    const auto expected = top_k(queries, packed, 3);
    workspace space;
    for (const int threads : {1, 3}) {
        const on_threads executor{threads};
        std::atomic<int> calls{0}, allowed{2};
        const auto stop = [&](idx_t, idx_t) { return ++calls <= allowed; };
        const execution how = execution(executor, space).on_progress(stop);
        const auto cancelled = [&](auto&& call) {
            calls = 0;
            const auto text = message_of<cancelled_error>([&] { call(how); });
            return text == "cancelled: the progress callback returned false" && calls >= 3 && calls <= 2 + threads;
        };
        CHECK(cancelled([&](const execution& it) { top_k(queries, rows, 3, it); }));
        CHECK(cancelled([&](const execution& it) { top_k(queries, packed, 3, it); }));
        CHECK(cancelled([&](const execution& it) { range_search(queries, packed, 0.1f, it); }));
        CHECK(cancelled([&](const execution& it) { top_k(queries, shadow, 3, it); }));
        CHECK(cancelled([&](const execution& it) { top_k(queries, compact, 3, it); }));
        CHECK(cancelled([&](const execution& it) { top_k(queries, packed, 3, it, listed); }));
        CHECK(cancelled([&](const execution& it) { cosine_similarity(queries, rows, it); }));
        allowed = 1 << 20;  // the same workspace serves the next call
        CHECK(first_difference(top_k(queries, packed, 3, how).indices, expected.indices) == "");
    }
}

TEST_CASE("every split finds the same pairs", "[splits]") {
    const sides rows(37, 700, 33);
    const matrix<float> scores = cosine_similarity(rows.queries.rows, rows.gallery.rows);
    for_each_split([&](const execution& how) {
        matrix<float> found = untouched(37, 700);  // each pair has a place of its own: no lock
        row_report q, g;
        for_each_in_range(rows.queries.rows, rows.gallery.rows, 0.2f,
                          [&](idx_t i, idx_t j, float score) { found(i, j) = score; }, how,
                          {{on_row::keep, on_row::nan, &q}, {on_row::keep, on_row::nan, &g}});
        CHECK((same(q, rows.queries.expected) && same(g, rows.gallery.expected)));
        int wrong = 0;
        for (idx_t i = 0; i < 37; ++i)
            for (idx_t j = 0; j < 700; ++j)
                wrong +=
                    reference::bits(found(i, j)) !=
                    reference::bits(!reference::is_nan(scores(i, j)) && scores(i, j) >= 0.2f ? scores(i, j) : -123.25f);
        CHECK(wrong == 0);
    });
}

}  // namespace tests
