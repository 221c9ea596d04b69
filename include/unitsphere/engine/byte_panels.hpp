/// The bytes of a gallery's rows as kernel::multiply_bytes reads them.
#pragma once

#include "../kernel/filter_bytes.hpp"
#include "../kernel/multiply_bytes.hpp"
#include "packed_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Panels of 16 rows, and the numbers of each.
struct byte_panels {
    const std::int8_t* bytes = nullptr;
    const kernel::panel_numbers* numbers = nullptr;
    idx_t rows = 0, dim = 0;  ///< dim: padded

    idx_t panel_bytes() const noexcept { return dim * kernel::byte_columns; }
    idx_t panels() const noexcept { return ceil_div(rows, kernel::byte_columns); }
};

/// Scratch memory for the bytes of one row.
struct byte_scratch {
    float* rotated;      ///< dim
    std::int8_t* bytes;  ///< padded dim
};

/// Writes a unit row into column `column` of a panel, and its numbers. A row that is not finite is never found.
inline void pack_byte_column(const float* row, idx_t dim, const kernel::byte_space& space, const byte_scratch& scratch,
                             int column, std::int8_t* panel, kernel::panel_numbers& numbers) noexcept {
    const idx_t padded = kernel::padded_bytes(dim);
    kernel::int8_numbers of_row = {0.0f, kernel::never_found, 0.0f, 0.0f, 0.0f};
    std::memset(scratch.bytes, 0, std::size_t(padded));
    if (kernel::kind_of(row, dim) != kernel::row_kind::non_finite)
        of_row = kernel::quantize_unit_row<true>(row, dim, space, scratch.rotated, scratch.bytes);
    for (idx_t k = 0; k < padded; k += 4) std::memcpy(panel + kernel::byte_of_panel(column, k), scratch.bytes + k, 4);
    numbers.scale[column] = of_row.scale, numbers.from_mean[column] = of_row.from_mean;
    numbers.error[column] = of_row.error, numbers.length[column] = of_row.length;
    numbers.most_error = maximum(numbers.most_error, of_row.error);
    numbers.most_length = maximum(numbers.most_length, of_row.length);
}
/// The numbers of a panel without rows.
inline void clear_numbers(kernel::panel_numbers& numbers) noexcept {
    numbers = {};
    for (float& from_mean : numbers.from_mean) from_mean = kernel::never_found;
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
