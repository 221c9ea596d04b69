#include <string>

#include <unitsphere/probability.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"
#include "reference.hpp"

// Softmax and the caller's memory: batches, strides, in place, shapes and overlaps. Its values:
// probability_test.cpp.

namespace tests {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using unitsphere::shape_error;
using unitsphere::softmax;
using unitsphere::softmax_into;

TEST_CASE("a row's probabilities do not depend on batch, stride, alignment or whose memory they are written to",
          "[probability]") {
    const idx_t columns = GENERATE(as<idx_t>{}, 1, 15, 16, 17, 33, 100, 1025, 2049);
    CAPTURE(columns);
    const matrix<float> logits = random_logits(5, columns, 60.0f, 85);
    const matrix<float> expected = softmax(logits);
    for (idx_t i = 0; i < 5; ++i) CHECK(first_difference(softmax(part(logits, i, 1)), part(expected, i, 1)) == "");
    for (const idx_t gap : {0, 3})
        for (const idx_t shift : {0, 1, 7}) {
            const laid_out<float> moved(logits, gap, shift);
            laid_out<float> out(untouched(5, columns), 3 - gap, shift + 1);
            softmax_into(moved.view(), out.view());
            CHECK(first_difference(out.view(), expected) == "");
            laid_out<float> in_place(logits, gap, shift);
            softmax_into(in_place.view(), in_place.view());
            CHECK(first_difference(in_place.view(), expected) == "");
        }
}

TEST_CASE("rows of more than 2^20 columns follow the same rules in place", "[probability]") {
    const idx_t columns = (idx_t(1) << 20) + 17;
    matrix<float> logits = random_logits(1, columns, 60.0f, 88);
    const matrix<float> expected = softmax(logits);
    softmax_into(logits, logits);
    CHECK(first_difference(logits, expected) == "");
    logits(0, columns - 1) = reference::float_from_bits(0xffc00000u);
    softmax_into(logits, logits);
    CHECK(all_nan(logits.data(), columns));
}

TEST_CASE("softmax of no rows or no columns is empty", "[probability]") {
    CHECK((softmax(matrix<float>(0, 7)).rows() == 0 && softmax(matrix<float>(0, 7)).dim() == 7));
    CHECK((softmax(matrix<float>(7, 0)).rows() == 7 && softmax(matrix<float>(7, 0)).dim() == 0));
}

TEST_CASE("softmax refuses an output of another shape and writes nothing", "[probability]") {
    const matrix<float> logits = random_logits(4, 6, 1.0f, 86);
    matrix<float> rows = untouched(3, 6), dim = untouched(4, 5);
    CHECK(message_of<shape_error>([&] { softmax_into(logits, rows); }) == "softmax: out is 3 x 6, it must be 4 x 6");
    CHECK(message_of<shape_error>([&] { softmax_into(logits, dim); }) == "softmax: out is 4 x 5, it must be 4 x 6");
    CHECK(first_difference(rows, untouched(3, 6)) == "");
    CHECK(first_difference(dim, untouched(4, 5)) == "");
}

TEST_CASE("softmax refuses memory that overlaps the logits, unless it is exactly theirs", "[probability]") {
    const matrix<float> before = random_logits(1, 120, 1.0f, 87);
    matrix<float> memory = before;
    float* data = memory.data();
    const matrix_view<float> logits(data + 40, 4, 8, 10);  // elements 40 to 77
    const matrix_view<float> wrong[] = {{data + 39, 4, 8, 10}, {data + 41, 4, 8, 10}, {data + 50, 4, 8, 10},
                                        {data + 40, 4, 8, 8},  {data + 77, 4, 8, 8},  {data + 9, 4, 8, 8}};
    for (const auto& out : wrong) {
        CAPTURE(out.data() - data, out.stride());
        CHECK_THAT(message_of<shape_error>([&] { softmax_into(logits, out); }),
                   StartsWith("softmax: ") && ContainsSubstring("overlap"));
    }
    CHECK(first_difference(memory, before) == "");
    const matrix<float> expected = softmax(logits);
    softmax_into(logits, matrix_view<float>(data + 78, 4, 8, 8));  // touches, but does not overlap
    softmax_into(logits, matrix_view<float>(data + 8, 4, 8, 8));
    CHECK(first_difference(matrix_view<float>(data + 78, 4, 8, 8), expected) == "");
    CHECK(first_difference(matrix_view<float>(data + 8, 4, 8, 8), expected) == "");
}

}  // namespace tests
