/// Products of bytes by AMX, where the build has it: tiles of 16 rows of 64 bytes, 16384 products an instruction. Of
/// bfloat16, two bytes each, half as many.
///
/// The operating system lends the tiles' registers to a process that asks for them; where it refuses, or the build has
/// no AMX, available() is false and vectors multiply instead: the same integers, and floats of other roundings.
///
/// Source   Intel Architecture Instruction Set Extensions Programming Reference, chapter 3; Linux, x86/xstate.
#pragma once

#include "byte_blocks.hpp"

#if defined(__AMX_INT8__) && defined(__AMX_TILE__) && defined(__linux__) && !defined(UNITSPHERE_PORTABLE)
#define UNITSPHERE_HAS_AMX
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Up to how many rows a product by vectors takes less time than the 16 rows of a tile of AMX. Chosen.
inline constexpr int most_vector_rows = 3;
/// Whether a thread that has configured AMX's tiles multiplies rows by them: bfloat16 always, since vectors would round
/// otherwise.
template <int Bits>
constexpr bool takes_tiles(idx_t rows) noexcept {
#if defined(__AMX_BF16__)
    return Bits == 16 || rows > most_vector_rows;
#else
    return Bits != 16 && rows > most_vector_rows;
#endif
}

namespace amx {

#if defined(UNITSPHERE_HAS_AMX)

/// Whether this process may use the tiles; asks for them once, when a search first needs them. From then on Linux wants
/// alternate signal stacks (sigaltstack) of more than 11 KiB in this process.
inline bool available() noexcept {
    constexpr long request_permission = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    static const bool granted = ::syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
    return granted;
}

/// The tiles of this thread are configured while it lives: 8 of 16 rows of 64 bytes. What they were before comes back:
/// a consumer may be a caller's function, which searches too. No tile holds numbers meanwhile.
class configured_tiles {
public:
    explicit configured_tiles(bool wanted) noexcept : configured_(wanted && available()) {
        if (!configured_) return;
        tile_settings settings = {};
        _tile_storeconfig(&before_);
        asm volatile("" : : "r"(&before_) : "memory");
        settings.palette = 1;
        for (int tile = 0; tile < 8; ++tile) settings.row_bytes[tile] = byte_step, settings.rows[tile] = byte_rows;
        asm volatile("" : : "r"(&settings) : "memory");  // gcc 12 does not know that the instruction reads all of it
        _tile_loadconfig(&settings);
    }
    configured_tiles(const configured_tiles&) = delete;
    configured_tiles& operator=(const configured_tiles&) = delete;
    ~configured_tiles() {
        if (!configured_) return;
        asm volatile("" : : "r"(&before_) : "memory");
        if (before_.palette == 0)
            _tile_release();
        else
            _tile_loadconfig(&before_);
    }
    explicit operator bool() const noexcept { return configured_; }

private:
    struct alignas(64) tile_settings {
        std::uint8_t palette, start_row, reserved[14];
        std::uint16_t row_bytes[16];
        std::uint8_t rows[16];
    };
    static_assert(sizeof(tile_settings) == 64, "as the instruction reads it");

    bool configured_;
    tile_settings before_ = {};
};

// A tile's number is a literal.
#if defined(__AMX_BF16__)
#define UNITSPHERE_ADD_TILE_PRODUCTS(sums, rows, columns) \
    if constexpr (Bits == 16)                             \
        _tile_dpbf16ps(sums, rows, columns);              \
    else                                                  \
        _tile_dpbssd(sums, rows, columns)
#else
#define UNITSPHERE_ADD_TILE_PRODUCTS(sums, rows, columns) _tile_dpbssd(sums, rows, columns)
#endif

/// Blocks x Panels tiles of sums, 16 x 16 each: tiles 0 .. 3; 4 and 5 hold rows, 6 and 7 columns.
template <int Bits, bool TwoBlocks, bool TwoPanels>
inline void multiply_tiles(const byte_operands& x, int panel) noexcept {
    constexpr idx_t tile_bytes = byte_rows * byte_step, row_bytes = byte_step;
    const std::int8_t *a = x.block, *a_end = a + x.dim * byte_rows, *a1 = a_end;
    const std::int8_t *b = x.panel + panel * x.dim * byte_columns, *b1 = b + x.dim * byte_columns;
    asm volatile("" : : : "memory");  // nor that tiles are loaded from memory
    _tile_zero(0);
    if constexpr (TwoPanels) _tile_zero(1);
    if constexpr (TwoBlocks) _tile_zero(2);
    if constexpr (TwoBlocks && TwoPanels) _tile_zero(3);
    for (; a != a_end; a += tile_bytes, a1 += tile_bytes, b += tile_bytes, b1 += tile_bytes) {
        _tile_loadd(6, b, row_bytes);
        _tile_loadd(4, a, row_bytes);
        UNITSPHERE_ADD_TILE_PRODUCTS(0, 4, 6);
        if constexpr (TwoBlocks) {
            _tile_loadd(5, a1, row_bytes);
            UNITSPHERE_ADD_TILE_PRODUCTS(2, 5, 6);
        }
        if constexpr (TwoPanels) {
            _tile_loadd(7, b1, row_bytes);
            UNITSPHERE_ADD_TILE_PRODUCTS(1, 4, 7);
            if constexpr (TwoBlocks) {
                UNITSPHERE_ADD_TILE_PRODUCTS(3, 5, 7);
            }
        }
    }
    const idx_t pitch_bytes = x.pitch * 4;
    std::int32_t* const sums = x.sums + panel * byte_columns;
    _tile_stored(0, sums, pitch_bytes);
    if constexpr (TwoPanels) _tile_stored(1, sums + byte_columns, pitch_bytes);
    if constexpr (TwoBlocks) _tile_stored(2, sums + byte_rows * x.pitch, pitch_bytes);
    if constexpr (TwoBlocks && TwoPanels) _tile_stored(3, sums + byte_rows * x.pitch + byte_columns, pitch_bytes);
}

#undef UNITSPHERE_ADD_TILE_PRODUCTS

template <int Bits, bool TwoBlocks>
inline void multiply_panels(const byte_operands& x) noexcept {
    int panel = 0;
    for (; panel + 2 <= x.panels; panel += 2) multiply_tiles<Bits, TwoBlocks, true>(x, panel);
    if (panel < x.panels) multiply_tiles<Bits, TwoBlocks, false>(x, panel);
}

/// The products of one block or two, all 16 rows of each, by a thread whose tiles are configured.
template <int Bits>
inline void multiply(const byte_operands& x) noexcept {
    if (x.rows > byte_rows)
        multiply_panels<Bits, true>(x);
    else
        multiply_panels<Bits, false>(x);
}

#else

inline bool available() noexcept { return false; }

class configured_tiles {
public:
    explicit configured_tiles(bool) noexcept {}
    explicit operator bool() const noexcept { return false; }
};

template <int Bits>
inline void multiply(const byte_operands&) noexcept {}

#endif

}  // namespace amx
}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
