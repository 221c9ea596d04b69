#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <unitsphere/gallery.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/retrieval.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "ranked.hpp"
#include "troubled_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

using places = std::pair<std::vector<idx_t>, std::vector<idx_t>>;  // of the texts, of the images

/// From a whole matrix of scores.
template <class T>
places expected_places(const matrix<T>& scores, const std::vector<idx_t>& image_of) {
    places result;
    for (idx_t j = 0; j < idx_t(image_of.size()); ++j) {
        const idx_t i = image_of[std::size_t(j)];
        result.first.push_back(i < 0 ? 0 : place_in(row_of(scores, i), j));
        result.second.push_back(i < 0 ? 0 : place_in(column_of(scores, j), i));
    }
    return result;
}

template <class Images, class Texts, class... How>
places found_places(const Images& images, const Texts& texts, const std::vector<idx_t>& image_of, How&&... how) {
    places result{std::vector<idx_t>(image_of.size(), -7), std::vector<idx_t>(image_of.size(), -7)};
    pair_ranks_into(images, texts, image_of, result.first, result.second, how...);
    return result;
}

/// Texts of random images; some of none.
std::vector<idx_t> some_images(idx_t images, idx_t texts, std::uint64_t seed) {
    generator random(seed);
    std::vector<idx_t> result;
    for (idx_t j = 0; j < texts; ++j) result.push_back(images == 0 ? -1 : random.below(images + 1) - 1);
    return result;
}

}  // namespace

TEST_CASE("both ranks of a pair are those of a stable sort of all scores", "[pair_ranks]") {
    const idx_t q = GENERATE(0, 1, 13, 15, 16, 17, 31, 33, 129), g = GENERATE(0, 1, 2, 15, 16, 17, 31, 33, 300);
    const idx_t dim = GENERATE(17, 129);
    CAPTURE(q, g, dim);
    const auto images = rows_with_ties<float>(q, dim, 91), texts = rows_with_ties<float>(g, dim, 92);
    const auto image_of = some_images(q, g, 93);
    const places expected = expected_places(cosine_similarity(images, texts), image_of);
    CHECK(found_places(images, texts, image_of) == expected);
    CHECK(found_places(images, texts, image_of, in_reverse) == expected);
    CHECK(found_places(images, texts, image_of, on_threads{3}) == expected);
}

TEST_CASE("both ranks of a pair are right in every tile loop", "[pair_ranks]") {
    // Few images; whole rows against packed texts; strips, with more images than are packed at once.
    const idx_t q = GENERATE(32, 300), g = GENERATE(40, 600);
    CAPTURE(q, g);
    const auto images = rows_with_ties<float>(q, 4096, 94), texts = rows_with_ties<float>(g, 4096, 95);
    const auto image_of = some_images(q, g, 96);
    const places expected = expected_places(cosine_similarity(images, texts), image_of);
    team threads(4);
    CHECK(found_places(images, texts, image_of) == expected);
    CHECK(found_places(images, texts, image_of, in_reverse) == expected);
    CHECK(found_places(images, texts, image_of, threads) == expected);
}

TEST_CASE("all texts of one image have the ranks of a stable sort, ties included", "[pair_ranks]") {
    const auto images = rows_with_ties<float>(3, 20, 97), texts = rows_with_ties<float>(200, 20, 98);
    const std::vector<idx_t> image_of(200, 1);
    const places expected = expected_places(cosine_similarity(images, texts), image_of);
    CHECK(found_places(images, texts, image_of) == expected);
    CHECK(found_places(images, texts, image_of, in_reverse) == expected);
    matrix<float> same(40, 20);  // every score is equal: the index decides alone
    for (idx_t k = 0; k < 40 * 20; ++k) same.data()[k] = 1.0f;
    std::vector<idx_t> diagonal;
    for (idx_t j = 0; j < 40; ++j) diagonal.push_back(j);
    const places found = found_places(same, same, diagonal);
    for (idx_t j = 0; j < 40; ++j) {
        CHECK(found.first[std::size_t(j)] == j + 1);
        CHECK(found.second[std::size_t(j)] == j + 1);
    }
}

