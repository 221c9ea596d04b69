/// The galleries of a level, and its searches.
#pragma once

#include "../compact_gallery.hpp"
#include "../data/storages.hpp"
#include "../gallery.hpp"
#include "../rescored_search.hpp"
#include "../search.hpp"
#include "../shadow_gallery.hpp"
#include "level_arguments.hpp"

#if defined(UNITSPHERE_LEVEL)

namespace unitsphere {
namespace levels {
namespace {

template <class Object>
const Object& as(const void* it) noexcept {
    return *static_cast<const Object*>(it);
}
template <class Object>
void* copy(const void* it) {
    return new Object(as<Object>(it));
}
template <class Object>
void destroy(void* it) {
    delete static_cast<Object*>(it);
}
template <class Object>
constexpr object_functions object_of = {copy<Object>, destroy<Object>};

template <class Gallery>
void* copy_gallery(const void* it) {
    return it != nullptr ? copy<Gallery>(it) : new Gallery();
}
/// Adds rows; those of a gallery of bytes are seen from the mean, where one is given.
template <class Gallery>
void append(void* it, const rows_ref& rows, const call_ref& by, const policy_ref& given, const mean_ref& mean) {
    const call how(by);
    policy options(given);
    if constexpr (std::is_same_v<Gallery, gallery>)
        static_cast<Gallery*>(it)->append(float_rows(rows).view(), how, {options});
    else
        static_cast<Gallery*>(it)->append(float_rows(rows).view(), how, {options, list(mean)});
}
/// Shape, memory and counts.
template <class Gallery>
gallery_facts about(const void* it) {
    const Gallery& of = as<Gallery>(it);
    const row_report& seen = of.report();
    const row_counts counts = {seen.zero_rows, seen.non_finite_rows, seen.first_zero, seen.first_non_finite};
    const float* elements = nullptr;
    if constexpr (std::is_same_v<Gallery, shadow_gallery>) elements = of.unit_rows().data();
    return {of.rows(), of.dim(), of.bytes(), counts, elements};
}
/// Copies unit rows. Those of a shadow_gallery are read where they lie: gallery_facts::elements.
template <class Gallery>
void unit_rows(const void* it, idx_t first, const matrix_view<float>& out) {
    if constexpr (!std::is_same_v<Gallery, shadow_gallery>) {
        const auto rows = as<Gallery>(it).unit_rows(first, out.rows());
        for (idx_t i = 0; i < out.rows(); ++i)
            for (idx_t k = 0; k < out.dim(); ++k) out(i, k) = rows(i, k);
    }
}
template <class Gallery>
constexpr gallery_functions gallery_of = {
    {copy_gallery<Gallery>, destroy<Gallery>}, append<Gallery>, about<Gallery>, unit_rows<Gallery>};

void* shadow_over(const rows_ref& rows, const call_ref& by, const mean_ref& mean) {
    const call how(by);
    const auto unit = unit_access::view<float>(view_of<float>(rows));
    return new shadow_gallery(shadow_gallery::over(unit, how, {list(mean)}));
}

/// answer(rows) for the gallery's side, which may be packed.
template <class Answer>
void with_side(const rows_ref& rows, const Answer& answer) {
    if (rows.gallery != nullptr && rows.packed == packing::float32) return answer(as<gallery>(rows.gallery));
    answer(float_rows(rows).view());
}
/// The same for those that are searched.
template <class Answer>
void with_searched(const rows_ref& rows, const Answer& answer) {
    const void* const it = rows.gallery;
    if (it == nullptr) return with_side(rows, answer);
    if (rows.packed == packing::shadow) return answer(as<shadow_gallery>(it));
    const bool is_compact = unitsphere::detail::storages::with(std::uint32_t(rows.packed), [&](auto storage) {
        answer(as<compact_gallery<typename decltype(storage)::type>>(it));
    });
    if (!is_compact) answer(as<gallery>(it));
}

void best_rows(const rows_ref& queries, const rows_ref& gallery, const matrix_view<idx_t>& indices,
               const matrix_view<float>& scores, const top_k_ref& asked, const call_ref& by,
               const policy_ref& of_queries, const policy_ref& of_gallery) {
    const call how(by);
    policy queries_policy(of_queries), gallery_policy(of_gallery);
    if (asked.rescore && (queries.type == element::float64 || gallery.type == element::float64))
        unitsphere::detail::fail<value_error>("top_k: rescore of rows of double is not dispatched");
    require_apart("top_k", "scores", scores, "queries", queries);
    require_apart("top_k", "scores", scores, "gallery", gallery);
    require_apart("top_k", "indices", indices, "queries", queries);
    require_apart("top_k", "indices", indices, "gallery", gallery);
    const float_rows query_rows(queries);
    const top_k_options options = {
        queries_policy,
        gallery_policy,
        asked.rescore,
        {asked.mask, asked.allowed, asked.exclude_self, asked.first_query, asked.query_rows}};
    with_searched(gallery, [&](const auto& gallery_rows) {
        top_k_into(query_rows.view(), gallery_rows, indices, scores, how, options);
    });
}

/// Rows and dim, as a view has them.
struct row_shape {
    const rows_ref& of;
    idx_t rows() const noexcept { return of.rows; }
    idx_t dim() const noexcept { return of.dim; }
};

/// As top_k_rescored, by two searches of top_k, whose loops are there once: of the gallery, then of the lists that it
/// gave. The first one reports errors, counts and progress.
void best_candidates(const rows_ref& queries, const rows_ref& gallery, const rows_ref& rows, idx_t factor,
                     idx_t truncate_dim, const matrix_view<idx_t>& indices, const matrix_view<float>& scores,
                     const call_ref& by, const policy_ref& of_queries, const policy_ref& of_gallery) {
    namespace direct = unitsphere::detail;
    const auto& names = direct::top_k_rescored_names;
    const idx_t k = scores.columns(), g = gallery.rows;
    direct::require_candidates(row_shape{queries}, row_shape{gallery}, row_shape{rows}, {nullptr, nullptr}, factor,
                               truncate_dim);
    if (k > g) direct::fail<shape_error>(names.function, ": ", k, " neighbours of ", g, " gallery rows");
    direct::require_shape(names.function, "scores", scores, queries.rows, k);
    direct::require_shape(names.function, "indices", indices, queries.rows, k);
    const rows_ref* const sides[] = {&queries, &gallery, &rows};
    const char* const side_words[] = {names.queries, names.gallery, "rows"};
    for (int side = 0; side < 3; ++side) {
        require_rows_apart(names.function, "scores", scores, side_words[side], *sides[side]);
        require_rows_apart(names.function, "indices", indices, side_words[side], *sides[side]);
    }
    direct::require_apart(names.function, "scores", scores, "indices", indices);

    const idx_t most = direct::candidates_of(k, g, factor);
    auto candidates = matrix<idx_t>::uninitialized(queries.rows, most);
    auto unused = matrix<float>::uninitialized(queries.rows, most);
    policy queries_policy(of_queries), gallery_policy(of_gallery);
    rows_ref first_elements = queries;
    if (truncate_dim != 0) first_elements.dim = truncate_dim, first_elements.unit = false;
    const float_rows query_rows(queries), first_rows(first_elements);
    const auto& first = first_rows.view();
    with_searched(gallery, [&](const auto& side) {
        const auto view = engine::side_of(side);
        direct::search_rows(
            call(by), names, first, view, queries_policy, gallery_policy, {}, nullptr,
            direct::keep_best(first, view, candidates.view(), unused.view(), false, direct::tile_filter({}, nullptr)));
    });
    row_policy again;
    if (on_row(of_queries.zero_rows) == on_row::nan) again.zero_rows = on_row::nan;
    call_ref silent = by;
    silent.tell = nullptr;
    with_side(rows, [&](const auto& side) {
        const row_filter filter = {{}, candidates.view(), false, 0, {}};
        direct::best_of_rows(query_rows.view(), engine::side_of(side), indices, scores, nullptr, call(silent),
                             {again, {}, false, filter});
    });
}

}  // namespace
}  // namespace levels
}  // namespace unitsphere

#endif
