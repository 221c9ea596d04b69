/// Operands of the gradient's matrix products (slices of unit rows, transposed weights), and the derivative of the
/// normalization.
#pragma once

#include "pack.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Packs row r of `rows` unit rows as the right operand of weights * rows: panels [dim / width][rows][width], width =
/// block<C>::columns, or 16 for a last panel of at most 16 elements. Elements after the last are zero.
template <class T, class C>
inline void pack_slices(const T* x, idx_t dim, row_factors<factor_type<T>> factors, idx_t rows, idx_t r,
                        C* to) noexcept {
    idx_t k = 0;
    if (factors.power == factor_type<T>(1)) {
        const vector<factor_type<T>> inverse(factors.inverse);
        for (; k + block<C>::columns <= dim; k += block<C>::columns)
            unroll<block<C>::lanes_wide>([&](auto c) UNITSPHERE_LAMBDA {
                store16(to + k * rows + r * block<C>::columns + c * lane_count,
                        product(load16(x + k + c * lane_count), inverse));
            });
    }
    for (; k < dim; k += block<C>::columns) {
        const idx_t left = dim - k;
        const int width = left <= lane_count ? lane_count : block<C>::columns;
        C* const slice = to + k * rows + r * width;
        if (left < width) std::memset(static_cast<void*>(slice), 0, std::size_t(width) * sizeof(C));
        scale_row(x + k, minimum(left, width), factors, slice);
    }
}

/// The offset of weight [r][0] in packed blocks of rows, for a strip of at most 128 columns.
template <class C>
UNITSPHERE_INLINE idx_t weight_offset(idx_t r) noexcept {
    return r / block<C>::rows * packed_block_size<C>(chain_length) + r % block<C>::rows * chain_length;
}

/// Transposes packed weights, `rows` x `columns` (at most 128), from blocks of rows to blocks of columns, in squares of
/// registers. Elements of a square after the last row or column are undefined.
template <class C>
UNITSPHERE_NOINLINE void transpose_weights(const C* weights, idx_t rows, int columns, C* transposed) noexcept {
    constexpr int width = int(vector<C>::size);
    const idx_t size = packed_block_size<C>(rows);
    for (idx_t i = 0; i < rows; i += width) {
        const C* row[width];
        for (idx_t r = 0; r < width; ++r) row[r] = weights + weight_offset<C>(minimum(i + r, rows - 1));
        C* const chain = transposed + i / chain_length * chain_length * block<C>::rows + i % chain_length;
        for (int j = 0; j < columns; j += width) {
            vector<C> square[width];
            unroll<width>([&](auto r) UNITSPHERE_LAMBDA { square[r] = vector<C>::load_unaligned(row[r] + j); });
            transpose(square);
            unroll<width>([&](auto c) UNITSPHERE_LAMBDA {
                if (const int column = j + c; column < columns)
                    square[c].store_unaligned(chain + column / block<C>::rows * size +
                                              column % block<C>::rows * chain_length);
            });
        }
    }
}

/// The derivative of u = x / |x|: turns dL/du into |x| dL/dx, times factor.
///
///   g[k] = (g[k] - u[k] <u, g>) * factor        in double, rounded once; a zero row has no direction: 0
inline void normalize_backward(const float* u, idx_t dim, double factor, float* g) noexcept {
    lanes<double> along = broadcast(0.0), square = broadcast(0.0);
    const auto add = [&](const lanes<float>& unit, const lanes<float>& slope) UNITSPHERE_LAMBDA {
        const lanes<double> wide = widen(unit);
        along = fma<double>(wide, widen(slope), along);
        square = fma<double>(wide, wide, square);
    };
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count) add(load16(u + k), load16(g + k));
    if (k < dim) add(load16_first(u + k, int(dim - k)), load16_first(g + k, int(dim - k)));
    const bool has_direction = sum_of_lanes(square) > 0.0;
    const vector<double> back(-sum_of_lanes(along)), whole(has_direction ? factor : 0.0);
    const auto across = [&](const lanes<float>& unit, const lanes<float>& slope) UNITSPHERE_LAMBDA {
        return narrow(product(fma<double>(widen(unit), back, widen(slope)), whole));
    };
    for (k = 0; k + lane_count <= dim; k += lane_count) store16(g + k, across(load16(u + k), load16(g + k)));
    if (k < dim) {
        const int left = int(dim - k);
        store16_first(g + k, across(load16_first(u + k, left), load16_first(g + k, left)), left);
    }
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
