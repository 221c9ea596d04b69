/// The primitives on AVX-512.
#pragma once

#include "lanes_x86_base.hpp"

#if defined(__AVX512F__)
namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

UNITSPHERE_INLINE vector<float> fma(vector<float> a, vector<float> b, vector<float> c) noexcept {
    return _mm512_fmadd_ps(a, b, c);
}
UNITSPHERE_INLINE vector<double> fma(vector<double> a, vector<double> b, vector<double> c) noexcept {
    return _mm512_fmadd_pd(a, b, c);
}
/// *x * b + c, the broadcast within the instruction: asm, since a compiler that sees two of them loads the value once.
/// In the two dialects that the compiler may be told to use.
UNITSPHERE_INLINE vector<float> fma_broadcast(const float* x, vector<float> b, vector<float> c) noexcept {
    const __m512 columns = b;
    __m512 sum = c;
    asm("{vfmadd231ps %2%{1to16%}, %1, %0|vfmadd231ps %0, %1, %2%{1to16%}}" : "+v"(sum) : "v"(columns), "m"(*x));
    return sum;
}
/// a * b + c in the register of c.
UNITSPHERE_INLINE vector<float> fma_in_place(vector<float> a, vector<float> b, vector<float> c) noexcept {
    const __m512 row = a, columns = b;
    __m512 sum = c;
    asm("{vfmadd231ps %2, %1, %0|vfmadd231ps %0, %1, %2}" : "+v"(sum) : "v"(columns), "v"(row));
    return sum;
}
// The masked forms, with every lane selected, and the compiler's shuffle: gcc 12 warns of uninitialized memory inside
// the plain intrinsics.
UNITSPHERE_INLINE vector<double> widen_low(vector<float> x) noexcept {
    const __m512 native = x;
    return _mm512_maskz_cvtps_pd(__mmask8(0xff), __builtin_shufflevector(native, native, 0, 1, 2, 3, 4, 5, 6, 7));
}
UNITSPHERE_INLINE vector<double> widen_high(vector<float> x) noexcept {
    const __m512d native = _mm512_castps_pd(x);
    const __m256d high = __builtin_shufflevector(native, native, 4, 5, 6, 7);
    return _mm512_maskz_cvtps_pd(__mmask8(0xff), _mm256_castpd_ps(high));
}
UNITSPHERE_INLINE vector<double> load_widened(const float* from) noexcept {
    return _mm512_maskz_cvtps_pd(__mmask8(0xff), _mm256_loadu_ps(from));
}
UNITSPHERE_INLINE vector<float> narrow(vector<double> low, vector<double> high) noexcept {
    const __m256 first = _mm512_maskz_cvtpd_ps(__mmask8(0xff), low);
    const __m256 second = _mm512_maskz_cvtpd_ps(__mmask8(0xff), high);
    return __builtin_shufflevector(first, second, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
UNITSPHERE_INLINE vector<std::int32_t> lane_min(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return _mm512_maskz_min_epi32(__mmask16(0xffff), a, b);
}
UNITSPHERE_INLINE vector<std::int32_t> lane_max(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return _mm512_maskz_max_epi32(__mmask16(0xffff), a, b);
}
UNITSPHERE_INLINE vector<std::int32_t> lane_max_unsigned(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return _mm512_maskz_max_epu32(__mmask16(0xffff), a, b);
}
UNITSPHERE_INLINE std::int32_t max_of_lanes(vector<std::int32_t> x) noexcept {
    const __m512i native = x;
    const __m256i eight = _mm256_max_epi32(__builtin_shufflevector(native, native, 0, 1, 2, 3),
                                           __builtin_shufflevector(native, native, 4, 5, 6, 7));
    return max_of_8(eight);
}
UNITSPHERE_INLINE double sum_of_halves(vector<double> x) noexcept {
    const __m512d native = x;
    return sum_of_4(_mm256_add_pd(__builtin_shufflevector(native, native, 0, 1, 2, 3),
                                  __builtin_shufflevector(native, native, 4, 5, 6, 7)));
}
/// Per element: x > bound ? a : b.
UNITSPHERE_INLINE vector<std::int32_t> select_gt(vector<std::int32_t> x, vector<std::int32_t> bound,
                                                 vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return _mm512_mask_blend_epi32(_mm512_cmpgt_epi32_mask(x, bound), b, a);
}
/// The number of elements with x > bound.
UNITSPHERE_INLINE int count_gt(vector<std::int32_t> x, vector<std::int32_t> bound) noexcept {
    return __builtin_popcount(_mm512_cmpgt_epi32_mask(x, bound));
}
template <int Count>
UNITSPHERE_INLINE vector<std::int32_t> shift_left(vector<std::int32_t> a) noexcept {
    return _mm512_maskz_slli_epi32(__mmask16(0xffff), a, Count);
}
UNITSPHERE_INLINE vector<float> load(const float16* from) noexcept {
    return _mm512_maskz_cvtph_ps(__mmask16(0xffff), _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(from)));
}
UNITSPHERE_INLINE vector<float> load(const bfloat16* from) noexcept {
    const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(from));
    const __m512i word = _mm512_maskz_cvtepu16_epi32(__mmask16(0xffff), half);
    return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(__mmask16(0xffff), word, 16));
}
UNITSPHERE_INLINE vector<float> load(const std::int8_t* from) noexcept {
    const __m128i byte = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(from));
    return _mm512_maskz_cvtepi32_ps(__mmask16(0xffff), _mm512_maskz_cvtepi8_epi32(__mmask16(0xffff), byte));
}
UNITSPHERE_INLINE vector<float> load_first(const float* from, int count) noexcept {
    return _mm512_maskz_loadu_ps(__mmask16((1u << count) - 1u), from);
}
UNITSPHERE_INLINE void store_first(float* to, vector<float> x, int count) noexcept {
    _mm512_mask_storeu_ps(to, __mmask16((1u << count) - 1u), x);
}

