/// The norm of a row and the row at unit length.
///
///   norm = sqrt(sum x[k]^2)                in double: squares of f32, f16 and bf16 values are exact there
///   unit[k] = x[k] * float(1 / norm)
///
/// No eps, no overflow, no underflow: double holds every square and every sum of squares of floats. Only the
/// factor 1 / norm must fit a float; where it does not (norm outside [2^-125, 2^125]) the row is first multiplied
/// by an exact power of two, which changes no bit of the result.
#pragma once

#include <cmath>

#include "../data/row_options.hpp"
#include "lanes.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

UNITSPHERE_INLINE lanes<double> in_double(const lanes<float>& x) noexcept { return widen(x); }
UNITSPHERE_INLINE lanes<double> in_double(const lanes<double>& x) noexcept { return x; }

/// sum x[k]^2, element k in lane k mod 16. Elements behind the last are read as zeros, which add nothing.
template <class T>
inline double sum_of_squares(const T* x, index dim) noexcept {
    lanes<double> sum = broadcast(0.0);
    index k = 0;
    for (; k + lane_count <= dim; k += lane_count) {
        const lanes<double> value = in_double(load16(x + k));
        sum = fma<double>(value, value, sum);
    }
    if (k < dim) {
        const lanes<double> value = in_double(load16_first(x + k, int(dim - k)));
        sum = fma<double>(value, value, sum);
    }
    return sum_of_lanes(sum);
}

/// What a row's sum of squares says about its direction.
enum class row_kind { regular, zero, non_finite };

UNITSPHERE_INLINE row_kind kind_of(double sum_of_squares) noexcept {
    if (!detail::is_finite(sum_of_squares)) return row_kind::non_finite;
    return sum_of_squares == 0.0 ? row_kind::zero : row_kind::regular;
}

/// unit = (x * power) * inverse; power is 1 but for norms at the ends of float's range.
struct row_factors {
    float power, inverse;
};

inline row_factors factors_of(double sum_of_squares) noexcept {
    const double norm = std::sqrt(sum_of_squares);
    const float power = norm < 0x1p-125 ? 0x1p64f : norm > 0x1p125 ? 0x1p-64f : 1.0f;
    return {power, float(1.0 / (norm * double(power)))};
}

/// Zero rows by default stay as they are, rows with NaN or Inf become NaN in every element.
inline row_factors factors_of(row_kind kind, double sum_of_squares, on_row zero_rows) noexcept {
    if (kind == row_kind::regular) return factors_of(sum_of_squares);
    if (kind == row_kind::zero && zero_rows != on_row::nan) return {1.0f, 1.0f};
    return {1.0f, detail::quiet_nan()};
}

UNITSPHERE_INLINE lanes<float> scaled(const lanes<float>& x, vector<float> power, vector<float> inverse) noexcept {
    return product(product(x, power), inverse);
}

/// out[k] = x[k] * power * inverse for k < dim; out may be x.
template <class T>
inline void scale_row(const T* x, index dim, row_factors factors, float* out) noexcept {
    const vector<float> power(factors.power), inverse(factors.inverse);
    index k = 0;
    for (; k + lane_count <= dim; k += lane_count) store16(out + k, scaled(load16(x + k), power, inverse));
    if (k < dim) {
        const int left = int(dim - k);
        store16_first(out + k, scaled(load16_first(x + k, left), power, inverse), left);
    }
}

/// out[k] += x[k] in double, for k < dim.
inline void add_row(const float* x, index dim, double* out) noexcept {
    index k = 0;
    for (; k + lane_count <= dim; k += lane_count) store16(out + k, load16(out + k) + widen(load16(x + k)));
    for (; k < dim; ++k) out[k] += double(x[k]);
}

/// out[k] = float(x[k] * factor), the product in double: a row of doubles at unit length.
inline void scale_row(const double* x, index dim, double factor, float* out) noexcept {
    for (index k = 0; k < dim; ++k) out[k] = float(x[k] * factor);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
