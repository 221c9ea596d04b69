/// A gallery of 16, 8, 4 or 1 bits an element, and the scores of a query with single rows of it.
#pragma once

#include "../kernel/compact_bytes.hpp"
#include "byte_pass.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// The view of a compact gallery of `Bits` bits an element.
template <int Bits>
struct byte_view {
    using value_type = float;  ///< of scores

    const std::uint8_t* bytes;
    const kernel::compact_numbers* numbers;
    idx_t rows_, dim_;
    kernel::byte_space space;
    row_report seen;   ///< counted when the gallery took the rows
    double deviation;  ///< of the norms of rows that were unit before

    idx_t rows() const noexcept { return rows_; }
    idx_t dim() const noexcept { return dim_; }
    idx_t panels() const noexcept { return ceil_div(rows_, kernel::byte_columns); }
    idx_t panel_bytes() const noexcept {
        return kernel::compact_panel_bytes<Bits>(kernel::padded_row_bytes<Bits>(dim_));
    }
};
template <int Bits>
inline constexpr bool is_packed_view<byte_view<Bits>> = true;
template <int Bits>
inline constexpr bool has_elements<byte_view<Bits>> = false;

/// 16 scores; of a query without a direction 0 or NaN.
template <int Bits>
inline kernel::lanes<float> scores_of(const kernel::byte_query& query, const std::int32_t* sums,
                                      const kernel::compact_numbers& panel) noexcept {
    if (query.kind == kernel::row_kind::regular) return kernel::compact_scores<Bits>(sums, panel, query);
    const bool zero = query.kind == kernel::row_kind::zero;
    kernel::lanes<float> scores = kernel::broadcast(zero ? 0.0f : unitsphere::detail::quiet_nan());
    if (zero)  // with a row that is not finite: NaN
        scores = kernel::nan_where_nan(scores, kernel::load16(panel.from_mean));
    return scores;
}

/// The scores of one query with single rows, for short lists: its bytes are taken once. A row is multiplied with the 15
/// others of its panel, whose bytes lie in the same lines of memory.
template <int Bits>
class byte_scorer {
public:
    /// Two rows of floats, and one of bytes with its block, in `room`.
    static idx_t room_elements(const byte_view<Bits>& rows) noexcept {
        return 2 * rows.dim() + row_bytes(rows) / 4 * (1 + kernel::byte_rows);
    }
    template <class Row>
    byte_scorer(const Row& query, const byte_view<Bits>& rows, float* room) noexcept
        : rows_(rows), bytes_(reinterpret_cast<std::int8_t*>(room + 2 * rows.dim())), row_sum_() {
        query.copy(0, rows.dim(), room);
        query_ = pack_byte_row<query_bits, false>(room, rows.dim(), rows.space, {room + rows.dim(), bytes_}, 0, block(),
                                                  row_sum_);
    }
    /// The score of row i.
    float operator()(idx_t i) const noexcept {
        const idx_t panel = i / kernel::byte_columns;
        const int column = int(i % kernel::byte_columns);
        std::int32_t sums[sums_of_panel];
        multiply(rows_.bytes + panel * rows_.panel_bytes(), column, sums);
        float scores[kernel::lane_count];
        kernel::store16(scores, scores_of<Bits>(query_, sums, rows_.numbers[panel]));
        return scores[column];
    }

private:
    static constexpr int query_bits = Bits == 16 ? 16 : 8;
    /// Tiles write those of all rows of a block.
    static constexpr int sums_of_panel = kernel::byte_columns * kernel::byte_rows;

    static idx_t row_bytes(const byte_view<Bits>& rows) noexcept { return kernel::padded_row_bytes<Bits>(rows.dim()); }
    std::int8_t* block() const noexcept { return bytes_ + row_bytes(rows_); }
    /// The sums of a panel's columns, that of `column` at least.
    void multiply(const std::uint8_t* panel, int column, std::int32_t* sums) const noexcept {
        const idx_t padded = row_bytes(rows_);
        if constexpr (Bits >= 8) {
            const kernel::amx::configured_tiles tiles(kernel::takes_tiles<query_bits>(1));
            kernel::multiply_bytes<Bits>({block(), &row_sum_, reinterpret_cast<const std::int8_t*>(panel), 1, 1, padded,
                                          sums, kernel::byte_columns},
                                         bool(tiles));
        } else if constexpr (kernel::multiplies_few_bits) {
            kernel::multiply_compact_row<Bits>(panel, padded, block(), row_sum_, sums);
        } else {
            std::memset(sums, 0, sums_of_panel * sizeof(std::int32_t));
            for (idx_t k = 0; k < rows_.dim(); ++k)
                sums[column] += bytes_[k] * kernel::compact_byte<Bits>(panel, column, k);
        }
    }

    const byte_view<Bits>& rows_;
    std::int8_t* bytes_;
    std::int32_t row_sum_;
    kernel::byte_query query_;
};

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
