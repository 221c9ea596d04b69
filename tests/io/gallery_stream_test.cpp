#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <streambuf>
#include <string>

#include <unitsphere/io/gallery.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/similarity.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "gallery_bytes.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

std::string bytes_of(const gallery& rows) {
    std::ostringstream stream;
    save_gallery(stream, rows);
    return stream.str();
}
gallery from_bytes(const std::string& bytes) {
    std::istringstream stream(bytes);
    return load_gallery(stream);
}
std::string refusal_of(const std::string& bytes) {
    return message_of<file_error>([&] { from_bytes(bytes); });
}

/// Keeps what fits, and fails when it is flushed or read.
struct full_disk : std::stringbuf {
    int sync() override { return -1; }
    int underflow() override { throw std::runtime_error("the disk is gone"); }
};

}  // namespace

TEST_CASE("a gallery goes to a stream and comes back with the same bits and report", "[gallery]") {
    const idx_t n = GENERATE(0, 1, 16, 33, 300), dim = GENERATE(1, 17, 2000);
    auto rows = random_rows<float>(n, dim, 76);
    if (n > 2) rows(1, 0) = std::numeric_limits<float>::quiet_NaN();
    if (n > 20)
        for (idx_t k = 0; k < dim; ++k) rows(19, k) = 0.0f;
    const gallery saved(rows), loaded = from_bytes(bytes_of(saved));
    CHECK(loaded.rows() == n);
    CHECK(loaded.dim() == dim);
    CHECK((bytes_of(loaded) == bytes_of(saved)));
    CHECK(loaded.report().first_zero == saved.report().first_zero);
    CHECK(loaded.report().non_finite_rows == saved.report().non_finite_rows);
    const auto queries = random_rows<float>(3, dim, 77);
    CHECK(first_difference(cosine_similarity(queries, loaded), cosine_similarity(queries, saved)) == "");
}

TEST_CASE("a gallery's bytes are those of its format, and both widths of panels load", "[gallery]") {
    const idx_t n = GENERATE(0, 1, 16, 17, 32, 33, 64, 65, 81), dim = GENERATE(1, 37);
    const gallery rows(random_rows<float>(n, dim, 80));
    CHECK((bytes_of(rows) == version_3(rows, own_width)));
    for (const idx_t width : {16, 32}) CHECK((bytes_of(from_bytes(version_3(rows, width))) == bytes_of(rows)));
}

TEST_CASE("a gallery of version 2 loads", "[gallery]") {
    const idx_t n = GENERATE(0, 1, 33, 300), dim = GENERATE(1, 17, 2000);
    auto rows = random_rows<float>(n, dim, 76);
    if (n > 2) rows(1, 0) = std::numeric_limits<float>::quiet_NaN();
    const gallery saved(rows), loaded = from_bytes(version_2(saved));
    CHECK(first_difference(loaded.unit_rows().values(), saved.unit_rows().values()) == "");
    CHECK(loaded.report().first_non_finite == saved.report().first_non_finite);
}

