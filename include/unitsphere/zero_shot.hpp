/// Zero-shot classification: prompts to class embeddings, raw image rows to logits, probabilities and labels.
#pragma once

#include "data/logit_scale.hpp"
#include "data/options.hpp"
#include "data/top_labels.hpp"
#include "detail/class_scores.hpp"
#include "detail/packed_gallery.hpp"
#include "detail/prompt_classes.hpp"
#include "detail/sides.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// One unit row for each class from any number of prompts for it, in the caller's memory.
///
///   class[c] = m / |m|,   m = mean of prompts[i] / |prompts[i]| over all i with class_of_prompt[i] == c
///
/// Each prompt counts by its direction: the mean of raw rows is another, wrong vector.
///
/// Shapes   prompts [p, dim], class_of_prompt: p integers -> [classes, dim], classes = 1 + the largest label.
/// Units    none: unit rows. The mean is taken in double.
/// Errors   shape_error if the lengths differ, or out has another shape or shares memory with an input; value_error for
///          a negative label, a class without prompts (names the class) and a prompt that is not finite, whatever its
///          policy says (names the row). A class whose mean is zero becomes what options.classes says: by default a
///          zero row, counted in its report under its class.
/// Threads  the caller's: sums keep the order of the prompts.
/// Memory   [classes, dim] doubles and a row, from the workspace of `how`.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 3.1.4; openai/CLIP, Prompt_Engineering_for_ImageNet.ipynb.
template <class Prompts, class Labels, class Out, detail::if_rows<Prompts> = 0>
unit_view<float> prompt_ensemble_into(const Prompts& prompts, const Labels& class_of_prompt, Out&& out,
                                      const execution& how = {}, const prompt_ensemble_options& options = {}) {
    const auto view = engine::view_of(prompts);
    const auto labels = detail::labels_of(class_of_prompt, "prompt_ensemble");
    const matrix_view<float> classes = detail::output_of<Out, float>(out);
    detail::require_shape("prompt_ensemble", "out", classes, detail::count_classes(labels, view.rows(), how),
                          view.dim());
    detail::require_apart("prompt_ensemble", "out", classes, "the prompts", engine::values_of(view));
    detail::require_apart("prompt_ensemble", "out", classes, "class_of_prompt", labels);
    return detail::classes_of_prompts(view, labels, classes, how, options.prompts, options.classes);
}
/// The same as new rows.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Prompts, class Labels, detail::if_rows<Prompts> = 0>
unit_embeddings<float> prompt_ensemble(const Prompts& prompts, const Labels& class_of_prompt, const execution& how = {},
                                       const prompt_ensemble_options& options = {}) {
    const auto view = engine::view_of(prompts);
    const auto labels = detail::labels_of(class_of_prompt, "prompt_ensemble");
    auto out = matrix<float>::uninitialized(detail::count_classes(labels, view.rows(), how), view.dim());
    detail::classes_of_prompts(view, labels, out.view(), how, options.prompts, options.classes);
    return unit_access::embeddings(static_cast<matrix<float>&&>(out));
}
UNITSPHERE_REFUSE_OTHER_ROWS(prompt_ensemble);

/// Raw image features in; logits, probabilities and labels of fixed classes out. The verbs are scikit-learn's.
///
///   logit[i][c] = scale * cosine(images[i], classes[c])        p[i] = softmax of logit[i]
///
/// Holds the class embeddings packed for the multiply kernel, so that each call pays for its images only.
///
/// Source   Radford et al. 2021, arXiv:2103.00020, section 3.1.2; the CLIP README's zero-shot example.
class zero_shot_classifier {
public:
    /// Shapes   class_rows [classes, dim], one row a class: a prompt_ensemble, or raw text features.
    /// Units    none: raw rows are normalized, unit rows used as they are; `scale` turns cosines into logits.
    /// Errors   value_error that names the row if one is not finite. A zero row scores 0 for every image.
    /// Threads  `how` splits the rows.   Memory  a packed copy of the rows.   Source  as the class.
    template <class Classes, detail::if_rows<Classes> = 0>
    zero_shot_classifier(const Classes& class_rows, logit_scale scale, const execution& how = {}) : scale_(scale) {
        classes_.append(engine::view_of(class_rows), how, detail::refuse_non_finite(), "zero_shot_classifier",
                        "class ");
    }
    template <class Classes, class... More, class Advice = detail::pass_rows, detail::unless_rows<Classes> = 0>
    zero_shot_classifier(const Classes&, logit_scale, More&&...) = delete;
    template <class Classes, class Number, class... More, class Advice = detail::pass_logit_scale,
              detail::if_number<Number> = 0>
    zero_shot_classifier(const Classes&, Number, More&&...) = delete;

