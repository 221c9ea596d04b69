/// One block of scores, in registers, from packed rows: the kernel that everything else feeds.
///
///              b0 b1 .. 15 | b16 .. 31      a   [dim / 128][block rows][128]  one broadcast per row and step
///        a0  [ acc           acc      ]     b   [dim][16 * Lanes]             16 * Lanes / width vectors per step
///      rows  [ acc           acc      ]
///
///   scores[r][c] = clamp(sum over blocks of 128 of (chain of fused multiply-adds over k), -1, 1)
///
/// Registers: rows * v accumulators, v vectors of b and one broadcast must fit, v = lanes * 16 / width; fewer rows
/// leave the FMA ports waiting for loads, more spill. Floats: AVX-512 14 x 2 + 2 + 1 of 32; AVX2 6 x 2 + 2 + 1 of 16;
/// NEON 6 x 4 + 4 + 1 of 32; SSE2 2 x 4 + 4 + 1 of 16. Doubles: AVX-512 14 x 2, AVX2 2 x 4, NEON 2 x 8, SSE2 1 x 8.
/// Each score is ONE chain over k within a block, and the block sums are added in order: its bits do not depend on the
/// block's shape or on the edge it sits at. 128 keeps the chain's error below 6e-7 (a chain over 1152: 1.7e-6).
///
/// A panel of 16-bit columns holds their factors first, [width] floats that do not depend on k: each step widens the
/// elements in registers and multiplies them with the factors, which is what packing does with 16-bit rows.
#pragma once

#include "clamp.hpp"
#include "multiply_operands.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// How many blocks of 128 are worked on side by side: with few rows, one chain each would leave the FMA ports waiting
/// for their own last results.
UNITSPHERE_INLINE constexpr int chains_at_once(int rows, int vectors) {
    constexpr int enough = vector_registers >= 32 ? 16 : 8;
    const int accumulators = rows * vectors;
    return 2 * accumulators > enough ? 1 : 4 * accumulators > enough ? 2 : 4;
}

/// Without FMA: steps of a turn, and whether each sum is a barrier to the compiler.
#ifdef __clang__
inline constexpr int steps_without_fma = 2;    // with 4 it spills
inline constexpr bool holds_each_sum = false;  // a tenth slower (Zen 1, 1000 x 1000 x 512)
#else
inline constexpr int steps_without_fma = 4;
inline constexpr bool holds_each_sum = !has_fma;  // gcc 12 spills two of 2 x 3 without; 2 x 4 gains 4 % there
#endif

/// One step of every chain. Where an instruction broadcasts from memory, half the rows use that: it takes two loads
/// instead of one for two multiply-adds, but two instructions instead of three. With all rows the loads would be the
/// bottleneck; without any, the front end is, where two threads share a core (Xeon: .64 of the multiply-add rate, .71
/// with two steps a turn, .81 with both; alone on the core .97 each). The other rows add in place: gcc 12 tuned for an
/// Intel processor (-march=native) takes the broadcast's register for a sum, and moves sums to and fro: a turn of 56
/// multiply-adds has 98 instructions, 8 with the stack, instead of 85.
///
/// 16-bit columns: `factors` are loaded in each step of a whole block, whose registers are all taken.
template <int Rows, int Vectors, int Chains, int Width, class C, class S>
UNITSPHERE_INLINE void multiply_step(const C* a, const S* b, const float* factors,
                                     vector<C> (&sum)[Chains][Rows][Vectors]) noexcept {
    if constexpr (Rows == block<C>::rows && !std::is_same_v<C, S>) asm("" : "+r"(factors));
    constexpr int width = int(vector<C>::size);
    constexpr idx_t next_a = idx_t(chain_length) * block<C>::rows, next_b = idx_t(chain_length) * Width;
    unroll<Chains>([&](int n) UNITSPHERE_LAMBDA {
        vector<C> column[Vectors];
        unroll<Vectors>([&](int v) UNITSPHERE_LAMBDA {
            if constexpr (std::is_same_v<C, S>)
                column[v] = vector<C>::load_unaligned(b + n * next_b + v * width);
            else
                column[v] = load(b + n * next_b + v * width) * vector<C>::load_unaligned(factors + v * width);
            if constexpr (Rows > 1 || !std::is_same_v<C, S>)
                column[v] = fp_barrier(column[v]);  // gcc would load it again for every row
        });
        unroll<Rows>([&](int r) UNITSPHERE_LAMBDA {
            const C* const x = a + n * next_a + r * chain_length;
            if constexpr (has_fma_broadcast && std::is_same_v<C, float> && (Vectors > 1))
                if (r % 2 == 0)
                    return unroll<Vectors>(
                        [&](int v) UNITSPHERE_LAMBDA { sum[n][r][v] = fma_broadcast(x, column[v], sum[n][r][v]); });
            const vector<C> row(*x);
            unroll<Vectors>([&](int v) UNITSPHERE_LAMBDA {
                if constexpr (has_fma_broadcast && std::is_same_v<C, float> && Rows == block<C>::rows)
                    sum[n][r][v] = fma_in_place(row, column[v], sum[n][r][v]);
                else
                    sum[n][r][v] = fma(row, column[v], sum[n][r][v]);
                if constexpr (holds_each_sum && Rows > 1) sum[n][r][v] = fp_barrier(sum[n][r][v]);
            });
        });
    });
}

