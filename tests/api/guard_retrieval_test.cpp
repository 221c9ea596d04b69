#include <unitsphere/metrics.hpp>
#include <unitsphere/retrieval.hpp>
#include <unitsphere/search.hpp>

#include "executors.hpp"
#include "within_rows.hpp"

// Promise 8 for ranks, range searches and near duplicates: not one byte outside the caller's rows, lists and places.

namespace tests {

using namespace unitsphere;

namespace {

/// The image of each text, in turn, and now and then of none.
template <class Label>
matrix<Label> images_of(idx_t texts, idx_t images) {
    matrix<Label> result(1, texts);
    for (idx_t j = 0; j < texts; ++j) result(0, j) = Label(j % 5 == 4 || images == 0 ? -1 : j % images);
    return result;
}

/// Both places of every pair, one row below the other.
template <class Images, class Texts, class List>
matrix<idx_t> places_of(const Images& images, const Texts& texts, const List& list, const execution& how) {
    matrix<idx_t> result(2, texts.rows());
    pair_ranks_into(images, texts, list, result[0], result[1], how);
    return result;
}

template <class T, class Label>
void check_pair_ranks(placement where, idx_t q, idx_t g, idx_t dim, const execution& how) {
    CAPTURE(q, g);
    const auto images = random_rows<T>(q, dim, 601), texts = random_rows<T>(g, dim, 602);
    const auto list = images_of<Label>(g, q);
    const matrix<idx_t> expected = places_of(images, texts, numbers(list.view()), sequential{});
    guarded<idx_t> text_ranks(1, g, where), image_ranks(1, g, where);
    const guarded<T> image_rows(images, where), text_rows(texts, where);
    const guarded<Label> labels(list, where);
    pair_ranks_into(image_rows.rows(), text_rows.rows(), numbers(labels.rows()), text_ranks.view(), image_ranks.view(),
                    how);
    CHECK((text_ranks.surroundings_intact() && image_ranks.surroundings_intact()));
    CHECK(first_difference(text_ranks.view(), matrix_view<const idx_t>(expected.row(0), 1, g)) == "");
    CHECK(first_difference(image_ranks.view(), matrix_view<const idx_t>(expected.row(1), 1, g)) == "");
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("pair_ranks stays within both sides, the list and the ranks", "[guard]", element_types) {
    at_every_edge([&](placement where, idx_t dim) {
        check_pair_ranks<TestType, int>(where, dim % 17 + 1, dim % 37 + 1, dim, sequential{});
    });
}

TEST_CASE("workers of pair_ranks stay within both sides, the list and the ranks", "[guard]") {
    team three(3);
    for (const placement where : every_placement)
        for (const execution& how : {execution(three), execution(in_reverse)})
            for (const idx_t dim : {1, 17, 129, 512}) {
                INFO("placement " << int(where) << ", dim " << dim);
                check_pair_ranks<float, idx_t>(where, 57 + dim % 31, 133, dim, how);
                check_pair_ranks<float16, signed char>(where, 12, 133, dim, how);
                check_pair_ranks<float, short>(where, 133, 5, dim, how);
            }
}

TEST_CASE("near duplicates stay within their rows and the representatives", "[guard]") {
    team three(3);
    at_every_edge([&](placement where, idx_t dim) {
        const auto rows = random_rows<float>(dim % 67 + 1, dim, 603);
        const duplicate_groups expected = near_duplicates(rows, 0.2f);
        for (const execution& how : {execution(sequential{}), execution(three)}) {
            const auto find = [&](const auto& x, auto out) { near_duplicates_into(x, 0.2f, out, how); };
            CHECK(written(where, expected.representative.view(), find, rows) == "");
        }
    });
}

TEST_CASE("range searches stay within both sides", "[guard]") {
    const auto find = [](const auto& queries, const auto& rows) { return range_search(queries, rows, 0.1f).scores; };
    at_every_edge([&](placement where, idx_t dim) {
        CHECK(read(where, find, random_rows<float>(dim % 17 + 1, dim, 605), random_rows<float>(40, dim, 606)) == "");
    });
}

TEST_CASE("measures of given scores stay within them", "[guard]") {
    const auto ranks = [](const auto& scores) { return rank_scores(scores, images_of<int>(scores.dim(), 3)).ranks; };
    const auto gain = [](const auto& scores) {
        return std::vector<float>{float(ndcg_at(scores, matrix<float>(scores.rows(), scores.dim()), 3))};
    };
    at_every_edge([&](placement where, idx_t dim) {
        const auto scores = random_rows<float>(1, dim, 604);
        CHECK(read(where, ranks, scores) == "");
        CHECK(read(where, gain, scores) == "");
    });
}

}  // namespace tests
