#include <algorithm>
#include <string>
#include <vector>

#include <unitsphere/unitsphere.hpp>

#include "canonical.hpp"
#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "golden.hpp"
#include "random_rows.hpp"

// One pair, one value: every way to a score gives the bits of the canonical arithmetic, written out here one element
// after the other, and those bits are recorded for all instruction sets.

namespace tests {

using namespace unitsphere;

namespace {

constexpr idx_t block_rows = kernel::block<float>::rows, block_columns = kernel::block<float>::columns;

/// The workers are begun in random order, each after a random pause, as many as the seed says.
class random_split {
public:
    explicit random_split(std::uint64_t seed) : random_(seed), threads_(int(random_.below(9)) + 1) {}

    idx_t workers() const { return threads_; }

    template <class Body>
    void operator()(idx_t count, Body body) {
        std::vector<idx_t> order(std::size_t(count), 0), pauses(std::size_t(count), 0);
        for (idx_t i = 0; i < count; ++i) {
            const idx_t place = random_.below(i + 1);
            order[std::size_t(i)] = order[std::size_t(place)];
            order[std::size_t(place)] = i;
            pauses[std::size_t(i)] = random_.below(4) * random_.below(20);
        }
        on_threads{threads_}(count, [&](idx_t i) {
            for (idx_t pause = 0; pause < pauses[std::size_t(i)]; ++pause) std::this_thread::yield();
            body(order[std::size_t(i)]);
        });
    }

private:
    generator random_;
    int threads_;
};

using rows_view = matrix_view<const float>;

/// Every score from top_k, where its index says that it belongs.
template <class Gallery>
matrix<float> scattered(rows_view queries, const Gallery& gallery, const execution& how) {
    const neighbours found = top_k(queries, gallery, gallery.rows(), how);
    matrix<float> scores = untouched(queries.rows(), gallery.rows());
    for (idx_t i = 0; i < scores.rows(); ++i)
        for (idx_t j = 0; j < scores.dim(); ++j)
            if (found.indices(i, j) >= 0) scores(i, found.indices(i, j)) = found.scores(i, j);
    return scores;
}

/// Every score from pairwise_cosine: each query as often as there are gallery rows.
matrix<float> pair_by_pair(rows_view queries, rows_view gallery, const execution& how) {
    matrix<float> repeated(gallery.rows(), gallery.dim()), scores = untouched(queries.rows(), gallery.rows());
    for (idx_t i = 0; i < queries.rows(); ++i) {
        for (idx_t j = 0; j < gallery.rows(); ++j)
            std::copy(queries.row(i), queries.row(i) + queries.dim(), repeated.row(j));
        pairwise_cosine_into(repeated, gallery, scores[i], how);
    }
    return scores;
}

matrix<float> one_by_one(rows_view queries, rows_view gallery) {
    matrix<float> scores(queries.rows(), gallery.rows());
    for (idx_t i = 0; i < scores.rows(); ++i)
        for (idx_t j = 0; j < scores.dim(); ++j) scores(i, j) = cosine(queries[i], gallery[j]);
    return scores;
}

void check_way(const char* way, const matrix<float>& scores, rows_view expected) {
    INFO(way);
    CHECK(first_difference(scores, expected) == "");
}

/// The ways that an executor splits, from raw rows and from those that a gallery holds.
void check_matrices(rows_view queries, rows_view gallery, rows_view expected, const execution& how) {
    const unitsphere::gallery packed(gallery, how);
    check_way("matrix", cosine_similarity(queries, gallery, how), expected);
    check_way("gallery", cosine_similarity(queries, packed, how), expected);
    check_way("top_k", scattered(queries, gallery, how), expected);
    check_way("top_k of a gallery", scattered(queries, packed, how), expected);
}

/// All of them.
void check_ways(rows_view queries, rows_view gallery, rows_view expected, const execution& how) {
    check_matrices(queries, gallery, expected, how);
    const auto scale = logit_scale::from_multiplier(1.0f);
    const auto unit_queries = normalize(queries, how), unit_gallery = normalize(gallery, how);
    check_way("pairs", pair_by_pair(queries, gallery, how), expected);
    check_way("unit queries", cosine_similarity(unit_queries, gallery, how), expected);
    check_way("unit gallery", cosine_similarity(queries, unit_gallery, how), expected);
    check_way("unit rows", cosine_similarity(unit_queries, unit_gallery, how), expected);
    const clip_logit_matrices logits = clip_logits(queries, gallery, scale, how);
    check_way("logits", logits.per_image, expected);
    check_way("logits per text", transposed(logits.per_text), expected);
    check_way("probabilities", zero_shot_classifier(gallery, scale).predict_proba(queries, how), softmax(expected));
}

}  // namespace

TEST_CASE("every way to a score gives the canonical bits, however memory lies and work is split", "[every_way]") {
    const idx_t dim = GENERATE(as<idx_t>{}, 1, 15, 16, 17, 127, 128, 129, 255, 256, 257, 511, 512, 513, 640);
    const matrix<float> all_queries = random_rows<float>(12, dim, 201), gallery = random_rows<float>(133, dim, 202);
    const matrix<float> all_expected = canonical::scores(canonical::unit(all_queries), canonical::unit(gallery));
    check("every_way_" + std::to_string(dim), all_expected);
    for (const idx_t q : {idx_t(3), idx_t(12)}) {  // by strips of the gallery, and as few queries
        CAPTURE(dim, q);
        const rows_view queries = part(all_queries, 0, q), expected = part(all_expected, 0, q);
        for (const idx_t gap : {0, 3})
            for (const idx_t shift : {0, 1, 2, 3, 4, 5, 6, 7}) {
                CAPTURE(gap, shift);
                const laid_out<float> moved_queries(queries, gap, shift), moved_gallery(gallery, gap, 7 - shift);
                check_ways(moved_queries.view(), moved_gallery.view(), expected, sequential{});
                check_way("one pair", one_by_one(moved_queries.view(), moved_gallery.view()), expected);
            }
        for (const int threads : {2, 3, 5, 8}) {
            CAPTURE(threads);
            check_ways(queries, gallery, expected, on_threads{threads});
        }
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            CAPTURE(seed);
            random_split split(seed);
            check_matrices(queries, gallery, expected, split);
        }
    }
}

