/// The consumer of top_k: the k best gallery rows of each query.
#pragma once

#include "../engine/consumer.hpp"
#include "../kernel/select.hpp"
#include "rescore.hpp"
#include "tile_filter.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

template <class Gallery>
void require_rescorable(const Gallery&, bool rescore, const char* function) {
    if (!engine::has_elements<Gallery> && rescore)
        fail<value_error>(function,
                          ": rows that are seen from a mean have no cosines in double; give top_k_rescored the rows");
}

/// Consumers that keep the k best of each query: each worker has a heap for every query that is packed at once; they
/// are merged when all strips of the gallery have been seen. The first worker's heaps are the rows of the result.
///
/// Rescoring, the heaps hold cosines in double: of each row whose score, off by up to `bound`, may be one of the k best
/// so far. So they are the k best of all cosines in double, and no list of candidates is kept, however many tie.
template <class Queries, class Gallery>
class keep_best : public engine::consumer_pool {
public:
    keep_best(const Queries& queries, const Gallery& gallery, const matrix_view<idx_t>& indices,
              const matrix_view<float>& scores, bool rescore, const tile_filter& filter) noexcept
        : queries_(queries),
          gallery_(gallery),
          indices_(indices),
          scores_(scores),
          k_(scores.columns()),
          rescore_(rescore),
          filter_(filter),
          bound_(rescoring_bound(queries, gallery)) {}

    void lay_out(engine::arena& memory, idx_t workers, idx_t rows) {
        workers_ = workers, rows_ = rows;
        memory.add(filled_, workers, rows);
        memory.add(bounds_, workers, rows);
        const idx_t others = (workers - 1) * rows;
        if (others > 0) memory.add(other_indices_, others, k_);
        if (others > 0 && !rescore_) memory.add(other_scores_, others, k_);
        if (rescore_) memory.add(cosines_, others + rows, k_);
    }
    void rows_begin(idx_t first, idx_t) noexcept {
        first_ = first;
        for (idx_t i = 0; i < workers_ * rows_; ++i) filled_[i] = 0, bounds_[i] = negative_infinity();
    }

    /// One worker's heaps.
    struct consumer : engine::score_consumer {
        keep_best& all;
        idx_t worker;

        bool wants(idx_t, idx_t, idx_t first_column, idx_t columns) const noexcept {
            return all.filter_.wants(first_column, columns);
        }
        void tile(const engine::score_tile<>& tile) const noexcept {
            float* const bounds = all.bounds_ + all.place(worker, tile.first_row);
            float room[tile_filter::most_columns];
            for (int r = 0; r < tile.rows; ++r) {
                if (!kernel::any_reaches(tile.scores + r * tile.pitch, tile.columns, bounds[r])) continue;
                const float* const scores = all.filter_.scores_of(tile, r, room);
                const idx_t row = tile.first_row + r;
                idx_t& filled = all.filled_[all.place(worker, row)];
                if (all.rescore_) {
                    kernel::list_of_best<double> list = all.cosines(worker, row);
                    all.add_cosines(list, row, scores, tile.columns, tile.first_column);
                    filled = list.filled, bounds[r] = all.least_score(list);
                } else {
                    kernel::best_list list = all.list(worker, row);
                    all.filter_.add_to(list, scores, tile.columns, tile.first_column);
                    filled = list.filled, bounds[r] = list.bound();
                }
            }
        }
        float reach(idx_t row) const noexcept { return all.bounds_[all.place(worker, row)]; }
        void rows_done(idx_t first, idx_t count) const noexcept {
            for (idx_t row = first; row < first + count; ++row) all.rescore_ ? all.merge_cosines(row) : all.merge(row);
        }
    };
    consumer of(idx_t worker) noexcept { return {{}, *this, worker}; }

private:
    idx_t place(idx_t worker, idx_t row) const noexcept { return worker * rows_ + row - first_; }
    idx_t* indices(idx_t worker, idx_t row) noexcept {
        return worker == 0 ? indices_.row(row) : other_indices_ + place(worker - 1, row) * k_;
    }
    kernel::best_list list(idx_t worker, idx_t row) noexcept {
        float* const scores = worker == 0 ? scores_.row(row) : other_scores_ + place(worker - 1, row) * k_;
        return {indices(worker, row), scores, k_, filled_[place(worker, row)]};
    }
    kernel::list_of_best<double> cosines(idx_t worker, idx_t row) noexcept {
        return {indices(worker, row), cosines_ + place(worker, row) * k_, k_, filled_[place(worker, row)]};
    }

    /// The least score of float whose cosine in double the heap may still take.
    float least_score(const kernel::list_of_best<double>& list) const noexcept { return float(list.bound() - bound_); }
    void add_cosines(kernel::list_of_best<double>& list, idx_t row, const float* scores, int columns,
                     idx_t first_column) const noexcept {
        for (int c = 0; c < columns; ++c) {
            if (is_nan(scores[c]) || scores[c] < least_score(list)) continue;
            const idx_t column = first_column + c;
            if constexpr (engine::has_elements<Gallery>)
                list.add(kernel::sums_in_double(row_in_double(queries_, row), row_in_double(gallery_, column),
                                                queries_.dim())
                             .cosine(),
                         filter_.id_of(column));
        }
    }

    void merge(idx_t row) noexcept {
        kernel::best_list best = list(0, row);
        for (idx_t worker = 1; worker < workers_; ++worker) best.add(list(worker, row));
        best.sort();
    }
    void merge_cosines(idx_t row) noexcept {
        kernel::list_of_best<double> best = cosines(0, row);
        for (idx_t worker = 1; worker < workers_; ++worker) best.add(cosines(worker, row));
        best.sort();
        for (idx_t n = 0; n < k_; ++n) scores_(row, n) = float(best.scores[n]);
    }

    const Queries& queries_;
    const Gallery& gallery_;
    matrix_view<idx_t> indices_;
    matrix_view<float> scores_;
    idx_t k_;
    bool rescore_;
    tile_filter filter_;
    double bound_;
    idx_t workers_ = 0, rows_ = 0, first_ = 0;
    idx_t *filled_ = nullptr, *other_indices_ = nullptr;
    float *bounds_ = nullptr, *other_scores_ = nullptr;
    double* cosines_ = nullptr;
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
