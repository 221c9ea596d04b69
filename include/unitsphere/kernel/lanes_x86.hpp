/// What xsimd does not offer on x86, or not alike in all its versions: the intrinsics of SSE2 to AVX-512.
#pragma once

#include <immintrin.h>

#include <xsimd/xsimd.hpp>

#include "../data/scalar.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// One register of T.
template <class T>
using vector = xsimd::batch<T>;

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

/// An empty instruction that the compiler cannot look through: what went in cannot be fused with, or reordered
/// against, what comes out.
UNITSPHERE_INLINE vector<float> ordered(vector<float> x) noexcept {
    typename vector<float>::register_type native = x;
#ifdef __AVX512F__
    asm("" : "+v"(native));
#else
    asm("" : "+x"(native));
#endif
    return native;
}
UNITSPHERE_INLINE vector<double> ordered(vector<double> x) noexcept {
    typename vector<double>::register_type native = x;
#ifdef __AVX512F__
    asm("" : "+v"(native));
#else
    asm("" : "+x"(native));
#endif
    return native;
}
UNITSPHERE_INLINE double ordered(double x) noexcept {
    asm("" : "+x"(x));
    return x;
}
UNITSPHERE_INLINE float ordered(float x) noexcept {
    asm("" : "+x"(x));
    return x;
}

