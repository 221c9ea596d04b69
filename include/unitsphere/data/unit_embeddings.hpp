/// Rows known to be unit length: a type of their own, so that raw rows cannot be mistaken for them.
#pragma once

#include "matrix.hpp"

namespace unitsphere {
struct unit_access;

/// A read-only view of rows that are unit length (or zero, or NaN: rows without a direction).
/// Made by the functions that write unit rows into the caller's memory, by adopt_unit, and from unit_embeddings.
template <class T = float>
class unit_view {
    static_assert(std::is_floating_point_v<T>,
                  "unit_view<T>: T is float or double; 16-bit rows are off by up to 5e-4, normalize them to float");

public:
    using value_type = T;

    UNITSPHERE_INLINE const T* data() const noexcept { return rows_.data(); }
    UNITSPHERE_INLINE idx_t rows() const noexcept { return rows_.rows(); }
    UNITSPHERE_INLINE idx_t dim() const noexcept { return rows_.dim(); }
    UNITSPHERE_INLINE idx_t stride() const noexcept { return rows_.stride(); }
    UNITSPHERE_INLINE const T* row(idx_t i) const noexcept { return rows_.row(i); }
    UNITSPHERE_INLINE row_view<const T> operator[](idx_t i) const noexcept { return rows_[i]; }
    UNITSPHERE_INLINE element_iterator<matrix_view<const T>> begin() const noexcept { return rows_.begin(); }
    UNITSPHERE_INLINE element_iterator<matrix_view<const T>> end() const noexcept { return rows_.end(); }
    UNITSPHERE_INLINE const T& operator()(idx_t i, idx_t j) const noexcept { return rows_(i, j); }
    /// The plain numbers.
    UNITSPHERE_INLINE matrix_view<const T> values() const noexcept { return rows_; }

private:
    friend unit_access;
    UNITSPHERE_INLINE explicit unit_view(matrix_view<const T> rows) noexcept : rows_(rows) {}
    matrix_view<const T> rows_;
};

/// Owns rows that are unit length (or zero, or NaN: rows without a direction). Read-only.
/// Made by normalize, truncate_dim, mean_direction, slerp, prompt_ensemble and gallery::unit_rows.
template <class T = float>
class unit_embeddings {
    static_assert(
        std::is_floating_point_v<T>,
        "unit_embeddings<T>: T is float or double; 16-bit rows are off by up to 5e-4, normalize them to float");

public:
    using value_type = T;

    // Written out so that they are inlined too: implicit ones, like std::move of a type of ours, would be symbols
    // without an instruction set.
    UNITSPHERE_INLINE unit_embeddings(const unit_embeddings& other) : rows_(other.rows_) {}
    UNITSPHERE_INLINE unit_embeddings(unit_embeddings&& other) noexcept
        : rows_(static_cast<matrix<T>&&>(other.rows_)) {}
    UNITSPHERE_INLINE unit_embeddings& operator=(const unit_embeddings& other) {
        rows_ = other.rows_;
        return *this;
    }
    UNITSPHERE_INLINE unit_embeddings& operator=(unit_embeddings&& other) noexcept {
        rows_ = static_cast<matrix<T>&&>(other.rows_);
        return *this;
    }
    UNITSPHERE_INLINE ~unit_embeddings() {}

    UNITSPHERE_INLINE const T* data() const noexcept { return rows_.data(); }
    UNITSPHERE_INLINE idx_t rows() const noexcept { return rows_.rows(); }
    UNITSPHERE_INLINE idx_t dim() const noexcept { return rows_.dim(); }
    UNITSPHERE_INLINE idx_t stride() const noexcept { return rows_.stride(); }
    UNITSPHERE_INLINE const T* row(idx_t i) const noexcept UNITSPHERE_LIFETIMEBOUND { return rows_.row(i); }
    UNITSPHERE_INLINE row_view<const T> operator[](idx_t i) const noexcept UNITSPHERE_LIFETIMEBOUND { return rows_[i]; }
    UNITSPHERE_INLINE element_iterator<matrix<T>> begin() const noexcept UNITSPHERE_LIFETIMEBOUND {
        return rows_.begin();
    }
    UNITSPHERE_INLINE element_iterator<matrix<T>> end() const noexcept UNITSPHERE_LIFETIMEBOUND { return rows_.end(); }
    UNITSPHERE_INLINE const T& operator()(idx_t i, idx_t j) const noexcept UNITSPHERE_LIFETIMEBOUND {
        return rows_(i, j);
    }
    /// The plain numbers.
    UNITSPHERE_INLINE matrix_view<const T> values() const noexcept UNITSPHERE_LIFETIMEBOUND { return rows_.view(); }
    UNITSPHERE_INLINE unit_view<T> view() const noexcept UNITSPHERE_LIFETIMEBOUND;
    UNITSPHERE_INLINE operator unit_view<T>() const noexcept UNITSPHERE_LIFETIMEBOUND { return view(); }

private:
    friend unit_access;
    UNITSPHERE_INLINE explicit unit_embeddings(matrix<T>&& rows) noexcept : rows_(static_cast<matrix<T>&&>(rows)) {}
    matrix<T> rows_;
};

/// Makes the two types above; for the library alone.
struct unit_access {
    template <class T>
    UNITSPHERE_INLINE static unit_view<T> view(matrix_view<const T> rows) noexcept {
        return unit_view<T>(rows);
    }
    template <class T>
    UNITSPHERE_INLINE static unit_embeddings<T> embeddings(matrix<T>&& rows) noexcept {
        return unit_embeddings<T>(static_cast<matrix<T>&&>(rows));
    }
};

template <class T>
UNITSPHERE_INLINE unit_view<T> unit_embeddings<T>::view() const noexcept {
    return unit_access::view<T>(rows_.view());
}

template <class T>
UNITSPHERE_INLINE unit_view<T> to_view(const unit_view<T>& rows) noexcept {
    return rows;
}
template <class T>
UNITSPHERE_INLINE unit_view<T> to_view(const unit_embeddings<T>& rows) noexcept {
    return rows.view();
}

}  // namespace unitsphere
