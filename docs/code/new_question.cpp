// How many gallery rows does each query resemble? A new question is a new consumer of the engine.
#include <cstdio>

#include <unitsphere/similarity.hpp>

namespace us = unitsphere;

/// Consumer: counts[i] = how many scores of query i reach `least`.
struct count_scores {
    float least;
    us::matrix_view<us::index> counts;

    void tile(const us::engine::score_tile<>& tile) const noexcept {
        for (int r = 0; r < tile.rows; ++r)
            for (int c = 0; c < tile.columns; ++c) {
                const float score = tile.scores[r * tile.pitch + c];
                if (!us::detail::is_nan(score) && score >= least) ++counts(0, tile.first_row + r);
            }
    }
    void rows_done(us::index, us::index) const noexcept {}
};

template <class Queries, class Gallery>
us::matrix<us::index> count_within(const Queries& queries, const Gallery& gallery, float least) {
    const auto query_view = us::engine::view_of(queries);  // kept: it may own a copy of the rows
    const auto gallery_view = us::engine::view_of(gallery);
    if (query_view.dim() != gallery_view.dim())
        us::detail::fail<us::shape_error>("count_within: queries have dim ", query_view.dim(), ", gallery has dim ",
                                          gallery_view.dim());
    us::engine::row_source query_rows(query_view, {}, "count_within", "queries row ");
    us::engine::gallery_side<decltype(gallery_view)> gallery_rows(gallery_view, us::normalize_options{}, "count_within",
                                                                  "gallery row ");
    us::matrix<us::index> counts(1, query_view.rows());
    us::engine::score_rows<float>(us::sequential{}, query_rows, gallery_rows,
                                  us::engine::shared_by_workers{count_scores{least, counts}});
    return counts;
}

int main() {
    const float queries[] = {2, 0, 0, 3, 5, 5}, gallery[] = {1, 0, 4, 4, 0, 9, -1, 0};
    const auto counts = count_within(us::matrix_view(queries, 3, 2), us::matrix_view(gallery, 4, 2), 0.7f);
    for (us::index i = 0; i < counts.dim(); ++i) std::printf("query %d: %d rows\n", int(i), int(counts(0, i)));
}
