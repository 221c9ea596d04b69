/// The questions that people ask, at the best instruction set of the machine that runs the program: a program compiled
/// for any processor changes by one namespace,
///
///   namespace us = unitsphere::dispatched;                instead of   namespace us = unitsphere;
///
/// and links the units that CMake's unitsphere_add_levels(target LEVELS ..) writes (docs/dispatch.md). Everything that
/// is not declared here is the direct function or type. Results have the bits of the direct functions;
/// those of compact_gallery<fast_bfloat16> are the level's own.
#pragma once

#include "data/logit_scale.hpp"
#include "data/search_results.hpp"
#include "detail/dispatched_classifier.hpp"
#include "detail/dispatched_gallery.hpp"
#include "detail/dispatched_head.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// Same names, arguments, results, errors, threads and memory as the direct functions, whose comments say the rest.
/// Rows are of any type that those take. What differs:
///
/// Shapes, Units, Threads, Source   as there.
/// Errors   std::invalid_argument of the caller's own kind (shape_error, value_error) as there. The first call of all
///          throws value_error where UNITSPHERE_LEVEL names a level that the program or the machine has not, or where
///          the machine runs none. top_k refuses to rescore rows of double.
/// Memory   rows of other types than float are copied to float where they are scored, and the copy is not taken from a
///          workspace.
namespace dispatched {

using namespace unitsphere;

/// A level of the program.
class level {
public:
    explicit level(const levels::table& table) noexcept : table_(&table) {}

    /// The name in unitsphere_add_levels: "x86-64-v3".
    const char* name() const noexcept { return table_->name; }
    /// As unitsphere::instruction_set(): "avx2_fma_f16c_bmi2".
    const char* instruction_set() const noexcept { return table_->instruction_set; }
    /// Of a vector register.
    int vector_bytes() const noexcept { return table_->vector_bytes; }

