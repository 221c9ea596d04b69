#include <cmath>
#include <limits>
#include <vector>

#include <unitsphere/metrics.hpp>
#include <unitsphere/retrieval.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "ranked.hpp"

namespace tests {

using namespace unitsphere;
using Catch::Matchers::WithinAbs;

namespace {

template <class T>
matrix<T> rows_of(std::initializer_list<std::initializer_list<T>> rows) {
    matrix<T> result(idx_t(rows.size()), rows.size() == 0 ? 0 : idx_t(rows.begin()->size()));
    T* to = result.data();
    for (const auto& row : rows)
        for (const T x : row) *to++ = x;
    return result;
}

/// The places of each query, from the definition.
std::vector<std::vector<idx_t>> by_query(const retrieval_ranks& found) {
    std::vector<std::vector<idx_t>> result;
    for (idx_t i = 0; i < found.queries(); ++i) {
        result.emplace_back();
        for (idx_t n = 0; n < found.relevant(i); ++n) result.back().push_back(found.rank(i, n));
    }
    return result;
}

/// Ranks as a user might know them from elsewhere.
retrieval_ranks ranks_of(const std::vector<std::vector<idx_t>>& places, idx_t candidates) {
    retrieval_ranks result;
    idx_t count = 0;
    for (const auto& query : places) count += idx_t(query.size());
    result.ranks = array<idx_t>(count), result.first = array<idx_t>(idx_t(places.size()) + 1);
    result.candidates = candidates;
    count = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
        for (const idx_t place : places[i]) result.ranks[count++] = place;
        result.first[idx_t(i) + 1] = count;
    }
    return result;
}

}  // namespace

TEST_CASE("retrieval gives each query the ranks of its relevant rows, ascending", "[retrieval]") {
    const idx_t q = GENERATE(1, 16, 33), g = GENERATE(0, 1, 31, 100);
    CAPTURE(q, g);
    const auto images = rows_with_ties<float>(q, 20, 121), texts = rows_with_ties<float>(g, 20, 122);
    const auto scores = cosine_similarity(images, texts);
    generator random(123);
    std::vector<int> image_of;
    for (idx_t j = 0; j < g; ++j) image_of.push_back(int(random.below(q + 1)) - 1);

    std::vector<std::vector<idx_t>> texts_of, images_of;
    texts_of.resize(std::size_t(q));
    for (idx_t j = 0; j < g; ++j) {
        const idx_t i = image_of[std::size_t(j)];
        if (i >= 0) texts_of[std::size_t(i)].push_back(place_in(row_of(scores, i), j));
        images_of.push_back(i < 0 ? std::vector<idx_t>() : std::vector<idx_t>{place_in(column_of(scores, j), i)});
    }
    for (auto& places : texts_of) std::sort(places.begin(), places.end());

    const retrieval_result found = retrieval(images, texts, image_of);
    CHECK(by_query(found.image_to_text) == texts_of);
    CHECK(by_query(found.text_to_image) == images_of);
    CHECK(found.image_to_text.candidates == g);
    CHECK(found.text_to_image.candidates == q);
    const retrieval_result split = retrieval(images, texts, image_of, on_threads{3});
    CHECK(by_query(split.image_to_text) == texts_of);
    CHECK(by_query(split.text_to_image) == images_of);
}

