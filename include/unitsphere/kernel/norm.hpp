/// Norms of rows, and normalization.
///
///   norm = sqrt(sum x[k]^2)                in double: squares of f32, f16, bf16 and int8 values are exact there
///   unit[k] = x[k] * float(1 / norm)       rows of double: x[k] * (1 / norm) in double, then rounded to float
///
/// No eps, no overflow, no underflow: double holds every square and every sum of squares of floats. Only the
/// factor 1 / norm must fit a float; where it does not (norm outside [2^-125, 2^125]) the row is first multiplied
/// by an exact power of two, which changes no bit of the result. Rows of double are measured a second time, scaled,
/// where their squares leave double's range.
#pragma once

#include <cmath>

#include "../data/row_policy.hpp"
#include "lanes.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// What a row's sum of squares says about its direction.
enum class row_kind { regular, zero, non_finite };

/// The length of a row: norm = sqrt(sum) / power.
struct row_length {
    double sum;    ///< of the squares of power * x[k]
    double power;  ///< a power of two; 1 for all but rows of very long or very short doubles

    UNITSPHERE_INLINE row_kind kind() const noexcept {
        if (!detail::is_finite(sum)) return row_kind::non_finite;
        return sum == 0.0 ? row_kind::zero : row_kind::regular;
    }
    UNITSPHERE_INLINE double norm() const noexcept { return std::sqrt(sum) / power; }
};

/// step(16 values) for all elements; lanes after the last are zero.
template <class T, class Step>
UNITSPHERE_INLINE void for_each_16(const T* x, idx_t dim, Step&& step) noexcept {
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count) step(load16(x + k));
    if (k < dim) step(load16_first(x + k, int(dim - k)));
}

/// Sum of squares, element k in lane k mod 16. A square of a float is exact in double, so fused or not gives the same
/// bits.
template <class T, class Add>
UNITSPHERE_INLINE row_length length_by(const T* x, idx_t dim, Add&& add) noexcept {
    lanes<double> sum = broadcast(0.0);
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count) sum = add(sum, load16_widened(x + k));
    if (k < dim) sum = add(sum, widen(load16_first(x + k, int(dim - k))));
    return {sum_of_lanes(sum), 1.0};
}
template <class T>
inline row_length length_of(const T* x, idx_t dim) noexcept {
    return length_by(x, dim, [](const lanes<double>& sum, const lanes<double>& value) UNITSPHERE_LAMBDA {
        return fma<double>(value, value, sum);
    });
}
/// The bits of length_of, with lower latency, for a single row with no other work to overlap: more instructions, but
/// the dependency chain is of additions, not of multiply-adds.
template <class T>
inline row_length length_of_single_row(const T* x, idx_t dim) noexcept {
    return length_by(x, dim, [](const lanes<double>& sum, const lanes<double>& value) UNITSPHERE_LAMBDA {
        return sum + product(value, value);
    });
}

/// The rounding error of total = a + b, exactly: TwoSum (Knuth, The Art of Computer Programming 2, section 4.2.2).
template <class T>
UNITSPHERE_INLINE T two_sum_error(const T& a, const T& b, const T& total) noexcept {
    const T b_there = fp_barrier(total - a);
    return fp_barrier(a - fp_barrier(total - b_there)) + fp_barrier(b - b_there);
}

/// sum of (power * x[k])^2 of doubles, within an ulp: their squares are not exact, and a long row adds up hundreds of
/// roundings in each lane. So each lane also sums the rounding errors of its additions and (with FMA) squares.
inline double compensated_square_sum(const double* x, idx_t dim, double power) noexcept {
    lanes<double> sum = broadcast(0.0), lost = broadcast(0.0);
    for_each_16(x, dim, [&](const lanes<double>& raw) UNITSPHERE_LAMBDA {
        const lanes<double> value = product(raw, vector<double>(power));
        const lanes<double> square = product(value, value);
        const lanes<double> total = fp_barrier(sum + square);
        const lanes<double> lost_in_square = fma<double>(value, value, broadcast(0.0) - square);
        lost = lost + (two_sum_error(sum, square, total) + lost_in_square);
        sum = total;
    });
    double lane[lane_count], carried[lane_count];
    store16(lane, sum);
    store16(carried, lost);
    for (int half = lane_count / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) {
            const double total = fp_barrier(lane[i] + lane[i + half]);
            carried[i] += carried[i + half] + two_sum_error(lane[i], lane[i + half], total);
            lane[i] = total;
        }
    return lane[0] + carried[0];
}

/// Sums below 2^-900, where the squares of smaller elements lose bits, and infinite ones are computed again, rescaled.
inline row_length length_of(const double* x, idx_t dim) noexcept {
    const double sum = compensated_square_sum(x, dim, 1.0);
    if (detail::is_finite(sum) && sum >= 0x1p-900) return {sum, 1.0};
    const double power = detail::is_finite(sum) ? 0x1p600 : 0x1p-600;
    return {compensated_square_sum(x, dim, power), power};
}

