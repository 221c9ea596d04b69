/// Compiler, instruction set and the few macros that every header uses.
#pragma once

#include <cstdint>

/// Inlined at every optimization level. The types of data/ use it for all members: they live outside the
/// instruction set's namespace, so none of their code may be emitted as a symbol that another unit could pick up.
#define UNITSPHERE_INLINE [[gnu::always_inline]] inline
#define UNITSPHERE_COLD [[gnu::cold, gnu::noinline]]
/// One copy for all callers: large code that many templates call, and that each would compile again.
#define UNITSPHERE_NOINLINE [[gnu::noinline]]
#define UNITSPHERE_LAMBDA __attribute__((always_inline))

// The name of the inline namespace that holds everything whose code depends on the compiler's flags: the widest vector
// family, then each extension that changes the generated code, and -ffast-math, which changes results.
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define UNITSPHERE_ISA_BASE avx512
#elif defined(__AVX512F__)
#define UNITSPHERE_ISA_BASE avx512f
#elif defined(__AVX2__)
#define UNITSPHERE_ISA_BASE avx2
#elif defined(__AVX__)
#define UNITSPHERE_ISA_BASE avx
#elif defined(__SSE4_2__)
#define UNITSPHERE_ISA_BASE sse4_2
#elif defined(__SSE4_1__)
#define UNITSPHERE_ISA_BASE sse4_1
#elif defined(__SSSE3__)
#define UNITSPHERE_ISA_BASE ssse3
#elif defined(__SSE3__)
#define UNITSPHERE_ISA_BASE sse3
#elif defined(__SSE2__)
#define UNITSPHERE_ISA_BASE sse2
#elif defined(__aarch64__)
#define UNITSPHERE_ISA_BASE neon64
#else
#error "unitsphere: needs x86-64 (SSE2 or better) or 64-bit ARM"
#endif
#if defined(__FMA__) || defined(__AVX512F__)
#define UNITSPHERE_ISA_FMA _fma
#else
#define UNITSPHERE_ISA_FMA
#endif
#if defined(__FMA4__)
#define UNITSPHERE_ISA_FMA4 _fma4
#else
#define UNITSPHERE_ISA_FMA4
#endif
#if defined(__F16C__) || defined(__AVX512F__)
#define UNITSPHERE_ISA_F16C _f16c
#else
#define UNITSPHERE_ISA_F16C
#endif
#if defined(__BMI2__)
#define UNITSPHERE_ISA_BMI2 _bmi2
#else
#define UNITSPHERE_ISA_BMI2
#endif
#if defined(__AVX512VBMI__)
#define UNITSPHERE_ISA_VBMI _vbmi
#else
#define UNITSPHERE_ISA_VBMI
#endif
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
#define UNITSPHERE_ISA_VNNI _vnni
#else
#define UNITSPHERE_ISA_VNNI
#endif
#if defined(__AVX512BF16__) || defined(__ARM_FEATURE_BF16)
#define UNITSPHERE_ISA_BF16 _bf16
#else
#define UNITSPHERE_ISA_BF16
#endif
#if defined(__AVX512FP16__) || defined(__ARM_FEATURE_FP16_VECTOR_ARITHMETIC)
#define UNITSPHERE_ISA_FP16 _fp16
#else
#define UNITSPHERE_ISA_FP16
#endif
#if defined(__ARM_FEATURE_DOTPROD)
#define UNITSPHERE_ISA_DOT _dot
#else
#define UNITSPHERE_ISA_DOT
#endif
#if defined(__ARM_FEATURE_SVE2)
#define UNITSPHERE_ISA_SVE _sve2
#elif defined(__ARM_FEATURE_SVE)
#define UNITSPHERE_ISA_SVE _sve
#else
#define UNITSPHERE_ISA_SVE
#endif
#if defined(__FAST_MATH__)
#define UNITSPHERE_ISA_FAST _fast
#else
#define UNITSPHERE_ISA_FAST
#endif
#define UNITSPHERE_JOIN_(a, b, c, d, e, f, g, h, i, j, k, l) a##b##c##d##e##f##g##h##i##j##k##l
#define UNITSPHERE_JOIN(...) UNITSPHERE_JOIN_(__VA_ARGS__)
#define UNITSPHERE_ISA                                                                                  \
    UNITSPHERE_JOIN(UNITSPHERE_ISA_BASE, UNITSPHERE_ISA_FMA, UNITSPHERE_ISA_FMA4, UNITSPHERE_ISA_F16C,  \
                    UNITSPHERE_ISA_BMI2, UNITSPHERE_ISA_VBMI, UNITSPHERE_ISA_VNNI, UNITSPHERE_ISA_BF16, \
                    UNITSPHERE_ISA_FP16, UNITSPHERE_ISA_DOT, UNITSPHERE_ISA_SVE, UNITSPHERE_ISA_FAST)
#define UNITSPHERE_TEXT_(x) #x
#define UNITSPHERE_TEXT(x) UNITSPHERE_TEXT_(x)

namespace unitsphere {

// A function's symbol names the types of its parameters, but not the type that it returns, and a variable's symbol
// names no type at all. The tag adds the instruction set to the symbols of both, the user's own ones included.
inline namespace UNITSPHERE_ISA __attribute__((abi_tag(UNITSPHERE_TEXT(UNITSPHERE_ISA)))) {}

/// Every count, size and position: signed 64-bit.
using idx_t = std::int64_t;

inline namespace UNITSPHERE_ISA {

/// The instruction set that this translation unit was compiled for, e.g. "avx512_fma_f16c_bmi2_vnni".
UNITSPHERE_INLINE const char* instruction_set() noexcept { return UNITSPHERE_TEXT(UNITSPHERE_ISA); }

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
