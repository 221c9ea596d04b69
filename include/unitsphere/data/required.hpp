/// A parameter that decides something, such as k or a threshold.
#pragma once

#include <type_traits>

#include "matrix.hpp"

namespace unitsphere {

/// Takes a number, and only a number: `{}` and options do not convert to it, so that a call never decides by accident.
/// An integer parameter takes integers alone, and none takes a truth value or a character. An unsigned integer that is
/// too large becomes the largest.
template <class T>
class required {
    template <class U>
    static constexpr bool is_number =
        std::is_arithmetic_v<U> && !std::is_same_v<U, bool> && !std::is_same_v<U, char> &&
        !std::is_same_v<U, wchar_t> && !std::is_same_v<U, char16_t> && !std::is_same_v<U, char32_t>;

public:
    template <class U,
              std::enable_if_t<is_number<U> && (std::is_integral_v<U> || std::is_floating_point_v<T>), int> = 0>
    UNITSPHERE_INLINE constexpr required(U value) noexcept : value_(from(value)) {}

    UNITSPHERE_INLINE constexpr operator T() const noexcept { return value_; }

private:
    template <class U>
    UNITSPHERE_INLINE static constexpr T from(U value) noexcept {
        if constexpr (std::is_integral_v<T> && std::is_unsigned_v<U> && sizeof(U) >= sizeof(T)) {
            constexpr T largest = static_cast<T>(static_cast<U>(-1) >> (8 * (sizeof(U) - sizeof(T)) + 1));
            if (value > static_cast<U>(largest)) return largest;
        }
        return static_cast<T>(value);
    }

    T value_;
};
/// Takes whatever becomes such a view by itself: an argument without which there is no answer.
template <class T>
class required<matrix_view<T>> {
public:
    template <class Rows, std::enable_if_t<std::is_convertible_v<Rows&&, matrix_view<T>>, int> = 0>
    UNITSPHERE_INLINE required(Rows&& rows UNITSPHERE_LIFETIMEBOUND) : rows_(static_cast<Rows&&>(rows)) {}

    UNITSPHERE_INLINE operator matrix_view<T>() const noexcept { return rows_; }

private:
    matrix_view<T> rows_;
};

}  // namespace unitsphere
