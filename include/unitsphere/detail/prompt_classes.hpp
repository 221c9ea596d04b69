/// The classes that prompts belong to, and the mean direction of each.
#pragma once

#include "direction_sums.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The largest label of as many as there are prompts; -1 of none.
template <class Label>
idx_t largest_class(const matrix_view<const Label>& labels, idx_t prompts) {
    if (labels.rows() != prompts)
        fail<shape_error>("prompt_ensemble: ", prompts, " prompts, class_of_prompt has ", labels.rows(), " entries");
    idx_t largest = -1;
    for (idx_t i = 0; i < prompts; ++i) {
        const idx_t label = idx_t(labels(i, 0));
        if (label < 0) fail<value_error>("prompt_ensemble: prompt ", i, " has the negative class ", label);
        largest = engine::maximum(label, largest);
    }
    return largest;
}

/// 1 + the largest label, when every class up to it has a prompt.
template <class Label>
idx_t count_classes(const matrix_view<const Label>& labels, idx_t prompts, const execution& how) {
    const idx_t largest = largest_class(labels, prompts);
    // A label beyond the number of prompts leaves a class among the first prompts + 1 without one.
    const idx_t classes = largest < prompts ? largest + 1 : prompts + 1;
    engine::arena memory(how, "prompt_ensemble");
    bool* has_prompt = nullptr;
    memory.add(has_prompt, classes);
    memory.reserve();
    for (idx_t c = 0; c < classes; ++c) has_prompt[c] = false;
    for (idx_t i = 0; i < prompts; ++i) {
        const idx_t label = idx_t(labels(i, 0));
        if (label < classes) has_prompt[label] = true;
    }
    for (idx_t c = 0; c < classes; ++c)
        if (!has_prompt[c]) fail<value_error>("prompt_ensemble: class ", c, " has no prompts");
    return classes;
}

/// The classes of labels that count_classes has seen.
template <class View, class Label>
unit_view<float> classes_of_prompts(const View& prompts, const matrix_view<const Label>& labels,
                                    const matrix_view<float>& out, const execution& how,
                                    const row_policy& prompts_policy, const row_policy& classes_policy) {
    constexpr const char* function = "prompt_ensemble";
    engine::row_source source(prompts, refuse_non_finite(prompts_policy), function, "prompt ");
    direction_sums sums(how, source.function(), out.rows(), out.dim());
    sums.add(
        source, [&](idx_t i) { return idx_t(labels(i, 0)); }, [](idx_t) { return 1.0; });
    sums.directions(out, classes_policy, function, "class ");
    source.report();
    return unit_access::view<float>(out);
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
