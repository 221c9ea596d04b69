/// Packing: raw rows of any type become unit rows in the order in which multiply.hpp reads them.
///
///   rows side (broadcast):  [dim / 128][block rows][128]   a copy, row by row in pieces of one chain
///   columns side (vectors): [dim][columns]                 transposed, a square of registers at a time
///
/// Widening and the factors of normalization are applied on the way. Unit rows have the factors {1, 1}.
#pragma once

#include "multiply.hpp"
#include "norm.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Elements of one packed block of rows: whole chains of 128, at least one.
template <class C>
UNITSPHERE_INLINE idx_t packed_block_size(idx_t dim) noexcept {
    return maximum(ceil_div(dim, chain_length), 1) * chain_length * block<C>::rows;
}

/// Packs one row as row r of a block.
template <class T, class C>
inline void pack_block_row(const T* x, idx_t dim, row_factors<factor_type<T>> factors, int r, C* to) noexcept {
    for (idx_t k = 0; k < dim; k += chain_length)
        scale_row(x + k, minimum(dim - k, chain_length), factors, to + k * block<C>::rows + r * chain_length);
}

/// pack_block_row of a row whose power is 1, and the length of the next row.
template <class T>
inline row_length pack_block_row_and_measure(const T* x, idx_t dim, float inverse, int r, float* to,
                                             const T* next) noexcept {
    lanes<double> sum = broadcast(0.0);
    for (idx_t k = 0; k < dim; k += chain_length)
        scale_and_add_squares<false>(x + k, minimum(dim - k, chain_length), vector<float>(inverse),
                                     to + k * block<float>::rows + r * chain_length, next + k, sum);
    return {sum_of_lanes(sum), 1.0};
}

/// Raw rows and the factors that make them unit rows: as many as a register of C has elements. They are read column by
/// column, transposed in registers.
template <class C, class T>
class transposed_rows {
public:
    using factors_type = row_factors<factor_type<T>>;
    static constexpr int width = int(vector<C>::size);

    /// `count` rows, at most `width`; the elements of the others are zero.
    transposed_rows(const T* rows, idx_t stride, int count, const factors_type* factors) noexcept
        : rows_(rows), stride_(stride), count_(minimum(count, width)), factors_(factors) {
        C power[width] = {}, inverse[width] = {};
        is_whole_ = count >= width;
        for (int i = 0; i < count_; ++i) {
            power[i] = C(factors[i].power), inverse[i] = C(factors[i].inverse);
            if (scales_columns && factors[i].power != 1) is_whole_ = false;
        }
        power_ = vector<C>::load_unaligned(power), inverse_ = vector<C>::load_unaligned(inverse);
    }

    /// Stores elements k .. k + width - 1 of the rows, as far as dim goes: to[i * pitch] begins the element
    /// k + i of every row. Not inlined, nor is running_lengths::advance: each caller would compile 250 instructions.
    UNITSPHERE_NOINLINE void store_columns(idx_t k, idx_t dim, C* to, idx_t pitch) const noexcept {
        if (!is_whole_ || k + width > dim) return store_edge(k, int(minimum(dim - k, width)), to, pitch);
        vector<C> square[width];
        const T* row = rows_ + k;
        unroll<width>([&](int i) UNITSPHERE_LAMBDA {
            square[i] = fp_barrier(load_row(row, i));  // loaded once: else gcc spills all of them
            row += stride_;
        });
        transpose(square);
        unroll<width>([&](int i) UNITSPHERE_LAMBDA { scaled(square[i]).store_unaligned(to + i * pitch); });
    }

private:
    /// Columns are scaled, each by one product of registers; but doubles that become floats are scaled before that.
    static constexpr bool scales_columns = std::is_same_v<factor_type<T>, C>;

    UNITSPHERE_INLINE vector<C> scaled(const vector<C>& column) const noexcept {
        if constexpr (scales_columns)
            return fp_barrier(column * inverse_);
        else
            return column;
    }
    UNITSPHERE_INLINE vector<C> load_row(const T* x, int i) const noexcept {
        if constexpr (!scales_columns) {
            const vector<double> power(factors_[i].power), inverse(factors_[i].inverse);
            const auto half = [&](const double* from) UNITSPHERE_LAMBDA {
                return fp_barrier(vector<double>::load_unaligned(from) * power) * inverse;
            };
            return narrow(half(x), half(x + vector<double>::size));
        } else if constexpr (std::is_same_v<T, C>) {
            return vector<C>::load_unaligned(x);
        } else {
            return load(x);
        }
    }
    UNITSPHERE_NOINLINE void store_edge(idx_t k, int steps, C* to, idx_t pitch) const noexcept {
        vector<C> square[width];
        for (int i = 0; i < width; ++i) {
            T padded[width] = {};
            if (i < count_) std::memcpy(padded, rows_ + i * stride_ + k, std::size_t(steps) * sizeof(T));
            square[i] = i < count_ ? load_row(padded, i) : vector<C>(C(0));
        }
        transpose(square);
        for (int i = 0; i < steps; ++i) {
            if (scales_columns) square[i] = fp_barrier(square[i] * power_);
            scaled(square[i]).store_unaligned(to + i * pitch);
        }
    }

