/// Raw encoder rows to unit rows, norms, and the test whether rows are unit already.
#pragma once

#include "data/output.hpp"
#include "engine/row_source.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

template <class T>
unit_view<float> normalize_rows(matrix_view<const T> rows, matrix_view<float> out, const normalize_options& options,
                                const char* function) {
    require_shape(function, "out", out, rows.rows(), rows.dim());
    if (!same_rows(rows, out)) require_apart(function, "out", out, "the input", rows);
    engine::row_source source(rows, options, function, "row ");
    for (index i = 0; i < source.rows(); ++i)
        kernel::scale_row(source.row(i), source.dim(), source.factors(i), out.row(i));
    source.report();
    return unit_access::view<float>(out);
}

}  // namespace detail

/// Rows at unit length, in the caller's memory.
///
///   out[i] = rows[i] / |rows[i]|
///
/// Shapes   rows [n, dim], out [n, dim]; any row strides >= dim. float or float16 in, float out.
/// Units    none: | |out[i]| - 1 | <= 1.2e-7. The norm is taken in double, without eps: no row is too short or too long.
/// Errors   shape_error if the shapes differ or the memory overlaps (out may be exactly the input); value_error for zero
///          or non-finite rows where the options say so, before anything is written. By default a zero row stays zero
///          and a row with NaN or Inf becomes NaN.
/// Threads  the caller's.   Memory  none.
/// Source   Radford et al. 2021, arXiv:2103.00020, figure 3: "I_e = l2_normalize(np.dot(I_f, W_i), axis=1)".
template <class Rows>
unit_view<float> normalize_into(const Rows& rows, matrix_view<float> out, const normalize_options& options = {}) {
    return detail::normalize_rows(engine::values_of(engine::view_of(rows)), out, options, "normalize_into");
}

/// Rows at unit length, where they are: normalize_into(rows, rows).
///
/// Shapes   rows [n, dim], any row stride >= dim.
/// Units, Errors, Threads, Memory, Source   as normalize_into.
inline unit_view<float> normalize_in_place(matrix_view<float> rows, const normalize_options& options = {}) {
    return detail::normalize_rows(matrix_view<const float>(rows), rows, options, "normalize_in_place");
}

/// Rows at unit length, as a new matrix of a type that every similarity takes as it is.
///
/// Shapes   rows [n, dim] -> [n, dim].
/// Units, Errors, Threads, Source   as normalize_into.   Memory  allocates the result only.
template <class Rows>
unit_embeddings<float> normalize(const Rows& rows, const normalize_options& options = {}) {
    const auto view = engine::view_of(rows);
    auto out = matrix<float>::uninitialized(view.rows(), view.dim());
    detail::normalize_rows(engine::values_of(view), out.view(), options, "normalize");
    return unit_access::embeddings(static_cast<matrix<float>&&>(out));
}

/// The length of every row.
///
///   out[i] = sqrt(sum_k rows[i][k]^2)
///
/// Shapes   rows [n, dim] -> n doubles.
/// Units    those of the rows. At most half a unit in the last place of float from exact; never overflows or underflows.
/// Errors   none: a row with NaN or Inf has the norm NaN or Inf.
/// Threads  the caller's.   Memory  none, or the vector returned and as much again until it is.
/// Source   IEEE 754: the square of a binary32 or binary16 number is a binary64 number, exactly.
template <class Rows>
void norms(const Rows& rows, double* out) {
    const auto values = engine::values_of(engine::view_of(rows));
    for (index i = 0; i < values.rows(); ++i) out[i] = std::sqrt(kernel::sum_of_squares(values.row(i), values.dim()));
}
template <class Rows>
std::vector<double> norms(const Rows& rows) {
    matrix<double> lengths(1, engine::view_of(rows).rows());
    norms(rows, lengths.data());
    // A copy of bytes: without optimization, std::vector's own zeros come from a std::fill that all units share, with
    // the instructions of whichever was linked first.
    return std::vector<double>(lengths.data(), lengths.data() + lengths.dim());
}

/// Whether every row has unit length: | |rows[i]| - 1 | <= tolerance. A zero row or one with NaN or Inf has not.
///
/// Shapes   rows [n, dim].   Units  none.   Errors  none.
/// Threads  the caller's.   Memory  none.
/// Source   the default tolerance is that of Apache Lucene's dot-product similarity.
template <class Rows>
bool is_unit(const Rows& rows, double tolerance = 1e-4) {
    const auto values = engine::values_of(engine::view_of(rows));
    for (index i = 0; i < values.rows(); ++i) {
        const double sum = kernel::sum_of_squares(values.row(i), values.dim());
        if (kernel::kind_of(sum) != kernel::row_kind::regular) return false;
        if (!(std::fabs(std::sqrt(sum) - 1.0) <= tolerance)) return false;
    }
    return true;
}

/// Rows that are unit length already, taken as unit rows without a copy.
///
/// Shapes   rows [n, dim], any row stride >= dim.
/// Units    none; the rows are used as they are, so their cosines are off by up to twice the tolerance.
/// Errors   value_error with row and norm if | |rows[i]| - 1 | > tolerance. Zero rows and rows with NaN or Inf have no
///          direction to be wrong about: they pass, counted in `report`.
/// Threads  the caller's.   Memory  none: the view is of the caller's memory.
/// Source   16-bit rows are never adopted: rounding leaves them up to 5e-4 off. normalize() them to float.
inline unit_view<float> adopt_unit(matrix_view<const float> rows, double tolerance = 1e-4,
                                   row_report* report = nullptr) {
    row_report seen;
    for (index i = 0; i < rows.rows(); ++i) {
        const double sum = kernel::sum_of_squares(rows.row(i), rows.dim());
        const kernel::row_kind kind = kernel::kind_of(sum);
        if (kind == kernel::row_kind::zero) seen.add_zero(i);
        if (kind == kernel::row_kind::non_finite) seen.add_non_finite(i);
        if (kind == kernel::row_kind::regular && !(std::fabs(std::sqrt(sum) - 1.0) <= tolerance))
            detail::fail<value_error>("adopt_unit: row ", i, " has norm ", std::sqrt(sum), ", not 1 within ",
                                      tolerance);
    }
    if (report != nullptr) *report = seen;
    return unit_access::view<float>(rows);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