    idx_t classes() const noexcept { return classes_.rows(); }
    idx_t dim() const noexcept { return classes_.dim(); }
    logit_scale scale() const noexcept { return scale_; }

    /// The logit of every class for every image, in the caller's memory.
    ///
    /// Shapes   images [n, dim], raw or unit -> logits [n, classes]; any row strides.
    /// Units    logits: scale * cosine, the bits of clip_logits.
    /// Errors   shape_error for another dim or shape of the output, or memory shared with the images; value_error where
    ///          the options say so. A zero image has the logit 0 for every class, one with NaN or Inf has NaN.
    /// Threads  `how` splits the images; every split gives the same bits. One classifier may serve many callers.
    /// Memory   some packed rows of images for each worker, from the workspace of `how`.   Source  as the class.
    template <class Images, class Logits, detail::if_rows<Images> = 0>
    void decision_function_into(const Images& images, Logits&& logits, const execution& how = {},
                                const zero_shot_classifier_options& options = {}) const {
        logits_of(engine::view_of(images), detail::output_of<Logits, float>(logits), how, options);
    }
    /// The same as a new matrix.
    ///
    /// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
    template <class Images, detail::if_rows<Images> = 0>
    matrix<float> decision_function(const Images& images, const execution& how = {},
                                    const zero_shot_classifier_options& options = {}) const {
        const auto view = engine::view_of(images);
        auto out = matrix<float>::uninitialized(view.rows(), classes());
        logits_of(view, out.view(), how, options);
        return out;
    }
    UNITSPHERE_REFUSE_OTHER_ROWS_IN_MEMBER(decision_function);

    /// The probability of every class for every image, in the caller's memory.
    ///
    /// Shapes   images [n, dim], raw or unit -> probabilities [n, classes]; any row strides.
    /// Units    probabilities; |sum - 1| <= 2e-7 in each row. With one class it is 1, whatever the image.
    /// Errors   as decision_function. A zero image is uniform, one with NaN or Inf gives NaN.
    /// Threads, Memory, Source   as decision_function.
    template <class Images, class Probabilities, detail::if_rows<Images> = 0>
    void predict_proba_into(const Images& images, Probabilities&& probabilities, const execution& how = {},
                            const zero_shot_classifier_options& options = {}) const {
        probabilities_of(engine::view_of(images), detail::output_of<Probabilities, float>(probabilities), how, options);
    }
    /// The same as a new matrix.
    ///
    /// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
    template <class Images, detail::if_rows<Images> = 0>
    matrix<float> predict_proba(const Images& images, const execution& how = {},
                                const zero_shot_classifier_options& options = {}) const {
        const auto view = engine::view_of(images);
        auto out = matrix<float>::uninitialized(view.rows(), classes());
        probabilities_of(view, out.view(), how, options);
        return out;
    }
    UNITSPHERE_REFUSE_OTHER_ROWS_IN_MEMBER(predict_proba);

    /// The best label of every image, in the caller's memory: the first of top_k.
    ///
    /// Shapes   images [n, dim] -> n labels (an array, a std::vector of idx_t or one row).
    /// Units    row numbers of the classes; equal logits give the lowest.
    /// Errors   as decision_function. An image with NaN or Inf, or without classes to choose from, has the label -1.
    /// Threads, Memory, Source   as decision_function.
    template <class Images, class Labels, detail::if_rows<Images> = 0>
    void predict_into(const Images& images, Labels&& labels, const execution& how = {},
                      const zero_shot_classifier_options& options = {}) const {
        best_label_of(engine::view_of(images), detail::output_of<Labels, idx_t>(labels), how, options);
    }
    /// The same as a new array.
    ///
    /// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
    template <class Images, detail::if_rows<Images> = 0>
    array<idx_t> predict(const Images& images, const execution& how = {},
                         const zero_shot_classifier_options& options = {}) const {
        const auto view = engine::view_of(images);
        auto labels = array<idx_t>::uninitialized(view.rows());
        best_label_of(view, labels.view(), how, options);
        return labels;
    }
    UNITSPHERE_REFUSE_OTHER_ROWS_IN_MEMBER(predict);