    const T* rows_;
    idx_t stride_;
    int count_;
    const factors_type* factors_;
    bool is_whole_;  ///< no row is missing, and no power other than 1 has to be multiplied
    vector<C> power_, inverse_;
};

/// Packs rows 0 .. count - 1 (at most `columns`) into a panel; the other columns are zero. factors(i) is called once
/// for each row, right before its rows are packed: then they are in L1.
template <class T, class C, class Factors>
inline void pack_panel(const T* x, idx_t stride, int count, idx_t dim, Factors&& factors, int columns,
                       C* panel) noexcept {
    constexpr int width = int(vector<C>::size);
    for (int r = 0; r < columns; r += width) {
        const int rows = maximum(0, minimum(count - r, width));
        row_factors<factor_type<T>> of_rows[width];
        for (int i = 0; i < rows; ++i) of_rows[i] = factors(r + i);
        if (dim == 0) continue;  // x and panel may be null
        const T* const from = rows > 0 ? x + r * stride : x;
        const transposed_rows<C, T> some(from, stride, rows, of_rows);
        for (idx_t k = 0; k < dim; k += width) some.store_columns(k, dim, panel + k * columns + r, columns);
    }
}

/// Packs one row into column `column` of a panel.
template <class T, class C>
inline void pack_column(const T* x, idx_t dim, row_factors<factor_type<T>> factors, int columns, int column,
                        C* panel) noexcept {
    C chunk[chain_length];
    for (idx_t k = 0; k < dim; k += chain_length) {
        const idx_t steps = minimum(dim - k, chain_length);
        scale_row(x + k, steps, factors, chunk);
        for (idx_t i = 0; i < steps; ++i) panel[(k + i) * columns + column] = chunk[i];
    }
}

/// Copies column `column` of a panel to a row.
template <class C>
inline void unpack_column(const C* panel, idx_t dim, int columns, int column, C* row) noexcept {
    for (idx_t k = 0; k < dim; ++k) row[k] = panel[k * columns + column];
}

/// Widens a panel of 16 columns to `columns`, in place; the new ones are zero.
template <class C>
inline void widen_panel(C* panel, idx_t dim, int columns) noexcept {
    for (idx_t k = dim - 1; k >= 0; --k) {
        const lanes<C> old = load16(panel + k * lane_count);
        for (int c = 0; c < columns; c += lane_count) store16(panel + k * columns + c, c == 0 ? old : broadcast(C(0)));
    }
}

/// to[r * to_pitch + c] = scale * from[r * pitch + c] for r < rows, c < columns <= 32.
template <class C>
inline void scale_tile(const C* from, int pitch, int rows, int columns, C scale, C* to, idx_t to_pitch) noexcept {
    const vector<C> factor(scale);
    for (int r = 0; r < rows; ++r, from += pitch, to += to_pitch) {
        int c = 0;
        for (; c + lane_count <= columns; c += lane_count) store16(to + c, product(load16(from + c), factor));
        if (c < columns) store16_first(to + c, product(load16(from + c), factor), columns - c);
    }
}

/// to[c * to_pitch + r] = from[r * pitch + c] for r < rows, c < columns, a multiple of 16. Rows up to the next multiple
/// of a register's width are read too, and their results mean nothing.
template <class C>
inline void transpose_tile(const C* from, int pitch, int rows, int columns, C* to, int to_pitch) noexcept {
    constexpr int width = int(vector<C>::size);
    for (int r = 0; r < rows; r += width)
        for (int c = 0; c < columns; c += width) {
            vector<C> square[width];
            unroll<width>([&](auto i)
                              UNITSPHERE_LAMBDA { square[i] = vector<C>::load_unaligned(from + (r + i) * pitch + c); });
            transpose(square);
            unroll<width>([&](int i) UNITSPHERE_LAMBDA { square[i].store_unaligned(to + (c + i) * to_pitch + r); });
        }
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
