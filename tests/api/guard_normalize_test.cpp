#include <unitsphere/directions.hpp>
#include <unitsphere/normalize.hpp>

#include "within_rows.hpp"

// Promise 8 for rows: not one byte outside the caller's rows is read or written, by normalize and by what is made of
// unit rows.

namespace tests {

using namespace unitsphere;

TEMPLATE_LIST_TEST_CASE("normalize and norms stay within their rows", "[guard]", element_types) {
    at_every_edge([](placement where, idx_t dim) {
        const matrix<TestType> rows = random_rows<TestType>(3, dim, 121);
        const row_policy strict{on_row::keep, on_row::error};  // reads the rows once more
        CHECK(read(
                  where, [](const auto& x) { return normalize(x); }, rows) == "");
        CHECK(read(
                  where, [&](const auto& x) { return normalize(x, {}, {strict}); }, rows) == "");
        CHECK(read(
                  where, [](const auto& x) { return norms(x); }, rows) == "");
        CHECK(written(
                  where, normalize(rows), [](const auto& x, auto out) { normalize_into(x, out); }, rows) == "");
        const array<double> lengths = norms(rows);
        CHECK(written(
                  where, to_view(lengths), [](const auto& x, auto out) { norms_into(x, out); }, rows) == "");
        CHECK_FALSE(is_unit(guarded<TestType>(rows, where).rows(), {1e-9}));
    });
}

TEMPLATE_LIST_TEST_CASE("truncate_dim stays within the elements that it keeps", "[guard]", element_types) {
    at_every_edge([](placement where, idx_t dim) {
        if (dim == 0) return;
        const matrix<TestType> rows = random_rows<TestType>(3, dim, 130);
        for (const idx_t dims : {dim, dim - dim / 3}) {
            const auto cut = [&](const auto& x) { return truncate_dim(x, dims); };
            CHECK(read(where, cut, rows) == "");
            matrix<TestType> marked = rows;  // what is cut off does not count
            for (idx_t i = 0; i < 3; ++i)
                for (idx_t k = dims; k < dim; ++k) marked(i, k) = pattern<TestType>();
            CHECK(first_difference(cut(marked), cut(rows)) == "");
        }
    });
}

TEMPLATE_TEST_CASE("normalizing in place and adopting stay within their rows", "[guard]", float, double) {
    at_every_edge([](placement where, idx_t dim) {
        const matrix<TestType> rows = random_rows<TestType>(3, dim, 122);
        const auto unit = normalize<TestType>(rows);
        CHECK(changed(
                  where, unit, [](auto x) { normalize_in_place(x); }, rows) == "");
        CHECK(changed(
                  where, unit, [](auto x) { normalize_into(x, x); }, rows) == "");
        CHECK(written(
                  where, unit, [](const auto& x, auto out) { normalize_into(x, out); }, rows) == "");
        CHECK(written(where, unit, [&](auto out) {
                  normalize_into(rows, out);
                  CHECK(first_difference(adopt_unit(out), unit) == "");
                  CHECK(is_unit(out) == (dim > 0));
              }) == "");
        CHECK(read(
                  where, [](const auto& x) { return normalize<TestType>(x); }, rows) == "");
        if (dim > 0)
            CHECK(read(
                      where, [&](const auto& x) { return truncate_dim<TestType>(x, dim); }, rows) == "");
    });
}

TEMPLATE_LIST_TEST_CASE("mean_direction, centroid and center stay within their rows and weights", "[guard]",
                        element_types) {
    at_every_edge([](placement where, idx_t dim) {
        if (dim == 0) return;
        const idx_t n = dim % 4 + 1;
        const matrix<TestType> rows = random_rows<TestType>(n, dim, 131);
        CHECK(read(
                  where, [](const auto& x) { return mean_direction(x); }, rows) == "");
        CHECK(read(
                  where, [](const auto& x) { return centroid(x); }, rows) == "");
        const matrix<double> weights = random_rows<double>(1, n, 132);
        const matrix<float> mean = random_rows<float>(1, dim, 133);
        const auto mix = [](const auto& x, const auto& w) {
            return mean_direction(x, {}, {{}, {}, numbers(matrix_view<const double>(w))});
        };
        CHECK(read(where, mix, rows, weights) == "");
        CHECK(read(
                  where, [](const auto& x, const auto& m) { return center(x, m); }, rows, mean) == "");
    });
}

TEMPLATE_LIST_TEST_CASE("slerp stays within its rows", "[guard]", element_types) {
    at_every_edge([](placement where, idx_t dim) {
        if (dim == 1) return;  // two numbers may be opposite
        const matrix<TestType> a = random_rows<TestType>(3, dim, 134);
        const matrix<float> b = random_rows<float>(3, dim, 135);
        const auto between = [](const auto& x, const auto& y) { return slerp(x, y, 0.25); };
        CHECK(read(where, between, a, b) == "");
        CHECK(read(where, between, b, a) == "");
    });
}

TEST_CASE("functions of rows with zeros and NaN stay within them under every policy", "[guard]") {
    at_every_edge([](placement where, idx_t dim) {
        if (dim == 0) return;
        matrix<float> rows = random_rows<float>(4, dim, 128);
        std::fill(rows.row(1), rows.row(1) + dim, 0.0f);
        rows(3, dim - 1) = reference::float_from_bits(0x7fc00000u);
        const matrix<float> mean = random_rows<float>(1, dim, 136);
        for (const on_row zeros : {on_row::keep, on_row::nan}) {
            const row_policy options{zeros};
            const auto unit = normalize(rows, {}, {options});
            const auto write = [&](const auto& x, auto out) { normalize_into(x, out, {}, {options}); };
            CHECK(written(where, unit, write, rows) == "");
            const auto centered = [&](const auto& x, const auto& m) { return center(x, m, {}, {options}); };
            CHECK(read(where, centered, rows, mean) == "");
        }
    });
}

}  // namespace tests
