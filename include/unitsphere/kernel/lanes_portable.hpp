/// The primitives on any other machine, by the vector extensions of gcc and clang, without xsimd: WebAssembly, RISC-V,
/// POWER, z/Architecture, LoongArch, 32-bit ARM. A register has 16 bytes; where the machine has no such register, the
/// compiler takes one for each element. Element 0 lies at the lowest address, so byte order changes nothing.
#pragma once

#include <type_traits>

#include "../data/scalar.hpp"
#include "arithmetic.hpp"

#if defined(__arm__) && defined(__ARM_NEON) && defined(__clang__)
#error "unitsphere: on 32-bit ARM use gcc, or clang without NEON, which counts subnormal floats as 0"
#endif

// The constraints of an asm: of one number, and of a whole vector where one register holds it.
#if defined(__x86_64__)
#define UNITSPHERE_SCALAR_REGISTER "+x"
#define UNITSPHERE_VECTOR_REGISTER "+x"
#elif defined(__aarch64__)
#define UNITSPHERE_SCALAR_REGISTER "+w"
#define UNITSPHERE_VECTOR_REGISTER "+w"
#elif defined(__wasm__)
#define UNITSPHERE_SCALAR_REGISTER "+r"
#if defined(__wasm_simd128__)
#define UNITSPHERE_VECTOR_REGISTER "+r"
#endif
#elif defined(__VSX__)
#define UNITSPHERE_SCALAR_REGISTER "+wa"
#define UNITSPHERE_VECTOR_REGISTER "+wa"
#elif defined(__VX__) && __ARCH__ >= 12
#define UNITSPHERE_SCALAR_REGISTER "+f"
#define UNITSPHERE_VECTOR_REGISTER "+v"
#elif defined(__loongarch_sx)
#define UNITSPHERE_SCALAR_REGISTER "+f"
#define UNITSPHERE_VECTOR_REGISTER "+f"
#elif defined(__arm__) && defined(__ARM_FP)
#define UNITSPHERE_SCALAR_REGISTER "+w"
#elif defined(__riscv_flen) || defined(__s390x__) || defined(__loongarch_hard_float) || defined(__PPC__)
#define UNITSPHERE_SCALAR_REGISTER "+f"
#else
#define UNITSPHERE_SCALAR_REGISTER "+m"
#endif

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// 16 bytes of T in a register, and anywhere in memory. Written out, for gcc ignores the attributes of a type that
/// depends on a template's parameter.
#define UNITSPHERE_NATIVE(T)                                                                  \
    template <>                                                                               \
    struct native_of<T> {                                                                     \
        typedef T in_register __attribute__((vector_size(16)));                               \
        typedef T in_memory __attribute__((vector_size(16), aligned(alignof(T)), may_alias)); \
    };
template <class T>
struct native_of;
UNITSPHERE_NATIVE(float)
UNITSPHERE_NATIVE(double)
UNITSPHERE_NATIVE(std::int32_t)
#undef UNITSPHERE_NATIVE

/// One register of T, with the operators of xsimd's batch that kernels use.
template <class T>
struct vector {
    static constexpr std::size_t size = 16 / sizeof(T);
    using native_type = typename native_of<T>::in_register;
    native_type native;

    vector() = default;
    UNITSPHERE_INLINE vector(native_type x) noexcept : native(x) {}
    UNITSPHERE_INLINE explicit vector(T value) noexcept {
        unroll<int(size)>([&](int i) UNITSPHERE_LAMBDA { native[i] = value; });
    }
    UNITSPHERE_INLINE static vector load_unaligned(const T* from) noexcept {
        return native_type(*reinterpret_cast<const typename native_of<T>::in_memory*>(from));
    }
    UNITSPHERE_INLINE static vector load_aligned(const T* from) noexcept { return load_unaligned(from); }
    UNITSPHERE_INLINE void store_unaligned(T* to) const noexcept {
        *reinterpret_cast<typename native_of<T>::in_memory*>(to) = native;
    }
    UNITSPHERE_INLINE void store_aligned(T* to) const noexcept { store_unaligned(to); }

    UNITSPHERE_INLINE friend vector operator+(vector a, vector b) noexcept { return a.native + b.native; }
    UNITSPHERE_INLINE friend vector operator-(vector a, vector b) noexcept { return a.native - b.native; }
    UNITSPHERE_INLINE friend vector operator*(vector a, vector b) noexcept { return a.native * b.native; }
    UNITSPHERE_INLINE friend vector operator&(vector a, vector b) noexcept { return a.native & b.native; }
    UNITSPHERE_INLINE friend vector operator|(vector a, vector b) noexcept { return a.native | b.native; }
    UNITSPHERE_INLINE friend vector operator^(vector a, vector b) noexcept { return a.native ^ b.native; }
};

