/// Arithmetic on directions: means, centering, and the way between two rows. Raw rows are normalized first.
#pragma once

#include "data/column.hpp"
#include "kernel/direction.hpp"
#include "normalize.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

/// sums[place_of(i)] += weight_of(i) * rows[i] / |rows[i]|: the unit rows as floats, added in double.
template <class T, class Place, class Weight>
void add_directions(engine::row_source<T>& rows, matrix<double>& sums, Place&& place_of, Weight&& weight_of) {
    auto unit = matrix<float>::uninitialized(1, rows.dim());
    for (index i = 0; i < rows.rows(); ++i) {
        kernel::scale_row(rows.row(i), rows.dim(), rows.factors(i), unit.data());
        kernel::add_row(unit.data(), rows.dim(), weight_of(i), sums.row(place_of(i)));
    }
}

/// The mean of any number of directions is one: refuses rows that are not finite, as ensembles do.
inline normalize_options refuse_non_finite(row_report* report = nullptr) noexcept {
    normalize_options options;
    options.non_finite = on_row::error;
    options.report = report;
    return options;
}

/// sum of weight_of(i) * rows[i] / |rows[i]|, [1, dim].
template <class View, class Weight>
matrix<double> weighted_sum(const View& rows, const char* function, row_report* report, Weight&& weight_of) {
    if (rows.rows() == 0) fail<value_error>(function, ": there are no rows");
    engine::row_source source(rows, refuse_non_finite(report), function, "row ");
    matrix<double> sum(1, rows.dim());
    add_directions(
        source, sum, [](index) { return index(0); }, weight_of);
    source.report();
    return sum;
}

inline unit_embeddings<float> direction_of(const matrix<double>& sum, row_report* report) {
    normalize_options options;
    options.report = report;
    return normalize(sum, options);
}

}  // namespace detail

/// The direction in which rows point together.
///
///   m / |m|,   m = sum_i rows[i] / |rows[i]|
///
/// Each row counts by its direction: the mean of raw rows is another, wrong vector.
///
/// Shapes   rows [n, dim] -> [1, dim], n >= 1.
/// Units    none: a unit row. The sum is taken in double.
/// Errors   value_error for no rows and for a row that is not finite (names it). Zero rows count as nothing. Where the
///          sum is zero the result is a zero row, counted in `report` as row 0.
/// Threads  the caller's.   Memory  the result and [1, dim] doubles.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 3.1.4.
template <class Rows>
unit_embeddings<float> mean_direction(const Rows& rows, row_report* report = nullptr) {
    const auto view = engine::view_of(rows);
    return detail::direction_of(detail::weighted_sum(view, "mean_direction", nullptr, [](index) { return 1.0; }),
                                report);
}

/// The same with a weight for each row, negative ones too: a query mixed from several.
///
///   m / |m|,   m = sum_i weights[i] rows[i] / |rows[i]|
///
/// Shapes   rows [n, dim], weights: n numbers (any contiguous container) -> [1, dim].
/// Units    as above; only the ratios of the weights count.
/// Errors   shape_error if the lengths differ; value_error for a weight that is not finite; else as above.
/// Threads, Memory, Source   as above.
template <class Rows, class Weights, std::enable_if_t<detail::is_list<Weights>, int> = 0>
unit_embeddings<float> mean_direction(const Rows& rows, const Weights& weights, row_report* report = nullptr) {
    const auto view = engine::view_of(rows);
    const auto given = detail::column_of(weights);
    if (given.rows() != view.rows())
        detail::fail<shape_error>("mean_direction: ", view.rows(), " rows, weights has ", given.rows(), " entries");
    double largest = 0.0;
    for (index i = 0; i < given.rows(); ++i) {
        const double size = std::fabs(double(given(i, 0)));
        if (!detail::is_finite(size)) detail::fail<value_error>("mean_direction: weight ", i, " is not finite");
        largest = size > largest ? size : largest;
    }
    int exponent = 0;
    std::frexp(largest, &exponent);  // a power of two less in every weight: the largest weights add up too
    const auto weight_of = [&](index i) { return std::ldexp(double(given(i, 0)), -exponent); };
    return detail::direction_of(detail::weighted_sum(view, "mean_direction", nullptr, weight_of), report);
}

/// The mean of the unit rows, at its own length: 1 where all rows point the same way, near 0 where they point anywhere.
///
///   (1 / n) sum_i rows[i] / |rows[i]|          n: the rows that are not zero
///
/// Shapes   rows [n, dim] -> [1, dim], plain numbers: what center() subtracts.
/// Units    none. The sum is taken in double.
/// Errors   value_error for no rows, none but zero rows, and for a row that is not finite (names it).
/// Threads  the caller's.   Memory  the result and [1, dim] doubles.
/// Source   Liang et al. 2022, arXiv:2203.02053, section 4: the mean of a modality.
template <class Rows>
matrix<float> centroid(const Rows& rows) {
    const auto view = engine::view_of(rows);
    row_report seen;
    const matrix<double> sum = detail::weighted_sum(view, "centroid", &seen, [](index) { return 1.0; });
    const index counted = view.rows() - seen.zero_rows;
    if (counted == 0) detail::fail<value_error>("centroid: all ", view.rows(), " rows are zero");
    auto mean = matrix<float>::uninitialized(1, sum.dim());
    kernel::scale_row(sum.data(), sum.dim(), kernel::row_factors<double>{1.0, 1.0 / double(counted)}, mean.data());
    return mean;
}

