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

/// Rows of one side of the pairs, and their factors of normalization.
template <class T>
struct pair_side {
    const T* rows;
    idx_t stride;
    const row_factors<factor_type<T>>* factors;
};

/// A square of `side`: elements k .. k + width - 1 of each row, transposed.
template <class C, class T, int Width>
UNITSPHERE_INLINE void load_square(const pair_side<T>& side, idx_t k, int count, int steps,
                                   vector<C> (&square)[Width]) noexcept {
    if (count == Width && steps == Width)
        unroll<Width>([&](int i) UNITSPHERE_LAMBDA {
            square[i] = load_scaled<true, C>(side.rows + i * side.stride + k, side.factors[i]);
        });
    else
        load_edge<true>(side.rows + k, side.stride, count, steps, side.factors, square);
    transpose(square);
}

/// scores[i] = <a[i], b[i]> for i < count <= the width of a register of C.
template <class C, class A, class B>
inline void score_pairs(const pair_side<A>& a, const pair_side<B>& b, int count, idx_t dim, C* scores) noexcept {
    constexpr int width = int(vector<C>::size);
    vector<C> total(C(0)), chain(C(0));
    for (idx_t k = 0; k < dim; k += width) {
        const int steps = int(minimum(dim - k, width));
        vector<C> square_a[width], square_b[width];
        load_square<C>(a, k, count, steps, square_a);
        load_square<C>(b, k, count, steps, square_b);
        for (int i = 0; i < steps; ++i) chain = fma(square_a[i], square_b[i], chain);
        if ((k + steps) % chain_length == 0 || k + steps == dim) {
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

/// <a, b> of one pair.
template <class C, class A, class B>
inline C score_pair(const pair_side<A>& a, const pair_side<B>& b, idx_t dim) noexcept {
    constexpr int chains = 8, at_once = chains * chain_length;
    alignas(64) C unit_a[at_once], unit_b[at_once];
    C total = 0;
    for (idx_t first = 0; first < dim; first += at_once) {
        const idx_t count = minimum(dim - first, at_once);
        scale_row(a.rows + first, count, a.factors[0], unit_a);
        scale_row(b.rows + first, count, b.factors[0], unit_b);
        const int whole = int(count / chain_length), blocks = int(ceil_div(count, chain_length));
        C sum[chains] = {};
        for (int k = 0; k < chain_length; ++k)
            for (int n = 0; n < whole; ++n)
                sum[n] = fma(unit_a[n * chain_length + k], unit_b[n * chain_length + k], sum[n]);
        for (idx_t k = whole * chain_length; k < count; ++k) sum[whole] = fma(unit_a[k], unit_b[k], sum[whole]);
        for (int n = 0; n < blocks; ++n) total = first + n == 0 ? sum[0] : fp_barrier(total + sum[n]);
    }
    C clamped[lane_count];
    store16(clamped, clamp_to_one(broadcast(total)));
    return clamped[0];
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
