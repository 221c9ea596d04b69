#include <unitsphere/io/npy.hpp>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#if __has_include(<sys/resource.h>)
#include <sys/resource.h>
#include <sys/stat.h>
#endif

#include "catch.hpp"
#include "checks.hpp"

namespace {

namespace fs = std::filesystem;
namespace us = unitsphere;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

/// A directory of its own for each test, removed with all it holds.
class temporary_directory {
public:
    temporary_directory() {
        std::random_device random;
        do directory_ = fs::temp_directory_path() / ("unitsphere_npy_test_" + std::to_string(random()));
        while (!fs::create_directory(directory_));
    }
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory() { fs::remove_all(directory_); }

    std::string path(const std::string& name = "rows.npy") const { return (directory_ / name).string(); }
    std::string write(const std::string& bytes) const {
        std::ofstream(path(), std::ios::binary) << bytes;
        return path();
    }
    us::index files() const { return std::distance(fs::directory_iterator(directory_), fs::directory_iterator()); }

private:
    fs::path directory_;
};

std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A .npy file from its parts, as NEP 1 lays them out. A `length` >= 0 lies about the length of the dict.
std::string npy(const std::string& dict, const std::string& data, int version = 1, long length = -1) {
    const unsigned long size = length < 0 ? dict.size() : static_cast<unsigned long>(length);
    std::string file = "\x93NUMPY";
    file += char(version);
    file += '\0';
    for (int byte = 0; byte < (version == 1 ? 2 : 4); ++byte) file += char((size >> (8 * byte)) & 0xff);
    return file + dict + data;
}

std::string dict(const std::string& descr, const std::string& order, const std::string& shape) {
    return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}
std::string f4(const std::string& shape) { return dict("'<f4'", "False", shape); }

/// Every bit pattern counts, also those of NaN and of the sign of zero.
template <class T>
us::matrix<T> any_bits(us::index rows, us::index dim) {
    us::matrix<T> values(rows, dim);
    std::mt19937 random(7);
    const std::size_t bytes = std::size_t(rows * dim) * sizeof(T);
    for (std::size_t i = 0; i < bytes; ++i) reinterpret_cast<unsigned char*>(values.data())[i] = std::uint8_t(random());
    return values;
}

template <class T>
std::string bytes_of(us::matrix_view<const T> rows) {
    std::string bytes;
    for (us::index i = 0; i < rows.rows() && rows.dim() > 0; ++i)
        bytes.append(reinterpret_cast<const char*>(rows.row(i)), std::size_t(rows.dim()) * sizeof(T));
    return bytes;
}

template <class Call>
std::string refusal(Call&& call) {
    return tests::message_of<us::file_error>(call);
}

// 1, 2, -0.5, 65504 in either type, and the bytes that numpy.save writes for them.
const float numbers[] = {1.f, 2.f, -0.5f, 65504.f};
const std::string f4_numbers("\0\0\x80\x3f\0\0\0\x40\0\0\0\xbf\0\xe0\x7f\x47", 16);
const std::string f2_numbers("\0\x3c\0\x40\0\xb8\xff\x7b", 8);

}  // namespace

TEST_CASE("save_npy writes the bytes of numpy.save", "[npy]") {
    const temporary_directory directory;
    const std::string padding(58, ' ');
    us::save_npy(directory.path(), us::matrix_view<const float>(numbers, 2, 2));
    CHECK(read(directory.path()) == std::string("\x93NUMPY\x01\x00v\x00", 10) +
                                        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }" + padding + "\n" +
                                        f4_numbers);
    us::matrix<us::float16> halves(1, 4);
    for (us::index j = 0; j < 4; ++j) halves(0, j) = us::float16(numbers[j]);
    us::save_npy(directory.path(), halves);
    CHECK(read(directory.path()) == std::string("\x93NUMPY\x01\x00v\x00", 10) +
                                        "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 4), }" + padding + "\n" +
                                        f2_numbers);
    CHECK(directory.files() == 1);
}

