/// What x86 and 64-bit ARM share: a register is a batch of xsimd.
#pragma once

#include <xsimd/xsimd.hpp>

#include "../data/scalar.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// One register of T: on ARM of NEON, though the compiler may have SVE too.
#if defined(__aarch64__)
template <class T>
using vector = xsimd::batch<T, xsimd::neon64>;
#else
template <class T>
using vector = xsimd::batch<T>;
#endif

/// The same bits as elements of another type.
template <class To, class From>
UNITSPHERE_INLINE vector<To> bits_as(const vector<From>& x) noexcept {
#if XSIMD_VERSION_MAJOR >= 11
    return xsimd::bitwise_cast<To>(x);
#else
    return xsimd::bitwise_cast<vector<To> >(x);
#endif
}
/// Whether a comparison is true of some element.
using xsimd::any;

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
