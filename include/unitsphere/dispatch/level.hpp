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
#include "../detail/level_table.hpp"
#include "../gallery.hpp"
#include "../linear_head.hpp"
#include "../normalize.hpp"
#include "../probability.hpp"
#include "../search.hpp"
#include "../similarity.hpp"
#include "../zero_shot.hpp"

namespace unitsphere {
namespace levels {
namespace {

void raise(error_kind kind, const char* text) { raise_error(kind, text); }

template <class T>
matrix_view<const T> view_of(const rows_ref& rows) {
    return {static_cast<const T*>(rows.data), rows.rows, rows.dim, rows.stride};
}

/// answer(view) with the view of raw rows of their own type.
template <class Answer>
void with_rows(const rows_ref& rows, const Answer& answer) {
    switch (rows.type) {
        case element::float32:
            return answer(view_of<float>(rows));
        case element::float64:
            return answer(view_of<double>(rows));
        case element::float16:
            return answer(view_of<float16>(rows));
        case element::bfloat16:
            return answer(view_of<bfloat16>(rows));
        case element::int8:
            return answer(view_of<std::int8_t>(rows));
    }
}

/// The caller's execution.
class call {
public:
    explicit call(const call_ref& by) : by_(by), how_(make(by)) {
        if (by.tell != nullptr) how_.on_progress(*this);
    }
    operator const execution&() const noexcept { return how_; }
    void operator()(idx_t part, idx_t whole) const { by_.tell(by_.how, part, whole); }

private:
    struct executor {
        const call_ref* by;
        idx_t workers() const noexcept { return by->workers; }
        void operator()(idx_t count, const engine::function_ref& body) const {
            by->run(by->how, count, &body,
                    [](const void* it, idx_t i) { (*static_cast<const engine::function_ref*>(it))(i); });
        }
    };
    static execution make(const call_ref& by) {
        if (by.workers == 1) return by.space != nullptr ? execution(*by.space) : execution();
        const executor here{&by};  // as large as a pointer: copied
        return by.space != nullptr ? execution(here, *by.space) : execution(here);
    }

    const call_ref& by_;
    execution how_;
};

/// The caller's policy; what was counted goes back at the end of the scope, unless there was an error before.
class policy {
public:
    explicit policy(const policy_ref& given) noexcept : given_(given) {}
    policy(const policy&) = delete;
    ~policy() {
        if (given_.counts != nullptr && seen_.zero_rows >= 0)
            *given_.counts = {seen_.zero_rows, seen_.non_finite_rows, seen_.first_zero, seen_.first_non_finite};
    }
    operator row_policy() noexcept {
        return {on_row(given_.zero_rows), on_row(given_.non_finite), given_.counts != nullptr ? &seen_ : nullptr};
    }

private:
    const policy_ref& given_;
    row_report seen_ = {-1, 0, -1, -1};
};

/// Rows of any type as rows of float with the same scores: float16, bfloat16 and int8 are floats, exactly, and unit
/// rows have the bits of raw ones. So the loops are compiled once, and only rows of other types cost a copy.
class float_rows {
public:
    explicit float_rows(const rows_ref& rows)
        : copy_(rows.type == element::float32 ? nullptr : new matrix<float>(copy_of(rows))),
          view_(copy_ == nullptr ? view_of<float>(rows) : copy_->view(), rows.unit || rows.type == element::float64) {}
    float_rows(const float_rows&) = delete;
    ~float_rows() {
        if (copy_ != nullptr) delete copy_;
    }
    const engine::maybe_unit_view<float>& view() const noexcept { return view_; }

private:
    static matrix<float> copy_of(const rows_ref& rows) {
        auto copy = matrix<float>::uninitialized(rows.rows, rows.dim);
        if (rows.type == element::float64 && !rows.unit)
            normalize_into(view_of<double>(rows), copy);
        else
            with_rows(rows, [&](const auto& elements) {
                for (idx_t i = 0; i < rows.rows; ++i)
                    for (idx_t k = 0; k < rows.dim; ++k) copy(i, k) = float(elements(i, k));
            });
        return copy;
    }