TEST_CASE("without a list row i of the images belongs to row i of the texts", "[retrieval]") {
    const auto images = random_rows<float>(40, 20, 124), texts = random_rows<float>(40, 20, 125);
    std::vector<idx_t> diagonal;
    for (idx_t j = 0; j < 40; ++j) diagonal.push_back(j);
    const auto expected = retrieval(images, texts, diagonal), found = retrieval(images, texts),
               split = retrieval(images, texts, in_reverse);
    CHECK(first_difference(found.image_to_text.ranks.view(), expected.image_to_text.ranks.view()) == "");
    CHECK(first_difference(found.text_to_image.ranks.view(), expected.text_to_image.ranks.view()) == "");
    CHECK(first_difference(split.image_to_text.ranks.view(), expected.image_to_text.ranks.view()) == "");
    CHECK(message_of<shape_error>([&] { retrieval(images, random_rows<float>(39, 20, 126)); }) ==
          "retrieval: images have 40 rows, texts have 39; image_of_text says which belong together");
    CHECK(message_of<shape_error>([&] { retrieval(images, random_rows<float>(40, 21, 127)); }) ==
          "retrieval: images have dim 20, texts have dim 21");
    CHECK(message_of<shape_error>([&] { retrieval(images, texts, std::vector<int>(3)); }) ==
          "retrieval: image_of_text has 3 entries, texts have 40 rows");
    CHECK(message_of<value_error>([&] { retrieval(images, texts, std::vector<int>(40, 40)); }) ==
          "retrieval: the image of text 0 is 40, there are 40 images");
}

TEST_CASE("the measures agree with their formulas", "[retrieval]") {
    // Of ten candidates: several places, one, none asked for, one never found.
    const retrieval_ranks found = ranks_of({{1, 4, 11}, {3}, {}, {11}}, 10);
    CHECK(found.queries() == 4);
    CHECK(found.evaluated_queries() == 3);
    CHECK(recall_at(found, 1) == 1.0 / 3);
    CHECK(recall_at(found, 2) == 1.0 / 3);
    CHECK(recall_at(found, 3) == 2.0 / 3);
    CHECK(recall_at(found, 10) == 2.0 / 3);
    CHECK(recall_at(found, 11) == 2.0 / 3);  // what is NaN is in no k
    CHECK_THAT(relevant_recall_at(found, 3), WithinAbs((1.0 / 3 + 1 + 0) / 3, 1e-15));
    CHECK_THAT(relevant_recall_at(found, 1000), WithinAbs((2.0 / 3 + 1 + 0) / 3, 1e-15));
    CHECK(mean_rank(found) == (1.0 + 3 + 11) / 3);
    CHECK(median_rank(found) == 3);
    CHECK_THAT(mean_reciprocal_rank(found), WithinAbs((1 + 1.0 / 3 + 0) / 3, 1e-15));
    CHECK_THAT(mean_average_precision(found), WithinAbs(((1.0 / 1 + 2.0 / 4 + 0) / 3 + 1.0 / 3 + 0) / 3, 1e-15));
    const double ideal3 = 1 + 1 / std::log2(3.0) + 1 / std::log2(4.0);
    CHECK_THAT(ndcg_at(found, 5), WithinAbs(((1 + 1 / std::log2(5.0)) / ideal3 + 1 / std::log2(4.0) + 0) / 3, 1e-15));
    CHECK_THAT(ndcg_at(found, 1), WithinAbs(1.0 / 3, 1e-15));
}

TEST_CASE("the median rank of an even number of queries is rounded down, from 1 on", "[retrieval]") {
    // open_clip: floor(median of ranks from 0 on) + 1
    CHECK(median_rank(ranks_of({{1}, {2}}, 5)) == 1);
    CHECK(median_rank(ranks_of({{2}, {4}}, 5)) == 3);
    CHECK(median_rank(ranks_of({{5}, {1}, {4}, {1}}, 5)) == 2);
    CHECK(median_rank(ranks_of({{4}, {4}, {1}, {4}}, 5)) == 4);
    CHECK(median_rank(ranks_of({{3}}, 5)) == 3);
    generator random(128);
    for (idx_t n = 1; n < 40; ++n) {
        std::vector<std::vector<idx_t>> places;
        std::vector<idx_t> sorted;
        for (idx_t i = 0; i < n; ++i) places.push_back({random.below(21) + 1}), sorted.push_back(places.back()[0] - 1);
        std::sort(sorted.begin(), sorted.end());
        const std::size_t half = std::size_t(n / 2);
        const double median = n % 2 != 0 ? double(sorted[half]) : double(sorted[half - 1] + sorted[half]) / 2;
        CHECK(median_rank(ranks_of(places, 20)) == std::floor(median) + 1);
    }
}

