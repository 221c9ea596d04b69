#include "peers.hpp"

#include <numeric>

#include <unitsphere/interop/eigen.hpp>

#if defined(BENCH_HAS_OPENBLAS)
#include <cblas.h>
#endif
#if defined(_OPENMP)
#include <omp.h>
#endif

#include "peer_faiss.hpp"
#include "peer_onednn.hpp"

namespace bench {

std::string compiler() {
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "g++ " __VERSION__;
#endif
}

namespace peer {

namespace {

using row_major = us::eigen_map<float>::PlainObject;

/// Every image's row of logits, already multiplied by the scale, to probabilities.
void eigen_softmax(const rows& from, rows& out) {
    const auto logits = us::as_eigen(from);
    auto to = us::as_eigen(out);
    for (us::idx_t i = 0; i < from.rows(); ++i) {
        to.row(i) = (logits.row(i).array() - logits.row(i).maxCoeff()).exp();
        to.row(i) /= to.row(i).sum();
    }
}

task eigen_product(const rows& queries, const rows& gallery, rows& out) {
    if (queries.rows() == 1)  // Eigen chooses its matrix-vector product where the type says vector
        return [&] {
            const Eigen::Map<const Eigen::VectorXf> query(queries.data(), queries.dim());
            Eigen::Map<Eigen::VectorXf>(out.data(), out.dim()).noalias() = us::as_eigen(gallery) * query;
        };
    return [&] { us::as_eigen(out).noalias() = us::as_eigen(queries) * us::as_eigen(gallery).transpose(); };
}

task eigen_zero_shot(const rows& images, const rows& classes, rows& out) {
    return [&] {
        const row_major unit_images = us::as_eigen(images).rowwise().normalized();
        us::as_eigen(out).noalias() = 100.0f * unit_images * us::as_eigen(classes).transpose();
        eigen_softmax(out, out);
    };
}

/// 64 queries at a time: a matrix of products, and a partial sort of the numbers of its columns.
task eigen_vote(const rows& queries, const rows& gallery, const std::vector<int>& labels, us::idx_t k,
                std::vector<int>& found) {
    return [&, k, products = row_major()]() mutable {
        std::vector<us::idx_t> order(std::size_t(gallery.rows()));
        std::vector<int> counts;
        for (us::idx_t first = 0; first < queries.rows(); first += 64) {
            const us::idx_t some = std::min<us::idx_t>(64, queries.rows() - first);
            products.noalias() = us::as_eigen(queries).middleRows(first, some) * us::as_eigen(gallery).transpose();
            for (us::idx_t i = 0; i < some; ++i) {
                const float* const row = products.data() + i * gallery.rows();
                std::iota(order.begin(), order.end(), us::idx_t(0));
                std::partial_sort(order.begin(), order.begin() + k, order.end(),
                                  [=](us::idx_t a, us::idx_t b) { return row[a] > row[b]; });
                found[std::size_t(first + i)] = vote_of(order.data(), k, labels, counts);
            }
        }
    };
}
task eigen_late_interaction(const rows& query, const rows& documents, us::idx_t rows_of_document, rows& sums) {
    return [&, rows_of_document, products = row_major()]() mutable {
        products.noalias() = us::as_eigen(query) * us::as_eigen(documents).transpose();
        for (us::idx_t d = 0; d < sums.dim(); ++d)
            sums(0, d) = products.middleCols(d * rows_of_document, rows_of_document).rowwise().maxCoeff().sum();
    };
}

#if defined(BENCH_HAS_OPENBLAS)
void sgemm(const float* queries, us::idx_t q, const rows& gallery, float scale, float* out) {
    const int g = int(gallery.rows()), dim = int(gallery.dim());
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, int(q), g, dim, scale, queries, dim, gallery.data(), dim, 0.0f,
                out, g);
}
void sgemv(const float* query, const rows& gallery, float scale, float* out) {
    const int g = int(gallery.rows()), dim = int(gallery.dim());
    cblas_sgemv(CblasRowMajor, CblasNoTrans, g, dim, scale, gallery.data(), dim, query, 1, 0.0f, out, 1);
}

/// 128 images at a time: their unit rows and their logits stay in the cache between the loops.
task openblas_zero_shot(const rows& images, const rows& classes, rows& out) {
    return [&, scratch = rows(128, images.dim())]() mutable {
        for (us::idx_t first = 0; first < images.rows(); first += scratch.rows()) {
            const us::idx_t left = images.rows() - first, count = left < scratch.rows() ? left : scratch.rows();
            loops::normalize(images.row(first), scratch.data(), count, images.dim());
            if (count == 1)
                sgemv(scratch.data(), classes, 100.0f, out.row(first));
            else
                sgemm(scratch.data(), count, classes, 100.0f, out.row(first));
            loops::softmax(out.row(first), out.row(first), count, out.dim());
        }
    };
}
#endif

}  // namespace

std::vector<std::pair<std::string, std::string>> versions() {
    std::vector<std::pair<std::string, std::string>> present;
    present.emplace_back("eigen", std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) +
                                      "." + std::to_string(EIGEN_MINOR_VERSION));
#if defined(BENCH_HAS_OPENBLAS)
    present.emplace_back("openblas", std::string(openblas_get_config()) + ", core " + openblas_get_corename());
#endif
#if defined(BENCH_HAS_ONEDNN)
    present.emplace_back("onednn", onednn::version());
#endif
#if defined(BENCH_HAS_FAISS)
    present.emplace_back("faiss", std::to_string(FAISS_VERSION_MAJOR) + "." + std::to_string(FAISS_VERSION_MINOR) +
                                      "." + std::to_string(FAISS_VERSION_PATCH));
#endif
    return present;
}

