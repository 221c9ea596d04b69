/// A unit row in 8 bits, and what that loses.
///
///   g = rotate(row - mean)                           floats
///   g[k] ~ scale * q[k],  q[k] = round(g[k] / scale) in [-127, 127],  scale = max |g[k]| / 127
///
/// For a query u and a gallery row v, with U, V their exact g and p, q their bytes (Cauchy and Schwarz twice):
///
///   <u, v> = <U, V> + <u, m> + <v, m> - <m, m>
///   | <U, V> - scale_u scale_v <p, q> |  <=  |U| |V - scale_v q| + |U - scale_u p| |scale_v q|
///
/// The four lengths are numbers of the rows, rounded up, with the roundings of g added.
///
/// Source   Weber, Schek and Blott 1998, "A quantitative analysis and performance study for similarity-search methods
///          in high-dimensional spaces" (the VA-file: filter by bounds, then refine).
#pragma once

#include "norm.hpp"
#include "rotation.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// What a row of bytes needs beside them.
struct int8_numbers {
    float scale;
    float from_mean;  ///< <row, mean>
    float error;      ///< |g - scale q|, rounded up
    float length;     ///< |scale q|, rounded up
    float whole;      ///< |g|, rounded up
};

/// A scale below this is raised to it: its inverse stays far from float's range, and the error says what that costs.
inline constexpr float least_int8_scale = 0x1p-24f;

/// <x, y> in double.
inline double product_in_double(const float* x, const float* y, idx_t dim) noexcept {
    lanes<double> sum = broadcast(0.0);
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count)
        sum = fma<double>(load16_widened(x + k), load16_widened(y + k), sum);
    if (k < dim)
        sum = fma<double>(widen(load16_first(x + k, int(dim - k))), widen(load16_first(y + k, int(dim - k))), sum);
    return sum_of_lanes(sum);
}

/// A float that is no less than x, and by less than 2e-6 of it greater.
inline float rounded_up(double x) noexcept { return float(x * (1.0 + 0x1p-20)); }

/// bytes[k] of a finite row g of `dim` elements, and its scale, error and length.
inline int8_numbers quantize(const float* g, idx_t dim, std::int8_t* bytes) noexcept {
    float greatest = 0.0f;
    for (idx_t k = 0; k < dim; ++k) greatest = maximum(greatest, g[k] < 0.0f ? -g[k] : g[k]);
    const float scale = maximum(greatest / 127.0f, least_int8_scale), inverse = 1.0f / scale;
    lanes<double> error = broadcast(0.0), length = error, whole = error;
    for (idx_t k = 0; k < dim; k += lane_count) {
        const int count = int(minimum(dim - k, lane_count));
        float element[lane_count] = {}, rounded[lane_count] = {};
        for (int i = 0; i < count; ++i) {
            const float scaled = fp_barrier(g[k + i] * inverse);
            const int q = int(scaled < 0.0f ? scaled - 0.5f : scaled + 0.5f);
            bytes[k + i] = std::int8_t(q > 127 ? 127 : q < -127 ? -127 : q);
            element[i] = g[k + i], rounded[i] = float(bytes[k + i]);
        }
        const lanes<double> exact = load16_widened(element);
        const lanes<double> stored = product(load16_widened(rounded), vector<double>(double(scale)));
        const lanes<double> lost = exact - stored;
        error = fma<double>(lost, lost, error);
        length = fma<double>(stored, stored, length);
        whole = fma<double>(exact, exact, whole);
    }
    const double roundings = rotation_roundings * 0x1p-24 * std::sqrt(sum_of_lanes(whole));
    return {scale, 0.0f, rounded_up(std::sqrt(sum_of_lanes(error)) + roundings),
            rounded_up(std::sqrt(sum_of_lanes(length))), rounded_up(std::sqrt(sum_of_lanes(whole)) + roundings)};
}

/// What all rows of a gallery are seen from.
struct byte_space {
    const float* mean;
    const float* signs;
    double mean_square;  ///< <mean, mean>
};

/// The bytes and numbers of a unit row; g is memory of dim floats.
inline int8_numbers quantize_unit_row(const float* row, idx_t dim, const byte_space& space, float* g,
                                      std::int8_t* bytes) noexcept {
    for (idx_t k = 0; k < dim; ++k) g[k] = row[k] - space.mean[k];
    rotate(g, dim, space.signs);
    int8_numbers numbers = quantize(g, dim, bytes);
    numbers.from_mean = float(product_in_double(row, space.mean, dim));
    return numbers;
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
