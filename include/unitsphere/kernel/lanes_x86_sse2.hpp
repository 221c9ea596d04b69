/// The primitives on SSE2, and the replacements for AVX2, FMA and F16C where these are missing.
#pragma once

#include "arithmetic.hpp"
#include "lanes_x86_base.hpp"

#if !defined(__AVX512F__)
namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

#if !defined(__AVX__)
UNITSPHERE_INLINE vector<double> widen_low(vector<float> x) noexcept { return _mm_cvtps_pd(x); }
UNITSPHERE_INLINE vector<double> widen_high(vector<float> x) noexcept { return _mm_cvtps_pd(_mm_movehl_ps(x, x)); }
UNITSPHERE_INLINE vector<double> load_widened(const float* from) noexcept {
    return _mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i_u*>(from))));
}
UNITSPHERE_INLINE vector<float> narrow(vector<double> low, vector<double> high) noexcept {
    return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
}

UNITSPHERE_INLINE double sum_of_halves(vector<double> x) noexcept { return sum_of_2(x); }
UNITSPHERE_INLINE vector<float> load_first(const float* from, int count) noexcept {
    const __m128 none = _mm_setzero_ps();
    if (count <= 0) return none;
    if (count >= 4) return _mm_loadu_ps(from);
    if (count == 1) return _mm_load_ss(from);
    const __m128 two = _mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i_u*>(from)));
    return count == 2 ? two : _mm_movelh_ps(two, _mm_load_ss(from + 2));
}
UNITSPHERE_INLINE void store_first(float* to, vector<float> x, int count) noexcept {
    const __m128 native = x;
    if (count >= 4) return _mm_storeu_ps(to, native);
    if (count >= 2) _mm_storel_pi(static_cast<__m64*>(static_cast<void*>(to)), native);
    if (count == 1) _mm_store_ss(to, native);
    if (count == 3) _mm_store_ss(to + 2, _mm_movehl_ps(native, native));
}

/// Transposes a square of registers: swaps element c of row r with element r of row c. The stages interleave single
/// elements, then pairs, then quarters or halves of a register.
UNITSPHERE_INLINE void transpose(vector<float> (&rows)[4]) noexcept {
    __m128 row0 = rows[0], row1 = rows[1], row2 = rows[2], row3 = rows[3];
    _MM_TRANSPOSE4_PS(row0, row1, row2, row3);
    rows[0] = row0, rows[1] = row1, rows[2] = row2, rows[3] = row3;
}
UNITSPHERE_INLINE void transpose(vector<double> (&rows)[2]) noexcept {
    const __m128d low = _mm_unpacklo_pd(rows[0], rows[1]), high = _mm_unpackhi_pd(rows[0], rows[1]);
    rows[0] = low, rows[1] = high;
}
#endif

