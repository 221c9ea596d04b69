/// A caller's list of numbers (labels, weights) as one column: any container that std::data and std::size know, and an
/// Eigen vector of any stride.
#pragma once

#include <iterator>

#include "matrix.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

template <class Numbers, class = void>
struct stride_of {
    static index in(const Numbers&) noexcept { return 1; }
};
template <class Numbers>
struct stride_of<Numbers, std::void_t<decltype(std::declval<const Numbers&>().innerStride())>> {
    static index in(const Numbers& numbers) noexcept { return index(numbers.innerStride()); }
};

/// Whether std::size knows it: a matrix has rows and no size.
template <class Numbers, class = void>
inline constexpr bool is_list = false;
template <class Numbers>
inline constexpr bool is_list<Numbers, std::void_t<decltype(std::size(std::declval<const Numbers&>()))>> = true;

/// [n, 1]
template <class Numbers>
auto column_of(const Numbers& numbers) {
    using number = std::remove_cv_t<std::remove_reference_t<decltype(*std::data(numbers))>>;
    return matrix_view<const number>(std::data(numbers), index(std::size(numbers)), 1, stride_of<Numbers>::in(numbers));
}

/// The same of integers.
template <class Labels>
auto labels_of(const Labels& labels) {
    static_assert(std::is_integral_v<std::remove_cv_t<std::remove_reference_t<decltype(*std::data(labels))>>>,
                  "unitsphere: labels are integers");
    return column_of(labels);
}

/// One row as a vector, by a copy of bytes. Without optimization a vector's own zeros come from a std::fill that all
/// units of a program share, with the instructions of whichever was linked first.
template <class T>
std::vector<T> to_vector(const matrix<T>& row) {
    return std::vector<T>(row.data(), row.data() + row.dim());
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