TEST_CASE("measures of no query are NaN, and k begins at 1", "[retrieval]") {
    for (const retrieval_ranks& none : {retrieval_ranks(), ranks_of({{}, {}}, 5)})
        for (const double value : {recall_at(none, 1), relevant_recall_at(none, 1), mean_rank(none), median_rank(none),
                                   mean_reciprocal_rank(none), mean_average_precision(none), ndcg_at(none, 1)})
            CHECK(reference::is_nan(value));
    const retrieval_ranks one = ranks_of({{1}}, 1);
    CHECK(message_of<value_error>([&] { recall_at(one, 0); }) == "recall_at: k is 0, it must be at least 1");
    CHECK(message_of<value_error>([&] { relevant_recall_at(one, -1); }) ==
          "relevant_recall_at: k is -1, it must be at least 1");
    CHECK(message_of<value_error>([&] { ndcg_at(one, 0); }) == "ndcg_at: k is 0, it must be at least 1");
}

TEST_CASE("given scores give the numbers that torchmetrics documents", "[retrieval]") {
    const auto scores = rows_of<float>({{0.2f, 0.3f, 0.5f}});
    const auto outer = rank_scores(scores, rows_of<bool>({{true, false, true}}));
    CHECK(relevant_recall_at(outer, 2) == 0.5);
    CHECK_THAT(mean_average_precision(outer), WithinAbs(0.8333, 5e-5));
    CHECK(mean_reciprocal_rank(rank_scores(scores, rows_of<int>({{0, 1, 0}}))) == 0.5);
    CHECK(recall_at(outer, 2) == 1.0);  // the hit rate
    const auto graded = rows_of<float>({{.1f, .2f, .3f, 4, 70}}), gains = rows_of<float>({{10, 0, 0, 1, 5}});
    CHECK_THAT(ndcg_at(graded, gains, 5), WithinAbs(0.6957, 5e-5));
    CHECK_THAT(ndcg_at(graded, gains, 100), WithinAbs(0.6957, 5e-5));
}

TEST_CASE("equal scores and queries without a relevant row count as docs/recipes.md says", "[retrieval]") {
    matrix<float> collapsed(4, 3);
    std::fill(collapsed.data(), collapsed.data() + 12, 0.3f);
    CHECK(recall_at(retrieval(collapsed, collapsed).image_to_text, 1) == 0.25);
    CHECK(recall_at(retrieval(collapsed, collapsed, {}, {{}, {}, true}).image_to_text, 1) == 0.25);
    const auto same = rows_of<float>({{1, 1, 1, 1, 1}});
    CHECK_THAT(ndcg_at(same, rows_of<float>({{10, 0, 0, 1, 5}}), 5), WithinAbs(0.9055, 5.1e-5));
    CHECK_THAT(ndcg_at(same, rows_of<float>({{0, 0, 1, 5, 10}}), 5), WithinAbs(0.4776, 5e-5));

    const auto images = random_rows<float>(4, 8, 125), texts = random_rows<float>(2, 8, 126);
    const retrieval_ranks found = retrieval(images, texts, std::vector<int>{0, 2}).image_to_text;
    const double ours = recall_at(found, 2);
    CHECK(ours == 1.0);
    CHECK(ours * double(found.evaluated_queries()) / double(found.queries()) == 0.5);  // torchmetrics
}

TEST_CASE("rescored, each row finds itself first among near twins, both ways", "[retrieval]") {
    const auto rows = near_twins<float>(120, 40, 127);
    const matrix<double> exact = exact_cosines(rows, rows);
    const retrieval_result found = retrieval(rows, rows, {}, {{}, {}, true});
    for (idx_t i = 0; i < 120; ++i) {
        REQUIRE_FALSE(is_undecided(row_of(exact, i)));
        CHECK(found.image_to_text.rank(i, 0) == place_in(row_of(exact, i), i));
        CHECK(found.text_to_image.rank(i, 0) == place_in(column_of(exact, i), i));
    }
}

