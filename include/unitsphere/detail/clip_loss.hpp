/// CLIP's loss of a batch of pairs, and its gradients with respect to the raw features.
#pragma once

#include "../kernel/contrastive.hpp"
#include "contrastive_pairs.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// For clip_loss and clip_loss_gradients.
struct clip_loss_options {
    row_policy images = {}, texts = {};
    idx_t first_label = 0;            ///< the text of image i is row first_label + i
    bool image_to_text_only = false;  ///< one direction alone: what a shard of a batch needs
};

/// The mean of both directions' cross-entropies, and each of them.
struct clip_loss_value {
    double loss, image_to_text, text_to_image;
};
/// The same, and the derivatives.
struct clip_loss_gradient {
    double loss, image_to_text, text_to_image;
    double log_scale;             ///< dL / d ln(multiplier), the parameter that a model trains
    matrix<float> images, texts;  ///< empty where the gradients are in the caller's memory
};

namespace detail {

inline constexpr side_names clip_loss_names = of_images_and_texts("clip_loss");
inline constexpr side_names clip_gradient_names = of_images_and_texts("clip_loss_gradients");

/// State of the forward pass for each image and each text: the sums of exponentials of all logits but the label's,
/// later the losses in their place.
struct clip_sums {
    idx_t q, g;
    kernel::exp_sums of_images = {}, of_texts = {};
    float *label_scores = nullptr, *label_weights = nullptr;
    float *image_factors = nullptr, *text_factors = nullptr;
    double* slopes = nullptr;  ///< of each text: sum over images of weight * score

    /// Room behind the last column, where the last tile's lanes end.
    static constexpr idx_t behind = kernel::tile_columns;

    template <class Place>
    void each(Place&& place) {
        place(of_images.tops, q);
        place(of_images.sums, q);
        place(of_texts.tops, g + behind);
        place(of_texts.sums, g + behind);
        place(label_scores, q);
        place(label_weights, q);
        place(image_factors, q);
        place(text_factors, g + behind);
        place(slopes, g + behind);
    }
};

/// Multipliers for which exp(logit - multiplier) is far from the ends of double, whatever the cosine: all sums then
/// have this one top, and adding to them is one multiply-add.
inline constexpr float most_with_common_top = 300.0f;

/// Consumer: sums of exp(logit) over texts and over images, without those of the labels.
struct sum_exponentials : engine::score_consumer {
    float scale;
    idx_t first_label;
    clip_sums sums;

    void tile(const engine::score_tile<>& tile) const noexcept {
        const labels_of_tile labels(tile, first_label);
        if (labels.any())
            labels.each([&](int r, int c) { sums.label_scores[tile.first_row + r] = tile.scores[r * tile.pitch + c]; });
        else if (add_together(tile))
            return;
        kernel::merge_exponentials(tile.scores, tile.rows, tile.columns, scale, part(sums.of_images, tile.first_row),
                                   part(sums.of_texts, tile.first_column), [&](int r) { return labels.first + r; });
    }

private:
    static kernel::exp_sums part(const kernel::exp_sums& sums, idx_t first) noexcept {
        return {sums.tops + first, sums.sums + first};
    }
    /// With one exponential for both directions, where the tile is whole and its logits are near each other.
    bool add_together(const engine::score_tile<>& tile) const noexcept {
        constexpr float widest = 128.0f;
        if (tile.columns < kernel::tile_columns || scale > most_with_common_top) return false;
        const kernel::logit_range range = kernel::range_of(tile.scores, tile.rows * kernel::tile_columns);
        if (range.spread * scale > widest) return false;
        const float top = range.max * scale;
        const double factor = kernel::exp_negated(double(scale) - double(top)) * 0x1p-64;
        kernel::add_exponentials(tile.scores, tile.rows, scale, top, factor, sums.of_images.sums + tile.first_row,
                                 sums.of_texts.sums + tile.first_column);
        return true;
    }
};

/// Weights of logits: p(text | image) + p(image | text), less one for each at the label.
struct softmax_weights {
    float scale;
    idx_t first_label;
    clip_sums sums;

