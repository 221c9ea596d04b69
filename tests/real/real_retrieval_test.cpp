// Recall, ranks and near duplicates of real embeddings: the numbers that numpy in float64 gives, and double here.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <unitsphere/io/npy.hpp>
#include <unitsphere/metrics.hpp>
#include <unitsphere/retrieval.hpp>
#include <unitsphere/search.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "ranked.hpp"
#include "real.hpp"

namespace tests {

using namespace unitsphere;
using Catch::Matchers::WithinAbs;

namespace {

template <class T>
matrix<double> unit_in_double(const matrix<T>& rows) {
    matrix<double> result(rows.rows(), rows.dim());
    for (idx_t i = 0; i < rows.rows(); ++i) {
        const double length = double(reference::norm(rows.row(i), rows.dim()));
        for (idx_t k = 0; k < rows.dim(); ++k) result(i, k) = double(reference::widen(rows(i, k))) / length;
    }
    return result;
}
template <class A, class B>
matrix<double> cosines_in_double(const matrix<A>& a, const matrix<B>& b) {
    const matrix<double> unit_a = unit_in_double(a), unit_b = unit_in_double(b);
    matrix<double> scores(a.rows(), b.rows());
    for (idx_t i = 0; i < a.rows(); ++i)
        for (idx_t j = 0; j < b.rows(); ++j)
            scores(i, j) = std::inner_product(unit_a.row(i), unit_a.row(i) + a.dim(), unit_b.row(j), 0.0);
    return scores;
}

/// Mean, open_clip's median and mean reciprocal of ranks from 0 on.
struct measures {
    double mean = 0, median = 0, reciprocal = 0;

    explicit measures(std::vector<idx_t> ranks) {
        std::sort(ranks.begin(), ranks.end());
        const std::size_t n = ranks.size();
        for (const idx_t rank : ranks) mean += double(rank) / double(n), reciprocal += 1 / double(rank + 1) / double(n);
        median = std::floor(double(ranks[(n - 1) / 2] + ranks[n / 2]) / 2) + 1;
        mean += 1;
    }
};

void check(const retrieval_ranks& found, const std::vector<double>& recalls, const measures& expected) {
    CHECK_THAT(recall_at(found, 1), WithinAbs(recalls[0], 5e-7));
    CHECK_THAT(recall_at(found, 5), WithinAbs(recalls[1], 5e-7));
    CHECK_THAT(recall_at(found, 10), WithinAbs(recalls[2], 5e-7));
    CHECK_THAT(mean_rank(found), WithinAbs(expected.mean, 1e-12));
    CHECK(median_rank(found) == expected.median);
    CHECK_THAT(mean_reciprocal_rank(found), WithinAbs(expected.reciprocal, 1e-12));
}

}  // namespace

TEST_CASE("recall, ranks and CLIPScore of pictures and their prompts agree with float64 both ways", "[real]") {
    const matrix<float16> images = load_npy<float16>(path("coco_prompt_sd_pairs_vitb32/image.npy"));
    const matrix<float16> texts = load_npy<float16>(path("coco_prompt_sd_pairs_vitb32/text.npy"));
    const matrix<double> exact = cosines_in_double(images, texts);
    std::vector<idx_t> of_images, of_texts;
    for (idx_t i = 0; i < 300; ++i) {
        of_images.push_back(place_in(row_of(exact, i), i) - 1);
        of_texts.push_back(place_in(column_of(exact, i), i) - 1);
    }
    for (const execution& how : {execution(sequential{}), execution(in_reverse)}) {
        const retrieval_result found = retrieval(images, texts, how);
        check(found.image_to_text, {0.613333, 0.926667, 0.98}, measures(of_images));
        check(found.text_to_image, {0.563333, 0.883333, 0.976667}, measures(of_texts));
    }
    CHECK_THAT(clip_score(images, texts), WithinAbs(29.670711559073853, 6e-5));
}

TEST_CASE("rescored, pictures and their prompts have the ranks and neighbours of cosines in double", "[real]") {
    const matrix<float16> images = load_npy<float16>(path("coco_prompt_sd_pairs_vitb32/image.npy"));
    const matrix<float16> texts = load_npy<float16>(path("coco_prompt_sd_pairs_vitb32/text.npy"));
    const matrix<double> exact = exact_cosines(images, texts);
    std::vector<idx_t> diagonal(300);
    std::iota(diagonal.begin(), diagonal.end(), idx_t(0));
    const auto [text_ranks, image_ranks] = pair_ranks(images, texts, diagonal, {}, {{}, {}, true});
    const neighbours found = top_k(images, texts, 20, {}, {{}, {}, true});
    for (idx_t i = 0; i < 300; ++i) {
        REQUIRE_FALSE(is_undecided(row_of(exact, i)));
        CHECK(text_ranks[i] == place_in(row_of(exact, i), i));
        CHECK(image_ranks[i] == place_in(column_of(exact, i), i));
        for (idx_t n = 0; n < 20; ++n) CHECK(place_in(row_of(exact, i), found.indices(i, n)) == n + 1);
    }
    const neighbours themselves = top_k(images, images, 1, {}, {{}, {}, true});
    for (idx_t i = 0; i < 300; ++i) CHECK(themselves.scores(i, 0) == 1.0f);
}

TEST_CASE("names of LVIS find the same names among those of ImageNet, others are not evaluated", "[real]") {
    const matrix<float16> lvis = load_npy<float16>(path("class_text_vitb32/lvis1203_text.npy"));
    const matrix<float> imagenet = load_npy<float>(path("class_text_vitb32/imagenet1000_t1_text.npy"));
    const std::vector<idx_t> pairs = integers("class_text_vitb32/lvis_to_imagenet_pairs.txt");
    std::vector<int> same_name(std::size_t(lvis.rows()), -1);
    for (std::size_t p = 0; p < pairs.size(); p += 2) same_name[std::size_t(pairs[p])] = int(pairs[p + 1]);
    const retrieval_result found = retrieval(imagenet, lvis, same_name);
    CHECK(found.text_to_image.evaluated_queries() == 227);
    CHECK(recall_at(found.text_to_image, 1) == 1.0);
    CHECK(found.image_to_text.queries() == 1000);
    CHECK(found.image_to_text.evaluated_queries() == 227);
}

TEST_CASE("copies of a photo and names that occur twice are near duplicates", "[real]") {
    const matrix<float> photos = load_npy<float>(path("phone_view_vitb32/image.npy"));
    const matrix<double> exact = cosines_in_double(photos, photos);
    std::vector<idx_t> lowest(std::size_t(photos.rows()));
    std::iota(lowest.begin(), lowest.end(), idx_t(0));
    for (int pass = 0; pass < 20; ++pass)
        for (idx_t i = 0; i < 275; ++i)
            for (idx_t j = 0; j < i; ++j) {
                REQUIRE(std::fabs(exact(i, j) - 0.94) > 1e-6);  // else a rounding might decide
                if (exact(i, j) < 0.94) continue;
                idx_t &a = lowest[std::size_t(i)], &b = lowest[std::size_t(j)];
                a = b = std::min(a, b);
            }
    const duplicate_groups found = near_duplicates(photos, 0.94f);
    CHECK(std::vector<idx_t>(found.representative.begin(), found.representative.end()) == lowest);

    const auto names = near_duplicates(load_npy<float>(path("class_text_vitb32/imagenet1000_t1_text.npy")), 0.9999f);
    std::string groups;
    for (const auto group : names)
        for (const idx_t row : group) groups += std::to_string(row) + " ";
    CHECK(groups == "134 517 264 474 638 639 ");  // crane, cardigan, maillot
}

}  // namespace tests