/// unit = (x * power) * inverse, in F: float, or double for rows of double.
template <class F>
struct row_factors {
    F power, inverse;
};
/// The factors' type for rows of T.
template <class T>
using factor_type = std::conditional_t<std::is_same_v<T, double>, double, float>;

inline void find_factors(row_length length, row_factors<float>& factors) noexcept {
    const double norm = length.norm();
    factors.power = norm < 0x1p-125 ? 0x1p64f : norm > 0x1p125 ? 0x1p-64f : 1.0f;
    factors.inverse = float(1.0 / (norm * double(factors.power)));
}
inline void find_factors(row_length length, row_factors<double>& factors) noexcept {
    factors = {length.power, 1.0 / std::sqrt(length.sum)};
}

/// Zero rows by default stay as they are, rows with NaN or Inf become NaN in every element.
template <class F>
inline row_factors<F> factors_of(row_length length, on_row zero_rows) noexcept {
    row_factors<F> factors{F(1), F(1)};
    const row_kind kind = length.kind();
    if (kind == row_kind::regular)
        find_factors(length, factors);
    else if (kind == row_kind::non_finite || zero_rows == on_row::nan)
        factors.inverse = F(detail::quiet_nan());
    return factors;
}

/// out[k] = scaled(x[k]) for k < dim; out may be x. Doubles are rounded to a float `out` at the end.
template <class T, class Out, class Scaled>
UNITSPHERE_INLINE void scale_row_by(const T* x, idx_t dim, Out* out, Scaled&& scaled) noexcept {
    idx_t k = 0;
    if constexpr (std::is_same_v<T, float>) {
        constexpr int many = maximum(4 * lanes<float>::width, lane_count);
        for (; k + many <= dim; k += many) store_many(out + k, scaled(load_many<many>(x + k)));
    }
    for (; k + lane_count <= dim; k += lane_count) store16(out + k, scaled(load16(x + k)));
    if (k < dim) {
        const int left = int(dim - k);
        store16_first(out + k, scaled(load16_first(x + k, left)), left);
    }
}

/// out[k] = x[k] * power * inverse for k < dim; out may be x. A power of 1, that of nearly all rows, is not multiplied.
template <class T, class F, class Out>
inline void scale_row(const T* x, idx_t dim, row_factors<F> factors, Out* out) noexcept {
    const vector<F> power(factors.power), inverse(factors.inverse);
    if (factors.power == F(1))
        scale_row_by(x, dim, out, [&](const auto& value) UNITSPHERE_LAMBDA { return product(value, inverse); });
    else
        scale_row_by(x, dim, out,
                     [&](const auto& value) UNITSPHERE_LAMBDA { return product(product(value, power), inverse); });
}

/// out[k] = x[k] * factor, and the squares of next[k] to their lanes of `sum`, for k < count: the chain of
/// multiply-adds of one row overlaps with the stores of the other. Stream: non-temporal stores, out is 64-byte aligned.
template <bool Stream, class T>
UNITSPHERE_INLINE void scale_and_add_squares(const T* x, idx_t count, const vector<float>& factor, float* out,
                                             const T* next, lanes<double>& sum) noexcept {
    idx_t k = 0;
    for (; k + lane_count <= count; k += lane_count) {
        const lanes<double> value = load16_widened(next + k);
        sum = fma<double>(value, value, sum);
        const lanes<float> scaled = product(load16(x + k), factor);
        if constexpr (Stream)
            stream_many(out + k, scaled);
        else
            store16(out + k, scaled);
    }
    if (k < count) {
        const int left = int(count - k);
        const lanes<double> value = widen(load16_first(next + k, left));
        sum = fma<double>(value, value, sum);
        store16_first(out + k, product(load16_first(x + k, left), factor), left);
    }
}
/// scale_row(x, dim, {1, inverse}, out) and length_of(next, dim) in one loop.
template <bool Stream, class T>
inline row_length scale_and_measure(const T* x, idx_t dim, float inverse, float* out, const T* next) noexcept {
    lanes<double> sum = broadcast(0.0);
    scale_and_add_squares<Stream>(x, dim, vector<float>(inverse), out, next, sum);
    return {sum_of_lanes(sum), 1.0};
}

/// out[k] = scale * x[k] + bias, rounded once where fused multiply-add exists; out may be x.
inline void scale_and_shift_row(const float* x, idx_t dim, float scale, float bias, float* out) noexcept {
    const vector<float> factor(scale);
    const lanes<float> shift = broadcast(bias);
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count) store16(out + k, fma<float>(load16(x + k), factor, shift));
    if (k < dim) {
        const int left = int(dim - k);
        store16_first(out + k, fma<float>(load16_first(x + k, left), factor, shift), left);
    }
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
