/// Sums of products of signed bytes, four at a time: sum[c] += b[c][0] q[0] + .. + b[c][3] q[3].
///
/// One register of columns; exact in 32 bits on every machine, by whichever instruction it has: NEON in one, AVX-512
/// VNNI and AVX-VNNI in one that takes the columns as unsigned bytes, other x86 in two products of 16 bits.
#pragma once

#include <cstring>

#include "lanes.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

#if defined(UNITSPHERE_PORTABLE)
#define UNITSPHERE_BYTES_PORTABLE
#elif defined(__AVX512VNNI__)
#define UNITSPHERE_BYTES_AVX512
#elif defined(__AVX512BW__)
#define UNITSPHERE_BYTES_AVX512BW
#elif defined(__AVXVNNI__)
#define UNITSPHERE_BYTES_AVX_VNNI
#elif defined(__AVX2__)
#define UNITSPHERE_BYTES_AVX2
#elif defined(__SSE2__)
#define UNITSPHERE_BYTES_SSE2
#elif defined(__ARM_FEATURE_DOTPROD)
#define UNITSPHERE_BYTES_NEON
#else
#define UNITSPHERE_BYTES_PORTABLE
#endif

/// For how many rows at once products of bytes are no slower than those of floats. AVX-512 without VNNI multiplies both
/// at one rate: bytes are worth it where memory is the limit (1 row .4 of the time, 32 rows 1.3).
#if defined(UNITSPHERE_BYTES_PORTABLE)
inline constexpr idx_t most_fast_byte_rows = 0;
#elif defined(UNITSPHERE_BYTES_AVX512BW)
inline constexpr idx_t most_fast_byte_rows = 8;
#else
inline constexpr idx_t most_fast_byte_rows = PTRDIFF_MAX;
#endif

/// Whether columns are taken as unsigned bytes: then 4 bits or 1 can be multiplied without widening them in memory.
#if defined(UNITSPHERE_BYTES_AVX512) || defined(UNITSPHERE_BYTES_AVX_VNNI)
inline constexpr bool has_unsigned_columns = true;
#else
inline constexpr bool has_unsigned_columns = false;
#endif

/// A register of sums, one a column; of bytes of its columns, four each; and of the four bytes of a row for all.
struct byte_products {
#if defined(UNITSPHERE_BYTES_AVX512)
    static constexpr int columns = 16;
    using sums = __m512i;
    using bytes = __m512i;
    using row = __m512i;
    /// The sums before the first product, from the sum of the row's bytes: columns are taken 128 greater.
    UNITSPHERE_INLINE static sums start(std::int32_t sum) noexcept { return _mm512_set1_epi32(-128 * sum); }
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept {
        return _mm512_xor_si512(_mm512_loadu_si512(b), _mm512_set1_epi8(-128));
    }
    /// Some bits of each byte, as unsigned columns.
    template <int Shift>
    UNITSPHERE_INLINE static bytes load_bits(const std::uint8_t* b, char mask) noexcept {
        return _mm512_and_si512(_mm512_srli_epi16(_mm512_loadu_si512(b), Shift), _mm512_set1_epi8(mask));
    }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept { return _mm512_set1_epi32(four); }
    UNITSPHERE_INLINE static sums add(sums x, bytes b, row q) noexcept { return _mm512_dpbusd_epi32(x, b, q); }
    UNITSPHERE_INLINE static void store(std::int32_t* to, sums x) noexcept { _mm512_storeu_si512(to, x); }
#elif defined(UNITSPHERE_BYTES_AVX512BW)
    static constexpr int columns = 16;
    using sums = __m512i;
    struct bytes {
        __m512i even, odd;  // as 16 bits
    };
    using row = bytes;
    UNITSPHERE_INLINE static bytes widened(__m512i all) noexcept {
        return {_mm512_srai_epi16(_mm512_slli_epi16(all, 8), 8), _mm512_srai_epi16(all, 8)};
    }
    UNITSPHERE_INLINE static sums start(std::int32_t) noexcept { return _mm512_setzero_si512(); }
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept { return widened(_mm512_loadu_si512(b)); }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept { return widened(_mm512_set1_epi32(four)); }
    UNITSPHERE_INLINE static sums add(sums x, const bytes& b, const row& q) noexcept {
        return _mm512_add_epi32(x,
                                _mm512_add_epi32(_mm512_madd_epi16(b.even, q.even), _mm512_madd_epi16(b.odd, q.odd)));
    }
    UNITSPHERE_INLINE static void store(std::int32_t* to, sums x) noexcept { _mm512_storeu_si512(to, x); }
#elif defined(UNITSPHERE_BYTES_AVX_VNNI) || defined(UNITSPHERE_BYTES_AVX2)
    static constexpr int columns = 8;
    using sums = __m256i;
    UNITSPHERE_INLINE static __m256i load_all(const std::int8_t* b) noexcept {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(b));
    }
    UNITSPHERE_INLINE static void store(std::int32_t* to, sums x) noexcept {
        _mm256_storeu_si256(reinterpret_cast<__m256i_u*>(to), x);
    }
