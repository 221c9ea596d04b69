/// minimum, maximum and ceil_div of numbers: std::min of an idx_t or a float would be a weak symbol without the
/// instruction set in its name, which the linker may hand to a unit that was compiled for an older machine.
#pragma once

#include <type_traits>

#include "../data/config.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

template <class A, class B>
UNITSPHERE_INLINE constexpr std::common_type_t<A, B> minimum(A a, B b) noexcept {
    return a < b ? a : b;
}
template <class A, class B>
UNITSPHERE_INLINE constexpr std::common_type_t<A, B> maximum(A a, B b) noexcept {
    return a < b ? b : a;
}
/// count / size, rounded up: how many parts of `size` hold `count`. count >= 0, size > 0.
template <class A, class B>
UNITSPHERE_INLINE constexpr std::common_type_t<A, B> ceil_div(A count, B size) noexcept {
    return count / size + (count % size != 0);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
