// How do half the bytes find the same neighbours?
#include <cstdint>
#include <cstdio>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

/// Rows of noise around one direction, as embeddings are; row i is the same in every call.
us::matrix<float> make_rows(us::idx_t count, us::idx_t dim, std::uint32_t state) {
    us::matrix<float> rows(count, dim);
    for (const auto row : rows.view())
        for (float& x : row) x = float((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-23f - 0.5f;
    return rows;
}

int main() {
    const us::matrix<float> rows = make_rows(5000, 128, 1), queries = make_rows(100, 128, 2);
    const us::gallery exact(rows);
    const us::compact_gallery<us::bfloat16> compact(rows);  // 2 bytes an element
    std::printf("bytes a row: %d and %d\n", int(exact.bytes() / rows.rows()), int(compact.bytes() / rows.rows()));

    const us::neighbours wanted = us::top_k(queries, exact, 10);
    const auto same_rows = [&](const us::neighbours& found) {
        int same = 0;
        for (us::idx_t i = 0; i < queries.rows(); ++i)
            for (us::idx_t n = 0; n < 10; ++n) same += found.indices(i, n) == wanted.indices(i, n);
        return same;
    };
    std::printf("in their place: %d of 1000\n", same_rows(us::top_k(queries, compact, 10)));
    // Two candidates for each neighbour, scored again with the rows, which may lie in a file that is mapped.
    std::printf("with rescoring: %d of 1000\n", same_rows(us::top_k_rescored(queries, compact, rows, 10, 2)));
}
