/// Rows that come into a gallery.
#pragma once

#include "../engine/row_source.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The source of rows that join `rows` others of dim `dim`, or replace some. They are counted, unit rows too: for
/// whoever asked in `policy`, else in `unasked`. `function` and `row` ("row ", "class ") begin the texts of errors.
template <class View>
auto counted_source(const View& view, idx_t rows, idx_t dim, row_policy policy, row_report& unasked,
                    const char* function, const char* row) {
    if (rows > 0 && view.dim() != dim)
        fail<shape_error>(function, ": rows have dim ", view.dim(), ", the gallery has dim ", dim);
    if (policy.report == nullptr) policy.report = &unasked;
    return engine::row_source(view, policy, function, row);
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
