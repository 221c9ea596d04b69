#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <unitsphere/io/gallery_writer.hpp>
#include <unitsphere/normalize.hpp>
#include <unitsphere/search.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "executors.hpp"
#include "gallery_bytes.hpp"
#include "npy_files.hpp"
#include "random_rows.hpp"
#if !defined(_WIN32)
#include "forked_child.hpp"
#endif

namespace tests {

using namespace unitsphere;

namespace {

std::string stream_of(const gallery& rows) {
    std::ostringstream stream;
    save_gallery(stream, rows);
    return stream.str();
}
void put(const std::string& path, const std::string& bytes) {
    std::ofstream(detail::path_of(path), std::ios::binary | std::ios::trunc) << bytes;
}
/// Whether files are mapped and grow here: they are little-endian.
constexpr bool maps = !detail::big_endian_machine;

/// A file that remembers what is done to it; nothing else happens.
struct recorded_file {
    struct step {
        idx_t at;  ///< -1: sync
        std::string bytes;
    };
    static inline std::vector<step> steps;

    recorded_file(const detail::file_source&, const std::string&, detail::open_mode) {}
    void write(idx_t at, const void* bytes, idx_t count) {
        steps.push_back({at, std::string(static_cast<const char*>(bytes), std::size_t(count))});
    }
    void sync() { steps.push_back({-1, ""}); }
    void close() {}
};

void apply(std::string& file, const recorded_file::step& step, std::size_t count) {
    if (step.at < 0) return;
    file.resize(std::max(file.size(), std::size_t(step.at) + count));
    file.replace(std::size_t(step.at), count, step.bytes, 0, count);
}

}  // namespace

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
    save_gallery(path, gallery(random_rows<float>(2, 3, 6)));  // the mapping keeps the file that it mapped
    mapped.verify(on_threads{3});
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
    const mapped_gallery mapped = map_gallery(path);
    CHECK(refusal([&] { mapped.verify(); }).find("mapped_gallery::verify" + end) == 0);
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

TEST_CASE("rows that are appended to a file in pieces are those of one gallery", "[gallery]") {
    if (!maps) return;
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    auto rows = random_rows<float>(400, 19, 9);
    rows(3, 0) = infinity, rows(201, 4) = infinity;
    for (idx_t k = 0; k < 19; ++k) rows(77, k) = 0.0f;
    for (idx_t done = 0, piece = 1; done < rows.rows(); piece = piece * 5 % 67 + 1) {
        gallery_writer writer(path);
        for (int i = 0; i < 2 && done < rows.rows(); ++i) {
            const idx_t count = std::min(piece, rows.rows() - done);
            const mapped_gallery before = done > 0 ? map_gallery(path) : mapped_gallery();
            writer.append(matrix_view<const float>(rows.row(done), count, 19));
            done += count;
            CHECK(writer.rows() == done);
            if (i == 1) writer.commit();
            if (before.rows() > 0) before.verify();  // of the moment when it was mapped
        }
        writer.commit();
        if (done == rows.rows()) {
            CHECK(refusal([&] { gallery_writer second(path); }).find("gallery_writer: " + path + ": ") == 0);
            CHECK(message_of<shape_error>([&] { writer.append(random_rows<float>(2, 3, 6)); }) ==
                  "gallery_writer: rows have dim 3, the file has dim 19");
            row_policy strict;
            strict.non_finite = on_row::error;
            CHECK(message_of<value_error>([&] { writer.append(rows, {}, {strict}); }) != "(no exception)");
            CHECK(writer.rows() == 400);
            CHECK(writer.report().first_zero == 77);
        }
    }
    map_gallery(path).verify();
    const std::string bytes = read(path);
    CHECK(gallery_view(bytes.data(), idx_t(bytes.size())).rows() == 400);
    CHECK((stream_of(load_gallery(path)) == stream_of(gallery(rows))));
}

TEST_CASE("of two writers of a new file none destroys what the other committed", "[gallery]") {
    if (!maps) return;
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    const auto rows = random_rows<float>(30, 3, 15);
    const auto part = [&](idx_t first, idx_t count) { return matrix_view<const float>(rows.row(first), count, 3); };
    gallery_writer second(path), third(path);
    {
        gallery_writer first(path);
        first.append(part(0, 20));
        first.commit();
        CHECK(refusal([&] { second.append(part(20, 10)); }).find("gallery_writer: " + path + ": ") == 0);
        CHECK(directory.files() == 1);
    }
    CHECK(load_gallery(path).rows() == 20);
    CHECK(message_of<shape_error>([&] { third.append(random_rows<float>(2, 5, 6)); }) ==
          "gallery_writer: rows have dim 5, the file has dim 3");
}

TEST_CASE("a writer that comes second to a new file goes on behind the first", "[gallery]") {
    if (!maps) return;
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    const auto rows = random_rows<float>(30, 3, 16);
    gallery_writer second(path);
    {
        gallery_writer first(path);
        first.append(matrix_view<const float>(rows.row(0), 20, 3));
        first.commit();
    }
    second.append(matrix_view<const float>(rows.row(20), 10, 3));
    second.commit();
    CHECK(directory.files() == 1);
    CHECK((stream_of(load_gallery(path)) == stream_of(gallery(rows))));
}

TEST_CASE("a file that a writer has is not replaced", "[gallery]") {
    if (!maps) return;
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    const gallery rows(random_rows<float>(20, 3, 18)), others(random_rows<float>(4, 3, 19));
    {
        gallery_writer writer(path);
        writer.append(rows.unit_rows());
        CHECK(refusal([&] { save_gallery(path, others); }).find("save_gallery: " + path + ": ") == 0);
        writer.commit();
    }
    CHECK(directory.files() == 1);
    CHECK(load_gallery(path).rows() == 20);
    save_gallery(path, others);
    CHECK(load_gallery(path).rows() == 4);
}

TEST_CASE("a file of no rows and no dim takes that of the first append", "[gallery]") {
    if (!maps) return;
    const idx_t n = GENERATE(0, 5, 32, 70);
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    save_gallery(path, gallery());
    const auto rows = random_rows<float>(n, 19, 20);
    const mapped_gallery before = map_gallery(path);
    {
        gallery_writer writer(path);
        writer.append(rows);
        writer.commit();
        CHECK(writer.rows() == n);
        CHECK(writer.dim() == (n > 0 ? 19 : 0));
    }
    before.verify();
    map_gallery(path).verify();
    std::istringstream stream(read(path));
    const gallery loaded = load_gallery(stream);
    CHECK(loaded.rows() == n);
    if (n > 0) CHECK(first_difference(loaded.unit_rows().values(), gallery(rows).unit_rows().values()) == "");
    CHECK(load_gallery(path).rows() == n);
}

TEST_CASE("a crash of the writer, whatever the disk kept, loses only rows that were not committed", "[gallery]") {
    if (!maps) return;
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    const idx_t before = GENERATE(0, 5, 17, 32, 40), more = GENERATE(1, 11, 100);
    const auto rows = random_rows<float>(before + more, 3, 10);
    const std::string states[2] = {stream_of(gallery(matrix_view<const float>(rows.data(), before, 3))),
                                   stream_of(gallery(rows))};
    {
        gallery_writer writer(path);
        writer.append(matrix_view<const float>(rows.data(), before, 3));
        writer.commit();
    }
    const std::string start = read(path);
    recorded_file::steps.clear();
    detail::gallery_appender<recorded_file> writer(path);
    const matrix_view<const float> appended(rows.row(before), more, 3);
    writer.append(appended, {}, {});
    writer.commit();
    const auto& steps = recorded_file::steps;
    REQUIRE(steps.size() >= 4);
    REQUIRE(steps.back().at == -1);
    std::mt19937 random(3);
    int wrong = 0, old_states = 0, new_states = 0;
    for (std::size_t stop = 0; stop <= steps.size(); ++stop)
        for (int round = 0; round < 20; ++round) {
            // What was synced is there; of later writes the disk has whole ones, parts of them, or nothing.
            std::size_t synced = 0;
            for (std::size_t i = 0; i < stop; ++i)
                if (steps[i].at < 0) synced = i + 1;
            std::string file = start;
            for (std::size_t i = 0; i < std::min(stop + 1, steps.size()); ++i) {
                const std::size_t size = steps[i].bytes.size();
                const bool is_kept = i < synced || (round == 0 && i < stop);
                const auto outcome = is_kept ? 0 : round == 0 ? 1 : random() % 3;
                apply(file, steps[i], outcome == 0 ? size : outcome == 1 ? size / 2 : 0);
            }
            put(path, file);
            const std::string message = refusal([&] { map_gallery(path).verify(); });
            const std::string found = message == "(no exception)" ? stream_of(load_gallery(path)) : message;
            wrong += found != states[0] && found != states[1];
            wrong += stop == steps.size() && found != states[1];
            old_states += found == states[0], new_states += found == states[1];
        }
    CHECK(wrong == 0);
    CHECK(old_states > 0);
    CHECK(new_states >= 20);
}

#if !defined(_WIN32)
namespace {
/// A file whose program is killed in the middle of step number `left`.
struct deadly_file : detail::durable_file {
    using durable_file::durable_file;
    static inline int left = 0;

