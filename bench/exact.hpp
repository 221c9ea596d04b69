/// The largest difference from double, straight from the formulas, in some of the rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include <unitsphere/interop/eigen.hpp>

namespace bench {

namespace us = unitsphere;

/// As many rows as are looked at: enough to see a wrong block, few enough to take no time.
inline constexpr us::idx_t rows_checked = 64;

using exact_matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The first `count` rows.
template <class T>
exact_matrix in_double(const us::matrix<T>& rows, us::idx_t count) {
    exact_matrix wide(count, rows.dim());
    for (us::idx_t i = 0; i < count; ++i)
        for (us::idx_t k = 0; k < rows.dim(); ++k) wide(i, k) = double(rows(i, k));
    return wide;
}
template <class T>
exact_matrix unit_in_double(const us::matrix<T>& rows, us::idx_t count) {
    return in_double(rows, count).rowwise().normalized();
}
template <class T>
us::idx_t checked(const us::matrix<T>& rows) {
    return std::min(rows.rows(), rows_checked);
}

template <class T>
exact_matrix exact_cosines(const us::matrix<T>& queries, const us::matrix<T>& gallery) {
    return unit_in_double(queries, checked(queries)) * unit_in_double(gallery, gallery.rows()).transpose();
}

inline void softmax_in_double(exact_matrix& logits) {
    for (us::idx_t i = 0; i < logits.rows(); ++i) {
        logits.row(i) = (logits.row(i).array() - logits.row(i).maxCoeff()).exp();
        logits.row(i) /= logits.row(i).sum();
    }
}

inline double difference(const us::matrix<float>& found, const exact_matrix& exact) {
    return (us::as_eigen(found).topRows(exact.rows()).cast<double>() - exact).cwiseAbs().maxCoeff();
}

template <class T>
double cosine_error(const us::matrix<T>& queries, const us::matrix<T>& gallery, const us::matrix<float>& scores) {
    return difference(scores, exact_cosines(queries, gallery));
}
inline double zero_shot_error(const us::matrix<float>& images, const us::matrix<float>& classes,
                              const us::matrix<float>& probabilities) {
    exact_matrix exact = 100.0 * exact_cosines(images, classes);
    softmax_in_double(exact);
    return difference(probabilities, exact);
}
inline double unit_error(const us::matrix<float>& rows, const us::matrix<float>& found) {
    return difference(found, unit_in_double(rows, checked(rows)));
}
inline double softmax_error(const us::matrix<float>& logits, const us::matrix<float>& probabilities) {
    exact_matrix exact = us::as_eigen(logits).topRows(std::min<us::idx_t>(checked(logits), 8)).cast<double>();
    softmax_in_double(exact);
    return difference(probabilities, exact);
}

/// Of the scores of the best rows, in descending order.
inline double top_error(const us::matrix<float>& queries, const us::matrix<float>& gallery,
                        const us::matrix<float>& scores) {
    const us::idx_t count = std::min<us::idx_t>(checked(queries), 4), k = scores.dim();
    exact_matrix best(count, k);
    for (us::idx_t i = 0; i < count; ++i) {
        const Eigen::VectorXd query = us::as_eigen(queries).row(i).cast<double>().normalized();
        std::vector<double> all(std::size_t(gallery.rows()));
        for (us::idx_t j = 0; j < gallery.rows(); ++j) {
            const Eigen::VectorXd row = us::as_eigen(gallery).row(j).cast<double>();
            all[std::size_t(j)] = query.dot(row) / row.norm();
        }
        std::partial_sort(all.begin(), all.begin() + k, all.end(), std::greater<>());
        for (us::idx_t j = 0; j < k; ++j) best(i, j) = all[std::size_t(j)];
    }
    return difference(scores, best);
}

}  // namespace bench
