/// Arithmetic on directions: means, centering, and the way between two rows. Raw rows are normalized first.
#pragma once

#include "detail/direction_sums.hpp"
#include "detail/great_circle.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// `mean` says what happens where the sum is zero: a result without a direction.
struct mean_direction_options {
    row_policy rows = {}, mean = {};
};
struct centroid_options {
    row_policy rows = {};
};
struct center_options {
    row_policy rows = {};
};
struct slerp_options {
    row_policy a = {}, b = {};
};

namespace detail {

template <class View>
void require_mean(const char* function, const View& rows, const matrix_view<float>& out) {
    require_shape(function, "out", out, 1, rows.dim());
    require_apart(function, "out", out, "the rows", engine::values_of(rows));
    if (rows.rows() == 0) fail<value_error>(function, ": there are no rows");
}

template <class View, class Weight>
unit_view<float> direction_of_mean(const View& rows, Weight&& weight_of, const matrix_view<float>& out,
                                   const execution& how, const mean_direction_options& options) {
    constexpr const char* function = "mean_direction";
    require_mean(function, rows, out);
    engine::row_source source(rows, refuse_non_finite(options.rows), function, "row ");
    direction_sums sum(how, source.function(), 1, rows.dim());
    sum.add(
        source, [](idx_t) { return idx_t(0); }, weight_of);
    sum.directions(out, options.mean, function, "mean, row ");
    source.report();
    return unit_access::view<float>(out);
}

inline double weight_of_one(idx_t) noexcept { return 1.0; }

/// The power of two that is taken from all weights, so that the largest ones add up too.
template <class Weight>
int exponent_of_weights(const matrix_view<const Weight>& weights, idx_t rows) {
    if (weights.rows() != rows)
        fail<shape_error>("mean_direction: ", rows, " rows, weights has ", weights.rows(), " entries");
    double largest = 0.0;
    for (idx_t i = 0; i < rows; ++i) {
        const double size = std::fabs(double(weights(i, 0)));
        if (!is_finite(size)) fail<value_error>("mean_direction: weight ", i, " is not finite");
        largest = size > largest ? size : largest;
    }
    int exponent = 0;
    std::frexp(largest, &exponent);
    return exponent;
}

template <class View, class Weight>
unit_view<float> direction_of_weighted(const View& rows, const matrix_view<const Weight>& weights,
                                       const matrix_view<float>& out, const execution& how,
                                       const mean_direction_options& options) {
    const int exponent = exponent_of_weights(weights, rows.rows());
    require_apart("mean_direction", "out", out, "the weights", weights);
    return direction_of_mean(
        rows, [&](idx_t i) { return std::ldexp(double(weights(i, 0)), -exponent); }, out, how, options);
}

template <class View>
void centroid_of(const View& rows, const matrix_view<float>& out, const execution& how,
                 const centroid_options& options) {
    require_mean("centroid", rows, out);
    row_report seen;
    row_policy policy = refuse_non_finite(options.rows);
    policy.report = &seen;
    engine::row_source source(rows, policy, "centroid", "row ");
    direction_sums sum(how, source.function(), 1, rows.dim());
    sum.add(
        source, [](idx_t) { return idx_t(0); }, weight_of_one);
    source.report();
    const idx_t counted = rows.rows() - seen.zero_rows;
    if (counted == 0) fail<value_error>("centroid: all ", rows.rows(), " rows are zero");
    kernel::scale_row(sum.row(0), rows.dim(), kernel::row_factors<double>{1.0, 1.0 / double(counted)}, out.row(0));
    if (options.rows.report != nullptr) *options.rows.report = seen;
}

template <class View>
void center_rows(const View& rows, const matrix_view<const float>& mean, const matrix_view<float>& out,
                 const execution& how, const center_options& options) {
    require_shape("center", "mean", mean, 1, rows.dim());
    require_row_wise("center", engine::values_of(rows), "the rows", out);
    require_apart("center", "out", out, "mean", mean);
    if (kernel::length_of(mean.data(), mean.dim()).kind() == kernel::row_kind::non_finite)
        fail<value_error>("center: mean is not finite");
    engine::row_source source(rows, options.rows, "center", "row ");
    engine::for_each_rows(how, source.rows(), source.dim(), [&](idx_t first, idx_t end) {
        row_report seen;
        for (idx_t i = first; i < end; ++i) {
            const kernel::row_length length = kernel::length_of(source.row(i), source.dim());
            kernel::scale_row(source.row(i), source.dim(), source.factors(i, length, seen), out.row(i));
            if (length.kind() != kernel::row_kind::zero)
                kernel::subtract_row(out.row(i), mean.data(), out.dim(), out.row(i));
        }
        source.count(seen);
    });
    source.report();
}

template <class A, class B>
unit_view<float> points_between(const A& a, const B& b, double t, const matrix_view<float>& out, const execution& how,
                                const slerp_options& options) {
    if (a.rows() != b.rows() || a.dim() != b.dim())
        fail<shape_error>("slerp: a is ", a.rows(), " x ", a.dim(), ", b is ", b.rows(), " x ", b.dim());
    if (!is_finite(t)) fail<value_error>("slerp: t is not finite");
    require_row_wise("slerp", engine::values_of(a), "a", out);
    require_row_wise("slerp", engine::values_of(b), "b", out);
    engine::row_source source_a(a, options.a, "slerp", "a, row ");
    engine::row_source source_b(b, options.b, "slerp", "b, row ");
    great_circles circles(source_a, source_b, how);
    const idx_t opposite = circles.find_blends(t);
    if (opposite >= 0) fail<value_error>("slerp: rows ", opposite, " of a and b are opposite: no way is the shortest");
    circles.write(out);
    source_a.report();
    source_b.report();
    return unit_access::view<float>(out);
}

}  // namespace detail

