/// Rows of embeddings: a view of the caller's memory and an owning, aligned matrix.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "error.hpp"
#include "huge_pages.hpp"
#include "scalar.hpp"

#if __cplusplus >= 202002L && __has_include(<span>)
#include <span>
#endif

namespace unitsphere {
namespace detail {
/// Whether to_view(X) is a view of T; defined behind the to_views.
template <class X, class T>
struct views_as;
/// Whether the elements of an X die with it; false for references.
template <class X>
inline constexpr bool owns_rows = false;
template <class T, class Allocator>
inline constexpr bool owns_rows<std::vector<T, Allocator>> = true;
template <class T, std::size_t Dim>
inline constexpr bool owns_rows<std::array<T, Dim>> = true;

/// Of element j of row i, each less than its limit. The row behind the last one has an address, but no elements.
UNITSPHERE_INLINE idx_t offset(idx_t i, idx_t j, idx_t rows, idx_t columns, idx_t stride) noexcept {
    check_position("matrix row", i, rows);
    check_position("matrix column", j, columns);
    return i * stride + j;
}
}  // namespace detail

/// One row of a matrix or view: contiguous elements that iterate, and convert to std::span where there is one.
template <class T>
class row_view {
public:
    using value_type = std::remove_const_t<T>;

    UNITSPHERE_INLINE row_view(T* data, idx_t size) noexcept : data_(data), size_(std::size_t(size)) {}

    UNITSPHERE_INLINE T* data() const noexcept { return data_; }
    UNITSPHERE_INLINE std::size_t size() const noexcept { return size_; }
    UNITSPHERE_INLINE bool empty() const noexcept { return size_ == 0; }
    UNITSPHERE_INLINE T* begin() const noexcept { return data_; }
    UNITSPHERE_INLINE T* end() const noexcept { return data_ + size_; }
    UNITSPHERE_INLINE T& operator[](idx_t i) const noexcept {
        detail::check_position("row_view", i, idx_t(size_));
        return data_[i];
    }

private:
    T* data_;
    std::size_t size_;  // unsigned as the standard library's: std::span and std::data take it as it is
};

/// Iterates over what `container[i]` returns for i = 0, 1, ..: the rows of a matrix, the lists of a result.
template <class Container>
class element_iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = decltype(std::declval<const Container&>()[0]);
    using pointer = void;
    using reference = value_type;

    UNITSPHERE_INLINE element_iterator(const Container& container, idx_t at) noexcept
        : container_(&container), at_(at) {}

    UNITSPHERE_INLINE value_type operator*() const { return (*container_)[at_]; }
    UNITSPHERE_INLINE element_iterator& operator++() noexcept { return ++at_, *this; }
    UNITSPHERE_INLINE element_iterator operator++(int) noexcept { return {*container_, at_++}; }
    UNITSPHERE_INLINE bool operator==(const element_iterator& other) const noexcept { return at_ == other.at_; }
    UNITSPHERE_INLINE bool operator!=(const element_iterator& other) const noexcept { return at_ != other.at_; }

private:
    const Container* container_;
    idx_t at_;
};

/// Any caller's rows: `rows` of `dim` elements, row i at data + i * stride (in elements). Whatever has a to_view that
/// views T in place becomes one by itself: a matrix, a std::vector or std::span (one row), a row-major Eigen matrix.
///
/// Errors   shape_error for negative sizes, a stride below dim, or null data with elements to read.
/// Memory   owns nothing; the caller's memory must outlive the view. Only element alignment is needed, and the
///          elements between dim and stride are never touched. A view of a temporary is right as an argument, and
///          dangles as a variable (clang warns). Positions outside are errors in debug builds alone: they end the
///          program. Rows of dim 0 have stride 0: all lie at data, even null.
template <class T>
class matrix_view {
public:
    using value_type = std::remove_const_t<T>;

