/// Arithmetic on directions: means, centering, and the way between two rows. Raw rows are normalized first.
#pragma once

#include "detail/great_circle.hpp"
#include "detail/means.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// `mean` says what happens where the sum is zero: a result without a direction.
struct mean_direction_options {
    row_policy rows = {}, mean = {};
    number_list weights = {};  ///< one for each row, negative ones too: a query mixed from several; none: all 1
};
struct centroid_options {
    row_policy rows = {};
};
struct add_directions_options {
    row_policy rows = {};
    number_list weights = {};     ///< as of mean_direction
    number_list sum_of_row = {};  ///< the row of `sums` that each row is added to; none: row 0
};
struct center_options {
    row_policy rows = {};
};
struct slerp_options {
    row_policy a = {}, b = {};
};

/// The direction in which rows point together, in the caller's memory.
///
///   m / |m|,   m = sum_i options.weights[i] rows[i] / |rows[i]|
///
/// Each row counts by its direction: the mean of raw rows is another, wrong vector.
///
/// Shapes   rows [n, dim] -> [1, dim], n >= 1.
/// Units    none: a unit row. The sum is taken in double. Only the ratios of the weights count.
/// Errors   shape_error if out has another shape or is in the memory of the rows or weights, or for another number of
///          weights; value_error for no rows and for a weight or a row that is not finite, whatever its policy says
///          (names it). Zero rows count as nothing. Where the sum is zero, the result is what options.mean says: by
///          default a zero row, counted in its report as row 0.
/// Threads  the caller's: sums keep the order of the rows.   Memory  [2, dim] from the workspace of `how`.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 3.1.4.
template <class Rows, class Out, detail::if_rows<Rows> = 0>
unit_view<float> mean_direction_into(const Rows& rows, Out&& out, const execution& how = {},
                                     const mean_direction_options& options = {}) {
    return detail::direction_of_mean(engine::view_of(rows), detail::output_of<Out, float>(out), how, options);
}
/// The same as a new row.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Rows, detail::if_rows<Rows> = 0>
unit_embeddings<float> mean_direction(const Rows& rows, const execution& how = {},
                                      const mean_direction_options& options = {}) {
    const auto view = engine::view_of(rows);
    auto out = matrix<float>::uninitialized(1, view.dim());
    detail::direction_of_mean(view, out.view(), how, options);
    return unit_access::embeddings(static_cast<matrix<float>&&>(out));
}
UNITSPHERE_REFUSE_OTHER_ROWS(mean_direction);

/// Adds unit rows to sums in double: a mean direction whose rows come block after block, from files or machines.
///
///   sums[options.sum_of_row[i]] += options.weights[i] rows[i] / |rows[i]|          for i = 0, 1, ..
///
/// normalize(sums) is then mean_direction, or prompt_ensemble, of all rows, in the order in which they were added: the
/// same bits, however the rows were cut. So hand the sums on from block to block (MPI, gRPC, a file); sums of blocks
/// that were begun at zero and added afterwards round otherwise.
///
/// Shapes   rows [n, dim], n >= 0; sums [s, dim] of double, in the caller's memory, zero at first. options.weights and
///          options.sum_of_row: one for each row, or none.
/// Units    weights are taken as they are: sums that leave the range of double are infinite.
/// Errors   shape_error if dims or the lengths of lists disagree, or the sums overlap an argument; value_error for a
///          number that is no row of `sums`, and for a weight or a row that is not finite, whatever its policy says
///          (names it): nothing is added then. Zero rows count as nothing, and in their report.
/// Threads  the caller's: sums keep the order of the rows.   Memory  [1, dim] from the workspace of `how`.
/// Source   as mean_direction.
template <class Rows, class Sums, detail::if_rows<Rows> = 0>
void add_directions(const Rows& rows, Sums&& sums, const execution& how = {},
                    const add_directions_options& options = {}) {
    detail::add_rows_to_sums(engine::view_of(rows), detail::output_of<Sums, double>(sums), how, options);
}
UNITSPHERE_REFUSE_ROWS(add_directions, unless_rows);