TEMPLATE_TEST_CASE("what save_npy wrote is what load_npy, inspect_npy and visit_npy read", "[npy]", float,
                   us::float16) {
    const auto shape = GENERATE(table<us::index, us::index>(
        {{1, 1}, {3, 5}, {7, 512}, {2000, 33}, {0, 5}, {5, 0}, {0, 0}, {0, 1234567890123}, {1234567890123, 0}}));
    const us::index rows = std::get<0>(shape), dim = std::get<1>(shape);
    const temporary_directory directory;
    const us::matrix<TestType> saved = any_bits<TestType>(rows, dim);
    us::save_npy(directory.path(), saved);
    CHECK(fs::file_size(directory.path()) == 128 + std::uintmax_t(rows * dim) * sizeof(TestType));

    const us::npy_info info = us::inspect_npy(directory.path());
    CHECK(info.type == (std::is_same_v<TestType, float> ? us::npy_type::f4 : us::npy_type::f2));
    CHECK((info.rows == rows && info.dim == dim));
    const us::matrix<TestType> loaded = us::load_npy<TestType>(directory.path());
    CHECK((loaded.rows() == rows && loaded.dim() == dim));
    CHECK(bytes_of(loaded.view()) == bytes_of(saved.view()));
    CHECK(us::visit_npy(directory.path(), [&](auto&& visited) {
        static_assert(std::is_rvalue_reference_v<decltype(visited)>);
        using Visited = typename std::decay_t<decltype(visited)>::value_type;
        return std::is_same_v<Visited, TestType> && visited.rows() == rows && visited.dim() == dim &&
               bytes_of(std::as_const(visited).view()) == bytes_of(saved.view());
    }));
}

TEMPLATE_TEST_CASE("save_npy leaves out what lies between dim and stride", "[npy]", float, us::float16) {
    const auto [rows, dim, stride] =
        GENERATE(table<us::index, us::index, us::index>({{1, 3, 9}, {4, 3, 4}, {9, 500, 512}, {3, 0, 7}}));
    const temporary_directory directory;
    const us::matrix<TestType> all = any_bits<TestType>(rows, stride);
    const us::matrix_view<const TestType> part(rows * dim > 0 ? all.data() : nullptr, rows, dim, stride);
    us::save_npy(directory.path(), part);
    CHECK(read(directory.path()).substr(128) == bytes_of(part));
}

TEST_CASE("load_npy reads versions 1.0, 2.0 and 3.0, and every way to write the header", "[npy]") {
    const int version = GENERATE(1, 2, 3);
    const std::string header = GENERATE(
        as<std::string>(), "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }",
        f4("(2, 2,)") + std::string(9939, ' '), "{\"shape\":(2,2),\"descr\":\"<f4\",\"fortran_order\":False}",
        dict("'=f4'", "False", "( 2 , 2 )"),
        "  { 'fortran_order' :\tFalse ,\n 'shape' : (\t2,\r\n2 ) , 'descr' : '<f4' , } \n\n" + std::string(200, ' '));
    const temporary_directory directory;
    const us::matrix<float> loaded = us::load_npy<float>(directory.write(npy(header, f4_numbers, version)));
    CAPTURE(version, header);
    CHECK((loaded.rows() == 2 && loaded.dim() == 2));
    CHECK(bytes_of(loaded.view()) == f4_numbers);
}

TEST_CASE("a file of one dimension is one row, and Fortran order is accepted where it means nothing", "[npy]") {
    const auto [order, shape, rows, dim] = GENERATE(table<std::string, std::string, us::index, us::index>(
        {{"False", "(4,)", 1, 4}, {"True", "(4,)", 1, 4}, {"True", "(1, 4)", 1, 4}, {"True", "(4, 1)", 4, 1}}));
    const temporary_directory directory;
    directory.write(npy(dict("'<f2'", order, shape), f2_numbers));
    const us::matrix<us::float16> loaded = us::load_npy<us::float16>(directory.path());
    CHECK((loaded.rows() == rows && loaded.dim() == dim));
    CHECK(bytes_of(loaded.view()) == f2_numbers);
    CHECK(us::inspect_npy(directory.write(npy(f4("(0,)"), ""))).dim == 0);
}

