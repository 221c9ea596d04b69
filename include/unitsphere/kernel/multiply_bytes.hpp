/// Products of blocks of rows with panels of columns in 8 bits: exact integers, the same on every machine. And of
/// bfloat16, two bytes each: sums of floats, as the machine's own products make them.
///
///   block    [dim / 64][16 rows][64]     signed                 rows and panels end in zero bytes to a multiple of 64
///   panel    [dim / 4][16 columns][4]    signed; of 4 bits or fewer unsigned where adds_few_bits_in_16
///   sums[r][c] = <row r, column c>
///
/// Both layouts are those of AMX's tiles (16 rows of 64 bytes), of the four-byte products of VNNI and NEON, and of
/// AVX512_BF16's products of two.
#pragma once

#include "lanes_amx.hpp"
#include "lanes_bfloat16.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// sum[r][p] += the products of column[p] with four bytes of row r of a block.
template <class Products, int Rows, int Parts>
UNITSPHERE_INLINE void add_byte_products(const std::int8_t* block, const typename Products::bytes (&column)[Parts],
                                         typename Products::sums (&sum)[Rows][Parts]) noexcept {
    unroll<Rows>([&](int r) UNITSPHERE_LAMBDA {
        std::int32_t four;
        std::memcpy(&four, block + r * byte_step, 4);
        const typename Products::row q = Products::spread(four);
        unroll<Parts>([&](int p) UNITSPHERE_LAMBDA { sum[r][p] = Products::add(sum[r][p], column[p], q); });
    });
}

/// Rows row .. row + Rows - 1 of a block against Panels panels.
template <class Products, int Rows, int Panels>
UNITSPHERE_INLINE void multiply_bytes_of(const byte_operands& x, int row, int first_panel) noexcept {
    constexpr int parts = byte_columns / Products::columns;
    const idx_t panel_bytes = x.dim * byte_columns;
    const std::int8_t* block = x.block + byte_of_block(row, 0);
    const std::int8_t* panel = x.panel + first_panel * panel_bytes;
    typename Products::sums sum[Rows][Panels * parts];
    unroll<Rows>([&](int r) UNITSPHERE_LAMBDA {
        unroll<Panels * parts>([&](int p) UNITSPHERE_LAMBDA { sum[r][p] = Products::start(x.row_sums[row + r]); });
    });
    for (idx_t k = 0; k < x.dim; k += byte_step, block += (byte_rows - 1) * byte_step)
        for (const auto* end = uncounted(block + byte_step); block != end; block += 4, panel += 4 * byte_columns) {
            typename Products::bytes column[Panels * parts];
            if constexpr (Rows == 1)  // one query waits for memory
                unroll<Panels>([&](int p) UNITSPHERE_LAMBDA { prefetch(panel + p * panel_bytes + panel_bytes_ahead); });
            unroll<Panels * parts>([&](int p) UNITSPHERE_LAMBDA {
                column[p] = Products::load(panel + p / parts * panel_bytes + p % parts * (4 * Products::columns));
            });
            add_byte_products<Products>(block, column, sum);
        }
    unroll<Rows>([&](int r) UNITSPHERE_LAMBDA {
        unroll<Panels * parts>([&](int p) UNITSPHERE_LAMBDA {
            Products::store(x.sums + (row + r) * x.pitch + first_panel * byte_columns + p * Products::columns,
                            sum[r][p]);
        });
    });
}

/// The register tile: 8 rows x 3 panels of one register, or 8 x 2 where columns are widened; 4 x 1 where 16 columns are
/// two registers, 2 x 1 for four.
template <class Products>
inline constexpr int byte_tile_rows = Products::registers == 1   ? 8
                                      : Products::registers == 2 ? 4
                                                                 : 2;
template <class Products>
inline constexpr int byte_tile_panels = Products::registers > 1                               ? 1
                                        : sizeof(typename Products::bytes) > byte_columns * 4 ? 2
                                                                                              : 3;

/// multiply(count, first row) for the rows of a block: those of a register tile, then one by one.
template <class Products, class Multiply>
UNITSPHERE_INLINE void for_rows_of_tiles(int rows, Multiply&& multiply) noexcept {
    constexpr int some = byte_tile_rows<Products>;
    int row = 0;
    for (; row + some <= rows; row += some) multiply(std::integral_constant<int, some>(), row);
    for (; row < rows; ++row) multiply(std::integral_constant<int, 1>(), row);
}

