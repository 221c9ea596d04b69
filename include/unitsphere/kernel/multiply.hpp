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
#pragma once

#include "lanes_bits.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

inline constexpr int chain_length = 128;

/// The shape of a block of scores computed in C (float or double).
template <class C>
struct block {
    static constexpr int lanes_wide = lanes<C>::parts == 1 ? 2 : 1;
    static constexpr int columns = lanes_wide * lane_count;
    static constexpr int vectors = lanes_wide * lanes<C>::parts;
    static constexpr int fitting_rows = (vector_registers - vectors - 1) / vectors;
    static constexpr int rows = fitting_rows < 1 ? 1 : fitting_rows;
};

/// Into [-1, 1] by the bits: the magnitude of a float orders as an integer. NaN becomes the quiet NaN without a sign,
/// whatever the machine made of it, and so does an infinite sum, which only a row that is not finite can give.
UNITSPHERE_INLINE lanes<float> clamp_to_one(const lanes<float>& x) noexcept {
    constexpr std::int32_t one = 0x3f800000, largest_finite = 0x7f7fffff, quiet_nan = 0x7fc00000;
    const bits16 all = bits(x), magnitude = all & 0x7fffffff;
    const bits16 sign = all & std::int32_t(0x80000000);
    return from_bits(
        where_above(magnitude, largest_finite, broadcast(quiet_nan), smaller(magnitude, broadcast(one)) | sign));
}
/// The same one by one: SSE2 and AVX cannot compare 64-bit integers, and this is one step in dim.
inline lanes<double> clamp_to_one(const lanes<double>& x) noexcept {
    constexpr std::uint64_t magnitude_bits = 0x7fffffffffffffffu, quiet_nan = 0x7ff8000000000000u;
    double lane[lane_count];
    store16(lane, x);
    for (double& value : lane) {
        const std::uint64_t all = detail::bit_cast<std::uint64_t>(value), magnitude = all & magnitude_bits;
        constexpr std::uint64_t one = 0x3ff0000000000000u;
        const std::uint64_t clamped = (magnitude < one ? magnitude : one) | (all & ~magnitude_bits);
        value = detail::bit_cast<double>(detail::is_finite(value) ? clamped : quiet_nan);
    }
    return load16(lane);
}

/// How many blocks of 128 are worked on side by side: with few rows, one chain each would leave the FMA ports waiting
/// for their own last results.
template <class C>
UNITSPHERE_INLINE constexpr int chains_at_once(int rows, int lanes_wide) {
    constexpr int enough = vector_registers >= 32 ? 16 : 8;
    const int accumulators = rows * lanes_wide * lanes<C>::parts;
    return 2 * accumulators > enough ? 1 : 4 * accumulators > enough ? 2 : 4;
}

/// Memory that is needed soon, asked for while a block is computed: `bytes` of it (at most two cache lines) in each of
/// the dim steps. It need not exist.
struct lookahead {
    const char* at;
    index bytes;

    lookahead from_step(index k) const noexcept { return {at + k * bytes, bytes}; }
    UNITSPHERE_INLINE void ask(int step) const noexcept {
        const char* const line = at + step * bytes;
        __builtin_prefetch(line, 0, 2);
        if (bytes > 64) __builtin_prefetch(line + 64, 0, 2);
    }
};
/// Nothing is needed soon: what is read anyway is asked for.
template <class C>
UNITSPHERE_INLINE lookahead no_lookahead(const C* a) noexcept {
    return {reinterpret_cast<const char*>(a), 0};
}

/// Chains of up to 128 steps for every accumulator, `Chains` of them for each score, 128 steps apart. Only whole blocks
/// look ahead: they have load slots to spare.
template <int Rows, int Vectors, int Chains, class C>
UNITSPHERE_INLINE void multiply_chains(const C* a, const C* b, int steps, lookahead soon,
                                       vector<C> (&sum)[Chains][Rows][Vectors]) noexcept {
    constexpr int width = int(vector<C>::size);
    constexpr index next_a = index(chain_length) * block<C>::rows, next_b = index(chain_length) * Vectors * width;
    for (int k = 0; k < steps; ++k, b += Vectors * width) {
        if constexpr (Rows == block<C>::rows) soon.ask(k);
        unroll<Chains>([&](int n) UNITSPHERE_LAMBDA {
            vector<C> column[Vectors];
            unroll<Vectors>([&](int v) UNITSPHERE_LAMBDA {
                column[v] = vector<C>::load_unaligned(b + n * next_b + v * width);
                if constexpr (Rows > 1) column[v] = ordered(column[v]);  // gcc would load it again for every row
            });
            unroll<Rows>([&](int r) UNITSPHERE_LAMBDA {
                const vector<C> row(a[n * next_a + r * chain_length + k]);
                unroll<Vectors>([&](int v) UNITSPHERE_LAMBDA { sum[n][r][v] = fma(row, column[v], sum[n][r][v]); });
            });
        });
    }
}

