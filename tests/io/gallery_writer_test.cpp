#include <algorithm>
#include <filesystem>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <unitsphere/io/gallery_writer.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "dying_child.hpp"
#include "gallery_files.hpp"
#include "npy_files.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

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

TEST_CASE("a writer that is killed at any step loses only rows that were not committed", "[gallery]") {
    if (!maps) return;
    const auto rows = random_rows<float>(90, 3, 11);
    const auto part = [&](idx_t first, idx_t count) { return matrix_view<const float>(rows.row(first), count, 3); };
    const dying_child child([&](const std::string& path) {
        detail::gallery_appender<deadly_file> writer(path);
        writer.append(part(20, 50), {}, {});
        writer.commit();
        writer.append(part(70, 20), {}, {});
        writer.commit();
    });
    const temporary_directory directory;
    const std::string path = directory.path("rows.gallery");
    int step = 0;
    for (std::string outcome; outcome != "exits with 0"; ++step) {
        std::filesystem::remove(detail::path_of(path));
        gallery_writer(path).append(part(0, 0));  // an empty file
        {
            gallery_writer writer(path);
            writer.append(part(0, 20));
            writer.commit();
        }
        outcome = child.outcome(path, step + 1);
        REQUIRE((outcome == "is killed" || outcome == "exits with 0"));
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

}  // namespace tests