TEST_CASE("gains of 0 and 1 give the measure of the relevant rows", "[retrieval]") {
    const idx_t k = GENERATE(1, 3, 30, 100);
    auto scores = random_rows<float>(9, 30, 135);
    for (idx_t j = 0; j < 30; j += 4) scores(2, j) = std::numeric_limits<float>::quiet_NaN();
    matrix<float> gains(9, 30);
    matrix<int> relevant(9, 30);
    generator random(136);
    for (idx_t n = 30; n < 9 * 30; ++n) gains.data()[n] = float(relevant.data()[n] = random.below(3) == 0);
    CHECK_THAT(ndcg_at(scores, gains, k), WithinAbs(ndcg_at(rank_scores(scores, relevant), k), 1e-14));
    CHECK(reference::is_nan(ndcg_at(scores, matrix<float>(9, 30), k)));
    gains(8, 2) = -1.0f;
    CHECK(message_of<value_error>([&] { ndcg_at(scores, gains, k); }) == "ndcg_at: the gain of row 8, column 2 is -1");
    CHECK(message_of<shape_error>([&] { ndcg_at(scores, matrix<float>(9, 31), k); }) ==
          "ndcg_at: gains is 9 x 31, it must be 9 x 30");
}

TEST_CASE("given scores are ranked as a stable sort ranks them, NaN behind all", "[retrieval]") {
    auto scores = random_rows<float>(20, 67, 129);
    generator random(130);
    for (idx_t k = 0; k < 20 * 67; ++k) {
        scores.data()[k] = float(random.below(9) - 4);
        if (random.below(15) == 0) scores.data()[k] = std::numeric_limits<float>::quiet_NaN();
        if (random.below(15) == 0) scores.data()[k] = -0.0f;
    }
    matrix<signed char> relevant(20, 67);
    std::vector<std::vector<idx_t>> expected(20);
    for (idx_t i = 0; i < 20; ++i) {
        for (idx_t j = 0; j < 67; ++j) {
            relevant(i, j) = static_cast<signed char>(random.below(4) == 0);
            if (relevant(i, j) != 0) expected[std::size_t(i)].push_back(place_in(row_of(scores, i), j));
        }
        std::sort(expected[std::size_t(i)].begin(), expected[std::size_t(i)].end());
    }
    const retrieval_ranks found = rank_scores(scores, relevant);
    CHECK(by_query(found) == expected);
    CHECK(found.candidates == 67);
    CHECK(message_of<shape_error>([&] { rank_scores(scores, matrix<bool>(20, 66)); }) ==
          "rank_scores: relevant is 20 x 66, it must be 20 x 67");
}

TEST_CASE("clip_score is the mean of the cosines that are positive, times 100", "[retrieval]") {
    const auto images = random_rows<float16>(33, 20, 131);
    const auto texts = random_rows<float>(33, 20, 132);
    double sum = 0;
    idx_t negative = 0;
    for (idx_t i = 0; i < 33; ++i) {
        const double cosine = double(reference::cosine(images.row(i), texts.row(i), 20));
        sum += std::max(100 * cosine, 0.0);
        negative += cosine < 0;
    }
    REQUIRE(negative > 5);
    CHECK_THAT(clip_score(images, texts), WithinAbs(sum / 33, 6e-5));
    CHECK(clip_score(images, texts, on_threads{3}) == clip_score(images, texts));
    auto broken = texts;
    broken(3, 1) = std::numeric_limits<float>::quiet_NaN();
    CHECK(reference::is_nan(clip_score(images, broken)));
    CHECK(reference::is_nan(clip_score(matrix<float>(0, 20), matrix<float>(0, 20))));
    CHECK(message_of<shape_error>([&] { clip_score(images, random_rows<float>(32, 20, 133)); }) ==
          "clip_score: images have 33 rows, texts have 32");
    CHECK(message_of<shape_error>([&] { clip_score(images, random_rows<float>(33, 21, 134)); }) ==
          "clip_score: images have dim 20, texts have dim 21");
}

}  // namespace tests
