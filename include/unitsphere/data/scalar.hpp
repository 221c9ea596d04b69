/// Storage formats of embeddings that C++17 has no type for, with exact conversions.
#pragma once

#include <cstdint>
#include <cstring>

#include "config.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The same bytes as another type (std::bit_cast of C++20). Tests on bits stay true under -ffast-math.
template <class To, class From>
UNITSPHERE_INLINE To bit_cast(const From& from) noexcept {
    static_assert(sizeof(To) == sizeof(From), "bit_cast: sizes differ");
    To to;
    std::memcpy(&to, &from, sizeof(To));
    return to;
}

UNITSPHERE_INLINE bool is_nan(float x) noexcept { return (bit_cast<std::uint32_t>(x) & 0x7fffffffu) > 0x7f800000u; }
UNITSPHERE_INLINE bool is_nan(double x) noexcept {
    return (bit_cast<std::uint64_t>(x) & 0x7fffffffffffffffu) > 0x7ff0000000000000u;
}
UNITSPHERE_INLINE bool is_finite(float x) noexcept { return (bit_cast<std::uint32_t>(x) & 0x7f800000u) != 0x7f800000u; }
UNITSPHERE_INLINE bool is_finite(double x) noexcept {
    return (bit_cast<std::uint64_t>(x) & 0x7ff0000000000000u) != 0x7ff0000000000000u;
}
UNITSPHERE_INLINE bool is_negative_infinity(float x) noexcept { return bit_cast<std::uint32_t>(x) == 0xff800000u; }
/// NaN and -Inf from their bits, so that no compiler flag can reason them away.
UNITSPHERE_INLINE float negative_infinity() noexcept { return bit_cast<float>(std::uint32_t{0xff800000u}); }
UNITSPHERE_INLINE float quiet_nan() noexcept { return bit_cast<float>(std::uint32_t{0x7fc00000u}); }

}  // namespace detail
}  // namespace UNITSPHERE_ISA

/// IEEE 754 binary16, the `half` of GPUs and of NumPy's f2: 1 sign, 5 exponent and 10 fraction bits.
/// Same layout as _Float16, __fp16, __half and Eigen::half: a pointer to those may be reinterpreted.
struct float16 {
    std::uint16_t bits;

    float16() = default;
    UNITSPHERE_INLINE explicit float16(float value) noexcept : bits(from_float(value)) {}
    UNITSPHERE_INLINE static float16 from_bits(std::uint16_t bits) noexcept {
        float16 half;
        half.bits = bits;
        return half;
    }
    /// Exact: every half is a float. NaNs keep sign and payload and become quiet.
    UNITSPHERE_INLINE operator float() const noexcept {
        const std::uint32_t sign = (bits & 0x8000u) << 16;
        const std::uint32_t magnitude = bits & 0x7fffu;
        std::uint32_t wide;
        if (magnitude >= 0x7c00u)  // Inf, NaN
            wide = (magnitude << 13) | 0x7f800000u | (magnitude > 0x7c00u ? 0x00400000u : 0u);
        else if (magnitude >= 0x0400u)  // normal
            wide = (magnitude << 13) + (std::uint32_t(127 - 15) << 23);
        else  // zero and subnormal: a multiple of 2^-24
            wide = detail::bit_cast<std::uint32_t>(float(magnitude) * 0x1p-24f);
        return detail::bit_cast<float>(wide | sign);
    }

private:
    /// Round to nearest, ties to even; overflow to infinity at 65520; subnormals kept.
    UNITSPHERE_INLINE static std::uint16_t from_float(float value) noexcept {
        const std::uint32_t wide = detail::bit_cast<std::uint32_t>(value);
        const std::uint32_t sign = (wide >> 16) & 0x8000u;
        const std::uint32_t magnitude = wide & 0x7fffffffu;
        std::uint32_t half;
        if (magnitude > 0x7f800000u) {  // NaN: quiet, upper payload bits kept
            half = 0x7e00u | ((magnitude >> 13) & 0x01ffu);
        } else if (magnitude >= 0x477ff000u) {  // 65520 and above
            half = 0x7c00u;
        } else if (magnitude >= 0x38800000u) {  // normal: the carry of rounding may move into the exponent
            const std::uint32_t rebased = magnitude - (std::uint32_t(127 - 15) << 23);
            half = (rebased + 0x0fffu + ((rebased >> 13) & 1u)) >> 13;
        } else if (magnitude >= 0x33000000u) {  // subnormal: shift the full fraction into units of 2^-24
            const std::uint32_t shift = 126u - (magnitude >> 23);
            const std::uint32_t fraction = (magnitude & 0x007fffffu) | 0x00800000u;
            const std::uint32_t kept = fraction >> shift, lost = fraction & ((1u << shift) - 1u);
            const std::uint32_t tie = 1u << (shift - 1u);
            half = kept + (lost > tie || (lost == tie && (kept & 1u)) ? 1u : 0u);
        } else {  // at most half of the smallest subnormal
            half = 0u;
        }
        return std::uint16_t(sign | half);
    }
};

/// bfloat16, the upper half of a float: 1 sign, 8 exponent and 7 fraction bits.
/// Same layout as __bf16, Eigen::bfloat16 and torch.bfloat16: a pointer to those may be reinterpreted.
struct bfloat16 {
    std::uint16_t bits;

    bfloat16() = default;
    UNITSPHERE_INLINE explicit bfloat16(float value) noexcept : bits(from_float(value)) {}
    UNITSPHERE_INLINE static bfloat16 from_bits(std::uint16_t bits) noexcept {
        bfloat16 brain;
        brain.bits = bits;
        return brain;
    }
    /// Exact, of every bit: a float whose lower half is zero.
    UNITSPHERE_INLINE operator float() const noexcept { return detail::bit_cast<float>(std::uint32_t(bits) << 16); }

private:
    /// Round to nearest, ties to even; overflow to infinity; subnormals kept; a NaN keeps its sign and becomes quiet.
    UNITSPHERE_INLINE static std::uint16_t from_float(float value) noexcept {
        const std::uint32_t wide = detail::bit_cast<std::uint32_t>(value);
        if (detail::is_nan(value)) return std::uint16_t((wide >> 16) | 0x0040u);
        return std::uint16_t((wide + 0x7fffu + ((wide >> 16) & 1u)) >> 16);
    }
};

}  // namespace unitsphere
