/// Rows that a function of their numbers fills in, as the second stage of top_k_rescored.
#pragma once

#include "../engine/gallery_side.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The view of fetched_rows: all rows of a gallery, none of which is there yet.
template <class T>
class fetched_view {
public:
    using value_type = T;

    template <class Fetch>
    fetched_view(const Fetch& fetch, idx_t rows, idx_t dim) noexcept : fetch_(fetch), rows_(rows), dim_(dim) {}

    idx_t rows() const noexcept { return rows_; }
    idx_t dim() const noexcept { return dim_; }
    /// The rows with some numbers, in `memory`.
    engine::raw_side<T> fetch(const idx_t* numbers, idx_t count, T* memory) const {
        const matrix_view<T> rows(memory, count, dim_);
        if (count > 0) fetch_(row_view<const idx_t>(numbers, count), rows);
        return {matrix_view<const T>(rows), {}, "", ""};
    }

private:
    engine::callable_ref<row_view<const idx_t>, matrix_view<T>> fetch_;
    idx_t rows_, dim_;
};

/// Empty: no output can overlap rows that are not there.
template <class T>
matrix_view<const T> values_of(const fetched_view<T>&) noexcept {
    return {};
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