TEST_CASE("a malformed file is refused with its path and the reason", "[npy]") {
    const std::string d = f4_numbers;
    const auto [file, reason] = GENERATE_COPY(table<std::string, std::string>({
        {"", "is not a .npy file"},
        {"\x93NUMP", "is not a .npy file: it does not begin with \\x93NUMPY"},
        {"PK\3\4 an archive of arrays", "is not a .npy file"},
        {"\x93NUMPY\1", "is truncated: it holds 7 bytes, its preamble takes 10"},
        {npy("", "", 2).substr(0, 11), "is truncated: it holds 11 bytes, its preamble takes 12"},
        {npy(f4("(4,)"), d, 4), "has format version 4.0; supported are 1.0, 2.0 and 3.0"},
        {npy(f4("(4,)"), d).replace(6, 1, 1, '\0'), "has format version 0.0"},
        {npy(f4("(4,)"), d).replace(7, 1, "\1"), "has format version 1.1"},
        {npy(f4("(4,)"), "", 1, 59), "is truncated: its header takes 59 bytes, 58 are left"},
        {npy(f4("(4,)"), d, 2, 0xffffffff), "is truncated: its header takes 4294967295 bytes, 74 are left"},
        {npy(f4("(4,)") + std::string(9943, ' '), d), "has a header of 10001 bytes; at most 10000 are read"},
        {npy("", d), "has its end at byte 0 where '{' is expected"},
        {npy("[1, 2]", d), "has '[' at byte 0 where '{' is expected"},
        {npy("{}", d), "lacks the key 'descr'"},
        {npy("{'descr': '<f4', 'shape': (4,)}", d), "lacks the key 'fortran_order'"},
        {npy("{'descr': '<f4', 'fortran_order': False}", d), "lacks the key 'shape'"},
        {npy("{'descr': '<f4', 'descr': '<f4'}", d), "has the key 'descr' twice"},
        {npy("{'descr': '<f4', 'order': 'C'}", d), "has an unknown key 'order'"},
        {npy("{'descr': '<f4', 'a\n\x1b" + std::string(90, 'b') + "': 1}", d),
         "unknown key 'a??" + std::string(37, 'b') + "...'"},
        {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,)", d),
         "has its end at byte 54 where '}' is expected"},
        {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,", d),
         "has its end at byte 53 where a size is expected"},
        {npy("{'descr': '<f4", d), "has an unclosed quote at byte 10"},
        {npy("{'descr': '<f4\", 'shape': (4,)}", d), "holds the dtype '<f4\", '; supported"},
        {npy("{descr: '<f4'}", d), "has 'd' at byte 1 where a quoted text is expected"},
        {npy("{,}", d), "has ',' at byte 1 where a quoted text is expected"},
        {npy("{'descr' '<f4'}", d), "has ''' at byte 9 where ':' is expected"},
        {npy("{'descr': '<f4' 'shape': (4,)}", d), "has ''' at byte 16 where '}' is expected"},
        {npy(f4("(4,)") + "x = 1\n", d), "goes on behind the dict: x = 1?"},
        {npy(f4("(4,)") + std::string(5, '\0'), d), "goes on behind the dict: ?????"},
        {npy(dict("'<f8'", "False", "(2,)"), d),
         "holds the dtype '<f8'; supported are '<f2' (float16) and '<f4' (float)"},
        {npy(dict("'>f4'", "False", "(4,)"), d), "holds the big-endian dtype '>f4'; supported are '<f2'"},
        {npy(dict("'>f2'", "False", "(8,)"), d), "holds the big-endian dtype '>f2'"},
        {npy(dict("'|u1'", "False", "(16,)"), d), "holds the dtype '|u1'"},
        {npy(dict("'|O'", "False", "(2,)"), d), "holds the dtype '|O'"},
        {npy(dict("''", "False", "(4,)"), d), "holds the dtype ''"},
        {npy(dict("[('x', '<f4')]", "False", "(4,)"), d), "holds the structured dtype [('x', '<f4')], 'fortran_order"},
        {npy(dict("'<f4'", "True", "(2, 2)"), d), "is in Fortran order (fortran_order True)"},
        {npy(dict("'<f4'", "0", "(2, 2)"), d), "has '0' at byte 34 where True or False is expected"},
        {npy(dict("'<f4'", "Falsey", "(2, 2)"), d), "has 'y' at byte 39 where '}' is expected"},
        {npy(f4("()"), d.substr(0, 4)), "has 0 dimensions; 1 and 2 are supported"},
        {npy(f4("(2, 2, 1)"), d), "has 3 dimensions; 1 and 2 are supported"},
        {npy(f4("(4)"), d), "has ')' at byte 52 where ',' is expected"},
        {npy(f4("(2 2)"), d), "has '2' at byte 53 where ',' is expected"},
        {npy(f4("(2, 2 1)"), d), "has '1' at byte 56 where ')' is expected"},
        {npy(f4("(,)"), d), "has ',' at byte 51 where a size is expected"},
        {npy(f4("[2, 2]"), d), "has '[' at byte 50 where '(' is expected"},
        {npy(f4("(2.0, 2)"), d), "has '.' at byte 52 where ',' is expected"},
        {npy(f4("(2L, 2L)"), d), "has 'L' at byte 52 where ',' is expected"},
        {npy(f4("(-1, 4)"), d), "has a negative size in the shape"},
        {npy(f4("(02, 2)"), d), "has a leading zero in the shape: 02"},
        {npy(f4("(9223372036854775808, 0)"), ""), "has a size beyond 64 bits in the shape: 9223372036854775808"},
        {npy(f4("(3037000500, 3037000500)"), d),
         "shape (3037000500, 3037000500) of f4 needs more than 64 bits can count"},
        {npy(f4("(4611686018427387904, 4)"), ""),
         "shape (4611686018427387904, 4) of f4 needs more than 64 bits can count"},
        {npy(f4("(4611686018427387904,)"), ""), "shape (4611686018427387904,) of f4 needs more than 64 bits can count"},
        {npy(f4("(2305843009213693951,)"), d), "shape (2305843009213693951,) of f4 needs 9223372036854775804"},
        {npy(f4("(2, 2)"), d.substr(1)), "holds 15 bytes of data, shape (2, 2) of f4 needs 16"},
        {npy(f4("(2, 2)"), d + "\n"), "holds 17 bytes of data, shape (2, 2) of f4 needs 16"},
        {npy(f4("(4,)"), ""), "holds 0 bytes of data, shape (4,) of f4 needs 16"},
        {npy(f4("(0, 4)"), d), "holds 16 bytes of data, shape (0, 4) of f4 needs 0"},
        {npy(dict("'<f2'", "False", "(4,)"), d), "holds 16 bytes of data, shape (4,) of f2 needs 8"},
    }));
    const temporary_directory directory;
    const std::string path = directory.write(file);
    const std::string message = refusal([&] { us::load_npy<float>(path); });
    CHECK_THAT(message, StartsWith("load_npy: " + path + ": "));
    CHECK_THAT(message, ContainsSubstring(reason));
    CHECK_THAT(refusal([&] { us::inspect_npy(path); }), StartsWith("inspect_npy: " + path + ": "));
    CHECK_THAT(refusal([&] { us::visit_npy(path, [](auto&&) {}); }), StartsWith("visit_npy: " + path + ": "));
}

