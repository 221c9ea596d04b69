#include <unitsphere/io/npy.hpp>
#include <unitsphere/normalize.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "catch.hpp"
#include "npy_files.hpp"

namespace tests {

using namespace unitsphere;
using unitsphere::idx_t;

/// Six values, and the data that numpy 1.24 saves for numpy.array([[v0, v1, v2], [v3, v4, v5]], descr) in C order and,
/// as numpy.asfortranarray, in Fortran order.
template <class T>
struct saved_by_numpy {
    std::string descr;
    npy_type type;
    std::vector<T> values;
    std::string rows, columns;
};

template <class T, std::size_t Bytes>
saved_by_numpy<T> example(const char* descr, npy_type type, std::vector<T> values, const char (&rows)[Bytes],
                          const char (&columns)[Bytes]) {
    static_assert(Bytes == 6 * sizeof(T) + 1, "six elements and the end of the literal");
    return {descr, type, std::move(values), {rows, Bytes - 1}, {columns, Bytes - 1}};
}

auto example_of(float16) {
    const auto half = [](int bits) { return float16::from_bits(std::uint16_t(bits)); };
    return example<float16>("'<f2'", npy_type::f2,  // 1, -2, 0.5, 65504, 2^-24, -inf
                            {half(0x3c00), half(0xc000), half(0x3800), half(0x7bff), half(0x0001), half(0xfc00)},
                            "\x00\x3c\x00\xc0\x00\x38\xff\x7b\x01\x00\x00\xfc",
                            "\x00\x3c\xff\x7b\x00\xc0\x01\x00\x00\x38\x00\xfc");
}
auto example_of(float) {
    using limits = std::numeric_limits<float>;
    return example<float>("'<f4'", npy_type::f4,
                          {1.f, -2.f, 0.5f, limits::max(), limits::denorm_min(), -limits::infinity()},
                          "\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f\xff\xff\x7f\x7f\x01\x00\x00\x00\x00\x00\x80"
                          "\xff",
                          "\x00\x00\x80\x3f\xff\xff\x7f\x7f\x00\x00\x00\xc0\x01\x00\x00\x00\x00\x00\x00\x3f\x00\x00\x80"
                          "\xff");
}
auto example_of(double) {
    using limits = std::numeric_limits<double>;
    return example<double>(
        "'<f8'", npy_type::f8, {1., -2., 0.5, limits::max(), limits::denorm_min(), -limits::infinity()},
        "\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\xe0\x3f"
        "\xff\xff\xff\xff\xff\xff\xef\x7f\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0\xff",
        "\x00\x00\x00\x00\x00\x00\xf0\x3f\xff\xff\xff\xff\xff\xff\xef\x7f\x00\x00\x00\x00\x00\x00\x00\xc0"
        "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xe0\x3f\x00\x00\x00\x00\x00\x00\xf0\xff");
}
auto example_of(std::int8_t) {
    return example<std::int8_t>("'|i1'", npy_type::i1, {1, -2, 0, -128, 127, 5}, "\x01\xfe\x00\x80\x7f\x05",
                                "\x01\x80\xfe\x7f\x00\x05");
}
auto example_of(std::int32_t) {
    return example<std::int32_t>(
        "'<i4'", npy_type::i4, {1, -2, 0, INT32_MIN, INT32_MAX, 5},
        "\x01\x00\x00\x00\xfe\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x80\xff\xff\xff\x7f\x05\x00\x00\x00",
        "\x01\x00\x00\x00\x00\x00\x00\x80\xfe\xff\xff\xff\xff\xff\xff\x7f\x00\x00\x00\x00\x05\x00\x00\x00");
}
auto example_of(std::int64_t) {
    return example<std::int64_t>(
        "'<i8'", npy_type::i8, {1, -2, 0, INT64_MIN, INT64_MAX, 5},
        "\x01\x00\x00\x00\x00\x00\x00\x00\xfe\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00"
        "\x00\x00\x00\x00\x00\x00\x00\x80\xff\xff\xff\xff\xff\xff\xff\x7f\x05\x00\x00\x00\x00\x00\x00\x00",
        "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\xfe\xff\xff\xff\xff\xff\xff\xff"
        "\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00");
}
auto example_of(bool) {
    return example<bool>("'|b1'", npy_type::b1, {true, false, false, true, true, false}, "\x01\x00\x00\x01\x01\x00",
                         "\x01\x01\x00\x01\x00\x00");
}

/// The six values of an example as rows of three.
template <class T>
matrix<T> rows_of(const saved_by_numpy<T>& from) {
    matrix<T> rows(2, 3);
    for (idx_t k = 0; k < 6; ++k) rows(k / 3, k % 3) = from.values[std::size_t(k)];
    return rows;
}

TEMPLATE_TEST_CASE("files of numpy are read in C and in Fortran order, and C order is written byte for byte", "[npy]",
                   float16, float, double, std::int8_t, std::int32_t, std::int64_t, bool) {
    const auto numpy = example_of(TestType());
    const matrix<TestType> expected = rows_of(numpy);
    const std::string in_rows = numpy_header(numpy.descr, "False", "(2, 3)") + numpy.rows;
    const std::string in_columns = numpy_header(numpy.descr, "True", "(2, 3)") + numpy.columns;
    const temporary_directory directory;
    for (const std::string& file : {in_rows, in_columns}) {
        const std::string path = directory.write(file);
        const npy_info info = inspect_npy(path);
        CHECK((info.type == numpy.type && info.rows == 2 && info.dim == 3));
        CHECK(info.fortran_order == (file == in_columns));
        const matrix<TestType> loaded = load_npy<TestType>(path);
        REQUIRE((loaded.rows() == 2 && loaded.dim() == 3));
        CHECK(bytes_of(loaded) == bytes_of(expected));
    }
    save_npy(directory.path(), expected);
    CHECK(read(directory.path()) == in_rows);
    CHECK(directory.files() == 1);
}

TEMPLATE_TEST_CASE("Fortran order of any shape is read into rows", "[npy]", float16, float, double, std::int8_t,
                   std::int64_t, bool) {
    const idx_t rows = GENERATE(0, 1, 2, 7, 300), dim = GENERATE(0, 1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 65, 129, 200);
    const matrix<TestType> expected = any_bits<TestType>(rows, dim);
    const std::string shape = "(" + std::to_string(rows) + ", " + std::to_string(dim) + ")";
    const temporary_directory directory;
    const std::string columns = bytes_of(transposed(expected));
    const std::string path = directory.write(numpy_header(example_of(TestType()).descr, "True", shape) + columns);
    const matrix<TestType> loaded = load_npy<TestType>(path);
    CAPTURE(rows, dim);
    REQUIRE((loaded.rows() == rows && loaded.dim() == dim));
    CHECK(bytes_of(loaded) == bytes_of(expected));
}

TEST_CASE("a file of one dimension is one row, and either order means the same", "[npy]") {
    const auto [order, shape, rows, dim] = GENERATE(table<std::string, std::string, idx_t, idx_t>(
        {{"False", "(4,)", 1, 4}, {"True", "(4,)", 1, 4}, {"True", "(1, 4)", 1, 4}, {"True", "(4, 1)", 4, 1}}));
    const temporary_directory directory;
    directory.write(npy(dict("'<f2'", order, shape), f2_numbers));
    const matrix<float16> loaded = load_npy<float16>(directory.path());
    CHECK((loaded.rows() == rows && loaded.dim() == dim));
    CHECK(bytes_of(loaded) == f2_numbers);
    CHECK(inspect_npy(directory.write(npy(f4("(0,)"), ""))).dim == 0);
}

TEST_CASE("an order that is left out, '=' or '|' is the machine's own", "[npy]") {
    const std::string descr = GENERATE("'=f4'", "'|f4'", "'f4'");
    const temporary_directory directory;
    const auto loaded = [&](const std::string& given) {
        return bytes_of(load_npy<float>(directory.write(npy(dict(given, "False", "(4,)"), f4_numbers))));
    };
    CHECK(loaded(descr) == loaded(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "'<f4'" : "'>f4'"));
    CHECK(load_npy<std::int8_t>(directory.write(npy(dict("'<i1'", "False", "(2,)"), "\x80\x01")))(0, 0) == -128);
    CHECK(load_npy<bool>(directory.write(npy(dict("'<b1'", "False", "(2,)"), std::string("\0\x01", 2))))(0, 1));
    CHECK(!inspect_npy(directory.write(npy(dict("'>i1'", "False", "(2,)"), "\x80\x01"))).big_endian);
}

TEMPLATE_TEST_CASE("big-endian files give the numbers of little-endian ones, in either order of the elements", "[npy]",
                   float16, double, std::int32_t, std::uint16_t) {
    const idx_t rows = GENERATE(1, 3, 20), dim = GENERATE(1, 40);
    const matrix<TestType> expected = any_bits<TestType>(rows, dim);
    const std::string shape = "(" + std::to_string(rows) + ", " + std::to_string(dim) + ")";
    const std::string code = unitsphere::detail::npy_entry(unitsphere::detail::npy_type_of<TestType>()).code;
    const temporary_directory directory;
    for (const bool fortran : {false, true}) {
        std::string bytes = fortran ? bytes_of(transposed(expected)) : bytes_of(expected);
        for (std::size_t at = 0; at < bytes.size(); at += sizeof(TestType))
            std::reverse(&bytes[at], &bytes[at] + sizeof(TestType));
        directory.write(npy(dict("'>" + code + "'", fortran ? "True" : "False", shape), bytes));
        CHECK(inspect_npy(directory.path()).big_endian);
        CHECK(bytes_of(load_npy<TestType>(directory.path())) == bytes_of(expected));
    }
}

TEST_CASE("load_npy without a type gives floats of every type that a float holds exactly", "[npy]") {
    const auto [descr, data, values] = GENERATE(table<std::string, std::string, std::vector<float>>({
        {"'<f2'", f2_numbers, {1.f, 2.f, -0.5f, 65504.f}},
        {"'<f4'", f4_numbers, {1.f, 2.f, -0.5f, 65504.f}},
        {"'>f2'", std::string("\x3c\0\xb8\0", 4), {1.f, -0.5f}},
        {"'|i1'", "\x80\x7f", {-128.f, 127.f}},
        {"'|u1'", "\x80\xff", {128.f, 255.f}},
        {"'<i2'", std::string("\0\x80\xff\x7f", 4), {-32768.f, 32767.f}},
        {"'<u2'", std::string("\0\x80\xff\xff", 4), {32768.f, 65535.f}},
        {"'|b1'", std::string("\0\1", 2), {0.f, 1.f}},
    }));
    const temporary_directory directory;
    directory.write(npy(dict(descr, "False", "(" + std::to_string(values.size()) + ",)"), data));
    const matrix<float> loaded = load_npy(directory.path());
    CHECK(std::vector<float>(loaded.data(), loaded.data() + loaded.dim()) == values);
}

TEST_CASE("load_npy refuses to round, and names both types and what reads the file", "[npy]") {
    const temporary_directory directory;
    const std::string path = directory.path();
    const auto holding = [&](const char* descr, int bytes) {
        return directory.write(npy(dict(descr, "False", "(4,)"), std::string(std::size_t(4 * bytes), '\0')));
    };
    const auto message = [&](const std::string& holds, const std::string& asked, const std::string& advice) {
        return "load_npy: " + path + ": holds " + holds + ", asked for " + asked + "; " + advice;
    };
    const std::string labels =
        "integers are labels or indices, which load_npy_integers reads; features: save x.astype('<f4')";
    holding("'<f8'", 8);
    CHECK(refusal([&] { load_npy(path); }) == message("'<f8' (double)", "'<f4' (float)", "load_npy<double> reads it"));
    CHECK(refusal([&] { load_npy<std::int64_t>(path); }).find("load_npy<double> reads it") != std::string::npos);
    holding("'<f4'", 4);
    CHECK(refusal([&] { load_npy<float16>(path); }) ==
          message("'<f4' (float)", "'<f2' (float16)", "load_npy<float> reads it"));
    CHECK(refusal([&] { load_npy<bool>(path); }) ==
          message("'<f4' (float)", "'|b1' (bool)", "load_npy<float> reads it"));
    CHECK(load_npy<double>(path).dim() == 4);
    holding("'<i8'", 8);
    CHECK(refusal([&] { load_npy(path); }) == message("'<i8' (std::int64_t)", "'<f4' (float)", labels));
    CHECK(refusal([&] { load_npy<double>(path); }) == message("'<i8' (std::int64_t)", "'<f8' (double)", labels));
    CHECK(refusal([&] { load_npy<std::uint64_t>(path); }) ==
          message("'<i8' (std::int64_t)", "'<u8' (std::uint64_t)", labels));
    holding("'<u4'", 4);
    CHECK((load_npy<double>(path).dim() == 4 && load_npy<std::int64_t>(path).dim() == 4));
    CHECK(refusal([&] { load_npy<std::int32_t>(path); }) ==
          message("'<u4' (std::uint32_t)", "'<i4' (std::int32_t)", labels));
}

TEMPLATE_TEST_CASE("visit_npy hands over rows of every type of embeddings", "[npy]", float16, float, double,
                   std::int8_t) {
    const matrix<TestType> saved = any_bits<TestType>(5, 33);
    const temporary_directory directory;
    save_npy(directory.path(), saved);
    CHECK(visit_npy(directory.path(), visited_bytes) == bytes_of(saved));
    CHECK(visit_npy<TestType>(directory.path(), visited_bytes) == bytes_of(saved));
    CHECK(visit_npy<std::int32_t, TestType, bool>(directory.path(), visited_bytes) == bytes_of(saved));
}

TEST_CASE("visit_npy refuses types that it was not asked for, by name", "[npy]") {
    const temporary_directory directory;
    const std::string path = directory.path();
    const std::string labels =
        "; integers are labels or indices, which load_npy_integers reads; features: save x.astype('<f4')";
    save_npy(path, std::vector<idx_t>{1, 2});
    CHECK(refusal([&] { visit_npy(path, visited_bytes); }) ==
          "visit_npy: " + path +
              ": holds '<i8' (std::int64_t), asked for '<f2' (float16) or '<f4' (float) or '<f8' (double) or "
              "'|i1' (std::int8_t)" +
              labels);
    CHECK(refusal([&] { visit_npy<float16, float>(path, visited_bytes); }) ==
          "visit_npy: " + path + ": holds '<i8' (std::int64_t), asked for '<f2' (float16) or '<f4' (float)" + labels);
}

TEST_CASE("a bool that is neither 0 nor 1 is refused with its position", "[npy]") {
    const auto [order, shape, data, reason] = GENERATE(table<std::string, std::string, std::string, std::string>({
        {"False", "(2, 3)", "\1\1\1\1\2\1", "holds 2 in row 1, column 1; a bool is 0 or 1"},
        {"True", "(2, 3)", "\1\1\1\1\2\1", "holds 2 in row 0, column 2; a bool is 0 or 1"},
        {"False", "(6,)", "\1\1\1\1\1\xff", "holds 255 in row 0, column 5; a bool is 0 or 1"},
    }));
    const temporary_directory directory;
    const std::string path = directory.write(npy(dict("'|b1'", order, shape), data));
    CHECK(inspect_npy(path).type == npy_type::b1);
    CHECK(refusal([&] { load_npy<bool>(path); }) == "load_npy: " + path + ": " + reason);
    if (shape == "(6,)")
        CHECK(refusal([&] { load_npy_integers(path); }) == "load_npy_integers: " + path + ": " + reason);
}

TEMPLATE_TEST_CASE("load_npy_integers reads integers and bools of one dimension, one row or one column", "[npy]",
                   std::int8_t, std::int32_t, std::int64_t, bool) {
    const auto numpy = example_of(TestType());
    const std::string order = GENERATE("False", "True"), shape = GENERATE("(6,)", "(1, 6)", "(6, 1)");
    const temporary_directory directory;
    const std::string path = directory.write(numpy_header(numpy.descr, order, shape) + numpy.rows);
    CHECK(load_npy_integers(path) == std::vector<idx_t>(numpy.values.begin(), numpy.values.end()));
    for (const char* empty : {"(0,)", "(1, 0)", "(0, 1)"})
        CHECK(load_npy_integers(directory.write(npy(dict(numpy.descr, order, empty), ""))).empty());
}

TEMPLATE_TEST_CASE("load_npy_integers reads every type that holds integers, in either byte order", "[npy]",
                   std::uint8_t, std::uint16_t, std::int16_t, std::uint64_t, double) {
    const std::vector<TestType> labels{TestType(0), TestType(101), TestType(7)};
    const temporary_directory directory;
    save_npy(directory.path(), labels);
    CHECK(load_npy_integers(directory.path()) == std::vector<idx_t>{0, 101, 7});
    std::string bytes = read(directory.path());
    for (std::size_t at = 128; at < bytes.size(); at += sizeof(TestType))
        std::reverse(&bytes[at], &bytes[at] + sizeof(TestType));
    if (sizeof(TestType) > 1) bytes[bytes.find('<')] = '>';
    CHECK(load_npy_integers(directory.write(bytes)) == std::vector<idx_t>{0, 101, 7});
}

TEST_CASE("load_npy_integers refuses what is no integer of 64 bits, with row and value, and tables", "[npy]") {
    const temporary_directory directory;
    const std::string path = directory.path();
    const auto message = [&] { return refusal([&] { load_npy_integers(path); }); };
    const double wrong = GENERATE(1.5, -0x1p80, 0x1p63, 1e300, HUGE_VAL);
    save_npy(path, std::vector<double>{3, -0x1p63, wrong});
    CHECK(message() == "load_npy_integers: " + path + ": row 2 is " + unitsphere::detail::text(wrong) +
                           ", which is no integer of 64 bits");
    save_npy(path, std::vector<float>{4, std::numeric_limits<float>::quiet_NaN()});
    CHECK(message().find(path + ": row 1 is nan, which is no integer of 64 bits") != std::string::npos);
    save_npy(path, std::vector<std::uint64_t>{INT64_MAX, UINT64_MAX});
    CHECK(message() == "load_npy_integers: " + path + ": row 1 is 18446744073709551615, which exceeds 2^63 - 1");
    for (const idx_t rows : {2, 0}) {
        save_npy(path, matrix<std::int32_t>(rows, 2));
        CHECK(message() == "load_npy_integers: " + path + ": has shape (" + std::to_string(rows) +
                               ", 2); integers come as (n,), (1, n) or (n, 1), and load_npy reads rows");
    }
}

TEST_CASE("files of shape (n, 1, dim) and (1, n, dim) are n rows", "[npy]") {
    const auto [shape, rows, dim] = GENERATE(table<std::string, idx_t, idx_t>({{"(2, 1, 2)", 2, 2},
                                                                               {"(1, 2, 2)", 2, 2},
                                                                               {"(1, 1, 2, 1, 2)", 2, 2},
                                                                               {"(4, 1, 1)", 4, 1},
                                                                               {"(1, 1, 4)", 1, 4},
                                                                               {"(2L, 2L)", 2, 2},
                                                                               {"(4L,)", 1, 4}}));
    const temporary_directory directory;
    const matrix<float> loaded = load_npy<float>(directory.write(npy(f4(shape), f4_numbers)));
    CHECK((loaded.rows() == rows && loaded.dim() == dim));
    CHECK(bytes_of(loaded) == f4_numbers);
    const matrix<float> columns = load_npy(directory.write(npy(dict("'<f4'", "True", shape), f4_numbers)));
    CHECK(columns(0, dim - 1) == loaded(dim == 2 ? 1 : 0, dim == 2 ? 0 : dim - 1));
}

TEST_CASE("what has one dimension is written as (n,), what has rows as (n, dim)", "[npy]") {
    const temporary_directory directory;
    const auto shape_of = [&](const auto& x) {
        save_npy(directory.path(), x);
        const std::string header = read(directory.path()).substr(0, 128);
        return header.substr(header.find('('), header.find(')') + 1 - header.find('('));
    };
    CHECK(shape_of(std::vector<int>{1, 2}) == "(2,)");
    CHECK(shape_of(std::vector<idx_t>{1, 2}) == "(2,)");
    CHECK(shape_of(std::vector<float>()) == "(0,)");
    CHECK(shape_of(std::array<float16, 3>{}) == "(3,)");
    CHECK(shape_of(unitsphere::array<idx_t>(4)) == "(4,)");
    CHECK(shape_of(matrix<float>(3, 5)[1]) == "(5,)");
    CHECK(shape_of(matrix<float>(1, 5)) == "(1, 5)");
    CHECK(shape_of(matrix<std::uint8_t>(2, 5).view()) == "(2, 5)");
    CHECK(shape_of(normalize(matrix<float>(2, 5))) == "(2, 5)");
}

TEST_CASE("save_npy writes integers as numpy.save writes an array of one dimension", "[npy]") {
    const auto numpy = example_of(std::int64_t());
    const temporary_directory directory;
    save_npy(directory.path(), numpy.values);
    CHECK(read(directory.path()) == numpy_header("'<i8'", "False", "(6,)") + numpy.rows);
    CHECK(load_npy_integers(directory.path()) == numpy.values);
    save_npy(directory.path(), std::vector<idx_t>());
    CHECK(read(directory.path()) == numpy_header("'<i8'", "False", "(0,)"));
    CHECK(directory.files() == 1);
}

}  // namespace tests