void use_one_thread() {
#if defined(BENCH_HAS_OPENBLAS)
    openblas_set_num_threads(1);
#endif
#if defined(_OPENMP)
    omp_set_num_threads(1);
#endif
    Eigen::setNbThreads(1);
}

std::vector<product> products() {
    std::vector<product> all{{"eigen", eigen_product}};
#if defined(BENCH_HAS_OPENBLAS)
    all.push_back({"openblas_sgemm", [](const rows& q, const rows& g, rows& out) -> task {
                       return [&] { sgemm(q.data(), q.rows(), g, 1.0f, out.data()); };
                   }});
#endif
#if defined(BENCH_HAS_ONEDNN)
    all.push_back({"onednn_sgemm", onednn::sgemm});
    all.push_back({"onednn_matmul", onednn::matmul});
#endif
    return all;
}

std::vector<product> vector_products() {
    std::vector<product> all = products();
#if defined(BENCH_HAS_OPENBLAS)
    all.push_back({"openblas_sgemv", [](const rows& q, const rows& g, rows& out) -> task {
                       return [&] { sgemv(q.data(), g, 1.0f, out.data()); };
                   }});
#endif
    return all;
}

std::vector<zero_shot> zero_shots() {
    std::vector<zero_shot> all{{"eigen", eigen_zero_shot}};
#if defined(BENCH_HAS_OPENBLAS)
    all.push_back({"openblas", openblas_zero_shot});
#endif
    return all;
}

std::vector<row_wise> normalizes() {
    return {{"eigen",
             [](const rows& from, rows& out) -> task {
                 return [&] { us::as_eigen(out) = us::as_eigen(from).rowwise().normalized(); };
             }},
            {"loop", [](const rows& from, rows& out) -> task {
                 return [&] { loops::normalize(from.data(), out.data(), from.rows(), from.dim()); };
             }}};
}

std::vector<row_wise> softmaxes() {
    std::vector<row_wise> all{
        {"eigen", [](const rows& from, rows& out) -> task { return [&] { eigen_softmax(from, out); }; }},
        {"loop", [](const rows& from, rows& out) -> task {
             return [&] { loops::softmax(from.data(), out.data(), from.rows(), from.dim()); };
         }}};
#if defined(BENCH_HAS_ONEDNN)
    all.push_back({"onednn", onednn::softmax});
#endif
    return all;
}

std::vector<search> searches() {
#if defined(BENCH_HAS_FAISS)
    return {{"faiss", faiss_index::search}};
#else
    return {};
#endif
}

std::vector<vote> votes() {
    std::vector<vote> all{{"eigen", eigen_vote}};
#if defined(BENCH_HAS_FAISS)
    all.push_back({"faiss", faiss_index::vote});
#endif
    return all;
}

std::vector<late_interaction> late_interactions() { return {{"eigen", eigen_late_interaction}}; }

std::vector<range_search> range_searches() {
#if defined(BENCH_HAS_FAISS)
    return {{"faiss", faiss_index::range_search}};
#else
    return {};
#endif
}

std::vector<storage> storages([[maybe_unused]] us::matrix_view<const float> unit_rows) {
    std::vector<storage> all;
#if defined(BENCH_HAS_FAISS)
    for (auto& one : faiss_index::storages(unit_rows)) all.push_back(one);
#endif
    return all;
}

}  // namespace peer
}  // namespace bench
