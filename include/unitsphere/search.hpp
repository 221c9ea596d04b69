/// Exact search: the k nearest gallery rows of every query, all pairs above a threshold.
#pragma once

#include "gallery.hpp"
#include "kernel/select.hpp"
#include "similarity.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// The k nearest gallery rows of each query, best first, and their cosines.
struct neighbours {
    matrix<index> indices;  ///< [q, min(k, g)]; -1 where a query has no (more) neighbour
    matrix<float> scores;   ///< the same shape; -Inf where the index is -1
};

namespace detail {

inline constexpr side_names top_k_names = of_queries_and_gallery("top_k", "scores");
inline constexpr side_names within_names = of_queries_and_gallery("within", "scores");

/// Consumers that keep the k best of each query: a list for each query at once and worker, joined when all strips of
/// the gallery have been seen. The first worker's lists are the result's own rows.
class keep_best {
public:
    keep_best(matrix_view<index> indices, matrix_view<float> scores) noexcept
        : indices_(indices), scores_(scores), k_(scores.dim()) {}

    index bytes(index workers, index rows) {
        workers_ = workers, rows_ = rows;
        engine::block_layout layout;
        filled_at_ = layout.add<index>(workers, rows);
        bounds_at_ = layout.add<float>(workers, rows);
        const index others = workers > 1 ? (workers - 1) * rows : 0;
        indices_at_ = layout.add<index>(others, k_);
        scores_at_ = layout.add<float>(others, k_);
        return layout.bytes();
    }
    void begin(std::byte* memory) noexcept { memory_ = memory; }
    void rows_begin(index first, index) noexcept {
        first_ = first;
        std::memset(memory_ + filled_at_, 0, std::size_t(workers_ * rows_) * sizeof(index));
        float* const least = bounds(0, first);
        for (index i = 0; i < workers_ * rows_; ++i) least[i] = negative_infinity();
    }

    /// One worker's lists.
    struct consumer : engine::expects_nothing {
        keep_best& all;
        index worker;

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
        void rows_done(index first, index count) const noexcept { all.join(first, count); }
    };
    consumer of(index worker) noexcept { return {{}, *this, worker}; }

private:
    /// The least score that a list may still take, of `row` and those behind it.
    float* bounds(index worker, index row) noexcept {
        return reinterpret_cast<float*>(memory_ + bounds_at_) + worker * rows_ + row - first_;
    }
    index& filled(index worker, index row) noexcept {
        return reinterpret_cast<index*>(memory_ + filled_at_)[worker * rows_ + row - first_];
    }
    kernel::best_list list(index worker, index row) noexcept {
        if (worker == 0) return {indices_.row(row), scores_.row(row), k_, filled(0, row)};
        const index place = ((worker - 1) * rows_ + row - first_) * k_;
        return {reinterpret_cast<index*>(memory_ + indices_at_) + place,
                reinterpret_cast<float*>(memory_ + scores_at_) + place, k_, filled(worker, row)};
    }
    void join(index first, index count) noexcept {
        for (index row = first; row < first + count; ++row) {
            kernel::best_list best = list(0, row);
            for (index worker = 1; worker < workers_; ++worker) best.add(list(worker, row));
            best.sort();
        }
    }

    matrix_view<index> indices_;
    matrix_view<float> scores_;
    index k_, workers_ = 0, rows_ = 0, first_ = 0;
    index filled_at_ = 0, bounds_at_ = 0, indices_at_ = 0, scores_at_ = 0;
    std::byte* memory_ = nullptr;
};

/// Consumer: found(query, row, score) for every score above a threshold.
template <class Found>
struct report_above : engine::expects_nothing {
    float threshold;
    Found& found;

    void tile(const engine::score_tile<>& tile) const {
        for (int r = 0; r < tile.rows; ++r) {
            const float* const row = tile.scores + r * tile.pitch;
            if (!kernel::any_reaches(row, tile.columns, threshold)) continue;
            for (int c = 0; c < tile.columns; ++c)
                if (!is_nan(row[c]) && row[c] > threshold) found(tile.first_row + r, tile.first_column + c, row[c]);
        }
    }
    void rows_done(index, index) const noexcept {}
};

/// Every score by strips of the gallery: each of its rows is read once for some thousand queries.
template <class Queries, class Gallery, class Consumers>
void search(const execution& how, const side_names& names, const Queries& queries, const Gallery& gallery,
            const normalize_options& query_options, const normalize_options& gallery_options, Consumers&& consumers) {
    engine::row_source query_source(queries, query_options, names.function, names.query_row);
    engine::gallery_side<Gallery> side(gallery, gallery_options, names.function, names.gallery_row);
    engine::score_strips<float>(how, query_source, side, consumers);
    query_source.report();
    side.report();
}

template <class Queries, class Gallery>
void top_k_into(const Queries& queries, const Gallery& gallery, matrix_view<index> indices, matrix_view<float> scores,
                const execution& how, const normalize_options& query_options,
                const normalize_options& gallery_options) {
    require_same_dim(top_k_names, queries, gallery);
    if (scores.dim() > gallery.rows())
        fail<shape_error>("top_k: ", scores.dim(), " neighbours of ", gallery.rows(), " gallery rows");
    require_shape("top_k", "scores", scores, queries.rows(), scores.dim());
    require_shape("top_k", "indices", indices, queries.rows(), scores.dim());
    require_apart_from_sides(top_k_names, "scores", scores, queries, gallery);
    require_apart_from_sides(top_k_names, "indices", indices, queries, gallery);
    require_apart("top_k", "scores", scores, "indices", indices);
    search(how, top_k_names, queries, gallery, query_options, gallery_options, keep_best(indices, scores));
}

}  // namespace detail

