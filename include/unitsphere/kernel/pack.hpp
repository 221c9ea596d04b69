/// Packing: raw rows of any type become unit rows in the order in which multiply.hpp reads them.
///
///   rows side (broadcast):  [dim / 128][block rows][128]   a copy, row by row in pieces of one chain
///   columns side (vectors): [dim][columns]                 transposed, a square of registers at a time
///   16-bit columns:         [columns] factors, [dim][columns]
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

    /// `count` rows, at most `width`; the elements of the others are zero. Not inlined, nor is store_columns() or
    /// running_lengths::advance: each caller would compile 250 instructions.
    UNITSPHERE_NOINLINE transposed_rows(const T* rows, idx_t stride, int count, const factors_type* factors) noexcept
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
    /// k + i of every row.
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
template <class T, class C, class Factors, std::enable_if_t<sizeof(C) != 2, int> = 0>
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

/// The nearest 16-bit number, ties to even. What would become infinite is the largest finite one.
template <class S>
UNITSPHERE_INLINE S rounded_to(float x) noexcept {
    const S nearest(x);
    const bool overflows = !detail::is_finite(float(nearest)) && detail::is_finite(x);
    return S::from_bits(std::uint16_t(nearest.bits - (overflows ? 1 : 0)));
}

/// Packs one row into column `column` of a panel of 16-bit columns: its unit row, rounded, and the factor that makes
/// what is stored a unit row again.
template <class T, class S, std::enable_if_t<sizeof(S) == 2, int> = 0>
inline void pack_column(const T* x, idx_t dim, row_factors<factor_type<T>> factors, int columns, int column,
                        S* panel) noexcept {
    S* const to = elements_of_panel(panel, columns) + column;
    lanes<double> sum = broadcast(0.0);
    for (idx_t k = 0; k < dim; k += chain_length) {
        float unit[chain_length];
        S rounded[chain_length] = {};
        const idx_t steps = minimum(dim - k, chain_length);
        scale_row(x + k, steps, factors, unit);
        for (idx_t i = 0; i < steps; ++i) rounded[i] = rounded_to<S>(unit[i]);
        for (idx_t i = 0; i < steps; i += lane_count) {
            const lanes<double> value = load16_widened(rounded + i);
            sum = fma<double>(value, value, sum);
        }
        for (idx_t i = 0; i < steps; ++i) to[(k + i) * columns] = rounded[i];
    }
    const row_factors<float> of_stored = factors_of<float>({sum_of_lanes(sum), 1.0}, on_row::keep);
    if (of_stored.power != 1.0f)  // of a row that was adopted as unit and is not
        for (idx_t k = 0; k < dim; ++k) to[k * columns] = S(float(to[k * columns]) * of_stored.power);
    std::memcpy(reinterpret_cast<float*>(panel) + column, &of_stored.inverse, sizeof(float));
}

/// Packs one row into column `column` of a panel.
template <class T, class C, std::enable_if_t<sizeof(C) != 2, int> = 0>
inline void pack_column(const T* x, idx_t dim, row_factors<factor_type<T>> factors, int columns, int column,
                        C* panel) noexcept {
    C chunk[chain_length];
    for (idx_t k = 0; k < dim; k += chain_length) {
        const idx_t steps = minimum(dim - k, chain_length);
        scale_row(x + k, steps, factors, chunk);
        for (idx_t i = 0; i < steps; ++i) panel[(k + i) * columns + column] = chunk[i];
    }
}

/// The same of 16-bit columns.
template <class T, class S, class Factors, std::enable_if_t<sizeof(S) == 2, int> = 0>
inline void pack_panel(const T* x, idx_t stride, int count, idx_t dim, Factors&& factors, int columns,
                       S* panel) noexcept {
    for (idx_t e = 0; e < (dim + factor_elements<S>)*columns; ++e) panel[e] = S();
    for (int i = 0; i < count; ++i) pack_column(dim > 0 ? x + i * stride : x, dim, factors(i), columns, i, panel);
}

/// Copies column `column` of a panel to a row, as a unit row.
template <class S>
inline void unpack_column(const S* panel, idx_t dim, int columns, int column, computed_type<S>* row) noexcept {
    const S* const from = elements_of_panel(panel, columns) + column;
    for (idx_t k = 0; k < dim; ++k) row[k] = computed_type<S>(from[k * columns]);
    if constexpr (factor_elements < S >> 0)
        scale_row(row, dim, row_factors<float>{1, factors_of_panel(panel)[column]}, row);
}

/// Widens the elements of 16-bit columns and multiplies them with their factors: the panel that their unit rows have.
template <int Lanes, class S>
inline void unpack_columns(const S* panel, idx_t dim, float* to) noexcept {
    lanes<float> factors[Lanes];
    unroll<Lanes>([&](int n) UNITSPHERE_LAMBDA { factors[n] = load16(factors_of_panel(panel) + n * lane_count); });
    const S* from = elements_of_panel(panel, Lanes * lane_count);
    for (idx_t k = 0; k < dim; ++k, from += Lanes * lane_count, to += Lanes * lane_count)
        unroll<Lanes>([&](int n) UNITSPHERE_LAMBDA {
            store16(to + n * lane_count, product(load16(from + n * lane_count), factors[n]));
        });
}

/// Widens a panel of 16 columns to `columns`, in place; the new ones are zero.
template <class S>
inline void widen_panel(S* panel, idx_t dim, int columns) noexcept {
    const S* const from = elements_of_panel(panel, lane_count);
    S* const to = elements_of_panel(panel, columns);
    for (idx_t k = dim - 1; k >= 0; --k) {
        S old[lane_count];
        std::memcpy(old, from + k * lane_count, sizeof(old));
        for (int c = 0; c < columns; ++c) to[k * columns + c] = c < lane_count ? old[c] : S();
    }
    for (int e = factor_elements<S> * lane_count; e < factor_elements<S> * columns; ++e) panel[e] = S();
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