TEST_CASE("a stream that is cut or changed anywhere is refused", "[gallery]") {
    const gallery saved(random_rows<float>(own_width + 3, 5, 78));
    const std::string of_version_3 = bytes_of(saved), of_version_2 = version_2(gallery(random_rows<float>(3, 5, 78)));
    REQUIRE(of_version_2.size() == 64 + 60 + 8);
    REQUIRE(idx_t(of_version_3.size()) == 16384 + own_width * 5 * 4 + 16 * 5 * 4);
    for (const std::string& bytes : {of_version_2, of_version_3}) {
        int accepted = 0;
        for (std::size_t size = 0; size < bytes.size(); size += size < 200 || size > 16300 ? 1 : 97)
            accepted += refusal_of(bytes.substr(0, size)).empty();
        CHECK(accepted == 0);
        for (std::size_t i = 0; i < bytes.size(); i += i < 200 || i > 16380 ? 1 : 61)
            for (const int bit : {0, 6}) {
                std::string changed = bytes;
                changed[i] = char(changed[i] ^ (1 << bit));
                // The second page, room behind the last panel, its copy in place: nobody reads them here.
                const bool is_used = bytes == of_version_2 || i < 4096 || (i >= 8192 && i < 8192 + 16 * 5 * 4) ||
                                     (i >= 16384 && i < 16384 + std::size_t(own_width) * 5 * 4);
                const std::string message = refusal_of(changed);
                CAPTURE(i, message);
                if (is_used ? message == "(no exception)" : bytes_of(from_bytes(changed)) != of_version_3) FAIL();
            }
    }
    CHECK(refusal_of("") == "load_gallery: the stream ends after 0 of 64 bytes of the header");
    CHECK(refusal_of(std::string(64, 'x')) == "load_gallery: this is not a gallery");
    std::string newer = of_version_3, endless = of_version_2, other = of_version_3;
    newer[8] = 4;
    CHECK(refusal_of(newer) == "load_gallery: version 4, this library reads versions 2 and 3");
    endless[22] = 0x07;  // 2^50 rows and more: refused when they do not come, not by an allocation
    CHECK(refusal_of(endless).find("load_gallery: the stream ends after") == 0);
    endless[22] = 0, endless[23] = 0x7f;
    CHECK(refusal_of(endless) == "load_gallery: 9151314442816847875 rows of dim 5 are no gallery");
    CHECK(refusal_of(with_page_sum(other.replace(22, 1, "\x07"))).find("load_gallery: the stream ends after") == 0);
    other = of_version_3;
    CHECK(refusal_of(with_page_sum(other.replace(64, 1, "\x30"))) ==
          "load_gallery: panels of 48 rows, this library knows 16 and 32");
    other = of_version_3;
    CHECK(refusal_of(with_page_sum(other.replace(68, 1, "\x1"))) ==
          "load_gallery: stores float16, asked for was a gallery of float");
    other = of_version_3;
    CHECK(refusal_of(with_page_sum(other.replace(12, 4, stored(std::numeric_limits<float>::quiet_NaN())))) ==
          "load_gallery: norms are within nan of 1");
    std::ostringstream broken;
    broken.setstate(std::ios::badbit);
    CHECK(message_of<file_error>([&] { save_gallery(broken, gallery(random_rows<float>(1, 2, 79))); }) ==
          "save_gallery: the stream takes no more bytes");
}

TEST_CASE("a stream of rows that are not unit is refused", "[gallery]") {
    const std::string bytes = version_2(gallery(random_rows<float>(3, 5, 90)));
    CHECK(refusal_of(with_value(bytes, 64, 0.0f)).find("load_gallery: row 0 has norm 0.") == 0);
    CHECK(refusal_of(with_value(bytes, 64 + 4 * 5, 5.0f)).find("load_gallery: row 1 has norm ") == 0);
    CHECK(refusal_of(with_checksum(bytes)) == "(no exception)");
}

TEST_CASE("adopted rows come back, whatever the tolerance that they were adopted with", "[gallery]") {
    const float off = GENERATE(1.0009f, 0.9991f, 1.5f, 0.125f, 1e30f);
    matrix<float> rows = random_rows<float>(700, 513, 95);  // more than one piece, and an odd number of floats
    normalize_in_place(rows);
    for (idx_t k = 0; k < 513; ++k) rows(650, k) *= off;
    const gallery saved(adopt_unit(rows, {1e31})), loaded = from_bytes(bytes_of(saved));
    CHECK(first_difference(loaded.unit_rows().values(), rows.view()) == "");
    CHECK((bytes_of(loaded) == bytes_of(saved)));
    std::string narrow = bytes_of(saved);
    CHECK(refusal_of(with_page_sum(narrow.replace(12, 4, stored(0.0f)))).find("load_gallery: row 650 has norm ") == 0);
    float tolerance = 0x1p-13f;
    while (tolerance < std::fabs(off - 1.0f) * 1.01f) tolerance *= 2;
    const std::string bytes = version_2(saved, tolerance);
    CHECK(refusal_of(with_value(bytes, 12, 0x1p-13f)).find("load_gallery: row 650 has norm ") == 0);
    CHECK(refusal_of(with_value(bytes, 12, std::numeric_limits<float>::quiet_NaN())).find("row 0 has norm ") !=
          std::string::npos);
}

TEST_CASE("two changes of the same bit do not cancel in the checksum", "[gallery]") {
    const std::string of_version_2 = version_2(gallery(random_rows<float>(3, 8, 96)));
    const std::string bytes = bytes_of(gallery(random_rows<float>(3, 8, 96)));
    for (int bit = 0; bit < 8; ++bit)
        for (const unsigned step : {8u, 64u}) {
            std::string changed = of_version_2, changed_panel = bytes;
            for (const std::size_t at : {64u + 7u, 64u + 7u + 8u}) changed[at] = char(changed[at] ^ (1 << bit));
            for (const unsigned at : {8192u + 7u, 8192u + 7u + step})
                changed_panel[at] = char(changed_panel[at] ^ (1 << bit));
            CHECK(refusal_of(changed) != "(no exception)");
            CHECK(refusal_of(changed_panel) != "(no exception)");
        }
}

