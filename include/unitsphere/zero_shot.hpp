/// Zero-shot classification: prompts to class embeddings, raw image rows to probabilities and labels.
#pragma once

#include "data/column.hpp"
#include "data/logit_scale.hpp"
#include "directions.hpp"
#include "engine/score_tiles.hpp"
#include "gallery.hpp"
#include "kernel/select.hpp"
#include "kernel/softmax_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

/// 1 + the largest label, when every class up to it has a prompt.
template <class Label>
index count_classes(const matrix_view<const Label>& labels, index prompts) {
    if (labels.rows() != prompts)
        fail<shape_error>("prompt_ensemble: ", prompts, " prompts, class_of_prompt has ", labels.rows(), " entries");
    index largest = -1;
    for (index i = 0; i < prompts; ++i) {
        const index label = index(labels(i, 0));
        if (label < 0) fail<value_error>("prompt_ensemble: prompt ", i, " has the negative class ", label);
        largest = label > largest ? label : largest;
    }
    // A label beyond the number of prompts leaves a class among the first prompts + 1 without one.
    matrix<index> counts(1, largest < prompts ? largest + 1 : prompts + 1);
    for (index i = 0; i < prompts; ++i) {
        const index label = index(labels(i, 0));
        if (label < counts.dim()) ++counts(0, label);
    }
    for (index c = 0; c < counts.dim(); ++c)
        if (counts(0, c) == 0) fail<value_error>("prompt_ensemble: class ", c, " has no prompts");
    return counts.dim();
}

}  // namespace detail

/// One unit row for each class from any number of prompts for it.
///
///   class[c] = m / |m|,   m = mean of prompts[i] / |prompts[i]| over all i with class_of_prompt[i] == c
///
/// Each prompt counts by its direction: the mean of raw rows is another, wrong vector.
///
/// Shapes   prompts [p, dim], class_of_prompt: p integers -> [classes, dim], classes = 1 + the largest label.
/// Units    none: unit rows. The mean is taken in double.
/// Errors   shape_error if the lengths differ; value_error for a negative label, a class without prompts (names the
///          class) and a prompt that is not finite (names the row). A class whose mean is zero becomes a zero row,
///          counted in `report` under its class.
/// Threads  the caller's.   Memory  the result and [classes, dim] doubles.
/// Source   Radford et al. 2021, arXiv:2103.00020, section 3.1.4; openai/CLIP, Prompt_Engineering_for_ImageNet.ipynb.
template <class Prompts, class Labels>
unit_embeddings<float> prompt_ensemble(const Prompts& prompts, const Labels& class_of_prompt,
                                       row_report* report = nullptr) {
    const auto view = engine::view_of(prompts);
    const auto labels = detail::labels_of(class_of_prompt);
    const index classes = detail::count_classes(labels, view.rows());
    engine::row_source source(view, detail::refuse_non_finite(), "prompt_ensemble", "prompt ");
    matrix<double> sums(classes, view.dim());
    detail::add_directions(
        source, sums, [&](index i) { return index(labels(i, 0)); }, [](index) { return 1.0; });
    return detail::direction_of(sums, report);
}

/// The k best labels of each image, best first, and their probabilities.
struct top_labels {
    matrix<index> labels;         ///< [images, min(k, classes)]; -1 where an image has no (more) label
    matrix<float> probabilities;  ///< the same shape; -Inf where the label is -1
};

/// Raw image features in, probabilities over fixed classes out.
///
///   p[i][c] = softmax over c of (scale * cosine(images[i], classes[c]))
///
/// Holds the class embeddings packed for the multiply kernel, so that each call pays for its images only.
///
/// Source   Radford et al. 2021, arXiv:2103.00020, section 3.1.2; the CLIP README's zero-shot example.
class zero_shot_classifier {
public:
    /// Shapes   class_rows [classes, dim], one row a class: a prompt_ensemble, or raw text features.
    /// Units    none: raw rows are normalized, unit rows used as they are; `scale` turns cosines into logits.
    /// Errors   value_error that names the row if one is not finite. A zero row scores 0 for every image.
    /// Threads  the caller's.   Memory  a packed copy of the rows.   Source  as the class.
    template <class Classes>
    zero_shot_classifier(const Classes& class_rows, logit_scale scale)
        : scale_(scale),
          classes_(engine::view_of(class_rows), detail::refuse_non_finite(), "zero_shot_classifier", "class ") {}

