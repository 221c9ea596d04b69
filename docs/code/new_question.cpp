// How many gallery rows does each query resemble? A new question is a new consumer of the engine.
#include <cstdio>

#include <unitsphere/similarity.hpp>

namespace us = unitsphere;

struct count_in_range_options {
    us::row_policy queries = {}, gallery = {};
};

/// Consumer: counts[i] = how many scores of query i reach the threshold.
struct count_scores : us::engine::score_consumer {
    float threshold;
    us::idx_t* counts;

    void tile(const us::engine::score_tile<>& tile) const noexcept {
        for (int r = 0; r < tile.rows; ++r)
            for (int c = 0; c < tile.columns; ++c) {
                const float score = tile.scores[r * tile.pitch + c];
                if (!us::detail::is_nan(score) && score >= threshold) ++counts[tile.first_row + r];
            }
    }
};

template <class Queries, class Gallery, us::detail::if_sides<Queries, Gallery> = 0>
us::array<us::idx_t> count_in_range(const Queries& queries, const Gallery& gallery, us::required<float> threshold,
                                    const us::execution& how = {}, const count_in_range_options& options = {}) {
    constexpr us::detail::side_names names = us::detail::of_queries_and_gallery("count_in_range");
    const auto query_view = us::engine::view_of(queries);  // kept: it may own a copy of the rows
    const auto gallery_view = us::engine::side_of(gallery);
    us::detail::require_same_dim(names, query_view, gallery_view);

    us::engine::row_source query_rows(query_view, options.queries, names.function, names.query_row);
    us::engine::gallery_side<decltype(gallery_view)> gallery_rows(gallery_view, options.gallery, names.function,
                                                                  names.gallery_row);
    us::array<us::idx_t> counts(query_view.rows());
    us::engine::score<float, us::engine::tile_order::whole_rows>(how, query_rows, gallery_rows,
                                  us::engine::shared_by_workers{count_scores{{}, threshold, counts.data()}});
    query_rows.report();
    gallery_rows.report();
    return counts;
}

int main() {
    const float queries[] = {2, 0, 0, 3, 5, 5}, gallery[] = {1, 0, 4, 4, 0, 9, -1, 0};
    const us::array<us::idx_t> counts =
        count_in_range(us::matrix_view(queries, 3, 2), us::matrix_view(gallery, 4, 2), 0.7f);
    for (int i = 0; i < 3; ++i) std::printf("query %d: %d rows\n", i, int(counts[i]));
}