/// One block, by vectors.
template <class Products>
inline void multiply_bytes_by_vectors(const byte_operands& x) noexcept {
    constexpr int some = byte_tile_panels<Products>;
    int panel = 0;
    for (; panel + some <= x.panels; panel += some)
        for_rows_of_tiles<Products>(x.rows, [&](auto count, int row) UNITSPHERE_LAMBDA {
            multiply_bytes_of<Products, count, some>(x, row, panel);
        });
    if constexpr (some > 1)
        for (; panel < x.panels; ++panel)
            for_rows_of_tiles<Products>(x.rows, [&](auto count, int row) UNITSPHERE_LAMBDA {
                multiply_bytes_of<Products, count, 1>(x, row, panel);
            });
}

/// Rows row .. row + Rows - 1 of a block against a panel whose bytes are unsigned, of 4 bits or fewer: sums of 16 bits
/// in registers, which those of 32 in memory take before they overflow. `Products` is few_bit_products, whose members
/// not every machine has.
template <int Bits, int Rows, class Products>
UNITSPHERE_INLINE void multiply_few_bits_of(const byte_operands& x, int row, int panel) noexcept {
    constexpr int columns = Products::columns, parts = byte_columns / columns, step = 4 * most_few_bit_adds<Bits>;
    static_assert(byte_step % step == 0, "a step lies in one line of the block");
    const std::int8_t* bytes = x.panel + panel * (x.dim * byte_columns);
    std::int32_t* const sums = x.sums + row * x.pitch + panel * byte_columns;
    for (idx_t k = 0; k < x.dim; k += step) {
        const std::int8_t* block = x.block + byte_of_block(row, k);
        typename Products::sums sum[Rows][parts] = {};
        for (const auto* end = uncounted(block + step); block != end; block += 4, bytes += 4 * byte_columns) {
            typename Products::bytes column[parts];
            unroll<parts>([&](int p) UNITSPHERE_LAMBDA { column[p] = Products::load(bytes + p * 4 * columns); });
            add_byte_products<Products>(block, column, sum);
        }
        unroll<Rows * parts>([&](int i) UNITSPHERE_LAMBDA {
            Products::add_to(sums + i / parts * x.pitch + i % parts * columns, sum[i / parts][i % parts]);
        });
    }
}

/// One block against panels of 4 bits or fewer, which widen_compact_panel has made bytes, one after the other.
template <int Bits, class Products = few_bit_products>
inline void multiply_few_bits(const byte_operands& x) noexcept {
    for (int r = 0; r < x.rows; ++r)
        for (int c = 0; c < x.panels * byte_columns; c += Products::columns)
            Products::fill(x.sums + r * x.pitch + c, -few_bits_offset<Bits> * x.row_sums[r]);
    for (int panel = 0; panel < x.panels; ++panel)
        for_rows_of_tiles<byte_products>(x.rows, [&](auto count, int row) UNITSPHERE_LAMBDA {
            multiply_few_bits_of<Bits, count, Products>(x, row, panel);
        });
}

/// sums[r][c] for up to 32 rows, of two blocks, and all panels, whose elements have `Bits`. `tiles`: this thread has
/// configured AMX's.
template <int Bits>
UNITSPHERE_NOINLINE inline void multiply_bytes(const byte_operands& x, bool tiles) noexcept {
    if (tiles && takes_tiles<Bits>(x.rows)) return amx::multiply<Bits>(x);
    for (int done = 0; done < x.rows; done += byte_rows) {
        byte_operands some = x;
        some.block += done / byte_rows * (x.dim * byte_rows), some.row_sums += done;
        some.sums += done * x.pitch, some.rows = minimum(x.rows - done, byte_rows);
        if constexpr (Bits < 8 && adds_few_bits_in_16)
            multiply_few_bits<Bits>(some);
        else
            multiply_bytes_by_vectors<std::conditional_t<Bits == 16, bfloat16_products, byte_products>>(some);
    }
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
