/// The unit of one level, a source file of three lines that unitsphere_add_levels writes (docs/dispatch.md):
///
///   #define UNITSPHERE_LEVEL x86_64_v3
///   #define UNITSPHERE_LEVEL_NAME "x86-64-v3"
///   #include <unitsphere/dispatch/level.hpp>              compiled with -march=x86-64-v3
///
/// Nothing that its compiler emits may be picked up by another unit. All code of ours is in a namespace without a name,
/// so it is local; xsimd's has the name of the instruction set; there is none of std's: an error goes to raise(), and
/// memory comes from operator new. tests/dispatch looks for any other symbol.
#pragma once

#include "../data/instruction_set.hpp"

#if defined(UNITSPHERE_LEVEL)

#if defined(__aarch64__) && !defined(__OPTIMIZE__)
#error "unitsphere: compile the unit of a level with -O1 or more; without it xsimd for ARM emits symbols of std"
#endif

#define xsimd UNITSPHERE_JOIN(unitsphere_xsimd_, UNITSPHERE_ISA_NAME, , , , , , )

#include "../detail/cpu_features.hpp"
#include "../linear_head.hpp"
#include "../probability.hpp"
#include "../similarity.hpp"
#include "../zero_shot.hpp"
#include "level_galleries.hpp"

namespace unitsphere {
namespace levels {
namespace {

template <class T>
void normalize_to(const rows_ref& rows, const matrix_view<T>& out, const call_ref& by, const policy_ref& given) {
    const call how(by);
    policy options(given);
    with_rows(rows, [&](const auto& view) {
        if constexpr (std::is_same_v<T, float> || std::is_same_v<typename std::decay_t<decltype(view)>::value_type, T>)
            normalize_into(view, out, how, {options});
    });
}

void cosines(const rows_ref& queries, const rows_ref& gallery, const matrix_view<float>& scores, const call_ref& by,
             const policy_ref& of_queries, const policy_ref& of_gallery) {
    const call how(by);
    policy queries_policy(of_queries), gallery_policy(of_gallery);
    require_apart("cosine_similarity", "scores", scores, "queries", queries);
    require_apart("cosine_similarity", "scores", scores, "gallery", gallery);
    const float_rows query_rows(queries);
    with_side(gallery, [&](const auto& gallery_rows) {
        cosine_similarity_into(query_rows.view(), gallery_rows, scores, how, {queries_policy, gallery_policy});
    });
}

void cosines_in_double(const rows_ref& queries, const rows_ref& gallery, const matrix_view<double>& scores,
                       const call_ref& by, const policy_ref& of_queries, const policy_ref& of_gallery) {
    const call how(by);
    policy queries_policy(of_queries), gallery_policy(of_gallery);
    cosine_similarity_into(engine::maybe_unit_view<double>(view_of<double>(queries), queries.unit),
                           engine::maybe_unit_view<double>(view_of<double>(gallery), gallery.unit), scores, how,
                           {queries_policy, gallery_policy});
}

void clip(const rows_ref& images, const rows_ref& texts, float scale, const matrix_view<float>& per_image,
          const matrix_view<float>& per_text, const call_ref& by, const policy_ref& of_images,
          const policy_ref& of_texts) {
    const call how(by);
    policy images_policy(of_images), texts_policy(of_texts);
    require_apart("clip_logits", "per_image", per_image, "images", images);
    require_apart("clip_logits", "per_image", per_image, "texts", texts);
    require_apart("clip_logits", "per_text", per_text, "images", images);
    require_apart("clip_logits", "per_text", per_text, "texts", texts);
    const float_rows image_rows(images);
    with_side(texts, [&](const auto& text_rows) {
        clip_logits_into(image_rows.view(), text_rows, logit_scale::from_multiplier(scale), per_image, per_text, how,
                         {images_policy, texts_policy});
    });
}

void siglip(const rows_ref& images, const rows_ref& texts, float scale, float bias, const matrix_view<float>& logits,
            const call_ref& by, const policy_ref& of_images, const policy_ref& of_texts) {
    const call how(by);
    policy images_policy(of_images), texts_policy(of_texts);
    require_apart("siglip_logits", "logits", logits, "images", images);
    require_apart("siglip_logits", "logits", logits, "texts", texts);
    const float_rows image_rows(images);
    with_side(texts, [&](const auto& text_rows) {
        siglip_logits_into(image_rows.view(), text_rows, logit_scale::from_multiplier(scale), bias, logits, how,
                           {images_policy, texts_policy});
    });
}

void probabilities(const matrix_view<const float>& logits, const float* scale, const matrix_view<float>& out,
                   const call_ref& by) {
    const call how(by);
    if (scale != nullptr) return softmax_into(logits, logit_scale::from_multiplier(*scale), out, how);
    softmax_into(logits, out, how);
}

void ensemble(const rows_ref& prompts, const matrix_view<const idx_t>& labels, const matrix_view<float>& out,
              const call_ref& by, const policy_ref& of_prompts, const policy_ref& of_classes) {
    const call how(by);
    policy prompts_policy(of_prompts), classes_policy(of_classes);
    require_apart("prompt_ensemble", "out", out, "the prompts", prompts);
    prompt_ensemble_into(float_rows(prompts).view(), labels[0], out, how, {prompts_policy, classes_policy});
}

void* new_classifier(const rows_ref& classes, float scale, const call_ref& by) {
    const call how(by);
    return new zero_shot_classifier(float_rows(classes).view(), logit_scale::from_multiplier(scale), how);
}

void class_logits(const void* it, const rows_ref& images, const matrix_view<float>& out, const call_ref& by,
                  const policy_ref& given) {
    const call how(by);
    policy options(given);
    require_apart("zero_shot_classifier::decision_function", "logits", out, "the images", images);
    as<zero_shot_classifier>(it).decision_function_into(float_rows(images).view(), out, how, {options});
}
void class_probabilities(const void* it, const rows_ref& images, const matrix_view<float>& out, const call_ref& by,
                         const policy_ref& given) {
    const call how(by);
    policy options(given);
    require_apart("zero_shot_classifier::predict_proba", "probabilities", out, "the images", images);
    as<zero_shot_classifier>(it).predict_proba_into(float_rows(images).view(), out, how, {options});
}
void class_labels(const void* it, const rows_ref& images, const matrix_view<idx_t>& out, const call_ref& by,
                  const policy_ref& given) {
    const call how(by);
    policy options(given);
    require_apart("zero_shot_classifier::predict", "labels", out, "the images", images);
    as<zero_shot_classifier>(it).predict_into(float_rows(images).view(), out, how, {options});
}
void best_classes(const void* it, const rows_ref& images, const matrix_view<idx_t>& labels,
                  const matrix_view<float>& proba, const call_ref& by, const policy_ref& given) {
    const call how(by);
    policy options(given);
    require_apart("zero_shot_classifier::top_k", "labels", labels, "the images", images);
    require_apart("zero_shot_classifier::top_k", "probabilities", proba, "the images", images);
    as<zero_shot_classifier>(it).top_k_into(float_rows(images).view(), labels, proba, how, {options});
}

void decisions(const matrix_view<const double>& head, const rows_ref& rows, const matrix_view<double>& out,
               const call_ref& by, const policy_ref& given) {
    const call how(by);
    policy options(given);
    require_apart("linear_head::decision_function", "out", out, "the rows", rows);
    unitsphere::detail::head_decisions(head, float_rows(rows).view(), out, how, options);
}
void head_probabilities(const matrix_view<const double>& head, const rows_ref& rows, const matrix_view<double>& out,
                        const call_ref& by, const policy_ref& given) {
    const call how(by);
    policy options(given);
    require_apart("linear_head::predict_proba", "out", out, "the rows", rows);
    unitsphere::detail::head_probabilities(head, float_rows(rows).view(), out, how, options);
}
void head_labels(const matrix_view<const double>& head, const rows_ref& rows, const double* threshold,
                 const matrix_view<idx_t>& out, const call_ref& by, const policy_ref& given) {
    const call how(by);
    policy options(given);
    require_apart("linear_head::predict", "labels", out, "the rows", rows);
    const float_rows floats(rows);
    if (threshold != nullptr)
        unitsphere::detail::head_labels_at(*threshold, head, floats.view(), out, how, options);
    else
        unitsphere::detail::head_labels(head, floats.view(), out, how, options);
}

}  // namespace

inline namespace UNITSPHERE_LEVELS_VERSION {

#if defined(__ARM_FEATURE_SVE_BITS)
#define UNITSPHERE_LEVEL_SVE_BITS __ARM_FEATURE_SVE_BITS
#else
#define UNITSPHERE_LEVEL_SVE_BITS 0
#endif
#define UNITSPHERE_LEVEL_TABLE UNITSPHERE_JOIN(level_, UNITSPHERE_LEVEL, , , , , , )

static_assert(
    std::is_same_v<unitsphere::detail::storages,
                   unitsphere::detail::storage_list<float16, bfloat16, std::int8_t, int4, one_bit, fast_bfloat16>>,
    "the table has their galleries in this order");

// constexpr: no code of a level may run before a level has been chosen.
extern const table UNITSPHERE_LEVEL_TABLE;
constexpr table UNITSPHERE_LEVEL_TABLE = {
    UNITSPHERE_LEVEL_NAME,
    UNITSPHERE_TEXT(UNITSPHERE_ISA_NAME),
    used_features(),
    int(sizeof(kernel::vector<float>)),
    UNITSPHERE_LEVEL_SVE_BITS,
    normalize_to<float>,
    normalize_to<double>,
    cosines,
    cosines_in_double,
    clip,
    siglip,
    best_rows,
    best_candidates,
    probabilities,
    ensemble,
    {gallery_of<gallery>, gallery_of<compact_gallery<float16>>, gallery_of<compact_gallery<bfloat16>>,
     gallery_of<compact_gallery<std::int8_t>>, gallery_of<compact_gallery<int4>>, gallery_of<compact_gallery<one_bit>>,
     gallery_of<compact_gallery<fast_bfloat16>>, gallery_of<shadow_gallery>},
    shadow_over,
    object_of<zero_shot_classifier>,
    new_classifier,
    class_logits,
    class_probabilities,
    class_labels,
    best_classes,
    decisions,
    head_probabilities,
    head_labels,
};

}  // namespace UNITSPHERE_LEVELS_VERSION
}  // namespace levels
}  // namespace unitsphere

#endif
