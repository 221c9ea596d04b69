/// Eigen's matrices, maps and blocks as rows of embeddings, and results as Eigen maps.
///
///   RowMatrixXf m;  m, m.topRows(5), Map, Ref       [n, dim], read and written where they are
///   MatrixXf m;     m.transpose()                   an embedding per column [dim, n], where it is
///   MatrixXf m;     m                               [n, dim] column by column: copied once, as input only
///   VectorXf v;     v, m.row(i) of a row-major m    one row
///
/// Eigen::half and Eigen::bfloat16 become unitsphere's types of the same layout.
#pragma once

#include <cassert>

#include <Eigen/Core>

#include "../data/unit_embeddings.hpp"

static_assert(EIGEN_VERSION_AT_LEAST(3, 4, 0), "unitsphere: needs Eigen 3.4 or newer");

namespace unitsphere {
namespace eigen_detail {

template <class T>
struct element {
    using type = T;
};
template <>
struct element<Eigen::half> {
    using type = float16;
};
template <>
struct element<Eigen::bfloat16> {
    using type = bfloat16;
};

template <class Derived>
inline constexpr bool has_memory = (int(Derived::Flags) & Eigen::DirectAccessBit) != 0;
/// Elements of one embedding lie side by side; a vector is one row, whatever its orientation.
template <class Derived>
inline constexpr bool has_rows = has_memory<Derived> && (Derived::IsVectorAtCompileTime || Derived::IsRowMajor) &&
                                 int(Derived::InnerStrideAtCompileTime) == 1;

/// T is const where the object may not be written.
template <class T, class Derived, class Pointer>
UNITSPHERE_INLINE matrix_view<T> view_of(const Derived& rows, Pointer data) {
    T* const first = reinterpret_cast<T*>(data);
    if constexpr (Derived::IsVectorAtCompileTime)
        return {first, 1, idx_t(rows.size())};
    else
        return {first, idx_t(rows.rows()), idx_t(rows.cols()), idx_t(rows.outerStride())};
}

template <class Derived>
UNITSPHERE_INLINE auto element_of(const Derived& rows, idx_t i, idx_t k) {
    if constexpr (Derived::IsVectorAtCompileTime)
        return rows.coeff(k);
    else
        return rows.coeff(i, k);
}

template <class Derived>
UNITSPHERE_INLINE auto copy_of(const Derived& rows) {
    using scalar = typename element<typename Derived::Scalar>::type;
    constexpr bool is_vector = Derived::IsVectorAtCompileTime;
    matrix<scalar> copy = matrix<scalar>::uninitialized(is_vector ? 1 : idx_t(rows.rows()),
                                                        is_vector ? idx_t(rows.size()) : idx_t(rows.cols()));
    for (idx_t i = 0; i < copy.rows(); ++i)
        for (idx_t k = 0; k < copy.dim(); ++k) {
            const auto value = element_of(rows, i, k);
            std::memcpy(static_cast<void*>(&copy(i, k)), static_cast<const void*>(&value), sizeof(scalar));
        }
    return copied_rows<scalar>(static_cast<matrix<scalar>&&>(copy));
}

}  // namespace eigen_detail
}  // namespace unitsphere

// In Eigen's namespace, where argument-dependent look-up finds it.
namespace Eigen {

/// Rows to read: a view, or a copy of rows whose elements do not lie side by side (column-major, strided).
template <class Derived>
UNITSPHERE_INLINE auto to_view(const DenseBase<Derived>& rows) {
    using namespace unitsphere::eigen_detail;
    static_assert(has_memory<Derived>, "unitsphere: evaluate the Eigen expression first, it has no memory of its own");
    using scalar = const typename element<typename Derived::Scalar>::type;
    if constexpr (has_rows<Derived>)
        return view_of<scalar>(rows.derived(), rows.derived().data());
    else
        return copy_of(rows.derived());
}

/// Rows to write; const where the object is a map of const.
template <class Derived>
UNITSPHERE_INLINE auto to_view(DenseBase<Derived>& rows) {
    using namespace unitsphere::eigen_detail;
    static_assert(has_memory<Derived>, "unitsphere: evaluate the Eigen expression first, it has no memory of its own");
    static_assert(has_rows<Derived>,
                  "unitsphere: this argument is used in place, so its rows must be contiguous: store one embedding per "
                  "row in a RowMajor matrix, or one per column and pass m.transpose()");
    using pointer = decltype(rows.derived().data());
    using element_type = typename element<typename Derived::Scalar>::type;
    using scalar =
        std::conditional_t<std::is_const_v<std::remove_pointer_t<pointer>>, const element_type, element_type>;
    return view_of<scalar>(rows.derived(), rows.derived().data());
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
/// Unit rows in the caller's memory, with their stride.
template <class T>
UNITSPHERE_INLINE auto as_eigen(const unit_view<T>& rows) {
    using rows_of_stride = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>,
                                      Eigen::Unaligned, Eigen::OuterStride<>>;
    return rows_of_stride(rows.data(), rows.rows(), rows.dim(), Eigen::OuterStride<>(rows.stride()));
}

}  // namespace unitsphere
