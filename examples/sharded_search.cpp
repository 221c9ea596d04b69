// How do several machines search one set of rows?
#include <cstdint>
#include <cstdio>
#include <vector>

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
    const us::matrix_view<const float> queries(rows.row(0), 3, 64);

    // Each machine holds some of the rows, answers for these, and sends what it found: k hits a query.
    std::vector<us::neighbours> answers;
    const std::vector<us::idx_t> first_rows{0, 300, 310};
    for (int s = 0; s < 3; ++s) {
        const us::idx_t first = first_rows[std::size_t(s)], end = s < 2 ? first_rows[std::size_t(s) + 1] : rows.rows();
        const us::gallery shard(us::matrix_view<const float>(rows.row(first), end - first, 64));
        answers.push_back(us::top_k(queries, shard, 4));
    }

    // Whoever receives the answers merges them, in any order, to that of one machine.
    const us::neighbours merged = us::merge_neighbours(answers, first_rows, 4), whole = us::top_k(queries, rows, 4);
    bool same = true;
    for (int i = 0; i < 3; ++i)
        for (int n = 0; n < 4; ++n)
            same = same && merged.indices(i, n) == whole.indices(i, n) && merged.scores(i, n) == whole.scores(i, n);
    for (const auto [row, score] : merged[2]) std::printf("row %d, cosine %.4f\n", int(row), score);
    std::printf("the answer of one machine: %s\n", same ? "yes" : "no");
}
