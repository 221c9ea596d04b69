// Positions are checked here in every build.
#ifndef _GLIBCXX_ASSERTIONS
#define _GLIBCXX_ASSERTIONS
#endif
#include <unitsphere/data/matrix.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "checks.hpp"
#include "forked_child.hpp"
#include "random_rows.hpp"

namespace tests {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using unitsphere::float16;
using unitsphere::matrix;
using unitsphere::matrix_view;
using unitsphere::shape_error;

static_assert(std::is_same_v<idx_t, std::int64_t>);
static_assert(std::is_trivially_copyable_v<matrix_view<float>> &&
              std::is_trivially_copyable_v<matrix_view<const float16>>);
static_assert(std::is_convertible_v<matrix_view<float>, matrix_view<const float>>,
              "rows that may be written may be read");
static_assert(!std::is_convertible_v<matrix_view<const float>, matrix_view<float>>);
static_assert(!std::is_convertible_v<matrix_view<float>, matrix_view<const float16>>, "no function reinterprets rows");
static_assert(std::is_convertible_v<matrix<float>&, matrix_view<float>>);
static_assert(std::is_convertible_v<const matrix<float>&, matrix_view<const float>>);
static_assert(!std::is_convertible_v<const matrix<float>&, matrix_view<float>>, "a const matrix is read-only");
static_assert(std::is_nothrow_move_constructible_v<matrix<float>> && std::is_nothrow_move_assignable_v<matrix<float>>);
static_assert(std::is_base_of_v<std::invalid_argument, shape_error>);
static_assert(std::is_base_of_v<std::invalid_argument, unitsphere::value_error>);
static_assert(std::is_base_of_v<std::runtime_error, unitsphere::file_error>);

TEST_CASE("a view finds row i at data + i * stride", "[matrix]") {
    std::vector<float> numbers(20);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = float(i);
    const matrix_view<float> rows(numbers.data(), 3, 4, 7);
    CHECK(rows.rows() == 3);
    CHECK(rows.dim() == 4);
    CHECK(rows.stride() == 7);
    CHECK(rows.data() == numbers.data());
    CHECK(rows.row(2) == numbers.data() + 14);
    CHECK(rows(2, 3) == 17.0f);
    rows(1, 0) = -1.0f;
    CHECK(numbers[7] == -1.0f);
    const matrix_view<const float> read_only = rows;
    CHECK(read_only.row(1) == rows.row(1));
    CHECK(matrix_view<float>(numbers.data(), 5, 4).stride() == 4);
}

TEST_CASE("a position outside a matrix or view ends a program that checks positions", "[matrix]") {
    matrix<float> rows(3, 4);
    const matrix_view<const float> view(rows.data(), 3, 2, 4);
    const unitsphere::row_view<float> row = rows[0];
    const auto ends = [](auto&& access) {
        return child_of_fork([&] {
            std::signal(SIGABRT, SIG_DFL);
            access();
            return true;
        });
    };
    volatile float sink = 0;
    CHECK(ends([&] { sink = rows(2, 3) + view(2, 1) + row[3] + *rows.row(2) + view[2][1]; }) == "exits with 0");
    CHECK(ends([&] { sink = float(rows.row(3) - view.row(3)); }) == "exits with 0");  // behind the last row
    const std::string killed = "is killed";
    CHECK(ends([&] { sink = rows(3, 0); }) == killed);
    CHECK(ends([&] { sink = rows(0, 4); }) == killed);
    CHECK(ends([&] { sink = rows(-1, 0); }) == killed);
    CHECK(ends([&] { sink = *rows.row(4); }) == killed);
    CHECK(ends([&] { sink = rows[3][0]; }) == killed);
    CHECK(ends([&] { sink = row[4]; }) == killed);
    CHECK(ends([&] { sink = view(0, 2); }) == killed);
    CHECK(ends([&] { sink = view(3, 0); }) == killed);
    CHECK(ends([&] { sink = view[3][0]; }) == killed);
    CHECK(ends([&] { sink = *view.row(-1); }) == killed);
}

TEST_CASE("a view refuses sizes that mean nothing", "[matrix]") {
    float number = 0;
    const auto negative_rows = message_of<shape_error>([&] { matrix_view<float>(&number, -1, 4); });
    CHECK_THAT(negative_rows, StartsWith("matrix_view: ") && ContainsSubstring("-1") && ContainsSubstring("4"));
    const auto negative_dim = message_of<shape_error>([&] { matrix_view<float>(&number, 1, -4); });
    CHECK_THAT(negative_dim, StartsWith("matrix_view: ") && ContainsSubstring("-4"));
    const auto short_stride = message_of<shape_error>([&] { matrix_view<const float>(&number, 1, 512, 511); });
    CHECK_THAT(short_stride,
               StartsWith("matrix_view: ") && ContainsSubstring("stride 511") && ContainsSubstring("dim 512"));
    const auto negative_stride = message_of<shape_error>([&] { matrix_view<const float>(&number, 1, 0, -1); });
    CHECK_THAT(negative_stride, StartsWith("matrix_view: ") && ContainsSubstring("stride -1"));
    const auto no_data = message_of<shape_error>([&] { matrix_view<const float16>(nullptr, 2, 3); });
    CHECK_THAT(no_data, StartsWith("matrix_view: ") && ContainsSubstring("null"));
}

TEST_CASE("a view without elements needs no data", "[matrix]") {
    CHECK(matrix_view<float>().rows() == 0);
    CHECK(matrix_view<float>().dim() == 0);
    CHECK(matrix_view<const float>(nullptr, 0, 512).dim() == 512);
    CHECK(matrix_view<const float>(nullptr, 7, 0).rows() == 7);
    CHECK(matrix_view<const float>(nullptr, 7, 0, 5).row(6) == nullptr);  // there is no step from null
}

TEMPLATE_TEST_CASE("a fresh matrix is zero, contiguous and aligned to 64 bytes", "[matrix]", float, float16, double,
                   idx_t) {
    for (const idx_t rows : {1, 2, 3, 17})
        for (const idx_t dim : {1, 2, 5, 16, 33, 513}) {
            CAPTURE(rows, dim);
            matrix<TestType> dirty(rows, dim);  // so that the memory of the next one has been used
            std::memset(static_cast<void*>(dirty.data()), 0x5a, std::size_t(rows * dim) * sizeof(TestType));
            dirty = matrix<TestType>();
            const matrix<TestType> fresh(rows, dim);
            CHECK(reinterpret_cast<std::uintptr_t>(fresh.data()) % 64 == 0);
            CHECK(fresh.rows() == rows);
            CHECK(fresh.dim() == dim);
            CHECK(fresh.stride() == dim);
            const auto* bytes = reinterpret_cast<const unsigned char*>(fresh.data());
            CHECK(std::all_of(bytes, bytes + std::size_t(rows * dim) * sizeof(TestType),
                              [](unsigned char b) { return b == 0; }));
        }
}

TEST_CASE("a matrix without elements keeps its shape", "[matrix]") {
    CHECK(matrix<float>().rows() == 0);
    CHECK(matrix<float>(0, 512).dim() == 512);
    CHECK(matrix<float>(7, 0).rows() == 7);
    const matrix<float> copy = matrix<float>(7, 0);
    CHECK(copy.view().rows() == 7);
}

TEST_CASE("a matrix refuses negative sizes", "[matrix]") {
    const auto rows = message_of<shape_error>([] { matrix<float>(-3, 4); });
    CHECK_THAT(rows, StartsWith("matrix: ") && ContainsSubstring("-3"));
    const auto dim = message_of<shape_error>([] { matrix<float>::uninitialized(3, -4); });
    CHECK_THAT(dim, StartsWith("matrix: ") && ContainsSubstring("-4"));
}

TEST_CASE("products of sizes that do not fit are a length_error before anything is allocated", "[matrix]") {
    constexpr idx_t largest = std::numeric_limits<idx_t>::max();
    for (const auto& [rows, dim] : std::vector<std::pair<idx_t, idx_t>>{{largest, largest},
                                                                        {largest, 2},
                                                                        {2, largest},
                                                                        {idx_t(1) << 32, idx_t(1) << 31},
                                                                        {idx_t(1) << 32, idx_t(1) << 32},
                                                                        {largest / 4 + 1, 1},
                                                                        {3, largest / 4 / 3 + 1}}) {
        CAPTURE(rows, dim);
        CHECK_THAT(message_of<std::length_error>([r = rows, d = dim] { matrix<float>(r, d); }), StartsWith("matrix: "));
        CHECK_THAT(message_of<std::length_error>([r = rows, d = dim] { matrix<float>::uninitialized(r, d); }),
                   StartsWith("matrix: "));
    }
}

TEST_CASE("a copy of a matrix is its own memory", "[matrix]") {
    matrix<float> original = random_rows<float>(3, 5, 1);
    matrix<float> copy(original);
    CHECK(first_difference(original, copy) == "");
    CHECK(copy.data() != original.data());
    copy(1, 2) = 77.0f;
    CHECK(original(1, 2) != 77.0f);
    matrix<float> assigned(1, 1);
    assigned = original;
    CHECK(first_difference(original, assigned) == "");
    const matrix<float>& itself = assigned;
    assigned = itself;
    CHECK(first_difference(original, assigned) == "");
}

TEST_CASE("a moved matrix keeps its memory and leaves an empty one", "[matrix]") {
    matrix<float> original = random_rows<float>(3, 5, 2);
    const matrix<float> expected = original;
    const float* memory = original.data();
    matrix<float> moved(std::move(original));
    CHECK(moved.data() == memory);
    CHECK(original.data() == nullptr);  // NOLINT: a moved-from matrix is defined
    CHECK(original.rows() == 0);
    CHECK(original.dim() == 0);
    matrix<float> assigned(9, 9);
    assigned = std::move(moved);
    CHECK(assigned.data() == memory);
    CHECK(first_difference(assigned, expected) == "");
    CHECK(moved.rows() == 0);
}

TEST_CASE("a matrix reads and writes through its views", "[matrix]") {
    matrix<float> rows(2, 3);
    rows.view()(1, 2) = 4.0f;
    CHECK(rows(1, 2) == 4.0f);
    CHECK(rows.row(1) == rows.data() + 3);
    const matrix<float>& read_only = rows;
    CHECK(read_only.view()(1, 2) == 4.0f);
    CHECK(read_only.row(1)[2] == 4.0f);
}

TEST_CASE("to_view reads a matrix as its rows and a vector or an array as one row", "[matrix]") {
    using unitsphere::to_view;
    const matrix<float16> rows(4, 6);
    CHECK(to_view(rows).rows() == 4);
    CHECK(to_view(rows).data() == rows.data());
    const std::vector<float> vector{1, 2, 3};
    CHECK(to_view(vector).rows() == 1);
    CHECK(to_view(vector).dim() == 3);
    CHECK(to_view(vector).data() == vector.data());
    const std::array<float, 2> array{4, 5};
    CHECK(to_view(array).rows() == 1);
    CHECK(to_view(array)(0, 1) == 5.0f);
}

}  // namespace tests
