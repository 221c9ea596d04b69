/// The consumer of top_k: the k best gallery rows of each query.
#pragma once

#include "../engine/consumer.hpp"
#include "../kernel/select.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Consumers that keep the k best of each query: each worker has a heap for every query that is packed at once; they
/// are merged when all strips of the gallery have been seen. The first worker's heaps are the rows of the result.
class keep_best : public engine::consumer_pool {
public:
    keep_best(matrix_view<idx_t> indices, matrix_view<float> scores) noexcept
        : indices_(indices), scores_(scores), k_(scores.columns()) {}

    void lay_out(engine::arena& memory, idx_t workers, idx_t rows) {
        workers_ = workers, rows_ = rows;
        memory.add(filled_, workers, rows);
        memory.add(bounds_, workers, rows);
        const idx_t others = workers > 1 ? (workers - 1) * rows : 0;
        memory.add(other_indices_, others, k_);
        memory.add(other_scores_, others, k_);
    }
    void rows_begin(idx_t first, idx_t) noexcept {
        first_ = first;
        for (idx_t i = 0; i < workers_ * rows_; ++i) filled_[i] = 0, bounds_[i] = negative_infinity();
    }

    /// One worker's heaps.
    struct consumer : engine::score_consumer {
        keep_best& all;
        idx_t worker;

        void tile(const engine::score_tile<>& tile) const noexcept {
            float* const bounds = all.bounds(worker, tile.first_row);
            for (int r = 0; r < tile.rows; ++r) {
                const float* const row = tile.scores + r * tile.pitch;
                if (!kernel::any_reaches(row, tile.columns, bounds[r])) continue;
                kernel::best_list list = all.list(worker, tile.first_row + r);
                list.add_row(row, tile.columns, tile.first_column);
                all.filled(worker, tile.first_row + r) = list.filled;
                bounds[r] = list.bound();
            }
        }
        void rows_done(idx_t first, idx_t count) const noexcept { all.merge(first, count); }
    };
    consumer of(idx_t worker) noexcept { return {{}, *this, worker}; }

private:
    /// The least score that a heap still takes, of `row` and those behind it.
    float* bounds(idx_t worker, idx_t row) noexcept { return bounds_ + worker * rows_ + row - first_; }
    idx_t& filled(idx_t worker, idx_t row) noexcept { return filled_[worker * rows_ + row - first_]; }
    kernel::best_list list(idx_t worker, idx_t row) noexcept {
        if (worker == 0) return {indices_.row(row), scores_.row(row), k_, filled(0, row)};
        const idx_t place = ((worker - 1) * rows_ + row - first_) * k_;
        return {other_indices_ + place, other_scores_ + place, k_, filled(worker, row)};
    }
    void merge(idx_t first, idx_t count) noexcept {
        for (idx_t row = first; row < first + count; ++row) {
            kernel::best_list best = list(0, row);
            for (idx_t worker = 1; worker < workers_; ++worker) best.add(list(worker, row));
            best.sort();
        }
    }

    matrix_view<idx_t> indices_;
    matrix_view<float> scores_;
    idx_t k_, workers_ = 0, rows_ = 0, first_ = 0;
    idx_t *filled_ = nullptr, *other_indices_ = nullptr;
    float *bounds_ = nullptr, *other_scores_ = nullptr;
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
