/// One block of scores, in registers, from packed rows: the kernel that everything else feeds.
///
///              b0 b1 .. 15 | b16 .. 31      a   [dim / 128][block_rows][128]  one broadcast per row and step
///        a0  [ acc           acc      ]     b   [dim][16 * Lanes]             16 * Lanes / width vectors per step
///      rows  [ acc           acc      ]
///
///   scores[r][c] = clamp(sum over blocks of 128 of (chain of fused multiply-adds over k), -1, 1)
///
/// Registers: rows * v accumulators, v vectors of b and one broadcast must fit, v = block_lanes * 16 / width;
/// fewer rows leave the FMA ports waiting for loads, more spill. AVX-512: 14 x 2 + 2 + 1 of 32; AVX2: 6 x 2 + 2 +
/// 1 of 16; NEON: 6 x 4 + 4 + 1 of 32; SSE2: 2 x 4 + 4 + 1 of 16. Each score is ONE chain over k within a block,
/// and the block sums are added in order: its bits do not depend on the block's shape or on the edge it sits at.
/// 128 keeps the chain's error below 6e-7 (a chain over 1152: 1.7e-6).
#pragma once

#include "lanes.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

inline constexpr int chain_length = 128;
inline constexpr int block_lanes = lanes<float>::parts == 1 ? 2 : 1;
inline constexpr int block_columns = block_lanes * lane_count;
inline constexpr int block_vectors = block_lanes * lanes<float>::parts;
inline constexpr int block_rows = (vector_registers - block_vectors - 1) / block_vectors;

/// Into [-1, 1] by the bits: the magnitude of a float orders as an integer. NaN passes, and an infinite sum, which only
/// a row that is not finite can give, becomes NaN.
UNITSPHERE_INLINE lanes<float> clamp_to_one(const lanes<float>& x) noexcept {
    constexpr std::int32_t one = 0x3f800000, largest_finite = 0x7f7fffff, quiet_nan = 0x7fc00000;
    const bits16 all = bits(x), magnitude = all & 0x7fffffff;
    const bits16 sign = all & std::int32_t(0x80000000);
    return from_bits(
        where_above(magnitude, largest_finite, all | broadcast(quiet_nan), smaller(magnitude, broadcast(one)) | sign));
}

/// One chain of up to 128 steps for every accumulator.
template <int Rows, int Lanes>
UNITSPHERE_INLINE void multiply_chain(const float* a, const float* b, int steps,
                                      lanes<float> (&sum)[Rows][Lanes]) noexcept {
    for (int k = 0; k < steps; ++k, b += Lanes * lane_count) {
        lanes<float> column[Lanes];
        unroll<Lanes>([&](auto c) UNITSPHERE_LAMBDA { column[c] = load16(b + c * lane_count); });
        unroll<Rows>([&](auto r) UNITSPHERE_LAMBDA {
            const vector<float> row(a[r * chain_length + k]);
            unroll<Lanes>([&](auto c) UNITSPHERE_LAMBDA { sum[r][c] = fma<float>(row, column[c], sum[r][c]); });
        });
    }
}

/// scores[r * pitch + c] for r < Rows, c < 16 * Lanes.
template <int Rows, int Lanes>
inline void multiply_block(const float* a, const float* b, index dim, float* scores, int pitch) noexcept {
    for (index k = 0; k == 0 || k < dim; k += chain_length) {
        const int steps = int(dim - k < chain_length ? dim - k : chain_length);
        lanes<float> sum[Rows][Lanes];
        unroll<Rows * Lanes>([&](auto i) UNITSPHERE_LAMBDA { sum[i / Lanes][i % Lanes] = broadcast(0.0f); });
        multiply_chain<Rows, Lanes>(a + k * block_rows, b + k * Lanes * lane_count, steps, sum);
        const bool last = k + chain_length >= dim;
        unroll<Rows * Lanes>([&](auto i) UNITSPHERE_LAMBDA {
            constexpr int r = i / Lanes, c = i % Lanes;
            float* at = scores + r * pitch + c * lane_count;
            const lanes<float> total = k == 0 ? sum[r][c] : load16(at) + sum[r][c];
            store16(at, last ? clamp_to_one(total) : total);
        });
    }
}

/// multiply_block for any number of rows up to block_rows: all of them, or the binary digits of their number.
template <int Lanes>
inline void multiply_rows(const float* a, const float* b, int rows, index dim, float* scores, int pitch) noexcept {
    if (rows == block_rows) return multiply_block<block_rows, Lanes>(a, b, dim, scores, pitch);
    const auto some = [&](auto count) {
        if constexpr (count < block_rows)
            if (rows & count) {
                multiply_block<count, Lanes>(a, b, dim, scores, pitch);
                a += count * chain_length;
                scores += count * pitch;
            }
    };
    some(std::integral_constant<int, 8>{});
    some(std::integral_constant<int, 4>{});
    some(std::integral_constant<int, 2>{});
    some(std::integral_constant<int, 1>{});
}

/// The scores of `rows` packed rows against a panel of `columns` (16 or block_columns).
inline void multiply(const float* a, const float* b, int rows, int columns, index dim, float* scores,
                     int pitch) noexcept {
    if (columns == block_columns)
        multiply_rows<block_lanes>(a, b, rows, dim, scores, pitch);
    else
        multiply_rows<1>(a, b, rows, dim, scores, pitch);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