TEST_CASE("ranks agree with cosines in double where no two cosines are near each other", "[pair_ranks]") {
    const auto images = random_rows<float>(70, 64, 99), texts = random_rows<float>(150, 64, 100);
    const matrix<double> exact = exact_cosines(images, texts);
    const auto image_of = some_images(70, 150, 101);
    for (idx_t j = 0; j < 150; ++j) {  // else a rounding might decide
        const idx_t own = image_of[std::size_t(j)];
        if (own < 0) continue;
        for (idx_t t = 0; t < 150; ++t) REQUIRE((t == j || std::fabs(exact(own, t) - exact(own, j)) > 1e-6));
        for (idx_t i = 0; i < 70; ++i) REQUIRE((i == own || std::fabs(exact(i, j) - exact(own, j)) > 1e-6));
    }
    CHECK(found_places(images, texts, image_of) == expected_places(exact, image_of));
}

TEMPLATE_TEST_CASE("rescored, both ranks of a pair are those of a stable sort of all cosines in double", "[pair_ranks]",
                   float, double, float16) {
    // Few images, strips, many images.
    const idx_t q = GENERATE(1, 13, 32, 200), g = GENERATE(1, 31, 200), dim = 65;
    CAPTURE(q, g);
    const auto images = near_twins<TestType>(q, dim, 117), texts = near_twins<TestType>(g, dim, 117);
    const auto image_of = some_images(q, g, 118);
    const matrix<double> cosines = exact_cosines(images, texts);
    for (idx_t i = 0; i < q; ++i) REQUIRE_FALSE(is_undecided(row_of(cosines, i)));
    for (idx_t j = 0; j < g; ++j) REQUIRE_FALSE(is_undecided(column_of(cosines, j)));
    const places expected = expected_places(cosines, image_of);
    CHECK((q < 200 || g < 31 || found_places(images, texts, image_of) != expected));
    team threads(3);
    for (const execution& how : {execution(), execution(in_reverse), execution(threads)})
        CHECK(found_places(images, texts, image_of, how, pair_ranks_options{{}, {}, true}) == expected);
    const auto as_rows = [](const matrix<TestType>& rows) {  // unit rows of other lengths, and zero rows left out
        if constexpr (std::is_same_v<TestType, float16>)
            return rows.view();
        else
            return adopt_unit(rows, {1e9});
    };
    const pair_ranks_options options{{on_row::nan}, {on_row::nan}, true};
    matrix<double> known = cosines;
    for (idx_t i = 0; i < q; ++i)
        for (idx_t j = 0; j < g; ++j)
            if (i == 8 || j == 8) known(i, j) = std::numeric_limits<double>::quiet_NaN();
    CHECK(found_places(as_rows(images), as_rows(texts), image_of, execution(), options) ==
          expected_places(known, image_of));
}

TEST_CASE("rescored, a pair is before thousands of near twins and behind thousands of copies", "[pair_ranks]") {
    const idx_t g = 4000;
    matrix<float> image(1, 3), texts(g, 3);
    const float one[] = {1, 6, 4}, twin[] = {7.007f, 42, 28};
    std::copy(one, one + 3, image.data());
    for (idx_t j = 0; j < g; ++j) std::copy(j % 2 == 0 ? twin : one, (j % 2 == 0 ? twin : one) + 3, texts.row(j));
    std::vector<idx_t> image_of(g, -1);
    image_of[1] = image_of[3999] = image_of[2000] = 0;
    for (const execution& how : {execution(), execution(in_reverse)}) {
        const places found = found_places(image, texts, image_of, how, pair_ranks_options{{}, {}, true});
        CHECK(found.first[1] == 1);
        CHECK(found.first[3999] == 2000);
        CHECK(found.first[2000] == 3001);
    }
}

TEMPLATE_LIST_TEST_CASE("pair_ranks takes rows of every type, unit rows and any stride", "[pair_ranks]",
                        element_types) {
    const auto images = rows_with_ties<TestType>(40, 33, 102);
    const auto texts = rows_with_ties<float16>(90, 33, 103);
    const auto image_of = some_images(40, 90, 104);
    const places expected = expected_places(cosine_similarity(images, texts), image_of);
    CHECK(found_places(images, texts, image_of) == expected);
    CHECK(found_places(normalize(images), normalize(texts), image_of) == expected);

    matrix<TestType> wide(40, 50);
    for (idx_t i = 0; i < 40; ++i)
        for (idx_t k = 0; k < 50; ++k) wide(i, k) = k < 33 ? images(i, k) : TestType(100.0f);
    CHECK(found_places(matrix_view<const TestType>(wide.data(), 40, 33, 50), texts, image_of) == expected);

    const auto exchanged = some_images(90, 40, 105);
    CHECK(found_places(texts, images, exchanged) == expected_places(cosine_similarity(texts, images), exchanged));
}