#if defined(UNITSPHERE_BYTES_AVX_VNNI)
    using bytes = __m256i;
    using row = __m256i;
    UNITSPHERE_INLINE static sums start(std::int32_t sum) noexcept { return _mm256_set1_epi32(-128 * sum); }
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept {
        return _mm256_xor_si256(load_all(b), _mm256_set1_epi8(-128));
    }
    template <int Shift>
    UNITSPHERE_INLINE static bytes load_bits(const std::uint8_t* b, char mask) noexcept {
        const __m256i all = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(b));
        return _mm256_and_si256(_mm256_srli_epi16(all, Shift), _mm256_set1_epi8(mask));
    }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept { return _mm256_set1_epi32(four); }
    UNITSPHERE_INLINE static sums add(sums x, bytes b, row q) noexcept { return _mm256_dpbusd_avx_epi32(x, b, q); }
#else
    struct bytes {
        __m256i even, odd;  // as 16 bits
    };
    using row = bytes;
    UNITSPHERE_INLINE static bytes widened(__m256i all) noexcept {
        return {_mm256_srai_epi16(_mm256_slli_epi16(all, 8), 8), _mm256_srai_epi16(all, 8)};
    }
    UNITSPHERE_INLINE static sums start(std::int32_t) noexcept { return _mm256_setzero_si256(); }
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept { return widened(load_all(b)); }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept { return widened(_mm256_set1_epi32(four)); }
    UNITSPHERE_INLINE static sums add(sums x, const bytes& b, const row& q) noexcept {
        return _mm256_add_epi32(x,
                                _mm256_add_epi32(_mm256_madd_epi16(b.even, q.even), _mm256_madd_epi16(b.odd, q.odd)));
    }
#endif
#elif defined(UNITSPHERE_BYTES_SSE2)
    static constexpr int columns = 4;
    using sums = __m128i;
    struct bytes {
        __m128i even, odd;  // as 16 bits
    };
    using row = bytes;
    UNITSPHERE_INLINE static bytes widened(__m128i all) noexcept {
        return {_mm_srai_epi16(_mm_slli_epi16(all, 8), 8), _mm_srai_epi16(all, 8)};
    }
    UNITSPHERE_INLINE static sums start(std::int32_t) noexcept { return _mm_setzero_si128(); }
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept {
        return widened(_mm_loadu_si128(reinterpret_cast<const __m128i_u*>(b)));
    }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept { return widened(_mm_set1_epi32(four)); }
    UNITSPHERE_INLINE static sums add(sums x, const bytes& b, const row& q) noexcept {
        return _mm_add_epi32(x, _mm_add_epi32(_mm_madd_epi16(b.even, q.even), _mm_madd_epi16(b.odd, q.odd)));
    }
    UNITSPHERE_INLINE static void store(std::int32_t* to, sums x) noexcept {
        _mm_storeu_si128(reinterpret_cast<__m128i_u*>(to), x);
    }
#elif defined(UNITSPHERE_BYTES_NEON)
    static constexpr int columns = 4;
    using sums = int32x4_t;
    using bytes = int8x16_t;
    using row = int8x16_t;
    UNITSPHERE_INLINE static sums start(std::int32_t) noexcept { return vdupq_n_s32(0); }
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept { return vld1q_s8(b); }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept { return vreinterpretq_s8_s32(vdupq_n_s32(four)); }
    UNITSPHERE_INLINE static sums add(sums x, bytes b, row q) noexcept { return vdotq_s32(x, b, q); }
    UNITSPHERE_INLINE static void store(std::int32_t* to, sums x) noexcept { vst1q_s32(to, x); }
#else
    static constexpr int columns = 4;
    struct sums {
        std::int32_t of[columns];
    };
    struct bytes {
        const std::int8_t* of;
    };
    struct row {
        std::int32_t of[4];
    };
    UNITSPHERE_INLINE static sums start(std::int32_t) noexcept { return {}; }
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept { return {b}; }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept {
        std::int8_t q[4];
        std::memcpy(q, &four, 4);
        return {{q[0], q[1], q[2], q[3]}};
    }
    UNITSPHERE_INLINE static sums add(sums x, bytes b, const row& q) noexcept {
        for (int c = 0; c < columns; ++c)
            for (int i = 0; i < 4; ++i) x.of[c] += b.of[4 * c + i] * q.of[i];
        return x;
    }
    UNITSPHERE_INLINE static void store(std::int32_t* to, const sums& x) noexcept {
        std::memcpy(to, x.of, sizeof x.of);
    }
#endif
};

#undef UNITSPHERE_BYTES_AVX512
#undef UNITSPHERE_BYTES_AVX512BW
#undef UNITSPHERE_BYTES_AVX_VNNI
#undef UNITSPHERE_BYTES_AVX2
#undef UNITSPHERE_BYTES_SSE2
#undef UNITSPHERE_BYTES_NEON
#undef UNITSPHERE_BYTES_PORTABLE

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