    UNITSPHERE_INLINE matrix_view() noexcept : data_(nullptr), rows_(0), dim_(0), stride_(0) {}
    UNITSPHERE_INLINE matrix_view(T* data, idx_t rows, idx_t dim) : matrix_view(data, rows, dim, dim) {}
    UNITSPHERE_INLINE matrix_view(T* data, idx_t rows, idx_t dim, idx_t stride)
        : data_(data), rows_(rows), dim_(dim), stride_(dim == 0 ? 0 : stride) {
        if (rows < 0 || dim < 0)
            detail::fail<shape_error>("matrix_view: rows ", rows, " and dim ", dim, " must not be negative");
        if (stride < dim) detail::fail<shape_error>("matrix_view: stride ", stride, " is less than dim ", dim);
        if (data == nullptr && rows > 0 && dim > 0)
            detail::fail<shape_error>("matrix_view: data is null for ", rows, " rows of dim ", dim);
    }
    /// Rows that may be written are rows that may be read.
    template <class U, class = std::enable_if_t<std::is_same_v<const U, T> && !std::is_same_v<U, T>>>
    UNITSPHERE_INLINE matrix_view(const matrix_view<U>& other) noexcept
        : data_(other.data()), rows_(other.rows()), dim_(other.dim()), stride_(other.stride()) {}
    /// Not what a temporary owns, if it is to be written: nobody could read it.
    template <class X, std::enable_if_t<detail::views_as<std::remove_reference_t<X>, T>::value &&
                                            !(detail::owns_rows<X> && !std::is_const_v<T>),
                                        int> = 0>
    UNITSPHERE_INLINE matrix_view(X&& x UNITSPHERE_LIFETIMEBOUND)
        : matrix_view(detail::views_as<std::remove_reference_t<X>, T>::view(x)) {}

    UNITSPHERE_INLINE T* data() const noexcept { return data_; }
    UNITSPHERE_INLINE idx_t rows() const noexcept { return rows_; }
    UNITSPHERE_INLINE idx_t columns() const noexcept { return dim_; }
    /// The same by its name where the rows are embeddings.
    UNITSPHERE_INLINE idx_t dim() const noexcept { return dim_; }
    UNITSPHERE_INLINE idx_t stride() const noexcept { return stride_; }
    UNITSPHERE_INLINE T* row(idx_t i) const noexcept {
        return data_ + detail::offset(i, 0, rows_ + 1, dim_ + 1, stride_);
    }
    UNITSPHERE_INLINE row_view<T> operator[](idx_t i) const noexcept {
        return {data_ + detail::offset(i, 0, rows_, dim_ + 1, stride_), dim_};
    }
    UNITSPHERE_INLINE element_iterator<matrix_view> begin() const noexcept { return {*this, 0}; }
    UNITSPHERE_INLINE element_iterator<matrix_view> end() const noexcept { return {*this, rows_}; }
    UNITSPHERE_INLINE T& operator()(idx_t i, idx_t j) const noexcept {
        return data_[detail::offset(i, j, rows_, dim_, stride_)];
    }

private:
    T* data_;
    idx_t rows_, dim_, stride_;
};

/// Owning, row-major, 64-byte aligned, without gaps (stride == dim). A fresh matrix is zero.
///
/// Errors   shape_error for negative sizes, std::length_error if the bytes do not fit, std::bad_alloc.
/// Memory   rows * dim elements; a moved-from matrix is empty.
template <class T>
class matrix {
    static_assert(std::is_trivially_copyable_v<T>, "matrix<T>: T is a plain number type");

public:
    using value_type = T;

    UNITSPHERE_INLINE matrix() noexcept : data_(nullptr), rows_(0), dim_(0) {}
    UNITSPHERE_INLINE matrix(idx_t rows, idx_t dim) : matrix(uninitialized(rows, dim)) {
        if (data_ != nullptr) std::memset(static_cast<void*>(data_), 0, bytes());
    }
    UNITSPHERE_INLINE matrix(const matrix& other) : matrix(uninitialized(other.rows_, other.dim_)) {
        if (data_ != nullptr) std::memcpy(static_cast<void*>(data_), other.data_, bytes());
    }
    UNITSPHERE_INLINE matrix(matrix&& other) noexcept : matrix() { swap(other); }
    UNITSPHERE_INLINE matrix& operator=(const matrix& other) {
        matrix copy(other);
        swap(copy);
        return *this;
    }
    UNITSPHERE_INLINE matrix& operator=(matrix&& other) noexcept {
        matrix taken(static_cast<matrix&&>(other));
        swap(taken);
        return *this;
    }
    UNITSPHERE_INLINE ~matrix() { ::operator delete(static_cast<void*>(data_), alignment); }

