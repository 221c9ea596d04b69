/// UNITSPHERE_ISA_BASE and UNITSPHERE_ISA_PORTABLE, the name of a machine that xsimd has no registers for: the family,
/// then a word for each predefined macro that stands for other instructions, as in instruction_set.hpp.
#pragma once

#define UNITSPHERE_PORTABLE 1

// RISC-V gives an extension's version instead of 1.
#define UNITSPHERE_IS_1000000 ,
#define UNITSPHERE_IS_2000000 ,
#define UNITSPHERE_IS_2001000 ,
#define UNITSPHERE_IS_2002000 ,

#if defined(__wasm__)
#define UNITSPHERE_ISA_BASE wasm
#define UNITSPHERE_ISA_PORTABLE                                                                                    \
    UNITSPHERE_JOIN(UNITSPHERE_WORD(__wasm64__, 64), UNITSPHERE_WORD(__wasm_simd128__, _simd128),                  \
                    UNITSPHERE_WORD(__wasm_relaxed_simd__, _relaxed), UNITSPHERE_WORD(__wasm_atomics__, _threads), \
                    UNITSPHERE_WORD(__wasm_bulk_memory__, _bulk), UNITSPHERE_WORD(__wasm_sign_ext__, _signext),    \
                    UNITSPHERE_WORD(__wasm_nontrapping_fptoint__, _sat),                                           \
                    UNITSPHERE_WORD(__wasm_exception_handling__, _eh))
#elif defined(__riscv)
#define UNITSPHERE_ISA_BASE UNITSPHERE_JOIN(riscv, __riscv_xlen, , , , , , )
#define UNITSPHERE_ISA_PORTABLE                                                                        \
    UNITSPHERE_JOIN(                                                                                   \
        UNITSPHERE_WORD(__riscv_m, m), UNITSPHERE_WORD(__riscv_a, a), UNITSPHERE_WORD(__riscv_f, f),   \
        UNITSPHERE_WORD(__riscv_d, d), UNITSPHERE_WORD(__riscv_c, c), UNITSPHERE_WORD(__riscv_v, v),   \
        UNITSPHERE_JOIN(UNITSPHERE_WORD(__riscv_zba, _zba), UNITSPHERE_WORD(__riscv_zbb, _zbb),        \
                        UNITSPHERE_WORD(__riscv_zbs, _zbs), UNITSPHERE_WORD(__riscv_zbc, _zbc),        \
                        UNITSPHERE_WORD(__riscv_zbkb, _zbkb), UNITSPHERE_WORD(__riscv_zfh, _zfh),      \
                        UNITSPHERE_WORD(__riscv_zfa, _zfa), UNITSPHERE_WORD(__riscv_zicond, _zicond)), \
        UNITSPHERE_JOIN(UNITSPHERE_WORD(__riscv_zcb, _zcb), UNITSPHERE_WORD(__riscv_zacas, _zacas),    \
                        UNITSPHERE_WORD(__riscv_zvfh, _zvfh), UNITSPHERE_WORD(__riscv_zvbb, _zvbb),    \
                        UNITSPHERE_WORD(__riscv_zvl256b, _zvl256b), UNITSPHERE_WORD(__riscv_zvl512b, _zvl512b), , ))
#elif defined(__PPC__)
#define UNITSPHERE_ISA_BASE ppc
#define UNITSPHERE_ISA_PORTABLE                                                                 \
    UNITSPHERE_JOIN(UNITSPHERE_WORD(__powerpc64__, 64), UNITSPHERE_WORD(__LITTLE_ENDIAN__, le), \
                    UNITSPHERE_WORD(__VSX__, _vsx), UNITSPHERE_WORD(_ARCH_PWR8, _p8),           \
                    UNITSPHERE_WORD(_ARCH_PWR9, _p9), UNITSPHERE_WORD(_ARCH_PWR10, _p10),       \
                    UNITSPHERE_WORD(_ARCH_PWR11, _p11), UNITSPHERE_WORD(__PCREL__, _pcrel))
#elif defined(__s390x__)
#define UNITSPHERE_ISA_BASE UNITSPHERE_JOIN(s390x_arch, __ARCH__, , , , , , )
#define UNITSPHERE_ISA_PORTABLE UNITSPHERE_WORD(__VX__, _vx)
#elif defined(__loongarch64)
#define UNITSPHERE_ISA_BASE loongarch64
#define UNITSPHERE_ISA_PORTABLE                                                                               \
    UNITSPHERE_JOIN(UNITSPHERE_WORD(__loongarch_double_float, d), UNITSPHERE_WORD(__loongarch_sx, _lsx),      \
                    UNITSPHERE_WORD(__loongarch_asx, _lasx), UNITSPHERE_WORD(__loongarch_frecipe, _frecipe),  \
                    UNITSPHERE_WORD(__loongarch_div32, _div32), UNITSPHERE_WORD(__loongarch_lam_bh, _lam_bh), \
                    UNITSPHERE_WORD(__loongarch_lamcas, _lamcas), UNITSPHERE_WORD(__loongarch_scq, _scq))
#elif defined(__arm__)
#define UNITSPHERE_ISA_BASE UNITSPHERE_JOIN(arm, __ARM_ARCH, , , , , , )
#define UNITSPHERE_ISA_PORTABLE                                                                              \
    UNITSPHERE_JOIN(_fp, __ARM_FP, UNITSPHERE_WORD(__thumb2__, _thumb2), UNITSPHERE_WORD(__ARM_NEON, _neon), \
                    UNITSPHERE_WORD(__ARM_FEATURE_FMA, _fma), UNITSPHERE_WORD(__ARM_FEATURE_IDIV, _idiv),    \
                    UNITSPHERE_WORD(__ARM_BIG_ENDIAN, _be), UNITSPHERE_WORD(__ARM_FEATURE_DIRECTED_ROUNDING, _round))
#else
#define UNITSPHERE_ISA_BASE portable
#define UNITSPHERE_ISA_PORTABLE
#endif
