// Which rows of a large set are nearest to a query?
#include <cstdint>
#include <cstdio>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

/// Rows of noise; row i is the same in every call.
us::matrix<float> make_rows(us::idx_t count, us::idx_t dim) {
    us::matrix<float> rows(count, dim);
    std::uint32_t state = 1;
    for (const auto row : rows.view())
        for (float& x : row) x = float((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-23f - 1.0f;
    return rows;
}

int main() {
    const us::matrix<float> rows = make_rows(1000, 64);
    us::gallery catalogue(rows);  // normalized and packed once, searched often

    us::matrix<float> queries(2, 64);  // rows 7 and 21, with some of their neighbours mixed in
    for (int k = 0; k < 64; ++k) {
        queries(0, k) = 3 * rows(7, k) + rows(8, k);
        queries(1, k) = 3 * rows(21, k) + rows(22, k) + rows(23, k);
    }
    const us::neighbours hits = us::top_k(queries, catalogue, 3);
    for (int i = 0; i < hits.queries(); ++i)
        for (const auto [row, score] : hits[i]) std::printf("query %d: row %d, cosine %.4f\n", i, int(row), score);

    catalogue.append(queries);  // a gallery grows; each query now finds itself
    const us::range_result in_range = us::range_search(queries, catalogue, 0.75f);
    for (int i = 0; i < in_range.queries(); ++i)
        std::printf("query %d: %d of %d rows reach 0.75, the best is row %d\n", i, int(in_range[i].size()),
                    int(catalogue.rows()), int(in_range[i][0].row));
}
