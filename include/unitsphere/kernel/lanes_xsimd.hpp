/// What x86 and 64-bit ARM share: a register is a batch of xsimd.
#pragma once

#include <xsimd/xsimd.hpp>

#include "../data/scalar.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// One register of T.
template <class T>
using vector = xsimd::batch<T>;

/// The same bits as elements of another type.
template <class To, class From>
UNITSPHERE_INLINE vector<To> bits_as(const xsimd::batch<From>& x) noexcept {
#if XSIMD_VERSION_MAJOR >= 11
    return xsimd::bitwise_cast<To>(x);
#else
    return xsimd::bitwise_cast<vector<To> >(x);
#endif
}
/// Whether a comparison is true of some element.
template <class T>
UNITSPHERE_INLINE bool any(const xsimd::batch_bool<T>& x) noexcept {
    return xsimd::any(x);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
