#include <limits>
#include <sstream>
#include <vector>

#include <unitsphere/io/gallery.hpp>
#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// The rows, put in some at a time.
gallery in_pieces(const matrix<float>& rows, index step) {
    gallery result;
    for (index first = 0, count = 1; first < rows.rows(); first += count, count = count * step % 37 + 1) {
        count = std::min(count, rows.rows() - first);
        result.append(part(rows, first, count));
    }
    return result;
}

std::string bytes_of(const gallery& rows) {
    std::ostringstream stream;
    save_gallery(stream, rows);
    return stream.str();
}
gallery from_bytes(const std::string& bytes) {
    std::istringstream stream(bytes);
    return load_gallery(stream);
}
std::string refusal(const std::string& bytes) {
    return message_of<file_error>([&] { from_bytes(bytes); });
}

}  // namespace

TEST_CASE("a gallery has the rows and the scores of normalize, however it grew", "[gallery]") {
    const index n = GENERATE(1, 15, 16, 17, 31, 32, 33, 100), dim = GENERATE(1, 17, 130), step = GENERATE(1, 5, 16);
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

TEST_CASE("a gallery counts rows without a direction by its own numbers, and judges them when they come", "[gallery]") {
    auto rows = random_rows<float>(10, 20, 74);
    gallery all(rows);
    for (index k = 0; k < 20; ++k) rows(4, k) = 0.0f;
    rows(7, 3) = std::numeric_limits<float>::infinity();
    all.append(rows);
    CHECK(all.report().zero_rows == 1);
    CHECK(all.report().first_zero == 14);
    CHECK(all.report().non_finite_rows == 1);
    CHECK(all.report().first_non_finite == 17);
    normalize_options strict;
    strict.zero_rows = on_row::error;
    CHECK(message_of<value_error>([&] { all.append(rows, strict); }) == "gallery: row 4 is zero");
    CHECK(message_of<shape_error>([&] { all.append(random_rows<float>(1, 21, 75)); }) ==
          "gallery: rows have dim 21, the gallery has dim 20");
    CHECK(all.rows() == 20);
    CHECK_THROWS_AS(cosine_similarity(rows, all, normalize_options{}, strict), value_error);
    CHECK_THROWS_AS(all.unit_rows(15, 6), shape_error);
}

TEST_CASE("a gallery goes to a stream and comes back with the same bits and report", "[gallery]") {
    const index n = GENERATE(0, 1, 16, 33, 300), dim = GENERATE(1, 17, 2000);
    auto rows = random_rows<float>(n, dim, 76);
    if (n > 2) rows(1, 0) = std::numeric_limits<float>::quiet_NaN();
    if (n > 20)
        for (index k = 0; k < dim; ++k) rows(19, k) = 0.0f;
    const gallery saved(rows), loaded = from_bytes(bytes_of(saved));
    CHECK(loaded.rows() == n);
    CHECK(loaded.dim() == dim);
    CHECK(bytes_of(loaded) == bytes_of(saved));
    CHECK(loaded.report().first_zero == saved.report().first_zero);
    CHECK(loaded.report().non_finite_rows == saved.report().non_finite_rows);
    const auto queries = random_rows<float>(3, dim, 77);
    CHECK(first_difference(cosine_similarity(queries, loaded), cosine_similarity(queries, saved)) == "");
}

TEST_CASE("a stream that is cut or changed anywhere is refused", "[gallery]") {
    const std::string bytes = bytes_of(gallery(random_rows<float>(3, 5, 78)));
    REQUIRE(bytes.size() == 64 + 60 + 8);
    int accepted = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size) accepted += refusal(bytes.substr(0, size)).empty();
    for (std::size_t i = 0; i < bytes.size(); ++i)
        for (const int bit : {0, 6}) {
            std::string changed = bytes;
            changed[i] = char(changed[i] ^ (1 << bit));
            accepted += refusal(changed).empty();
        }
    CHECK(accepted == 0);
    CHECK(refusal("") == "load_gallery: the stream ends after 0 of 64 bytes of the header");
    CHECK(refusal(std::string(64, 'x')) == "load_gallery: this is not a gallery");
    std::string newer = bytes, endless = bytes;
    newer[8] = 2;
    CHECK(refusal(newer) == "load_gallery: version 2, this library reads version 1");
    endless[23] = 0x7f;  // 2^62 rows and more: refused when they do not come, not by an allocation
    CHECK(refusal(endless).find("load_gallery: the stream ends after") == 0);
    std::ostringstream broken;
    broken.setstate(std::ios::badbit);
    CHECK(message_of<file_error>([&] { save_gallery(broken, gallery(random_rows<float>(1, 2, 79))); }) ==
          "save_gallery: the stream takes no more bytes");
}

}  // namespace tests
