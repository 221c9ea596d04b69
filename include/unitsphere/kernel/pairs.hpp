/// Scores of pairs, row i of one side with row i of the other: the same chains, blocks and clamp as in multiply.hpp.
///
///   many pairs   one chain per element of a register. Squares of both sides are transposed and multiplied in
///                registers, without packing.
///   one pair     up to 8 blocks of 128 side by side, one scalar chain each: a single one is bound by latency
#pragma once

#include "pack.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// scores[i] = <a[i], b[i]> for i < count <= the width of a register of C. The next rows are prefetched on the way.
template <class C, class A, class B>
inline void score_pairs(const transposed_rows<C, A>& a, const transposed_rows<C, B>& b, int count, idx_t dim, C* scores,
                        const prefetch_steps& next_a, const prefetch_steps& next_b) noexcept {
    constexpr int width = int(vector<C>::size);
    alignas(64) C of_a[width * width], of_b[width * width];
    vector<C> total(C(0)), chain(C(0));
    for (idx_t k = 0; k < dim; k += width) {
        a.store_columns(k, dim, of_a, width);
        next_a.prefetch_all(k, int(minimum(dim - k, width)));
        b.store_columns(k, dim, of_b, width);
        next_b.prefetch_all(k, int(minimum(dim - k, width)));
        for (int i = 0; i < minimum(dim - k, width); ++i)
            chain = fma(vector<C>::load_aligned(of_a + i * width), vector<C>::load_aligned(of_b + i * width), chain);
        const idx_t done = k + width;
        if (done % chain_length == 0 || done >= dim) {
            total = k < chain_length ? chain : fp_barrier(total + chain);
            chain = vector<C>(C(0));
        }
    }
    lanes<C> all = broadcast(C(0));
    all.part[0] = total;
    C clamped[lane_count];
    store16(clamped, clamp_to_one(all));
    for (int i = 0; i < count; ++i) scores[i] = clamped[i];
}

/// sums[n] = the chain of block n of 128 elements, for n < blocks <= Chains, side by side in registers: one alone is
/// bound by the latency of its multiply-adds.
template <int Chains, class C>
inline void sum_chains(const C* a, const C* b, int blocks, C* sums) noexcept {
    C sum[Chains] = {};
    int at[Chains];  // chains without a block repeat the last one
    for (int n = 0; n < Chains; ++n) at[n] = minimum(n, blocks - 1) * chain_length;
    for (int k = 0; k < chain_length; ++k)
        unroll<Chains>([&](int n) UNITSPHERE_LAMBDA { sum[n] = fma(a[at[n] + k], b[at[n] + k], sum[n]); });
    for (int n = 0; n < blocks; ++n) sums[n] = sum[n];
}

/// Where a unit row is read from: a raw row and its factors, or a column of a packed panel.
template <class T>
struct scaled_row {
    const T* x;
    row_factors<factor_type<T>> factors;

    /// Elements first .. first + count - 1.
    template <class C>
    void copy(idx_t first, idx_t count, C* to) const noexcept {
        scale_row(x + first, count, factors, to);
    }
};
template <class C>
struct packed_column {
    const C* panel;
    int columns, column;

    void copy(idx_t first, idx_t count, C* to) const noexcept {
        unpack_column(panel + first * columns, count, columns, column, to);
    }
};

/// <a, b> of one pair of rows.
template <class C, class A, class B>
inline C score_pair(const A& a, const B& b, idx_t dim) noexcept {
    constexpr int most = 8, at_once = most * chain_length;
    alignas(64) C unit_a[at_once], unit_b[at_once];
    C total = 0;
    for (idx_t first = 0; first < dim; first += at_once) {
        const int count = int(minimum(dim - first, at_once)), whole = count / chain_length;
        a.copy(first, count, unit_a);
        b.copy(first, count, unit_b);
        C sum[most + 1] = {};
        if (whole > most / 2)
            sum_chains<most>(unit_a, unit_b, whole, sum);
        else if (whole > 0)
            sum_chains<most / 2>(unit_a, unit_b, whole, sum);
        for (int k = whole * chain_length; k < count; ++k) sum[whole] = fma(unit_a[k], unit_b[k], sum[whole]);
        for (int n = 0; n * chain_length < count; ++n) total = first + n == 0 ? sum[0] : fp_barrier(total + sum[n]);
    }
    C clamped[lane_count];
    store16(clamped, clamp_to_one(broadcast(total)));
    return clamped[0];
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
