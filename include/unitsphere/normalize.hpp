/// Raw encoder rows to unit rows, norms, and the test whether rows are unit already.
#pragma once

#include "data/column.hpp"
#include "data/output.hpp"
#include "engine/execution.hpp"
#include "engine/row_source.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

/// The type of results is float; double only from rows of double.
template <class Result, class... Elements>
constexpr void require_result_type() {
    static_assert(std::is_same_v<Result, float> || std::is_same_v<Result, double>,
                  "unitsphere: results are float or double");
    static_assert(std::is_same_v<Result, float> || (std::is_same_v<Elements, double> && ...),
                  "unitsphere: a double result needs rows of double on every side");
}

/// Whether to write a result past the caches, which saves reading its lines first: where it would push everything else
/// out and not be found there by whoever reads it next, does not lie where the input is, and has whole lines.
template <class T>
bool past_caches(const matrix_view<const T>& rows, const matrix_view<float>& out) noexcept {
    return out.rows() * out.dim() > engine::cached_bytes / index(sizeof(float)) && !same_rows(rows, out) &&
           reinterpret_cast<std::uintptr_t>(out.data()) % 64 == 0 && out.stride() % 16 == 0;
}

/// Rows first .. end - 1. Every row is scaled while the next one is measured.
template <bool Stream, class T>
void normalize_each(const engine::row_source<T>& source, const matrix_view<float>& out, index first, index end,
                    row_report& seen) noexcept {
    const index last = end - 1;
    kernel::row_length length = kernel::length_of_lone(source.row(first), source.dim());
    for (index i = first; i < last; ++i) {
        const auto factors = source.factors(i, length, seen);
        if (factors.power == 1.0f) {
            length = kernel::scale_and_measure<Stream>(source.row(i), source.dim(), factors.inverse, out.row(i),
                                                       source.row(i + 1));
        } else {
            kernel::scale_row(source.row(i), source.dim(), factors, out.row(i));
            length = kernel::length_of(source.row(i + 1), source.dim());
        }
    }
    kernel::scale_row(source.row(last), source.dim(), source.factors(last, length, seen), out.row(last));
    if (Stream) kernel::finish_streams();
}

template <class T, class Result>
unit_view<Result> normalize_rows(matrix_view<const T> rows, matrix_view<Result> out, const execution& how,
                                 const normalize_options& options, const char* function) {
    require_result_type<Result, T>();
    require_row_wise(function, rows, "the input", out);
    engine::row_source source(rows, options, function, "row ");
    engine::for_each_rows(how, source.rows(), source.dim(), [&](index first, index end) {
        row_report seen;
        if constexpr (std::is_same_v<T, double>)
            for (index i = first; i < end; ++i)
                kernel::scale_row(source.row(i), source.dim(), source.factors(i, seen), out.row(i));
        else if (past_caches(rows, out))
            normalize_each<true>(source, out, first, end, seen);
        else
            normalize_each<false>(source, out, first, end, seen);
        source.count(seen);
    });
    source.report();
    return unit_access::view<Result>(out);
}

template <class Result, class T>
unit_embeddings<Result> normalize_to_new(matrix_view<const T> rows, const execution& how,
                                         const normalize_options& options, const char* function) {
    require_result_type<Result, T>();
    auto out = matrix<Result>::uninitialized(rows.rows(), rows.dim());
    normalize_rows(rows, out.view(), how, options, function);
    return unit_access::embeddings(static_cast<matrix<Result>&&>(out));
}

template <class T>
unit_view<T> adopt_rows(matrix_view<const T> rows, double tolerance, row_report* report) {
    row_report seen;
    for (index i = 0; i < rows.rows(); ++i) {
        const kernel::row_length length = kernel::length_of(rows.row(i), rows.dim());
        const kernel::row_kind kind = length.kind();
        if (kind == kernel::row_kind::zero) seen.add_zero(i);
        if (kind == kernel::row_kind::non_finite) seen.add_non_finite(i);
        if (kind == kernel::row_kind::regular && !(std::fabs(length.norm() - 1.0) <= tolerance))
            fail<value_error>("adopt_unit: row ", i, " has norm ", length.norm(), ", not 1 within ", tolerance);
    }
    if (report != nullptr) *report = seen;
    return unit_access::view<T>(rows);
}

/// The first `dims` elements of every row.
template <class T>
matrix_view<const T> first_elements(matrix_view<const T> rows, index dims) {
    if (dims < 1 || dims > rows.dim()) fail<shape_error>("truncate: ", dims, " of dim ", rows.dim(), " cannot be kept");
    return {rows.data(), rows.rows(), dims, rows.stride()};
}

}  // namespace detail

