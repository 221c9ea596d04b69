// How is a gallery searched at the speed of 8-bit integers, with the answers of float?
#include <cstdint>
#include <cstdio>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

/// Rows of noise around one direction, as embeddings are; row i is the same in every call.
us::matrix<float> make_rows(us::idx_t count, us::idx_t dim, std::uint32_t state) {
    us::matrix<float> rows(count, dim);
    for (const auto row : rows.view())
        for (float& x : row) x = float((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-24f;
    return rows;
}

int main() {
    const us::matrix<float> rows = make_rows(5000, 128, 1), queries = make_rows(100, 128, 2);
    const us::shadow_gallery catalogue(rows);  // 4 bytes an element, and 1 for its shadow
    const us::neighbours found = us::top_k(queries, catalogue, 10), exact = us::top_k(queries, rows, 10);

    int same = 0;
    for (us::idx_t i = 0; i < queries.rows(); ++i)
        for (us::idx_t n = 0; n < 10; ++n)
            same += found.indices(i, n) == exact.indices(i, n) && found.scores(i, n) == exact.scores(i, n);
    std::printf("equal to the last bit: %d of 1000\n", same);

    // Without the rows: a quarter, an eighth and a thirtieth of the bytes, and candidates scored again.
    const us::compact_gallery<std::int8_t> bytes(rows);
    const us::compact_gallery<us::int4> halves(rows);
    std::printf("bytes a row: %d and %d\n", int(bytes.bytes() / rows.rows()), int(halves.bytes() / rows.rows()));
    same = 0;
    const us::neighbours again = us::top_k_rescored(queries, halves, rows, 10, 8);
    for (us::idx_t i = 0; i < queries.rows(); ++i)
        for (us::idx_t n = 0; n < 10; ++n) same += again.indices(i, n) == exact.indices(i, n);
    std::printf("4 bits, 80 candidates scored again: %d of 1000\n", same);
}
