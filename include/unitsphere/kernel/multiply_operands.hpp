/// What the multiply kernel is given: the shape of its blocks, panels, prefetches and operands.
#pragma once

#include "lanes.hpp"

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

/// What products with elements of a panel are computed in: 16-bit elements are widened to float.
template <class S>
using computed_type = std::conditional_t<sizeof(S) == 2, float, S>;
/// Elements of a panel that its columns' factors take, for each column.
template <class S>
inline constexpr int factor_elements = sizeof(S) == 2 ? int(sizeof(float) / sizeof(S)) : 0;
/// A panel's factors, and its elements behind them.
template <class S>
UNITSPHERE_INLINE const float* factors_of_panel(const S* panel) noexcept {
    return reinterpret_cast<const float*>(panel);
}
template <class S>
UNITSPHERE_INLINE S* elements_of_panel(S* panel, int width) noexcept {
    return panel + factor_elements<std::remove_const_t<S>> * width;
}

/// Whether some of a panel's columns can be computed alone. Doubles are too rare to be worth the code.
template <class C>
inline constexpr bool computes_parts = std::is_same_v<C, float>;

/// Memory to prefetch into L2 while a block is computed: `bytes` of it in each of the dim steps, of which prefetch()
/// takes at most two lines a turn (of four steps: four). It need not be mapped.
struct prefetch_steps {
    const char* at;
    idx_t bytes;

    prefetch_steps from_step(idx_t k) const noexcept { return {at + k * bytes, bytes}; }
    /// Those of `count` steps, at least one line: cheaper than a branch.
    UNITSPHERE_INLINE void prefetch(int step, int count) const noexcept {
        const char* const line = at + step * bytes;
        prefetch_into_l2(line);
        if (count * bytes <= 64) return;
        prefetch_into_l2(line + 64);
        if (count == 4 && 4 * bytes > 128) prefetch_into_l2(line + 128), prefetch_into_l2(line + 192);
    }
    /// All lines of `count` steps.
    void prefetch_all(idx_t step, int count) const noexcept {
        for (const char *line = at + step * bytes, *const end = line + count * bytes; line < end; line += 64)
            prefetch_into_l2(line);
    }
};

/// One product of packed rows with a packed panel, of elements of C or 16-bit ones.
template <class C, class S = C>
struct multiply_operands {
    const C* a;       ///< a block of rows: [dim / 128][block rows][128]
    const S* b;       ///< a panel of columns: [dim][width]
    int rows, width;  ///< 1 .. block<C>::rows; 16 or block<C>::columns
    idx_t dim;
    C* out;                              ///< rows of `columns` elements, rounded up to 16 (doubles: of `width`)
    idx_t pitch;                         ///< elements from one row of `out` to the next
    prefetch_steps next = {nullptr, 0};  ///< null: nothing
    bool accumulate = false;             ///< adds to `out`, unclamped, instead of replacing it with clamped scores
    /// The wanted columns of the panel, as if they were all: column `first`, 0 or half of the width, goes to out[0]. No
    /// more registers than those that hold them are computed. Doubles: all columns, first = 0.
    int first = 0, columns = block<C>::columns;

    /// The operands of the rows from `row` on. Made member by member: a copy of the struct as a whole would be a vector
    /// load of what was just stored in smaller pieces, and wait for it (30 ns where there is one score).
    UNITSPHERE_INLINE multiply_operands from_row(int row) const noexcept {
        const prefetch_steps none = {reinterpret_cast<const char*>(a), 0};  // a line that is read anyway
        return {a + row * chain_length,           b,          rows - row, width,  dim, out + row * pitch, pitch,
                next.at != nullptr ? next : none, accumulate, first,      columns};
    }
};

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
