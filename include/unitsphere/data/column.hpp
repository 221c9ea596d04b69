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

/// Elements to copy from. A type of ours, so that what the standard library makes of it has the instruction set in its
/// name: a std::vector's own zeros, or its copy from pointers, are code that all units of a program share, with the
/// instructions of whichever was linked first.
template <class T>
struct element_iterator {
    struct element {
        const T& value;
        UNITSPHERE_INLINE operator T() const noexcept { return value; }
    };

    using iterator_category = std::random_access_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = T;
    using pointer = const T*;
    using reference = element;

    pointer at;

    UNITSPHERE_INLINE reference operator*() const noexcept { return {*at}; }
    UNITSPHERE_INLINE element_iterator& operator++() noexcept { return ++at, *this; }
    UNITSPHERE_INLINE element_iterator operator+(difference_type n) const noexcept { return {at + n}; }
    UNITSPHERE_INLINE difference_type operator-(const element_iterator& other) const noexcept { return at - other.at; }
    UNITSPHERE_INLINE bool operator==(const element_iterator& other) const noexcept { return at == other.at; }
    UNITSPHERE_INLINE bool operator!=(const element_iterator& other) const noexcept { return at != other.at; }
};

/// One row as a vector.
template <class T>
std::vector<T> to_vector(const matrix<T>& row) {
    const element_iterator<T> first{row.data()};
    return std::vector<T>(first, first + row.dim());
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