TEST_CASE("every number of queries and gallery rows, to beyond two blocks, gives the canonical bits", "[every_way]") {
    constexpr idx_t dim = 5, most_queries = 2 * block_rows + 1, most_rows = 2 * block_columns + 1;
    const matrix<float> all_queries = random_rows<float>(65, dim, 203), all_rows = random_rows<float>(129, dim, 204);
    const matrix<float> all_expected = canonical::scores(canonical::unit(all_queries), canonical::unit(all_rows));
    check("every_way_blocks", all_expected);
    REQUIRE((most_queries <= 65 && most_rows <= 129));
    workspace space;
    for (idx_t q = 0; q <= most_queries; ++q)
        for (idx_t g = 0; g <= most_rows; ++g) {
            CAPTURE(q, g);
            const rows_view expected(all_expected.data(), q, g, all_expected.stride());
            check_matrices(part(all_queries, 0, q), part(all_rows, 0, g), expected, space);
            check_matrices(part(all_queries, 0, q), part(all_rows, 0, g), expected, {in_reverse, space});
        }
}

TEST_CASE("more queries than are packed at once give the canonical bits, by rows and by strips", "[every_way]") {
    constexpr idx_t dim = 32768, most = 97;
    const engine::tile_shape shape{most, 66, dim, 1, false, engine::register_tile::of<float>()};
    const idx_t q = plan_tiles(shape, engine::tile_order::any).pass_rows + 1;
    const idx_t kept = engine::caches().packed_gallery_bytes / 4 / dim;  // rows of a gallery that is packed whole
    REQUIRE((q <= most && kept < 66));
    const matrix<float> all_queries = random_rows<float>(most, dim, 205), all_rows = random_rows<float>(66, dim, 206);
    const matrix<float> queries = [&] {
        matrix<float> first(q, dim);
        std::copy(all_queries.data(), all_queries.data() + q * dim, first.data());
        return first;
    }();
    const matrix<float> all_expected = canonical::scores(canonical::unit(queries), canonical::unit(all_rows));
    matrix<float> few_queries(3, 66);  // as many for every instruction set
    std::copy(all_expected.data(), all_expected.data() + 3 * 66, few_queries.data());
    check("every_way_strips", few_queries);
    for (const idx_t g : {idx_t(33), idx_t(66)}) {
        CAPTURE(q, g);
        const rows_view expected(all_expected.data(), q, g, all_expected.stride());
        check_matrices(queries, part(all_rows, 0, g), expected, sequential{});
        check_matrices(queries, part(all_rows, 0, g), expected, on_threads{3});
    }
}

}  // namespace tests
