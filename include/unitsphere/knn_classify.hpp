/// Labels by the vote of the k nearest rows of a labelled gallery: the probe that needs no training.
#pragma once

#include <cfloat>

#include "data/column.hpp"
#include "data/top_labels.hpp"
#include "detail/keep_best.hpp"
#include "detail/neighbour_votes.hpp"
#include "detail/searched_side.hpp"
#include "detail/sides.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

struct knn_classify_options {
    row_policy queries = {}, gallery = {};
    float temperature = FLT_MAX;  ///< 0.07 in the papers; the largest float: each neighbour has one vote
    bool rescore = false;         ///< the neighbours are those of top_k with the option `rescore`
    row_filter filter = {};       ///< and with its `filter`: exclude_self where rows are classified by one another
};

namespace detail {

inline constexpr side_names knn_classify_names = of_queries_and_gallery("knn_classify");

/// Refuses a list that is not one label from 0 on for each gallery row.
template <class Labels>
void require_labels(const Labels&, idx_t) noexcept {}
template <class Label>
void require_labels(const listed_labels<Label>& list, idx_t gallery_rows) {
    constexpr const char* function = knn_classify_names.function;
    if (list.labels.rows() != gallery_rows)
        fail<shape_error>(function, ": gallery_labels has ", list.labels.rows(), " entries, gallery has ", gallery_rows,
                          " rows");
    for (idx_t j = 0; j < gallery_rows; ++j)
        if (list(j) < 0) fail<value_error>(function, ": gallery row ", j, " has the negative label ", list(j));
}
/// The labels as a function, of row numbers or ids.
template <class Labels>
auto label_function(const Labels& labels) {
    if constexpr (are_called<Labels>)
        return [&labels](idx_t row) { return idx_t(labels(row)); };
    else
        return listed_labels<typename decltype(labels_of(labels))::value_type>{
            labels_of(labels, knn_classify_names.function)};
}
/// Refuses an output in the memory of a list of labels.
template <class T, class Labels>
void require_apart_from_labels(const char*, const matrix_view<T>&, const Labels&) noexcept {}
template <class T, class Label>
void require_apart_from_labels(const char* name, const matrix_view<T>& out, const listed_labels<Label>& list) {
    require_apart(knn_classify_names.function, name, out, "gallery_labels", list.labels);
}

/// The neighbours into the outputs, then the vote in their place.
template <class Queries, class Gallery, class LabelOf>
void classify_by_vote(const Queries& queries, const Gallery& gallery, const id_table* table, const LabelOf& label_of,
                      const matrix_view<idx_t>& labels, const matrix_view<float>& probabilities, const execution& how,
                      const knn_classify_options& options) {
    constexpr const char* function = knn_classify_names.function;
    require_labels(label_of, gallery.rows());
    if (is_nan(options.temperature) || options.temperature <= 0.0f)
        fail<value_error>(function, ": temperature is ", double(options.temperature), ", it must be positive");
    const row_filter& filter = options.filter;
    require_rescorable(gallery, options.rescore, function);
    require_filter(function, filter, queries.rows(), gallery.rows(), table);
    search_rows(how, knn_classify_names, queries, gallery, options.queries, options.gallery, filter, table,
                keep_best(queries, gallery, labels, probabilities, options.rescore, tile_filter(filter, table)),
                options.rescore);
    const neighbour_votes<LabelOf> votes(how, function, label_of, labels.columns(), options.temperature);
    engine::for_each_range(how, queries.rows(), 16, [&](idx_t worker, idx_t first, idx_t end) {
        for (idx_t i = first; i < end; ++i) votes.count(worker, labels.row(i), probabilities.row(i));
    });
}

}  // namespace detail