UNITSPHERE_INLINE vector<std::int32_t> lane_min(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return (xsimd::min)(a, b);
}
UNITSPHERE_INLINE vector<std::int32_t> lane_max(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return (xsimd::max)(a, b);
}
UNITSPHERE_INLINE vector<std::int32_t> lane_max_unsigned(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
#ifdef __AVX2__
    return _mm256_max_epu32(a, b);
#else
    const vector<std::int32_t> sign(std::int32_t(0x80000000));
    return (xsimd::max)(a ^ sign, b ^ sign) ^ sign;
#endif
}
UNITSPHERE_INLINE std::int32_t max_of_lanes(vector<std::int32_t> x) noexcept {
#ifdef __AVX2__
    return max_of_8(x);
#else
    constexpr int width = int(vector<std::int32_t>::size);
    std::int32_t element[width];
    x.store_unaligned(element);
    for (int i = 1; i < width; ++i) element[0] = maximum(element[0], element[i]);
    return element[0];
#endif
}
UNITSPHERE_INLINE vector<std::int32_t> select_gt(vector<std::int32_t> x, vector<std::int32_t> bound,
                                                 vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return xsimd::select(x > bound, a, b);
}
/// The number of elements with x > bound.
UNITSPHERE_INLINE int count_gt(vector<std::int32_t> x, vector<std::int32_t> bound) noexcept {
    const typename xsimd::batch_bool<std::int32_t>::register_type native = x > bound;
#ifdef __AVX__
    return __builtin_popcount(unsigned(_mm256_movemask_ps(_mm256_castsi256_ps(native))));
#else
    constexpr std::uint64_t ones_in_four_bits = 0x4332322132212110u;  // a table: SSE2 has no popcnt
    return int(ones_in_four_bits >> 4 * _mm_movemask_ps(_mm_castsi128_ps(native)) & 15);
#endif
}
template <int Count>
UNITSPHERE_INLINE vector<std::int32_t> shift_left(vector<std::int32_t> a) noexcept {
    return a << Count;
}
#if !defined(__FMA__) && !defined(__AVX512F__)
/// Two roundings, behind barriers: neither contracted by a compiler that may use FMA4, nor reassociated under
/// -ffast-math.
template <class T>
UNITSPHERE_INLINE vector<T> fma(vector<T> a, vector<T> b, vector<T> c) noexcept {
    return fp_barrier(fp_barrier(a * b) + c);
}
#endif
#if !defined(__AVX2__) && !defined(__AVX512F__)
UNITSPHERE_INLINE vector<float> load(const bfloat16* from) noexcept {
    constexpr int width = int(vector<float>::size);
    alignas(64) float wide[width];
    for (int i = 0; i < width; i += 4) {
        const __m128i half = _mm_loadl_epi64(reinterpret_cast<const __m128i_u*>(from + i));
        _mm_store_ps(wide + i, _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), half)));
    }
    return vector<float>::load_aligned(wide);
}
UNITSPHERE_INLINE vector<float> load(const std::int8_t* from) noexcept {
    constexpr int width = int(vector<float>::size);
    alignas(64) float wide[width];
    for (int i = 0; i < width; i += 4) {
        std::int32_t four;
        std::memcpy(&four, from + i, sizeof four);
        const __m128i byte = _mm_cvtsi32_si128(four);
        const __m128i upper = _mm_unpacklo_epi16(_mm_setzero_si128(), _mm_unpacklo_epi8(_mm_setzero_si128(), byte));
        _mm_store_ps(wide + i, _mm_cvtepi32_ps(_mm_srai_epi32(upper, 24)));
    }
    return vector<float>::load_aligned(wide);
}
#endif
#if !defined(__F16C__) && !defined(__AVX512F__)
/// Exact without F16C: fraction and exponent shifted into place and rebased; a subnormal half is an integer times 2^-24
/// (no float here is subnormal, so flushing those to zero changes nothing); Inf and NaN get their full exponent.
UNITSPHERE_INLINE vector<float> load(const float16* from) noexcept {
    constexpr int width = int(vector<float>::size);
    alignas(64) float wide[width];
    for (int i = 0; i < width; i += 4) {
        const __m128i half = _mm_loadl_epi64(reinterpret_cast<const __m128i_u*>(from + i));
        const __m128i word = _mm_unpacklo_epi16(half, _mm_setzero_si128());
        const __m128i magnitude = _mm_and_si128(word, _mm_set1_epi32(0x7fff));
        const __m128i sign = _mm_slli_epi32(_mm_xor_si128(word, magnitude), 16);
        const __m128i normal = _mm_add_epi32(_mm_slli_epi32(magnitude, 13), _mm_set1_epi32(112 << 23));
        const __m128i tiny = _mm_castps_si128(_mm_mul_ps(_mm_cvtepi32_ps(magnitude), _mm_set1_ps(0x1p-24f)));
        const __m128i is_normal = _mm_cmpgt_epi32(magnitude, _mm_set1_epi32(0x03ff));
        const __m128i finite = _mm_or_si128(_mm_and_si128(is_normal, normal), _mm_andnot_si128(is_normal, tiny));
        const __m128i special =
            _mm_and_si128(_mm_cmpgt_epi32(magnitude, _mm_set1_epi32(0x7bff)), _mm_set1_epi32(0x7f800000));
        const __m128i quiet =
            _mm_and_si128(_mm_cmpgt_epi32(magnitude, _mm_set1_epi32(0x7c00)), _mm_set1_epi32(0x00400000));
        const __m128i bits = _mm_or_si128(_mm_or_si128(finite, sign), _mm_or_si128(special, quiet));
        _mm_store_ps(wide + i, _mm_castsi128_ps(bits));
    }
    return vector<float>::load_aligned(wide);
}
#endif

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
#endif
