/// Sums of products of signed bytes, four at a time: sum[c] += b[c][0] q[0] + .. + b[c][3] q[3].
///
/// One register of columns; exact in 32 bits on every machine, by whichever instructions it has:
///
///   NEON                     one
///   AVX-512 VNNI, AVX-VNNI   one, which takes the columns as unsigned bytes: each 128 greater
///   SSSE3, AVX2              |b| times q with the sign of b: two such products fit into 16 bits, for no q is -128
///   SSE2, AVX-512 BW         both widened to 16 bits
#pragma once

#include <cstring>

#include "lanes.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

#if defined(UNITSPHERE_PORTABLE)
#define UNITSPHERE_BYTES_PORTABLE
#elif defined(__AVX512BW__) || defined(__AVX512VNNI__)
#define UNITSPHERE_BYTES_X86(name) _mm512_##name
#define UNITSPHERE_BYTES_REGISTER __m512i
#elif defined(__AVX2__)
#define UNITSPHERE_BYTES_X86(name) _mm256_##name
#define UNITSPHERE_BYTES_REGISTER __m256i
#elif defined(__SSE2__)
#define UNITSPHERE_BYTES_X86(name) _mm_##name
#define UNITSPHERE_BYTES_REGISTER __m128i
#elif defined(__ARM_FEATURE_DOTPROD)
#define UNITSPHERE_BYTES_NEON
#else
#define UNITSPHERE_BYTES_PORTABLE
#endif
#if defined(UNITSPHERE_BYTES_X86) && (defined(__AVX512VNNI__) || (defined(__AVXVNNI__) && !defined(__AVX512BW__)))
#define UNITSPHERE_BYTES_VNNI
#endif

/// For how many rows at once products of bytes are no slower than those of floats. AVX-512 without VNNI multiplies both
/// at one rate: bytes are worth it where memory is the limit (1 row .4 of the time, 32 rows 1.3).
#if defined(UNITSPHERE_BYTES_PORTABLE)
inline constexpr idx_t most_fast_byte_rows = 0;
#elif defined(__AVX512BW__) && !defined(UNITSPHERE_BYTES_VNNI)
inline constexpr idx_t most_fast_byte_rows = 8;
#else
inline constexpr idx_t most_fast_byte_rows = PTRDIFF_MAX;
#endif

#if defined(UNITSPHERE_BYTES_X86)
/// A register as numbers of 8, 16 or 32 bits: operators are the compiler's, what it has none for are instructions.
using byte_register = UNITSPHERE_BYTES_REGISTER;
typedef std::uint8_t register_of_8 __attribute__((vector_size(sizeof(byte_register))));
typedef std::int16_t register_of_16 __attribute__((vector_size(sizeof(byte_register))));
typedef std::uint16_t register_of_u16 __attribute__((vector_size(sizeof(byte_register))));
typedef std::int32_t register_of_32 __attribute__((vector_size(sizeof(byte_register))));

UNITSPHERE_INLINE byte_register load_register(const void* from) noexcept {
    byte_register x;
    std::memcpy(&x, from, sizeof x);
    return x;
}
UNITSPHERE_INLINE byte_register four_bytes(std::int32_t four) noexcept {
    return UNITSPHERE_BYTES_X86(set1_epi32)(four);
}
/// Sums of two products of 16 bits.
UNITSPHERE_INLINE register_of_32 multiply_16(register_of_16 a, register_of_16 b) noexcept {
    return register_of_32(UNITSPHERE_BYTES_X86(madd_epi16)(byte_register(a), byte_register(b)));
}
#if defined(__SSSE3__)
/// Sums of two products of an unsigned byte and a signed one. They saturate: 2 * 128 * 127 fits.
UNITSPHERE_INLINE register_of_16 multiply_unsigned(byte_register a, byte_register b) noexcept {
    return register_of_16(UNITSPHERE_BYTES_X86(maddubs_epi16)(a, b));
}
/// The two sums of 16 bits in each 32.
UNITSPHERE_INLINE register_of_32 add_pairs(register_of_16 x) noexcept { return multiply_16(x, register_of_16{} + 1); }
#endif
#endif