/// The labels of every query by the vote of its k nearest gallery rows, into the caller's memory.
///
///   vote[i][c] = sum of exp((s_j - s_best) / temperature) over the k nearest rows j of query i with the label c,
///                s_j = cosine(queries[i], gallery[j]), s_best the largest of them
///   labels[i]  = the labels with a vote, by vote descending, then label ascending
///   probabilities[i] = their votes, divided by the sum of all
///
/// The papers' weights exp(s_j / temperature) have the same shares; these cannot overflow. With the default, the
/// largest float, each neighbour has exactly one vote, as in scikit-learn. The neighbours are those of top_k, in its
/// order; votes are added in double, the nearest first.
///
/// gallery_labels may be a function instead of a list, and of a `keyed_gallery` it is one: label(row), or label(id), is
/// called for the neighbours alone. Where it is negative, the neighbour has no vote: a row without a label.
///
///   knn_classify(queries, catalogue, [&](idx_t id) { return labels.at(id); }, 20)
///
/// Shapes   queries [q, dim], gallery [g, dim], each rows or a gallery, the second a `keyed_gallery` too;
///          gallery_labels: g integers from 0 on, or a function -> labels [q, k] of idx_t, probabilities [q, k],
///          k <= g: there are no more labels than neighbours. Unfilled places have the label -1 and -Inf.
/// Units    labels are those of gallery_labels; probabilities sum to 1, each rounded once from double. The prediction
///          is the first column: accuracy_at(labels, truth, 1).
/// Errors   as top_k; shape_error if there are not g labels, value_error for a negative one in a list (names the row)
///          and for a temperature that is not positive. A query with NaN or Inf has no labels. What a function throws
///          reaches the caller, and leaves the outputs half done.
/// Threads  `how` splits the gallery, then the queries; every split gives the same bits. A function is called from
///          several at once.
/// Memory   as top_k, then O(k) for each worker, from the workspace of `how`.
/// Source   Wu et al. 2018, arXiv:1805.01978, section 3.4; Caron et al. 2021, arXiv:2104.14294: k = 20, 0.07.
template <class Queries, class Gallery, class GalleryLabels, class Labels, class Probabilities,
          detail::if_searched<Queries, Gallery> = 0, detail::if_labels<Gallery, GalleryLabels> = 0>
void knn_classify_into(const Queries& queries, const Gallery& gallery, const GalleryLabels& gallery_labels,
                       Labels&& labels, Probabilities&& probabilities, const execution& how = {},
                       const knn_classify_options& options = {}) {
    const auto query_view = engine::queries_of(queries);
    const auto gallery_view = detail::searched_side_of(gallery);
    const detail::side_names& names = detail::knn_classify_names;
    const auto label_of = detail::label_function(gallery_labels);
    const detail::id_table* const table = detail::ids_of(gallery);
    const auto found = detail::output_of<Labels, idx_t>(labels);
    const auto shares = detail::output_of<Probabilities, float>(probabilities);
    const idx_t q = query_view.rows(), k = shares.columns(), g = detail::rows_there(gallery_view, table);
    detail::require_same_dim(names, query_view, gallery_view);
    if (k > g) detail::fail<shape_error>(names.function, ": ", k, " neighbours of ", g, " gallery rows");
    detail::require_output(names, "probabilities", shares, q, k, query_view, gallery_view);
    detail::require_output(names, "labels", found, q, k, query_view, gallery_view);
    detail::require_apart(names.function, "probabilities", shares, "labels", found);
    detail::require_apart_from_labels("probabilities", shares, label_of);
    detail::require_apart_from_labels("labels", found, label_of);
    detail::require_apart_from_filter(names.function, "probabilities", shares, options.filter);
    detail::require_apart_from_filter(names.function, "labels", found, options.filter);
    detail::classify_by_vote(query_view, gallery_view, table, label_of, found, shares, how, options);
}
/// The same as new matrices of min(k, g) columns: for (auto [label, probability] : found[i]).
///
/// Shapes, Units, Threads, Source   as above.   Errors  as above; value_error for a k below 1.
/// Memory   the results too.
template <class Queries, class Gallery, class GalleryLabels, detail::if_searched<Queries, Gallery> = 0,
          detail::if_labels<Gallery, GalleryLabels> = 0>
top_labels knn_classify(const Queries& queries, const Gallery& gallery, const GalleryLabels& gallery_labels,
                        required<idx_t> k, const execution& how = {}, const knn_classify_options& options = {}) {
    const auto query_view = engine::queries_of(queries);
    const auto gallery_view = detail::searched_side_of(gallery);
    const detail::side_names& names = detail::knn_classify_names;
    const auto label_of = detail::label_function(gallery_labels);
    const detail::id_table* const table = detail::ids_of(gallery);
    if (k < 1) detail::fail<value_error>(names.function, ": k is ", idx_t(k), ", it must be at least 1");
    detail::require_same_dim(names, query_view, gallery_view);
    const idx_t q = query_view.rows(), columns = engine::minimum(idx_t(k), detail::rows_there(gallery_view, table));
    top_labels found{matrix<idx_t>::uninitialized(q, columns), matrix<float>::uninitialized(q, columns)};
    detail::classify_by_vote(query_view, gallery_view, table, label_of, found.labels.view(), found.probabilities.view(),
                             how, options);
    return found;
}
UNITSPHERE_REFUSE_PAIRS(knn_classify, unless_searched);
UNITSPHERE_REFUSE_PAIRS(knn_classify_into, unless_searched);
UNITSPHERE_REFUSE_THIRD(knn_classify, if_searched, unless_labels, pass_labels);

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
