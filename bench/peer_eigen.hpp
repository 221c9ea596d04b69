/// Eigen: its products, and what is written around them.
#pragma once

#include <algorithm>
#include <numeric>

#include <unitsphere/interop/eigen.hpp>

#include "peers.hpp"

namespace bench {
namespace peer {
namespace eigen {

using row_major = us::eigen_map<float>::PlainObject;

/// Every image's row of logits, already multiplied by the scale, to probabilities.
inline void softmax(const rows& from, rows& out) {
    const auto logits = us::as_eigen(from);
    auto to = us::as_eigen(out);
    for (us::idx_t i = 0; i < from.rows(); ++i) {
        to.row(i) = (logits.row(i).array() - logits.row(i).maxCoeff()).exp();
        to.row(i) /= to.row(i).sum();
    }
}

inline task product(const rows& queries, const rows& gallery, rows& out) {
    if (queries.rows() == 1)  // Eigen chooses its matrix-vector product where the type says vector
        return [&] {
            const Eigen::Map<const Eigen::VectorXf> query(queries.data(), queries.dim());
            Eigen::Map<Eigen::VectorXf>(out.data(), out.dim()).noalias() = us::as_eigen(gallery) * query;
        };
    return [&] { us::as_eigen(out).noalias() = us::as_eigen(queries) * us::as_eigen(gallery).transpose(); };
}

inline task zero_shot(const rows& images, const rows& classes, rows& out) {
    return [&] {
        const row_major unit_images = us::as_eigen(images).rowwise().normalized();
        us::as_eigen(out).noalias() = 100.0f * unit_images * us::as_eigen(classes).transpose();
        softmax(out, out);
    };
}

/// 64 queries at a time: a matrix of products, and a partial sort of the numbers of its columns.
inline task vote(const rows& queries, const rows& gallery, const std::vector<int>& labels, us::idx_t k,
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
inline task late_interaction(const rows& query, const rows& documents, us::idx_t rows_of_document, rows& sums) {
    return [&, rows_of_document, products = row_major()]() mutable {
        products.noalias() = us::as_eigen(query) * us::as_eigen(documents).transpose();
        for (us::idx_t d = 0; d < sums.dim(); ++d)
            sums(0, d) = products.middleCols(d * rows_of_document, rows_of_document).rowwise().maxCoeff().sum();
    };
}

inline task pairwise_cosine(const rows& a, const rows& b, rows& cosines) {
    return [&] {
        const auto left = us::as_eigen(a), right = us::as_eigen(b);
        us::as_eigen(cosines).row(0) = ((left.array() * right.array()).rowwise().sum() /
                                        (left.rowwise().norm().array() * right.rowwise().norm().array()))
                                           .matrix()
                                           .transpose();
    };
}

inline std::string version() {
    return std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
           std::to_string(EIGEN_MINOR_VERSION);
}

}  // namespace eigen
}  // namespace peer
}  // namespace bench
