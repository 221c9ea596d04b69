#include <string>
#include <vector>

#include <unitsphere/io/gallery_writer.hpp>
#include <unitsphere/io/inspect_gallery.hpp>
#include <unitsphere/io/keyed_gallery.hpp>
#include <unitsphere/io/repack_gallery.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "gallery_bytes.hpp"
#include "gallery_files.hpp"
#include "npy_files.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

constexpr idx_t dim_of_rows = 21;

void check_info(const std::string& path, idx_t rows, const char* storage, bool has_ids) {
    const gallery_info found = inspect_gallery(path);
    CHECK(found.rows == rows);
    CHECK(found.dim == dim_of_rows);
    CHECK(found.storage == storage);
    CHECK(found.has_ids == has_ids);
}
std::string refused(const std::string& path) {
    return message_of<file_error>([&] { inspect_gallery(path); });
}
std::string refused(const std::string& path, const std::string& bytes) {
    put(path, bytes);
    return refused(path);
}

template <class Gallery>
inline constexpr const char* name_of = "float";
template <>
inline constexpr const char* name_of<compact_gallery<float16>> = "float16";
template <>
inline constexpr const char* name_of<compact_gallery<bfloat16>> = "bfloat16";
template <>
inline constexpr const char* name_of<compact_gallery<std::int8_t>> = "int8";
template <>
inline constexpr const char* name_of<compact_gallery<int4>> = "int4";
template <>
inline constexpr const char* name_of<compact_gallery<one_bit>> = "one_bit";
template <>
inline constexpr const char* name_of<compact_gallery<fast_bfloat16>> = "fast_bfloat16";

/// The file of a gallery, and what its header alone can say: bytes of the first page changed, and many lengths.
void check_damaged(const std::string& path, const std::string& bytes) {
    const std::string begin = "inspect_gallery: " + path + ": ";
    const auto is_named = [&](const std::string& text) { return text.substr(0, begin.size()) == begin; };
    for (std::size_t i = 0; i < 4096; i += i < 96 ? 1 : 331) {
        std::string changed = bytes;
        changed[i] = char(changed[i] ^ 0x40);
        CAPTURE(i);
        CHECK(is_named(refused(path, changed)));
    }
    for (std::size_t size = 0; size < bytes.size(); size += size < 8 ? 1 : 499) {
        CAPTURE(size);
        CHECK(is_named(refused(path, bytes.substr(0, size))));
    }
    CHECK(is_named(refused(path, bytes.substr(0, bytes.size() - 1))));
}

}  // namespace

TEMPLATE_TEST_CASE("inspect_gallery says what a file holds, and refuses one that was cut or altered",
                   "[inspect_gallery]", gallery, compact_gallery<float16>, compact_gallery<bfloat16>,
                   compact_gallery<std::int8_t>, compact_gallery<int4>, compact_gallery<one_bit>,
                   compact_gallery<fast_bfloat16>) {
    const idx_t n = GENERATE(1, 16, 45);
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    const auto rows = random_rows<float>(n, dim_of_rows, 951);
    std::vector<idx_t> ids;
    for (idx_t i = 0; i < n; ++i) ids.push_back(3 * i);
    TestType plain;
    plain.append(rows);
    save_gallery(path, plain);
    check_info(path, n, name_of<TestType>, false);
    check_damaged(path, stream_of(plain));
    const keyed<TestType> of_ids(ids, rows);
    save_gallery(path, of_ids);
    check_info(path, n, name_of<TestType>, true);
    check_damaged(path, stream_of(of_ids));
}

TEST_CASE("inspect_gallery reads panels of both widths, files that grow, and version 2", "[inspect_gallery]") {
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    const gallery rows(random_rows<float>(45, dim_of_rows, 952));
    for (const idx_t width : {16, 32}) {
        put(path, version_3(rows, width));
        check_info(path, 45, "float", false);
    }
    put(path, version_2(rows));
    check_info(path, 45, "float", false);
    CHECK(refused(path, version_2(rows).substr(0, 64 + 45 * 84)) ==
          "inspect_gallery: " + path + ": ends after 3844 bytes, 45 rows of dim 21 take 3852");
    save_gallery(path, keyed<shadow_gallery>(7, random_rows<float>(1, dim_of_rows, 953)));
    check_info(path, 1, "float", true);
    save_gallery(path, rows);
    if (!maps) return;
    {
        gallery_writer writer(path);
        writer.append(random_rows<float>(9, dim_of_rows, 954));
        writer.commit();
        check_info(path, 54, "float", false);
    }

    // A first page, older than the second, whose storage nobody knows.
    std::string bytes = read(path);
    bytes[68] = 9;
    put(path, with_page_sum(bytes));
    check_info(path, 54, "float", false);
}

TEST_CASE("inspect_gallery refuses what is no gallery, by its name", "[inspect_gallery]") {
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    const std::string begin = "inspect_gallery: " + path + ": ";
    CHECK(refused(path, "\x93NUMPY and more") == begin + "this is not a gallery");
    CHECK(refused(path, std::string(9000, 'x')) == begin + "this is not a gallery");
    CHECK(refused(path, "") == begin + "ends after 0 of 4096 bytes of the header");
    std::string other = stream_of(gallery(random_rows<float>(2, 3, 955)));
    other[68] = 9;
    CHECK(refused(path, with_page_sum(other)) ==
          begin + "elements of type 9, this library knows 0 (float) to 6 (fast_bfloat16)");
    CHECK(refused(path + ".none").substr(0, 17 + path.size()) == "inspect_gallery: " + path);
    CHECK(gallery_info{}.rows == 0);
}

}  // namespace tests
