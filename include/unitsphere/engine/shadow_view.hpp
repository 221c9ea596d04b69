/// Rows of float beside their bytes: the view of a `shadow_gallery`, and its rows as queries.
#pragma once

#include "../kernel/cosine_in_double.hpp"
#include "byte_panels.hpp"
#include "gallery_side.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Rows that stay where they are, beside their bytes: what a question about a `shadow_gallery` reads.
struct shadow_view {
    using value_type = float;

    unit_view<float> rows_of_float;
    byte_panels bytes;
    kernel::byte_space space;
    row_report seen;     ///< counted when the gallery took the rows
    double deviation;    ///< of the norms of rows that were unit before
    idx_t most_queries;  ///< for which searches read the bytes

    idx_t rows() const noexcept { return rows_of_float.rows(); }
    idx_t dim() const noexcept { return rows_of_float.dim(); }
};

template <>
inline constexpr bool is_packed_view<shadow_view> = true;

inline unit_view<float> as_queries(const shadow_view& rows) noexcept { return rows.rows_of_float; }

/// Its rows of float one by one, used as they are.
class shadow_source : public row_source<float> {
public:
    shadow_source(const shadow_view& view, const row_policy& options, const char* function, const char* side)
        : row_source(view.rows_of_float, options, function, side), view_(view) {}

    const shadow_view& view() const noexcept { return view_; }
    void scale_unit_rows() const noexcept {}

private:
    shadow_view view_;
};
inline shadow_source query_type_of(const shadow_view& rows) { return {rows, {}, "", ""}; }

inline matrix_view<const float> values_of(const shadow_view& rows) noexcept { return rows.rows_of_float.values(); }
inline kernel::row_in_double<float> row_in_double(const shadow_view& rows, idx_t i) noexcept {
    return {rows.rows_of_float.row(i), rows.dim()};
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
