/// Rows whose lengths are known: packed again and again, measured once.
#pragma once

#include "../kernel/gradient.hpp"
#include "packed_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// A row_source and, in memory of the call, what makes each of its rows a unit row.
template <class T>
class measured_rows {
public:
    using factors_type = typename row_source<T>::factors_type;

    /// Memory for source.rows() factors.
    measured_rows(row_source<T>& source, factors_type* factors) noexcept : source_(source), factors_(factors) {}

    index rows() const noexcept { return source_.rows(); }
    index dim() const noexcept { return source_.dim(); }
    next_read memory_of(index first, index count) const noexcept { return source_.memory_of(first, count); }

    /// Measures and counts every row; false if a row has become NaN: then none of the sums over all rows is a number.
    bool measure(const execution& how) {
        bool undefined = false;
        for_each_rows(how, rows(), dim(), [&](index first, index end) {
            row_report seen;
            for (index i = first; i < end; ++i) {
                factors_[i] = source_.factors(i, kernel::length_of(source_.row(i), dim()), seen);
                if (unitsphere::detail::is_nan(float(factors_[i].inverse)))
                    __atomic_store_n(&undefined, true, __ATOMIC_RELAXED);
            }
            source_.count(seen);
        });
        return !undefined;
    }

    /// Rows first .. first + count - 1 as blocks, as panels, and as panels of slices: what is multiplied with weights.
    void pack_blocks(index first, index count, float* to) const noexcept {
        constexpr int block_rows = kernel::block<float>::rows;
        const index size = kernel::packed_block_size<float>(dim());
        for (index i = 0; i < count; ++i) {
            ask_for_row(source_, first + i + rows_ahead);
            kernel::pack_block_row(source_.row(first + i), dim(), factors_[first + i], int(i % block_rows),
                                   to + i / block_rows * size);
        }
    }
    panels<float> pack_panels(index first, index count, float* to) const noexcept {
        const panels<float> packed{to, count, dim()};
        for (index done = 0; done < count; done += panels<float>::columns)
            kernel::pack_panel(source_.row(first + done), source_.stride(), packed.columns_from(done), dim(),
                               factors_ + first + done, packed.width_from(done), to + done * dim());
        return packed;
    }
    panels<float> pack_slices(index first, index count, float* to) const noexcept {
        for (index i = 0; i < count; ++i)
            kernel::pack_slices(source_.row(first + i), dim(), factors_[first + i], count, i, to);
        return {to, dim(), count};
    }
    /// Row i at unit length.
    void unit_row(index i, float* to) const noexcept { kernel::scale_row(source_.row(i), dim(), factors_[i], to); }
    /// 1 / |row i|; 1 for rows that are used as they are.
    double inverse_length(index i) const noexcept { return double(factors_[i].inverse) * double(factors_[i].power); }

private:
    row_source<T>& source_;
    factors_type* factors_;
};

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