/// The mean of the unit rows, at its own length: 1 where all rows point the same way, near 0 where they point anywhere.
/// In the caller's memory.
///
///   (1 / n) sum_i rows[i] / |rows[i]|          n: the rows that are not zero
///
/// Shapes   rows [n, dim] -> [1, dim], plain numbers: what center() subtracts.
/// Units    none. The sum is taken in double.
/// Errors   shape_error if out has another shape or is in the memory of the rows; value_error for no rows, none but
///          zero rows, and for a row that is not finite, whatever its policy says (names it).
/// Threads  the caller's: sums keep the order of the rows.   Memory  [2, dim] from the workspace of `how`.
/// Source   Liang et al. 2022, arXiv:2203.02053, section 4: the mean of a modality.
template <class Rows, class Out, detail::if_rows<Rows> = 0>
void centroid_into(const Rows& rows, Out&& out, const execution& how = {}, const centroid_options& options = {}) {
    detail::centroid_of(engine::view_of(rows), detail::output_of<Out, float>(out), how, options.rows);
}
/// The same as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Rows, detail::if_rows<Rows> = 0>
matrix<float> centroid(const Rows& rows, const execution& how = {}, const centroid_options& options = {}) {
    const auto view = engine::view_of(rows);
    auto out = matrix<float>::uninitialized(1, view.dim());
    detail::centroid_of(view, out.view(), how, options.rows);
    return out;
}
UNITSPHERE_REFUSE_OTHER_ROWS(centroid);

/// Unit rows less a mean, in the caller's memory: a separate, explicit step that takes out what all rows of a modality
/// have in common.
///
///   out[i] = rows[i] / |rows[i]| - mean
///
/// The result is plain rows, not unit rows: whatever takes them next normalizes them again.
///
/// Shapes   rows [n, dim], mean: one row of floats -> [n, dim]. centroid(rows) is the usual mean.
/// Units    none.
/// Errors   shape_error if `mean` is not one row of the same dim, if out has another shape than the rows or overlaps
///          the mean or the rows (it may be exactly the rows); value_error if the mean is not finite. Rows without a
///          direction as in normalize; a zero row stays zero: a failed image must not become the opposite of the mean.
/// Threads  `how` splits the rows.   Memory  none.
/// Source   Liang et al. 2022, arXiv:2203.02053, section 4.
template <class Rows, class Out, detail::if_rows<Rows> = 0>
void center_into(const Rows& rows, required<matrix_view<const float>> mean, Out&& out, const execution& how = {},
                 const center_options& options = {}) {
    detail::center_rows(engine::view_of(rows), mean, detail::output_of<Out, float>(out), how, options.rows);
}
/// The same as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
template <class Rows, detail::if_rows<Rows> = 0>
matrix<float> center(const Rows& rows, required<matrix_view<const float>> mean, const execution& how = {},
                     const center_options& options = {}) {
    const auto view = engine::view_of(rows);
    auto out = matrix<float>::uninitialized(view.rows(), view.dim());
    detail::center_rows(view, mean, out.view(), how, options.rows);
    return out;
}
UNITSPHERE_REFUSE_OTHER_ROWS(center);

/// Points on the great circle from one unit row to another, in the caller's memory.
///
///   out[i] = (sin((1 - t) theta) a[i] + sin(t theta) b[i]) / sin(theta),   theta the angle between them; a, b unit
///
/// The arc between two images or between an image and a text: t = 0 is a, t = 1 is b, 0.5 the direction in the middle.
///
/// Shapes   a, b [n, dim] -> [n, dim]; raw or unit on either side. t beyond [0, 1] goes on along the circle; equal rows
///          stay where they are.
/// Units    none: unit rows, computed in double.
/// Errors   shape_error if a and b disagree in rows or dim, if out has another shape or overlaps them (it may be
///          exactly one of them); value_error for a t that is not finite and, unless t is 0 or 1, for opposite rows
///          (within 1e-6; names the first), before anything is written. A pair with a zero row gives a zero row, one
///          with NaN or Inf gives NaN; or an error where the options of that side say so.
/// Threads  `how` splits the rows; every split gives the same bits.
/// Memory   some 60 bytes a row, and two rows for each worker, from the workspace of `how`.
/// Source   Shoemake 1985, Animating rotation with quaternion curves, section 3.3.
template <class A, class B, class Out, detail::if_rows<A, B> = 0>
unit_view<float> slerp_into(const A& a, const B& b, required<double> t, Out&& out, const execution& how = {},
                            const slerp_options& options = {}) {
    return detail::points_between(engine::view_of(a), engine::view_of(b), t, detail::output_of<Out, float>(out), how,
                                  options.a, options.b);
}
/// The same as new rows.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class A, class B, detail::if_rows<A, B> = 0>
unit_embeddings<float> slerp(const A& a, const B& b, required<double> t, const execution& how = {},
                             const slerp_options& options = {}) {
    const auto view_a = engine::view_of(a);
    const auto view_b = engine::view_of(b);
    auto out = matrix<float>::uninitialized(view_a.rows(), view_a.dim());
    detail::points_between(view_a, view_b, t, out.view(), how, options.a, options.b);
    return unit_access::embeddings(static_cast<matrix<float>&&>(out));
}
UNITSPHERE_REFUSE_OTHER_PAIRS(slerp);

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
