/// The consumer of top_k_rescored: candidates by the scores of one side, and their order by the rows of another.
#pragma once

#include "../kernel/select.hpp"
#include "tile_filter.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Where the rows of both passes lie by their ids; null where they go by their numbers.
struct ids_of_passes {
    const id_table *gallery, *rows;
};

/// Each worker has a heap of candidates for every query that is packed at once; they are merged when all strips of the
/// gallery have been seen. Then the candidates of a query are scored with the rows, and the k best are the result.
template <class Queries, class Rows>
class rescore_candidates : public engine::consumer_pool {
    using source = engine::row_source<typename Queries::value_type>;

public:
    rescore_candidates(const source& queries, const Rows& rows, const ids_of_passes& ids, idx_t candidates,
                       matrix_view<idx_t> indices, matrix_view<float> scores)
        : queries_(queries),
          rows_(rows, {}, "", ""),
          filter_({}, ids.gallery),
          ids_of_rows_(ids.rows),
          candidates_(candidates),
          indices_(indices),
          scores_(scores) {}

    void lay_out(engine::arena& memory, idx_t workers, idx_t rows) {
        workers_ = workers, pass_rows_ = rows;
        memory.add(filled_, workers, rows);
        memory.add(bounds_, workers, rows);
        memory.add(candidate_rows_, workers * rows, candidates_);
        memory.add(candidate_scores_, workers * rows, candidates_);
        memory.add(rooms_, workers, rows_.room_elements());
    }
    void rows_begin(idx_t first, idx_t) noexcept {
        first_ = first;
        for (idx_t i = 0; i < workers_ * pass_rows_; ++i) filled_[i] = 0, bounds_[i] = negative_infinity();
    }

    struct consumer : engine::score_consumer {
        rescore_candidates& all;
        idx_t worker;

        void tile(const engine::score_tile<>& tile) const noexcept {
            float room[tile_filter::most_columns];
            for (int r = 0; r < tile.rows; ++r) {
                const idx_t place = all.place(worker, tile.first_row + r);
                if (!kernel::any_reaches(tile.scores + r * tile.pitch, tile.columns, all.bounds_[place])) continue;
                kernel::best_list list = all.list(place);
                all.filter_.add_to(list, all.filter_.scores_of(tile, r, room), tile.columns, tile.first_column);
                all.filled_[place] = list.filled, all.bounds_[place] = list.bound();
            }
        }
        void rows_done(idx_t first, idx_t count) const noexcept {
            for (idx_t row = first; row < first + count; ++row) all.rescore(worker, row);
        }
    };
    consumer of(idx_t worker) noexcept { return {{}, *this, worker}; }

private:
    idx_t place(idx_t worker, idx_t row) const noexcept { return worker * pass_rows_ + row - first_; }
    kernel::best_list list(idx_t place) const noexcept {
        return {candidate_rows_ + place * candidates_, candidate_scores_ + place * candidates_, candidates_,
                filled_[place]};
    }
    /// Where a candidate lies among the rows of the second pass; -1 where it does not.
    idx_t row_of(idx_t found) const noexcept { return ids_of_rows_ == nullptr ? found : ids_of_rows_->row_of(found); }
    void rescore(idx_t worker, idx_t row) noexcept {
        kernel::best_list found = list(place(0, row));
        for (idx_t other = 1; other < workers_; ++other) found.add(list(place(other, row)));
        kernel::best_list best{indices_.row(row), scores_.row(row), scores_.columns()};
        row_report unused;
        const auto query = engine::unit_row(queries_, row, unused);
        idx_t next = found.filled > 0 ? row_of(found.indices[0]) : -1;
        for (idx_t n = 0; n < found.filled; ++n) {
            const idx_t now = next;
            next = n + 1 < found.filled ? row_of(found.indices[n + 1]) : -1;
            if (next >= 0) rows_.expect_row(next);
            if (now >= 0) best.add(rows_.score_with(query, now, rooms_.of(worker)), found.indices[n]);
        }
        best.sort();
    }

    const source& queries_;
    engine::gallery_side<Rows> rows_;
    tile_filter filter_;
    const id_table* ids_of_rows_;
    idx_t candidates_;
    matrix_view<idx_t> indices_;
    matrix_view<float> scores_;
    idx_t workers_ = 0, pass_rows_ = 0, first_ = 0;
    idx_t *filled_ = nullptr, *candidate_rows_ = nullptr;
    float *bounds_ = nullptr, *candidate_scores_ = nullptr;
    engine::worker_arrays<float> rooms_;
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
