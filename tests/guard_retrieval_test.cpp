#include <unitsphere/unitsphere.hpp>

#include "executors.hpp"
#include "within_rows.hpp"

// Promise 8 for ranks and near duplicates: not one byte outside the caller's rows, lists and places.

namespace tests {

using namespace unitsphere;

namespace {

/// The image of each text, in turn, and now and then of none.
template <class Label>
matrix<Label> images_of(index texts, index images) {
    matrix<Label> result(1, texts);
    for (index j = 0; j < texts; ++j) result(0, j) = Label(j % 5 == 4 || images == 0 ? -1 : j % images);
    return result;
}

/// Both places of every pair, one row below the other.
template <class Images, class Texts, class List>
matrix<index> places_of(const Images& images, const Texts& texts, const List& list, const execution& how) {
    matrix<index> result(2, texts.rows());
    pair_ranks(images, texts, list, matrix_view<index>(result.row(0), 1, texts.rows()),
               matrix_view<index>(result.row(1), 1, texts.rows()), how);
    return result;
}

template <class T, class Label>
void check_pair_ranks(placement where, index q, index g, index dim, const execution& how) {
    CAPTURE(q, g);
    const auto images = random_rows<T>(q, dim, 601), texts = random_rows<T>(g, dim, 602);
    const auto list = images_of<Label>(g, q);
    const matrix<index> expected = places_of(images, texts, numbers(list.view()), sequential{});
    guarded<index> text_ranks(1, g, where), image_ranks(1, g, where);
    const guarded<T> image_rows(images, where), text_rows(texts, where);
    const guarded<Label> labels(list, where);
    pair_ranks(image_rows.rows(), text_rows.rows(), numbers(labels.rows()), text_ranks.view(), image_ranks.view(), how);
    CHECK((text_ranks.surroundings_intact() && image_ranks.surroundings_intact()));
    CHECK(first_difference(text_ranks.view(), matrix_view<const index>(expected.row(0), 1, g)) == "");
    CHECK(first_difference(image_ranks.view(), matrix_view<const index>(expected.row(1), 1, g)) == "");
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("ranks of pairs stay within both sides, the list and the places", "[guard]", element_types) {
    at_every_edge([&](placement where, index dim) {
        check_pair_ranks<TestType, int>(where, dim % 17 + 1, dim % 37 + 1, dim, sequential{});
    });
}

TEST_CASE("workers that rank pairs stay within both sides, the list and the places", "[guard]") {
    team three(3);
    for (const placement where : every_placement)
        for (const execution& how : {execution(three), execution(in_reverse)})
            for (const index dim : {1, 17, 129, 512}) {
                INFO("placement " << int(where) << ", dim " << dim);
                check_pair_ranks<float, index>(where, 57 + dim % 31, 133, dim, how);
                check_pair_ranks<float16, signed char>(where, 12, 133, dim, how);
                check_pair_ranks<float, short>(where, 133, 5, dim, how);
            }
}

TEST_CASE("near duplicates stay within their rows and the representatives", "[guard]") {
    team three(3);
    at_every_edge([&](placement where, index dim) {
        const auto rows = random_rows<float>(dim % 67 + 1, dim, 603);
        const matrix<index> expected = near_duplicates(rows, 0.2f).representative;
        for (const execution& how : {execution(sequential{}), execution(three)}) {
            const auto find = [&](const auto& x, auto out) { near_duplicates(x, 0.2f, out, how); };
            CHECK(written(where, expected, find, rows) == "");
        }
    });
}

TEST_CASE("measures of given scores stay within them", "[guard]") {
    const auto ranks = [](const auto& scores) { return rank_scores(scores, images_of<int>(scores.dim(), 3)).ranks; };
    const auto gain = [](const auto& scores) {
        return std::vector<float>{float(ndcg_at(scores, matrix<float>(scores.rows(), scores.dim()), 3))};
    };
    at_every_edge([&](placement where, index dim) {
        const auto scores = random_rows<float>(1, dim, 604);
        CHECK(read(where, ranks, scores) == "");
        CHECK(read(where, gain, scores) == "");
    });
}

}  // namespace tests