/// 16 numbers in [-128, 127], as bytes.
UNITSPHERE_INLINE void store16(std::int8_t* to, const lanes<std::int32_t>& x) noexcept {
#if defined(UNITSPHERE_BYTES_X86) && defined(__AVX512F__)
    const __m128i bytes = _mm512_maskz_cvtepi32_epi8(__mmask16(0xffff), x.part[0]);  // as in lanes_x86_avx512.hpp
    std::memcpy(to, &bytes, sizeof bytes);
#elif defined(UNITSPHERE_BYTES_X86) && defined(__AVX2__)
    const __m256i words = _mm256_packs_epi32(x.part[0], x.part[1]);  // of elements 0 to 3, 8 to 11, 4 to 7, 12 to 15
    const __m128i mixed = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    const __m128i bytes = _mm_shuffle_epi32(mixed, 0xd8);
    std::memcpy(to, &bytes, sizeof bytes);
#elif defined(UNITSPHERE_BYTES_X86) && !defined(__AVX__)
    const __m128i bytes = _mm_packs_epi16(_mm_packs_epi32(x.part[0], x.part[1]), _mm_packs_epi32(x.part[2], x.part[3]));
    std::memcpy(to, &bytes, sizeof bytes);
#else
    std::int32_t number[lane_count];
    unroll<lanes<std::int32_t>::parts>(
        [&](int i) UNITSPHERE_LAMBDA { x.part[i].store_unaligned(number + i * lanes<std::int32_t>::width); });
    for (int i = 0; i < lane_count; ++i) to[i] = std::int8_t(number[i]);
#endif
}

