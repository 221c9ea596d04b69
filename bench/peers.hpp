/// The libraries beside us. Eigen is always there, the others where CMake found them. All run on one thread.
#pragma once

#include <cstddef>
#include <functional>
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

/// A matrix product: out = queries * gallery^T. `prepare` does what can be done before the clock runs.
struct product {
    const char* who;
    std::function<task(const rows& queries, const rows& gallery, rows& out)> prepare;
};
std::vector<product> products();
/// The same and the products of a matrix and one vector, for one query.
std::vector<product> vector_products();

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

/// The k best of a unit gallery, exactly.
struct search {
    const char* who;
    std::function<task(const rows& unit_queries, const rows& unit_gallery, us::idx_t k, rows& scores)> prepare;
};
std::vector<search> searches();

/// All pairs of unit rows with a product above a threshold, every row against all; `found` is how many.
struct range_search {
    const char* who;
    std::function<task(const rows& unit_rows, float threshold, us::idx_t& found)> prepare;
};
std::vector<range_search> range_searches();

/// Unit rows as a library stores them, in fewer bytes or as they are: `search` writes the numbers of the rows that it
/// finds nearest, as many a query as `found` has columns, best first.
struct storage {
    const char *who, *name;
    double bytes;  ///< a row
    std::function<void(us::matrix_view<const float> unit_queries, us::matrix_view<us::idx_t> found)> search;
};
std::vector<storage> storages(us::matrix_view<const float> unit_rows);

/// Plain loops, compiled with -ffast-math: what a careful user writes. `out` may be `from`.
namespace loops {
void normalize(const float* from, float* out, std::ptrdiff_t rows, std::ptrdiff_t dim);
void softmax(const float* from, float* out, std::ptrdiff_t rows, std::ptrdiff_t columns);
}  // namespace loops

}  // namespace peer
}  // namespace bench
