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

#include "lanes_bits.hpp"
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
    float norm;       ///< |g|, rounded up
};

/// A scale below this is raised to it: its inverse stays far from float's range, and the error says what that costs.
inline constexpr float least_int8_scale = 0x1p-24f;

/// <x, y> in double.
inline double product_in_double(const float* x, const float* y, idx_t dim) noexcept {
    lanes<double> sum = broadcast(0.0);
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count) sum = fma<double>(load16_widened(x + k), load16_widened(y + k), sum);
    if (k < dim)
        sum = fma<double>(widen(load16_first(x + k, int(dim - k))), widen(load16_first(y + k, int(dim - k))), sum);
    return sum_of_lanes(sum);
}

/// A float that is no less than x, and by less than 2e-6 of it greater.
inline float rounded_up(double x) noexcept { return float(x * (1.0 + 0x1p-20)); }

/// 16 products as floats, rounded.
UNITSPHERE_INLINE lanes<float> load16_as_floats(const std::int32_t* sums) noexcept {
    typedef std::int32_t ints __attribute__((vector_size(sizeof(vector<float>)), aligned(4), may_alias));
    typedef float floats __attribute__((vector_size(sizeof(vector<float>))));
    lanes<float> out;
    unroll<lanes<float>::parts>([&](int i) UNITSPHERE_LAMBDA {
        const floats converted =
            __builtin_convertvector(*reinterpret_cast<const ints*>(sums + i * lanes<float>::width), floats);
        __builtin_memcpy(&out.part[i], &converted, sizeof converted);
    });
    return out;
}

/// 16 elements, scaled, to the nearest whole numbers (ties away from 0) in [-most, most]: as bytes, and as floats.
UNITSPHERE_INLINE lanes<float> round_to_bytes(const lanes<float>& scaled, int most, std::int8_t* bytes) noexcept {
    typedef float floats __attribute__((vector_size(64)));
    typedef std::int32_t ints __attribute__((vector_size(64)));
    typedef std::int8_t chars __attribute__((vector_size(16), aligned(1), may_alias));
    const bits16 half = (bits(scaled) & std::int32_t(0x80000000)) | bits(broadcast(0.5f));
    floats sum;
    store16(reinterpret_cast<float*>(&sum), scaled + from_bits(half));
    ints whole = __builtin_convertvector(sum, ints);  // towards 0
    whole = whole > most ? ints{} + most : whole;
    whole = whole < -most ? ints{} - most : whole;
    *reinterpret_cast<chars*>(bytes) = __builtin_convertvector(whole, chars);
    sum = __builtin_convertvector(whole, floats);
    return load16(reinterpret_cast<const float*>(&sum));
}

/// bytes[k] of a finite row g of `dim` elements, and its scale, error, length and norm. `bytes` has room for dim
/// rounded up to 16.
inline int8_numbers quantize(const float* g, idx_t dim, std::int8_t* bytes, int most_byte = 127) noexcept {
    constexpr std::int32_t zero = 0;
    bits16 greatest = broadcast(zero);
    const auto load = [&](idx_t k) UNITSPHERE_LAMBDA {
        return k + lane_count <= dim ? load16(g + k) : load16_first(g + k, int(dim - k));
    };
    for (idx_t k = 0; k < dim; k += lane_count) greatest = lane_max(greatest, bits(load(k)) & 0x7fffffff);
    const float most = detail::bit_cast<float>(max_of_lanes(greatest));
    const float scale = maximum(most / float(most_byte), least_int8_scale), inverse = 1.0f / scale;
    lanes<double> error = broadcast(0.0), length = error, norm = error;
    for (idx_t k = 0; k < dim; k += lane_count) {
        const lanes<float> element = load(k),
                           rounded = round_to_bytes(product(element, vector<float>(inverse)), most_byte, bytes + k);
        const lanes<double> exact = widen(element), stored = product(widen(rounded), vector<double>(double(scale)));
        const lanes<double> lost = exact - stored;
        error = fma<double>(lost, lost, error);
        length = fma<double>(stored, stored, length);
        norm = fma<double>(exact, exact, norm);
    }
    const double roundings = rotation_roundings * 0x1p-24 * std::sqrt(sum_of_lanes(norm));
    return {scale, 0.0f, rounded_up(std::sqrt(sum_of_lanes(error)) + roundings),
            rounded_up(std::sqrt(sum_of_lanes(length))), rounded_up(std::sqrt(sum_of_lanes(norm)) + roundings)};
}

/// The numbers of a query.
struct byte_query {
    float scale, inverse_scale;
    float norm, error;  ///< |U| and |U - scale p|, rounded up
    float offset;       ///< <u, m> - <m, m>
    double length;      ///< |u|
    row_kind kind;
};

/// What all rows of a gallery are seen from.
struct byte_space {
    const float* mean;
    const float* signs;
    double mean_square;  ///< <mean, mean>
};

/// g = rotate(row - mean)
inline void rotate_from_mean(const float* row, idx_t dim, const byte_space& space, float* g) noexcept {
    for (idx_t k = 0; k < dim; ++k) g[k] = row[k] - space.mean[k];
    rotate(g, dim, space.signs);
}

/// The bytes and numbers of a unit row; g is memory of dim floats.
inline int8_numbers quantize_unit_row(const float* row, idx_t dim, const byte_space& space, float* g,
                                      std::int8_t* bytes) noexcept {
    rotate_from_mean(row, dim, space, g);
    int8_numbers numbers = quantize(g, dim, bytes);
    numbers.from_mean = float(product_in_double(row, space.mean, dim));
    return numbers;
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