TEST_CASE("load_npy of the other type names both, visit_npy takes either", "[npy]") {
    const temporary_directory directory;
    const std::string path = directory.write(npy(f4("(4,)"), f4_numbers));
    CHECK(refusal([&] { us::load_npy<us::float16>(path); }) ==
          "load_npy: " + path + ": holds '<f4' (float), asked for '<f2' (float16)");
    CHECK(us::visit_npy(path, [](auto&& rows) { return float(rows(0, 3)); }) == 65504.f);
    directory.write(npy(dict("'<f2'", "False", "(4,)"), f2_numbers));
    CHECK(refusal([&] { us::load_npy<float>(path); }) ==
          "load_npy: " + path + ": holds '<f2' (float16), asked for '<f4' (float)");
    CHECK(us::visit_npy(path, [](auto&& rows) { return float(rows(0, 3)); }) == 65504.f);
}

TEST_CASE("a path that is no regular file is refused, and stays what it is", "[npy]") {
    const temporary_directory directory;
    const us::matrix_view<const float> rows(numbers, 2, 2);
    const std::string missing = directory.path("none/rows.npy"), folder = directory.path("folder.npy");
    fs::create_directory(folder);
    CHECK(refusal([&] { us::load_npy<float>(missing); }) ==
          "load_npy: " + missing + ": cannot be opened: No such file or directory");
    CHECK(refusal([&] { us::save_npy(missing, rows); }) ==
          "save_npy: " + missing + ": cannot be created: No such file or directory");
    CHECK(refusal([&] { us::save_npy("", rows); }) == "save_npy: : cannot be found: its name is empty");
    CHECK(refusal([&] { us::load_npy<float>(folder); }) == "load_npy: " + folder + ": is a directory");
    CHECK(refusal([&] { us::save_npy(folder, rows); }) == "save_npy: " + folder + ": is a directory");
#if __has_include(<sys/resource.h>)
    const std::string pipe = directory.path("pipe.npy");
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(refusal([&] { us::load_npy<float>(pipe); }) == "load_npy: " + pipe + ": is not a regular file");
    CHECK(refusal([&] { us::save_npy(pipe, rows); }) == "save_npy: " + pipe + ": is not a regular file");
    CHECK(fs::is_fifo(pipe));
    CHECK(directory.files() == 2);
#endif
}

