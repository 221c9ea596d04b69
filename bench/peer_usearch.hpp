/// USearch: its exact search, and its graph (HNSW) of rows of float, float16 and int8.
#pragma once

#if defined(BENCH_HAS_USEARCH)
#include <cstdint>
#include <memory>
#include <stdexcept>

#if defined(BENCH_HAS_NUMKONG)
#include <numkong/numkong.h>
#endif
#include <usearch/index_dense.hpp>

#include "peers.hpp"

namespace bench {
namespace peer {
namespace usearch {

namespace original = unum::usearch;
using original::metric_kind_t;
using original::scalar_kind_t;

inline std::string version() {
    return std::to_string(USEARCH_VERSION_MAJOR) + "." + std::to_string(USEARCH_VERSION_MINOR) + "." +
           std::to_string(USEARCH_VERSION_PATCH);
}

#if defined(BENCH_HAS_NUMKONG)
/// 1 - the product of unit rows by one of NumKong's kernels.
template <class Element, class Product, void (*Kernel)(const Element*, const Element*, nk_size_t, Product*)>
float distance(std::size_t a, std::size_t b, std::size_t dim) {
    Product product = 0;
    Kernel(reinterpret_cast<const Element*>(a), reinterpret_cast<const Element*>(b), dim, &product);
    return float(1 - product);
}
inline float angular_distance(std::size_t a, std::size_t b, std::size_t dim) {
    float result = 0;
    nk_angular_i8(reinterpret_cast<const nk_i8_t*>(a), reinterpret_cast<const nk_i8_t*>(b), dim, &result);
    return result;
}
#endif

/// Of unit rows: products, but cosines of int8, whose lengths differ. With NumKong's kernels, as in USearch's packages,
/// where its headers are there: USearch itself takes them from a built library alone, and else has loops.
inline original::metric_punned_t metric_of(us::idx_t dim, scalar_kind_t kind) {
    const metric_kind_t metric = kind == scalar_kind_t::i8_k ? metric_kind_t::cos_k : metric_kind_t::ip_k;
#if defined(BENCH_HAS_NUMKONG)
    const auto kernel = kind == scalar_kind_t::f32_k   ? distance<nk_f32_t, nk_f64_t, nk_dot_f32>
                        : kind == scalar_kind_t::f16_k ? distance<nk_f16_t, nk_f32_t, nk_dot_f16>
                                                       : angular_distance;
    return {std::size_t(dim), reinterpret_cast<std::uintptr_t>(kernel),
            original::metric_punned_signature_t::array_array_size_k, metric, kind};
#else
    return {std::size_t(dim), metric, kind};
#endif
}

inline task search(const rows& queries, const rows& gallery, us::idx_t k, rows& scores) {
    const auto bytes = [](const rows& of) { return reinterpret_cast<const original::byte_t*>(of.data()); };
    return [&, k, bytes, metric = metric_of(gallery.dim(), scalar_kind_t::f32_k),
            exact = std::make_shared<original::exact_search_t>()] {
        const std::size_t stride = std::size_t(gallery.dim()) * sizeof(float);
        const auto found = (*exact)(bytes(gallery), std::size_t(gallery.rows()), stride, bytes(queries),
                                    std::size_t(queries.rows()), stride, std::size_t(k), metric);
        for (us::idx_t i = 0; i < queries.rows(); ++i)
            for (us::idx_t n = 0; n < k; ++n) scores(i, n) = 1 - found.at(std::size_t(i))[n].distance;
    };
}

/// With USearch's own parameters: 16 neighbours a row, 128 candidates while it is built.
inline std::shared_ptr<original::index_dense_t> graph_of(us::matrix_view<const float> rows, scalar_kind_t kind) {
    auto made = original::index_dense_t::make(metric_of(rows.dim(), kind));
    if (!made || !made.index.try_reserve({std::size_t(rows.rows()), 1}))
        throw std::runtime_error("USearch: no memory for the index");
    const auto graph = std::make_shared<original::index_dense_t>(std::move(made.index));
    for (us::idx_t i = 0; i < rows.rows(); ++i)
        if (!graph->add(std::uint64_t(i), rows.row(i))) throw std::runtime_error("USearch: a row was not added");
    return graph;
}

inline storage graph(const char* name, us::matrix_view<const float> rows, scalar_kind_t kind) {
    std::shared_ptr<original::index_dense_t> made;
    const double seconds = cpu_seconds([&] { made = graph_of(rows, kind); });
    const auto search = [made](us::matrix_view<const float> queries, us::matrix_view<us::idx_t> found, us::idx_t ef) {
        made->change_expansion_search(std::size_t(ef));
        for (us::idx_t i = 0; i < queries.rows(); ++i) {
            const auto result = made->search(queries.row(i), std::size_t(found.columns()));
            for (us::idx_t n = 0; n < found.columns(); ++n)
                found(i, n) = std::size_t(n) < result.size() ? us::idx_t(result[std::size_t(n)].member.key) : -1;
        }
    };
    const double bytes = double(made->serialized_length()) / double(rows.rows());  // memory comes in large blocks
    return {"USearch", name, bytes, seconds, search, {64, 128, 256}};
}
inline std::vector<storage> graphs(us::matrix_view<const float> rows) {
    return {graph("HNSW", rows, scalar_kind_t::f32_k), graph("HNSW float16", rows, scalar_kind_t::f16_k),
            graph("HNSW int8", rows, scalar_kind_t::i8_k)};
}

}  // namespace usearch
}  // namespace peer
}  // namespace bench
#endif
