#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <unitsphere/io/compact_gallery.hpp>
#include <unitsphere/io/gallery_writer.hpp>
#include <unitsphere/io/inspect_gallery.hpp>
#include <unitsphere/io/repack_gallery.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/search.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "dying_child.hpp"
#include "executors.hpp"
#include "gallery_bytes.hpp"
#include "gallery_files.hpp"
#include "npy_files.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

TEST_CASE("a gallery file is loaded and searched in place with the same bits", "[gallery]") {
    const idx_t n = GENERATE(0, 1, 16, 17, 32, 33, 64, 300), dim = GENERATE(1, 37);
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    auto rows = random_rows<float>(n, dim, 5);
    if (n > 2) rows(1, 0) = infinity;
    const gallery saved(rows);
    save_gallery(path, gallery(random_rows<float>(2, 3, 6)));  // which is replaced
    save_gallery(path, saved);
    CHECK(directory.files() == 1);
    CHECK((read(path) == stream_of(saved)));
    CHECK((stream_of(load_gallery(path)) == stream_of(saved)));
    CHECK((stream_of(load_gallery(path, on_threads{3})) == stream_of(saved)));
    if (!maps) return;
    const mapped_gallery mapped = map_gallery(path);
    mapped.verify();
    CHECK(mapped.rows() == n);
    CHECK(mapped.report().non_finite_rows == saved.report().non_finite_rows);
    CHECK(first_difference(mapped.unit_rows(0, n).values(), saved.unit_rows().values()) == "");
    const auto queries = random_rows<float>(3, dim, 77);
    const neighbours a = top_k(queries, mapped, 4), b = top_k(queries, saved, 4);
    for (idx_t q = 0; q < 3; ++q)
        for (idx_t k = 0; k < idx_t(a[q].size()); ++k) {
            CHECK(a[q][k].row == b[q][k].row);
            CHECK(reference::bits(a[q][k].score) == reference::bits(b[q][k].score));
        }
    const std::string bytes = read(path);
    const gallery_view view(bytes.data(), idx_t(bytes.size()));
    view.verify();
    CHECK(view.rows() == n);
    const std::string refused = refusal([&] { save_gallery(path, gallery(random_rows<float>(2, 3, 6))); });
    mapped.verify(on_threads{3});  // the mapping keeps the file that it mapped
    CHECK(directory.files() == 1);
    if (replaces_mapped_files) {
        CHECK(refused == "(no exception)");
        CHECK(load_gallery(path).rows() == 2);
    } else {
        CHECK(refused ==
              "save_gallery: " + path +
                  ": cannot be replaced: Permission denied; Windows replaces no file that is open or mapped");
        CHECK((read(path) == bytes));
    }
}