    index classes() const noexcept { return classes_.rows(); }
    index dim() const noexcept { return classes_.dim(); }
    logit_scale scale() const noexcept { return scale_; }

    /// The probability of every class for every image, into the caller's memory.
    ///
    /// Shapes   images [n, dim], raw or unit -> out [n, classes]; any row strides.
    /// Units    probabilities; |sum - 1| <= 2e-7 in each row. With one class it is 1, whatever the image.
    /// Errors   shape_error for another dim or shape of out, or memory shared with the images; value_error where the
    ///          options say so. A zero image scores 0 for every class (uniform), one with NaN or Inf gives NaN.
    /// Threads  `how` splits the images; one classifier may serve many callers.
    /// Memory   some packed rows of images for each worker, from the workspace of `how`.
    template <class Images>
    void probabilities(const Images& images, matrix_view<float> out, const execution& how,
                       const normalize_options& options = {}) const {
        constexpr const char* function = "zero_shot_classifier::probabilities";
        const auto view = engine::view_of(images);
        require_same_dim(view, function);
        detail::require_shape(function, "out", out, view.rows(), classes());
        detail::require_apart(function, "out", out, "the images", engine::values_of(view));
        run(view, options, function, how, engine::shared_by_workers{softmax_rows{out, scale_.multiplier()}});
    }
    /// On the caller's thread.
    template <class Images>
    void probabilities(const Images& images, matrix_view<float> out, const normalize_options& options = {}) const {
        probabilities(images, out, sequential{}, options);
    }
    /// The same as a new matrix.
    template <class Images>
    matrix<float> probabilities(const Images& images, const execution& how,
                                const normalize_options& options = {}) const {
        const auto view = engine::view_of(images);
        auto out = matrix<float>::uninitialized(view.rows(), classes());
        probabilities(view, out.view(), how, options);
        return out;
    }
    template <class Images>
    matrix<float> probabilities(const Images& images, const normalize_options& options = {}) const {
        return probabilities(images, sequential{}, options);
    }

    /// The k best labels of every image and their probabilities, into the caller's memory.
    ///
    /// Ranked by logit, so labels whose probabilities round to the same float keep their order; equal
    /// logits by ascending label.
    ///
    /// Shapes   images [n, dim] -> labels [n, k] and probabilities [n, k], k <= classes.
    /// Units    labels: row numbers of the classes; probabilities over all classes, not over the k.
    /// Errors   as probabilities(); shape_error too if k exceeds the classes. An image with NaN or Inf has no labels:
    ///          -1 with probability -Inf.
    /// Threads  as probabilities().   Memory  some packed rows of images and their logits for each worker.
    template <class Images>
    void top(const Images& images, matrix_view<index> labels, matrix_view<float> probabilities, const execution& how,
             const normalize_options& options = {}) const {
        constexpr const char* function = "zero_shot_classifier::top";
        const auto view = engine::view_of(images);
        require_same_dim(view, function);
        if (labels.dim() > classes())
            detail::fail<shape_error>(function, ": ", labels.dim(), " labels of ", classes(), " classes");
        detail::require_shape(function, "labels", labels, view.rows(), labels.dim());
        detail::require_shape(function, "probabilities", probabilities, view.rows(), labels.dim());
        detail::require_apart(function, "labels", labels, "the images", engine::values_of(view));
        detail::require_apart(function, "probabilities", probabilities, "the images", engine::values_of(view));
        detail::require_apart(function, "probabilities", probabilities, "labels", labels);
        run(view, options, function, how, best_of_workers{classes(), scale_.multiplier(), labels, probabilities});
    }
    /// On the caller's thread.
    template <class Images>
    void top(const Images& images, matrix_view<index> labels, matrix_view<float> probabilities,
             const normalize_options& options = {}) const {
        top(images, labels, probabilities, sequential{}, options);
    }
    /// The same as new matrices of min(k, classes) columns; value_error for a negative k.
    template <class Images>
    top_labels top(const Images& images, index k, const execution& how, const normalize_options& options = {}) const {
        if (k < 0) detail::fail<value_error>("zero_shot_classifier::top: k is ", k, ", it must not be negative");
        const auto view = engine::view_of(images);
        const index n = view.rows(), columns = k < classes() ? k : classes();
        top_labels best{matrix<index>::uninitialized(n, columns), matrix<float>::uninitialized(n, columns)};
        top(view, best.labels.view(), best.probabilities.view(), how, options);
        return best;
    }
    template <class Images>
    top_labels top(const Images& images, index k, const normalize_options& options = {}) const {
        return top(images, k, sequential{}, options);
    }

private:
    /// Consumer: logits into the rows of `out`, softmax there once a row is whole.
    struct softmax_rows {
        matrix_view<float> out;
        float scale;

