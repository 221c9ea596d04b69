/// Cosines of pairs in double, from the rows of both sides of a question.
#pragma once

#include "../engine/gallery_side.hpp"
#include "../kernel/cosine_in_double.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Row i of a side: the caller's numbers, or those that a gallery holds.
template <class T>
kernel::row_in_double<T> row_in_double(const matrix_view<const T>& rows, idx_t i) noexcept {
    return {rows.row(i), rows.dim()};
}
template <class T>
kernel::row_in_double<T> row_in_double(const unit_view<T>& rows, idx_t i) noexcept {
    return {rows.row(i), rows.dim()};
}
template <class S>
kernel::column_in_double<S> row_in_double(const engine::packed_view<S>& rows, idx_t i) noexcept {
    const idx_t column = i % engine::panels<S>::columns, first = i - column;
    const int width = rows.packed.width_from(first);
    return {kernel::elements_of_panel(rows.packed.panel(first), width) + column, width};
}

/// What the rows of a gallery, which are used as they are, deviate from length 1; 0 for others, which are scaled.
template <class View>
double deviation_of(const View& rows) noexcept {
    if constexpr (engine::is_packed_view<View>)
        return rows.deviation;
    else
        return 0.0;
}
/// How far a score may be from the cosine in double: the deviations count, and a hundredth of them for what is of
/// second order.
template <class Queries, class Gallery>
double rescoring_bound(const Queries& queries, const Gallery& gallery) noexcept {
    return kernel::rescoring_bound(gallery.dim()) + 1.01 * (deviation_of(queries) + deviation_of(gallery));
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
