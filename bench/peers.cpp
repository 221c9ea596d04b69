#include "peers.hpp"

#include <ctime>

#if defined(BENCH_HAS_OPENBLAS)
#include <cblas.h>
#endif
#if defined(_OPENMP)
#include <omp.h>
#endif

#include "peer_eigen.hpp"
#include "peer_faiss.hpp"
#include "peer_hnswlib.hpp"
#include "peer_numkong.hpp"
#include "peer_onednn.hpp"
#include "peer_usearch.hpp"

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
    present.emplace_back("eigen", eigen::version());
#if defined(BENCH_HAS_OPENBLAS)
    present.emplace_back("openblas", std::string(openblas_get_config()) + ", core " + openblas_get_corename());
#endif
#if defined(BENCH_HAS_ONEDNN)
    present.emplace_back("onednn", onednn::version());
#endif
#if defined(BENCH_HAS_FAISS)
    present.emplace_back("faiss", faiss_index::version());
#endif
#if defined(BENCH_HAS_NUMKONG)
    present.emplace_back("numkong", numkong::version());
#endif
#if defined(BENCH_HAS_USEARCH)
    present.emplace_back("usearch", usearch::version());
#endif
#if defined(BENCH_HAS_HNSWLIB)
    present.emplace_back("hnswlib", "of unknown version");
#endif
    return present;
}

double cpu_seconds(const task& call) {
    const std::clock_t start = std::clock();
    call();
    return double(std::clock() - start) / CLOCKS_PER_SEC;
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
    std::vector<product> all{{"eigen", eigen::product}};
#if defined(BENCH_HAS_OPENBLAS)
    all.push_back({"openblas_sgemm", [](const rows& q, const rows& g, rows& out) -> task {
                       return [&] { sgemm(q.data(), q.rows(), g, 1.0f, out.data()); };
                   }});
#endif
#if defined(BENCH_HAS_ONEDNN)
    all.push_back({"onednn_sgemm", onednn::sgemm});
    all.push_back({"onednn_matmul", onednn::matmul<float, float>});
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

std::vector<product> products_in_double() {
#if defined(BENCH_HAS_NUMKONG)
    return {{"numkong_angulars", numkong::cosines}, {"numkong_dots", numkong::products}};
#else
    return {};
#endif
}

std::vector<byte_product> byte_products() {
#if defined(BENCH_HAS_ONEDNN)
    return {{"onednn_matmul", onednn::matmul<std::int8_t, std::int32_t>}};
#else
    return {};
#endif
}

std::vector<bfloat16_product> bfloat16_products() {
#if defined(BENCH_HAS_ONEDNN)
    if (onednn::multiplies<us::bfloat16, float>()) return {{"onednn_matmul", onednn::matmul<us::bfloat16, float>}};
#endif
    return {};
}

std::vector<pairwise_cosine> pairwise_cosines() {
    std::vector<pairwise_cosine> all{{"eigen", eigen::pairwise_cosine}};
#if defined(BENCH_HAS_NUMKONG)
    all.push_back({"numkong", numkong::pairwise_cosine});
#endif
    return all;
}

std::vector<zero_shot> zero_shots() {
    std::vector<zero_shot> all{{"eigen", eigen::zero_shot}};
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
        {"eigen", [](const rows& from, rows& out) -> task { return [&] { eigen::softmax(from, out); }; }},
        {"loop", [](const rows& from, rows& out) -> task {
             return [&] { loops::softmax(from.data(), out.data(), from.rows(), from.dim()); };
         }}};
#if defined(BENCH_HAS_ONEDNN)
    all.push_back({"onednn", onednn::softmax});
#endif
    return all;
}

std::vector<search> searches() {
    std::vector<search> all;
#if defined(BENCH_HAS_FAISS)
    all.push_back({"faiss", faiss_index::search});
#endif
#if defined(BENCH_HAS_USEARCH)
    all.push_back({"usearch", usearch::search, 32});
#endif
#if defined(BENCH_HAS_HNSWLIB)
    all.push_back({"hnswlib", hnsw::search, 32});
#endif
    return all;
}

std::vector<vote> votes() {
    std::vector<vote> all{{"eigen", eigen::vote}};
#if defined(BENCH_HAS_FAISS)
    all.push_back({"faiss", faiss_index::vote});
#endif
    return all;
}

std::vector<late_interaction> late_interactions() { return {{"eigen", eigen::late_interaction}}; }

std::vector<range_search> range_searches() {
#if defined(BENCH_HAS_FAISS)
    return {{"faiss", faiss_index::range_search}};
#else
    return {};
#endif
}

std::vector<storage> storages([[maybe_unused]] us::matrix_view<const float> unit_rows) {
    std::vector<storage> all;
    [[maybe_unused]] const auto append = [&](const std::vector<storage>& some) {
        all.insert(all.end(), some.begin(), some.end());
    };
#if defined(BENCH_HAS_FAISS)
    append(faiss_index::storages(unit_rows));
#endif
    if (unit_rows.rows() > 100000) return all;
#if defined(BENCH_HAS_USEARCH)
    append(usearch::graphs(unit_rows));
#endif
#if defined(BENCH_HAS_HNSWLIB)
    append(hnsw::graphs(unit_rows));
#endif
    return all;
}

}  // namespace peer
}  // namespace bench