/// As many registers of 16 bytes as there are, or as hold the elements.
#if defined(__VSX__)
inline constexpr int vector_registers = 64;
#elif !defined(UNITSPHERE_VECTOR_REGISTER) || defined(__x86_64__) || defined(__wasm__)
inline constexpr int vector_registers = 16;
#else
inline constexpr int vector_registers = 32;
#endif

/// Whether the machine multiplies and adds floats and doubles with one rounding. WebAssembly's relaxed multiply-add may
/// round once or twice, so it stays out.
#if defined(__FP_FAST_FMA) && defined(__FP_FAST_FMAF) || defined(__FMA__) || defined(__aarch64__) ||          \
    defined(__riscv_flen) && __riscv_flen >= 64 || defined(__s390x__) || defined(__loongarch_double_float) || \
    defined(__powerpc64__) || defined(__ARM_FEATURE_FMA) && (__ARM_FP & 8)
inline constexpr bool has_fma = true;
#else
inline constexpr bool has_fma = false;
#endif

/// Optimization barrier: the identity, through an empty asm. The compiler can neither contract nor reassociate
/// floating-point operations across it.
UNITSPHERE_INLINE double fp_barrier(double x) noexcept {
    asm("" : UNITSPHERE_SCALAR_REGISTER(x));
    return x;
}
UNITSPHERE_INLINE float fp_barrier(float x) noexcept {
    asm("" : UNITSPHERE_SCALAR_REGISTER(x));
    return x;
}
template <class T>
UNITSPHERE_INLINE vector<T> fp_barrier(vector<T> x) noexcept {
#ifdef UNITSPHERE_VECTOR_REGISTER
    asm("" : UNITSPHERE_VECTOR_REGISTER(x.native));
#else
    unroll<int(vector<T>::size)>([&](int i) UNITSPHERE_LAMBDA { x.native[i] = fp_barrier(x.native[i]); });
#endif
    return x;
}

template <class T>
UNITSPHERE_INLINE vector<T> fma(vector<T> a, vector<T> b, vector<T> c) noexcept {
    if constexpr (has_fma) {
        typename vector<T>::native_type sum = {};  // c in its place is uninitialized to gcc 14 at -O1
        unroll<int(vector<T>::size)>([&](int i) UNITSPHERE_LAMBDA {
            if constexpr (std::is_same_v<T, float>)
                sum[i] = __builtin_fmaf(a.native[i], b.native[i], c.native[i]);
            else
                sum[i] = __builtin_fma(a.native[i], b.native[i], c.native[i]);
        });
        return sum;
    } else {
        return fp_barrier(fp_barrier(a * b) + c);
    }
}

UNITSPHERE_INLINE vector<double> widen_low(vector<float> x) noexcept {
    return vector<double>::native_type{double(x.native[0]), double(x.native[1])};
}
UNITSPHERE_INLINE vector<double> widen_high(vector<float> x) noexcept {
    return vector<double>::native_type{double(x.native[2]), double(x.native[3])};
}
UNITSPHERE_INLINE vector<double> load_widened(const float* from) noexcept {
    return vector<double>::native_type{double(from[0]), double(from[1])};
}
UNITSPHERE_INLINE vector<float> narrow(vector<double> low, vector<double> high) noexcept {
    return vector<float>::native_type{float(low.native[0]), float(low.native[1]), float(high.native[0]),
                                      float(high.native[1])};
}

/// Plain stores: there is no non-temporal store that every compiler offers.
UNITSPHERE_INLINE void stream(float* to, vector<float> x) noexcept { x.store_unaligned(to); }
UNITSPHERE_INLINE void finish_streams() noexcept {}