// The compiler's shuffles: gcc 12 warns of uninitialized memory inside the intrinsics.
UNITSPHERE_INLINE __m512d low_pairs(__m512 a, __m512 b) noexcept {
    return _mm512_castps_pd(__builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29));
}
UNITSPHERE_INLINE __m512d high_pairs(__m512 a, __m512 b) noexcept {
    return _mm512_castps_pd(__builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31));
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
/// Transposes a square of registers: swaps element c of row r with element r of row c. The stages interleave single
/// elements, then pairs, then quarters or halves of a register.
UNITSPHERE_INLINE void transpose(vector<float> (&rows)[16]) noexcept {
    __m512d four[16];  // each quarter holds the elements of four rows in one column
    unroll<4>([&](int quarter) UNITSPHERE_LAMBDA {
        const int i = 4 * quarter;
        const __m512d low01 = low_pairs(__m512(rows[i]), rows[i + 1]),
                      low23 = low_pairs(__m512(rows[i + 2]), rows[i + 3]);
        const __m512d high01 = high_pairs(__m512(rows[i]), rows[i + 1]);
        const __m512d high23 = high_pairs(__m512(rows[i + 2]), rows[i + 3]);
        four[i] = low_pairs(low01, low23), four[i + 1] = high_pairs(low01, low23);
        four[i + 2] = low_pairs(high01, high23), four[i + 3] = high_pairs(high01, high23);
    });
    unroll<4>([&](int c) UNITSPHERE_LAMBDA {
        const __m512d even = even_quarters(four[c], four[4 + c]), odd = odd_quarters(four[c], four[4 + c]);
        const __m512d last_even = even_quarters(four[8 + c], four[12 + c]);
        const __m512d last_odd = odd_quarters(four[8 + c], four[12 + c]);
        rows[c] = _mm512_castpd_ps(even_quarters(even, last_even));
        rows[4 + c] = _mm512_castpd_ps(even_quarters(odd, last_odd));
        rows[8 + c] = _mm512_castpd_ps(odd_quarters(even, last_even));
        rows[12 + c] = _mm512_castpd_ps(odd_quarters(odd, last_odd));
    });
}
UNITSPHERE_INLINE void transpose(vector<double> (&rows)[8]) noexcept {
    __m512d two[8];
    unroll<4>([&](int half) UNITSPHERE_LAMBDA {
        const int i = 2 * half;
        two[i] = low_pairs(__m512d(rows[i]), rows[i + 1]);
        two[i + 1] = high_pairs(__m512d(rows[i]), rows[i + 1]);
    });
    unroll<2>([&](int c) UNITSPHERE_LAMBDA {
        const __m512d even = even_quarters(two[c], two[2 + c]), odd = odd_quarters(two[c], two[2 + c]);
        const __m512d last_even = even_quarters(two[4 + c], two[6 + c]),
                      last_odd = odd_quarters(two[4 + c], two[6 + c]);
        rows[c] = even_quarters(even, last_even), rows[2 + c] = even_quarters(odd, last_odd);
        rows[4 + c] = odd_quarters(even, last_even), rows[6 + c] = odd_quarters(odd, last_odd);
    });
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
#endif
