/// The primitives on 64-bit ARM (NEON) that xsimd lacks, or that differ between its versions.
#pragma once

#include <arm_neon.h>

#include "lanes_xsimd.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

inline constexpr int vector_registers = 32;
inline constexpr bool has_fma = true;

/// Optimization barrier: the identity, through an empty asm. The compiler can neither contract nor reassociate
/// floating- point operations across it.
UNITSPHERE_INLINE vector<float> fp_barrier(vector<float> x) noexcept {
    float32x4_t native = x;
    asm("" : "+w"(native));
    return native;
}
UNITSPHERE_INLINE vector<double> fp_barrier(vector<double> x) noexcept {
    float64x2_t native = x;
    asm("" : "+w"(native));
    return native;
}
UNITSPHERE_INLINE double fp_barrier(double x) noexcept {
    asm("" : "+w"(x));
    return x;
}
UNITSPHERE_INLINE float fp_barrier(float x) noexcept {
    asm("" : "+w"(x));
    return x;
}

UNITSPHERE_INLINE vector<float> fma(vector<float> a, vector<float> b, vector<float> c) noexcept {
    return vfmaq_f32(c, a, b);
}
UNITSPHERE_INLINE vector<double> fma(vector<double> a, vector<double> b, vector<double> c) noexcept {
    return vfmaq_f64(c, a, b);
}
UNITSPHERE_INLINE vector<double> widen_low(vector<float> x) noexcept { return vcvt_f64_f32(vget_low_f32(x)); }
UNITSPHERE_INLINE vector<double> widen_high(vector<float> x) noexcept { return vcvt_high_f64_f32(x); }
UNITSPHERE_INLINE vector<double> load_widened(const float* from) noexcept { return vcvt_f64_f32(vld1_f32(from)); }
UNITSPHERE_INLINE vector<float> narrow(vector<double> low, vector<double> high) noexcept {
    return vcvt_high_f32_f64(vcvt_f32_f64(low), high);
}

/// A plain store: NEON has no non-temporal store that every compiler offers.
UNITSPHERE_INLINE void stream(float* to, vector<float> x) noexcept { vst1q_f32(to, x); }
UNITSPHERE_INLINE void finish_streams() noexcept {}

UNITSPHERE_INLINE vector<std::int32_t> lane_min(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return vminq_s32(a, b);
}
UNITSPHERE_INLINE vector<std::int32_t> lane_max(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return vmaxq_s32(a, b);
}
UNITSPHERE_INLINE vector<std::int32_t> lane_max_unsigned(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return vreinterpretq_s32_u32(vmaxq_u32(vreinterpretq_u32_s32(a), vreinterpretq_u32_s32(b)));
}
UNITSPHERE_INLINE std::int32_t max_of_lanes(vector<std::int32_t> x) noexcept { return vmaxvq_s32(x); }
UNITSPHERE_INLINE double sum_of_halves(vector<double> x) noexcept { return vpaddd_f64(x); }
/// Per element: x > bound ? a : b.
UNITSPHERE_INLINE vector<std::int32_t> select_gt(vector<std::int32_t> x, vector<std::int32_t> bound,
                                                 vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return vbslq_s32(vcgtq_s32(x, bound), a, b);
}
/// The number of elements with x > bound.
UNITSPHERE_INLINE int count_gt(vector<std::int32_t> x, vector<std::int32_t> bound) noexcept {
    return int(vaddvq_u32(vshrq_n_u32(vcgtq_s32(x, bound), 31)));
}
template <int Count>
UNITSPHERE_INLINE vector<std::int32_t> shift_left(vector<std::int32_t> a) noexcept {
    return vshlq_n_s32(a, Count);
}
UNITSPHERE_INLINE vector<float> load(const float16* from) noexcept {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(reinterpret_cast<const std::uint16_t*>(from))));
}
UNITSPHERE_INLINE vector<float> load(const bfloat16* from) noexcept {
    return vreinterpretq_f32_u32(vshlq_n_u32(vmovl_u16(vld1_u16(reinterpret_cast<const std::uint16_t*>(from))), 16));
}
UNITSPHERE_INLINE vector<float> load(const std::int8_t* from) noexcept {
    std::uint32_t four;
    std::memcpy(&four, from, sizeof four);
    const int16x8_t half = vmovl_s8(vreinterpret_s8_u32(vdup_n_u32(four)));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(half)));
}
UNITSPHERE_INLINE vector<float> load_first(const float* from, int count) noexcept {
    float32x4_t x = vdupq_n_f32(0.0f);
    if (count >= 4) return vld1q_f32(from);
    if (count > 0) x = vld1q_lane_f32(from, x, 0);
    if (count > 1) x = vld1q_lane_f32(from + 1, x, 1);
    if (count > 2) x = vld1q_lane_f32(from + 2, x, 2);
    return x;
}
UNITSPHERE_INLINE void store_first(float* to, vector<float> x, int count) noexcept {
    const float32x4_t native = x;
    if (count >= 4) return vst1q_f32(to, native);
    if (count > 0) vst1q_lane_f32(to, native, 0);
    if (count > 1) vst1q_lane_f32(to + 1, native, 1);
    if (count > 2) vst1q_lane_f32(to + 2, native, 2);
}

/// Transposes a square of registers: swaps element c of row r with element r of row c.
UNITSPHERE_INLINE void transpose(vector<float> (&rows)[4]) noexcept {
    const float32x4x2_t low = vtrnq_f32(rows[0], rows[1]), high = vtrnq_f32(rows[2], rows[3]);
    rows[0] = vcombine_f32(vget_low_f32(low.val[0]), vget_low_f32(high.val[0]));
    rows[1] = vcombine_f32(vget_low_f32(low.val[1]), vget_low_f32(high.val[1]));
    rows[2] = vcombine_f32(vget_high_f32(low.val[0]), vget_high_f32(high.val[0]));
    rows[3] = vcombine_f32(vget_high_f32(low.val[1]), vget_high_f32(high.val[1]));
}
UNITSPHERE_INLINE void transpose(vector<double> (&rows)[2]) noexcept {
    const float64x2_t first = vtrn1q_f64(rows[0], rows[1]), second = vtrn2q_f64(rows[0], rows[1]);
    rows[0] = first, rows[1] = second;
}

/// a / b, rounded once: xsimd 8.1 multiplies by an estimate of 1 / b.
UNITSPHERE_INLINE vector<float> quotient(vector<float> a, vector<float> b) noexcept { return vdivq_f32(a, b); }

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