TEST_CASE("a gallery file that is cut, altered, foreign or of the other width is refused by name", "[gallery]") {
    if (!maps) return;
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery"), end = ": " + path + ": ";
    const gallery rows(random_rows<float>(3 * own_width + 5, 7, 8));
    const std::string bytes = stream_of(rows);
    const auto refused = [&](const std::string& content, const std::string& reason) {
        put(path, content);
        CHECK(refusal([&] { map_gallery(path); }) == "map_gallery" + end + reason);
        CHECK(refusal([&] { gallery_writer writer(path); }) == "gallery_writer" + end + reason);
    };
    refused("", "ends after 0 of 4096 bytes of the header");
    refused(bytes.substr(0, 4096), "ends after 4096 of 8192 bytes of the header");
    refused(bytes.substr(0, bytes.size() - 1), "ends after " + std::to_string(bytes.size() - 1) + " bytes, " +
                                                   std::to_string(rows.rows()) + " rows of dim 7 take " +
                                                   std::to_string(bytes.size()));
    refused(numpy_header("'<f4'", "False", "(2, 2)") + std::string(9000, 'x'), "this is not a gallery");
    refused(version_2(rows) + std::string(9000, ' '), "version 2 is row by row; load_gallery reads it");
    const std::string other = own_width == 32 ? "16" : "32";
    refused(version_3(rows, 48 - own_width), "panels of " + other + " rows, this build has panels of " +
                                                 std::to_string(own_width) + "; load_gallery packs them again");
    CHECK((stream_of(load_gallery(path)) == bytes));
    std::string altered = bytes;
    altered[20] = char(altered[20] ^ 1);
    refused(altered, "neither commit page, with its last panel, is what was written");
    CHECK(refusal([&] { map_gallery(directory.path("none")); }).find("none: cannot be opened: No such file") !=
          std::string::npos);

    altered = bytes;
    altered[16384 + 10] = char(altered[16384 + 10] ^ 1);  // in the first panel
    put(path, altered);
    CHECK(refusal([&] { map_gallery(path).verify(); }).find("mapped_gallery::verify" + end) == 0);
    CHECK(refusal([&] { load_gallery(path); }).find("load_gallery" + end) == 0);

    altered = bytes;
    altered.back() = char(altered.back() ^ 1);  // the last panel in place: what an append leaves that was not finished
    CHECK(refusal([&] {
              gallery_view(altered.data(), idx_t(altered.size()));
          }).find("gallery_view: the last panel is ") == 0);
    put(path, altered);
    map_gallery(path).verify();
    CHECK((stream_of(load_gallery(path)) == bytes));
    CHECK(refusal([&] { gallery_view(bytes.data() + 1, idx_t(bytes.size())); }) ==
          "gallery_view: this is not a gallery");
}

TEST_CASE("rows that are farther from unit than the header says are known to be", "[gallery]") {
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    matrix<float> rows = random_rows<float>(70, 37, 21);
    normalize_in_place(rows);
    for (idx_t k = 0; k < 37; ++k) rows(3, k) *= 1.00005f;
    const gallery saved(adopt_unit(rows));
    for (const idx_t width : {16, 32}) {
        const std::string bytes = version_3(saved, width);  // which says 0
        put(path, bytes);
        std::istringstream stream(bytes);
        CHECK(std::fabs(load_gallery(stream).packed().deviation - 5e-5) < 1e-6);
        CHECK(std::fabs(load_gallery(path).packed().deviation - 5e-5) < 1e-6);
    }
    const std::string exact = version_3(gallery(random_rows<float>(70, 37, 21)), own_width);
    std::istringstream stream(exact);
    CHECK(load_gallery(stream).packed().deviation == 0.0);
}

TEST_CASE("a mapping of no file has no rows, nor has one that was moved from", "[gallery]") {
    gallery_view().verify();
    mapped_gallery().verify();
    if (!maps) return;
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    save_gallery(path, gallery(random_rows<float>(5, 7, 14)));
    mapped_gallery first = map_gallery(path), second = std::move(first);
    CHECK(first.rows() == 0);
    first.verify();
    first = std::move(second);
    CHECK(second.rows() == 0);
    CHECK(second.packed().packed.data == nullptr);
    mapped_gallery& itself = first;
    first = std::move(itself);
    CHECK(first.rows() == 5);
    first.verify();
}

TEST_CASE("a commit page that no writer writes does not count", "[gallery]") {
    const gallery rows(random_rows<float>(5, 7, 13));
    const std::string bytes = stream_of(rows), page = bytes.substr(0, 4096);
    const auto with_second = [&](std::string second, idx_t sequence) {
        second.replace(72, 8, stored(sequence)).replace(88, 8, stored(std::uint64_t(1)));  // no last panel has this sum
        std::string file = bytes;
        return file.replace(4096, 4096, with_page_sum(second));
    };
    std::string of_version_2 = page, of_more_room = page;
    of_version_2.replace(8, 4, stored(std::uint32_t(2))).replace(64, 4, stored(std::uint32_t(0)));
    of_more_room.replace(24, 8, stored(idx_t(200)));
    for (const std::string& file :
         {with_second(page, 2), with_second(page, -1), with_second(of_version_2, 1), with_second(page, 1)}) {
        std::istringstream stream(file);
        CHECK((stream_of(load_gallery(stream)) == bytes));
        if (maps) CHECK((gallery_view(file.data(), idx_t(file.size())).rows() == 5));
    }
    const std::string wide = with_second(of_more_room, 1) + std::string(90000, ' ');
    std::istringstream stream(wide);
    CHECK(refusal([&] { load_gallery(stream); }) ==
          "load_gallery: neither commit page, with its last panel, is what was written");
    CHECK((!maps || refusal([&] { gallery_view(wide.data(), idx_t(wide.size())); }) ==
                        "gallery_view: neither commit page, with its last panel, is what was written"));
}

