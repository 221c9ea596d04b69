/// What an output must be: of the right shape, and not in the memory of an input.
#pragma once

#include "matrix.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The view of an output that was passed as `Out&& out`: writable rows of one of the types `Elements`, in memory that
/// outlives the call.
template <class Out, class... Elements>
auto output_of(std::remove_reference_t<Out>& out) {
    using view = typename viewed<std::remove_reference_t<Out>>::type;
    constexpr bool is_writable = (std::is_same_v<view, matrix_view<Elements>> || ...);
    constexpr bool outlives = std::is_lvalue_reference_v<Out> || !owns_rows<Out>;
    static_assert(is_writable,
                  "unitsphere: the output must be writable rows (a matrix, matrix_view, row-major Eigen "
                  "matrix, std::vector or std::span) of the result's element type");
    static_assert(outlives,
                  "unitsphere: the output is a temporary that owns its elements: nobody could read the result");
    if constexpr (is_writable && outlives)
        return to_view(out);
    else
        return (matrix_view<Elements>(), ...);
}

/// True if some element lies in both. Views of one wide matrix, side by side with the same stride, do not overlap.
template <class A, class B>
inline bool overlap(const matrix_view<A>& a, const matrix_view<B>& b) noexcept {
    if (a.rows() == 0 || a.dim() == 0 || b.rows() == 0 || b.dim() == 0) return false;
    const auto begin_a = reinterpret_cast<std::uintptr_t>(a.data());
    const auto begin_b = reinterpret_cast<std::uintptr_t>(b.data());
    const auto end_a = reinterpret_cast<std::uintptr_t>(a.row(a.rows() - 1) + a.dim());
    const auto end_b = reinterpret_cast<std::uintptr_t>(b.row(b.rows() - 1) + b.dim());
    if (end_a <= begin_b || end_b <= begin_a) return false;
    const std::uintptr_t stride = std::uintptr_t(a.stride()) * sizeof(A);
    if (stride != std::uintptr_t(b.stride()) * sizeof(B)) return true;
    // Where b's columns begin, seen from a's: behind a's last column and with room before a's next row, or they meet.
    const std::uintptr_t behind =
        begin_b >= begin_a ? (begin_b - begin_a) % stride : (stride - (begin_a - begin_b) % stride) % stride;
    return behind < std::uintptr_t(a.dim()) * sizeof(A) || behind + std::uintptr_t(b.dim()) * sizeof(B) > stride;
}

/// The same elements at the same places.
template <class A, class B>
inline bool same_rows(const matrix_view<A>& a, const matrix_view<B>& b) noexcept {
    return std::is_same_v<std::remove_const_t<A>, std::remove_const_t<B>> &&
           static_cast<const void*>(a.data()) == static_cast<const void*>(b.data()) && a.rows() == b.rows() &&
           a.dim() == b.dim() && (a.stride() == b.stride() || a.rows() <= 1);
}

/// Refuses an output of another shape.
template <class T>
inline void require_shape(const char* function, const char* name, const matrix_view<T>& out, idx_t rows, idx_t dim) {
    if (out.rows() != rows || out.dim() != dim)
        fail<shape_error>(function, ": ", name, " is ", out.rows(), " x ", out.dim(), ", it must be ", rows, " x ",
                          dim);
}
/// Refuses an output that shares memory with an input or another output.
template <class A, class B>
inline void require_apart(const char* function, const char* name, const matrix_view<A>& out, const char* other_name,
                          const matrix_view<B>& other) {
    if (overlap(out, other)) fail<shape_error>(function, ": ", name, " overlaps ", other_name);
}
/// For functions of one row at a time: the output has the shape of the input, and is exactly in its memory or apart.
template <class A, class B>
inline void require_row_wise(const char* function, const matrix_view<A>& in, const char* in_name,
                             const matrix_view<B>& out) {
    require_shape(function, "out", out, in.rows(), in.dim());
    if (!same_rows(in, out)) require_apart(function, "out", out, in_name, in);
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
