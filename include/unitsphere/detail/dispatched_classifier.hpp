/// The zero-shot classifier of dispatch.hpp.
#pragma once

#include "../data/logit_scale.hpp"
#include "../data/options.hpp"
#include "../data/top_labels.hpp"
#include "dispatched_call.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace dispatched {

using namespace unitsphere;

/// As unitsphere::prompt_ensemble_into.
template <class Labels, class Out>
unit_view<float> prompt_ensemble_into(const detail::any_rows& prompts, const Labels& class_of_prompt, Out&& out,
                                      const execution& how = {}, const prompt_ensemble_options& options = {}) {
    const array<idx_t> labels = detail::copied_labels(class_of_prompt, "prompt_ensemble");
    const matrix_view<float> classes = detail::output_of<Out, float>(out);
    const detail::sent_call call(how);
    const detail::sent_policy of_prompts(options.prompts), of_classes(options.classes);
    detail::translated([&] {
        levels::running().prompt_ensemble(prompts.sent(), labels.view(), classes, call.sent(), of_prompts.sent(),
                                          of_classes.sent());
    });
    return unit_access::view<float>(classes);
}
/// As unitsphere::prompt_ensemble.
template <class Labels>
unit_embeddings<float> prompt_ensemble(const detail::any_rows& prompts, const Labels& class_of_prompt,
                                       const execution& how = {}, const prompt_ensemble_options& options = {}) {
    idx_t classes = 0;  // more classes than prompts are an error
    for (const idx_t label : detail::copied_labels(class_of_prompt, "prompt_ensemble"))
        if (label >= classes) classes = label < prompts.rows() ? label + 1 : prompts.rows();
    auto out = matrix<float>::uninitialized(classes, prompts.dim());
    dispatched::prompt_ensemble_into(prompts, class_of_prompt, out, how, options);
    return unit_access::embeddings(static_cast<matrix<float>&&>(out));
}

/// As unitsphere::zero_shot_classifier, of the level that ran when it was made.
class zero_shot_classifier {
public:
    zero_shot_classifier(const detail::any_rows& class_rows, logit_scale scale, const execution& how = {})
        : scale_(scale), classes_(class_rows.rows()), dim_(class_rows.dim()) {
        const detail::sent_call call(how);
        detail::translated([&] {
            const levels::table& level = levels::running();
            packed_ = {level, level.classifier,
                       level.classifier_new(class_rows.sent(), scale.multiplier(), call.sent())};
        });
    }

    idx_t classes() const noexcept { return classes_; }
    idx_t dim() const noexcept { return dim_; }
    logit_scale scale() const noexcept { return scale_; }

    template <class Logits>
    void decision_function_into(const detail::any_rows& images, Logits&& logits, const execution& how = {},
                                const zero_shot_classifier_options& options = {}) const {
        ask(&levels::table::classifier_logits, images, how, options, detail::output_of<Logits, float>(logits));
    }
    matrix<float> decision_function(const detail::any_rows& images, const execution& how = {},
                                    const zero_shot_classifier_options& options = {}) const {
        auto out = matrix<float>::uninitialized(images.rows(), classes());
        decision_function_into(images, out, how, options);
        return out;
    }

    template <class Probabilities>
    void predict_proba_into(const detail::any_rows& images, Probabilities&& probabilities, const execution& how = {},
                            const zero_shot_classifier_options& options = {}) const {
        ask(&levels::table::classifier_proba, images, how, options,
            detail::output_of<Probabilities, float>(probabilities));
    }
    matrix<float> predict_proba(const detail::any_rows& images, const execution& how = {},
                                const zero_shot_classifier_options& options = {}) const {
        auto out = matrix<float>::uninitialized(images.rows(), classes());
        predict_proba_into(images, out, how, options);
        return out;
    }

    template <class Labels>
    void predict_into(const detail::any_rows& images, Labels&& labels, const execution& how = {},
                      const zero_shot_classifier_options& options = {}) const {
        ask(&levels::table::classifier_labels, images, how, options, detail::output_of<Labels, idx_t>(labels));
    }
    array<idx_t> predict(const detail::any_rows& images, const execution& how = {},
                         const zero_shot_classifier_options& options = {}) const {
        auto labels = array<idx_t>::uninitialized(images.rows());
        predict_into(images, labels, how, options);
        return labels;
    }

    template <class Labels, class Probabilities>
    void top_k_into(const detail::any_rows& images, Labels&& labels, Probabilities&& probabilities,
                    const execution& how = {}, const zero_shot_classifier_options& options = {}) const {
        ask(&levels::table::classifier_top_k, images, how, options, detail::output_of<Labels, idx_t>(labels),
            detail::output_of<Probabilities, float>(probabilities));
    }
    top_labels top_k(const detail::any_rows& images, required<idx_t> k, const execution& how = {},
                     const zero_shot_classifier_options& options = {}) const {
        if (k < 0)
            detail::fail<value_error>("zero_shot_classifier::top_k: k is ", idx_t(k), ", it must not be negative");
        const idx_t n = images.rows(), columns = k < classes() ? idx_t(k) : classes();
        top_labels best{matrix<idx_t>::uninitialized(n, columns), matrix<float>::uninitialized(n, columns)};
        top_k_into(images, best.labels, best.probabilities, how, options);
        return best;
    }

private:
    template <class Question, class... Outputs>
    void ask(Question question, const detail::any_rows& images, const execution& how,
             const zero_shot_classifier_options& options, const Outputs&... outputs) const {
        if (packed_.object() == nullptr) detail::fail<value_error>("zero_shot_classifier: it was moved from");
        const detail::sent_call call(how);
        const detail::sent_policy policy(options.images);
        detail::translated([&] {
            (packed_.level().*question)(packed_.object(), images.sent(), outputs..., call.sent(), policy.sent());
        });
    }

    logit_scale scale_;
    idx_t classes_, dim_;
    detail::handle packed_ = {};
};

}  // namespace dispatched
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
