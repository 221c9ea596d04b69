/// Compiler, instruction set and the few macros that every header uses.
#pragma once

// #error alone would be followed by thousands of others: an #include that is not found ends the compilation.
#if __cplusplus < 201703L
#error "unitsphere: needs C++17 or later: -std=c++17; in CMake the target unitsphere::unitsphere asks for it"
#include <unitsphere_needs_cxx17>
#elif defined(__i386__) || (defined(__x86_64__) && (!defined(__SSE2__) || defined(__ILP32__)))
#error "unitsphere: needs x86-64 (SSE2 or better), with pointers of 64 bits, where the machine is an x86"
#include <unitsphere_needs_64_bits>
#endif

#include <cstdint>

#include "instruction_set.hpp"

/// Inlined at every optimization level. The types of data/ use it for all members: they live outside the
/// instruction set's namespace, so none of their code may be emitted as a symbol that another unit could pick up.
#define UNITSPHERE_INLINE [[gnu::always_inline]] inline
#define UNITSPHERE_COLD [[gnu::cold, gnu::noinline]]
/// One copy for all callers: large code that many templates call, and that each would compile again.
#define UNITSPHERE_NOINLINE [[gnu::noinline]]
#define UNITSPHERE_LAMBDA __attribute__((always_inline))
/// What the function returns must not outlive the object or argument: clang warns (-Wdangling) where it does.
#if defined(__clang__)
#define UNITSPHERE_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define UNITSPHERE_LIFETIMEBOUND
#endif
/// Whether positions are checked where rows and elements are accessed: in a debug build (-O0), and where the program
/// asks libstdc++ for its own checks. The first message of the program is then that of the error.
#if !defined(__OPTIMIZE__) || defined(_GLIBCXX_ASSERTIONS)
#define UNITSPHERE_CHECKS_POSITIONS true
#else
#define UNITSPHERE_CHECKS_POSITIONS false
#endif

#define UNITSPHERE_TEXT_(x) #x
#define UNITSPHERE_TEXT(x) UNITSPHERE_TEXT_(x)

namespace unitsphere {

// A function's symbol names the types of its parameters, but not the type that it returns, and a variable's symbol
// names no type at all. The tag adds the instruction set to the symbols of both, the user's own ones included.
#if !defined(UNITSPHERE_LEVEL)
inline namespace UNITSPHERE_ISA __attribute__((abi_tag(UNITSPHERE_TEXT(UNITSPHERE_ISA)))) {}
#endif

/// Every count, size and position: signed 64-bit.
using idx_t = std::int64_t;

inline namespace UNITSPHERE_ISA {

/// Whether the compiler optimizes this unit. Without it (-O0, a debug build) kernels take some hundred times as long. A
/// constant of each unit: static_assert(unitsphere::optimized) where that must not happen.
#if defined(__OPTIMIZE__)
inline namespace optimized_unit {
inline constexpr bool optimized = true;
}
#else
inline namespace debug_unit {
inline constexpr bool optimized = false;
}
#endif

/// The instruction set that this translation unit was compiled for, e.g. "avx2_fma_f16c_bmi2_prfchw", and flags that
/// change results.
UNITSPHERE_INLINE const char* instruction_set() noexcept { return UNITSPHERE_TEXT(UNITSPHERE_ISA_NAME); }

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