TEST_CASE("load_gallery reads a stream that cannot seek", "[gallery]") {
    struct pipe_buffer : std::stringbuf {
        using std::stringbuf::stringbuf;
        pos_type seekoff(off_type, std::ios::seekdir, std::ios::openmode) override { return pos_type(off_type(-1)); }
    };
    const gallery rows(random_rows<float>(900, 700, 97));
    for (const std::string& bytes : {bytes_of(rows), version_2(rows)}) {
        pipe_buffer pipe(bytes + "more", std::ios::in);
        std::istream from(&pipe);
        CHECK(first_difference(load_gallery(from).unit_rows().values(), rows.unit_rows().values()) == "");
        CHECK(from.get() == 'm');  // left behind the gallery
    }
}

TEST_CASE("a stream that counts other rows than it has is refused", "[gallery]") {
    auto rows = random_rows<float>(6, 5, 91);
    std::memset(rows.row(2), 0, 5 * sizeof(float));
    rows(4, 1) = std::numeric_limits<float>::quiet_NaN();
    const std::string bytes = version_2(gallery(rows)), of_version_3 = bytes_of(gallery(rows));
    CHECK(refusal_of(bytes) == "(no exception)");
    std::string lying = of_version_3;
    CHECK(refusal_of(with_page_sum(lying.replace(32, 1, "\x2"))) ==
          "load_gallery: the header counts 2 zero rows and 1 that are not finite, the rows are 1 and 1");
    CHECK(refusal_of(with_value<idx_t>(bytes, 32, 2)) ==
          "load_gallery: the header counts 2 zero rows and 1 that are not finite, the rows are 1 and 1");
    for (const std::size_t at : {32u, 40u})  // zero_rows, non_finite_rows
        for (const idx_t lie : {idx_t(-1), idx_t(0), idx_t(2), INT64_MAX}) {
            CAPTURE(at, lie);
            CHECK(refusal_of(with_value(bytes, at, lie)).find("load_gallery: the header counts ") == 0);
        }
    for (const std::size_t at : {48u, 56u})  // first_zero, first_non_finite
        for (const idx_t lie : {-2, -1, 6}) {
            CAPTURE(at, lie);
            CHECK(refusal_of(with_value(bytes, at, lie)).find("load_gallery: the header counts ") == 0);
            const std::string refusal = refusal_of(with_page_sum(with_value(of_version_3, at, lie)));
            if (lie == -1)
                CHECK(refusal.find("load_gallery: the header counts ") == 0);
            else  // a mapping names the row, or its id, before the rows are counted
                CHECK(refusal == "load_gallery: row " + std::to_string(lie) + " has no direction, there are 6");
        }
}

TEST_CASE("zero rows that were put in as NaN come back so, and are still counted as zero", "[gallery]") {
    auto rows = random_rows<float>(4, 5, 92);
    std::memset(rows.row(2), 0, 5 * sizeof(float));
    row_policy as_nan;
    as_nan.zero_rows = on_row::nan;
    const gallery loaded = from_bytes(bytes_of(gallery(rows, {}, {as_nan})));
    CHECK(loaded.report().zero_rows == 1);
    CHECK(loaded.report().first_zero == 2);
    CHECK(reference::is_nan(cosine_similarity(rows, loaded)(0, 2)));
}

TEST_CASE("the bytes of a stream do not depend on which NaN a row holds", "[gallery]") {
    auto rows = random_rows<float>(2, 5, 93);
    rows(1, 2) = reference::float_from_bits(0x7fc00000u);
    auto others = rows;
    others(1, 2) = reference::float_from_bits(0xffe12345u);
    const std::string bytes = bytes_of(gallery(rows));
    CHECK((bytes == bytes_of(gallery(others))));
    CHECK(bytes.substr(8192 + 4, 4) == std::string("\0\0\xc0\x7f", 4));
}

TEST_CASE("load_gallery distinguishes streams that fail from streams that end", "[gallery]") {
    full_disk disk;
    std::ostream to(&disk);
    CHECK(message_of<file_error>([&] { save_gallery(to, gallery(random_rows<float>(1, 2, 94))); }) ==
          "save_gallery: the stream takes no more bytes");
    full_disk lost;
    std::istream from(&lost);
    CHECK(message_of<file_error>([&] { load_gallery(from); }) ==
          "load_gallery: the stream cannot be read, in the header");
}

TEST_CASE("save_gallery refuses rows of dim 0, and saves a gallery without rows", "[gallery]") {
    CHECK(message_of<shape_error>([&] { bytes_of(gallery(matrix<float>(3, 0))); }) ==
          "save_gallery: dim is 0, it must be 1 to 16777216");
    CHECK(from_bytes(bytes_of(gallery())).rows() == 0);
}

}  // namespace tests