    /// The k best labels of every image and their probabilities, in the caller's memory.
    ///
    /// Ranked by logit, so labels whose probabilities round to the same float keep their order; equal
    /// logits by ascending label.
    ///
    /// Shapes   images [n, dim] -> labels [n, k] and probabilities [n, k], k <= classes.
    /// Units    labels: row numbers of the classes; probabilities over all classes, not over the k.
    /// Errors   as decision_function; shape_error too if k exceeds the classes. An image with NaN or Inf has no labels:
    ///          -1 with probability -Inf.
    /// Threads, Source   as decision_function.   Memory  some packed rows of images and their logits for each worker.
    template <class Images, class Labels, class Probabilities, detail::if_rows<Images> = 0>
    void top_k_into(const Images& images, Labels&& labels, Probabilities&& probabilities, const execution& how = {},
                    const zero_shot_classifier_options& options = {}) const {
        best_labels_of(engine::view_of(images), detail::output_of<Labels, idx_t>(labels),
                       detail::output_of<Probabilities, float>(probabilities), how, options);
    }
    /// The same as new matrices of min(k, classes) columns: for (auto [label, probability] : best[i]). best[i] is a
    /// view of best: keep it.
    ///
    /// Shapes, Units, Threads, Source   as above.   Errors  as above; value_error for a negative k.
    /// Memory   the results too.
    template <class Images, detail::if_rows<Images> = 0>
    top_labels top_k(const Images& images, required<idx_t> k, const execution& how = {},
                     const zero_shot_classifier_options& options = {}) const {
        if (k < 0)
            detail::fail<value_error>("zero_shot_classifier::top_k: k is ", idx_t(k), ", it must not be negative");
        const auto view = engine::view_of(images);
        const idx_t n = view.rows(), columns = engine::minimum(idx_t(k), classes());
        top_labels best{matrix<idx_t>::uninitialized(n, columns), matrix<float>::uninitialized(n, columns)};
        best_labels_of(view, best.labels.view(), best.probabilities.view(), how, options);
        return best;
    }
    UNITSPHERE_REFUSE_OTHER_ROWS_IN_MEMBER(top_k);

private:
    template <class View>
    void logits_of(const View& images, const matrix_view<float>& out, const execution& how,
                   const zero_shot_classifier_options& options) const {
        constexpr const char* function = "zero_shot_classifier::decision_function";
        require_output(function, images, "logits", out, images.rows(), classes());
        run(function, images, how, options,
            engine::shared_by_workers{detail::store_logits{{{}, out}, scale_.multiplier(), {}}});
    }
    template <class View>
    void probabilities_of(const View& images, const matrix_view<float>& out, const execution& how,
                          const zero_shot_classifier_options& options) const {
        constexpr const char* function = "zero_shot_classifier::predict_proba";
        require_output(function, images, "probabilities", out, images.rows(), classes());
        run(function, images, how, options,
            engine::shared_by_workers{detail::store_class_probabilities{{{{}, out}, scale_.multiplier(), {}}}});
    }
    template <class View>
    void best_label_of(const View& images, const matrix_view<idx_t>& labels, const execution& how,
                       const zero_shot_classifier_options& options) const {
        constexpr const char* function = "zero_shot_classifier::predict";
        require_output(function, images, "labels", labels, 1, images.rows());
        run(function, images, how, options, detail::keep_best_label{{}, labels, scale_.multiplier()});
    }
    template <class View>
    void best_labels_of(const View& images, const matrix_view<idx_t>& labels, const matrix_view<float>& probabilities,
                        const execution& how, const zero_shot_classifier_options& options) const {
        constexpr const char* function = "zero_shot_classifier::top_k";
        const idx_t k = labels.columns();
        if (k > classes()) detail::fail<shape_error>(function, ": ", k, " labels of ", classes(), " classes");
        require_output(function, images, "labels", labels, images.rows(), k);
        require_output(function, images, "probabilities", probabilities, images.rows(), k);
        detail::require_apart(function, "probabilities", probabilities, "labels", labels);
        run(function, images, how, options,
            detail::keep_best_labels{{}, classes(), scale_.multiplier(), labels, probabilities, {}});
    }

    static constexpr detail::side_names names_of(const char* function) {
        return {function, "the images", "images have dim ", "image ", "the classes", "the classes have dim ", "class "};
    }
    template <class View, class T>
    void require_output(const char* function, const View& images, const char* name, const matrix_view<T>& out,
                        idx_t rows, idx_t columns) const {
        detail::require_same_dim(names_of(function), images, classes_);
        detail::require_output(names_of(function), name, out, rows, columns, images, classes_.packed());
    }
    template <class View, class Consumers>
    void run(const char* function, const View& images, const execution& how,
             const zero_shot_classifier_options& options, Consumers&& consumers) const {
        detail::score_all<float, engine::tile_order::whole_rows>(how, names_of(function), images, classes_.packed(),
                                                                 options.images, {}, consumers);
    }

    logit_scale scale_;
    detail::packed_gallery classes_;
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