/// Steps between two looks at the counter and at what to prefetch: with few rows or columns, and with SSE2's three
/// instructions for a multiply-add, those are a sixth of the work. Whole blocks of others have other limits, and there,
/// and with 16-bit columns, compilers spill with more.
template <int Rows, int Vectors, class C, class S>
UNITSPHERE_INLINE constexpr int steps_a_turn() {
    if (!std::is_same_v<C, S>) return 1;
    if (Rows < block<C>::rows || (has_fma && Vectors < block<C>::vectors)) return 4;
    if (!std::is_same_v<C, float>) return 1;
    return has_fma_broadcast ? 2 : has_fma ? 1 : steps_without_fma;
}

/// Chains of up to 128 steps for every accumulator, `Chains` of them for each score, 128 steps apart. Whole blocks
/// prefetch: they have load slots to spare. So do fewer rows with a panel of 16 bits: the hardware prefetcher, which
/// ends at each page, gets half as far there (one query, 100000 x 512, Xeon: .62 of the float gallery's time without,
/// .54 with; search_bench).
template <int Rows, int Vectors, int Chains, int Width, class C, class S>
UNITSPHERE_INLINE void multiply_chains(const C* a, const S* b, const float* factors, int steps, prefetch_steps next,
                                       vector<C> (&sum)[Chains][Rows][Vectors]) noexcept {
    constexpr bool whole = Rows == block<C>::rows;
    constexpr int turn = steps_a_turn<Rows, Vectors, C, S>();
    int k = 0;
    if constexpr (turn > 1)
        for (; k + turn <= steps; k += turn, a += turn, b += turn * Width) {
            asm("" : "+r"(a));  // a pointer, not an index: clang's would cost an instruction for each broadcast
            if constexpr (whole) next.prefetch(k, turn);
            unroll<turn>([&](int t) UNITSPHERE_LAMBDA {
                multiply_step<Rows, Vectors, Chains, Width>(a + t, b + t * Width, factors, sum);
            });
        }
    for (; k < steps; ++k, ++a, b += Width) {
        if constexpr (whole) next.prefetch(k, 1);
        if constexpr (!whole && !std::is_same_v<C, S>)
            unroll<Chains>([&](int n) UNITSPHERE_LAMBDA { next.prefetch(k + n * chain_length, 1); });
        multiply_step<Rows, Vectors, Chains, Width>(a, b, factors, sum);
    }
}

/// Adds the sums of `Chains` blocks from step k on, in order, to the scores; the first ones take their place, and after
/// the last ones the scores are clamped, unless they accumulate.
template <int Rows, int Vectors, int Width, int Chains, class C, class S>
UNITSPHERE_INLINE void add_chains(multiply_operands<C, S> x, idx_t k, int steps) noexcept {
    constexpr int width = int(vector<C>::size);
    vector<C> sum[Chains][Rows][Vectors];
    unroll<Chains * Rows * Vectors>(
        [&](int i) UNITSPHERE_LAMBDA { sum[i / (Rows * Vectors)][i / Vectors % Rows][i % Vectors] = vector<C>(C(0)); });
    const int column = Vectors * width < Width ? x.first : 0;
    multiply_chains<Rows, Vectors, Chains, Width>(x.a + k * block<C>::rows,
                                                  elements_of_panel(x.b, Width) + k * Width + column,
                                                  factors_of_panel(x.b) + column, steps, x.next.from_step(k), sum);
    const bool first = !x.accumulate && k == 0, last = !x.accumulate && k + Chains * steps >= x.dim;
    unroll<Rows * Vectors>([&](int i) UNITSPHERE_LAMBDA {
        const int r = i / Vectors, v = i % Vectors;
        C* const at = x.out + r * x.pitch + v * width;
        vector<C> total = sum[0][r][v];
        if (!first) total = vector<C>::load_unaligned(at) + total;
        unroll<Chains - 1>([&](int n) UNITSPHERE_LAMBDA { total = fp_barrier(total + sum[n + 1][r][v]); });
        total.store_unaligned(at);
    });
    if (last)  // a pointer that moves: with products in the address gcc 12 spills an accumulator of the 14 x 2 doubles
        for (int r = 0; r < Rows; ++r, x.out += x.pitch)
            for (int c = 0; c < Vectors * width; c += lane_count) store16(x.out + c, clamp_to_one(load16(x.out + c)));
}

