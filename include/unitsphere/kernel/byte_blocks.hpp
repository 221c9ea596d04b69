/// Rows of bytes as blocks and panels: where each byte lies, for kernel::multiply_bytes.
#pragma once

#include "arithmetic.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Rows of a block, columns of a panel, and bytes that are multiplied at once.
inline constexpr int byte_rows = 16, byte_columns = 16, byte_step = 64;

/// Sums of products of 127 and 255, an unsigned byte of some instructions, stay in 32 bits. The limit of all storages
/// that are seen from a mean.
inline constexpr idx_t most_byte_dim = 65536;

UNITSPHERE_INLINE idx_t padded_bytes(idx_t dim) noexcept { return ceil_div(dim, byte_step) * byte_step; }
/// Bytes of a row in a block: one an element, or the two of a bfloat16.
template <int Bits>
UNITSPHERE_INLINE idx_t padded_row_bytes(idx_t dim) noexcept {
    return padded_bytes(Bits == 16 ? 2 * dim : dim);
}

/// Where byte k of row r of a block is, and byte k of column c of a panel.
UNITSPHERE_INLINE idx_t byte_of_block(int r, idx_t k) noexcept {
    return k / byte_step * (byte_rows * byte_step) + r * byte_step + k % byte_step;
}
UNITSPHERE_INLINE idx_t byte_of_panel(int c, idx_t k) noexcept { return k / 4 * (byte_columns * 4) + c * 4 + k % 4; }

/// How far ahead panels are prefetched that come from memory: the hardware's prefetcher ends at each page. Zen 1, one
/// query and 100 MB of panels: 10.2 GB/s with 1 KiB, 11.6 with 8 KiB (search_bench, top10_compact: 17 -> 14.5 ms).
inline constexpr int panel_bytes_ahead = 8192;

/// What 4 bits, 0 to 15, are greater by than their byte; and 1 bit, 0 or 2.
template <int Bits>
inline constexpr int few_bits_offset = Bits == 4 ? 8 : 1;

/// `rows` rows of one block or of two, against one panel or more, one behind the other.
struct byte_operands {
    const std::int8_t* block;
    const std::int32_t* row_sums;  ///< of the bytes of each row: for instructions with unsigned columns
    const std::int8_t* panel;
    int rows, panels;
    idx_t dim;           ///< bytes of a row, padded
    std::int32_t* sums;  ///< of bfloat16 the bits of floats
    idx_t pitch;         ///< from one row of sums to the next; tiles write all 16 rows of a block
};

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
