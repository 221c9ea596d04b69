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

/// One register of a row, widened and scaled. WithPower: some row's power is not 1.
template <bool WithPower, class C, class T>
UNITSPHERE_INLINE vector<C> load_scaled(const T* x, const row_factors<factor_type<T>>& factors) noexcept {
    using F = factor_type<T>;
    const auto scaled = [&](vector<F> value) UNITSPHERE_LAMBDA {
        if constexpr (WithPower) value = fp_barrier(value * vector<F>(factors.power));
        return value * vector<F>(factors.inverse);
    };
    if constexpr (std::is_same_v<T, F> && std::is_same_v<T, C>)
        return scaled(vector<T>::load_unaligned(x));
    else if constexpr (std::is_same_v<T, double>)
        return narrow(scaled(vector<double>::load_unaligned(x)),
                      scaled(vector<double>::load_unaligned(x + vector<double>::size)));
    else
        return scaled(load(x));
}

/// A square at the edge of a panel: the first `steps` elements of rows 0 .. count - 1, zero elsewhere.
template <bool WithPower, class T, class C, int Width>
inline void load_edge(const T* x, idx_t stride, int count, int steps, const row_factors<factor_type<T>>* factors,
                      vector<C> (&square)[Width]) noexcept {
    for (int i = 0; i < Width; ++i) {
        square[i] = vector<C>(C(0));
        if (i >= count) continue;
        T padded[Width] = {};
        std::memcpy(padded, x + i * stride, std::size_t(steps) * sizeof(T));
        square[i] = load_scaled<WithPower, C>(padded, factors[i]);
    }
}

template <bool WithPower, class T, class C>
inline void pack_squares(const T* x, idx_t stride, int count, idx_t dim, const row_factors<factor_type<T>>* factors,
                         int columns, C* panel) noexcept {
    constexpr int width = int(vector<C>::size);
    for (idx_t k = 0; k < dim; k += width) {
        const int steps = int(minimum(dim - k, width));
        for (int r = 0; r < columns; r += width) {
            const T* const from = x + r * stride + k;
            vector<C> square[width];
            if (steps == width && r + width <= count)
                unroll<width>([&](int i) UNITSPHERE_LAMBDA {
                    square[i] = load_scaled<WithPower, C>(from + i * stride, factors[r + i]);
                });
            else
                load_edge<WithPower>(from, stride, count - r, steps, factors + r, square);
            transpose(square);
            C* const to = panel + k * columns + r;
            for (int i = 0; i < steps; ++i) square[i].store_unaligned(to + i * columns);
        }
    }
}

/// Packs rows 0 .. count - 1 (at most `columns`) into a panel; the other columns are zero.
template <class T, class C>
UNITSPHERE_NOINLINE void pack_panel(const T* x, idx_t stride, int count, idx_t dim,
                                    const row_factors<factor_type<T>>* factors, int columns, C* panel) noexcept {
    bool with_power = false;
    for (int i = 0; i < count; ++i) with_power = with_power || factors[i].power != 1;
    if (with_power)
        pack_squares<true>(x, stride, count, dim, factors, columns, panel);
    else
        pack_squares<false>(x, stride, count, dim, factors, columns, panel);
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
