/// The primitives that all x86 machines share: registers, barriers, non-temporal stores, division.
#pragma once

#include "arithmetic.hpp"
#include "lanes_xsimd.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

#ifdef __AVX512F__
inline constexpr int vector_registers = 32;
#else
inline constexpr int vector_registers = 16;
#endif

#if defined(__FMA__) || defined(__AVX512F__)
inline constexpr bool has_fma = true;
#else
inline constexpr bool has_fma = false;
#endif

/// Optimization barrier: the identity, through an empty asm. The compiler can neither contract nor reassociate
/// floating- point operations across it.
UNITSPHERE_INLINE vector<float> fp_barrier(vector<float> x) noexcept {
    typename vector<float>::register_type native = x;
#ifdef __AVX512F__
    asm("" : "+v"(native));
#else
    asm("" : "+x"(native));
#endif
    return native;
}
UNITSPHERE_INLINE vector<double> fp_barrier(vector<double> x) noexcept {
    typename vector<double>::register_type native = x;
#ifdef __AVX512F__
    asm("" : "+v"(native));
#else
    asm("" : "+x"(native));
#endif
    return native;
}
UNITSPHERE_INLINE double fp_barrier(double x) noexcept {
    asm("" : "+x"(x));
    return x;
}
UNITSPHERE_INLINE float fp_barrier(float x) noexcept {
    asm("" : "+x"(x));
    return x;
}

/// Non-temporal store, for memory that is not read soon; `to` is aligned to the register's size. Other cores see it
/// only after a finish_streams().
UNITSPHERE_INLINE void stream(float* to, vector<float> x) noexcept {
#if defined(__AVX512F__)
    _mm512_stream_ps(to, x);
#elif defined(__AVX__)
    _mm256_stream_ps(to, x);
#else
    _mm_stream_ps(to, x);
#endif
}
UNITSPHERE_INLINE void finish_streams() noexcept { _mm_sfence(); }

/// Adds the upper half to the lower one until one element is left.
UNITSPHERE_INLINE double sum_of_2(__m128d x) noexcept { return _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x))); }
#ifdef __AVX__
UNITSPHERE_INLINE double sum_of_4(__m256d x) noexcept {
    return sum_of_2(_mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1)));
}
#endif
#ifdef __AVX2__
UNITSPHERE_INLINE std::int32_t max_of_8(__m256i x) noexcept {
    const __m128i four = _mm_max_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    const __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return _mm_cvtsi128_si32(_mm_max_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}
#endif

/// a / b, rounded once. In assembly: under -ffast-math compilers multiply by an estimate of 1 / b, which makes 1 / 1
/// less than 1.
UNITSPHERE_INLINE vector<float> quotient(vector<float> a, vector<float> b) noexcept {
    typename vector<float>::register_type native = a;
    const typename vector<float>::register_type divisor = b;
#if defined(__AVX512F__)
    asm("vdivps {%1, %0, %0|%0, %0, %1}" : "+v"(native) : "v"(divisor));
#elif defined(__AVX__)
    asm("vdivps {%1, %0, %0|%0, %0, %1}" : "+x"(native) : "x"(divisor));
#else
    asm("divps {%1, %0|%0, %1}" : "+x"(native) : "x"(divisor));
#endif
    return native;
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
