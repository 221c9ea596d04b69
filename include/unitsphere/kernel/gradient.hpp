/// The way of a gradient through packed weights and back to the caller's rows: slices of unit rows, weights turned round,
/// and the normalization's own derivative.
#pragma once

#include "pack.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Row r of `rows` unit rows into panels of the product that adds up rows: [dim / width][rows][width], the width that of
/// a block's columns, or 16 for a last panel of at most 16 elements. Elements behind the last are zero.
template <class T, class C>
inline void pack_slices(const T* x, index dim, row_factors<factor_type<T>> factors, index rows, index r,
                        C* to) noexcept {
    index k = 0;
    if (factors.power == factor_type<T>(1)) {
        const vector<factor_type<T>> inverse(factors.inverse);
        for (; k + block<C>::columns <= dim; k += block<C>::columns)
            unroll<block<C>::lanes_wide>([&](auto c) UNITSPHERE_LAMBDA {
                store16(to + k * rows + r * block<C>::columns + c * lane_count,
                        product(load16(x + k + c * lane_count), inverse));
            });
    }
    for (; k < dim; k += block<C>::columns) {
        const index left = dim - k;
        const int width = left <= lane_count ? lane_count : block<C>::columns;
        C* const slice = to + k * rows + r * width;
        if (left < width) std::memset(static_cast<void*>(slice), 0, std::size_t(width) * sizeof(C));
        scale_row(x + k, left < width ? left : width, factors, slice);
    }
}

/// Where weight [r][c] of a strip of at most 128 columns lies in blocks of rows.
template <class C>
UNITSPHERE_INLINE index place_of_row(index r) noexcept {
    return r / block<C>::rows * packed_block_size<C>(chain_length) + r % block<C>::rows * chain_length;
}

/// Weights of `rows` x `columns` (at most 128) in blocks of rows become blocks of columns, chains along the rows: squares
/// of registers are transposed. What lies behind the last row or column of a square may be anything.
template <class C>
UNITSPHERE_NOINLINE void turn_weights(const C* weights, index rows, int columns, C* turned) noexcept {
    constexpr int width = int(vector<C>::size);
    const index size = packed_block_size<C>(rows);
    for (index i = 0; i < rows; i += width) {
        const C* row[width];
        for (index r = 0; r < width; ++r) row[r] = weights + place_of_row<C>(i + r < rows ? i + r : rows - 1);
        C* const chain = turned + i / chain_length * chain_length * block<C>::rows + i % chain_length;
        for (int j = 0; j < columns; j += width) {
            vector<C> square[width];
            unroll<width>([&](auto r) UNITSPHERE_LAMBDA { square[r] = vector<C>::load_unaligned(row[r] + j); });
            transpose(square);
            for (int c = 0; c < width && j + c < columns; ++c)
                square[c].store_unaligned(chain + (j + c) / block<C>::rows * size +
                                          (j + c) % block<C>::rows * chain_length);
        }
    }
}

/// What a gradient of the unit row u = x / |x| is for x, but for 1 / |x|:
///
///   g[k] = (g[k] - u[k] <u, g>) * factor        in double, rounded once; a zero row has no direction: 0
inline void through_normalization(const float* u, index dim, double factor, float* g) noexcept {
    lanes<double> along = broadcast(0.0), square = broadcast(0.0);
    const auto add = [&](const lanes<float>& unit, const lanes<float>& slope) UNITSPHERE_LAMBDA {
        const lanes<double> wide = widen(unit);
        along = fma<double>(wide, widen(slope), along);
        square = fma<double>(wide, wide, square);
    };
    index k = 0;
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
