/// Means of the directions of rows, and rows less a mean.
#pragma once

#include <cmath>

#include "direction_sums.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

template <class View>
void require_mean(const char* function, const View& rows, const matrix_view<float>& out) {
    require_shape(function, "out", out, 1, rows.dim());
    require_apart(function, "out", out, "the rows", engine::values_of(rows));
    if (rows.rows() == 0) fail<value_error>(function, ": there are no rows");
}

/// A number for each row, or none.
inline void require_each(const char* function, const char* name, const number_list& list, idx_t rows) {
    if (list.is_given() && list.count() != rows)
        fail<shape_error>(function, ": ", rows, " rows, ", name, " has ", list.count(), " entries");
}
/// The largest size of a weight; 1 where none are given.
inline double largest_weight(const char* function, const number_list& weights, idx_t rows) {
    if (!weights.is_given()) return 1.0;
    require_each(function, "weights", weights, rows);
    double largest = 0.0;
    for (idx_t i = 0; i < rows; ++i) {
        const double size = std::fabs(weights[i]);
        if (!is_finite(size)) fail<value_error>(function, ": weight ", i, " is not finite");
        largest = size > largest ? size : largest;
    }
    return largest;
}
/// weight_of(i): a power of two is taken from all weights, so that the largest ones add up too.
inline auto scaled_weights(const number_list& weights, double largest) noexcept {
    int exponent = 0;
    std::frexp(largest, &exponent);
    return [&weights, exponent](idx_t i) { return weights.is_given() ? std::ldexp(weights[i], -exponent) : 1.0; };
}

template <class View, class Options>
unit_view<float> direction_of_mean(const View& rows, const matrix_view<float>& out, const execution& how,
                                   const Options& options) {
    constexpr const char* function = "mean_direction";
    const number_list& weights = options.weights;
    const double largest = largest_weight(function, weights, rows.rows());
    require_mean(function, rows, out);
    require_apart(function, "out", out, "the weights", weights.bytes());
    engine::row_source source(rows, refuse_non_finite(options.rows), function, "row ");
    direction_sums sum(how, source.function(), 1, rows.dim());
    sum.add(
        source, [](idx_t) { return idx_t(0); }, scaled_weights(weights, largest));
    sum.directions(out, options.mean, function, "mean, row ");
    source.report();
    return unit_access::view<float>(out);
}

/// sums[sum_of_row[i]] += weights[i] * rows[i] / |rows[i]|
template <class View, class Options>
void add_rows_to_sums(const View& rows, const matrix_view<double>& sums, const execution& how, const Options& options) {
    constexpr const char* function = "add_directions";
    const number_list &weights = options.weights, &places = options.sum_of_row;
    if (rows.dim() != sums.dim())
        fail<shape_error>(function, ": rows have dim ", rows.dim(), ", sums have dim ", sums.dim());
    require_each(function, "sum_of_row", places, rows.rows());
    largest_weight(function, weights, rows.rows());  // all are finite
    require_apart(function, "sums", sums, "the rows", engine::values_of(rows));
    require_apart(function, "sums", sums, "the weights", weights.bytes());
    require_apart(function, "sums", sums, "sum_of_row", places.bytes());
    const auto place_of = [&](idx_t i) { return places.is_given() ? places[i] : 0.0; };
    for (idx_t i = 0; i < rows.rows(); ++i)
        if (is_nan(place_of(i)) || place_of(i) < 0.0 || place_of(i) >= double(sums.rows()) ||
            double(idx_t(place_of(i))) != place_of(i))
            fail<value_error>(function, ": row ", i, " goes to sum ", place_of(i), ", there are ", sums.rows());
    engine::row_source source(rows, refuse_non_finite(options.rows), function, "row ");
    direction_sums sum(how, function, sums);
    sum.add(
        source, [&](idx_t i) { return idx_t(place_of(i)); },
        [&](idx_t i) { return weights.is_given() ? weights[i] : 1.0; });
    source.report();
}

template <class View>
void centroid_of(const View& rows, const matrix_view<float>& out, const execution& how, const row_policy& rows_policy) {
    require_mean("centroid", rows, out);
    row_report seen;
    row_policy policy = refuse_non_finite(rows_policy);
    policy.report = &seen;
    engine::row_source source(rows, policy, "centroid", "row ");
    direction_sums sum(how, source.function(), 1, rows.dim());
    sum.add(
        source, [](idx_t) { return idx_t(0); }, [](idx_t) { return 1.0; });
    source.report();
    const idx_t counted = rows.rows() - seen.zero_rows;
    if (counted == 0) fail<value_error>("centroid: all ", rows.rows(), " rows are zero");
    kernel::scale_row(sum.row(0), rows.dim(), kernel::row_factors<double>{1.0, 1.0 / double(counted)}, out.row(0));
    if (rows_policy.report != nullptr) *rows_policy.report = seen;
}

template <class View>
void center_rows(const View& rows, const matrix_view<const float>& mean, const matrix_view<float>& out,
                 const execution& how, const row_policy& rows_policy) {
    require_shape("center", "mean", mean, 1, rows.dim());
    require_row_wise("center", engine::values_of(rows), "the rows", out);
    require_apart("center", "out", out, "mean", mean);
    if (kernel::length_of(mean.data(), mean.dim()).kind() == kernel::row_kind::non_finite)
        fail<value_error>("center: mean is not finite");
    engine::row_source source(rows, rows_policy, "center", "row ");
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

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
