/// Which gallery rows a search may find: a bit for each row, lists for each query, and not the query itself.
#pragma once

#include "array.hpp"

namespace unitsphere {

/// One bit for each row of a gallery, in the caller's memory: that of row i is bits[i / 8] >> (i % 8) & 1, as in FAISS'
/// IDSelectorBitmap and numpy.packbits(.., bitorder="little"). Bits behind the last row mean nothing.
class row_mask_view {
public:
    /// No mask: every row.
    UNITSPHERE_INLINE row_mask_view() noexcept : bits_(nullptr), rows_(-1) {}
    /// Errors   shape_error for a negative number of rows, or null bits of rows.
    UNITSPHERE_INLINE row_mask_view(const std::uint8_t* bits, idx_t rows) : bits_(bits), rows_(rows) {
        if (rows < 0 || (bits == nullptr && rows > 0))
            detail::fail<shape_error>("row_mask_view: ", rows, bits == nullptr ? " rows of null" : " rows");
    }

    /// Whether there is a mask.
    UNITSPHERE_INLINE bool is_given() const noexcept { return rows_ >= 0; }
    UNITSPHERE_INLINE idx_t rows() const noexcept { return rows_ < 0 ? 0 : rows_; }
    UNITSPHERE_INLINE const std::uint8_t* data() const noexcept { return bits_; }
    UNITSPHERE_INLINE bool operator[](idx_t i) const noexcept {
        detail::check_position("row_mask", i, rows());
        return (bits_[i / 8] >> (i % 8) & 1) != 0;
    }
    /// Whether one of `count` rows from `first` on is set; those behind the last row are not.
    UNITSPHERE_INLINE bool any(idx_t first, idx_t count) const noexcept {
        const idx_t end = count < rows_ - first ? first + count : rows_;
        for (idx_t i = first; i < end; i += 8 - i % 8) {
            const idx_t left = end - i, unused = left < 8 - i % 8 ? 8 - i % 8 - left : 0;
            if ((bits_[i / 8] & 0xff >> unused & 0xff << i % 8) != 0) return true;
        }
        return false;
    }
    /// How many rows are set.
    UNITSPHERE_INLINE idx_t count() const noexcept {
        idx_t set = 0;
        for (idx_t i = 0; i < rows(); ++i) set += (*this)[i];
        return set;
    }

private:
    const std::uint8_t* bits_;
    idx_t rows_;
};

/// A mask with memory of its own; a fresh one has no row set.
///
///   row_mask cheap(catalogue.rows(), [&](idx_t i) { return price[i] < 20; });
///
/// Errors   as array.   Memory  a byte for 8 rows.
class row_mask {
public:
    UNITSPHERE_INLINE row_mask() : row_mask(0) {}
    UNITSPHERE_INLINE explicit row_mask(idx_t rows) : bits_(rows < 0 ? rows : (rows + 7) / 8), rows_(rows) {}
    /// The rows i with allowed(i), in ascending order.
    template <class Predicate>
    UNITSPHERE_INLINE row_mask(idx_t rows, Predicate&& allowed) : row_mask(rows) {
        for (idx_t i = 0; i < rows; ++i)
            if (allowed(i)) set(i);
    }
    UNITSPHERE_INLINE row_mask(const row_mask& other) : bits_(other.bits_), rows_(other.rows_) {}
    UNITSPHERE_INLINE row_mask(row_mask&& other) noexcept
        : bits_(static_cast<array<std::uint8_t>&&>(other.bits_)), rows_(other.rows_) {
        other.rows_ = 0;
    }
    UNITSPHERE_INLINE row_mask& operator=(row_mask other) noexcept {
        bits_ = static_cast<array<std::uint8_t>&&>(other.bits_), rows_ = other.rows_;
        return *this;
    }
    UNITSPHERE_INLINE ~row_mask() {}

    UNITSPHERE_INLINE void set(idx_t i, bool allowed = true) noexcept {
        detail::check_position("row_mask", i, rows_);
        const unsigned bit = 1u << i % 8, others = bits_[i / 8] & ~bit;
        bits_[i / 8] = static_cast<std::uint8_t>(allowed ? others | bit : others);
    }
    UNITSPHERE_INLINE bool operator[](idx_t i) const noexcept { return row_mask_view(*this)[i]; }
    UNITSPHERE_INLINE idx_t rows() const noexcept { return rows_; }
    UNITSPHERE_INLINE idx_t count() const noexcept { return row_mask_view(*this).count(); }
    UNITSPHERE_INLINE const std::uint8_t* data() const noexcept { return bits_.data(); }
    UNITSPHERE_INLINE operator row_mask_view() const noexcept UNITSPHERE_LIFETIMEBOUND { return {data(), rows_}; }

private:
    array<std::uint8_t> bits_;
    idx_t rows_;
};

inline namespace UNITSPHERE_ISA {

/// Which gallery rows a search may find. What is given holds together: a row is found if all of it allows the row. Of a
/// keyed_gallery row numbers are ids, keyed_gallery::mask makes the mask, and exclude_self needs query_rows.
struct row_filter {
    row_mask_view mask = {};                   ///< the rows that are set; without a mask all
    matrix_view<const idx_t> allowed = {};     ///< [q, any] the rows that query i may find; a negative number: none
    bool exclude_self = false;                 ///< queries are gallery rows, and none finds itself:
    idx_t first_query = 0;                     ///< query i is row first_query + i of the gallery
    matrix_view<const idx_t> query_rows = {};  ///< or [1, q], query i is row query_rows[i]; a negative number: none
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
