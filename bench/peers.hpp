/// The libraries beside us. Eigen is always there, the others where CMake found them. All run on one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <unitsphere/data/matrix.hpp>

namespace bench {
namespace us = unitsphere;

/// The compiler and its version.
std::string compiler();

namespace peer {

using rows = us::matrix<float>;
using task = std::function<void()>;

/// (library, version) of those that are in this build.
std::vector<std::pair<std::string, std::string>> versions();

void use_one_thread();

/// CPU seconds of a call: others who use the machine do not count.
double cpu_seconds(const task& call);

/// A matrix product: out = queries * gallery^T. `prepare` does what can be done before the clock runs.
struct product {
    const char* who;
    std::function<task(const rows& queries, const rows& gallery, rows& out)> prepare;
};
std::vector<product> products();
/// The same and the products of a matrix and one vector, for one query.
std::vector<product> vector_products();
/// Those that add up in double and return it, so they have half the speed.
std::vector<product> products_in_double();

/// The same of bytes, exactly.
struct byte_product {
    const char* who;
    std::function<task(const us::matrix<std::int8_t>& queries, const us::matrix<std::int8_t>& gallery,
                       us::matrix<std::int32_t>& out)>
        prepare;
};
std::vector<byte_product> byte_products();

/// The same of bfloat16, in float; none where the peer has no code for this machine.
struct bfloat16_product {
    const char* who;
    std::function<task(const us::matrix<us::bfloat16>& queries, const us::matrix<us::bfloat16>& gallery, rows& out)>
        prepare;
};
std::vector<bfloat16_product> bfloat16_products();

/// cosines[0][i] = that of row i of a and of b, raw rows.
struct pairwise_cosine {
    const char* who;
    std::function<task(const rows& a, const rows& b, rows& cosines)> prepare;
};
std::vector<pairwise_cosine> pairwise_cosines();

/// probabilities = softmax(100 * cosines), from raw images and unit classes.
struct zero_shot {
    const char* who;
    std::function<task(const rows& images, const rows& unit_classes, rows& out)> prepare;
};
std::vector<zero_shot> zero_shots();

/// out = something done to each row of `from`.
struct row_wise {
    const char* who;
    std::function<task(const rows& from, rows& out)> prepare;
};
std::vector<row_wise> normalizes();
std::vector<row_wise> softmaxes();

/// The label with the most votes, as a user counts them.
template <class Number>
int vote_of(const Number* neighbours, us::idx_t k, const std::vector<int>& labels, std::vector<int>& counts) {
    for (us::idx_t n = 0; n < k; ++n) {
        const std::size_t label = std::size_t(labels[std::size_t(neighbours[n])]);
        if (label >= counts.size()) counts.resize(label + 1);
        ++counts[label];
    }
    const int winner = int(std::max_element(counts.begin(), counts.end()) - counts.begin());
    for (us::idx_t n = 0; n < k; ++n) counts[std::size_t(labels[std::size_t(neighbours[n])])] = 0;
    return winner;
}

/// The k best of a unit gallery, exactly.
struct search {
    const char* who;
    std::function<task(const rows& unit_queries, const rows& unit_gallery, us::idx_t k, rows& scores)> prepare;
    us::idx_t most_queries = std::numeric_limits<us::idx_t>::max();  ///< more would take minutes, or no memory has room
};
std::vector<search> searches();

/// The label with the most votes among the k best of a unit gallery, for each query; ties to the smallest.
struct vote {
    const char* who;
    std::function<task(const rows& unit_queries, const rows& unit_gallery, const std::vector<int>& labels, us::idx_t k,
                       std::vector<int>& found)>
        prepare;
};
std::vector<vote> votes();

/// Of one query with documents of so many rows each: the sums of the largest products of each of its rows.
struct late_interaction {
    const char* who;
    std::function<task(const rows& unit_query, const rows& unit_documents, us::idx_t rows_of_document, rows& sums)>
        prepare;
};
std::vector<late_interaction> late_interactions();

/// All pairs of unit rows with a product above a threshold, every row against all; `found` is how many.
struct range_search {
    const char* who;
    std::function<task(const rows& unit_rows, float threshold, us::idx_t& found)> prepare;
};
std::vector<range_search> range_searches();

/// Unit rows as a library stores them, in fewer bytes or as they are: `search` writes the numbers of the rows that it
/// finds nearest, as many a query as `found` has columns, best first; -1 where it finds fewer. A graph (HNSW) keeps
/// `ef` candidates on its way, others read all rows.
struct storage {
    const char *who, *name;
    double bytes;    ///< a row
    double seconds;  ///< that it took to build
    std::function<void(us::matrix_view<const float> unit_queries, us::matrix_view<us::idx_t> found, us::idx_t ef)>
        search;
    std::vector<us::idx_t> efs;  ///< those to try; of others none
};
/// Graphs of no more rows than can be built in some minutes.
std::vector<storage> storages(us::matrix_view<const float> unit_rows);

/// Plain loops, compiled with -ffast-math: what a careful user writes. `out` may be `from`.
namespace loops {
void normalize(const float* from, float* out, std::ptrdiff_t rows, std::ptrdiff_t dim);
void softmax(const float* from, float* out, std::ptrdiff_t rows, std::ptrdiff_t columns);
}  // namespace loops

}  // namespace peer
}  // namespace bench