/// Halves onto halves, down to one.
UNITSPHERE_INLINE double sum_of_2(__m128d x) noexcept { return _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x))); }
#ifdef __AVX__
UNITSPHERE_INLINE double sum_of_4(__m256d x) noexcept {
    return sum_of_2(_mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1)));
}
#endif
#ifdef __AVX2__
UNITSPHERE_INLINE std::int32_t largest_of_8(__m256i x) noexcept {
    const __m128i four = _mm_max_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    const __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return _mm_cvtsi128_si32(_mm_max_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}
#endif

#if defined(__AVX512F__)

UNITSPHERE_INLINE vector<float> fma(vector<float> a, vector<float> b, vector<float> c) noexcept {
    return _mm512_fmadd_ps(a, b, c);
}
UNITSPHERE_INLINE vector<double> fma(vector<double> a, vector<double> b, vector<double> c) noexcept {
    return _mm512_fmadd_pd(a, b, c);
}
// The masked forms, with every lane chosen, and the compiler's own shuffle: inside the plain forms gcc 12 warns of
// uninitialized memory that is not ours.
UNITSPHERE_INLINE vector<double> widen_low(vector<float> x) noexcept {
    const __m512 native = x;
    return _mm512_maskz_cvtps_pd(__mmask8(0xff), __builtin_shufflevector(native, native, 0, 1, 2, 3, 4, 5, 6, 7));
}
UNITSPHERE_INLINE vector<double> widen_high(vector<float> x) noexcept {
    const __m512d native = _mm512_castps_pd(x);
    const __m256d high = __builtin_shufflevector(native, native, 4, 5, 6, 7);
    return _mm512_maskz_cvtps_pd(__mmask8(0xff), _mm256_castpd_ps(high));
}
UNITSPHERE_INLINE vector<float> narrow(vector<double> low, vector<double> high) noexcept {
    const __m256 first = _mm512_maskz_cvtpd_ps(__mmask8(0xff), low);
    const __m256 second = _mm512_maskz_cvtpd_ps(__mmask8(0xff), high);
    return __builtin_shufflevector(first, second, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
UNITSPHERE_INLINE vector<std::int32_t> smaller(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return _mm512_maskz_min_epi32(__mmask16(0xffff), a, b);
}
UNITSPHERE_INLINE vector<std::int32_t> larger(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return _mm512_maskz_max_epi32(__mmask16(0xffff), a, b);
}
UNITSPHERE_INLINE vector<std::int32_t> larger_unsigned(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return _mm512_maskz_max_epu32(__mmask16(0xffff), a, b);
}
UNITSPHERE_INLINE std::int32_t largest_element(vector<std::int32_t> x) noexcept {
    const __m512i native = x;
    const __m256i eight = _mm256_max_epi32(__builtin_shufflevector(native, native, 0, 1, 2, 3),
                                           __builtin_shufflevector(native, native, 4, 5, 6, 7));
    return largest_of_8(eight);
}
UNITSPHERE_INLINE double sum_of_halves(vector<double> x) noexcept {
    const __m512d native = x;
    return sum_of_4(_mm256_add_pd(__builtin_shufflevector(native, native, 0, 1, 2, 3),
                                  __builtin_shufflevector(native, native, 4, 5, 6, 7)));
}
/// Per element: where x > bound that of a, else of b.
UNITSPHERE_INLINE vector<std::int32_t> where_above(vector<std::int32_t> x, vector<std::int32_t> bound,
                                                   vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return _mm512_mask_blend_epi32(_mm512_cmpgt_epi32_mask(x, bound), b, a);
}
template <int Count>
UNITSPHERE_INLINE vector<std::int32_t> shift_left(vector<std::int32_t> a) noexcept {
    return _mm512_maskz_slli_epi32(__mmask16(0xffff), a, Count);
}
UNITSPHERE_INLINE vector<float> load(const float16* from) noexcept {
    return _mm512_maskz_cvtph_ps(__mmask16(0xffff), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
UNITSPHERE_INLINE vector<float> load(const bfloat16* from) noexcept {
    const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    const __m512i word = _mm512_maskz_cvtepu16_epi32(__mmask16(0xffff), half);
    return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(__mmask16(0xffff), word, 16));
}
UNITSPHERE_INLINE vector<float> load(const std::int8_t* from) noexcept {
    const __m128i byte = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm512_maskz_cvtepi32_ps(__mmask16(0xffff), _mm512_maskz_cvtepi8_epi32(__mmask16(0xffff), byte));
}
UNITSPHERE_INLINE vector<float> load_first(const float* from, int count) noexcept {
    return _mm512_maskz_loadu_ps(__mmask16((1u << count) - 1u), from);
}
UNITSPHERE_INLINE void store_first(float* to, vector<float> x, int count) noexcept {
    _mm512_mask_storeu_ps(to, __mmask16((1u << count) - 1u), x);
}

#elif defined(__AVX__)

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
UNITSPHERE_INLINE vector<float> narrow(vector<double> low, vector<double> high) noexcept {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(low)), _mm256_cvtpd_ps(high), 1);
}
UNITSPHERE_INLINE double sum_of_halves(vector<double> x) noexcept { return sum_of_4(x); }
#ifdef __AVX2__
UNITSPHERE_INLINE vector<float> load(const bfloat16* from) noexcept {
    const __m256i word = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(word, 16));
}
UNITSPHERE_INLINE vector<float> load(const std::int8_t* from) noexcept {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}
#endif
#ifdef __F16C__
UNITSPHERE_INLINE vector<float> load(const float16* from) noexcept {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
#endif

/// All bits set in the first `count` of 8 elements: the window into 8 ones followed by 8 zeros, 8 - count in.
UNITSPHERE_INLINE __m256i first_mask(int count) noexcept {
    alignas(64) static constexpr std::int32_t window[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(window + 8 - count));
}

UNITSPHERE_INLINE vector<float> load_first(const float* from, int count) noexcept {
    return _mm256_maskload_ps(from, first_mask(count));
}
UNITSPHERE_INLINE void store_first(float* to, vector<float> x, int count) noexcept {
    _mm256_maskstore_ps(to, first_mask(count), x);
}

#else  // SSE2

UNITSPHERE_INLINE vector<double> widen_low(vector<float> x) noexcept { return _mm_cvtps_pd(x); }
UNITSPHERE_INLINE vector<double> widen_high(vector<float> x) noexcept { return _mm_cvtps_pd(_mm_movehl_ps(x, x)); }
UNITSPHERE_INLINE vector<float> narrow(vector<double> low, vector<double> high) noexcept {
    return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
}

UNITSPHERE_INLINE double sum_of_halves(vector<double> x) noexcept { return sum_of_2(x); }
UNITSPHERE_INLINE vector<float> load_first(const float* from, int count) noexcept {
    const __m128 none = _mm_setzero_ps();
    if (count <= 0) return none;
    if (count >= 4) return _mm_loadu_ps(from);
    if (count == 1) return _mm_load_ss(from);
    const __m128 two = _mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
    return count == 2 ? two : _mm_movelh_ps(two, _mm_load_ss(from + 2));
}
UNITSPHERE_INLINE void store_first(float* to, vector<float> x, int count) noexcept {
    const __m128 native = x;
    if (count >= 4) return _mm_storeu_ps(to, native);
    if (count >= 2) _mm_storel_pi(reinterpret_cast<__m64*>(to), native);
    if (count == 1) _mm_store_ss(to, native);
    if (count == 3) _mm_store_ss(to + 2, _mm_movehl_ps(native, native));
}

#endif

#ifndef __AVX512F__
UNITSPHERE_INLINE vector<std::int32_t> smaller(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return (xsimd::min)(a, b);
}
UNITSPHERE_INLINE vector<std::int32_t> larger(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return (xsimd::max)(a, b);
}
UNITSPHERE_INLINE vector<std::int32_t> larger_unsigned(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
#ifdef __AVX2__
    return _mm256_max_epu32(a, b);
#else
    const vector<std::int32_t> turned(std::int32_t(0x80000000));
    return (xsimd::max)(a ^ turned, b ^ turned) ^ turned;
#endif
}
UNITSPHERE_INLINE std::int32_t largest_element(vector<std::int32_t> x) noexcept {
#ifdef __AVX2__
    return largest_of_8(x);
#else
    constexpr int width = int(vector<std::int32_t>::size);
    std::int32_t element[width];
    x.store_unaligned(element);
    for (int i = 1; i < width; ++i) element[0] = element[i] > element[0] ? element[i] : element[0];
    return element[0];
#endif
}
UNITSPHERE_INLINE vector<std::int32_t> where_above(vector<std::int32_t> x, vector<std::int32_t> bound,
                                                   vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return xsimd::select(x > bound, a, b);
}
template <int Count>
UNITSPHERE_INLINE vector<std::int32_t> shift_left(vector<std::int32_t> a) noexcept {
    return a << Count;
}
#endif
#if !defined(__FMA__) && !defined(__AVX512F__)
/// Two roundings, each made before what follows: not fused by a compiler that has another such instruction (FMA4), nor
/// taken apart under -ffast-math.
template <class T>
UNITSPHERE_INLINE vector<T> fma(vector<T> a, vector<T> b, vector<T> c) noexcept {
    return ordered(ordered(a * b) + c);
}
#endif
#if !defined(__AVX2__) && !defined(__AVX512F__)
UNITSPHERE_INLINE vector<float> load(const bfloat16* from) noexcept {
    constexpr int width = int(vector<float>::size);
    alignas(64) float wide[width];
    for (int i = 0; i < width; i += 4) {
        const __m128i half = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + i));
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
        const __m128i half = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + i));
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

