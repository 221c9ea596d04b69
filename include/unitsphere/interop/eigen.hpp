/// Eigen's matrices, maps and blocks as rows of embeddings, and results as Eigen maps, both without a copy.
#pragma once

#include <cassert>

#include <Eigen/Core>

#include "../data/unit_embeddings.hpp"

static_assert(EIGEN_VERSION_AT_LEAST(3, 4, 0), "unitsphere: needs Eigen 3.4 or newer");

// In Eigen's namespace, where argument-dependent look-up finds it.
namespace Eigen {

/// The rows of a row-major matrix, map or block; a vector is one row. An embedding per column of a column-major
/// matrix passes as m.transpose(). Eigen::half becomes unitsphere::float16, which has its layout.
template <class Derived>
UNITSPHERE_INLINE auto to_view(const DenseBase<Derived>& rows) {
    constexpr bool is_vector = Derived::IsVectorAtCompileTime;
    static_assert((int(Derived::Flags) & DirectAccessBit) != 0,
                  "unitsphere: evaluate the Eigen expression first, it has no memory of its own");
    static_assert(bool(Derived::IsRowMajor) || is_vector,
                  "unitsphere: rows must be contiguous; store one embedding per row in a RowMajor matrix, or one per "
                  "column and pass m.transpose()");
    static_assert(int(Derived::InnerStrideAtCompileTime) == 1, "unitsphere: elements of a row must be contiguous");
    using scalar = std::conditional_t<std::is_same_v<typename Derived::Scalar, half>, unitsphere::float16,
                                      typename Derived::Scalar>;
    const auto* data = reinterpret_cast<const scalar*>(rows.derived().data());
    if constexpr (is_vector)
        return unitsphere::matrix_view<const scalar>(data, 1, rows.size());
    else
        return unitsphere::matrix_view<const scalar>(data, rows.rows(), rows.cols(), rows.derived().outerStride());
}

}  // namespace Eigen

namespace unitsphere {

/// A row-major Eigen matrix whose memory is somebody else's.
template <class T>
using eigen_map = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
template <class T>
using const_eigen_map = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

/// A result as an Eigen matrix, without a copy; valid as long as the result is.
template <class T>
UNITSPHERE_INLINE eigen_map<T> as_eigen(matrix<T>& rows) {
    return {rows.data(), rows.rows(), rows.dim()};
}
template <class T>
UNITSPHERE_INLINE const_eigen_map<T> as_eigen(const matrix<T>& rows) {
    return {rows.data(), rows.rows(), rows.dim()};
}
template <class T>
UNITSPHERE_INLINE const_eigen_map<T> as_eigen(const unit_embeddings<T>& rows) {
    return {rows.data(), rows.rows(), rows.dim()};
}

}  // namespace unitsphere
