/// Raw rows of any type in, unit rows in the order in which multiply.hpp reads them out.
///
///   rows side (broadcast):  [dim / 128][block rows][128]   a copy, row by row in pieces of one chain
///   columns side (vectors): [dim][columns]                 transposed, 4 x 4 at a time
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

UNITSPHERE_INLINE void transpose_4x4(const double* from, std::int64_t from_pitch, double* to,
                                     std::int64_t to_pitch) noexcept {
    for (int r = 0; r < 4; ++r)
        for (int c = 0; c < 4; ++c) to[c * to_pitch + r] = from[r * from_pitch + c];
}

/// Rows 0 .. count - 1 (at most `columns`) into a panel; columns without a row are zero.
template <class T, class C>
inline void pack_panel(const T* x, index stride, int count, index dim, const row_factors<factor_type<T>>* factors,
                       int columns, C* panel) noexcept {
    alignas(64) C chunk[4][chain_length];
    for (index k = 0; k < dim; k += chain_length) {
        const int steps = int(dim - k < chain_length ? dim - k : chain_length);
        for (int r = 0; r < columns; r += 4) {
            for (int i = 0; i < 4; ++i) {
                if (r + i < count)
                    scale_row(x + (r + i) * stride + k, steps, factors[r + i], chunk[i]);
                else
                    std::memset(chunk[i], 0, sizeof chunk[i]);
            }
            C* to = panel + k * columns + r;
            int step = 0;
            for (; step + 4 <= steps; step += 4)
                transpose_4x4(chunk[0] + step, chain_length, to + step * columns, columns);
            for (; step < steps; ++step)
                for (int i = 0; i < 4; ++i) to[step * columns + i] = chunk[i][step];
        }
    }
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
