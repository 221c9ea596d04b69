/// What a row_filter leaves of the scores that the consumers of searches see.
#pragma once

#include "../data/row_filter.hpp"
#include "../engine/consumer.hpp"
#include "../engine/score_listed.hpp"
#include "sides.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The mask and exclude_self of a row_filter, for consumers: a score that may not be found becomes NaN, which no search
/// finds. Lists of allowed rows are the business of engine::score_listed.
class tile_filter {
public:
    static constexpr int most_columns = 2 * kernel::lane_count;

    explicit tile_filter(const row_filter& filter) noexcept
        : mask_(filter.mask), excluded_(filter.exclude_self ? filter.first_query : -PTRDIFF_MAX / 2) {}

    /// Whether one of these gallery rows is set in the mask.
    bool wants(idx_t first_column, idx_t columns) const noexcept {
        return !mask_.is_given() || mask_.any(first_column, columns);
    }
    /// The scores of row r of a tile, or a copy of them in `room` without those that may not be found.
    const float* scores_of(const engine::score_tile<>& tile, int r, float* room) const noexcept {
        const float* const scores = tile.scores + r * tile.pitch;
        const idx_t self = excluded_ + tile.first_row + r - tile.first_column;
        const bool has_self = self >= 0 && self < tile.columns;
        if (!mask_.is_given() && !has_self) return scores;
        for (int c = 0; c < tile.columns; ++c)
            room[c] = mask_.is_given() && !mask_[tile.first_column + c] ? quiet_nan() : scores[c];
        if (has_self) room[self] = quiet_nan();
        return room;
    }

private:
    row_mask_view mask_;
    idx_t excluded_;  ///< query i does not find row excluded_ + i
};

inline void require_filter(const char* function, const row_filter& filter, idx_t queries, idx_t rows) {
    if (filter.mask.is_given() && filter.mask.rows() != rows)
        fail<shape_error>(function, ": the mask has ", filter.mask.rows(), " bits, the gallery has ", rows, " rows");
    if (filter.exclude_self && (filter.first_query < 0 || filter.first_query > rows - queries))
        fail<shape_error>(function, ": exclude_self: ", queries, " queries from row ", filter.first_query,
                          " on are not all among the ", rows, " rows of the gallery");
    const matrix_view<const idx_t>& lists = filter.allowed;
    if (lists.rows() == 0) return;
    if (lists.rows() != queries)
        fail<shape_error>(function, ": allowed has ", lists.rows(), " rows, there are ", queries, " queries");
    for (idx_t i = 0; i < queries; ++i)
        for (const idx_t row : lists[i])
            if (row >= rows)
                fail<value_error>(function, ": allowed row ", row, " of query ", i, ", the gallery has ", rows,
                                  " rows");
}

/// Every score that a search asks for, to its consumers. With a filter rows of the gallery are not read: a report of
/// them is counted by itself.
template <class Queries, class Gallery, class Consumers>
void search_rows(const execution& how, const side_names& names, const Queries& queries, const Gallery& gallery,
                 const row_policy& query_policy, const row_policy& gallery_policy, const row_filter& filter,
                 Consumers&& consumers, bool scale_unit_rows = false) {
    engine::row_source query_source(queries, query_policy, names.function, names.query_row);
    engine::gallery_side<Gallery> side(gallery, gallery_policy, names.function, names.gallery_row);
    if (scale_unit_rows) query_source.scale_unit_rows(), side.scale_unit_rows();
    if (filter.allowed.rows() > 0)
        engine::score_listed(how, query_source, side, filter.allowed, consumers);
    else
        engine::score<float, engine::tile_order::by_strips>(how, query_source, side, consumers);
    query_source.report();
    side.report();
    if (gallery_policy.report == nullptr || (!filter.mask.is_given() && filter.allowed.rows() == 0)) return;
    engine::gallery_side<Gallery> all(gallery, {on_row::keep, on_row::nan, gallery_policy.report}, names.function,
                                      names.gallery_row);
    all.count_rows();
    all.report();
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
