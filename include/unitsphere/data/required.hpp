/// A parameter that decides something, such as k or a threshold.
#pragma once

#include <type_traits>

#include "config.hpp"

namespace unitsphere {

/// Takes a number, and only a number: `{}` and options do not convert to it, so that a call never decides by accident.
/// An integer parameter takes integers alone.
template <class T>
class required {
public:
    template <class U, std::enable_if_t<std::is_arithmetic_v<U> && !std::is_same_v<U, bool> &&
                                            (std::is_integral_v<U> || std::is_floating_point_v<T>),
                                        int> = 0>
    UNITSPHERE_INLINE constexpr required(U value) noexcept : value_(static_cast<T>(value)) {}

    UNITSPHERE_INLINE constexpr operator T() const noexcept { return value_; }

private:
    T value_;
};

}  // namespace unitsphere