/// Unit rows less a mean: a separate, explicit step that takes out what all rows of a modality have in common.
///
///   out[i] = rows[i] / |rows[i]| - mean
///
/// The result is plain rows, not unit rows: whatever takes them next normalizes them again.
///
/// Shapes   rows [n, dim], mean: one row of floats -> [n, dim]. centroid(rows) is the usual mean.
/// Units    none.
/// Errors   shape_error if `mean` is not one row of the same dim, value_error if it is not finite; options as in
///          normalize. A zero row stays zero: a failed image must not become the opposite of the mean.
/// Threads  the caller's.   Memory  allocates the result only.
/// Source   Liang et al. 2022, arXiv:2203.02053, section 4.
template <class Rows>
matrix<float> center(const Rows& rows, matrix_view<const float> mean, const normalize_options& options = {}) {
    const auto view = engine::view_of(rows);
    detail::require_shape("center", "mean", mean, 1, view.dim());
    if (kernel::length_of(mean.data(), mean.dim()).kind() == kernel::row_kind::non_finite)
        detail::fail<value_error>("center: mean is not finite");
    engine::row_source source(view, options, "center", "row ");
    auto out = matrix<float>::uninitialized(view.rows(), view.dim());
    for (index i = 0; i < source.rows(); ++i) {
        const kernel::row_kind kind = kernel::length_of(source.row(i), source.dim()).kind();
        auto factors = source.factors(i);
        if (kind == kernel::row_kind::non_finite) factors.inverse = detail::quiet_nan();  // in adopted rows too
        kernel::scale_row(source.row(i), source.dim(), factors, out.row(i));
        if (kind != kernel::row_kind::zero) kernel::subtract_row(out.row(i), mean.data(), out.dim(), out.row(i));
    }
    source.report();
    return out;
}

namespace detail {

/// The weights of a and b at t of the way between them, which is theta long.
struct blend {
    double a, b;
};
inline blend spherical_blend(double theta, double t) noexcept {
    if (theta == 0.0) return {1.0 - t, t};
    return {std::sin((1.0 - t) * theta) / std::sin(theta), std::sin(t * theta) / std::sin(theta)};
}

/// Two unit rows with a direction; opposite rows have no shortest way between them.
inline void require_not_opposite(const kernel::chords& chords, index row) {
    if (chords.sum < 1e-6)
        fail<value_error>("spherical_interpolation: rows ", row, " of a and b are opposite: no way is the shortest");
}

}  // namespace detail

/// Points on the great circle from one unit row to another.
///
///   out[i] = (sin((1 - t) theta) a[i] + sin(t theta) b[i]) / sin(theta),   theta the angle between them; a, b unit
///
/// The arc between two images or between an image and a text: t = 0 is a, t = 1 is b, 0.5 the direction in the middle.
///
/// Shapes   a, b [n, dim] -> [n, dim]; raw or unit on either side. t beyond [0, 1] goes on along the circle.
/// Units    none: unit rows, computed in double.
/// Errors   shape_error if a and b disagree in rows or dim; value_error for a t that is not finite and for opposite
///          rows (within 1e-6; names the row). A pair with a zero row gives a zero row, one with NaN or Inf gives NaN.
/// Threads  the caller's.   Memory  the result, [n, dim] doubles and two rows.
/// Source   Shoemake 1985, Animating rotation with quaternion curves, section 3.3.
template <class A, class B>
unit_embeddings<float> spherical_interpolation(const A& a, const B& b, double t) {
    const auto view_a = engine::view_of(a);
    const auto view_b = engine::view_of(b);
    if (view_a.rows() != view_b.rows() || view_a.dim() != view_b.dim())
        detail::fail<shape_error>("spherical_interpolation: a is ", view_a.rows(), " x ", view_a.dim(), ", b is ",
                                  view_b.rows(), " x ", view_b.dim());
    if (!detail::is_finite(t)) detail::fail<value_error>("spherical_interpolation: t is not finite");
    engine::row_source source_a(view_a, {}, "spherical_interpolation", "a, row ");
    engine::row_source source_b(view_b, {}, "spherical_interpolation", "b, row ");
    auto units = matrix<float>::uninitialized(2, view_a.dim());
    matrix<double> sums(view_a.rows(), view_a.dim());
    for (index i = 0; i < sums.rows(); ++i) {
        kernel::scale_row(source_a.row(i), source_a.dim(), source_a.factors(i), units.row(0));
        kernel::scale_row(source_b.row(i), source_b.dim(), source_b.factors(i), units.row(1));
        const kernel::row_kind kind_a = kernel::length_of(units.row(0), units.dim()).kind();
        const kernel::row_kind kind_b = kernel::length_of(units.row(1), units.dim()).kind();
        detail::blend weights{0.0, 0.0};  // of a zero row with anything finite: zero; NaN stays NaN
        if (kind_a == kernel::row_kind::regular && kind_b == kernel::row_kind::regular) {
            const kernel::chords chords = kernel::chords_of(units.row(0), units.row(1), units.dim());
            detail::require_not_opposite(chords, i);
            weights = detail::spherical_blend(2.0 * std::atan2(chords.difference, chords.sum), t);
        }
        kernel::add_row(units.row(0), units.dim(), weights.a, sums.row(i));
        kernel::add_row(units.row(1), units.dim(), weights.b, sums.row(i));
    }
    return normalize(sums);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
