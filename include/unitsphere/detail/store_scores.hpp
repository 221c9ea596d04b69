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

/// Consumer: out[i][j] = scores. Where a row of a tile has two lines (AVX-512), large results are written past the
/// caches: 4096 x 4096 takes .95 of the time (Zen 4, dim 512 and 768). Of one line it would take .99 with AVX2, 1.08
/// with SSE2.
template <class C>
struct store_scores : store_tiles<C> {
    static constexpr bool has_matrix = true;

    explicit store_scores(const matrix_view<C>& scores) noexcept : store_tiles<C>{{}, scores} {
        if constexpr (may_stream)
            streams_ = engine::is_past_caches(scores.data(), scores.rows(), scores.dim(), scores.stride());
    }

    bool stores_in_place() const noexcept { return !streams_; }
    void expect(idx_t row, int rows, idx_t column, int columns) const noexcept {
        if (!streams_) store_tiles<C>::expect(row, rows, column, columns);
    }
    void tile(const engine::score_tile<C>& tile) const noexcept {
        if constexpr (may_stream)
            if (streams_ && tile.columns == whole) {
                for (int r = 0; r < tile.rows; ++r)
                    kernel::stream_many(this->out.row(tile.first_row + r) + tile.first_column,
                                        kernel::load_many<whole>(tile.scores + r * tile.pitch));
                return kernel::finish_streams();
            }
        tile.store(C(1), this->out);
    }

private:
    static constexpr int whole = kernel::block<C>::columns;
    static constexpr bool may_stream = std::is_same_v<C, float> && whole * sizeof(C) > 64;

    bool streams_ = false;
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