/// Rows at unit length, in the caller's memory.
///
///   out[i] = rows[i] / |rows[i]|
///
/// Shapes   rows [n, dim], out [n, dim]; any row strides >= dim. float, double, float16, bfloat16 or int8_t in, float
///          out; double out from rows of double.
/// Units    none: | |out[i]| - 1 | <= 1.2e-7. The norm is taken in double, without eps: no row is too short or long.
/// Errors   shape_error if the shapes differ or the memory overlaps (out may be exactly the input); value_error for
///          zero or non-finite rows where the options say so, before anything is written. By default a zero row stays
///          zero and a row with NaN or Inf becomes NaN.
/// Threads  `how` splits the rows.   Memory  none.
/// Source   Radford et al. 2021, arXiv:2103.00020, figure 3: "I_e = l2_normalize(np.dot(I_f, W_i), axis=1)".
template <class Rows>
unit_view<float> normalize_into(const Rows& rows, matrix_view<float> out, const execution& how,
                                const normalize_options& options = {}) {
    const auto view = engine::view_of(rows);
    return detail::normalize_rows(engine::values_of(view), out, how, options, "normalize_into");
}
template <class Rows>
unit_view<double> normalize_into(const Rows& rows, matrix_view<double> out, const execution& how,
                                 const normalize_options& options = {}) {
    const auto view = engine::view_of(rows);
    return detail::normalize_rows(engine::values_of(view), out, how, options, "normalize_into");
}
/// On the caller's thread.
template <class Rows>
unit_view<float> normalize_into(const Rows& rows, matrix_view<float> out, const normalize_options& options = {}) {
    return normalize_into(rows, out, sequential{}, options);
}
template <class Rows>
unit_view<double> normalize_into(const Rows& rows, matrix_view<double> out, const normalize_options& options = {}) {
    return normalize_into(rows, out, sequential{}, options);
}

/// Rows at unit length, where they are: normalize_into(rows, rows).
///
/// Shapes   rows [n, dim], any row stride >= dim.
/// Units, Errors, Threads, Memory, Source   as normalize_into.
inline unit_view<float> normalize_in_place(matrix_view<float> rows, const execution& how,
                                           const normalize_options& options = {}) {
    return detail::normalize_rows(matrix_view<const float>(rows), rows, how, options, "normalize_in_place");
}
inline unit_view<double> normalize_in_place(matrix_view<double> rows, const execution& how,
                                            const normalize_options& options = {}) {
    return detail::normalize_rows(matrix_view<const double>(rows), rows, how, options, "normalize_in_place");
}
/// On the caller's thread.
inline unit_view<float> normalize_in_place(matrix_view<float> rows, const normalize_options& options = {}) {
    return normalize_in_place(rows, sequential{}, options);
}
inline unit_view<double> normalize_in_place(matrix_view<double> rows, const normalize_options& options = {}) {
    return normalize_in_place(rows, sequential{}, options);
}

/// Rows at unit length, as a new matrix of a type that every similarity takes as it is.
///
/// Shapes   rows [n, dim] -> [n, dim]; a std::vector, std::array or std::span is one row. normalize<double>(rows) keeps
///          rows of double in double.
/// Units, Errors, Threads, Source   as normalize_into.   Memory  allocates the result only.
template <class Result = float, class Rows>
unit_embeddings<Result> normalize(const Rows& rows, const execution& how, const normalize_options& options = {}) {
    const auto view = engine::view_of(rows);
    return detail::normalize_to_new<Result>(engine::values_of(view), how, options, "normalize");
}
template <class Result = float, class Rows>
unit_embeddings<Result> normalize(const Rows& rows, const normalize_options& options = {}) {
    return normalize<Result>(rows, sequential{}, options);
}
/// The same for one row of `dim` elements behind a pointer.
///
/// Shapes, Units, Errors, Threads, Memory, Source   as above.
template <class Result = float, class T>
unit_embeddings<Result> normalize(const T* row, index dim, const normalize_options& options = {}) {
    return detail::normalize_to_new<Result>(matrix_view<const T>(row, 1, dim), sequential{}, options, "normalize");
}

