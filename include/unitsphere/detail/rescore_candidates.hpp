/// The consumer of top_k_rescored: candidates by the scores of one side, and their order by the rows of another.
#pragma once

#include "../kernel/select.hpp"
#include "fetched_rows.hpp"
#include "tile_filter.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Where the rows of both passes lie by their ids; null where they go by their numbers.
struct ids_of_passes {
    const id_table *gallery, *rows;
};

/// The rows of the second pass, which are there.
template <class Rows>
class rows_to_rescore {
public:
    explicit rows_to_rescore(const Rows& rows) : rows_(rows, {}, "", "") {}

    void lay_out(engine::arena& memory, idx_t workers, idx_t, const matrix_view<float>&) {
        memory.add(rooms_, workers, rows_.room_elements());
    }
    void begin() const noexcept {}
    /// Where the best of a query are collected.
    kernel::best_list best_of(idx_t row, const matrix_view<idx_t>& indices,
                              const matrix_view<float>& scores) const noexcept {
        return {indices.row(row), scores.row(row), scores.columns()};
    }
    /// Scores the candidates of a list, whose rows are row_of(candidate).
    template <class Query, class RowOf>
    void add_to(kernel::best_list& best, const Query& query, const kernel::best_list& found, idx_t worker,
                RowOf&& row_of) const noexcept {
        if (found.filled == 0) return;
        const auto score_of = rows_.scores_with(query, rooms_.of(worker));
        idx_t next = row_of(found.indices[0]);
        for (idx_t n = 0; n < found.filled; ++n) {
            const idx_t now = next;
            next = n + 1 < found.filled ? row_of(found.indices[n + 1]) : -1;
            if (next >= 0) rows_.expect_row(next);
            if (now >= 0) best.add(score_of(now), found.indices[n]);
        }
    }
    void done(idx_t, const matrix_view<idx_t>&, const matrix_view<float>&) const noexcept {}

private:
    engine::gallery_side<Rows> rows_;
    engine::worker_arrays<float> rooms_;
};

/// Those that a function fetches: it may throw, so the best are kept apart until it was called for every query.
template <class T>
class rows_to_rescore<fetched_view<T>> {
public:
    explicit rows_to_rescore(const fetched_view<T>& rows) noexcept : rows_(rows) {}

    void lay_out(engine::arena& memory, idx_t workers, idx_t candidates, const matrix_view<float>& scores) {
        memory.add(rooms_, workers, candidates * rows_.dim());
        memory.add(indices_, scores.rows(), scores.columns());
        memory.add(scores_, scores.rows(), scores.columns());
    }
    void begin() noexcept { done_ = 0; }
    kernel::best_list best_of(idx_t row, const matrix_view<idx_t>&, const matrix_view<float>& scores) const noexcept {
        const idx_t k = scores.columns();
        return {indices_ + row * k, scores_ + row * k, k};
    }
    template <class Query, class RowOf>
    void add_to(kernel::best_list& best, const Query& query, kernel::best_list& found, idx_t worker, RowOf&&) const {
        const idx_t count = found.filled;
        found.sort();
        const auto rows = rows_.fetch(found.indices, count, rooms_.of(worker));
        const auto score_of = rows.scores_with(query, nullptr);
        for (idx_t n = 0; n < count; ++n) best.add(score_of(n), found.indices[n]);
    }
    /// `count` more queries have their best: the last ones are followed by writing all of them.
    void done(idx_t count, const matrix_view<idx_t>& indices, const matrix_view<float>& scores) noexcept {
        const idx_t k = scores.columns();
        if (__atomic_add_fetch(&done_, count, __ATOMIC_ACQ_REL) < scores.rows()) return;
        for (idx_t i = 0; i < scores.rows(); ++i)
            for (idx_t n = 0; n < k; ++n) indices(i, n) = indices_[i * k + n], scores(i, n) = scores_[i * k + n];
    }

private:
    fetched_view<T> rows_;
    engine::worker_arrays<T> rooms_;
    idx_t *indices_ = nullptr, done_ = 0;
    float* scores_ = nullptr;
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
          rows_(rows),
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
        rows_.lay_out(memory, workers, candidates_, scores_);
    }
    void begin() noexcept { rows_.begin(); }
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
        void rows_done(idx_t first, idx_t count) const {
            for (idx_t row = first; row < first + count; ++row) all.rescore(worker, row);
            all.rows_.done(count, all.indices_, all.scores_);
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
    void rescore(idx_t worker, idx_t row) {
        kernel::best_list found = list(place(0, row));
        for (idx_t other = 1; other < workers_; ++other) found.add(list(place(other, row)));
        kernel::best_list best = rows_.best_of(row, indices_, scores_);
        row_report unused;
        rows_.add_to(best, engine::unit_row(queries_, row, unused), found, worker,
                     [this](idx_t candidate) { return row_of(candidate); });
        best.sort();
    }

    const source& queries_;
    rows_to_rescore<Rows> rows_;
    tile_filter filter_;
    const id_table* ids_of_rows_;
    idx_t candidates_;
    matrix_view<idx_t> indices_;
    matrix_view<float> scores_;
    idx_t workers_ = 0, pass_rows_ = 0, first_ = 0;
    idx_t *filled_ = nullptr, *candidate_rows_ = nullptr;
    float *bounds_ = nullptr, *candidate_scores_ = nullptr;
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