/// A register of sums, one a column; of bytes of its columns, four each; and of the four bytes of a row for all.
/// start(): the sums before the first product, from the sum of the row's bytes.
struct byte_products {
#if defined(UNITSPHERE_BYTES_X86)
    static constexpr int columns = sizeof(byte_register) / 4, registers = 16 / columns;
    using sums = register_of_32;
    UNITSPHERE_INLINE static void store(std::int32_t* to, sums x) noexcept { std::memcpy(to, &x, sizeof x); }
#endif
#if defined(UNITSPHERE_BYTES_VNNI)
    using bytes = byte_register;
    using row = byte_register;
    UNITSPHERE_INLINE static sums start(std::int32_t sum) noexcept { return sums{} - 128 * sum; }
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept {
        return bytes(register_of_8(load_register(b)) ^ std::uint8_t(128));
    }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept { return four_bytes(four); }
    UNITSPHERE_INLINE static sums add(sums x, bytes b, row q) noexcept {
#if defined(__AVX512VNNI__)
        return sums(_mm512_dpbusd_epi32(byte_register(x), b, q));
#else
        return sums(_mm256_dpbusd_avx_epi32(byte_register(x), b, q));
#endif
    }
#elif defined(UNITSPHERE_BYTES_X86) && defined(__SSSE3__) && !defined(__AVX512BW__)
    struct bytes {
        byte_register signs, magnitudes;
    };
    using row = byte_register;
    UNITSPHERE_INLINE static sums start(std::int32_t) noexcept { return sums{}; }
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept {
        const byte_register all = load_register(b);
        return {all, UNITSPHERE_BYTES_X86(abs_epi8)(all)};
    }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept { return four_bytes(four); }
    UNITSPHERE_INLINE static sums add(sums x, const bytes& b, row q) noexcept {
        return x + add_pairs(multiply_unsigned(b.magnitudes, UNITSPHERE_BYTES_X86(sign_epi8)(q, b.signs)));
    }
#elif defined(UNITSPHERE_BYTES_X86)
    struct bytes {
        register_of_16 even, odd;
    };
    using row = bytes;
    UNITSPHERE_INLINE static bytes widened(byte_register all) noexcept {
        const register_of_16 pairs = register_of_16(all);
        return {(pairs << 8) >> 8, pairs >> 8};
    }
    UNITSPHERE_INLINE static sums start(std::int32_t) noexcept { return sums{}; }
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept { return widened(load_register(b)); }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept { return widened(four_bytes(four)); }
    UNITSPHERE_INLINE static sums add(sums x, const bytes& b, const row& q) noexcept {
        return x + (multiply_16(b.even, q.even) + multiply_16(b.odd, q.odd));
    }
#elif defined(UNITSPHERE_BYTES_NEON)
    static constexpr int columns = 4, registers = 4;
    using sums = int32x4_t;
    using bytes = int8x16_t;
    using row = int8x16_t;
    UNITSPHERE_INLINE static sums start(std::int32_t) noexcept { return vdupq_n_s32(0); }
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept { return vld1q_s8(b); }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept { return vreinterpretq_s8_s32(vdupq_n_s32(four)); }
    UNITSPHERE_INLINE static sums add(sums x, bytes b, row q) noexcept { return vdotq_s32(x, b, q); }
    UNITSPHERE_INLINE static void store(std::int32_t* to, sums x) noexcept { vst1q_s32(to, x); }
#else
    static constexpr int columns = 4, registers = 4;
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

/// The same for columns that are unsigned bytes of 4 bits or fewer. multiplies_few_bits: panels of them need not be
/// widened in memory. adds_few_bits_in_16: sums are of 16 bits, and twice as fast; with VNNI they would be no faster,
/// and AMX takes signed bytes alone.
#if defined(UNITSPHERE_BYTES_VNNI) || (defined(UNITSPHERE_BYTES_X86) && defined(__SSSE3__) && !defined(__AMX_INT8__))
inline constexpr bool multiplies_few_bits = true;
struct few_bit_products {
    static constexpr int columns = byte_products::columns;
    using bytes = byte_register;
    using row = byte_register;
    using widened = register_of_32;
    /// Some bits of each byte.
    template <int Shift>
    UNITSPHERE_INLINE static bytes load_bits(const std::uint8_t* b, std::uint8_t mask) noexcept {
        return bytes(register_of_8(register_of_u16(load_register(b)) >> Shift) & mask);
    }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept { return four_bytes(four); }
#if defined(UNITSPHERE_BYTES_VNNI)
    using sums = byte_products::sums;
    UNITSPHERE_INLINE static sums add(sums x, bytes b, row q) noexcept { return byte_products::add(x, b, q); }
    UNITSPHERE_INLINE static widened widen(sums x) noexcept { return x; }
#else
    using sums = register_of_16;
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept { return load_register(b); }
    UNITSPHERE_INLINE static sums add(sums x, bytes b, row q) noexcept {
        x = x + multiply_unsigned(b, q);
        asm("" : "+v"(x));  // gcc would add in another order, with sums in memory
        return x;
    }
    UNITSPHERE_INLINE static widened widen(sums x) noexcept { return add_pairs(x); }
    UNITSPHERE_INLINE static void fill(std::int32_t* to, std::int32_t sum) noexcept {
        byte_products::store(to, widened(four_bytes(sum)));
    }
    UNITSPHERE_INLINE static void add_to(std::int32_t* to, sums x) noexcept {
        byte_products::store(to, widened(load_register(to)) + widen(x));
    }
#endif
};
#else
inline constexpr bool multiplies_few_bits = false;
struct few_bit_products {};
#endif
#if defined(UNITSPHERE_BYTES_VNNI)
inline constexpr bool adds_few_bits_in_16 = false;
#else
inline constexpr bool adds_few_bits_in_16 = multiplies_few_bits;
#endif
/// How many groups of four products are added up in 16 bits: 8 of 4 bits, for 8 * 2 * 15 * 127 < 2^15. Of 0 and 2 more
/// would fit than the 16 of one byte_step.
template <int Bits>
inline constexpr int most_few_bit_adds = Bits == 4 ? 8 : 16;

/// The end of a loop whose turns the compiler does not count: unrolled as a whole, it would keep sums in memory.
UNITSPHERE_INLINE const std::int8_t* uncounted(const std::int8_t* end) noexcept {
    asm("" : "+r"(end));
    return end;
}

#undef UNITSPHERE_BYTES_X86
#undef UNITSPHERE_BYTES_REGISTER
#undef UNITSPHERE_BYTES_VNNI
#undef UNITSPHERE_BYTES_NEON
#undef UNITSPHERE_BYTES_PORTABLE

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