// transpose(rows): element c of row r changes places with element r of row c, in a square of registers. Each stage joins
// pairs: single elements, then pairs of them, then (AVX) quarters and halves of a register.

#if defined(__AVX512F__)
// The compiler's own shuffles: inside the intrinsics gcc 12 warns of uninitialized memory that is not ours.
UNITSPHERE_INLINE __m512d low_pairs(__m512 a, __m512 b) noexcept {
    return _mm512_castps_pd(
        __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29));
}
UNITSPHERE_INLINE __m512d high_pairs(__m512 a, __m512 b) noexcept {
    return _mm512_castps_pd(
        __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31));
}
UNITSPHERE_INLINE __m512d low_pairs(__m512d a, __m512d b) noexcept {
    return __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
}
UNITSPHERE_INLINE __m512d high_pairs(__m512d a, __m512d b) noexcept {
    return __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
}
UNITSPHERE_INLINE __m512d even_quarters(__m512d a, __m512d b) noexcept {
    return __builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13);
}
UNITSPHERE_INLINE __m512d odd_quarters(__m512d a, __m512d b) noexcept {
    return __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15);
}
UNITSPHERE_INLINE void transpose(vector<float> (&rows)[16]) noexcept {
    __m512d four[16];  // of each quarter, four rows' elements of one column
    for (int i = 0; i < 16; i += 4) {
        const __m512d low01 = low_pairs(__m512(rows[i]), rows[i + 1]), low23 = low_pairs(__m512(rows[i + 2]), rows[i + 3]);
        const __m512d high01 = high_pairs(__m512(rows[i]), rows[i + 1]);
        const __m512d high23 = high_pairs(__m512(rows[i + 2]), rows[i + 3]);
        four[i] = low_pairs(low01, low23), four[i + 1] = high_pairs(low01, low23);
        four[i + 2] = low_pairs(high01, high23), four[i + 3] = high_pairs(high01, high23);
    }
    for (int c = 0; c < 4; ++c) {
        const __m512d even = even_quarters(four[c], four[4 + c]), odd = odd_quarters(four[c], four[4 + c]);
        const __m512d last_even = even_quarters(four[8 + c], four[12 + c]);
        const __m512d last_odd = odd_quarters(four[8 + c], four[12 + c]);
        rows[c] = _mm512_castpd_ps(even_quarters(even, last_even));
        rows[4 + c] = _mm512_castpd_ps(even_quarters(odd, last_odd));
        rows[8 + c] = _mm512_castpd_ps(odd_quarters(even, last_even));
        rows[12 + c] = _mm512_castpd_ps(odd_quarters(odd, last_odd));
    }
}
UNITSPHERE_INLINE void transpose(vector<double> (&rows)[8]) noexcept {
    __m512d two[8];
    for (int i = 0; i < 8; i += 2) {
        two[i] = low_pairs(__m512d(rows[i]), rows[i + 1]);
        two[i + 1] = high_pairs(__m512d(rows[i]), rows[i + 1]);
    }
    for (int c = 0; c < 2; ++c) {
        const __m512d even = even_quarters(two[c], two[2 + c]), odd = odd_quarters(two[c], two[2 + c]);
        const __m512d last_even = even_quarters(two[4 + c], two[6 + c]), last_odd = odd_quarters(two[4 + c], two[6 + c]);
        rows[c] = even_quarters(even, last_even), rows[2 + c] = even_quarters(odd, last_odd);
        rows[4 + c] = odd_quarters(even, last_even), rows[6 + c] = odd_quarters(odd, last_odd);
    }
}
#elif defined(__AVX__)
UNITSPHERE_INLINE void transpose(vector<float> (&rows)[8]) noexcept {
    __m256 pair[8];
    for (int i = 0; i < 8; i += 4) {
        const __m256 low01 = _mm256_unpacklo_ps(rows[i], rows[i + 1]), high01 = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
        const __m256 low23 = _mm256_unpacklo_ps(rows[i + 2], rows[i + 3]);
        const __m256 high23 = _mm256_unpackhi_ps(rows[i + 2], rows[i + 3]);
        pair[i] = _mm256_shuffle_ps(low01, low23, 0x44);
        pair[i + 1] = _mm256_shuffle_ps(low01, low23, 0xee);
        pair[i + 2] = _mm256_shuffle_ps(high01, high23, 0x44);
        pair[i + 3] = _mm256_shuffle_ps(high01, high23, 0xee);
    }
    for (int c = 0; c < 4; ++c) {
        rows[c] = _mm256_permute2f128_ps(pair[c], pair[4 + c], 0x20);
        rows[4 + c] = _mm256_permute2f128_ps(pair[c], pair[4 + c], 0x31);
    }
}
UNITSPHERE_INLINE void transpose(vector<double> (&rows)[4]) noexcept {
    const __m256d low01 = _mm256_unpacklo_pd(rows[0], rows[1]), high01 = _mm256_unpackhi_pd(rows[0], rows[1]);
    const __m256d low23 = _mm256_unpacklo_pd(rows[2], rows[3]), high23 = _mm256_unpackhi_pd(rows[2], rows[3]);
    rows[0] = _mm256_permute2f128_pd(low01, low23, 0x20);
    rows[1] = _mm256_permute2f128_pd(high01, high23, 0x20);
    rows[2] = _mm256_permute2f128_pd(low01, low23, 0x31);
    rows[3] = _mm256_permute2f128_pd(high01, high23, 0x31);
}
#else
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

/// a / b, rounded once. The instruction by name: under -ffast-math compilers would divide by an estimate, which turns
/// 1 / 1 into less than 1.
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
