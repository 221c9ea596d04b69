/// UNITSPHERE_ISA, the name of the inline namespace that holds everything whose code depends on the compiler's flags:
/// the widest vector family, then a word for each predefined macro that stands for other instructions or other results.
/// Macros that come together have one word. A macro whose instructions no compiler uses on its own (AES, SHA) has none.
#pragma once

// UNITSPHERE_WORD(macro, word) is the word where the compiler has defined the macro as 1, else nothing: only
// UNITSPHERE_IS_1 holds a comma, which makes the word the second argument.
#define UNITSPHERE_IS_1 ,
#define UNITSPHERE_SECOND_(first, second, ...) second
#define UNITSPHERE_SECOND(...) UNITSPHERE_SECOND_(__VA_ARGS__)
#define UNITSPHERE_WORD_(value, word) UNITSPHERE_SECOND(UNITSPHERE_IS_##value word, , )
#define UNITSPHERE_WORD(macro, word) UNITSPHERE_WORD_(macro, word)
#define UNITSPHERE_JOIN_(a, b, c, d, e, f, g, h) a##b##c##d##e##f##g##h
#define UNITSPHERE_JOIN(...) UNITSPHERE_JOIN_(__VA_ARGS__)

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__) && \
    defined(__AVX512CD__)
#define UNITSPHERE_ISA_BASE avx512
#define UNITSPHERE_ISA_AVX512
#elif defined(__AVX512F__)
#define UNITSPHERE_ISA_BASE avx512f
#define UNITSPHERE_ISA_AVX512                                                               \
    UNITSPHERE_JOIN(UNITSPHERE_WORD(__AVX512BW__, _bw), UNITSPHERE_WORD(__AVX512DQ__, _dq), \
                    UNITSPHERE_WORD(__AVX512VL__, _vl), UNITSPHERE_WORD(__AVX512CD__, _cd), , , , )
#else
#if defined(__AVX2__)
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
#endif
#define UNITSPHERE_ISA_AVX512
#endif
#if defined(__x86_64__) || defined(__aarch64__)  // a program may ask for the code of the other machines
#define UNITSPHERE_ISA_PORTABLE UNITSPHERE_WORD(UNITSPHERE_PORTABLE, _portable)
#else
#include "instruction_set_portable.hpp"
#endif
// What Intel since Haswell and AMD since Excavator have together.
#if defined(__BMI__) && defined(__BMI2__) && defined(__LZCNT__) && defined(__MOVBE__) && defined(__POPCNT__)
#define UNITSPHERE_ISA_BITS _bmi2
#else
#define UNITSPHERE_ISA_BITS                                                                 \
    UNITSPHERE_JOIN(UNITSPHERE_WORD(__BMI__, _bmi1), UNITSPHERE_WORD(__BMI2__, _pext),      \
                    UNITSPHERE_WORD(__LZCNT__, _lzcnt), UNITSPHERE_WORD(__MOVBE__, _movbe), \
                    UNITSPHERE_WORD(__POPCNT__, _popcnt), , , )
#endif
#if defined(__AVX512VBMI__) && defined(__AVX512VBMI2__) && defined(__AVX512IFMA__) && defined(__AVX512VNNI__) && \
    defined(__AVX512BITALG__) && defined(__AVX512VPOPCNTDQ__)
#define UNITSPHERE_ISA_ICE_LAKE _icl
#else
#define UNITSPHERE_ISA_ICE_LAKE                                                                       \
    UNITSPHERE_JOIN(UNITSPHERE_WORD(__AVX512VBMI__, _vbmi), UNITSPHERE_WORD(__AVX512VBMI2__, _vbmi2), \
                    UNITSPHERE_WORD(__AVX512IFMA__, _ifma), UNITSPHERE_WORD(__AVX512VNNI__, _vnni),   \
                    UNITSPHERE_WORD(__AVX512BITALG__, _bitalg), UNITSPHERE_WORD(__AVX512VPOPCNTDQ__, _vpopcnt), , )
#endif
#if defined(__FAST_MATH__)
#define UNITSPHERE_ISA_MATH _fast
#else
#define UNITSPHERE_ISA_MATH                                                                                         \
    UNITSPHERE_JOIN(UNITSPHERE_WORD(__ASSOCIATIVE_MATH__, _assoc), UNITSPHERE_WORD(__RECIPROCAL_MATH__, _recip),    \
                    UNITSPHERE_WORD(__NO_SIGNED_ZEROS__, _nsz), UNITSPHERE_WORD(__FINITE_MATH_ONLY__, _finite), , , \
                    , )
