// How does an application keep rows under its own keys, and search only some of them?
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

void print(const char* what, const us::neighbours& hits) {
    std::printf("%s:", what);
    for (const auto [id, score] : hits[0]) std::printf(" %d (%.2f)", int(id), score);
    std::printf("\n");
}

int main() {
    const us::matrix<float> rows = make_rows(1000, 64);
    std::vector<std::int64_t> ids;
    for (int i = 0; i < 1000; ++i) ids.push_back(5000 + 3 * i);  // keys of a database
    us::keyed_gallery catalogue(ids, rows);

    us::matrix<float> query(1, 64);  // row 7, and some of rows 8 and 9
    for (int k = 0; k < 64; ++k) query(0, k) = 3 * rows(7, k) + 2 * rows(8, k) + rows(9, k);
    print("all", us::top_k(query, catalogue, 3));

    const us::row_mask odd = catalogue.mask([](us::idx_t id) { return id % 2 == 1; });  // a predicate of ids
    us::top_k_options options;
    options.filter.mask = odd;
    print("odd ids", us::top_k(query, catalogue, 3, {}, options));

    const std::vector<us::idx_t> candidates{5024, 5027, 6002};  // of this query: from another index, a permission ..
    options.filter = {};
    options.filter.allowed = candidates;
    print("candidates", us::top_k(query, catalogue, 3, {}, options));

    catalogue.remove(5021);
    catalogue.replace(5024, query);
    catalogue.add(9000, query);
    print("after changes", us::top_k(query, catalogue, 3));  // ties by id

    const std::vector<us::idx_t> self{5024};  // the query is this row, and does not find it
    options.filter = {};
    options.filter.exclude_self = true, options.filter.query_rows = self;
    print("without itself", us::top_k(query, catalogue, 3, {}, options));
}