/// The same bits as elements of another type.
template <class To, class From>
UNITSPHERE_INLINE vector<To> bits_as(vector<From> x) noexcept {
    return detail::bit_cast<typename vector<To>::native_type>(x.native);
}
/// Per element: -1 where x >= bound, else 0.
UNITSPHERE_INLINE vector<std::int32_t> operator>=(vector<float> x, vector<float> bound) noexcept {
    return vector<std::int32_t>::native_type(x.native >= bound.native);
}
UNITSPHERE_INLINE bool any(vector<std::int32_t> x) noexcept {
    return (x.native[0] | x.native[1] | x.native[2] | x.native[3]) != 0;
}
/// Per element: x > bound ? a : b.
UNITSPHERE_INLINE vector<std::int32_t> select_gt(vector<std::int32_t> x, vector<std::int32_t> bound,
                                                 vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return x.native > bound.native ? a.native : b.native;
}
UNITSPHERE_INLINE vector<std::int32_t> lane_min(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return select_gt(a, b, b, a);
}
UNITSPHERE_INLINE vector<std::int32_t> lane_max(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    return select_gt(a, b, a, b);
}
UNITSPHERE_INLINE vector<std::int32_t> lane_max_unsigned(vector<std::int32_t> a, vector<std::int32_t> b) noexcept {
    const vector<std::int32_t> sign(std::int32_t(0x80000000));
    return select_gt(a ^ sign, b ^ sign, a, b);
}
UNITSPHERE_INLINE std::int32_t max_of_lanes(vector<std::int32_t> x) noexcept {
    return maximum(maximum(x.native[0], x.native[1]), maximum(x.native[2], x.native[3]));
}
/// The number of elements with x > bound.
UNITSPHERE_INLINE int count_gt(vector<std::int32_t> x, vector<std::int32_t> bound) noexcept {
    const vector<std::int32_t>::native_type above = x.native > bound.native;
    return -(above[0] + above[1] + above[2] + above[3]);
}
template <int Count>
UNITSPHERE_INLINE vector<std::int32_t> shift_left(vector<std::int32_t> a) noexcept {
    return a.native << Count;
}
UNITSPHERE_INLINE double sum_of_halves(vector<double> x) noexcept { return x.native[0] + x.native[1]; }

UNITSPHERE_INLINE vector<float> load(const bfloat16* from) noexcept {
    using words = vector<std::int32_t>::native_type;
    return bits_as<float>(vector<std::int32_t>(words{from[0].bits, from[1].bits, from[2].bits, from[3].bits} << 16));
}
UNITSPHERE_INLINE vector<float> load(const std::int8_t* from) noexcept {
    return vector<float>::native_type{float(from[0]), float(from[1]), float(from[2]), float(from[3])};
}
/// Exact: fraction and exponent shifted into place and rebased; a subnormal half is an integer times 2^-24; Inf and NaN
/// get their full exponent.
UNITSPHERE_INLINE vector<float> load(const float16* from) noexcept {
    using words = vector<std::int32_t>::native_type;
    const words word{from[0].bits, from[1].bits, from[2].bits, from[3].bits}, magnitude = word & 0x7fff;
    const vector<float>::native_type number{float(magnitude[0]), float(magnitude[1]), float(magnitude[2]),
                                            float(magnitude[3])};
    const words tiny = bits_as<std::int32_t>(vector<float>(number * 0x1p-24f)).native;
    const words finite = magnitude > 0x03ff ? (magnitude << 13) + (112 << 23) : tiny;
    const words special = (words(magnitude > 0x7bff) & 0x7f800000) | (words(magnitude > 0x7c00) & 0x00400000);
    return bits_as<float>(vector<std::int32_t>(finite | special | ((word ^ magnitude) << 16)));
}
UNITSPHERE_INLINE vector<float> load_first(const float* from, int count) noexcept {
    vector<float> x(0.0f);
    unroll<4>([&](int i) UNITSPHERE_LAMBDA {
        if (i < count) x.native[i] = from[i];
    });
    return x;
}
UNITSPHERE_INLINE void store_first(float* to, vector<float> x, int count) noexcept {
    unroll<4>([&](int i) UNITSPHERE_LAMBDA {
        if (i < count) to[i] = x.native[i];
    });
}

/// Transposes a square of registers: swaps element c of row r with element r of row c.
UNITSPHERE_INLINE void transpose(vector<float> (&rows)[4]) noexcept {
    using native_type = vector<float>::native_type;
    const native_type row0 = rows[0].native, row1 = rows[1].native, row2 = rows[2].native, row3 = rows[3].native;
    unroll<4>([&](int i) UNITSPHERE_LAMBDA { rows[i] = native_type{row0[i], row1[i], row2[i], row3[i]}; });
}
UNITSPHERE_INLINE void transpose(vector<double> (&rows)[2]) noexcept {
    using native_type = vector<double>::native_type;
    const native_type row0 = rows[0].native, row1 = rows[1].native;
    unroll<2>([&](int i) UNITSPHERE_LAMBDA { rows[i] = native_type{row0[i], row1[i]}; });
}

/// a / b, rounded once.
UNITSPHERE_INLINE vector<float> quotient(vector<float> a, vector<float> b) noexcept { return a.native / b.native; }

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere

#undef UNITSPHERE_SCALAR_REGISTER
#undef UNITSPHERE_VECTOR_REGISTER