TEST_CASE("save_npy replaces the file that a link leads to, keeps its permissions and takes no other file", "[npy]") {
    const temporary_directory directory;
    const std::string path = directory.write("old"), link = directory.path("link.npy"), other = path + ".part0";
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    fs::create_symlink(path, link);
    std::ofstream(other) << "of another process";
    us::save_npy(link, us::matrix_view<const float>(numbers, 2, 2));
    CHECK(us::inspect_npy(path).rows == 2);
    CHECK(fs::is_symlink(link));
    CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(read(other) == "of another process");
    CHECK(directory.files() == 3);
}

#if __has_include(<sys/resource.h>)
TEST_CASE("a save that cannot be completed says so and leaves what was there", "[npy]") {
    // A limit on the size of files stands in for a full disk. 300 rows fail while writing, one while closing.
    const us::index rows = GENERATE(1, 300), stride = GENERATE(512, 520);
    const temporary_directory directory;
    const us::matrix<float> values(rows, stride);
    const std::string path = directory.write("old"), fresh = directory.path("fresh.npy");
    rlimit limit{};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const rlimit small{1000, limit.rlim_max};
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    const us::matrix_view<const float> view(values.data(), rows, 512, stride);
    const std::string replaced = refusal([&] { us::save_npy(path, view); });
    const std::string created = refusal([&] { us::save_npy(fresh, view); });
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    std::signal(SIGXFSZ, handler);
    CHECK(replaced == "save_npy: " + path + ": cannot be written: File too large");
    CHECK(created == "save_npy: " + fresh + ": cannot be written: File too large");
    CHECK(read(path) == "old");
    CHECK(directory.files() == 1);
}
#endif
