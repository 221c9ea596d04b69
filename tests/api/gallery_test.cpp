#include <algorithm>
#include <limits>
#include <stdexcept>

#include <unitsphere/gallery.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/search.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// The rows, put in some at a time.
gallery in_pieces(const matrix<float>& rows, idx_t step) {
    gallery result;
    for (idx_t first = 0, count = 1; first < rows.rows(); first += count, count = count * step % 37 + 1) {
        count = std::min(count, rows.rows() - first);
        result.append(part(rows, first, count));
    }
    return result;
}

}  // namespace

TEST_CASE("a gallery has the rows and the scores of normalize, however it grew", "[gallery]") {
    const idx_t n = GENERATE(1, 15, 16, 17, 31, 32, 33, 100), dim = GENERATE(1, 17, 130), step = GENERATE(1, 5, 16);
    CAPTURE(n, dim, step);
    const auto rows = varied_rows<float>(n, dim, 71), queries = random_rows<float>(5, dim, 72);
    const gallery grown = in_pieces(rows, step), whole(rows);
    CHECK(grown.rows() == n);
    CHECK(grown.dim() == dim);
    CHECK(first_difference(grown.unit_rows(), normalize(rows)) == "");
    const auto expected = cosine_similarity(queries, rows);
    CHECK(first_difference(cosine_similarity(queries, grown), expected) == "");
    CHECK(first_difference(cosine_similarity(queries, whole), expected) == "");
    const auto scale = logit_scale::from_multiplier(10.0f);
    CHECK(first_difference(clip_logits(queries, grown, scale).per_image, clip_logits(queries, rows, scale).per_image) ==
          "");
    CHECK(first_difference(siglip_logits(queries, grown, scale, -1.0f), siglip_logits(queries, rows, scale, -1.0f)) ==
          "");
}

TEST_CASE("a gallery is copied and moved", "[gallery]") {
    const auto rows = random_rows<float>(40, 20, 73);
    gallery first(rows);
    gallery copy(first), moved(std::move(first));
    CHECK(first.rows() == 0);
    first.append(part(rows, 0, 3));
    CHECK(first.rows() == 3);
    copy.append(part(rows, 0, 1));
    CHECK(copy.rows() == 41);
    CHECK(first_difference(moved.unit_rows(), normalize(rows)) == "");
    moved = copy;
    copy = std::move(moved);
    CHECK(copy.rows() == 41);
    CHECK(first_difference(copy.unit_rows(0, 40), normalize(rows)) == "");
    CHECK(copy.bytes() >= 41 * 20 * 4);
}

TEST_CASE("a gallery counts rows without a direction by its own numbers, and checks them in append", "[gallery]") {
    auto rows = random_rows<float>(10, 20, 74);
    gallery all(rows);
    for (idx_t k = 0; k < 20; ++k) rows(4, k) = 0.0f;
    rows(7, 3) = std::numeric_limits<float>::infinity();
    all.append(rows);
    CHECK(all.report().zero_rows == 1);
    CHECK(all.report().first_zero == 14);
    CHECK(all.report().non_finite_rows == 1);
    CHECK(all.report().first_non_finite == 17);
    row_policy strict;
    strict.zero_rows = on_row::error;
    CHECK(message_of<value_error>([&] { all.append(rows, {}, {strict}); }) == "gallery: row 4 is zero");
    CHECK(message_of<shape_error>([&] { all.append(random_rows<float>(1, 21, 75)); }) ==
          "gallery: rows have dim 21, the gallery has dim 20");
    CHECK(all.rows() == 20);
    CHECK_THROWS_AS(cosine_similarity(rows, all, {}, {{}, strict}), value_error);
    CHECK_THROWS_AS(all.unit_rows(15, 6), shape_error);
}

TEST_CASE("a failed append leaves an empty gallery empty, of its dim and without memory", "[gallery]") {
    const auto fails = [](idx_t, auto&&) { throw std::runtime_error("no threads"); };
    const auto rows = random_rows<float>(200, 20, 80);
    for (const idx_t dim : {0, 7}) {
        gallery empty{matrix<float>(0, dim)};
        CHECK_THROWS_AS(empty.append(rows, fails), std::runtime_error);
        CHECK(empty.rows() == 0);
        CHECK(empty.dim() == dim);
        CHECK(empty.bytes() == 0);
        empty.append(rows);
        CHECK(first_difference(empty.unit_rows(), normalize(rows)) == "");
    }
    gallery full(rows);
    const idx_t bytes = full.bytes();
    CHECK_THROWS_AS(full.append(rows, fails), std::runtime_error);
    CHECK(full.bytes() == bytes);
    CHECK(first_difference(full.unit_rows(), normalize(rows)) == "");
    const matrix_view<const float> endless(nullptr, PTRDIFF_MAX, 0);
    gallery without_elements{matrix<float>(1, 0)};
    CHECK_THROWS_AS(without_elements.append(endless), std::length_error);
}

TEST_CASE("a search with no queries counts the rows of its gallery", "[gallery]") {
    auto rows = random_rows<float>(5, 20, 81);
    std::fill(rows.row(3), rows.row(3) + 20, 0.0f);
    const matrix<float> no_queries(0, 20);
    row_report raw, packed;
    row_policy into_raw, into_packed;
    into_raw.report = &raw, into_packed.report = &packed;
    top_k(no_queries, rows, 2, {}, {{}, into_raw});
    top_k(no_queries, gallery(rows), 2, {}, {{}, into_packed});
    CHECK(raw.zero_rows == 1);
    CHECK(raw.first_zero == 3);
    CHECK(packed.zero_rows == 1);
}

}  // namespace tests