TEST_CASE("a gallery file is rewritten with panels of the other width, and stays what it was if that fails",
          "[gallery]") {
    const idx_t n = GENERATE(0, 1, 16, 17, 32, 33, 49, 64, 100);
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery"), other = directory.path("other.gallery");
    const gallery rows(random_rows<float>(n, 7, 22));
    for (const idx_t width : {16, 32})
        for (const idx_t before : {16, 32}) {
            put(path, version_3(rows, before));
            repack_gallery(path, other, width);
            CHECK((read(other) == version_3(rows, width)));
            CHECK((read(path) == version_3(rows, before)));
            repack_gallery(path, path, width);  // in its place
            CHECK((read(path) == version_3(rows, width)));
        }
    CHECK((stream_of(load_gallery(other)) == stream_of(rows)));
    if (n < 49) return;

    if (maps) {  // the last panel counts beside a later commit page
        std::filesystem::remove(detail::path_of(path));
        gallery_writer writer(path);
        for (idx_t i = 0; i < n; ++i) writer.append(rows.unit_rows(i, 1)), writer.commit();
        CHECK(refusal([&] { repack_gallery(path, other, 16); }) ==
              "repack_gallery: " + path + ": is being written elsewhere");
    }
    if (maps) {
        repack_gallery(path, other, 48 - own_width);
        CHECK((stream_of(load_gallery(other)) == stream_of(load_gallery(path))));
    }
    std::string altered = version_3(rows, 16);
    altered[16384 + 10] = char(altered[16384 + 10] ^ 1);
    put(path, altered);
    put(other, "what was there");
    const std::string begin = "repack_gallery: " + path + ": ";
    const auto refused = [&] { return refusal([&] { repack_gallery(path, other, 32); }); };
    CHECK(refused() == begin + "the bytes are not those that were written");
    put(path, version_3(rows, 16).substr(0, 17000));
    CHECK(refused().find(begin + "ends after 17000 bytes, ") == 0);
    put(path, "nothing");
    CHECK(refused() == begin + "ends after 7 of 8192 bytes of the header");
    put(path, std::string(9000, 'x'));
    CHECK(refused() == begin + "this is not a gallery");
    put(path, version_2(rows) + std::string(9000, ' '));
    CHECK(refused() == begin + "version 2 is row by row; load_gallery reads it");
    save_gallery(path, compact_gallery<int4>(rows.unit_rows()));
    CHECK(refused() == begin + "stores int4, whose panels are alike on every machine");
    CHECK(message_of<value_error>([&] { repack_gallery(path, other, 8); }) ==
          "repack_gallery: panel_rows is 8, it must be 16 or 32");
    CHECK(read(other) == "what was there");
    CHECK(directory.files() == 2);
}