/// Adds `Chains` block sums, in order, to the scores; `first` if there are none yet, clamped if it is the last.
template <int Rows, int Lanes, int Chains, class C>
UNITSPHERE_INLINE void add_chains(const C* a, const C* b, int steps, lookahead soon, bool first, bool last, C* scores,
                                  index pitch) noexcept {
    constexpr int width = int(vector<C>::size), vectors = Lanes * lanes<C>::parts;
    vector<C> sum[Chains][Rows][vectors];
    unroll<Chains * Rows * vectors>(
        [&](int i) UNITSPHERE_LAMBDA { sum[i / (Rows * vectors)][i / vectors % Rows][i % vectors] = vector<C>(C(0)); });
    multiply_chains<Rows, vectors, Chains>(a, b, steps, soon, sum);
    unroll<Rows * vectors>([&](int i) UNITSPHERE_LAMBDA {
        const int r = i / vectors, v = i % vectors;
        C* const at = scores + r * pitch + v * width;
        vector<C> total = sum[0][r][v];
        if (!first) total = vector<C>::load_unaligned(at) + total;
        unroll<Chains - 1>([&](int n) UNITSPHERE_LAMBDA { total = ordered(total + sum[n + 1][r][v]); });
        total.store_unaligned(at);
    });
    if (last)
        for (int r = 0; r < Rows; ++r, scores += pitch)
            for (int c = 0; c < Lanes * lane_count; c += lane_count)
                store16(scores + c, clamp_to_one(load16(scores + c)));
}

/// What a product does with what is where it goes: takes its place, clamped, or is added, one block sum after the other.
enum class onto : bool { nothing, sums };

/// scores[r * pitch + c] for r < Rows, c < 16 * Lanes.
template <int Rows, int Lanes, class C>
inline void multiply_block(const C* a, const C* b, index dim, lookahead soon, onto what, C* scores,
                           index pitch) noexcept {
    constexpr int chains = chains_at_once<C>(Rows, Lanes), steps_at_once = chains * chain_length;
    const bool afresh = what == onto::nothing;
    index k = 0;
    const auto at = [&](const C* side, int width) UNITSPHERE_LAMBDA { return side + k * width; };
    if constexpr (chains > 1)
        for (; k + steps_at_once <= dim; k += steps_at_once)
            add_chains<Rows, Lanes, chains>(at(a, block<C>::rows), at(b, Lanes * lane_count), chain_length, soon,
                                            afresh && k == 0, afresh && k + steps_at_once == dim, scores, pitch);
    for (; k == 0 || k < dim; k += chain_length) {
        const int steps = int(dim - k < chain_length ? dim - k : chain_length);
        add_chains<Rows, Lanes, 1>(at(a, block<C>::rows), at(b, Lanes * lane_count), steps, soon.from_step(k),
                                   afresh && k == 0, afresh && k + chain_length >= dim, scores, pitch);
    }
}

/// multiply_block for any number of rows up to block<C>::rows: all of them, or fours while there are, and single ones.
/// Narrow panels are the last of a gallery, or all of a tiny one: fours would gain little there.
template <int Lanes, class C>
inline void multiply_rows(const C* a, const C* b, int rows, index dim, lookahead soon, onto what, C* scores,
                          index pitch) noexcept {
    if (rows == block<C>::rows) return multiply_block<block<C>::rows, Lanes>(a, b, dim, soon, what, scores, pitch);
    if constexpr (Lanes == block<C>::lanes_wide && block<C>::rows > 4)
        for (; rows >= 4; rows -= 4, a += 4 * chain_length, scores += 4 * pitch)
            multiply_block<4, Lanes>(a, b, dim, soon, what, scores, pitch);
    if constexpr (block<C>::rows > 1)
        for (; rows > 0; --rows, a += chain_length, scores += pitch)
            multiply_block<1, Lanes>(a, b, dim, soon, what, scores, pitch);
}

/// The products of `rows` packed rows with a panel of `columns` (16 or block<C>::columns).
template <class C>
UNITSPHERE_NOINLINE void multiply(const C* a, const C* b, int rows, int columns, index dim, C* scores, index pitch,
                                  lookahead soon, onto what) noexcept {
    if (columns == block<C>::columns)
        multiply_rows<block<C>::lanes_wide>(a, b, rows, dim, soon, what, scores, pitch);
    else
        multiply_rows<1>(a, b, rows, dim, soon, what, scores, pitch);
}
/// The scores of unit rows.
template <class C>
inline void multiply(const C* a, const C* b, int rows, int columns, index dim, C* scores, index pitch,
                     lookahead soon) noexcept {
    multiply(a, b, rows, columns, dim, scores, pitch, soon, onto::nothing);
}
template <class C>
inline void multiply(const C* a, const C* b, int rows, int columns, index dim, C* scores, index pitch) noexcept {
    multiply(a, b, rows, columns, dim, scores, pitch, no_lookahead(a));
}

/// sums[r * pitch + c] += sum over k of a[r][k] * b[k][c], for `steps` of k: what gradients are made of. Of any size, so
/// nothing is clamped.
template <class C>
inline void multiply_onto(const C* a, const C* b, int rows, int columns, index steps, C* sums, index pitch) noexcept {
    multiply(a, b, rows, columns, steps, sums, pitch, no_lookahead(a), onto::sums);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
