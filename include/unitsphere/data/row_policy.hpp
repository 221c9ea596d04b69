/// What to do with rows that have no direction, and how to hear of them.
#pragma once

#include "config.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// For a row without a direction: leave it as it is, make it NaN, or refuse the whole call.
enum class on_row { keep, nan, error };

/// How many rows had no direction, and the first of each kind (-1: none).
struct row_report {
    idx_t zero_rows = 0;
    idx_t non_finite_rows = 0;
    idx_t first_zero = -1;
    idx_t first_non_finite = -1;

    UNITSPHERE_INLINE void add_zero(idx_t row) noexcept {
        if (zero_rows++ == 0) first_zero = row;
    }
    UNITSPHERE_INLINE void add_non_finite(idx_t row) noexcept {
        if (non_finite_rows++ == 0) first_non_finite = row;
    }
    /// What was seen of other rows.
    UNITSPHERE_INLINE void add(const row_report& more) noexcept {
        if (more.zero_rows > 0 && (zero_rows == 0 || more.first_zero < first_zero)) first_zero = more.first_zero;
        if (more.non_finite_rows > 0 && (non_finite_rows == 0 || more.first_non_finite < first_non_finite))
            first_non_finite = more.first_non_finite;
        zero_rows += more.zero_rows;
        non_finite_rows += more.non_finite_rows;
    }
};

/// What happens to rows without a direction. The options of a function have one for each of its inputs of raw rows.
///
/// Zero rows stay zero unless asked otherwise: failed images really arrive as zero rows. Rows with NaN or Inf
/// become NaN; `keep` is refused for them. An error policy reads the rows once more, before anything is written.
struct row_policy {
    on_row zero_rows = on_row::keep;
    on_row non_finite = on_row::nan;
    row_report* report = nullptr;  ///< where to write the counts of this call, one for each side; may be null
};

namespace detail {

/// What the same options make of rows that have been checked, and are counted elsewhere.
UNITSPHERE_INLINE row_policy checked(row_policy options) noexcept {
    if (options.zero_rows == on_row::error) options.zero_rows = on_row::keep;
    options.non_finite = on_row::nan;
    options.report = nullptr;
    return options;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
