// How does an application keep rows under its own keys, and search only some of them?
#include <cstdint>
#include <cstdio>
#include <vector>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

int main() {
    const float numbers[5][2] = {{1, 0}, {0.94f, 0.34f}, {0.77f, 0.64f}, {0.5f, 0.87f}, {0.17f, 0.98f}};
    const us::matrix_view<const float> rows(numbers[0], 5, 2), query(numbers[1], 1, 2);
    const std::vector<std::int64_t> ids{5000, 5001, 5002, 5003, 5004};  // keys of a database
    us::keyed_gallery catalogue(ids, rows);
    const auto search = [&](const char* what, const us::row_filter& filter) {
        const us::neighbours hits = us::top_k(query, catalogue, 3, {}, {{}, {}, false, filter});
        std::printf("%s:", what);
        for (const auto [id, score] : hits[0]) std::printf(" %d (%.2f)", int(id), score);
        std::printf("\n");
    };
    search("all", {});

    us::row_filter filter;
    const us::row_mask even = catalogue.mask([](us::idx_t id) { return id % 2 == 0; });  // a predicate of ids
    filter.mask = even;
    search("even ids", filter);
    const std::vector<us::idx_t> candidates{5003, 5004, 6002};  // of this query: from another index, a permission ..
    filter = {}, filter.allowed = candidates;
    search("candidates", filter);

    catalogue.remove(5001);
    catalogue.replace(5002, query);
    catalogue.add(9000, query);
    search("after changes", {});              // ties by id
    const std::vector<us::idx_t> self{5002};  // the query is this row, and does not find it
    filter = {}, filter.exclude_self = true, filter.query_rows = self;
    search("without itself", filter);
}
