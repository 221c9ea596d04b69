/// Rows that are measured once and packed several times.
#pragma once

#include "../kernel/gradient.hpp"
#include "packed_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// A row_source and, in memory of the call, the factors that make each of its rows a unit row.
template <class T>
class measured_rows {
public:
    using factors_type = typename row_source<T>::factors_type;

    /// Memory for source.rows() factors.
    measured_rows(row_source<T>& source, factors_type* factors) noexcept : source_(source), factors_(factors) {}

    idx_t rows() const noexcept { return source_.rows(); }
    idx_t dim() const noexcept { return source_.dim(); }
    prefetch_range memory_of(idx_t first, idx_t count) const noexcept { return source_.memory_of(first, count); }

    /// Measures and counts every row. False if a row has become NaN: every sum over all rows is NaN then.
    bool measure(const execution& how) {
        bool undefined = false;
        for_each_rows(how, rows(), dim(), [&](idx_t first, idx_t end) {
            row_report seen;
            for (idx_t i = first; i < end; ++i) {
                factors_[i] = source_.factors(i, kernel::length_of(source_.row(i), dim()), seen);
                if (unitsphere::detail::is_nan(float(factors_[i].inverse)))
                    __atomic_store_n(&undefined, true, __ATOMIC_RELAXED);
            }
            source_.count(seen);
        });
        return !undefined;
    }

    /// Rows first .. first + count - 1 as blocks, as panels, and as panels of slices, for products with weights.
    void pack_blocks(idx_t first, idx_t count, float* to) const noexcept {
        constexpr int block_rows = kernel::block<float>::rows;
        const idx_t size = kernel::packed_block_size<float>(dim());
        for (idx_t i = 0; i < count; ++i) {
            prefetch_row(source_, first + i + cache_model::rows_of_prefetch);
            kernel::pack_block_row(source_.row(first + i), dim(), factors_[first + i], int(i % block_rows),
                                   to + i / block_rows * size);
        }
    }
    panels<float> pack_panels(idx_t first, idx_t count, float* to) const noexcept {
        const panels<float> packed{to, count, dim()};
        for (idx_t done = 0; done < count; done += panels<float>::columns)
            kernel::pack_panel(
                source_.row(first + done), source_.stride(), packed.columns_from(done), dim(),
                [&](int i) { return factors_[first + done + i]; }, packed.width_from(done), to + done * dim());
        return packed;
    }
    panels<float> pack_slices(idx_t first, idx_t count, float* to) const noexcept {
        for (idx_t i = 0; i < count; ++i)
            kernel::pack_slices(source_.row(first + i), dim(), factors_[first + i], count, i, to);
        return {to, dim(), count};
    }
    /// Row i at unit length.
    void unit_row(idx_t i, float* to) const noexcept { kernel::scale_row(source_.row(i), dim(), factors_[i], to); }
    /// 1 / |row i|; 1 for rows that are used unscaled.
    double inverse_length(idx_t i) const noexcept { return double(factors_[i].inverse) * double(factors_[i].power); }

private:
    row_source<T>& source_;
    factors_type* factors_;
};

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
