/// Integer arithmetic of counts and sizes.
#pragma once

#include "../data/error.hpp"
#include "../kernel/arithmetic.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

using kernel::ceil_div;
using kernel::maximum;
using kernel::minimum;

constexpr idx_t clamped(idx_t x, idx_t least, idx_t most) noexcept { return minimum(maximum(x, least), most); }

/// `count` rounded up to a multiple of `step`; std::length_error where that leaves the range of idx_t.
inline idx_t round_up(idx_t count, idx_t step) {
    if (count > PTRDIFF_MAX - step)
        unitsphere::detail::fail<std::length_error>("unitsphere: ", count, " rows exceed the address space");
    return ceil_div(count, step) * step;
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
