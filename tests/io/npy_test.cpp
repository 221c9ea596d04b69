#include <unitsphere/io/mapped_npy.hpp>
#include <unitsphere/normalize.hpp>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>

#if __has_include(<sys/resource.h>)
#include <sys/resource.h>
#include <sys/stat.h>
#endif

#include "catch.hpp"
#include "npy_files.hpp"

namespace tests {

namespace fs = std::filesystem;
using namespace unitsphere;
using unitsphere::idx_t;

TEMPLATE_TEST_CASE("what save_npy wrote is what inspect_npy and load_npy read", "[npy]", float16, float, double,
                   std::int8_t, std::int32_t, std::int64_t, bool) {
    const auto shape = GENERATE(table<idx_t, idx_t>(
        {{1, 1}, {3, 5}, {7, 512}, {2000, 33}, {0, 5}, {5, 0}, {0, 0}, {0, idx_t{1} << 48}, {idx_t{1} << 48, 0}}));
    const idx_t rows = std::get<0>(shape), dim = std::get<1>(shape);
    const temporary_directory directory;
    const matrix<TestType> saved = any_bits<TestType>(rows, dim);
    save_npy(directory.path(), saved);
    CHECK(fs::file_size(directory.path()) == 128 + std::uintmax_t(rows * dim) * sizeof(TestType));

    const npy_info info = inspect_npy(directory.path());
    CHECK((info.rows == rows && info.dim == dim && !info.fortran_order));
    const matrix<TestType> loaded = load_npy<TestType>(directory.path());
    CHECK((loaded.rows() == rows && loaded.dim() == dim));
    CHECK(bytes_of(loaded) == bytes_of(saved));
}

TEST_CASE("save_npy refuses what load_npy would: a size beyond 2^48, even of an empty matrix", "[npy]") {
    const temporary_directory directory;
    const idx_t large = (idx_t{1} << 48) + 1;
    CHECK(message_of<shape_error>([&] { save_npy(directory.path(), matrix_view<const float>(nullptr, large, 0)); }) ==
          "save_npy: rows are 281474976710657 x 0, each must be at most 281474976710656");
    CHECK(message_of<shape_error>([&] { save_npy(directory.path(), matrix_view<const float>(nullptr, 0, large)); }) ==
          "save_npy: rows are 0 x 281474976710657, each must be at most 281474976710656");
    CHECK(directory.files() == 0);
}

TEMPLATE_TEST_CASE("save_npy leaves out what lies between dim and stride", "[npy]", float, float16) {
    const auto [rows, dim, stride] =
        GENERATE(table<idx_t, idx_t, idx_t>({{1, 3, 9}, {4, 3, 4}, {9, 500, 512}, {3, 0, 7}}));
    const temporary_directory directory;
    const matrix<TestType> all = any_bits<TestType>(rows, stride);
    const matrix_view<const TestType> part(rows * dim > 0 ? all.data() : nullptr, rows, dim, stride);
    save_npy(directory.path(), part);
    CHECK(read(directory.path()).substr(128) == bytes_of(part));
}

TEST_CASE("names of files are UTF-8, whatever the system takes narrow names for", "[npy]") {
    const temporary_directory directory;
    const std::string name = "bild_\xc3\xbc_\xe7\x8c\xab.npy", path = directory.path(name);
    save_npy(path, matrix_view<const float>(numbers, 2, 2));
    CHECK(bytes_of(load_npy<float>(path)) == f4_numbers);
#if defined(_WIN32)
    CHECK(fs::exists(fs::path(directory.path("")) / L"bild_\u00fc_\u732b.npy"));
#else
    CHECK(fs::exists(fs::path(directory.path("")) / name));
#endif
}

TEST_CASE("load_npy reads versions 1.0, 2.0 and 3.0, and every way to write the header", "[npy]") {
    const int version = GENERATE(1, 2, 3);
    const std::string header = GENERATE(
        as<std::string>(), "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }",
        f4("(2, 2,)") + std::string(9939, ' '), "{\"shape\":(2,2),\"descr\":\"<f4\",\"fortran_order\":False}",
        dict("'<f4'", "False", "( 2 , 2 )"),
        "  { 'fortran_order' :\tFalse ,\n 'shape' : (\t2,\r\n2 ) , 'descr' : '<f4' , } \n\n" + std::string(200, ' '));
    const temporary_directory directory;
    const matrix<float> loaded = load_npy<float>(directory.write(npy(header, f4_numbers, version)));
    CAPTURE(version, header);
    CHECK((loaded.rows() == 2 && loaded.dim() == 2));
    CHECK(bytes_of(loaded) == f4_numbers);
}

TEST_CASE("a path that is no regular file is refused, and is not changed", "[npy]") {
    const temporary_directory directory;
    const matrix_view<const float> rows(numbers, 2, 2);
    const std::string missing = directory.path("none/rows.npy"), folder = directory.path("folder.npy");
#if defined(_WIN32)
    const std::string is_folder = "Permission denied";
#else
    const std::string is_folder = "Is a directory";
#endif
    fs::create_directory(folder);
    CHECK(refusal([&] { load_npy<float>(missing); }) ==
          "load_npy: " + missing + ": cannot be opened: No such file or directory");
    CHECK(refusal([&] { save_npy(missing, rows); }) ==
          "save_npy: " + missing + ": cannot be created: No such file or directory");
    CHECK(refusal([&] { save_npy("", rows); }) == "save_npy: : cannot be created: No such file or directory");
    CHECK(refusal([&] { load_npy<float>(folder); }) == "load_npy: " + folder + ": is a directory");
    CHECK(refusal([&] { save_npy(folder, rows); }) == "save_npy: " + folder + ": cannot be created: " + is_folder);
#if __has_include(<sys/resource.h>)
    const std::string pipe = directory.path("pipe.npy"), reason = ": is not a regular file; load_npy(std::istream&) ";
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(refusal([&] { load_npy<float>(pipe); }) == "load_npy: " + pipe + reason + "reads pipes and devices");
    CHECK(refusal([&] { inspect_npy(pipe); }) == "inspect_npy: " + pipe + reason + "reads pipes and devices");
    CHECK(directory.files() == 2);
#endif
}

#if __has_include(<sys/resource.h>)
TEST_CASE("arrays pass through a pipe one after the other", "[npy]") {
    const temporary_directory directory;
    const std::string pipe = directory.path("pipe.npy");
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    const matrix<float> images = any_bits<float>(300, 512);  // more than a pipe holds
    std::thread writer([&] {
        std::ofstream to(pipe, std::ios::binary);
        save_npy(to, images);
        save_npy(to, std::vector<int>{3, 1});
        to << "the end";
    });
    std::ifstream from(pipe, std::ios::binary);
    const matrix<float> loaded = load_npy(from);
    const std::vector<idx_t> labels = load_npy_integers(from, pipe);
    const std::string rest{std::istreambuf_iterator<char>(from), {}};
    writer.join();
    CHECK(bytes_of(loaded) == bytes_of(images));
    CHECK(labels == std::vector<idx_t>{3, 1});
    CHECK(rest == "the end");
    std::thread second([&] { save_npy(pipe, images.view()); });
    std::ifstream again(pipe, std::ios::binary);
    const matrix<float> same = load_npy(again);
    second.join();
    CHECK(bytes_of(same) == bytes_of(images));
}
#endif

TEST_CASE("load_npy reads one array after the other from a stream, and names it where it ends", "[npy]") {
    std::stringstream stream;
    save_npy(stream, matrix<float16>(2, 3));
    save_npy(stream, matrix<double>(0, 5));
    save_npy(stream, matrix<bool>(1, 4));
    CHECK(visit_npy(stream, visited_bytes) == std::string(12, '\0'));
    CHECK(load_npy<double>(stream).dim() == 5);
    CHECK(load_npy<bool>(stream).dim() == 4);
    CHECK(stream.peek() == std::char_traits<char>::eof());
    CHECK(refusal([&] { load_npy(stream); }) == "load_npy: stream: holds no array, or no more");
    CHECK(refusal([&] { load_npy(stream, "images"); }) ==
          "load_npy: images: cannot be read: the stream had failed before");

    std::istringstream cut(npy(f4("(2, 2)"), f4_numbers.substr(1))), huge(npy(f4("(9999999, 99999)"), f4_numbers));
    CHECK(refusal([&] { load_npy(cut, "memory"); }) ==
          "load_npy: memory: holds 15 bytes of data, shape (2, 2) of f4 needs 16");
    CHECK(refusal([&] { visit_npy(stream, visited_bytes, "images"); }).find("visit_npy: images: ") == 0);
    CHECK(refusal([&] { load_npy_integers(huge); }).find("holds 16 bytes of data") != std::string::npos);
    std::ostream broken(nullptr);
    CHECK(refusal([&] {
              save_npy(broken, matrix<float>(1, 1), "socket");
          }).find("save_npy: socket: cannot be written") == 0);
}

#if __has_include(<sys/resource.h>)
TEST_CASE("save_npy writes in place: links of both kinds, modes and names of 255 bytes stay", "[npy]") {
    const temporary_directory directory;
    const std::string path = directory.write("old"), link = directory.path("link.npy"), hard = directory.path("hard");
    const std::string fresh = directory.path("fresh.npy"), dangling = directory.path("dangling.npy");
    const fs::perms mode = fs::perms::owner_read | fs::perms::owner_write;
    fs::permissions(path, mode);
    fs::create_symlink(path, link);
    fs::create_hard_link(path, hard);
    fs::create_symlink(fresh, dangling);
    save_npy(link, matrix_view<const float>(numbers, 2, 2));
    save_npy(dangling, matrix_view<const float>(numbers, 2, 2));
    CHECK((fs::is_symlink(link) && fs::is_symlink(dangling)));
    CHECK((inspect_npy(path).rows == 2 && inspect_npy(fresh).rows == 2));
    CHECK(read(hard) == read(path));
    CHECK(fs::status(path).permissions() == mode);
    CHECK(directory.files() == 5);
    save_npy(directory.path(std::string(255, 'n')), matrix_view<const float>(numbers, 2, 2));
    CHECK(directory.files() == 6);
}

TEST_CASE("a save that cannot be completed says so, and load_npy refuses what it leaves", "[npy]") {
    // A limit on the size of files stands in for a full disk. 300 rows fail while writing, one while closing.
    const idx_t rows = GENERATE(1, 300), stride = GENERATE(512, 520);
    const temporary_directory directory;
    const matrix<float> values(rows, stride);
    const std::string path = directory.write("old"), fresh = directory.path("fresh.npy");
    rlimit limit{};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const rlimit lowered{1000, limit.rlim_max};
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &lowered) == 0);
    const matrix_view<const float> view(values.data(), rows, 512, stride);
    const std::string replaced = refusal([&] { save_npy(path, view); });
    const std::string created = refusal([&] { save_npy(fresh, view); });
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    std::signal(SIGXFSZ, handler);
    CHECK(replaced == "save_npy: " + path + ": cannot be written: File too large");
    CHECK(created == "save_npy: " + fresh + ": cannot be written: File too large");
    for (const std::string& left : {path, fresh}) {
        CHECK(fs::file_size(left) <= 1000);
        CHECK(refusal([&] { load_npy<float>(left); }).find("load_npy: " + left + ": ") == 0);
    }
    CHECK(directory.files() == 2);
}
#endif

