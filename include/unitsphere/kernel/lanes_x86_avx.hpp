/// The primitives on AVX, with what AVX2, FMA and F16C add.
#pragma once

#include "lanes_x86_base.hpp"

#if defined(__AVX__) && !defined(__AVX512F__)
namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

#ifdef __FMA__
UNITSPHERE_INLINE vector<float> fma(vector<float> a, vector<float> b, vector<float> c) noexcept {
    return _mm256_fmadd_ps(a, b, c);
}
UNITSPHERE_INLINE vector<double> fma(vector<double> a, vector<double> b, vector<double> c) noexcept {
    return _mm256_fmadd_pd(a, b, c);
}
#endif
UNITSPHERE_INLINE vector<double> widen_low(vector<float> x) noexcept {
    return _mm256_cvtps_pd(_mm256_castps256_ps128(x));
}
UNITSPHERE_INLINE vector<double> widen_high(vector<float> x) noexcept {
    return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
}
UNITSPHERE_INLINE vector<double> load_widened(const float* from) noexcept {
    return _mm256_cvtps_pd(_mm_loadu_ps(from));
}
UNITSPHERE_INLINE vector<float> narrow(vector<double> low, vector<double> high) noexcept {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(low)), _mm256_cvtpd_ps(high), 1);
}
UNITSPHERE_INLINE double sum_of_halves(vector<double> x) noexcept { return sum_of_4(x); }
#ifdef __AVX2__
UNITSPHERE_INLINE vector<float> load(const bfloat16* from) noexcept {
    const __m256i word = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i_u*>(from)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(word, 16));
}
UNITSPHERE_INLINE vector<float> load(const std::int8_t* from) noexcept {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i_u*>(from))));
}
#endif
#ifdef __F16C__
UNITSPHERE_INLINE vector<float> load(const float16* from) noexcept {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i_u*>(from)));
}
#endif

/// A mask of the first `count` of 8 elements: 8 of a table of 8 ones and 8 zeros, from 8 - count on.
UNITSPHERE_INLINE __m256i first_mask(int count) noexcept {
    alignas(64) static constexpr std::int32_t window[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    return _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(window + 8 - count));
}

UNITSPHERE_INLINE vector<float> load_first(const float* from, int count) noexcept {
    return _mm256_maskload_ps(from, first_mask(count));
}
/// By halves of what is left: a masked store takes some 20 cycles on Zen 1 and 2.
UNITSPHERE_INLINE void store_first(float* to, vector<float> x, int count) noexcept {
    if (count >= 8) return _mm256_storeu_ps(to, x);
    __m128 left = _mm256_castps256_ps128(x);
    if (count & 4) {
        _mm_storeu_ps(to, left);
        to += 4, left = _mm256_extractf128_ps(x, 1);
    }
    if (count & 2) {
        _mm_storel_pi(static_cast<__m64*>(static_cast<void*>(to)), left);
        to += 2, left = _mm_movehl_ps(left, left);
    }
    if (count & 1) _mm_store_ss(to, left);
}

/// Transposes a square of registers: swaps element c of row r with element r of row c. The stages interleave single
/// elements, then pairs, then quarters or halves of a register.
UNITSPHERE_INLINE void transpose(vector<float> (&rows)[8]) noexcept {
    __m256 pair[8];
    unroll<2>([&](int half) UNITSPHERE_LAMBDA {
        const int i = 4 * half;
        const __m256 low01 = _mm256_unpacklo_ps(rows[i], rows[i + 1]),
                     high01 = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
        const __m256 low23 = _mm256_unpacklo_ps(rows[i + 2], rows[i + 3]);
        const __m256 high23 = _mm256_unpackhi_ps(rows[i + 2], rows[i + 3]);
        pair[i] = _mm256_shuffle_ps(low01, low23, 0x44);
        pair[i + 1] = _mm256_shuffle_ps(low01, low23, 0xee);
        pair[i + 2] = _mm256_shuffle_ps(high01, high23, 0x44);
        pair[i + 3] = _mm256_shuffle_ps(high01, high23, 0xee);
    });
    unroll<4>([&](int c) UNITSPHERE_LAMBDA {
        rows[c] = _mm256_permute2f128_ps(pair[c], pair[4 + c], 0x20);
        rows[4 + c] = _mm256_permute2f128_ps(pair[c], pair[4 + c], 0x31);
    });
}
UNITSPHERE_INLINE void transpose(vector<double> (&rows)[4]) noexcept {
    const __m256d low01 = _mm256_unpacklo_pd(rows[0], rows[1]), high01 = _mm256_unpackhi_pd(rows[0], rows[1]);
    const __m256d low23 = _mm256_unpacklo_pd(rows[2], rows[3]), high23 = _mm256_unpackhi_pd(rows[2], rows[3]);
    rows[0] = _mm256_permute2f128_pd(low01, low23, 0x20);
    rows[1] = _mm256_permute2f128_pd(high01, high23, 0x20);
    rows[2] = _mm256_permute2f128_pd(low01, low23, 0x31);
    rows[3] = _mm256_permute2f128_pd(high01, high23, 0x31);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
#endif