#endif
#if defined(__x86_64__) && !defined(__SSE2_MATH__)
#define UNITSPHERE_ISA_X87 _x87
#else
#define UNITSPHERE_ISA_X87
#endif
#if defined(__ARM_FEATURE_SVE_BITS) && __ARM_FEATURE_SVE_BITS > 0
#define UNITSPHERE_ISA_SVE_BITS UNITSPHERE_JOIN(_bits, __ARM_FEATURE_SVE_BITS, , , , , , )
#else
#define UNITSPHERE_ISA_SVE_BITS
#endif
#if defined(__cpp_exceptions)
#define UNITSPHERE_ISA_THROWS
#else
#define UNITSPHERE_ISA_THROWS _noexcept
#endif
#if defined(_GLIBCXX_ASSERTIONS)
#define UNITSPHERE_ISA_CHECKS _checked
#else
#define UNITSPHERE_ISA_CHECKS
#endif
#define UNITSPHERE_ISA_X86                                                                                     \
    UNITSPHERE_JOIN(UNITSPHERE_WORD(__FMA__, _fma), UNITSPHERE_WORD(__FMA4__, _fma4),                          \
                    UNITSPHERE_WORD(__F16C__, _f16c), UNITSPHERE_ISA_BITS, UNITSPHERE_WORD(__SSE4A__, _sse4a), \
                    UNITSPHERE_WORD(__XOP__, _xop), UNITSPHERE_WORD(__TBM__, _tbm),                            \
                    UNITSPHERE_WORD(__PRFCHW__, _prfchw))
#define UNITSPHERE_ISA_X86_LATER                                                                \
    UNITSPHERE_JOIN(UNITSPHERE_ISA_ICE_LAKE, UNITSPHERE_WORD(__AVX512BF16__, _bf16),            \
                    UNITSPHERE_WORD(__AVX512FP16__, _fp16), UNITSPHERE_WORD(__AVX512ER__, _er), \
                    UNITSPHERE_WORD(__PREFETCHWT1__, _wt1), UNITSPHERE_WORD(__GFNI__, _gfni),   \
                    UNITSPHERE_WORD(__AVXVNNI__, _avxvnni), UNITSPHERE_WORD(__AVXIFMA__, _avxifma))
#define UNITSPHERE_ISA_X86_LAST                                                                                \
    UNITSPHERE_JOIN(UNITSPHERE_WORD(__AVXVNNIINT8__, _vnni8), UNITSPHERE_WORD(__AVXVNNIINT16__, _vnni16),      \
                    UNITSPHERE_WORD(__CMPCCXADD__, _cmpccxadd), UNITSPHERE_WORD(__AVXNECONVERT__, _neconvert), \
                    UNITSPHERE_WORD(__AVX10_1__, _avx10_1), UNITSPHERE_WORD(__AVX10_2__, _avx10_2),            \
                    UNITSPHERE_WORD(__EVEX512__, _evex512), UNITSPHERE_WORD(__APX_F__, _apx))
#define UNITSPHERE_ISA_ARM                                                                                       \
    UNITSPHERE_JOIN(UNITSPHERE_WORD(__ARM_FEATURE_ATOMICS, _lse), UNITSPHERE_WORD(__ARM_FEATURE_QRDMX, _rdm),    \
                    UNITSPHERE_WORD(__ARM_FEATURE_COMPLEX, _fcma),                                               \
                    UNITSPHERE_WORD(__ARM_FEATURE_FP16_SCALAR_ARITHMETIC, _fp16),                                \
                    UNITSPHERE_WORD(__ARM_FEATURE_FP16_FML, _fml), UNITSPHERE_WORD(__ARM_FEATURE_DOTPROD, _dot), \
                    UNITSPHERE_WORD(__ARM_FEATURE_BF16_SCALAR_ARITHMETIC, _bf16),                                \
                    UNITSPHERE_WORD(__ARM_FEATURE_MATMUL_INT8, _i8mm))
#define UNITSPHERE_ISA_ARM_LATER                                                                            \
    UNITSPHERE_JOIN(UNITSPHERE_WORD(__ARM_FEATURE_FRINT, _frint), UNITSPHERE_WORD(__ARM_FEATURE_SVE, _sve), \
                    UNITSPHERE_WORD(__ARM_FEATURE_SVE2, _sve2), UNITSPHERE_ISA_SVE_BITS,                    \
                    UNITSPHERE_WORD(__ARM_FEATURE_LS64, _ls64), UNITSPHERE_WORD(__ARM_FEATURE_MOPS, _mops), \
                    UNITSPHERE_WORD(__ARM_FEATURE_CSSC, _cssc), UNITSPHERE_WORD(__ARM_FEATURE_SME, _sme))
#define UNITSPHERE_ISA_NAME                                                                                   \
    UNITSPHERE_JOIN(UNITSPHERE_ISA_BASE, UNITSPHERE_ISA_AVX512, UNITSPHERE_ISA_X86, UNITSPHERE_ISA_X86_LATER, \
                    UNITSPHERE_ISA_X86_LAST, UNITSPHERE_ISA_ARM, UNITSPHERE_ISA_ARM_LATER,                    \
                    UNITSPHERE_JOIN(UNITSPHERE_ISA_MATH, UNITSPHERE_ISA_X87, UNITSPHERE_ISA_THROWS,           \
                                    UNITSPHERE_ISA_CHECKS, UNITSPHERE_ISA_PORTABLE,                           \
                                    UNITSPHERE_WORD(__AMX_INT8__, _amx), UNITSPHERE_WORD(__AMX_BF16__, _amxbf16), ))
// In the unit of a level (dispatch/level.hpp) that namespace has no name: whatever its compiler emits of it is local.
#if defined(UNITSPHERE_LEVEL)
#define UNITSPHERE_ISA
#else
#define UNITSPHERE_ISA UNITSPHERE_ISA_NAME
#endif
