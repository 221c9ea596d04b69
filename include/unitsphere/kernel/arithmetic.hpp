/// Unrolled loops; minimum, maximum and ceil_div of numbers: std::min of an idx_t or a float would be a weak symbol
/// without the instruction set in its name, which the linker may hand to a unit that was compiled for an older machine.
#pragma once

#include <type_traits>
#include <utility>

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

template <class F, int... Step>
UNITSPHERE_INLINE void unroll_over(F&& f, std::integer_sequence<int, Step...>) {
    (f(Step), ...);
}

/// f(0), f(1), .. f(Count - 1), unrolled: the indices are constants once f is inlined, so arrays of vectors stay in
/// registers.
template <int Count, class F>
UNITSPHERE_INLINE void unroll(F&& f) {
    unroll_over(f, std::make_integer_sequence<int, Count>{});
}

/// An int as a type. Not std::integral_constant, whose conversion would be a symbol of std where nothing is inlined.
template <int Value>
struct constant {
    UNITSPHERE_INLINE constexpr operator int() const noexcept { return Value; }
};

/// The same with each index as a type: a constant within f.
template <class F, int... Step>
UNITSPHERE_INLINE void unroll_constants_over(F&& f, std::integer_sequence<int, Step...>) {
    (f(constant<Step>()), ...);
}
template <int Count, class F>
UNITSPHERE_INLINE void unroll_constants(F&& f) {
    unroll_constants_over(f, std::make_integer_sequence<int, Count>{});
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