    void weigh(const engine::score_tile<>& tile, float* to) const noexcept {
        double* const slopes = sums.slopes + tile.first_column;
        kernel::weigh_softmax(
            tile.scores, tile.rows, scale, {sums.of_images.tops + tile.first_row, sums.image_factors + tile.first_row},
            {sums.of_texts.tops + tile.first_column, sums.text_factors + tile.first_column}, to, slopes);
        labels_of_tile(tile, first_label).each([&](int r, int c) {
            float& weight = to[r * kernel::chain_length + c];
            const float score = tile.scores[r * tile.pitch + c], right = sums.label_weights[tile.first_row + r];
            slopes[c] += double(right) * double(score) - double(kernel::fp_barrier(weight * score));
            weight = right;
        });
    }
    void strip_done(idx_t, idx_t) const noexcept {}
};

inline void begin_sums(const clip_sums& sums, float scale) noexcept {
    const float top = scale <= most_with_common_top ? scale : negative_infinity();
    for (idx_t i = 0; i < sums.q; ++i) sums.of_images.tops[i] = top, sums.of_images.sums[i] = 0.0;
    for (idx_t j = 0; j < sums.g + clip_sums::behind; ++j)
        sums.of_texts.tops[j] = top, sums.of_texts.sums[j] = sums.slopes[j] = 0.0;
}

/// Sums become losses, log(1 + sum exp(logit - the label's logit)): near 0 as exact as far from it. Adds them to
/// `total` one by one.
inline double total_of_losses(const kernel::exp_sums& sums, const float* label_scores, idx_t count, float scale,
                              double total = 0.0) noexcept {
    for (idx_t i = 0; i < count; ++i) {
        double& sum = sums.sums[i];
        const double above = kernel::fma(-double(scale), double(label_scores[i]), double(sums.tops[i]));
        sum = sum > 0.0 ? softplus(above + std::log(sum)) : 0.0;
        total += sum;
    }
    return total;
}

/// Turns the losses of one side into the tops and factors of softmax_weights.
///
///   p = exp(logit - log_sum) = exp(logit - top) * factor
inline void begin_weights(const kernel::exp_sums& sums, const float* label_scores, idx_t count, float scale,
                          float* factors, float* label_weights, bool first) noexcept {
    for (idx_t i = 0; i < count; ++i) {
        const double loss = sums.sums[i], log_sum = kernel::fma(double(scale), double(label_scores[i]), loss);
        sums.tops[i] = float(log_sum);
        const double lost = double(sums.tops[i]) - log_sum;  // much only where a float has no digits for a logit's 1
        factors[i] = float(std::exp(lost > 1.0 ? 1.0 : lost < -1.0 ? -1.0 : lost));
        label_weights[i] = float((first ? 0.0 : double(label_weights[i])) + std::expm1(-loss));
    }
}
/// Sets the weights of columns to 0: of texts without a loss, and behind the last column.
inline void begin_no_weights(float* tops, float* factors, idx_t first, idx_t end, float scale) noexcept {
    for (idx_t j = first; j < end; ++j) tops[j] = scale, factors[j] = 0.0f;
}

/// The gradients of both sides, times `factor`. Returns the derivative by the logarithm of the scale.
template <class Passes>
double backward_of(Passes& passes, const softmax_weights& weights, double factor, const pair_gradients& out) {
    passes.backward(weights, factor, out);
    double slope = 0.0;
    for (idx_t j = 0; j < weights.sums.g; ++j) slope += weights.sums.slopes[j];
    return slope * factor;
}

/// The loss and, where `out` is not null, the derivatives. Leaves the result's matrices empty.
template <class Images, class Texts>
clip_loss_gradient clip_loss_of(const side_names& names, const Images& images, const Texts& texts, logit_scale scale,
                                pair_gradients* out, const execution& how, const clip_loss_options& options) {
    require_batch(names, images, texts);
    if (!options.image_to_text_only && images.rows() != texts.rows())
        fail<shape_error>(names.function, ": images have ", images.rows(), " rows, texts have ", texts.rows());
    require_labels(names, images, texts, options.first_label);
    if (out != nullptr) place_gradients(names, images, texts, *out);
    pair_passes<typename Images::value_type, typename Texts::value_type> passes(
        how, names, images, texts, options.images, options.texts, out != nullptr);
    const float multiplier = scale.multiplier();
    const idx_t q = passes.images(), g = passes.texts();
    const bool both = !options.image_to_text_only;
    clip_sums sums{q, g};
    const bool defined = passes.begin(sums);
    passes.report();
    if (!defined) {
        if (out != nullptr) fill_with_nan(*out);
        const double nan = double(quiet_nan());
        return {nan, nan, both ? nan : 0.0, nan, {}, {}};
    }
    begin_sums(sums, multiplier);
    passes.forward([&] { return sum_exponentials{{}, multiplier, options.first_label, sums}; });
    const auto mean_of = [&](const kernel::exp_sums& of) {
        return total_of_losses(of, sums.label_scores, q, multiplier) / double(q);
    };
    const double of_images = mean_of(sums.of_images), of_texts = both ? mean_of(sums.of_texts) : 0.0;
    clip_loss_gradient result{both ? (of_images + of_texts) / 2 : of_images, of_images, of_texts, 0.0, {}, {}};
    if (out == nullptr) return result;

    begin_weights(sums.of_images, sums.label_scores, q, multiplier, sums.image_factors, sums.label_weights, true);
    if (both)
        begin_weights(sums.of_texts, sums.label_scores, q, multiplier, sums.text_factors, sums.label_weights, false);
    begin_no_weights(sums.of_texts.tops, sums.text_factors, both ? g : 0, g + clip_sums::behind, multiplier);
    const double factor = double(multiplier) / (both ? 2.0 : 1.0) / double(q);
    result.log_scale = backward_of(passes, {multiplier, options.first_label, sums}, factor, *out);
    return result;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
