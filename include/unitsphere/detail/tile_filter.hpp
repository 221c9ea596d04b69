/// What a row_filter leaves of the scores that the consumers of searches see.
#pragma once

#include "../data/row_filter.hpp"
#include "../engine/consumer.hpp"
#include "../engine/score_listed.hpp"
#include "id_table.hpp"
#include "sides.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The mask and exclude_self of a row_filter, for consumers: a score that may not be found becomes NaN, which no search
/// finds. Lists of allowed rows are the business of engine::score_listed. `table` is null where rows have no ids.
class tile_filter {
public:
    static constexpr int most_columns = 2 * kernel::lane_count;

    tile_filter(const row_filter& filter, const id_table* table) noexcept : filter_(filter), table_(table) {}

    /// Whether one of these gallery rows is set in the mask.
    bool wants(idx_t first_column, idx_t columns) const noexcept {
        return !filter_.mask.is_given() || filter_.mask.any(first_column, columns);
    }
    /// The scores of row r of a tile, or a copy of them in `room` without those that may not be found.
    const float* scores_of(const engine::score_tile<>& tile, int r, float* room) const noexcept {
        const float* const scores = tile.scores + r * tile.pitch;
        const idx_t self = self_of(tile.first_row + r) - tile.first_column;
        const bool has_self = self >= 0 && self < tile.columns;
        if (!filter_.mask.is_given() && !has_self && table_ == nullptr) return scores;
        for (int c = 0; c < tile.columns; ++c) room[c] = may_find(tile.first_column + c) ? scores[c] : quiet_nan();
        if (has_self) room[self] = quiet_nan();
        return room;
    }
    /// Adds scores of gallery rows first_column, .. to a list, under their ids where they have any.
    void add_to(kernel::best_list& list, const float* scores, int columns, idx_t first_column) const noexcept {
        if (table_ == nullptr) return list.add_row(scores, columns, first_column);
        for (int c = 0; c < columns; ++c) list.add(scores[c], table_->ids()[first_column + c]);
    }
    /// What a search calls a gallery row.
    idx_t id_of(idx_t column) const noexcept { return table_ == nullptr ? column : table_->ids()[column]; }

private:
    bool may_find(idx_t column) const noexcept {
        return (!filter_.mask.is_given() || filter_.mask[column]) && id_of(column) != id_table::hole;
    }
    idx_t self_of(idx_t query) const noexcept {
        if (!filter_.exclude_self) return -1;
        if (filter_.query_rows.rows() == 0) return filter_.first_query + query;
        const idx_t row = filter_.query_rows(0, query);
        return table_ == nullptr ? row : table_->row_of(row);
    }

    row_filter filter_;
    const id_table* table_;
};

/// Refuses an output in memory that a filter reads.
template <class T>
void require_apart_from_filter(const char* function, const char* name, const matrix_view<T>& out,
                               const row_filter& filter) {
    require_apart(function, name, out, "allowed", filter.allowed);
    require_apart(function, name, out, "query_rows", filter.query_rows);
    if (!filter.mask.is_given()) return;
    const matrix_view<const std::uint8_t> bits(filter.mask.data(), 1, (filter.mask.rows() + 7) / 8);
    require_apart(function, name, out, "the mask", bits);
}

/// `rows` are those of the mask, the holes of a keyed gallery included.
inline void require_filter(const char* function, const row_filter& filter, idx_t queries, idx_t rows,
                           const id_table* table) {
    if (filter.mask.is_given() && filter.mask.rows() != rows)
        fail<shape_error>(function, ": the mask has ", filter.mask.rows(), " bits, the gallery has ", rows, " rows");
    const matrix_view<const idx_t>&selves = filter.query_rows, &lists = filter.allowed;
    const auto require_numbers = [&](const char* what, const row_view<const idx_t>& list, idx_t query) {
        for (idx_t n = 0; table == nullptr && n < idx_t(list.size()); ++n)
            if (list[n] >= rows)
                fail<value_error>(function, ": ", what, list[n], " of query ", query < 0 ? n : query,
                                  ", the gallery has ", rows, " rows");
    };
    if (!filter.exclude_self && (selves.rows() > 0 || filter.first_query != 0))
        fail<value_error>(function, ": ", selves.rows() > 0 ? "query_rows" : "first_query",
                          " is given without exclude_self");
    if (filter.exclude_self && selves.rows() > 0) {
        if (selves.rows() != 1 || selves.columns() != queries)
            fail<shape_error>(function, ": query_rows has ", selves.rows() * selves.columns(), " numbers, there are ",
                              queries, " queries");
        require_numbers("row ", selves[0], -1);
    } else if (filter.exclude_self) {
        if (table != nullptr)
            fail<value_error>(function, ": exclude_self needs query_rows, the ids of the ", queries, " queries");
        if (filter.first_query < 0 || filter.first_query > rows - queries)
            fail<shape_error>(function, ": exclude_self: ", queries, " queries from row ", filter.first_query,
                              " on are not all among the ", rows, " rows of the gallery");
    }
    if (lists.rows() > 0 && lists.rows() != queries)
        fail<shape_error>(function, ": allowed has ", lists.rows(), " rows, there are ", queries, " queries");
    for (idx_t i = 0; i < lists.rows(); ++i) require_numbers("allowed row ", lists[i], i);
}

/// Every score that a search asks for, to its consumers. With a filter rows of the gallery are not read: a report of
/// them is counted by itself.
template <class Queries, class Gallery, class Consumers>
void search_rows(const execution& how, const side_names& names, const Queries& queries, const Gallery& gallery,
                 const row_policy& query_policy, const row_policy& gallery_policy, const row_filter& filter,
                 const id_table* table, Consumers&& consumers, bool scale_unit_rows = false) {
    engine::query_side<Queries> query_source(queries, query_policy, names.function, names.query_row);
    engine::gallery_side<Gallery> side(gallery, gallery_policy, names.function, names.gallery_row);
    if (scale_unit_rows) query_source.scale_unit_rows(), side.scale_unit_rows();
    if (filter.allowed.rows() > 0)
        engine::score_listed(
            how, query_source, side, filter.allowed,
            [table](idx_t id) { return table == nullptr ? id : table->row_of(id); }, consumers);
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
