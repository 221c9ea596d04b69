/// The consumers of a classifier: what becomes of the logits of images and classes.
#pragma once

#include "../engine/score.hpp"
#include "../kernel/select.hpp"
#include "../kernel/softmax_rows.hpp"
#include "store_scores.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Consumer: logits into the rows of `out`, and their softmax there once a row is whole.
struct store_class_probabilities : store_logits {
    void rows_done(idx_t first, idx_t count) const noexcept {
        kernel::softmax_rows(out.row(first), count, out.dim(), out.stride(), out.row(first), out.stride());
    }
};

/// Consumers: the label of the largest logit of each image; -1 where all are NaN. Classes come in ascending order, and
/// the rows of one task fit into one consumer.
struct keep_best_label : engine::consumer_pool {
    matrix_view<idx_t> labels;  ///< [1, images]
    float scale;

    struct consumer : engine::score_consumer {
        idx_t* labels;
        float scale;
        float largest[engine::most_group_rows<>];
        kernel::best_list best[engine::most_group_rows<>];

        void tile(const engine::score_tile<>& tile) noexcept {
            float logits[2 * kernel::lane_count];  // a tile has no more columns at any level
            for (int r = 0; r < tile.rows; ++r) {
                const idx_t image = tile.first_row + r, place = image % engine::most_group_rows<>;
                if (tile.first_column == 0) best[place] = {labels + image, largest + place, 1};
                kernel::scale_tile(tile.scores + r * tile.pitch, tile.pitch, 1, tile.columns, scale, logits, 0);
                best[place].add_row(logits, tile.columns, tile.first_column);
            }
        }
        void rows_done(idx_t first, idx_t count) const noexcept {
            for (idx_t image = first; image < first + count; ++image)
                if (best[image % engine::most_group_rows<>].filled == 0) labels[image] = -1;
        }
    };

    consumer of(idx_t) const noexcept { return {{}, labels.data(), scale, {}, {}}; }
};

/// Consumer: logits into a group of scratch rows; the best of each, then its softmax, once they are whole.
struct best_labels : engine::score_consumer {
    matrix_view<float> logits;
    float scale;
    matrix_view<idx_t> labels;
    matrix_view<float> probabilities;

    void tile(const engine::score_tile<>& tile) const noexcept {
        for (int r = 0; r < tile.rows; ++r)
            tile.store_row(r, scale, logits.row((tile.first_row + r) % engine::most_group_rows<>));
    }
    void rows_done(idx_t first, idx_t count) const noexcept {
        for (idx_t i = first; i < first + count; ++i) {
            float* row = logits.row(i % engine::most_group_rows<>);
            kernel::select_best(row, logits.dim(), labels.dim(), labels.row(i), probabilities.row(i));
            kernel::softmax_row(row, logits.dim(), row);
            for (idx_t j = 0; j < labels.dim(); ++j)
                if (labels(i, j) >= 0) probabilities(i, j) = row[labels(i, j)];
        }
    }
};

/// The same with scratch rows for each worker.
struct keep_best_labels : engine::consumer_pool {
    idx_t classes;
    float scale;
    matrix_view<idx_t> labels;
    matrix_view<float> probabilities;
    engine::worker_arrays<float> logits;

    void lay_out(engine::arena& memory, idx_t workers, idx_t) {
        memory.add(logits, workers, engine::most_group_rows<> * classes);
    }
    best_labels of(idx_t worker) const {
        return {{}, {logits.of(worker), engine::most_group_rows<>, classes}, scale, labels, probabilities};
    }
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
