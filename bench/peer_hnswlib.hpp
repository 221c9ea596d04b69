/// hnswlib: its exact search, and its graph (HNSW), of rows of float.
#pragma once

#if defined(BENCH_HAS_HNSWLIB)
#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

#include "peers.hpp"

namespace bench {
namespace peer {
namespace hnsw {

/// An index and what it measures with: distances are 1 - the product of unit rows.
template <class Index>
struct index_of {
    hnswlib::InnerProductSpace space;
    Index index;

    template <class... Parameters>
    explicit index_of(us::matrix_view<const float> rows, Parameters... parameters)
        : space(std::size_t(rows.dim())), index(&space, std::size_t(rows.rows()), parameters...) {
        for (us::idx_t i = 0; i < rows.rows(); ++i) index.addPoint(rows.row(i), std::size_t(i));
    }
    /// take(n, (distance, row)) of the n-th best; hnswlib hands the worst out first.
    template <class Take>
    void search(const float* query, us::idx_t k, Take take) const {
        auto found = index.searchKnn(const_cast<float*>(query), std::size_t(k));
        for (us::idx_t n = us::idx_t(found.size()); n-- > 0; found.pop()) take(n, found.top());
    }
};
using flat = index_of<hnswlib::BruteforceSearch<float>>;
using graph = index_of<hnswlib::HierarchicalNSW<float>>;

inline task search(const rows& queries, const rows& gallery, us::idx_t k, rows& scores) {
    static std::map<const float*, std::shared_ptr<flat>> indexes;
    auto& index = indexes[gallery.data()];
    if (!index) index = std::make_shared<flat>(gallery);
    return [&, k, index] {
        for (us::idx_t i = 0; i < queries.rows(); ++i)
            index->search(queries.row(i), k, [&](us::idx_t n, const auto& best) { scores(i, n) = 1 - best.first; });
    };
}

/// Rows with their links, and the lists of links of the upper levels.
inline double bytes_of(const hnswlib::HierarchicalNSW<float>& index, us::idx_t rows) {
    const double levels = std::accumulate(index.element_levels_.begin(), index.element_levels_.end(), 0.0);
    return double(index.size_data_per_element_) + sizeof(void*) +
           levels * double(index.size_links_per_element_) / double(rows);
}
/// With hnswlib's own parameters: 16 neighbours a row, 200 candidates while it is built.
inline std::vector<storage> graphs(us::matrix_view<const float> rows) {
    std::shared_ptr<graph> made;
    const double seconds = cpu_seconds([&] { made = std::make_shared<graph>(rows); });
    const auto search = [made](us::matrix_view<const float> queries, us::matrix_view<us::idx_t> found, us::idx_t ef) {
        made->index.setEf(std::size_t(ef));
        std::fill_n(found.data(), found.rows() * found.columns(), us::idx_t(-1));
        for (us::idx_t i = 0; i < queries.rows(); ++i)
            made->search(queries.row(i), found.columns(),
                         [&](us::idx_t n, const auto& best) { found(i, n) = us::idx_t(best.second); });
    };
    return {{"hnswlib", "HNSW", bytes_of(made->index, rows.rows()), seconds, search, {64, 128, 256}}};
}

}  // namespace hnsw
}  // namespace peer
}  // namespace bench
#endif