#if defined(__linux__)
TEST_CASE("a mapping may write no pages but those of the last panel", "[gallery]") {
    if (!maps) return;
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    save_gallery(path, gallery(random_rows<float>(32 * 50 + 3, 64, 17)));
    const mapped_gallery mapped = map_gallery(path);
    mapped.verify();
    std::ifstream maps_of_process("/proc/self/maps");
    std::uint64_t all = 0, writable = 0;
    for (std::string line; std::getline(maps_of_process, line);) {
        if (line.find(path) == std::string::npos) continue;
        std::size_t used = 0;
        const std::uint64_t begin = std::stoull(line, &used, 16), end = std::stoull(line.substr(used + 1), &used, 16);
        all += end - begin;
        if (line.find(" rw-p ") != std::string::npos) writable += end - begin;
    }
    CHECK(all > 400000);
    CHECK(writable > 0);
    CHECK(writable <= 2 * 65536);  // pages of 4 to 64 KiB
}
#elif defined(_WIN32)
TEST_CASE("a mapping that is only read may write no page, so that Windows sets no memory aside", "[gallery]") {
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    save_gallery(path, gallery(random_rows<float>(32 * 50 + 3, 64, 17)));
    const auto access_of = [&](detail::map_mode mode) {
        const detail::file_mapping mapping({"test", path}, mode);
        MEMORY_BASIC_INFORMATION pages;
        REQUIRE(VirtualQuery(mapping.data(), &pages, sizeof pages) == sizeof pages);
        return pages.Protect;
    };
    CHECK(access_of(detail::map_mode::read) == PAGE_READONLY);
    CHECK(access_of(detail::map_mode::change) == PAGE_WRITECOPY);
}
#endif

TEST_CASE("a gallery file beyond 4 GiB is mapped, inspected and grows", "[gallery]") {
    if (!maps || sizeof(void*) < 8) return;
    const idx_t dim = 4096, rows = 300000;  // 4.6 GiB of zeros, where few file systems but NTFS need room
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    gallery_writer(path).append(matrix<float>(0, dim));
    detail::commit_page page;
    std::memcpy(page.bytes, read(path).data(), sizeof page.bytes);
    detail::gallery_commit commit = page.commit();
    commit.rows = rows - rows % own_width, commit.zero_rows = commit.rows, commit.first_zero = 0;
    page = detail::commit_page(commit);
    put(path, std::string(reinterpret_cast<const char*>(page.bytes), sizeof page.bytes));
    std::error_code error;
    std::filesystem::resize_file(detail::path_of(path), std::uintmax_t(detail::gallery_layout(commit).bytes()), error);
    if (error) {
        WARN("left out, for no file here is so long: " << error.message());
        return;
    }
    const auto more = random_rows<float>(2, dim, 23);
    {
        gallery_writer writer(path);
        writer.append(more);
        writer.commit();
    }
    const mapped_gallery mapped = map_gallery(path);
    CHECK(mapped.rows() == commit.rows + 2);
    CHECK(inspect_gallery(path).rows == commit.rows + 2);
    CHECK(first_difference(mapped.unit_rows(commit.rows, 2).values(), normalize(more).values()) == "");
}

TEST_CASE("a file that a process of 32 bits cannot hold is not mapped", "[gallery]") {
    if (sizeof(void*) >= 8) return;
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    put(path, std::string(8192, '\0'));
    std::filesystem::resize_file(detail::path_of(path), std::uintmax_t(5) << 30);  // modulo 2^32: 1 GiB
    CHECK_THROWS_AS(detail::file_mapping({"test", path}), file_error);
}

TEST_CASE("a file that is being replaced is the old one or the new one at every step", "[gallery]") {
    const std::string old_bytes = stream_of(gallery(random_rows<float>(4, 3, 12))),
                      new_bytes(std::size_t(5) << 20, 'n');
    const dying_child child([&](const std::string& path) {
        detail::replace_file<deadly_file>({"test", path}, [&](deadly_file& file) {
            detail::sequential_writes<deadly_file> writes(file, 0);
            writes.write(new_bytes.data(), idx_t(new_bytes.size()));
            writes.flush();
        });
    });
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    int step = 0;
    for (std::string outcome; outcome != "exits with 0"; ++step) {
        put(path, old_bytes);
        outcome = child.outcome(path, step + 1);
        REQUIRE((outcome == "is killed" || outcome == "exits with 0"));
        CHECK((read(path) == (outcome == "exits with 0" ? new_bytes : old_bytes)));
    }
    CHECK(step == 5);  // killed in three writes and a sync
    CHECK(message_of<file_error>([&] {
              save_gallery(directory.path("no/rows.gallery"), gallery());
          }).find("save_gallery: " + directory.path("no/rows.gallery") + ": cannot be created: ") == 0);
}

}  // namespace tests
