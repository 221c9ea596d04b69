/// Raw rows of any type in, unit rows in the order in which multiply.hpp reads them out.
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

/// Elements that pack_block_row writes for rows of this dim: whole chains, and one for rows of no elements.
template <class C>
UNITSPHERE_INLINE index packed_block_size(index dim) noexcept {
    const index chains = (dim + chain_length - 1) / chain_length;
    return (chains > 0 ? chains : 1) * chain_length * block<C>::rows;
}

/// One row into its place r of a block.
template <class T, class C>
inline void pack_block_row(const T* x, index dim, row_factors<factor_type<T>> factors, int r, C* to) noexcept {
    for (index k = 0; k < dim; k += chain_length)
        scale_row(x + k, dim - k < chain_length ? dim - k : chain_length, factors,
                  to + k * block<C>::rows + r * chain_length);
}

/// The same of a row whose power is 1, and the length of the row that comes next.
template <class T>
inline row_length pack_block_row_and_measure(const T* x, index dim, float inverse, int r, float* to,
                                             const T* next) noexcept {
    lanes<double> sum = broadcast(0.0);
    for (index k = 0; k < dim; k += chain_length)
        scale_and_add_squares<false>(x + k, dim - k < chain_length ? dim - k : chain_length, vector<float>(inverse),
                                     to + k * block<float>::rows + r * chain_length, next + k, sum);
    return {sum_of_lanes(sum), 1.0};
}

/// One register of a row, widened and scaled. WithPower: some row's power is not 1.
template <bool WithPower, class C, class T>
UNITSPHERE_INLINE vector<C> load_scaled(const T* x, const row_factors<factor_type<T>>& factors) noexcept {
    using F = factor_type<T>;
    const auto scaled = [&](vector<F> value) UNITSPHERE_LAMBDA {
        if constexpr (WithPower) value = ordered(value * vector<F>(factors.power));
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

/// A square of a panel at its edge: of the rows 0 .. count - 1 their first `steps` elements; all else is zero.
template <bool WithPower, class T, class C, int Width>
inline void load_edge(const T* x, index stride, int count, int steps, const row_factors<factor_type<T>>* factors,
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
inline void pack_squares(const T* x, index stride, int count, index dim, const row_factors<factor_type<T>>* factors,
                         int columns, C* panel) noexcept {
    constexpr int width = int(vector<C>::size);
    for (index k = 0; k < dim; k += width) {
        const int steps = int(dim - k < width ? dim - k : width);
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

/// Rows 0 .. count - 1 (at most `columns`) into a panel; columns without a row are zero.
template <class T, class C>
UNITSPHERE_NOINLINE void pack_panel(const T* x, index stride, int count, index dim,
                                    const row_factors<factor_type<T>>* factors, int columns, C* panel) noexcept {
    bool with_power = false;
    for (int i = 0; i < count; ++i) with_power = with_power || factors[i].power != 1;
    if (with_power)
        pack_squares<true>(x, stride, count, dim, factors, columns, panel);
    else
        pack_squares<false>(x, stride, count, dim, factors, columns, panel);
}

/// One row into column `column` of a panel.
template <class T, class C>
inline void pack_column(const T* x, index dim, row_factors<factor_type<T>> factors, int columns, int column,
                        C* panel) noexcept {
    C chunk[chain_length];
    for (index k = 0; k < dim; k += chain_length) {
        const index steps = dim - k < chain_length ? dim - k : chain_length;
        scale_row(x + k, steps, factors, chunk);
        for (index i = 0; i < steps; ++i) panel[(k + i) * columns + column] = chunk[i];
    }
}

/// The row in column `column` of a panel.
template <class C>
inline void unpack_column(const C* panel, index dim, int columns, int column, C* row) noexcept {
    for (index k = 0; k < dim; ++k) row[k] = panel[k * columns + column];
}

/// A panel of 16 columns becomes one of `columns`, the new ones zero, in the same memory.
template <class C>
inline void widen_panel(C* panel, index dim, int columns) noexcept {
    for (index k = dim - 1; k >= 0; --k) {
        const lanes<C> old = load16(panel + k * lane_count);
        for (int c = 0; c < columns; c += lane_count) store16(panel + k * columns + c, c == 0 ? old : broadcast(C(0)));
    }
}

/// to[r * to_pitch + c] = scale * from[r * pitch + c] for r < rows, c < columns <= 32.
template <class C>
inline void scale_tile(const C* from, int pitch, int rows, int columns, C scale, C* to, index to_pitch) noexcept {
    const vector<C> factor(scale);
    for (int r = 0; r < rows; ++r, from += pitch, to += to_pitch) {
        int c = 0;
        for (; c + lane_count <= columns; c += lane_count) store16(to + c, product(load16(from + c), factor));
        if (c < columns) store16_first(to + c, product(load16(from + c), factor), columns - c);
    }
}

/// to[c * to_pitch + r] = from[r * pitch + c] for r < 16 (those behind `rows` may be anything), c < columns, a multiple
/// of 16.
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
