/// The library's own exponential: the same bits on every machine with fused multiply-add, at most 1 ulp from exact.
///
///   exp(-y) = 2^n * exp(-r),   n = round(-y / ln 2),   r = y + n ln 2,   |r| <= ln(2) / 2
///
/// Only y >= 0 is needed anywhere: softmax subtracts the maximum first, a sigmoid and a log-sum-exp work on -|x|.
#pragma once

#include "lanes_bits.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// 1.5 * 2^23, where floats are 1 apart: adding it rounds to an integer.
inline constexpr float round_magic = 12582912.0f;

/// n + shift, n = round(-y / ln 2), for 0 <= y <= 130. shift = round_magic + an even number, so that ties
/// round the same way for all shifts; the low 9 bits of the result hold n + (shift - round_magic).
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> shifted_exponent(const lanes<float, Count>& y, float shift) noexcept {
    constexpr float log2_e = 1.44269504f;
    return fp_barrier(fma<float>(y, vector<float>(-log2_e), broadcast<Count>(shift)));
}

// ln 2 in two parts (Cody and Waite): n * ln2_high is exact without FMA too.
inline constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;

/// 2^(low 9 bits of shifted) * exp(-r) for |r| <= ln(2) / 2, where that is a normal number.
///
/// The polynomial is the minimax one for exp(-r) = 1 - r + r^2 q(r), deg q = 4: relative error 3.1e-9, 1/20 of a
/// rounding.
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> exp_times_power(const lanes<float, Count>& r,
                                                      const lanes<float, Count>& shifted) noexcept {
    lanes<float, Count> p = broadcast<Count>(0x1.6a23d0p-10f);
    p = fma<float>(p, r, broadcast<Count>(-0x1.123a20p-7f));
    p = fma<float>(p, r, broadcast<Count>(0x1.5558f2p-5f));
    p = fma<float>(p, r, broadcast<Count>(-0x1.555492p-3f));
    p = fma<float>(p, r, broadcast<Count>(0x1.fffffcp-2f));
    if constexpr (has_fma) {
        p = fma<float>(p, r, broadcast<Count>(-1.0f));
        p = fma<float>(p, r, broadcast<Count>(1.0f));
    } else {  // two roundings per step cost 1.2 ulp in all, but r^2 q is small against 1 - r, and r is exact
        p = fma<float>(p, product(r, r), broadcast<Count>(0.0f) - r);
        p = p + broadcast<Count>(1.0f);
    }
    return from_bits(bits(p) + shift_left<23>(bits(shifted)));  // adds to the exponent
}

/// 2^shift * exp(-y) for 0 <= y <= 130, where that is a normal number.
template <int Shift, int Count>
UNITSPHERE_INLINE lanes<float, Count> exp_negated_shifted(const lanes<float, Count>& y) noexcept {
    constexpr float shift = round_magic + float(Shift);
    const lanes<float, Count> shifted = shifted_exponent(y, shift);
    const lanes<float, Count> n = shifted - broadcast<Count>(shift);
    lanes<float, Count> r = fma<float>(n, vector<float>(ln2_high), y);
    r = fma<float>(n, vector<float>(ln2_low), r);
    return exp_times_power(r, shifted);
}

inline constexpr std::int32_t bits_of_one = 0x3f800000, exponent_of_126 = 126 << 23;

/// x * 2^-126 for x >= 0, rounded once, to nearest even, where it is subnormal; x_plus_1 = x + 1, rounded once. Many
/// machines take a hundred cycles for a floating-point instruction that makes or reads a subnormal number; this makes
/// them with integers: for x < 1 the bits of x + 1 exceed those of 1 by round(x * 2^23), the bits of the result.
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> scale_to_subnormal(const lanes<float, Count>& x,
                                                         const lanes<float, Count>& x_plus_1) noexcept {
    const auto one = broadcast<Count>(bits_of_one), power = broadcast<Count>(exponent_of_126);
    return from_bits(select_gt(bits(x), bits_of_one - 1, bits(x) - power, bits(x_plus_1) - one));
}
/// x * 2^126 for 0 <= x < 2, exact.
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> scale_from_subnormal(const lanes<float, Count>& x) noexcept {
    constexpr std::int32_t largest_subnormal = 0x007fffff;
    const lanes<float, Count> above_one =
        from_bits(bits(x) | broadcast<Count>(bits_of_one));  // 1 + x * 2^126 where x is subnormal
    return from_bits(select_gt(bits(x), largest_subnormal, bits(x) + broadcast<Count>(exponent_of_126),
                               bits(fp_barrier(above_one - broadcast<Count>(1.0f)))));
}