        void expect(index row, int rows, index column, int columns) const noexcept {
            engine::expect_tile(out, row, rows, column, columns);
        }
        void tile(const engine::score_tile<>& tile) const noexcept { tile.store(scale, out); }
        void rows_done(index first, index count) const noexcept {
            kernel::softmax_rows(out.row(first), count, out.dim(), out.stride(), out.row(first), out.stride());
        }
    };

    /// Consumer: logits into a group of scratch rows; the best of each, then its softmax, once they are whole.
    struct best_labels : engine::expects_nothing {
        matrix_view<float> logits;
        float scale;
        matrix_view<index> labels;
        matrix_view<float> probabilities;

        void tile(const engine::score_tile<>& tile) const noexcept {
            for (int r = 0; r < tile.rows; ++r)
                tile.store_row(r, scale, logits.row((tile.first_row + r) % engine::group_rows<>));
        }
        void rows_done(index first, index count) const noexcept {
            for (index i = first; i < first + count; ++i) {
                float* row = logits.row(i % engine::group_rows<>);
                kernel::select_best(row, logits.dim(), labels.dim(), labels.row(i), probabilities.row(i));
                kernel::softmax_row(row, logits.dim(), row);
                for (index j = 0; j < labels.dim(); ++j)
                    if (labels(i, j) >= 0) probabilities(i, j) = row[labels(i, j)];
            }
        }
    };

    /// The same with scratch rows for each worker.
    struct best_of_workers {
        index classes;
        float scale;
        matrix_view<index> labels;
        matrix_view<float> probabilities;
        float* logits = nullptr;

        index bytes(index workers, index) const {
            engine::block_layout layout;
            layout.add<float>(workers * engine::group_rows<>, classes);
            return layout.bytes();
        }
        void begin(std::byte* memory) noexcept { logits = reinterpret_cast<float*>(memory); }
        best_labels of(index worker) const {
            float* const mine = logits + worker * engine::group_rows<> * classes;
            return {{}, matrix_view<float>(mine, engine::group_rows<>, classes), scale, labels, probabilities};
        }
    };

    template <class View>
    void require_same_dim(const View& images, const char* function) const {
        if (images.dim() != dim())
            detail::fail<shape_error>(function, ": images have dim ", images.dim(), ", the classes have dim ", dim());
    }

    template <class View, class Consumers>
    void run(const View& images, const normalize_options& options, const char* function, const execution& how,
             Consumers&& consumers) const {
        engine::row_source source(images, options, function, "image ");
        engine::packed_side<float> side(classes_.packed(), {}, function, "class ");
        engine::score_rows<float>(how, source, side, consumers);
        source.report();
    }

    logit_scale scale_;
    gallery classes_;
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