/// The k nearest gallery rows of every query, into the caller's memory.
///
///   indices[i] = the k rows j with the largest cosine(queries[i], gallery[j]), best first
///
/// Exact: the order is total, score descending, then index ascending (-0 equals +0), so that ties have one answer. A NaN
/// is never a neighbour.
///
/// Shapes   queries [q, dim], gallery [g, dim] or a `gallery` -> indices [q, k], scores [q, k], k <= g.
/// Units    cosines, with the bits of cosine_similarity; indices are row numbers of the gallery.
/// Errors   shape_error if the dims disagree, k exceeds g, or an output has another shape or overlaps; value_error for
///          zero or non-finite rows where the options of that side say so. By default a zero row has cosine 0 with
///          every row; a query with NaN or Inf has no neighbours: index -1, score -Inf.
/// Threads  `how` splits the gallery; every split gives the same result.
/// Memory   O(q k) for each worker and some MiB of packed rows, from the workspace of `how`; never the matrix of scores.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 2.3: nearest neighbours by cosine similarity.
template <class Queries, class Gallery>
void top_k(const Queries& queries, const Gallery& gallery, matrix_view<index> indices, matrix_view<float> scores,
           const execution& how, const normalize_options& query_options = {},
           const normalize_options& gallery_options = {}) {
    detail::top_k_into(engine::view_of(queries), engine::side_of(gallery), indices, scores, how, query_options,
                       gallery_options);
}
/// On the caller's thread.
template <class Queries, class Gallery>
void top_k(const Queries& queries, const Gallery& gallery, matrix_view<index> indices, matrix_view<float> scores,
           const normalize_options& query_options = {}, const normalize_options& gallery_options = {}) {
    top_k(queries, gallery, indices, scores, sequential{}, query_options, gallery_options);
}

/// The same as new matrices of min(k, g) columns; value_error for a negative k.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the results too.
template <class Queries, class Gallery>
neighbours top_k(const Queries& queries, const Gallery& gallery, index k, const execution& how,
                 const normalize_options& query_options = {}, const normalize_options& gallery_options = {}) {
    if (k < 0) detail::fail<value_error>("top_k: k is ", k, ", it must not be negative");
    const auto query_view = engine::view_of(queries);
    const auto gallery_view = engine::side_of(gallery);
    detail::require_same_dim(detail::top_k_names, query_view, gallery_view);
    const index q = query_view.rows(), columns = k < gallery_view.rows() ? k : gallery_view.rows();
    neighbours found{matrix<index>::uninitialized(q, columns), matrix<float>::uninitialized(q, columns)};
    detail::top_k_into(query_view, gallery_view, found.indices.view(), found.scores.view(), how, query_options,
                       gallery_options);
    return found;
}
template <class Queries, class Gallery>
neighbours top_k(const Queries& queries, const Gallery& gallery, index k, const normalize_options& query_options = {},
                 const normalize_options& gallery_options = {}) {
    return top_k(queries, gallery, k, sequential{}, query_options, gallery_options);
}

/// Every pair whose cosine is above a threshold, as it is found.
///
///   found(i, j, score) for all i, j with score = cosine(queries[i], gallery[j]) > threshold
///
/// Shapes   queries [q, dim], gallery [g, dim] or a `gallery`.
/// Units    a cosine, with the bits of cosine_similarity. Rows against themselves give every pair twice and each row
///          with itself; 0.94 is a usual threshold for near duplicates.
/// Errors   shape_error if the dims disagree; value_error for a threshold that is NaN, and for rows as in top_k. What
///          `found` throws reaches the caller; no further pair is reported by that worker.
/// Threads  `found` is called from the workers of `how`, from several at once, in no particular order.
/// Memory   some MiB of packed rows, from the workspace of `how`; none that grows with the number of pairs.
/// Source   Beaumont 2022, clip-retrieval: deduplication of results by a threshold on inner products.
template <class Queries, class Gallery, class Found>
void within(const Queries& queries, const Gallery& gallery, float threshold, Found&& found, const execution& how,
            const normalize_options& query_options = {}, const normalize_options& gallery_options = {}) {
    const auto query_view = engine::view_of(queries);
    const auto gallery_view = engine::side_of(gallery);
    if (detail::is_nan(threshold)) detail::fail<value_error>("within: the threshold is NaN");
    detail::require_same_dim(detail::within_names, query_view, gallery_view);
    using consumer = detail::report_above<std::remove_reference_t<Found>>;
    detail::search(how, detail::within_names, query_view, gallery_view, query_options, gallery_options,
                   engine::shared_by_workers<consumer>{{{}, threshold, found}});
}
/// On the caller's thread.
template <class Queries, class Gallery, class Found>
void within(const Queries& queries, const Gallery& gallery, float threshold, Found&& found,
            const normalize_options& query_options = {}, const normalize_options& gallery_options = {}) {
    within(queries, gallery, threshold, found, sequential{}, query_options, gallery_options);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
