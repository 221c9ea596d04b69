/// Printing: std::cout << scores shows the shape and the first rows and columns.
///
///   2 x 3
///   [0.8756, 0.1086, 0.0159]
///   [0.0113, 0.8379, 0.1508]
#pragma once

#include <ostream>

#include "../data/array.hpp"
#include "../data/unit_embeddings.hpp"

namespace unitsphere {
namespace detail {

/// The first 8 of `count` numbers. std::int8_t prints as a number, not as a character.
template <class T>
UNITSPHERE_INLINE void print_numbers(std::ostream& out, const T* numbers, idx_t count) {
    constexpr idx_t most = 8;
    out << '[';
    for (idx_t k = 0; k < count && k < most; ++k) out << (k > 0 ? ", " : "") << +numbers[k];
    out << (count > most ? ", ..]" : "]");
}

/// The first 8 rows.
template <class T>
UNITSPHERE_INLINE std::ostream& print_rows(std::ostream& out, const matrix_view<const T>& rows) {
    constexpr idx_t most = 8;
    out << rows.rows() << " x " << rows.columns();
    for (idx_t i = 0; i < rows.rows() && i < most; ++i) {
        out << '\n';
        print_numbers(out, rows.row(i), rows.columns());
    }
    return rows.rows() > most ? out << "\n.." : out;
}

}  // namespace detail

template <class T>
UNITSPHERE_INLINE std::ostream& operator<<(std::ostream& out, const matrix_view<T>& rows) {
    return detail::print_rows<std::remove_const_t<T>>(out, rows);
}
template <class T>
UNITSPHERE_INLINE std::ostream& operator<<(std::ostream& out, const matrix<T>& rows) {
    return detail::print_rows<T>(out, rows.view());
}
template <class T>
UNITSPHERE_INLINE std::ostream& operator<<(std::ostream& out, const unit_view<T>& rows) {
    return detail::print_rows<T>(out, rows.values());
}
template <class T>
UNITSPHERE_INLINE std::ostream& operator<<(std::ostream& out, const unit_embeddings<T>& rows) {
    return detail::print_rows<T>(out, rows.values());
}
template <class T>
UNITSPHERE_INLINE std::ostream& operator<<(std::ostream& out, const array<T>& numbers) {
    detail::print_numbers(out, numbers.data(), idx_t(numbers.size()));
    return out;
}
template <class T>
UNITSPHERE_INLINE std::ostream& operator<<(std::ostream& out, const row_view<T>& numbers) {
    detail::print_numbers(out, numbers.data(), idx_t(numbers.size()));
    return out;
}

}  // namespace unitsphere
