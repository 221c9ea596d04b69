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

/// Lists of numbers have one dimension. Eigen's matrices have a size, too; only its vectors are lists.
template <class X, class = void>
inline constexpr bool is_one_dimensional = is_list<X>;
template <class X>
inline constexpr bool is_one_dimensional<X, std::void_t<decltype(X::IsVectorAtCompileTime)>> =
    bool(X::IsVectorAtCompileTime);

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

/// The same of integers. Refuses one that no idx_t holds; `function` begins the text.
template <class Labels>
auto labels_of(const Labels& labels, const char* function = "unitsphere") {
    using integer = typename decltype(column_of(labels))::value_type;
    static_assert(std::is_integral_v<integer>, "unitsphere: labels are integers");
    if constexpr (std::is_integral_v<integer>) {
        const auto list = column_of(labels);
        if constexpr (std::is_unsigned_v<integer> && sizeof(integer) >= sizeof(idx_t))
            for (idx_t i = 0; i < list.rows(); ++i)
                if (list(i, 0) > integer(PTRDIFF_MAX))
                    fail<value_error>(function, ": entry ", i, " is ", idx_t(list(i, 0) / 10), idx_t(list(i, 0) % 10),
                                      ", which exceeds 2^63 - 1");
        return list;
    } else {
        return matrix_view<const int>();
    }
}

}  // namespace detail

/// An option that is a list of numbers of any type: it refers to the caller's memory.
class number_list {
public:
    number_list() noexcept = default;
    template <class Numbers, detail::if_list<Numbers> = 0>
    number_list(const Numbers& numbers UNITSPHERE_LIFETIMEBOUND) {
        const auto column = detail::column_of(numbers);
        using number = typename decltype(column)::value_type;
        constexpr idx_t size = sizeof(number);
        bytes_ = {reinterpret_cast<const char*>(column.data()), column.rows(), size, column.stride() * size};
        read_ = [](const void* at) { return double(*static_cast<const number*>(at)); };
    }

    bool is_given() const noexcept { return read_ != nullptr; }
    idx_t count() const noexcept { return bytes_.rows(); }
    double operator[](idx_t i) const noexcept { return read_(bytes_.row(i)); }
    matrix_view<const char> bytes() const noexcept { return bytes_; }

private:
    matrix_view<const char> bytes_ = {};
    double (*read_)(const void*) = nullptr;
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
