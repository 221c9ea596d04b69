/// Rows as they lie, raw and of any type, against few packed columns: a square of registers at a time is transposed,
/// scaled, and multiplied out of L1. No packed copy is kept, which is faster where each element meets few others.
///
///   scores[n][i] = <column n, row i>        the chains, blocks and clamp of multiply.hpp
#pragma once

#include "pack.hpp"
#include "running_lengths.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// How many columns are few. Where FMAs read memory, 10 columns take .70 of the time of packed rows, 12 .79, 16 .95
/// (Zen 4, 100000 x 512); without, 10 take 1.1 (AVX2), 1.3 (SSE2).
inline constexpr int most_unpacked_columns = has_fma_broadcast ? 12 : 8;

/// Scores of as many rows as a register has elements; Pitch elements lead from one step of the panel to the next.
/// between() is called for each square, as work that overlaps.
template <int Columns, int Pitch = lane_count, class C, class T, class Between>
UNITSPHERE_INLINE void multiply_squares(const C* panel, const transposed_rows<C, T>& rows, idx_t dim, C* scores,
                                        Between&& between) noexcept {
    constexpr int width = int(vector<C>::size);
    for (idx_t first = 0; first == 0 || first < dim; first += chain_length) {
        vector<C> sum[Columns];
        unroll<Columns>([&](int n) UNITSPHERE_LAMBDA { sum[n] = vector<C>(C(0)); });
        for (idx_t k = first; k < minimum(first + chain_length, dim); k += width) {
            alignas(64) C square[width * width];
            rows.store_columns(k, dim, square, width);
            between();
            const C* column = panel + k * Pitch;
            for (int i = 0; i < minimum(dim - k, width); ++i, column += Pitch) {
                const vector<C> elements = vector<C>::load_aligned(square + i * width);
                unroll<Columns>([&](int n) UNITSPHERE_LAMBDA { sum[n] = fma(vector<C>(column[n]), elements, sum[n]); });
            }
        }
        unroll<Columns>([&](int n) UNITSPHERE_LAMBDA {
            C* const to = scores + n * lane_count;
            if (first > 0) sum[n] = fp_barrier(vector<C>::load_unaligned(to) + sum[n]);
            sum[n].store_unaligned(to);
        });
    }
}

/// At most 16 rows.
template <class T>
struct unpacked_rows {
    const T* at;
    idx_t stride;
    int count;
    const row_factors<factor_type<T>>* factors;
};

/// What is done between the squares: the next rows are measured, and those behind them prefetched.
template <class T>
struct unpacked_next {
    running_lengths<T>* lengths;  ///< null: nothing is measured
    const char* prefetched;
};

/// Scores of up to 16 rows against the first Columns of a panel's 16 columns; scores are [Columns][16].
template <int Columns, class C, class T>
UNITSPHERE_NOINLINE void multiply_unpacked(const C* panel, const unpacked_rows<T>& x, idx_t dim, C* scores,
                                           unpacked_next<T> next) noexcept {
    constexpr int width = int(vector<C>::size);
    const auto between = [&]() UNITSPHERE_LAMBDA {
        if constexpr (!std::is_same_v<T, double>)  // those need more than a sum of squares
            if (next.lengths != nullptr) next.lengths->advance(width * width / lane_count);
        constexpr int lines = maximum(width * width * int(sizeof(T)) / 64, 1);
        unroll<lines>([&](int i) UNITSPHERE_LAMBDA { prefetch_into_l2(next.prefetched + i * 64); });
        next.prefetched += lines * 64;
    };
    for (int i = 0; i < x.count; i += width)
        multiply_squares<Columns>(
            panel, transposed_rows<C, T>(x.at + (dim > 0 ? i * x.stride : 0), x.stride, x.count - i, x.factors + i),
            dim, scores + i, between);
    for (int n = 0; n < Columns; ++n) store16(scores + n * lane_count, clamp_to_one(load16(scores + n * lane_count)));
}

/// scores[i] = <row, row i of x> for up to 16 rows and one that lies as it is; `scores` has room for 16.
template <class T>
UNITSPHERE_NOINLINE void multiply_row(const float* row, const unpacked_rows<T>& x, idx_t dim, float* scores) noexcept {
    constexpr int width = int(vector<float>::size);
    for (int i = 0; i < x.count; i += width)
        multiply_squares<1, 1>(row,
                               transposed_rows<float, T>(x.at + i * x.stride, x.stride, x.count - i, x.factors + i),
                               dim, scores + i, []() UNITSPHERE_LAMBDA {});
    store16(scores, clamp_to_one(load16(scores)));
}

/// multiply_unpacked for any number of columns up to most_unpacked_columns, rounded up to one that has a kernel.
template <class C, class T>
void multiply_unpacked(int columns, const C* panel, const unpacked_rows<T>& x, idx_t dim, C* scores,
                       const unpacked_next<T>& next) noexcept {
    if (columns == 1)
        multiply_unpacked<1>(panel, x, dim, scores, next);
    else if (columns <= 4)
        multiply_unpacked<4>(panel, x, dim, scores, next);
    else if (columns <= 8)
        multiply_unpacked<8>(panel, x, dim, scores, next);
    else if constexpr (most_unpacked_columns > 8)
        columns <= 10 ? multiply_unpacked<10>(panel, x, dim, scores, next)
                      : multiply_unpacked<most_unpacked_columns>(panel, x, dim, scores, next);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
