/// Consumers that write scores, or logits made of them, to their places in the result.
#pragma once

#include "../engine/consumer.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Prefetches the places of a tile in `out` while the tile is made.
template <class C>
struct store_tiles : engine::score_consumer {
    matrix_view<C> out;

    void expect(idx_t row, int rows, idx_t column, int columns) const noexcept {
        engine::expect_tile(out, row, rows, column, columns);
    }
};

/// Consumer: out[i][j] = scores.
template <class C>
struct store_scores : store_tiles<C> {
    static constexpr bool stores_in_place = true;

    void tile(const engine::score_tile<C>& tile) const noexcept { tile.store(C(1), this->out); }
};

/// Consumer: out[i][j] = scale * score, and the same at out_transposed[j][i] unless that is empty.
struct store_logits : store_tiles<float> {
    float scale;
    matrix_view<float> out_transposed;

    void tile(const engine::score_tile<>& tile) const noexcept {
        tile.store(scale, out);
        if (out_transposed.rows() == 0) return;  // left out; an empty view may have an address
        for (idx_t c = 0; c < tile.columns; ++c) {
            float* const row = out_transposed.row(tile.first_column + c) + tile.first_row;
            for (int r = 0; r < tile.rows; ++r) row[r] = out(tile.first_row + r, tile.first_column + c);
        }
    }
};

/// Consumer: out[i][j] = scale * score + bias.
struct store_biased_logits : store_tiles<float> {
    float scale, bias;

    void tile(const engine::score_tile<>& tile) const noexcept { tile.store(scale, bias, out); }
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
