#include <unitsphere/normalize.hpp>
#include <unitsphere/similarity.hpp>

#include "within_rows.hpp"

// Promise 8 for scores: not one byte outside the caller's rows is read or written.

namespace tests {

using namespace unitsphere;

namespace {

/// Queries and gallery of sizes that change with dim, to meet the edges of blocks too.
template <class T>
struct sides {
    matrix<T> queries, gallery, pair;  ///< `pair` has as many rows as the gallery
    explicit sides(idx_t dim)
        : queries(random_rows<T>(dim % 7 + 1, dim, 123)),
          gallery(random_rows<T>(dim % 19 + 1, dim, 124)),
          pair(random_rows<T>(dim % 19 + 1, dim, 125)) {}
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("cosines stay within their rows", "[guard]", element_types) {
    const auto all = [](const auto&... x) { return cosine_similarity(x...); };
    const auto all_into = [](const auto&... x) { cosine_similarity_into(x...); };
    const auto pairs = [](const auto&... x) { return pairwise_cosine(x...); };
    const auto pairs_into = [](const auto&... x) { pairwise_cosine_into(x...); };
    const auto first = [](const auto& a, const auto& b) {
        return std::vector<float>{cosine(matrix_view<const TestType>(a.row(0), 1, a.dim()),
                                         matrix_view<const TestType>(b.row(0), 1, b.dim()))};
    };
    const auto raw_and_unit = [](const auto& a, const auto& b) { return cosine_similarity(a, adopt_unit(b)); };
    const auto unit_and_raw = [](const auto& a, const auto& b) { return cosine_similarity(adopt_unit(b), a); };
    at_every_edge([&](placement where, idx_t dim) {
        const sides<TestType> s(dim);
        CHECK(read(where, all, s.queries, s.gallery) == "");
        CHECK(written(where, all(s.queries, s.gallery), all_into, s.queries, s.gallery) == "");
        CHECK(read(where, pairs, s.pair, s.gallery) == "");
        const array<float> scores = pairs(s.pair, s.gallery);
        CHECK(written(where, to_view(scores), pairs_into, s.pair, s.gallery) == "");
        CHECK(read(where, first, s.queries, s.gallery) == "");
        matrix<float> unit(s.gallery.rows(), dim);
        normalize_into(s.gallery, unit);
        CHECK(read(where, raw_and_unit, s.queries, unit) == "");
        CHECK(read(where, unit_and_raw, s.queries, unit) == "");
    });
}

TEST_CASE("double scores stay within their rows", "[guard]") {
    const auto all = [](const auto& a, const auto& b) { return cosine_similarity<double>(a, b); };
    const auto pairs = [](const auto& a, const auto& b) { return pairwise_cosine<double>(a, b); };
    at_every_edge([&](placement where, idx_t dim) {
        const sides<double> s(dim);
        CHECK(read(where, all, s.queries, s.gallery) == "");
        CHECK(read(where, pairs, s.pair, s.gallery) == "");
        const auto write_all = [](const auto&... x) { cosine_similarity_into(x...); };
        const auto write_pairs = [](const auto&... x) { pairwise_cosine_into(x...); };
        CHECK(written(where, all(s.queries, s.gallery), write_all, s.queries, s.gallery) == "");
        const array<double> scores = pairs(s.pair, s.gallery);
        CHECK(written(where, to_view(scores), write_pairs, s.pair, s.gallery) == "");
        const auto unit = normalize<double>(s.gallery);
        const auto with_unit = [](const auto& a, const auto& b) { return cosine_similarity<double>(a, adopt_unit(b)); };
        matrix<double> plain_unit(unit.rows(), dim);
        normalize_into(s.gallery, plain_unit);
        CHECK(read(where, with_unit, s.queries, plain_unit) == "");
    });
}

TEMPLATE_LIST_TEST_CASE("logits stay within their rows", "[guard]", element_types) {
    const auto scale = logit_scale::from_multiplier(100);
    const auto per_text = [&](const auto& a, const auto& b) { return clip_logits(a, b, scale).per_text; };
    const auto siglip = [&](const auto& a, const auto& b) { return siglip_logits(a, b, scale, -10.0f); };
    at_every_edge([&](placement where, idx_t dim) {
        const sides<TestType> s(dim);
        const auto logits = clip_logits(s.queries, s.gallery, scale);
        CHECK(read(where, per_text, s.queries, s.gallery) == "");
        const auto write_one = [&](const auto& a, const auto& b, auto out) {
            clip_logits_into(a, b, scale, out, matrix_view<float>{});
        };
        CHECK(written(where, logits.per_image, write_one, s.queries, s.gallery) == "");
        guarded<float> other(s.gallery.rows(), s.queries.rows(), where);
        const auto write_both = [&](const auto& a, const auto& b, auto out) {
            clip_logits_into(a, b, scale, out, other.view());
        };
        CHECK(written(where, logits.per_image, write_both, s.queries, s.gallery) == "");
        CHECK(other.surroundings_intact());
        CHECK(first_difference(other.view(), logits.per_text) == "");

        CHECK(read(where, siglip, s.queries, s.gallery) == "");
        const auto write_siglip = [&](const auto& a, const auto& b, auto out) {
            siglip_logits_into(a, b, scale, -10.0f, out);
        };
        CHECK(written(where, siglip(s.queries, s.gallery), write_siglip, s.queries, s.gallery) == "");
    });
}

TEST_CASE("scores of rows with zeros and NaN stay within their rows under every policy", "[guard]") {
    at_every_edge([](placement where, idx_t dim) {
        if (dim == 0) return;
        matrix<float> rows = random_rows<float>(4, dim, 128);
        std::fill(rows.row(1), rows.row(1) + dim, 0.0f);
        rows(3, dim - 1) = reference::float_from_bits(0x7fc00000u);
        for (const on_row zeros : {on_row::keep, on_row::nan}) {
            const row_policy options{zeros};
            const auto all = [&](const auto&... x) { cosine_similarity_into(x..., {}, {options, options}); };
            const auto pairs = [&](const auto&... x) { pairwise_cosine_into(x..., {}, {options, options}); };
            CHECK(written(where, cosine_similarity(rows, rows, {}, {options, options}), all, rows, rows) == "");
            const array<float> scores = pairwise_cosine(rows, rows, {}, {options, options});
            CHECK(written(where, to_view(scores), pairs, rows, rows) == "");
        }
    });
}

}  // namespace tests
