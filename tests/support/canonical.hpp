/// The canonical arithmetic, from docs/numerics.md alone and one number at a time: what every score has the bits of.
#pragma once

#include <algorithm>
#include <cmath>

#include <unitsphere/kernel/lanes.hpp>
#include <unitsphere/normalize.hpp>

namespace canonical {

using unitsphere::idx_t;
using unitsphere::matrix;

/// a * b + sum, rounded once where the machine has a fused multiply-add, else twice.
template <class C>
C multiply_add(C a, C b, C sum, bool fused = unitsphere::kernel::has_fma) {
    const volatile C product = a * b;  // no compiler fuses it
    return fused ? std::fma(a, b, sum) : product + sum;
}

/// Elements first .. end - 1, one after the other.
template <class C>
C chain(const C* a, const C* b, idx_t first, idx_t end, bool fused = unitsphere::kernel::has_fma) {
    C sum = 0;
    for (idx_t k = first; k < end; ++k) sum = multiply_add(a[k], b[k], sum, fused);
    return sum;
}

/// Chains of 128 multiply-adds, added in order, within [-1, 1].
template <class C>
C score(const C* a, const C* b, idx_t dim, bool fused = unitsphere::kernel::has_fma) {
    C total = 0;
    for (idx_t first = 0; first < dim; first += 128) {
        const C sum = chain(a, b, first, std::min<idx_t>(first + 128, dim), fused);
        total = first == 0 ? sum : total + sum;
    }
    return std::min(std::max(total, C(-1)), C(1));
}

/// scores[i][j] of unit rows.
template <class Queries, class Gallery>
matrix<float> scores(const Queries& queries, const Gallery& gallery, bool fused = unitsphere::kernel::has_fma) {
    matrix<float> result(queries.rows(), gallery.rows());
    for (idx_t i = 0; i < queries.rows(); ++i)
        for (idx_t j = 0; j < gallery.rows(); ++j)
            result(i, j) = score(queries.row(i), gallery.row(j), queries.dim(), fused);
    return result;
}

/// The row times float(1 / norm).
inline matrix<float> unit(const matrix<float>& rows) {
    const unitsphere::array<double> lengths = unitsphere::norms(rows);
    matrix<float> result(rows.rows(), rows.dim());
    for (idx_t i = 0; i < rows.rows(); ++i)
        for (idx_t k = 0; k < rows.dim(); ++k) result(i, k) = rows(i, k) * float(1.0 / lengths[i]);
    return result;
}

}  // namespace canonical
