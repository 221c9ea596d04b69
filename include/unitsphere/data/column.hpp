/// A caller's list of numbers (labels, weights) as one column: any container that std::data and std::size know, and an
/// Eigen vector of any stride.
#pragma once

#include <iterator>

#include "array.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

template <class Numbers, class = void>
struct stride_of {
    static idx_t in(const Numbers&) noexcept { return 1; }
};
template <class Numbers>
struct stride_of<Numbers, std::void_t<decltype(std::declval<const Numbers&>().innerStride())>> {
    static idx_t in(const Numbers& numbers) noexcept { return idx_t(numbers.innerStride()); }
};

/// Whether std::size knows it: a matrix has rows and no size.
template <class Numbers, class = void>
inline constexpr bool is_list = false;
template <class Numbers>
inline constexpr bool is_list<Numbers, std::void_t<decltype(std::size(std::declval<const Numbers&>()))>> = true;
template <class Numbers>
using if_list = std::enable_if_t<is_list<Numbers>, int>;

/// Whether its elements lie in memory, so that std::data knows it: std::vector<bool> has bits.
template <class Numbers, class = void>
inline constexpr bool has_data = false;
template <class Numbers>
inline constexpr bool has_data<Numbers, std::void_t<decltype(*std::data(std::declval<const Numbers&>()))>> = true;

/// [n, 1]
template <class Numbers>
auto column_of(const Numbers& numbers) {
    static_assert(has_data<Numbers>,
                  "unitsphere: pass a list that lies in memory, with data() and size(), such as a std::vector<int>; a "
                  "std::vector<bool> does not, a std::vector<char> does");
    if constexpr (has_data<Numbers>) {
        using number = std::remove_cv_t<std::remove_reference_t<decltype(*std::data(numbers))>>;
        return matrix_view<const number>(std::data(numbers), idx_t(std::size(numbers)), 1,
                                         stride_of<Numbers>::in(numbers));
    } else {
        return matrix_view<const int>();
    }
}

// Of our own containers: std::data of them would be a symbol without an instruction set.
template <class T>
matrix_view<const T> column_of(const array<T>& numbers) {
    return {numbers.data(), idx_t(numbers.size()), 1};
}
template <class T>
matrix_view<const std::remove_const_t<T>> column_of(const row_view<T>& numbers) {
    return {numbers.data(), idx_t(numbers.size()), 1};
}

/// The same of integers.
template <class Labels>
auto labels_of(const Labels& labels) {
    constexpr bool integers = std::is_integral_v<typename decltype(column_of(labels))::value_type>;
    static_assert(integers, "unitsphere: labels are integers");
    if constexpr (integers)
        return column_of(labels);
    else
        return matrix_view<const int>();
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
