/// Rows of a `gallery` as the queries of a question: they are unpacked while they are packed as blocks.
#pragma once

#include "../kernel/pairs.hpp"
#include "gallery_side.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// What row_source is for the caller's rows.
template <class C>
class packed_source : public packed_side<C> {
public:
    packed_source(const packed_view<C>& view, const row_policy& options, const char* function, const char* side)
        : packed_side<C>(view, options, function, side), view_(view), function_(function) {}

    idx_t dim() const noexcept { return view_.dim(); }
    const packed_view<C>& view() const noexcept { return view_; }
    const char* function() const noexcept { return function_; }
    void count(const row_report&) const noexcept {}  // they were counted when they were packed

private:
    packed_view<C> view_;
    const char* function_;
};

/// Row i where it lies.
template <class C>
kernel::packed_column<C> unit_row(const packed_source<C>& source, idx_t i, row_report&) noexcept {
    const panels<C>& packed = source.view().packed;
    const idx_t column = i % panels<C>::columns, first = i - column;
    return {packed.panel(first), packed.width_from(first), int(column)};
}

/// Rows first .. first + count - 1 as blocks.
template <class C>
void pack_blocks(const packed_source<C>& source, idx_t first, idx_t count, C* to, row_report& seen) noexcept {
    constexpr int block_rows = kernel::block<C>::rows, chain = kernel::chain_length;
    const idx_t block_size = kernel::packed_block_size<C>(source.dim());
    for (idx_t i = 0; i < count; ++i) {
        C* const row = to + i / block_rows * block_size + i % block_rows * chain;
        const kernel::packed_column<C> unit = unit_row(source, first + i, seen);
        for (idx_t k = 0; k < source.dim(); k += chain)
            unit.copy(k, minimum(source.dim() - k, chain), row + k * block_rows);
    }
}
/// Rows first .. first + count - 1 as panels, which they are.
template <class C>
void pack_panels(const packed_source<C>& source, idx_t first, idx_t count, C* to, row_report&) noexcept {
    const idx_t elements = rows_of_panels(count) * source.dim();
    if (elements > 0) std::memcpy(to, source.view().packed.panel(first), std::size_t(elements) * sizeof(C));
}

template <class T>
row_source<T> query_type_of(const matrix_view<const T>&);
template <class T>
row_source<T> query_type_of(const unit_view<T>&);
template <class C>
packed_source<C> query_type_of(const packed_view<C>&);

/// The source for a view of queries.
template <class View>
using query_side = decltype(query_type_of(std::declval<const View&>()));

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