    /// A matrix whose elements are written next: skips the zeros, which cost as much as a small kernel.
    UNITSPHERE_INLINE static matrix uninitialized(idx_t rows, idx_t dim) {
        if (rows < 0 || dim < 0)
            detail::fail<shape_error>("matrix: rows ", rows, " and dim ", dim, " must not be negative");
        constexpr idx_t largest = PTRDIFF_MAX / idx_t(sizeof(T));
        if (dim > 0 && rows > largest / dim)
            detail::fail<std::length_error>("matrix: ", rows, " rows of dim ", dim, " exceed the address space");
        matrix result;
        result.rows_ = rows;
        result.dim_ = dim;
        if (rows > 0 && dim > 0) {
            result.data_ = static_cast<T*>(::operator new(result.bytes(), alignment));
            detail::advise_huge_pages(result.data_, result.bytes());
        }
        return result;
    }

    UNITSPHERE_INLINE T* data() noexcept { return data_; }
    UNITSPHERE_INLINE const T* data() const noexcept { return data_; }
    UNITSPHERE_INLINE idx_t rows() const noexcept { return rows_; }
    UNITSPHERE_INLINE idx_t columns() const noexcept { return dim_; }
    /// The same by its name where the rows are embeddings.
    UNITSPHERE_INLINE idx_t dim() const noexcept { return dim_; }
    UNITSPHERE_INLINE idx_t stride() const noexcept { return dim_; }
    UNITSPHERE_INLINE row_view<T> operator[](idx_t i) noexcept UNITSPHERE_LIFETIMEBOUND {
        return {data_ + detail::offset(i, 0, rows_, dim_ + 1, dim_), dim_};
    }
    UNITSPHERE_INLINE row_view<const T> operator[](idx_t i) const noexcept UNITSPHERE_LIFETIMEBOUND {
        return {data_ + detail::offset(i, 0, rows_, dim_ + 1, dim_), dim_};
    }
    UNITSPHERE_INLINE element_iterator<matrix> begin() const noexcept UNITSPHERE_LIFETIMEBOUND { return {*this, 0}; }
    UNITSPHERE_INLINE element_iterator<matrix> end() const noexcept UNITSPHERE_LIFETIMEBOUND { return {*this, rows_}; }
    UNITSPHERE_INLINE T* row(idx_t i) noexcept UNITSPHERE_LIFETIMEBOUND {
        return data_ + detail::offset(i, 0, rows_ + 1, dim_ + 1, dim_);
    }
    UNITSPHERE_INLINE const T* row(idx_t i) const noexcept UNITSPHERE_LIFETIMEBOUND {
        return data_ + detail::offset(i, 0, rows_ + 1, dim_ + 1, dim_);
    }
    UNITSPHERE_INLINE T& operator()(idx_t i, idx_t j) noexcept UNITSPHERE_LIFETIMEBOUND {
        return data_[detail::offset(i, j, rows_, dim_, dim_)];
    }
    UNITSPHERE_INLINE const T& operator()(idx_t i, idx_t j) const noexcept UNITSPHERE_LIFETIMEBOUND {
        return data_[detail::offset(i, j, rows_, dim_, dim_)];
    }

    UNITSPHERE_INLINE matrix_view<T> view() noexcept UNITSPHERE_LIFETIMEBOUND { return {data_, rows_, dim_}; }
    UNITSPHERE_INLINE matrix_view<const T> view() const noexcept UNITSPHERE_LIFETIMEBOUND {
        return {data_, rows_, dim_};
    }

private:
    static constexpr std::align_val_t alignment{64};
    UNITSPHERE_INLINE std::size_t bytes() const noexcept { return std::size_t(rows_ * dim_) * sizeof(T); }
    UNITSPHERE_INLINE void swap(matrix& other) noexcept {
        // By hand: std::swap of a pointer to float16 would be a symbol of its own.
        T* const data = data_;
        const idx_t rows = rows_, dim = dim_;
        data_ = other.data_, rows_ = other.rows_, dim_ = other.dim_;
        other.data_ = data, other.rows_ = rows, other.dim_ = dim;
    }

