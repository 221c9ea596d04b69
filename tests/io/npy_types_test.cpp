#include <unitsphere/io/npy.hpp>

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

TEST_CASE("a single byte has no order: '<i1' and '<b1' are read too", "[npy]") {
    const temporary_directory directory;
    CHECK(load_npy<std::int8_t>(directory.write(npy(dict("'<i1'", "False", "(2,)"), "\x80\x01")))(0, 0) == -128);
    CHECK(load_npy<bool>(directory.write(npy(dict("'<b1'", "False", "(2,)"), std::string("\0\x01", 2))))(0, 1));
}

TEST_CASE("load_npy of another type than the file's names both", "[npy]") {
    const temporary_directory directory;
    const std::string path = directory.write(npy(f4("(4,)"), f4_numbers));
    const std::string holds = "load_npy: " + path + ": holds '<f4' (float), asked for ";
    CHECK(refusal([&] { load_npy<float16>(path); }) == holds + "'<f2' (float16)");
    CHECK(refusal([&] { load_npy<double>(path); }) == holds + "'<f8' (double)");
    CHECK(refusal([&] { load_npy<std::int8_t>(path); }) == holds + "'|i1' (std::int8_t)");
    CHECK(refusal([&] { load_npy<std::int32_t>(path); }) == holds + "'<i4' (std::int32_t)");
    CHECK(refusal([&] { load_npy<std::int64_t>(path); }) == holds + "'<i8' (std::int64_t)");
    CHECK(refusal([&] { load_npy<bool>(path); }) == holds + "'|b1' (bool)");
    directory.write(npy(dict("'<f2'", "False", "(4,)"), f2_numbers));
    CHECK(refusal([&] { load_npy<float>(path); }) ==
          "load_npy: " + path + ": holds '<f2' (float16), asked for '<f4' (float)");
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
    save_npy(path, std::vector<idx_t>{1, 2});
    CHECK(refusal([&] { visit_npy(path, visited_bytes); }) ==
          "visit_npy: " + path +
              ": holds '<i8' (std::int64_t), asked for '<f2' (float16) or '<f4' (float) or '<f8' (double) or "
              "'|i1' (std::int8_t)");
    CHECK(refusal([&] { visit_npy<float16, float>(path, visited_bytes); }) ==
          "visit_npy: " + path + ": holds '<i8' (std::int64_t), asked for '<f2' (float16) or '<f4' (float)");
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

TEST_CASE("load_npy_integers refuses numbers with a fraction and tables of integers", "[npy]") {
    const auto [descr, shape, bytes, reason] = GENERATE(table<std::string, std::string, int, std::string>({
        {"'<f2'", "(4,)", 8, "holds '<f2' (float16), asked for integers or bool"},
        {"'<f4'", "(4,)", 16, "holds '<f4' (float), asked for integers or bool"},
        {"'<f8'", "(4,)", 32, "holds '<f8' (double), asked for integers or bool"},
        {"'<i4'", "(2, 2)", 16, "has shape (2, 2); integers come as (n,), (1, n) or (n, 1)"},
        {"'<i8'", "(0, 2)", 0, "has shape (0, 2); integers come as (n,), (1, n) or (n, 1)"},
    }));
    const temporary_directory directory;
    const std::string path =
        directory.write(npy(dict(descr, "False", shape), std::string(static_cast<std::size_t>(bytes), '\0')));
    CHECK(refusal([&] { load_npy_integers(path); }) == "load_npy_integers: " + path + ": " + reason);
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
