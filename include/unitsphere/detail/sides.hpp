/// The two sides of a question about pairs of rows: what errors call them, what must fit, and every score to a
/// consumer.
#pragma once

#include "../data/output.hpp"
#include "../engine/packed_source.hpp"
#include "../engine/pair_scores.hpp"
#include "../engine/score.hpp"
#include "arguments.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// What an error calls the function and either side: all of it, its dim, one of its rows.
struct side_names {
    const char* function;
    const char *queries, *queries_have, *query_row;
    const char *gallery, *gallery_has, *gallery_row;
};
constexpr side_names of_queries_and_gallery(const char* function) {
    return {function, "queries", "queries have dim ", "queries row ", "gallery", "gallery has dim ", "gallery row "};
}
constexpr side_names of_images_and_texts(const char* function) {
    return {function, "images", "images have dim ", "images row ", "texts", "texts have dim ", "texts row "};
}
constexpr side_names of_a_and_b(const char* function) {
    return {function, "a", "a has dim ", "a, row ", "b", "b has dim ", "b, row "};
}

template <class Queries, class Gallery>
void require_same_dim(const side_names& names, const Queries& queries, const Gallery& gallery) {
    if (queries.dim() != gallery.dim())
        fail<shape_error>(names.function, ": ", names.queries_have, queries.dim(), ", ", names.gallery_has,
                          gallery.dim());
}
/// For row i with row i.
template <class A, class B>
void require_same_shape(const side_names& names, const A& a, const B& b) {
    require_same_dim(names, a, b);
    if (a.rows() != b.rows())
        fail<shape_error>(names.function, ": ", names.queries, " has ", a.rows(), " rows, ", names.gallery, " has ",
                          b.rows(), " rows");
}

/// Refuses an output of another shape, or one that shares memory with a side.
template <class C, class Queries, class Gallery>
void require_output(const side_names& names, const char* name, const matrix_view<C>& out, idx_t rows, idx_t columns,
                    const Queries& queries, const Gallery& gallery) {
    using engine::values_of;  // and those of views that are declared later
    require_shape(names.function, name, out, rows, columns);
    require_apart(names.function, name, out, names.queries, values_of(queries));
    require_apart(names.function, name, out, names.gallery, values_of(gallery));
}

/// Every score of both sides, in C and in the order that the question needs, to its consumers. scale_unit_rows: unit
/// rows are measured and scaled as raw ones are.
template <class C, engine::tile_order Order = engine::tile_order::any, class Queries, class Gallery, class Consumers>
void score_all(const execution& how, const side_names& names, const Queries& queries, const Gallery& gallery,
               const row_policy& query_policy, const row_policy& gallery_policy, Consumers&& consumers,
               bool scale_unit_rows = false) {
    if constexpr (is_result_type<C, typename Queries::value_type, typename Gallery::value_type>()) {
        engine::query_side<Queries> query_source(queries, query_policy, names.function, names.query_row);
        engine::gallery_side<Gallery> side(gallery, gallery_policy, names.function, names.gallery_row);
        if (scale_unit_rows) query_source.scale_unit_rows(), side.scale_unit_rows();
        engine::score<C, Order>(how, query_source, side, consumers);
        query_source.report();
        side.report();
    }
}

/// scores[i] of row i of both sides, which have the same shape.
template <class C, class A, class B>
void score_pairs(const execution& how, const side_names& names, const A& a, const B& b, const row_policy& a_policy,
                 const row_policy& b_policy, bool in_double, C* scores) {
    if constexpr (is_result_type<C, typename A::value_type, typename B::value_type>()) {
        engine::row_source source_a(a, a_policy, names.function, names.query_row);
        engine::row_source source_b(b, b_policy, names.function, names.gallery_row);
        engine::pair_scores(how, source_a, source_b, in_double, scores);
        source_a.report();
        source_b.report();
    }
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
