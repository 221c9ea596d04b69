/// A randomized Hadamard rotation of a row, in place: it spreads the few large elements of an embedding over all of
/// them, so that one scale a row serves 8 bits well. It keeps lengths and products.
///
///   x = H D x        D: signs that a hash of the position decides; H: orthonormal Hadamard matrix
///
/// Dims that are no power of two: once over the first 2^p elements, p = floor(log2(dim)), then over the last 2^p. Dims
/// below 16 stay as they are. Additions and one product for each element, in one order: the same bits on every machine.
///
/// Source   Ailon and Chazelle 2009, "The fast Johnson-Lindenstrauss transform".
#pragma once

#include <cmath>

#include "lanes.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Below this dim a row is not rotated.
inline constexpr idx_t least_rotated_dim = 16;

/// Roundings that an element has seen in one rotation: two rounds of at most 24 stages, each with a product, and the
/// difference from the mean before them.
inline constexpr double rotation_roundings = 64;

namespace rotation_detail {

/// A register as the compiler's own vector, for the shuffles within it: each machine has an instruction for them.
typedef float float_register __attribute__((vector_size(sizeof(vector<float>))));

/// One stage inside of a register: x[i] = x[i ^ S] + x[i], or - x[i] where i has that bit. The places are written out:
/// nvcc's front end takes those of a pack for one.
template <int S, class Register>
UNITSPHERE_INLINE void stage(Register& x) noexcept {
    using ints = decltype(x < x);
    constexpr auto sign = [](int lane) { return (lane & S) != 0 ? INT32_MIN : 0; };
    Register partner;
    ints signs;
    if constexpr (sizeof(Register) == 64) {
        partner = __builtin_shufflevector(x, x, 0 ^ S, 1 ^ S, 2 ^ S, 3 ^ S, 4 ^ S, 5 ^ S, 6 ^ S, 7 ^ S, 8 ^ S, 9 ^ S,
                                          10 ^ S, 11 ^ S, 12 ^ S, 13 ^ S, 14 ^ S, 15 ^ S);
        signs = ints{sign(0), sign(1), sign(2),  sign(3),  sign(4),  sign(5),  sign(6),  sign(7),
                     sign(8), sign(9), sign(10), sign(11), sign(12), sign(13), sign(14), sign(15)};
    } else if constexpr (sizeof(Register) == 32) {
        partner = __builtin_shufflevector(x, x, 0 ^ S, 1 ^ S, 2 ^ S, 3 ^ S, 4 ^ S, 5 ^ S, 6 ^ S, 7 ^ S);
        signs = ints{sign(0), sign(1), sign(2), sign(3), sign(4), sign(5), sign(6), sign(7)};
    } else {
        partner = __builtin_shufflevector(x, x, 0 ^ S, 1 ^ S, 2 ^ S, 3 ^ S);
        signs = ints{sign(0), sign(1), sign(2), sign(3)};
    }
    x = partner + Register(ints(x) ^ signs);
}

/// The stages between Count registers, a power of two: x[i] and x[i + Stride] become their sum and difference.
template <int Stride = 1, int Count>
UNITSPHERE_INLINE void stages_between(vector<float> (&x)[Count]) noexcept {
    if constexpr (Stride < Count) {
        unroll<Count>([&](int i) UNITSPHERE_LAMBDA {
            if ((i & Stride) != 0) return;
            const vector<float> low = x[i], high = x[i + Stride];
            x[i] = low + high, x[i + Stride] = low - high;
        });
        stages_between<2 * Stride>(x);
    }
}

/// The stages of strides 1, 2, 4 and 8 of 16 elements: within the registers, then between them.
UNITSPHERE_INLINE void near_stages(lanes<float>& x) noexcept {
    constexpr int width = lanes<float>::width, parts = lanes<float>::parts;
    static_assert(width >= 4);
    unroll<parts>([&](int i) UNITSPHERE_LAMBDA {
        float_register part;
        __builtin_memcpy(&part, &x.part[i], sizeof part);
        stage<1>(part);
        stage<2>(part);
        if constexpr (width > 4) stage<4>(part);
        if constexpr (width > 8) stage<8>(part);
        __builtin_memcpy(&x.part[i], &part, sizeof part);
    });
    stages_between(x.part);
}

/// The sign of element k: the low bit of a mixed counter (Steele, Lea and Flood 2014, SplitMix64).
inline bool is_negative(idx_t k) noexcept {
    std::uint64_t z = std::uint64_t(k + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((z ^ (z >> 31)) & 1) != 0;
}

/// The stages of strides `stride`, 2 stride .. Count stride / 2 of n elements, in one pass over them.
template <int Count>
UNITSPHERE_INLINE void far_stages(float* x, idx_t n, idx_t stride) noexcept {
    for (idx_t k = 0; k < n; k += Count * stride)
        for (idx_t i = k; i < k + stride; i += lanes<float>::width) {
            vector<float> some[Count];
            unroll<Count>([&](int r)
                              UNITSPHERE_LAMBDA { some[r] = vector<float>::load_unaligned(x + i + r * stride); });
            stages_between(some);
            unroll<Count>([&](int r) UNITSPHERE_LAMBDA { some[r].store_unaligned(x + i + r * stride); });
        }
}

/// Hadamard transform of n elements, a power of two from 16 on, scaled to keep the length. Scaled elements are rounded
/// before they are added: no machine fuses the two.
inline void transform(float* x, idx_t n, const float* scaled_signs) noexcept {
    for (idx_t k = 0; k < n; k += lane_count) {
        lanes<float> some = product(load16(x + k), load16(scaled_signs + k));
        near_stages(some);
        store16(x + k, some);
    }
    idx_t stride = lane_count;
    for (; 8 * stride <= n; stride *= 8) far_stages<8>(x, n, stride);
    if (4 * stride == n) far_stages<4>(x, n, stride);
    if (2 * stride == n) far_stages<2>(x, n, stride);
}

/// The inverse: the matrix is its own but for the scale, the signs come last.
inline void transform_back(float* x, idx_t n, const float* scaled_signs) noexcept {
    for (idx_t stride = 1; stride < n; stride *= 2)
        for (idx_t k = 0; k < n; ++k)
            if ((k & stride) == 0) {
                const float low = x[k], high = x[k + stride];
                x[k] = low + high, x[k + stride] = low - high;
            }
    for (idx_t k = 0; k < n; ++k) x[k] *= scaled_signs[k];
}

}  // namespace rotation_detail

/// The largest power of two that is no more than dim.
inline idx_t rotated_at_once(idx_t dim) noexcept {
    idx_t n = 1;
    while (n <= dim / 2) n *= 2;
    return n;
}

/// signs[k] of element k times the scale that keeps lengths, for both rounds of rotate().
inline void find_rotation_signs(idx_t dim, float* signs) noexcept {
    const float scale = float(1.0 / std::sqrt(double(rotated_at_once(dim))));
    for (idx_t k = 0; k < dim; ++k) signs[k] = rotation_detail::is_negative(k) ? -scale : scale;
}

/// Rotates a row of `dim` floats, in place.
inline void rotate(float* x, idx_t dim, const float* signs) noexcept {
    if (dim < least_rotated_dim) return;
    const idx_t n = rotated_at_once(dim);
    rotation_detail::transform(x, n, signs);
    if (n < dim) rotation_detail::transform(x + dim - n, n, signs + dim - n);
}

/// Undoes rotate().
inline void rotate_back(float* x, idx_t dim, const float* signs) noexcept {
    if (dim < least_rotated_dim) return;
    const idx_t n = rotated_at_once(dim);
    if (n < dim) rotation_detail::transform_back(x + dim - n, n, signs + dim - n);
    rotation_detail::transform_back(x, n, signs);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