    friend bool operator==(const level& a, const level& b) noexcept { return a.table_ == b.table_; }
    friend bool operator!=(const level& a, const level& b) noexcept { return !(a == b); }

private:
    const levels::table* table_;
};

/// The level that calls use: UNITSPHERE_LEVEL where the environment has it, else the best that the machine runs. Chosen
/// at the first call of all, once.
inline level running() {
    return level(detail::translated([]() -> const levels::table& { return levels::running(); }));
}
/// As unitsphere::instruction_set, of the level that runs.
inline const char* instruction_set() { return running().instruction_set(); }

/// As unitsphere::normalize_into.
template <class Out>
auto normalize_into(const detail::any_rows& rows, Out&& out, const execution& how = {},
                    const normalize_options& options = {}) {
    const auto view = detail::output_of<Out, float, double>(out);
    return detail::normalize_any(rows, view, how, options.rows);
}
/// As unitsphere::normalize.
template <class Result = float>
unit_embeddings<Result> normalize(const detail::any_rows& rows, const execution& how = {},
                                  const normalize_options& options = {}) {
    auto out = matrix<Result>::uninitialized(rows.rows(), rows.dim());
    detail::normalize_any(rows, out.view(), how, options.rows);
    return unit_access::embeddings(static_cast<matrix<Result>&&>(out));
}

/// As unitsphere::cosine_similarity_into.
template <class Scores>
void cosine_similarity_into(const detail::any_rows& queries, const any_side& gallery, Scores&& scores,
                            const execution& how = {}, const cosine_similarity_options& options = {}) {
    const auto out = detail::output_of<Scores, float, double>(scores);
    const detail::sent_call call(how);
    const detail::sent_policy of_queries(options.queries), of_gallery(options.gallery);
    detail::translated([&] {
        const levels::table& level = gallery.level();
        const levels::rows_ref& rows = gallery.sent();
        if constexpr (std::is_same_v<typename decltype(out)::value_type, float>) {
            level.cosine_similarity(queries.sent(), rows, out, call.sent(), of_queries.sent(), of_gallery.sent());
        } else {
            detail::require_double("cosine_similarity", queries.sent(), rows);
            level.cosine_similarity_double(queries.sent(), rows, out, call.sent(), of_queries.sent(),
                                           of_gallery.sent());
        }
    });
}
/// As unitsphere::cosine_similarity.
template <class Result = float>
matrix<Result> cosine_similarity(const detail::any_rows& queries, const any_side& gallery, const execution& how = {},
                                 const cosine_similarity_options& options = {}) {
    auto scores = matrix<Result>::uninitialized(queries.rows(), gallery.rows());
    dispatched::cosine_similarity_into(queries, gallery, scores, how, options);
    return scores;
}

/// As unitsphere::clip_logits_into.
template <class PerImage, class PerText>
void clip_logits_into(const detail::any_rows& images, const any_side& texts, logit_scale scale, PerImage&& per_image,
                      PerText&& per_text, const execution& how = {}, const clip_logits_options& options = {}) {
    const auto out = detail::output_of<PerImage, float>(per_image);
    const auto transposed = detail::output_of<PerText, float>(per_text);
    const detail::sent_call call(how);
    const detail::sent_policy of_images(options.images), of_texts(options.texts);
    detail::translated([&] {
        texts.level().clip_logits(images.sent(), texts.sent(), scale.multiplier(), out, transposed, call.sent(),
                                  of_images.sent(), of_texts.sent());
    });
}
/// As unitsphere::clip_logits.
inline clip_logit_matrices clip_logits(const detail::any_rows& images, const any_side& texts, logit_scale scale,
                                       const execution& how = {}, const clip_logits_options& options = {}) {
    const idx_t n = images.rows(), m = texts.rows();
    clip_logit_matrices logits{matrix<float>::uninitialized(n, m), matrix<float>::uninitialized(m, n)};
    dispatched::clip_logits_into(images, texts, scale, logits.per_image, logits.per_text, how, options);
    return logits;
}

/// As unitsphere::siglip_logits_into.
template <class Logits>
void siglip_logits_into(const detail::any_rows& images, const any_side& texts, logit_scale scale, required<float> bias,
                        Logits&& logits, const execution& how = {}, const siglip_logits_options& options = {}) {
    const auto out = detail::output_of<Logits, float>(logits);
    const detail::sent_call call(how);
    const detail::sent_policy of_images(options.images), of_texts(options.texts);
    detail::translated([&] {
        texts.level().siglip_logits(images.sent(), texts.sent(), scale.multiplier(), bias, out, call.sent(),
                                    of_images.sent(), of_texts.sent());
    });
}
/// As unitsphere::siglip_logits.
inline matrix<float> siglip_logits(const detail::any_rows& images, const any_side& texts, logit_scale scale,
                                   required<float> bias, const execution& how = {},
                                   const siglip_logits_options& options = {}) {
    auto logits = matrix<float>::uninitialized(images.rows(), texts.rows());
    dispatched::siglip_logits_into(images, texts, scale, bias, logits, how, options);
    return logits;
}

/// As unitsphere::top_k_into.
template <class Indices, class Scores>
void top_k_into(const detail::any_rows& queries, const any_searched& gallery, Indices&& indices, Scores&& scores,
                const execution& how = {}, const top_k_options& options = {}) {
    const auto rows = detail::output_of<Indices, idx_t>(indices);
    const auto cosines = detail::output_of<Scores, float>(scores);
    const detail::sent_call call(how);
    const detail::sent_policy of_queries(options.queries), of_gallery(options.gallery);
    const row_filter& filter = options.filter;
    const levels::top_k_ref asked = {options.rescore,     filter.mask,        filter.allowed,
                                     filter.exclude_self, filter.first_query, filter.query_rows};
    detail::translated([&] {
        gallery.level().top_k(queries.sent(), gallery.sent(), rows, cosines, asked, call.sent(), of_queries.sent(),
                              of_gallery.sent());
    });
}
/// As unitsphere::top_k.
inline neighbours top_k(const detail::any_rows& queries, const any_searched& gallery, required<idx_t> k,
                        const execution& how = {}, const top_k_options& options = {}) {
    neighbours found = detail::room_for_best("top_k", queries.rows(), gallery.rows(), k);
    dispatched::top_k_into(queries, gallery, found.indices, found.scores, how, options);
    return found;
}

/// As unitsphere::top_k_rescored_into, but for memory: 12 bytes for each candidate, not from the workspace.
template <class Indices, class Scores>
void top_k_rescored_into(const detail::any_rows& queries, const any_searched& gallery, const any_side& rows,
                         required<idx_t> factor, Indices&& indices, Scores&& scores, const execution& how = {},
                         const top_k_rescored_options& options = {}) {
    const auto found = detail::output_of<Indices, idx_t>(indices);
    const auto cosines = detail::output_of<Scores, float>(scores);
    const detail::sent_call call(how);
    const detail::sent_policy of_queries(options.queries), of_gallery(options.gallery);
    detail::translated([&] {
        const levels::table& level = gallery.sent().gallery != nullptr ? gallery.level() : rows.level();
        if (rows.sent().gallery != nullptr && &rows.level() != &level)
            detail::fail<value_error>("top_k_rescored: the gallery is of level ", level.name, ", the rows of ",
                                      rows.level().name);
        level.top_k_rescored(queries.sent(), gallery.sent(), rows.sent(), factor, options.truncate_dim, found, cosines,
                             call.sent(), of_queries.sent(), of_gallery.sent());
    });
}
/// As unitsphere::top_k_rescored.
inline neighbours top_k_rescored(const detail::any_rows& queries, const any_searched& gallery, const any_side& rows,
                                 required<idx_t> k, required<idx_t> factor, const execution& how = {},
                                 const top_k_rescored_options& options = {}) {
    neighbours found = detail::room_for_best("top_k_rescored", queries.rows(), gallery.rows(), k);
    dispatched::top_k_rescored_into(queries, gallery, rows, factor, found.indices, found.scores, how, options);
    return found;
}

/// As unitsphere::softmax_into, of logits and of similarities with a scale.
template <class Out>
void softmax_into(const detail::any_floats& logits, Out&& out, const execution& how = {}) {
    detail::softmax_any(logits, nullptr, detail::output_of<Out, float>(out), how);
}
template <class Out>
void softmax_into(const detail::any_floats& similarities, logit_scale scale, Out&& out, const execution& how = {}) {
    const float multiplier = scale.multiplier();
    detail::softmax_any(similarities, &multiplier, detail::output_of<Out, float>(out), how);
}
/// As unitsphere::softmax.
inline matrix<float> softmax(const detail::any_floats& logits, const execution& how = {}) {
    auto out = matrix<float>::uninitialized(logits.rows(), logits.columns());
    dispatched::softmax_into(logits, out, how);
    return out;
}
inline matrix<float> softmax(const detail::any_floats& similarities, logit_scale scale, const execution& how = {}) {
    auto out = matrix<float>::uninitialized(similarities.rows(), similarities.columns());
    dispatched::softmax_into(similarities, scale, out, how);
    return out;
}

}  // namespace dispatched
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