    static bool dies() { return --left == 0; }
    void write(idx_t at, const void* bytes, idx_t count) {
        const bool last = dies();
        durable_file::write(at, bytes, last ? count / 2 : count);
        if (last) ::kill(::getpid(), SIGKILL);
    }
    void sync() {
        if (dies()) ::kill(::getpid(), SIGKILL);
        durable_file::sync();
    }
};
}  // namespace

TEST_CASE("a writer that is killed at any step loses only rows that were not committed", "[gallery]") {
    if (!maps) return;
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    const auto rows = random_rows<float>(90, 3, 11);
    const auto part = [&](idx_t first, idx_t count) { return matrix_view<const float>(rows.row(first), count, 3); };
    int step = 0;
    for (std::string outcome; outcome != "exits with 0"; ++step) {
        std::filesystem::remove(detail::path_of(path));
        gallery_writer(path).append(part(0, 0));  // an empty file
        {
            gallery_writer writer(path);
            writer.append(part(0, 20));
            writer.commit();
        }
        outcome = child_of_fork([&] {
            deadly_file::left = step + 1;
            detail::gallery_appender<deadly_file> writer(path);
            writer.append(part(20, 50), {}, {});
            writer.commit();
            writer.append(part(70, 20), {}, {});
            writer.commit();
            return true;
        });
        REQUIRE((outcome == "is killed by a signal" || outcome == "exits with 0"));
        const gallery found = load_gallery(path);
        CAPTURE(step, outcome, found.rows());
        CHECK((found.rows() == 20 || found.rows() == 70 || found.rows() == 90));
        CHECK((stream_of(found) == stream_of(gallery(part(0, found.rows())))));
        gallery_writer writer(path);  // and goes on
        writer.append(part(found.rows(), 90 - found.rows()));
        writer.commit();
        CHECK((stream_of(load_gallery(path)) == stream_of(gallery(rows))));
        if (outcome == "exits with 0") CHECK(found.rows() == 90);
    }
    CHECK(step > 8);
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
#endif

TEST_CASE("a file that is being replaced is the old one or the new one at every step", "[gallery]") {
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    const std::string old_bytes = stream_of(gallery(random_rows<float>(4, 3, 12))),
                      new_bytes(std::size_t(5) << 20, 'n');
    int step = 0;
    for (std::string outcome; outcome != "exits with 0"; ++step) {
        put(path, old_bytes);
        outcome = child_of_fork([&] {
            deadly_file::left = step + 1;
            detail::replace_file<deadly_file>({"test", path}, [&](deadly_file& file) {
                detail::sequential_writes<deadly_file> writes(file, 0);
                writes.write(new_bytes.data(), idx_t(new_bytes.size()));
                writes.flush();
            });
            return true;
        });
        CHECK((read(path) == (outcome == "exits with 0" ? new_bytes : old_bytes)));
    }
    CHECK(step == 5);  // killed in three writes and a sync
    CHECK(message_of<file_error>([&] {
              save_gallery(directory.path("no/rows.gallery"), gallery());
          }).find("save_gallery: " + directory.path("no/rows.gallery") + ": cannot be created: ") == 0);
}
#endif

}  // namespace tests
