/// The extensions of an instruction set that a compiler was allowed to use, as bits, and how a processor is asked for
/// each: the words of data/instruction_set.hpp.
#pragma once

#include "../data/config.hpp"

// X(macro, name, CPUID leaf, register, bit, state): `state` is what the operating system must save (XCR0). The leaves
// are 1, 7, 7 subleaf 1, 0x80000001 and 0x24.
#define UNITSPHERE_X86_FEATURES(X)                           \
    X(__SSE3__, sse3, leaf1, ecx, 0, none)                   \
    X(__SSSE3__, ssse3, leaf1, ecx, 9, none)                 \
    X(__SSE4_1__, sse4_1, leaf1, ecx, 19, none)              \
    X(__SSE4_2__, sse4_2, leaf1, ecx, 20, none)              \
    X(__POPCNT__, popcnt, leaf1, ecx, 23, none)              \
    X(__MOVBE__, movbe, leaf1, ecx, 22, none)                \
    X(__AVX__, avx, leaf1, ecx, 28, ymm)                     \
    X(__F16C__, f16c, leaf1, ecx, 29, ymm)                   \
    X(__FMA__, fma, leaf1, ecx, 12, ymm)                     \
    X(__AVX2__, avx2, leaf7, ebx, 5, ymm)                    \
    X(__BMI__, bmi1, leaf7, ebx, 3, none)                    \
    X(__BMI2__, bmi2, leaf7, ebx, 8, none)                   \
    X(__LZCNT__, lzcnt, leaf8, ecx, 5, none)                 \
    X(__SSE4A__, sse4a, leaf8, ecx, 6, none)                 \
    X(__PRFCHW__, prfchw, leaf8, ecx, 8, none)               \
    X(__XOP__, xop, leaf8, ecx, 11, ymm)                     \
    X(__FMA4__, fma4, leaf8, ecx, 16, ymm)                   \
    X(__TBM__, tbm, leaf8, ecx, 21, none)                    \
    X(__AVX512F__, avx512f, leaf7, ebx, 16, zmm)             \
    X(__AVX512DQ__, avx512dq, leaf7, ebx, 17, zmm)           \
    X(__AVX512IFMA__, avx512ifma, leaf7, ebx, 21, zmm)       \
    X(__AVX512ER__, avx512er, leaf7, ebx, 27, zmm)           \
    X(__AVX512CD__, avx512cd, leaf7, ebx, 28, zmm)           \
    X(__AVX512BW__, avx512bw, leaf7, ebx, 30, zmm)           \
    X(__AVX512VL__, avx512vl, leaf7, ebx, 31, zmm)           \
    X(__PREFETCHWT1__, prefetchwt1, leaf7, ecx, 0, none)     \
    X(__AVX512VBMI__, avx512vbmi, leaf7, ecx, 1, zmm)        \
    X(__AVX512VBMI2__, avx512vbmi2, leaf7, ecx, 6, zmm)      \
    X(__GFNI__, gfni, leaf7, ecx, 8, none)                   \
    X(__AVX512VNNI__, avx512vnni, leaf7, ecx, 11, zmm)       \
    X(__AVX512BITALG__, avx512bitalg, leaf7, ecx, 12, zmm)   \
    X(__AVX512VPOPCNTDQ__, vpopcntdq, leaf7, ecx, 14, zmm)   \
    X(__AVX512FP16__, avx512fp16, leaf7, edx, 23, zmm)       \
    X(__AMX_BF16__, amxbf16, leaf7, edx, 22, none)           \
    X(__AMX_INT8__, amxint8, leaf7, edx, 25, none)           \
    X(__AVXVNNI__, avxvnni, leaf7_1, eax, 4, ymm)            \
    X(__AVX512BF16__, avx512bf16, leaf7_1, eax, 5, zmm)      \
    X(__CMPCCXADD__, cmpccxadd, leaf7_1, eax, 7, none)       \
    X(__AVXIFMA__, avxifma, leaf7_1, eax, 23, ymm)           \
    X(__AVXVNNIINT8__, avxvnniint8, leaf7_1, edx, 4, ymm)    \
    X(__AVXNECONVERT__, avxneconvert, leaf7_1, edx, 5, ymm)  \
    X(__AVXVNNIINT16__, avxvnniint16, leaf7_1, edx, 10, ymm) \
    X(__AVX10_1__, avx10_1, leaf7_1, edx, 19, zmm)           \
    X(__AVX10_2__, avx10_2, leaf24, ebx, 1, zmm)             \
    X(__APX_F__, apx, leaf7_1, edx, 21, apx)

// X(macro, name, word of getauxval: 16 is AT_HWCAP, 26 is AT_HWCAP2, bit)
#define UNITSPHERE_ARM_FEATURES(X)                        \
    X(__ARM_FEATURE_ATOMICS, lse, 16, 8)                  \
    X(__ARM_FEATURE_QRDMX, rdm, 16, 12)                   \
    X(__ARM_FEATURE_COMPLEX, fcma, 16, 14)                \
    X(__ARM_FEATURE_RCPC, rcpc, 16, 15)                   \
    X(__ARM_FEATURE_FP16_SCALAR_ARITHMETIC, fp16, 16, 9)  \
    X(__ARM_FEATURE_FP16_FML, fhm, 16, 23)                \
    X(__ARM_FEATURE_DOTPROD, dotprod, 16, 20)             \
    X(__ARM_FEATURE_SVE, sve, 16, 22)                     \
    X(__ARM_FEATURE_SVE2, sve2, 26, 1)                    \
    X(__ARM_FEATURE_FRINT, frint, 26, 8)                  \
    X(__ARM_FEATURE_MATMUL_INT8, i8mm, 26, 13)            \
    X(__ARM_FEATURE_BF16_SCALAR_ARITHMETIC, bf16, 26, 14) \
    X(__ARM_FEATURE_SME, sme, 26, 23)                     \
    X(__ARM_FEATURE_CSSC, cssc, 26, 34)                   \
    X(__ARM_FEATURE_MOPS, mops, 26, 43)

#if defined(__aarch64__)
#define UNITSPHERE_FEATURES UNITSPHERE_ARM_FEATURES
#else
#define UNITSPHERE_FEATURES UNITSPHERE_X86_FEATURES
#endif

namespace unitsphere {
namespace levels {

#define UNITSPHERE_FEATURE_BIT(macro, name, ...) name,
enum class feature : int { UNITSPHERE_FEATURES(UNITSPHERE_FEATURE_BIT) count };
#undef UNITSPHERE_FEATURE_BIT
static_assert(int(feature::count) <= 64, "unitsphere: the bits of one word");

UNITSPHERE_INLINE constexpr std::uint64_t bit_of(feature which) { return std::uint64_t(1) << int(which); }

/// What this unit's compiler was allowed to use: a macro that stands for it is 1.
#define UNITSPHERE_FEATURE_USED(macro, name, ...) UNITSPHERE_WORD(macro, | bit_of(feature::name))
UNITSPHERE_INLINE constexpr std::uint64_t used_features() { return 0 UNITSPHERE_FEATURES(UNITSPHERE_FEATURE_USED); }
#undef UNITSPHERE_FEATURE_USED

}  // namespace levels
}  // namespace unitsphere
