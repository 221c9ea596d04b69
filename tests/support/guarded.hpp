/// Rows in memory where a byte too far is a crash or is seen: pages without access, and a pattern in every gap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

#include <unitsphere/data/matrix.hpp>

#include "pages.hpp"
#include "reference.hpp"

namespace tests {

/// Where rows lie between two pages without access:
///
///   from_start   | rows ...        the first row begins at the page         to_end    ... rows |
///   *_gaps       three elements of the pattern between the rows             *_shifted one element away from the page
///   *_pages      every row has pages of its own, with a page without access behind it: not one byte between dim and
///                stride exists
enum class placement {
    from_start,
    to_end,
    from_start_gaps,
    to_end_gaps,
    from_start_shifted,
    to_end_shifted,
    from_start_pages,
    to_end_pages
};

inline constexpr placement every_placement[] = {
    placement::from_start,         placement::to_end,         placement::from_start_gaps,  placement::to_end_gaps,
    placement::from_start_shifted, placement::to_end_shifted, placement::from_start_pages, placement::to_end_pages};

/// A NaN (of no function's making) where T has one.
template <class T>
T pattern() {
    T result;
    std::memset(static_cast<void*>(&result), std::is_integral_v<T> ? 0xa5 : 0xff, sizeof(T));
    return result;
}

template <class T>
class guarded {
public:
    guarded(unitsphere::idx_t rows, unitsphere::idx_t dim, placement where) : rows_(rows), dim_(dim), stride_(dim) {
        using P = placement;
        const bool at_end =
            where == P::to_end || where == P::to_end_gaps || where == P::to_end_shifted || where == P::to_end_pages;
        const bool shifted = where == P::from_start_shifted || where == P::to_end_shifted;
        const bool paged = where == P::from_start_pages || where == P::to_end_pages;
        if (where == P::from_start_gaps || where == P::to_end_gaps) stride_ = dim + 3;
        const std::size_t page = page_size();
        const std::size_t spare = shifted ? 1 : 0;
        const std::size_t used = paged ? std::size_t(dim) : rows == 0 ? 0 : std::size_t((rows - 1) * stride_ + dim);
        const std::size_t chunk =
            ((used + spare) * sizeof(T) + page - 1) / page * page;  // bytes with access, in one piece
        const std::size_t chunks = paged ? std::size_t(rows) : 1;
        if (paged) stride_ = unitsphere::idx_t((chunk + page) / sizeof(T));
        size_ = page + chunks * (chunk + page);
        base_ = static_cast<char*>(allocate_pages(size_));
        if (base_ == nullptr) throw std::bad_alloc();
        const std::size_t offset = page + (at_end ? chunk - (used + spare) * sizeof(T) : spare * sizeof(T));
        data_ = reinterpret_cast<T*>(base_ + offset);
        for (std::size_t byte = 0; byte + sizeof(T) <= size_; byte += sizeof(T)) {
            const T value = pattern<T>();
            std::memcpy(base_ + byte, &value, sizeof(T));
        }
        protect(base_, page, no_access);
        for (std::size_t i = 0; i < chunks; ++i) protect(base_ + page + i * (chunk + page) + chunk, page, no_access);
        chunk_ = chunk, chunks_ = chunks, page_ = page;
    }
    /// A copy of the rows that may be read only.
    guarded(const unitsphere::matrix<T>& rows, placement where) : guarded(rows.rows(), rows.dim(), where) {
        for (unitsphere::idx_t i = 0; i < rows_; ++i)
            for (unitsphere::idx_t k = 0; k < dim_; ++k) data_[i * stride_ + k] = rows(i, k);
        for (std::size_t c = 0; c < chunks_; ++c)
            if (chunk_ > 0) protect(base_ + page_ + c * (chunk_ + page_), chunk_, read_only);
    }
    guarded(const guarded&) = delete;
    guarded& operator=(const guarded&) = delete;
    ~guarded() { free_pages(base_, size_); }

    T* data() { return data_; }
    unitsphere::matrix_view<T> view() { return {data_, rows_, dim_, stride_}; }
    unitsphere::matrix_view<const T> rows() const { return {data_, rows_, dim_, stride_}; }

    /// Whether everything that may be written, but is not part of a row, still holds the pattern.
    bool surroundings_intact() const {
        const T expected = pattern<T>();
        for (std::size_t c = 0; c < chunks_; ++c) {
            const char* chunk = base_ + page_ + c * (chunk_ + page_);
            for (const char* at = chunk; at < chunk + chunk_; at += sizeof(T))
                if (!in_a_row(at) && std::memcmp(at, &expected, sizeof(T)) != 0) return false;
        }
        return true;
    }

private:
    bool in_a_row(const char* at) const {
        const std::ptrdiff_t bytes = at - reinterpret_cast<const char*>(data_);
        if (bytes < 0 || stride_ == 0) return false;
        const unitsphere::idx_t element = bytes / std::ptrdiff_t(sizeof(T));
        return element / stride_ < rows_ && element % stride_ < dim_;
    }

    char* base_ = nullptr;
    T* data_ = nullptr;
    unitsphere::idx_t rows_, dim_, stride_;
    std::size_t size_ = 0, page_ = 0, chunk_ = 0, chunks_ = 0;
};

}  // namespace tests
