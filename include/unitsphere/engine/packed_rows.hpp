/// Unit rows in the order in which the multiply kernel reads its columns: packed once, used by every tile.
#pragma once

#include "../kernel/pack.hpp"
#include "row_source.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Panels of `columns` rows, transposed, in C; a last panel of at most 16 rows is only 16 wide.
template <class C = float>
class packed_rows {
public:
    static constexpr int columns = kernel::block<C>::columns;

    packed_rows() = default;

    template <class T>
    explicit packed_rows(row_source<T>& source)
        : rows_(source.rows()), dim_(source.dim()), panels_(matrix<C>::uninitialized(padded(rows_), dim_)) {
        for (index first = 0; first < rows_; first += columns) {
            typename row_source<T>::factors_type factors[columns];
            const int count = columns_from(first);
            for (int i = 0; i < count; ++i) factors[i] = source.factors(first + i);
            kernel::pack_panel(source.row(first), source.stride(), count, dim_, factors, width_from(first),
                               panels_.data() + first * dim_);
        }
    }

    index rows() const noexcept { return rows_; }
    index dim() const noexcept { return dim_; }
    /// The panel that begins at row `first`, a multiple of `columns`.
    const C* panel(index first) const noexcept { return panels_.data() + first * dim_; }
    /// Its rows, and its width with padding.
    int columns_from(index first) const noexcept { return int(rows_ - first < columns ? rows_ - first : columns); }
    int width_from(index first) const noexcept {
        return rows_ - first <= kernel::lane_count ? kernel::lane_count : columns;
    }

private:
    static index padded(index rows) noexcept {
        return (rows + kernel::lane_count - 1) / kernel::lane_count * kernel::lane_count;
    }

    index rows_ = 0, dim_ = 0;
    matrix<C> panels_;
};

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
