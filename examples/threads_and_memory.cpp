// How does a call run on several threads, and without allocating?
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

/// An executor makes the calls body(0) .. body(n - 1), on any threads. us::openmp and us::onetbb are ready-made ones.
struct threads {
    us::idx_t count;

    us::idx_t workers() const { return count; }
    template <class Body>
    void operator()(us::idx_t n, Body body) const {
        std::vector<std::thread> team;
        for (us::idx_t i = 0; i < n; ++i) team.emplace_back([=] { body(i); });
        for (std::thread& thread : team) thread.join();
    }
};

int main() {
    us::matrix<float> queries(300, 64), rows(2000, 64), scores(300, 2000);
    for (int i = 0; i < 2000; ++i)
        for (int k = 0; k < 64; ++k) queries(i % 300, k) = rows(i, k) = float((i * 37 + k * k * 11) % 101) - 50.0f;

    const us::gallery catalogue(rows);                                          // normalized and packed once
    const us::neighbours hits = us::top_k(queries, catalogue, 10, threads{4});  // exact, ties in a fixed order
    for (auto [row, score] : hits[7]) std::printf("row %d, cosine %.4f\n", int(row), score);

    us::workspace space;                                                          // one for each calling thread
    us::cosine_similarity_into(queries, catalogue, scores, {threads{4}, space});  // no allocation from the 2nd call on

    us::row_report failed;                  // counts zero rows and rows with NaN or Inf
    us::cosine_similarity_options options;  // a row_policy for each input, named after it
    options.queries = {us::on_row::keep, us::on_row::nan, &failed};
    us::cosine_similarity_into(queries, catalogue, scores, {}, options);

    const us::matrix<float> expected = us::cosine_similarity(queries, rows);  // one thread, raw rows, a new matrix
    const bool same = std::memcmp(scores.data(), expected.data(), 300 * 2000 * sizeof(float)) == 0;
    std::printf("query 7: row %d; the same bits: %d\n", int(hits[7][0].row), same);
}