/// exp(-y) per lane for y >= 0 (+Inf gives 0, subnormal results are rounded once). NaN gives garbage: callers test
/// the bits. Nine multiply-adds and one addition: 10 operations of the FMA pipes.
///
/// Over every float: 0.89 ulp with FMA, 0.98 without. 2^n is applied in two factors, 2^(n + 126) by adding to the
/// exponent, then 2^-126: n + 126 stays inside the exponent's range down to the smallest subnormal result, so there is
/// no slow path.
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> exp_negated(const lanes<float, Count>& y) noexcept {
    constexpr std::int32_t bits_of_104 = 0x42d00000;  // exp(-104) is below half of the smallest subnormal
    const lanes<float, Count> bounded = from_bits(lane_min(bits(y), broadcast<Count>(bits_of_104)));
    constexpr std::int32_t exponent_of_62 = 62 << 23;
    const lanes<float, Count> up = from_bits(bits(exp_negated_shifted<64>(bounded)) + broadcast<Count>(exponent_of_62));
    return scale_to_subnormal(up, fp_barrier(up + broadcast<Count>(1.0f)));
}

inline constexpr std::int32_t bits_of_87 = 0x42ae0000;  // exp(-87) is a normal number, exp(-88) is not

/// The bits of exp_negated(y) for 0 <= y <= 87, without the second factor: 9 operations of the FMA pipes.
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> exp_negated_normal(const lanes<float, Count>& y) noexcept {
    return exp_negated_shifted<0>(y);
}

/// 2^64 exp(-(y + low)) per lane for 0 <= y <= 130, `low` being the rounding error of y: at most 1 ulp from exact, and
/// no result is subnormal.
template <int Count>
UNITSPHERE_INLINE lanes<float, Count> exp_negated_times_2_64(const lanes<float, Count>& y,
                                                             const lanes<float, Count>& low) noexcept {
    constexpr float shift = round_magic + 64.0f;
    const lanes<float, Count> shifted = shifted_exponent(y, shift);
    const lanes<float, Count> n = shifted - broadcast<Count>(shift);
    const lanes<float, Count> r = fma<float>(n, vector<float>(ln2_high), y);
    return exp_times_power(r + fma<float>(n, vector<float>(ln2_low), low), shifted);
}

/// exp(-y) in double for 0 <= y, 0 from 700 on (factors between strips, whose results are floats below 2^-149
/// there). The Taylor polynomial of degree 13 errs by 4e-18 on |r| <= ln(2) / 2.
inline double exp_negated(double y) noexcept {
    if (!(y < 700.0)) return 0.0;
    constexpr double log2_e = 1.4426950408889634, high = 0x1.62e42fee00000p-1, low = 0x1.a39ef35793c76p-33;
    constexpr double magic = 0x1.8p52;  // rounds to an integer, as round_magic
    constexpr double factorial_inverse[] = {
        1.0,        1.0,         1.0 / 2,      1.0 / 6,       1.0 / 24,       1.0 / 120,       1.0 / 720,
        1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0};

    const double shifted = fp_barrier(fma(y, -log2_e, magic));
    const double n = shifted - magic;
    const double r = -fma(n, low, fma(n, high, y));
    double p = factorial_inverse[13];
    for (int i = 12; i >= 0; --i) p = fma(p, r, factorial_inverse[i]);
    const auto exponent = detail::bit_cast<std::uint64_t>(shifted) << 52;
    return detail::bit_cast<double>(detail::bit_cast<std::uint64_t>(p) + exponent);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
