/// CLIP's loss by blocks of images and texts: states of their rows that are merged block after block.
#pragma once

#include <cfloat>

#include "clip_loss.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// For add_clip_loss_block and clip_loss_block_gradients.
struct clip_loss_block_options {
    row_policy images = {}, texts = {};
};

namespace detail {

inline constexpr side_names add_block_names = of_images_and_texts("add_clip_loss_block");
inline constexpr side_names block_gradient_names = of_images_and_texts("clip_loss_block_gradients");

/// The logarithm of nothing: lower than any logit, and finite.
inline constexpr double log_of_nothing = -DBL_MAX;

/// log(exp(a) + exp(b))
inline double log_of_sum(double a, double b) noexcept {
    return a < b ? b + std::log1p(std::exp(a - b)) : a + std::log1p(std::exp(b - a));
}
/// The loss of a row: log(1 + exp(others - the label's logit)).
inline double loss_of_state(const double* state) noexcept { return softplus(state[0] - state[1]); }

/// The part of a block that has pairs: images first .. end - 1, with the texts `first_label` behind.
struct pairs_of_block {
    idx_t first, end;

    pairs_of_block(idx_t images, idx_t texts, idx_t first_label) noexcept
        : first(engine::clamped(-first_label, 0, images)), end(engine::clamped(texts - first_label, first, images)) {}
};

/// A number that is far outside of a block is one that is outside.
inline idx_t label_in_block(idx_t first_label, idx_t images, idx_t texts) noexcept {
    return engine::clamped(first_label, -images, texts);
}

template <class Images, class Texts>
void add_block(const Images& images, const Texts& texts, logit_scale scale, idx_t first_label,
               const matrix_view<double>& image_states, const matrix_view<double>& text_states, const execution& how,
               const clip_loss_block_options& options) {
    const side_names& names = add_block_names;
    require_same_dim(names, images, texts);
    require_output(names, "image_states", image_states, images.rows(), 2, images, texts);
    require_output(names, "text_states", text_states, texts.rows(), 2, images, texts);
    require_apart(names.function, "image_states", image_states, "text_states", text_states);
    if (images.rows() == 0 || texts.rows() == 0) return;
    const idx_t label = label_in_block(first_label, images.rows(), texts.rows());
    pair_passes<typename Images::value_type, typename Texts::value_type> passes(how, names, images, texts,
                                                                                options.images, options.texts, false);
    const float multiplier = scale.multiplier();
    clip_sums sums{images.rows(), texts.rows()};
    const bool defined = passes.begin(sums);
    passes.report();
    begin_sums(sums, multiplier);
    if (defined) passes.forward([&] { return sum_exponentials{{}, multiplier, label, sums}; });
    const auto merge = [defined](const kernel::exp_sums& of, const matrix_view<double>& states) {
        for (idx_t i = 0; i < states.rows(); ++i) {
            const double others = of.sums[i] > 0.0 ? double(of.tops[i]) + std::log(of.sums[i]) : log_of_nothing;
            states(i, 0) = defined ? log_of_sum(states(i, 0), others) : double(quiet_nan());
        }
    };
    merge(sums.of_images, image_states);
    merge(sums.of_texts, text_states);
    const pairs_of_block pairs(images.rows(), texts.rows(), label);
    for (idx_t i = pairs.first; defined && i < pairs.end; ++i)
        image_states(i, 1) = text_states(label + i, 1) = double(multiplier) * double(sums.label_scores[i]);
}

/// Tops and factors of softmax_weights, and the labels' weights, from the states of one side.
inline void weights_of_states(const kernel::exp_sums& sums, const matrix_view<const double>& states, float multiplier,
                              float* factors, float* label_weights) {
    array<float> scores(states.rows());
    for (idx_t i = 0; i < states.rows(); ++i) {
        scores[i] = float(states(i, 1) / double(multiplier));
        sums.sums[i] = loss_of_state(states.row(i));
    }
    begin_weights(sums, scores.data(), states.rows(), multiplier, factors, label_weights, true);
}

template <class Images, class Texts>
clip_loss_gradient gradients_of_block(const Images& images, const Texts& texts, logit_scale scale, idx_t first_label,
                                      const matrix_view<const double>& image_states,
                                      const matrix_view<const double>& text_states, idx_t all_pairs,
                                      const execution& how, const clip_loss_block_options& options,
                                      pair_gradients out) {
    const side_names& names = block_gradient_names;
    require_same_dim(names, images, texts);
    require_shape(names.function, "image_states", image_states, images.rows(), 2);
    require_shape(names.function, "text_states", text_states, texts.rows(), 2);
    if (all_pairs < 1) fail<value_error>(names.function, ": pairs is ", all_pairs, ", it must be at least 1");
    place_gradients(names, images, texts, out);
    if (images.rows() == 0 || texts.rows() == 0) {
        engine::clear_gradients(how, out.images);
        engine::clear_gradients(how, out.texts);
        return {};
    }
    const idx_t label = label_in_block(first_label, images.rows(), texts.rows()), g = texts.rows();
    pair_passes<typename Images::value_type, typename Texts::value_type> passes(how, names, images, texts,
                                                                                options.images, options.texts, true);
    const float multiplier = scale.multiplier();
    clip_sums sums{images.rows(), g};
    const bool defined = passes.begin(sums);
    passes.report();
    if (!defined) {
        fill_with_nan(out);
        return {0.0, 0.0, 0.0, double(quiet_nan()), {}, {}};
    }
    begin_sums(sums, multiplier);
    array<float> of_texts(g);
    weights_of_states(sums.of_images, image_states, multiplier, sums.image_factors, sums.label_weights);
    weights_of_states(sums.of_texts, text_states, multiplier, sums.text_factors, of_texts.data());
    begin_no_weights(sums.of_texts.tops, sums.text_factors, g, g + clip_sums::behind, multiplier);
    const pairs_of_block pairs(images.rows(), g, label);
    for (idx_t i = pairs.first; i < pairs.end; ++i) sums.label_weights[i] += of_texts[label + i];
    const double factor = double(multiplier) / 2.0 / double(all_pairs);
    clip_loss_gradient result{};
    result.log_scale = backward_of(passes, {multiplier, label, sums}, factor, out);
    return result;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