/// The direction in which rows point together, in the caller's memory.
///
///   m / |m|,   m = sum_i rows[i] / |rows[i]|
///
/// Each row counts by its direction: the mean of raw rows is another, wrong vector.
///
/// Shapes   rows [n, dim] -> [1, dim], n >= 1.
/// Units    none: a unit row. The sum is taken in double.
/// Errors   shape_error if out has another shape or is in the memory of the rows; value_error for no rows and for a row
///          that is not finite, whatever its policy says (names it). Zero rows count as nothing. Where the sum is zero,
///          the result is what options.mean says: by default a zero row, counted in its report as row 0.
/// Threads  the caller's: sums keep the order of the rows.   Memory  [2, dim] from the workspace of `how`.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 3.1.4.
template <class Rows, class Out, detail::if_rows<Rows> = 0>
unit_view<float> mean_direction_into(const Rows& rows, Out&& out, const execution& how = {},
                                     const mean_direction_options& options = {}) {
    return detail::direction_of_mean(engine::view_of(rows), detail::weight_of_one,
                                     detail::output_of<float>(static_cast<Out&&>(out)), how, options);
}
/// The same as a new row.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Rows, detail::if_rows<Rows> = 0>
unit_embeddings<float> mean_direction(const Rows& rows, const execution& how = {},
                                      const mean_direction_options& options = {}) {
    const auto view = engine::view_of(rows);
    auto out = matrix<float>::uninitialized(1, view.dim());
    detail::direction_of_mean(view, detail::weight_of_one, out.view(), how, options);
    return unit_access::embeddings(static_cast<matrix<float>&&>(out));
}
/// The same with a weight for each row, negative ones too: a query mixed from several. In the caller's memory.
///
///   m / |m|,   m = sum_i weights[i] rows[i] / |rows[i]|
///
/// Shapes   rows [n, dim], weights: n numbers (any contiguous container) -> [1, dim].
/// Units    as above; only the ratios of the weights count.
/// Errors   shape_error if the lengths differ; value_error for a weight that is not finite; else as above.
/// Threads, Memory, Source   as above.
template <class Rows, class Weights, class Out, detail::if_rows<Rows> = 0, detail::if_number_list<Weights> = 0,
          std::enable_if_t<!std::is_convertible_v<Out&&, execution>, int> = 0>
unit_view<float> mean_direction_into(const Rows& rows, const Weights& weights, Out&& out, const execution& how = {},
                                     const mean_direction_options& options = {}) {
    return detail::direction_of_weighted(engine::view_of(rows), detail::column_of(weights),
                                         detail::output_of<float>(static_cast<Out&&>(out)), how, options);
}
/// The same as a new row.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Rows, class Weights, detail::if_rows<Rows> = 0, detail::if_number_list<Weights> = 0>
unit_embeddings<float> mean_direction(const Rows& rows, const Weights& weights, const execution& how = {},
                                      const mean_direction_options& options = {}) {
    const auto view = engine::view_of(rows);
    auto out = matrix<float>::uninitialized(1, view.dim());
    detail::direction_of_weighted(view, detail::column_of(weights), out.view(), how, options);
    return unit_access::embeddings(static_cast<matrix<float>&&>(out));
}
UNITSPHERE_REFUSE_OTHER_ROWS(mean_direction);

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
    detail::centroid_of(engine::view_of(rows), detail::output_of<float>(static_cast<Out&&>(out)), how, options);
}
/// The same as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Rows, detail::if_rows<Rows> = 0>
matrix<float> centroid(const Rows& rows, const execution& how = {}, const centroid_options& options = {}) {
    const auto view = engine::view_of(rows);
    auto out = matrix<float>::uninitialized(1, view.dim());
    detail::centroid_of(view, out.view(), how, options);
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
void center_into(const Rows& rows, matrix_view<const float> mean, Out&& out, const execution& how = {},
                 const center_options& options = {}) {
    detail::center_rows(engine::view_of(rows), mean, detail::output_of<float>(static_cast<Out&&>(out)), how, options);
}
/// The same as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result.
template <class Rows, detail::if_rows<Rows> = 0>
matrix<float> center(const Rows& rows, matrix_view<const float> mean, const execution& how = {},
                     const center_options& options = {}) {
    const auto view = engine::view_of(rows);
    auto out = matrix<float>::uninitialized(view.rows(), view.dim());
    detail::center_rows(view, mean, out.view(), how, options);
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
    return detail::points_between(engine::view_of(a), engine::view_of(b), t,
                                  detail::output_of<float>(static_cast<Out&&>(out)), how, options);
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
    detail::points_between(view_a, view_b, t, out.view(), how, options);
    return unit_access::embeddings(static_cast<matrix<float>&&>(out));
}
UNITSPHERE_REFUSE_OTHER_PAIRS(slerp);

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