TEST_CASE("a row that is not finite is never found and comes before no other", "[pair_ranks]") {
    auto images = random_rows<float>(20, 8, 106), texts = random_rows<float>(20, 8, 107);
    images(5, 3) = std::numeric_limits<float>::infinity();
    texts(7, 0) = std::numeric_limits<float>::quiet_NaN();
    std::vector<idx_t> diagonal;
    for (idx_t j = 0; j < 20; ++j) diagonal.push_back(j);
    const places found = found_places(images, texts, diagonal);
    for (const std::size_t j : {std::size_t(5), std::size_t(7)}) {
        CHECK(found.first[j] == 21);
        CHECK(found.second[j] == 21);
    }
    CHECK(found == expected_places(cosine_similarity(images, texts), diagonal));
}

TEST_CASE("a zero row can be counted as never found, and is reported once", "[pair_ranks]") {
    const auto images = troubled_rows<float>(16), texts = random_rows<float>(8, 16, 108);
    std::vector<idx_t> diagonal;
    for (idx_t j = 0; j < 8; ++j) diagonal.push_back(j);
    row_report of_images, of_texts;
    row_policy options{on_row::nan, on_row::nan, &of_images}, counted;
    counted.report = &of_texts;
    const places found = found_places(images, texts, diagonal, execution(), pair_ranks_options{options, counted});
    for (idx_t j = 0; j < 8; ++j) CHECK((found.second[std::size_t(j)] == 9) == (is_zero_row(j) || is_bad_row(j)));
    CHECK(same(of_images, trouble));
    CHECK(same(of_texts, row_report{}));
    const places exchanged = found_places(texts, images, diagonal, execution(), pair_ranks_options{{}, options});
    CHECK(exchanged.first == found.second);
    CHECK(exchanged.second == found.first);
    CHECK(same(of_images, trouble));

    options.zero_rows = on_row::error;
    CHECK(message_of<value_error>([&] {
              found_places(images, texts, diagonal, execution(), pair_ranks_options{options, {}});
          }) == "pair_ranks: images row 1 is zero");
    CHECK(message_of<value_error>([&] {
              found_places(texts, images, diagonal, execution(), pair_ranks_options{{}, options});
          }) == "pair_ranks: texts row 1 is zero");
}

TEST_CASE("pair_ranks takes lists of any integers", "[pair_ranks]") {
    const auto images = random_rows<float>(5, 8, 109), texts = random_rows<float>(6, 8, 110);
    const std::vector<idx_t> image_of{4, 0, -1, 2, 2, 1};
    const places expected = found_places(images, texts, image_of);
    const std::vector<int> of_int(image_of.begin(), image_of.end());
    const std::array<signed char, 6> of_char{4, 0, -1, 2, 2, 1};
    places found = expected;
    found.first.assign(6, 0);
    pair_ranks_into(images, texts, of_int, found.first, found.second);
    CHECK(found == expected);
    found.second.assign(6, 0);
    pair_ranks_into(images, texts, of_char, found.first, found.second);
    CHECK(found == expected);
}

TEST_CASE("pair_ranks returns both ranks of each pair", "[pair_ranks]") {
    const auto images = rows_with_ties<float>(20, 20, 114), texts = rows_with_ties<float>(50, 20, 115);
    const auto image_of = some_images(20, 50, 116);
    const places expected = found_places(images, texts, image_of);
    const auto [text_ranks, image_ranks] = pair_ranks(images, texts, image_of, on_threads{3});
    CHECK(std::vector<idx_t>(text_ranks.begin(), text_ranks.end()) == expected.first);
    CHECK(std::vector<idx_t>(image_ranks.begin(), image_ranks.end()) == expected.second);
}

