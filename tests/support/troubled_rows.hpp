/// Rows without a direction among others, and what a report says of them.
#pragma once

#include <limits>

#include <unitsphere/data/row_policy.hpp>

#include "random_rows.hpp"

namespace tests {

using unitsphere::on_row;
using unitsphere::row_report;

inline bool same(const row_report& report, const row_report& expected) {
    return report.zero_rows == expected.zero_rows && report.non_finite_rows == expected.non_finite_rows &&
           report.first_zero == expected.first_zero && report.first_non_finite == expected.first_non_finite;
}

/// Eight rows: 1 and 5 are zero (one of them of negative zeros), 2 holds a NaN, 3 an Inf, 6 a -Inf.
template <class T>
matrix<T> troubled_rows(idx_t dim) {
    matrix<T> rows = random_rows<T>(8, dim, 31);
    generator random(31);
    fill_row(rows.row(1), dim, row_kind::zero, random);
    fill_row(rows.row(2), dim, row_kind::nan, random);
    fill_row(rows.row(3), dim, row_kind::infinite, random);
    for (idx_t k = 0; k < dim; ++k) rows(5, k) = T(-0.0f);
    rows(6, random.below(dim)) = T(-std::numeric_limits<float>::infinity());
    return rows;
}
inline const row_report trouble{2, 3, 1, 2};
inline bool is_zero_row(idx_t i) { return i == 1 || i == 5; }
inline bool is_bad_row(idx_t i) { return i == 2 || i == 3 || i == 6; }

/// troubled_rows with a direction where the asked trouble is not.
template <class T>
matrix<T> only(bool zeros, bool bad, idx_t dim) {
    matrix<T> rows = troubled_rows<T>(dim);
    for (idx_t i = 0; i < rows.rows(); ++i)
        if ((is_zero_row(i) && !zeros) || (is_bad_row(i) && !bad))
            for (idx_t k = 0; k < dim; ++k) rows(i, k) = T(1.0f);
    return rows;
}

}  // namespace tests