    T* data_;
    idx_t rows_, dim_;
};

namespace detail {
template <class T>
inline constexpr bool owns_rows<matrix<T>> = true;
}  // namespace detail

/// A view of a copy that it owns: what to_view returns for rows that are not contiguous where they are. Only such rows
/// cost memory beyond what the functions say.
template <class T>
class copied_rows : public matrix_view<const T> {
public:
    UNITSPHERE_INLINE explicit copied_rows(matrix<T>&& rows)
        : matrix_view<const T>(rows.data(), rows.rows(), rows.dim()), storage_(static_cast<matrix<T>&&>(rows)) {}
    UNITSPHERE_INLINE copied_rows(copied_rows&& other) noexcept
        : matrix_view<const T>(other), storage_(static_cast<matrix<T>&&>(other.storage_)) {}
    UNITSPHERE_INLINE ~copied_rows() {}

private:
    matrix<T> storage_;
};

// to_view(x) is how every function looks at its arguments. A type of another library joins by a function of this
// name in its own namespace that returns a matrix_view of raw rows, or copied_rows. Rows of a `T&` that may be written
// give a matrix_view<T>, and so may be outputs too.

template <class T>
UNITSPHERE_INLINE matrix_view<T> to_view(const matrix_view<T>& rows) noexcept {
    return rows;
}
template <class T>
UNITSPHERE_INLINE matrix_view<const T> to_view(const matrix<T>& rows) noexcept {
    return rows.view();
}
template <class T>
UNITSPHERE_INLINE matrix_view<T> to_view(matrix<T>& rows) noexcept {
    return rows.view();
}
template <class T>
UNITSPHERE_INLINE matrix_view<T> to_view(const row_view<T>& row) {
    return {row.data(), 1, idx_t(row.size())};
}
/// A std::vector, std::array or std::span is one row.
template <class T, class Allocator>
UNITSPHERE_INLINE matrix_view<const T> to_view(const std::vector<T, Allocator>& row) {
    return {row.data(), 1, idx_t(row.size())};
}
template <class T, class Allocator>
UNITSPHERE_INLINE matrix_view<T> to_view(std::vector<T, Allocator>& row) {
    return {row.data(), 1, idx_t(row.size())};
}
template <class T, std::size_t Dim>
UNITSPHERE_INLINE matrix_view<const T> to_view(const std::array<T, Dim>& row) {
    return {row.data(), 1, idx_t(Dim)};
}
template <class T, std::size_t Dim>
UNITSPHERE_INLINE matrix_view<T> to_view(std::array<T, Dim>& row) {
    return {row.data(), 1, idx_t(Dim)};
}
#ifdef __cpp_lib_span
template <class T, std::size_t Dim>
UNITSPHERE_INLINE matrix_view<T> to_view(const std::span<T, Dim>& row) {
    return {row.data(), 1, idx_t(row.size())};
}
#endif

namespace detail {

template <class X, class = void>
struct viewed {
    using type = void;
};
template <class X>
struct viewed<X, std::void_t<decltype(to_view(std::declval<X&>()))>> {
    using type = decltype(to_view(std::declval<X&>()));
};

template <class X, class T>
struct views_as {
    using view_type = typename viewed<X>::type;
    static constexpr bool value =
        !std::is_same_v<std::remove_cv_t<X>, matrix_view<T>> &&
        !std::is_same_v<std::remove_cv_t<X>, matrix_view<std::remove_const_t<T>>> &&
        (std::is_same_v<view_type, matrix_view<T>> || std::is_same_v<view_type, matrix_view<std::remove_const_t<T>>>);
    UNITSPHERE_INLINE static matrix_view<T> view(X& x) { return to_view(x); }
};

}  // namespace detail
}  // namespace unitsphere