TEST_CASE("a gallery on either side has the ranks and the neighbours of its rows", "[pair_ranks]") {
    // Few rows of either side, blocks, strips; rows are cut by panels, blocks and chains.
    const idx_t q = GENERATE(1, 12, 33, 500), g = GENERATE(3, 40, 300), dim = GENERATE(1, 17, 130);
    const bool rescore = GENERATE(false, true);
    CAPTURE(q, g, dim, rescore);
    const auto images = rows_with_ties<float>(q, dim, 117), texts = rows_with_ties<float>(g, dim, 118);
    const auto image_of = some_images(q, g, 119);
    const gallery packed_images(images), packed_texts(texts);
    // Rescored, a gallery's rows are the floats that it holds.
    const unit_embeddings<float> unit_images = packed_images.unit_rows(), unit_texts = packed_texts.unit_rows();
    pair_ranks_options options;
    options.rescore = rescore;
    const ranks_of_pairs expected = pair_ranks(unit_images, unit_texts, image_of, {}, options);
    const auto check = [&](const ranks_of_pairs& found) {
        CHECK(first_difference(found.text_ranks, expected.text_ranks) == "");
        CHECK(first_difference(found.image_ranks, expected.image_ranks) == "");
    };
    check(pair_ranks(packed_images, unit_texts, image_of, {}, options));
    check(pair_ranks(unit_images, packed_texts, image_of, on_threads{3}, options));
    check(pair_ranks(packed_images, packed_texts, image_of, in_reverse, options));
    top_k_options how_ordered;
    how_ordered.rescore = rescore;
    const neighbours nearest = top_k(unit_images, unit_texts, 5, {}, how_ordered);
    for (const neighbours& found : {top_k(packed_images, packed_texts, 5, on_threads{3}, how_ordered),
                                    top_k(packed_images, unit_texts, 5, {}, how_ordered)}) {
        CHECK(first_difference(found.indices, nearest.indices) == "");
        CHECK(first_difference(found.scores, nearest.scores) == "");
    }
    if (rescore) return;
    const range_result in_range = range_search(images, texts, 0.1f);
    CHECK(first_difference(range_search(packed_images, packed_texts, 0.1f).scores, in_range.scores) == "");
    CHECK(first_difference(range_search(packed_images, texts, 0.1f).indices, in_range.indices) == "");
    row_report seen;
    options.images.report = &seen;
    pair_ranks(packed_images, texts, image_of, {}, options);
    CHECK(same(seen, packed_images.report()));
}

TEST_CASE("pair_ranks refuses what does not fit, with both numbers, and writes nothing", "[pair_ranks]") {
    const auto images = random_rows<float>(2, 8, 111), texts = random_rows<float>(3, 8, 112);
    std::vector<idx_t> of_texts(3, -7), of_images(3, -7), image_of{0, 1, 1};
    const auto refusal = [&](const auto& a, const auto& b, const auto& list) {
        return message_of<std::invalid_argument>([&] { pair_ranks_into(a, b, list, of_texts, of_images); });
    };
    CHECK(refusal(images, random_rows<float>(3, 9, 113), image_of) ==
          "pair_ranks: images have dim 8, texts have dim 9");
    CHECK(refusal(images, texts, std::vector<idx_t>{0, 1}) ==
          "pair_ranks: image_of_text has 2 entries, texts have 3 rows");
    CHECK(refusal(images, texts, std::vector<idx_t>{0, 2, 1}) ==
          "pair_ranks: the image of text 1 is 2, there are 2 images");
    CHECK(refusal(images, texts, std::vector<idx_t>{0, 1, -2}) ==
          "pair_ranks: the image of text 2 is -2, there are 2 images");
    std::vector<idx_t> few(2);
    CHECK(message_of<shape_error>([&] { pair_ranks_into(images, texts, image_of, few, of_images); }) ==
          "pair_ranks: text_ranks is 1 x 2, it must be 1 x 3");
    CHECK(message_of<shape_error>([&] { pair_ranks_into(images, texts, image_of, of_texts, few); }) ==
          "pair_ranks: image_ranks is 1 x 2, it must be 1 x 3");
    CHECK(message_of<shape_error>([&] { pair_ranks_into(images, texts, image_of, of_texts, of_texts); }) ==
          "pair_ranks: text_ranks overlaps image_ranks");
    CHECK(message_of<shape_error>([&] { pair_ranks_into(images, texts, image_of, of_texts, image_of); }) ==
          "pair_ranks: image_ranks overlaps image_of_text");
    const matrix_view<const std::int8_t> inside(reinterpret_cast<const std::int8_t*>(of_texts.data()), 3, 8);
    CHECK(refusal(random_rows<float>(2, 8, 111), inside, image_of) == "pair_ranks: text_ranks overlaps texts");
    CHECK(refusal(inside, texts, std::vector<idx_t>{0, 1, 2}) == "pair_ranks: text_ranks overlaps images");
    CHECK(of_texts == std::vector<idx_t>(3, -7));
    CHECK(of_images == std::vector<idx_t>(3, -7));
}

}  // namespace tests
