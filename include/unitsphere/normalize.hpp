/// Raw encoder rows to unit rows, norms, and the test whether rows are unit already.
#pragma once

#include "data/options.hpp"
#include "detail/normalize_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

struct truncate_dim_options {
    row_policy rows = {};
};
struct is_unit_options {
    double tolerance = 1e-4;  ///< of a norm: how far from 1
};
struct adopt_unit_options {
    double tolerance = 1e-4;
    row_report* report = nullptr;  ///< where to write the counts of rows without a direction; may be null
};

namespace detail {

/// The first `dims` elements of every row.
template <class T>
matrix_view<const T> first_elements(matrix_view<const T> rows, idx_t dims) {
    if (dims < 1 || dims > rows.dim())
        fail<shape_error>("truncate_dim: ", dims, " of dim ", rows.dim(), " cannot be kept");
    return {rows.data(), rows.rows(), dims, rows.stride()};
}

template <class T>
void norms_of(matrix_view<const T> rows, double* out, const execution& how) {
    engine::for_each_rows(how, rows.rows(), rows.dim(), [&](idx_t first, idx_t end) {
        for (idx_t i = first; i < end; ++i) out[i] = kernel::length_of(rows.row(i), rows.dim()).norm();
    });
}

template <class T>
unit_view<T> adopt_rows(matrix_view<const T> rows, double tolerance, row_report* report) {
    row_report seen;
    for (idx_t i = 0; i < rows.rows(); ++i) {
        const kernel::row_length length = kernel::length_of(rows.row(i), rows.dim());
        const kernel::row_kind kind = length.kind();
        if (kind == kernel::row_kind::zero) seen.add_zero(i);
        if (kind == kernel::row_kind::non_finite) seen.add_non_finite(i);
        if (!(norm_deviation(length) <= tolerance))
            fail<value_error>("adopt_unit: row ", i, " has norm ", length.norm(), ", not 1 within ", tolerance);
    }
    if (report != nullptr) *report = seen;
    return unit_access::view<T>(rows);
}

/// Rows of float or double that are read where they are, and outlive the call.
template <class Rows>
inline constexpr bool is_adoptable =
    (views_as<std::remove_reference_t<Rows>, const float>::value ||
     views_as<std::remove_reference_t<Rows>, const double>::value ||
     std::is_convertible_v<Rows, matrix_view<const float>> ||
     std::is_convertible_v<Rows, matrix_view<const double>>)&&(std::is_lvalue_reference_v<Rows> ||
                                                               !owns_rows<std::remove_cv_t<Rows>>);

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
template <class Rows, class Out, detail::if_rows<Rows> = 0>
auto normalize_into(const Rows& rows, Out&& out, const execution& how = {}, const normalize_options& options = {}) {
    const auto view = engine::view_of(rows);
    return detail::normalize_rows(engine::values_of(view), detail::output_of<Out, float, double>(out), how,
                                  options.rows, "normalize");
}
/// Rows of float or double at unit length, where they are: normalize_into(rows, rows).
///
/// Shapes   rows [n, dim], any row stride >= dim.
/// Units, Errors, Threads, Memory, Source   as above.
template <class Rows, detail::if_rows<Rows> = 0>
auto normalize_in_place(Rows&& rows, const execution& how = {}, const normalize_options& options = {}) {
    const auto out = detail::output_of<Rows, float, double>(rows);
    return detail::normalize_rows(engine::view_of(out), out, how, options.rows, "normalize_in_place");
}
/// Rows at unit length, as a new matrix of a type that every similarity takes as it is.
///
/// Shapes   rows [n, dim] -> [n, dim]; a std::vector, std::array or std::span is one row. normalize<double>(rows) keeps
///          rows of double in double.
/// Units, Errors, Threads, Source   as above.   Memory  the result.
template <class Result = float, class Rows, detail::if_rows<Rows> = 0>
unit_embeddings<Result> normalize(const Rows& rows, const execution& how = {}, const normalize_options& options = {}) {
    const auto view = engine::view_of(rows);
    return detail::normalize_to_new<Result>(engine::values_of(view), how, options.rows, "normalize");
}
UNITSPHERE_REFUSE_OTHER_ROWS(normalize);
UNITSPHERE_REFUSE_ROWS(normalize_in_place, unless_rows);

/// The first `dims` elements of every row at unit length again, in the caller's memory: what Matryoshka embeddings are
/// made for.
///
///   out[i] = p / |p|,   p = rows[i][0 .. dims)
///
/// Cutting alone leaves rows that are too short, and dot products that are no cosines.
///
/// Shapes   rows [n, dim], raw or unit -> out [n, dims], 1 <= dims <= dim.
/// Units    as normalize_into.
/// Errors   shape_error for other dims; else as normalize_into. A row whose first elements are all zero is a zero row.
/// Threads  `how` splits the rows.   Memory  none.
/// Source   Kusupati et al. 2022, arXiv:2205.13147.
template <class Rows, class Out, detail::if_rows<Rows> = 0>
auto truncate_dim_into(const Rows& rows, required<idx_t> dims, Out&& out, const execution& how = {},
                       const truncate_dim_options& options = {}) {
    const auto view = engine::view_of(rows);
    return detail::normalize_rows(detail::first_elements(engine::values_of(view), dims),
                                  detail::output_of<Out, float, double>(out), how, options.rows, "truncate_dim");
}
/// The same as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
template <class Result = float, class Rows, detail::if_rows<Rows> = 0>
unit_embeddings<Result> truncate_dim(const Rows& rows, required<idx_t> dims, const execution& how = {},
                                     const truncate_dim_options& options = {}) {
    const auto view = engine::view_of(rows);
    return detail::normalize_to_new<Result>(detail::first_elements(engine::values_of(view), dims), how, options.rows,
                                            "truncate_dim");
}
UNITSPHERE_REFUSE_OTHER_ROWS(truncate_dim);

/// The length of every row, in the caller's memory.
///
///   out[i] = sqrt(sum_k rows[i][k]^2)
///
/// Shapes   rows [n, dim] -> n doubles (an array, a std::vector or one row).
/// Units    those of the rows. At most half a unit in the last place of float from exact for float, float16, bfloat16
///          and int8 rows, two of double for double rows; never overflows or underflows where the result is a number.
/// Errors   shape_error if out has another size or is in the memory of the rows. A row with NaN or Inf has the norm NaN
///          or Inf.
/// Threads  `how` splits the rows.   Memory  none.
/// Source   IEEE 754: the square of a binary32 or binary16 number is a binary64 number, exactly.
template <class Rows, class Out, detail::if_rows<Rows> = 0>
void norms_into(const Rows& rows, Out&& out, const execution& how = {}) {
    const auto view = engine::view_of(rows);
    const auto lengths = detail::output_of<Out, double>(out);
    detail::require_shape("norms", "out", lengths, 1, view.rows());
    detail::require_apart("norms", "out", lengths, "the rows", engine::values_of(view));
    detail::norms_of(engine::values_of(view), lengths.data(), how);
}
/// The same as a new array.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
template <class Rows, detail::if_rows<Rows> = 0>
array<double> norms(const Rows& rows, const execution& how = {}) {
    const auto view = engine::view_of(rows);
    auto lengths = array<double>::uninitialized(view.rows());
    detail::norms_of(engine::values_of(view), lengths.data(), how);
    return lengths;
}
UNITSPHERE_REFUSE_OTHER_ROWS(norms);

/// Whether every row has unit length: | |rows[i]| - 1 | <= options.tolerance. Zero rows and rows with NaN or Inf have
/// not.
///
/// Shapes   rows [n, dim].   Units  none.   Errors  none.
/// Threads  the caller's.   Memory  none.
/// Source   the default tolerance is that of Apache Lucene's dot-product similarity.
template <class Rows, detail::if_rows<Rows> = 0>
bool is_unit(const Rows& rows, const is_unit_options& options = {}) {
    const auto view = engine::view_of(rows);
    const auto values = engine::values_of(view);
    for (idx_t i = 0; i < values.rows(); ++i) {
        const kernel::row_length length = kernel::length_of(values.row(i), values.dim());
        if (length.kind() != kernel::row_kind::regular) return false;
        if (!(detail::norm_deviation(length) <= options.tolerance)) return false;
    }
    return true;
}
UNITSPHERE_REFUSE_ROWS(is_unit, unless_rows);

/// Rows that are unit length already, taken as unit rows without a copy.
///
/// Shapes   rows [n, dim] of float or double, any row stride >= dim.
/// Units    none; the rows are used as they are, so their cosines are off by up to twice the tolerance.
/// Errors   value_error with row and norm if | |rows[i]| - 1 | > options.tolerance. Zero rows and rows with NaN or Inf
///          have no direction to be wrong about: they pass, counted in options.report.
/// Threads  the caller's.   Memory  none: the view is of the caller's memory.
/// Source   16-bit rows are never adopted: rounding leaves them up to 5e-4 off. normalize() them to float.
template <class Rows, std::enable_if_t<detail::is_adoptable<Rows>, int> = 0>
auto adopt_unit(Rows&& rows, const adopt_unit_options& options = {}) {
    using element = typename decltype(to_view(rows))::value_type;
    return detail::adopt_rows(matrix_view<const element>(rows), options.tolerance, options.report);
}
template <class Rows, class... More,
          class Advice = detail::pass_contiguous_rows_of_float_or_double_that_outlive_the_view_or_normalize_them,
          std::enable_if_t<!detail::is_adoptable<Rows>, int> = 0>
void adopt_unit(Rows&&, More&&...) = delete;

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
