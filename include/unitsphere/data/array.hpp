/// One-dimensional results: labels, ranks, norms.
#pragma once

#include "matrix.hpp"

namespace unitsphere {

/// Owning list of numbers, 64-byte aligned. A fresh array is zero. As an argument it is one row, or a list.
///
/// Not std::vector: its code is shared by all units of a program, with the instructions of whichever was linked first,
/// and it fills with zeros what a kernel is about to write.
///
/// Errors   as matrix.   Memory  `size` elements; a moved-from array is empty.
template <class T>
class array {
public:
    using value_type = T;

    UNITSPHERE_INLINE array() noexcept : row_() {}
    UNITSPHERE_INLINE explicit array(idx_t size) : row_(1, size) {}
    // Written out: implicit ones would be symbols without an instruction set.
    UNITSPHERE_INLINE array(const array& other) : row_(other.row_) {}
    UNITSPHERE_INLINE array(array&& other) noexcept : row_(static_cast<matrix<T>&&>(other.row_)) {}
    UNITSPHERE_INLINE array& operator=(const array& other) {
        row_ = other.row_;
        return *this;
    }
    UNITSPHERE_INLINE array& operator=(array&& other) noexcept {
        row_ = static_cast<matrix<T>&&>(other.row_);
        return *this;
    }
    UNITSPHERE_INLINE ~array() {}

    /// An array whose elements are written next.
    UNITSPHERE_INLINE static array uninitialized(idx_t size) {
        array result;
        result.row_ = matrix<T>::uninitialized(1, size);
        return result;
    }

    UNITSPHERE_INLINE T* data() noexcept { return row_.data(); }
    UNITSPHERE_INLINE const T* data() const noexcept { return row_.data(); }
    UNITSPHERE_INLINE std::size_t size() const noexcept { return std::size_t(row_.dim()); }
    UNITSPHERE_INLINE bool empty() const noexcept { return row_.dim() == 0; }
    UNITSPHERE_INLINE T* begin() noexcept { return data(); }
    UNITSPHERE_INLINE const T* begin() const noexcept { return data(); }
    UNITSPHERE_INLINE T* end() noexcept { return data() + row_.dim(); }
    UNITSPHERE_INLINE const T* end() const noexcept { return data() + row_.dim(); }
    UNITSPHERE_INLINE T& operator[](idx_t i) noexcept UNITSPHERE_LIFETIMEBOUND { return row_(0, i); }
    UNITSPHERE_INLINE const T& operator[](idx_t i) const noexcept UNITSPHERE_LIFETIMEBOUND { return row_(0, i); }

    UNITSPHERE_INLINE friend bool operator==(const array& a, const array& b) noexcept {
        bool equal = a.size() == b.size();
        for (idx_t i = 0; equal && i < idx_t(a.size()); ++i) equal = a[i] == b[i];
        return equal;
    }
    UNITSPHERE_INLINE friend bool operator!=(const array& a, const array& b) noexcept { return !(a == b); }

    /// [1, size]
    UNITSPHERE_INLINE matrix_view<T> view() noexcept UNITSPHERE_LIFETIMEBOUND { return {data(), 1, row_.dim()}; }
    UNITSPHERE_INLINE matrix_view<const T> view() const noexcept UNITSPHERE_LIFETIMEBOUND {
        return {data(), 1, row_.dim()};
    }

private:
    matrix<T> row_;
};

namespace detail {
template <class T>
inline constexpr bool owns_rows<array<T>> = true;
}  // namespace detail

template <class T>
UNITSPHERE_INLINE matrix_view<T> to_view(array<T>& row) noexcept {
    return row.view();
}
template <class T>
UNITSPHERE_INLINE matrix_view<const T> to_view(const array<T>& row) noexcept {
    return row.view();
}

}  // namespace unitsphere
