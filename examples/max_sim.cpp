// Which documents of several vectors each answer a query best, as in ColBERT and ColPali?
#include <cstdio>
#include <vector>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

int main() {
    const float tokens[7][3] = {{9, 1, 0}, {0, 8, 1},             // document 0: two rows
                                {7, 7, 0}, {6, 8, 1}, {1, 7, 2},  // document 1: three
                                {1, 0, 9}, {0, 2, 7}};            // document 2
    const std::vector<int> document_of_row{0, 0, 1, 1, 1, 2, 2};
    const us::gallery documents(us::matrix_view<const float>(tokens[0], 7, 3));  // packed once, for many queries

    const float words[4][3] = {{8, 1, 0},
                               {1, 9, 0},  // query 0
                               {1, 1, 8},
                               {5, 6, 0}};  // query 1
    const std::vector<int> query_of_row{0, 0, 1, 1};
    const us::matrix_view<const float> queries(words[0], 4, 3);

    const us::neighbours hits = us::max_sim_top_k(queries, query_of_row, documents, document_of_row, 2);
    for (int q = 0; q < 2; ++q) {
        std::printf("query %d:", q);
        for (const auto [document, score] : hits[q])  // at most 2, the number of the query's rows
            std::printf(" document %d (%.2f)", int(document), score);
        std::printf("\n");
    }
}