/// Rows first_row .. first_row + Rows - 1 of the block against the columns of `Vectors` registers, of `Width` in the
/// panel.
template <int Rows, int Vectors, int Width, class C, class S>
inline void multiply_block(const multiply_operands<C, S>& operands, int first_row) noexcept {
    constexpr int chains = Rows == block<C>::rows && block<C>::rows > 1 ? 1 : chains_at_once(Rows, Vectors);
    constexpr int steps_at_once = chains * chain_length;
    const multiply_operands<C, S> x = operands.from_row(first_row);  // in registers
    idx_t k = 0;
    if constexpr (chains > 1)
        for (; k + steps_at_once <= x.dim; k += steps_at_once)
            add_chains<Rows, Vectors, Width, chains>(x, k, chain_length);
    for (; k == 0 || k < x.dim; k += chain_length)
        add_chains<Rows, Vectors, Width, 1>(x, k, int(x.dim - k < chain_length ? x.dim - k : chain_length));
}

/// The same by itself for 16 bits: inlined beside others, gcc spills on AVX2.
template <int Rows, int Vectors, int Width, class C, class S>
UNITSPHERE_NOINLINE void multiply_compact_block(const multiply_operands<C, S>& operands, int first_row) noexcept {
    multiply_block<Rows, Vectors, Width>(operands, first_row);
}
template <int Rows, int Vectors, int Width, class C, class S>
UNITSPHERE_INLINE void multiply_some(const multiply_operands<C, S>& operands, int first_row) noexcept {
    if constexpr (sizeof(S) < sizeof(C) && Rows > 1)
        multiply_compact_block<Rows, Vectors, Width>(operands, first_row);
    else
        multiply_block<Rows, Vectors, Width>(operands, first_row);
}

/// All rows: a whole block at once, else fours while there are, and single ones. Narrow panels are the last of a
/// gallery, or all of a tiny one: fours would gain little there.
template <int Vectors, int Width, class C, class S>
inline void multiply_rows(const multiply_operands<C, S>& x) noexcept {
    if (x.rows == block<C>::rows) return multiply_some<block<C>::rows, Vectors, Width>(x, 0);
    int done = 0;
    if constexpr (Width == block<C>::columns && block<C>::rows > 4)
        for (; x.rows - done >= 4; done += 4) multiply_some<4, Vectors, Width>(x, done);
    if constexpr (block<C>::rows > 1)
        for (; done < x.rows; ++done) multiply_block<1, Vectors, Width>(x, done);
}

/// As few registers as the wanted columns need, up to `Vectors`: for the last panel of a gallery, or all of a tiny one,
/// and where a mask leaves few columns.
template <int Vectors, int Width, class C, class S>
inline void multiply_columns(const multiply_operands<C, S>& x) noexcept {
    if constexpr (Vectors > 1 && computes_parts<C>)
        if (x.columns <= (Vectors - 1) * int(vector<C>::size)) return multiply_columns<Vectors - 1, Width>(x);
    multiply_rows<Vectors, Width>(x);
}

/// out[r][c] = clamp(<row r of a, column c of b>), or out[r][c] += <..> where the operands say so: what gradients are
/// made of.
template <class C, class S = C>
UNITSPHERE_NOINLINE void multiply(const multiply_operands<C, S>& x) noexcept {
    constexpr int columns = block<C>::columns;
    if (x.width < columns) return multiply_columns<lanes<C>::parts, lane_count>(x);
    multiply_columns<block<C>::vectors, columns>(x);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