/// The first `dims` elements of every row, at unit length again: what Matryoshka embeddings are made for.
///
///   out[i] = p / |p|,   p = rows[i][0 .. dims)
///
/// Cutting alone leaves rows that are too short, and dot products that are no cosines.
///
/// Shapes   rows [n, dim], raw or unit -> [n, dims], 1 <= dims <= dim.
/// Units    as normalize_into.
/// Errors   shape_error for other dims; else as normalize_into. A row whose first elements are all zero is a zero row.
/// Threads  the caller's.   Memory  allocates the result only.
/// Source   Kusupati et al. 2022, arXiv:2205.13147.
template <class Result = float, class Rows>
unit_embeddings<Result> truncate(const Rows& rows, index dims, const normalize_options& options = {}) {
    const auto view = engine::view_of(rows);
    return detail::normalize_to_new<Result>(detail::first_elements(engine::values_of(view), dims), sequential{},
                                            options, "truncate");
}

/// The length of every row.
///
///   out[i] = sqrt(sum_k rows[i][k]^2)
///
/// Shapes   rows [n, dim] -> n doubles.
/// Units    those of the rows. At most half a unit in the last place of float from exact for float, float16, bfloat16
///          and int8 rows, two of double for double rows; never overflows or underflows where the result is a number.
/// Errors   shape_error if out is null or in the memory of the rows. A row with NaN or Inf has the norm NaN or Inf.
/// Threads  the caller's.   Memory  none, or the vector and as much again until it is returned.
/// Source   IEEE 754: the square of a binary32 or binary16 number is a binary64 number, exactly.
template <class Rows>
void norms(const Rows& rows, double* out) {
    const auto view = engine::view_of(rows);
    const auto values = engine::values_of(view);
    detail::require_apart("norms", "out", matrix_view<double>(out, 1, values.rows()), "the rows", values);
    for (index i = 0; i < values.rows(); ++i) out[i] = kernel::length_of(values.row(i), values.dim()).norm();
}
template <class Rows>
std::vector<double> norms(const Rows& rows) {
    const auto view = engine::view_of(rows);
    auto lengths = matrix<double>::uninitialized(1, view.rows());
    norms(engine::values_of(view), lengths.data());
    return detail::to_vector(lengths);
}

/// Whether every row has unit length: | |rows[i]| - 1 | <= tolerance. A zero row or one with NaN or Inf has not.
///
/// Shapes   rows [n, dim].   Units  none.   Errors  none.
/// Threads  the caller's.   Memory  none.
/// Source   the default tolerance is that of Apache Lucene's dot-product similarity.
template <class Rows>
bool is_unit(const Rows& rows, double tolerance = 1e-4) {
    const auto view = engine::view_of(rows);
    const auto values = engine::values_of(view);
    for (index i = 0; i < values.rows(); ++i) {
        const kernel::row_length length = kernel::length_of(values.row(i), values.dim());
        if (length.kind() != kernel::row_kind::regular) return false;
        if (!(std::fabs(length.norm() - 1.0) <= tolerance)) return false;
    }
    return true;
}

/// Rows that are unit length already, taken as unit rows without a copy.
///
/// Shapes   rows [n, dim] of float or double, any row stride >= dim.
/// Units    none; the rows are used as they are, so their cosines are off by up to twice the tolerance.
/// Errors   value_error with row and norm if | |rows[i]| - 1 | > tolerance. Zero rows and rows with NaN or Inf have no
///          direction to be wrong about: they pass, counted in `report`.
/// Threads  the caller's.   Memory  none: the view is of the caller's memory.
/// Source   16-bit rows are never adopted: rounding leaves them up to 5e-4 off. normalize() them to float.
inline unit_view<float> adopt_unit(matrix_view<const float> rows, double tolerance = 1e-4,
                                   row_report* report = nullptr) {
    return detail::adopt_rows(rows, tolerance, report);
}
inline unit_view<double> adopt_unit(matrix_view<const double> rows, double tolerance = 1e-4,
                                    row_report* report = nullptr) {
    return detail::adopt_rows(rows, tolerance, report);
}
template <class Rows, std::enable_if_t<!std::is_convertible_v<const Rows&, matrix_view<const float>> &&
                                           !std::is_convertible_v<const Rows&, matrix_view<const double>>,
                                       int> = 0>
unit_view<float> adopt_unit(const Rows&, double = 1e-4, row_report* = nullptr) {
    static_assert(!std::is_same_v<Rows, Rows>,
                  "adopt_unit: takes contiguous rows of float or double; 16-bit rows are off unit length by up to "
                  "5e-4, normalize() them");
    return unit_access::view<float>({});
}
/// The view would outlive the rows.
template <class Owner, std::enable_if_t<detail::owns_rows<Owner>, int> = 0>
void adopt_unit(Owner&&, double = 1e-4, row_report* = nullptr) = delete;

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