TEMPLATE_TEST_CASE("map_npy gives the rows of a file in place, or says what load_npy does", "[npy]", float16, float,
                   double, std::int8_t) {
    const temporary_directory directory;
    const std::string path = directory.path(), end = "map_npy: " + path + ": ";
    if (detail::big_endian_machine && sizeof(TestType) > 1) return;  // files are little-endian
    const auto saved = any_bits<TestType>(7, 33);
    save_npy(path, saved);
    mapped_rows<TestType> first = map_npy<TestType>(path);
    mapped_rows<TestType> second(static_cast<mapped_rows<TestType>&&>(first)), mapped = map_npy<TestType>(path);
    CHECK(first.rows() == 0);
    CHECK(first.data() == nullptr);
    mapped = static_cast<mapped_rows<TestType>&&>(second);
    CHECK(second.rows() == 0);
    CHECK(second.data() == nullptr);
    save_npy(directory.path("copy.npy"), mapped);  // an argument as any other rows
    CHECK(read(directory.path("copy.npy")) == read(path));
    CHECK(first_difference(normalize(mapped).values(), normalize(saved).values()) == "");
#if defined(_WIN32)
    CHECK(refusal([&] { save_npy(path, saved); }) == "save_npy: " + path + ": cannot be created: it is mapped");
    CHECK(bytes_of(load_npy<TestType>(path)) == bytes_of(saved));
#endif
    mapped = map_npy<TestType>(directory.path("copy.npy"));

    save_npy(path, matrix<TestType>(0, 5));
    CHECK(map_npy<TestType>(path).rows() == 0);
    save_npy(path, matrix<std::int32_t>(2, 2));
    CHECK(refusal([&] { map_npy<TestType>(path); }).find(end + "holds '<i4' (std::int32_t), asked for ") == 0);
    const std::string type = detail::npy_entry(detail::npy_type_of<TestType>()).code, data(4 * sizeof(TestType), '\0');
    directory.write(npy(dict("'<" + type + "'", "True", "(2, 2)"), data));
    CHECK(refusal([&] { map_npy<TestType>(path); }) ==
          end + "is in Fortran order, column after column; load_npy turns it round");
    directory.write(npy(dict("'>" + type + "'", "False", "(2, 2)"), data));
    if (sizeof(TestType) > 1 && !detail::big_endian_machine)
        CHECK(refusal([&] { map_npy<TestType>(path); }) == end + "has the other byte order; load_npy turns it round");
    const std::string odd = npy(dict("'<" + type + "'", "False", "(2, 2)") + std::string(1, ' '), data);
    directory.write(odd);
    const std::size_t at = odd.size() - data.size();
    if (at % sizeof(TestType) != 0 && !detail::big_endian_machine)
        CHECK(refusal([&] { map_npy<TestType>(path); }) ==
              end + "has data at byte " + std::to_string(at) + ", which is no multiple of " +
                  std::to_string(alignof(TestType)) + "; load_npy reads them");
    directory.write(npy(dict("'<" + type + "'", "False", "(2, 2)"), data.substr(1)));
    CHECK(refusal([&] { map_npy<TestType>(path); }).find(end + "holds " + std::to_string(data.size() - 1)) == 0);
}

}  // namespace tests
