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
#include "lanes_bytes.hpp"
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

/// A register of ints or floats as the compiler's own vector, which it compares and converts.
typedef std::int32_t int_register __attribute__((vector_size(sizeof(vector<float>))));
using rotation_detail::float_register;

/// f(register) for each register of x.
template <class To, class ToRegister, class FromRegister, class From, class F>
UNITSPHERE_INLINE lanes<To> map_registers(const lanes<From>& x, F&& f) noexcept {
    lanes<To> out;
    unroll<lanes<To>::parts>([&](int i) UNITSPHERE_LAMBDA {
        FromRegister from;
        __builtin_memcpy(&from, &x.part[i], sizeof from);
        const ToRegister to = f(from);
        __builtin_memcpy(&out.part[i], &to, sizeof to);
    });
    return out;
}
/// 16 whole numbers as floats, rounded.
UNITSPHERE_INLINE lanes<float> as_floats(const bits16& x) noexcept {
    return map_registers<float, float_register, int_register>(
        x, [](int_register whole) UNITSPHERE_LAMBDA { return __builtin_convertvector(whole, float_register); });
}
/// 16 elements, scaled, as the nearest whole numbers (ties away from 0) in [-most, most].
UNITSPHERE_INLINE bits16 rounded_to_ints(const lanes<float>& scaled, int most) noexcept {
    constexpr std::int32_t sign = INT32_MIN;
    const lanes<float> sum = scaled + from_bits((bits(scaled) & sign) | bits(broadcast(0.5f)));
    return map_registers<std::int32_t, int_register, float_register>(
        sum, [most](float_register part) UNITSPHERE_LAMBDA {
            int_register whole = __builtin_convertvector(part, int_register);  // towards 0
            whole = whole > most ? int_register{} + most : whole;
            return whole < -most ? int_register{} - most : whole;
        });
}
/// -1 where an element is below 0, else 1.
UNITSPHERE_INLINE bits16 signs_of(const lanes<float>& x) noexcept {
    return map_registers<std::int32_t, int_register, float_register>(
        x, [](float_register part) UNITSPHERE_LAMBDA { return (part < 0.0f) | 1; });
}

/// The greatest magnitude of a row, as its bits: those of floats are in the order of the floats.
inline std::int32_t greatest_magnitude(const float* x, idx_t dim) noexcept {
    constexpr std::int32_t zero = 0;
    bits16 greatest = broadcast(zero);
    for_each_16(x, dim, [&](const lanes<float>& element) UNITSPHERE_LAMBDA {
        greatest = lane_max(greatest, bits(element) & 0x7fffffff);
    });
    return max_of_lanes(greatest);
}
/// length_of(x, dim).kind().
inline row_kind kind_of(const float* x, idx_t dim) noexcept {
    const std::int32_t greatest = greatest_magnitude(x, dim);
    if (greatest >= 0x7f800000) return row_kind::non_finite;
    return greatest == 0 ? row_kind::zero : row_kind::regular;
}

/// bytes[k] of a finite row g of `dim` elements and its scale; what the rounding loses only where rows are bounded: its
/// error, length and norm. `bytes` has room for dim rounded up to 16.
template <bool Bounded>
inline int8_numbers quantize(const float* g, idx_t dim, std::int8_t* bytes, int most_byte = 127) noexcept {
    const float most = detail::bit_cast<float>(greatest_magnitude(g, dim));
    const float scale = maximum(most / float(most_byte), least_int8_scale), inverse = 1.0f / scale;
    lanes<double> error = broadcast(0.0), length = error, norm = error;
    for_each_16(g, dim, [&](const lanes<float>& element) UNITSPHERE_LAMBDA {
        const bits16 rounded = rounded_to_ints(product(element, vector<float>(inverse)), most_byte);
        store16(bytes, rounded);
        bytes += lane_count;
        if constexpr (Bounded) {
            const lanes<double> exact = widen(element);
            const lanes<double> stored = product(widen(as_floats(rounded)), vector<double>(double(scale)));
            const lanes<double> lost = exact - stored;
            error = fma<double>(lost, lost, error);
            length = fma<double>(stored, stored, length);
            norm = fma<double>(exact, exact, norm);
        }
    });
    int8_numbers numbers = {scale, 0.0f, 0.0f, 0.0f, 0.0f};
    if constexpr (Bounded) {
        const double exact = std::sqrt(sum_of_lanes(norm)), roundings = rotation_roundings * 0x1p-24 * exact;
        numbers.error = rounded_up(std::sqrt(sum_of_lanes(error)) + roundings);
        numbers.length = rounded_up(std::sqrt(sum_of_lanes(length)));
        numbers.norm = rounded_up(exact + roundings);
    }
    return numbers;
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
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count) store16(g + k, load16(row + k) - load16(space.mean + k));
    for (; k < dim; ++k) g[k] = row[k] - space.mean[k];
    rotate(g, dim, space.signs);
}

/// The bytes and numbers of a unit row; g is memory of dim floats.
template <bool Bounded>
inline int8_numbers quantize_unit_row(const float* row, idx_t dim, const byte_space& space, float* g,
                                      std::int8_t* bytes) noexcept {
    rotate_from_mean(row, dim, space, g);
    int8_numbers numbers = quantize<Bounded>(g, dim, bytes);
    numbers.from_mean = float(product_in_double(row, space.mean, dim));
    return numbers;
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