    matrix<float>* copy_;
    engine::maybe_unit_view<float> view_;
};

const gallery& gallery_of(const void* it) noexcept { return *static_cast<const gallery*>(it); }
const zero_shot_classifier& classifier_of(const void* it) noexcept {
    return *static_cast<const zero_shot_classifier*>(it);
}

/// answer(rows) for the gallery's side, which may be packed.
template <class Answer>
void with_side(const rows_ref& rows, const Answer& answer) {
    if (rows.gallery != nullptr) return answer(gallery_of(rows.gallery));
    answer(float_rows(rows).view());
}

/// Refuses an output in the caller's memory of rows that are copied: the direct functions see the copy.
template <class T>
void require_apart(const char* function, const char* name, const matrix_view<T>& out, const char* side,
                   const rows_ref& rows) {
    if (rows.type != element::float32)
        with_rows(rows, [&](const auto& view) { unitsphere::detail::require_apart(function, name, out, side, view); });
}

template <class T>
void normalize_to(const rows_ref& rows, matrix_view<T> out, const call_ref& by, const policy_ref& given) {
    const call how(by);
    policy options(given);
    with_rows(rows, [&](const auto& view) {
        if constexpr (std::is_same_v<T, float> || std::is_same_v<typename std::decay_t<decltype(view)>::value_type, T>)
            normalize_into(view, out, how, {options});
    });
}

void cosines(const rows_ref& queries, const rows_ref& gallery, matrix_view<float> scores, const call_ref& by,
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

void cosines_in_double(const rows_ref& queries, const rows_ref& gallery, matrix_view<double> scores, const call_ref& by,
                       const policy_ref& of_queries, const policy_ref& of_gallery) {
    const call how(by);
    policy queries_policy(of_queries), gallery_policy(of_gallery);
    cosine_similarity_into(engine::maybe_unit_view<double>(view_of<double>(queries), queries.unit),
                           engine::maybe_unit_view<double>(view_of<double>(gallery), gallery.unit), scores, how,
                           {queries_policy, gallery_policy});
}

void clip(const rows_ref& images, const rows_ref& texts, float scale, matrix_view<float> per_image,
          matrix_view<float> per_text, const call_ref& by, const policy_ref& of_images, const policy_ref& of_texts) {
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

void siglip(const rows_ref& images, const rows_ref& texts, float scale, float bias, matrix_view<float> logits,
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

void best_rows(const rows_ref& queries, const rows_ref& gallery, matrix_view<idx_t> indices, matrix_view<float> scores,
               bool rescore, const call_ref& by, const policy_ref& of_queries, const policy_ref& of_gallery) {
    const call how(by);
    policy queries_policy(of_queries), gallery_policy(of_gallery);
    if (rescore && (queries.type == element::float64 || gallery.type == element::float64))
        unitsphere::detail::fail<value_error>("top_k: rescore of rows of double is not dispatched");
    require_apart("top_k", "scores", scores, "queries", queries);
    require_apart("top_k", "scores", scores, "gallery", gallery);
    require_apart("top_k", "indices", indices, "queries", queries);
    require_apart("top_k", "indices", indices, "gallery", gallery);
    const float_rows query_rows(queries);
    with_side(gallery, [&](const auto& gallery_rows) {
        top_k_into(query_rows.view(), gallery_rows, indices, scores, how, {queries_policy, gallery_policy, rescore});
    });
}

void probabilities(matrix_view<const float> logits, const float* scale, matrix_view<float> out, const call_ref& by) {
    const call how(by);
    if (scale != nullptr) return softmax_into(logits, logit_scale::from_multiplier(*scale), out, how);
    softmax_into(logits, out, how);
}

void ensemble(const rows_ref& prompts, matrix_view<const idx_t> labels, matrix_view<float> out, const call_ref& by,
              const policy_ref& of_prompts, const policy_ref& of_classes) {
    const call how(by);
    policy prompts_policy(of_prompts), classes_policy(of_classes);
    require_apart("prompt_ensemble", "out", out, "the prompts", prompts);
    prompt_ensemble_into(float_rows(prompts).view(), labels[0], out, how, {prompts_policy, classes_policy});
}

void* copy_gallery(const void* it) { return it != nullptr ? new gallery(gallery_of(it)) : new gallery(); }
void delete_gallery(void* it) { delete static_cast<gallery*>(it); }
void append(void* it, const rows_ref& rows, const call_ref& by, const policy_ref& given) {
    const call how(by);
    policy options(given);
    static_cast<gallery*>(it)->append(float_rows(rows).view(), how, {options});
}
gallery_facts about(const void* it) {
    const gallery& of = gallery_of(it);
    const row_report& seen = of.report();
    return {of.rows(),
            of.dim(),
            of.bytes(),
            {seen.zero_rows, seen.non_finite_rows, seen.first_zero, seen.first_non_finite}};
}
void unit_rows(const void* it, idx_t first, matrix_view<float> out) {
    const auto rows = gallery_of(it).unit_rows(first, out.rows());
    for (idx_t i = 0; i < out.rows(); ++i)
        for (idx_t k = 0; k < out.dim(); ++k) out(i, k) = rows(i, k);
}

void* new_classifier(const rows_ref& classes, float scale, const call_ref& by) {
    const call how(by);
    return new zero_shot_classifier(float_rows(classes).view(), logit_scale::from_multiplier(scale), how);
}
void* copy_classifier(const void* it) { return new zero_shot_classifier(classifier_of(it)); }
void delete_classifier(void* it) { delete static_cast<zero_shot_classifier*>(it); }

void class_logits(const void* it, const rows_ref& images, matrix_view<float> out, const call_ref& by,
                  const policy_ref& given) {
    const call how(by);
    policy options(given);
    require_apart("zero_shot_classifier::decision_function", "logits", out, "the images", images);
    classifier_of(it).decision_function_into(float_rows(images).view(), out, how, {options});
}
void class_probabilities(const void* it, const rows_ref& images, matrix_view<float> out, const call_ref& by,
                         const policy_ref& given) {
    const call how(by);
    policy options(given);
    require_apart("zero_shot_classifier::predict_proba", "probabilities", out, "the images", images);
    classifier_of(it).predict_proba_into(float_rows(images).view(), out, how, {options});
}
void class_labels(const void* it, const rows_ref& images, matrix_view<idx_t> out, const call_ref& by,
                  const policy_ref& given) {
    const call how(by);
    policy options(given);
    require_apart("zero_shot_classifier::predict", "labels", out, "the images", images);
    classifier_of(it).predict_into(float_rows(images).view(), out, how, {options});
}
void best_classes(const void* it, const rows_ref& images, matrix_view<idx_t> labels, matrix_view<float> proba,
                  const call_ref& by, const policy_ref& given) {
    const call how(by);
    policy options(given);
    require_apart("zero_shot_classifier::top_k", "labels", labels, "the images", images);
    require_apart("zero_shot_classifier::top_k", "probabilities", proba, "the images", images);
    classifier_of(it).top_k_into(float_rows(images).view(), labels, proba, how, {options});
}

void decisions(matrix_view<const double> head, const rows_ref& rows, matrix_view<double> out, const call_ref& by,
               const policy_ref& given) {
    const call how(by);
    policy options(given);
    require_apart("linear_head::decision_function", "out", out, "the rows", rows);
    unitsphere::detail::head_decisions(head, float_rows(rows).view(), out, how, options);
}
void head_probabilities(matrix_view<const double> head, const rows_ref& rows, matrix_view<double> out,
                        const call_ref& by, const policy_ref& given) {
    const call how(by);
    policy options(given);
    require_apart("linear_head::predict_proba", "out", out, "the rows", rows);
    unitsphere::detail::head_probabilities(head, float_rows(rows).view(), out, how, options);
}
void head_labels(matrix_view<const double> head, const rows_ref& rows, const double* threshold, matrix_view<idx_t> out,
                 const call_ref& by, const policy_ref& given) {
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
    probabilities,
    ensemble,
    copy_gallery,
    delete_gallery,
    append,
    about,
    unit_rows,
    new_classifier,
    copy_classifier,
    delete_classifier,
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
