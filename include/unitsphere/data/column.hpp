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

/// [n, 1]
template <class Numbers>
auto column_of(const Numbers& numbers) {
    using number = std::remove_cv_t<std::remove_reference_t<decltype(*std::data(numbers))>>;
    return matrix_view<const number>(std::data(numbers), idx_t(std::size(numbers)), 1, stride_of<Numbers>::in(numbers));
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
    static_assert(std::is_integral_v<std::remove_cv_t<std::remove_reference_t<decltype(*std::data(labels))>>>,
                  "unitsphere: labels are integers");
    return column_of(labels);
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
