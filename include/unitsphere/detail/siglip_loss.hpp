/// SigLIP's loss of a batch of pairs, and its gradients with respect to the raw features.
#pragma once

#include "../kernel/contrastive.hpp"
#include "contrastive_pairs.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// For siglip_loss and siglip_loss_gradients.
struct siglip_loss_options {
    row_policy images = {}, texts = {};
    idx_t first_label = 0;        ///< the text of image i is row first_label + i
    bool negatives_only = false;  ///< no text belongs to any image: texts of other shards
};

/// The loss and its derivatives.
struct siglip_loss_gradient {
    double loss;
    double log_scale, bias;       ///< dL / d ln(multiplier), dL / d bias
    matrix<float> images, texts;  ///< empty where the gradients are in the caller's memory
};

namespace detail {

inline constexpr side_names siglip_loss_names = of_images_and_texts("siglip_loss");
inline constexpr side_names siglip_gradient_names = of_images_and_texts("siglip_loss_gradients");

/// State of a pass for each text: sums over images.
struct siglip_sums {
    idx_t q, g;
    double *products, *losses;  ///< of 1 + exp(-|l|) of this strip; of log(1 + exp(l)), all but these products' part
    double *slopes, *totals;    ///< of weight * score, of weight
    float* label_logits;        ///< of each image

    /// Room behind the last column, where the last tile's lanes end.
    static constexpr idx_t behind = kernel::tile_columns;

    template <class Place>
    void each(Place&& place) {
        place(products, g + behind);
        place(losses, g + behind);
        place(slopes, g + behind);
        place(totals, g + behind);
        place(label_logits, q);
    }
    void begin() const noexcept {
        for (idx_t j = 0; j < g + behind; ++j) products[j] = 1.0, losses[j] = slopes[j] = totals[j] = 0.0;
    }
};

/// log(1 + exp(l)) of every pair, log(1 + exp(-l)) of those that belong together.
struct sigmoid_pairs {
    float scale, bias;
    idx_t first_label;
    bool negatives_only;
    siglip_sums sums;

    void add(const engine::score_tile<>& tile) const noexcept {
        double *const products = sums.products + tile.first_column, *const losses = sums.losses + tile.first_column;
        if (negatives_only || !labels_of_tile(tile, first_label).any())
            return kernel::add_softplus(tile.scores, tile.rows, tile.columns, scale, bias, products, losses);
        float logits[kernel::block<float>::rows * kernel::tile_columns];
        for (int r = 0; r < tile.rows; ++r)
            kernel::scale_and_shift_row(tile.scores + r * tile.pitch, kernel::tile_columns, scale, bias,
                                        logits + r * kernel::tile_columns);
        each_label(tile, [&](int r, int c) {
            float& logit = logits[r * kernel::tile_columns + c];
            sums.label_logits[tile.first_row + r] = logit;
            logit = -logit;
        });
        kernel::add_softplus(logits, tile.rows, tile.columns, 1.0f, 0.0f, products, losses);
    }
    template <class Visit>
    void each_label(const engine::score_tile<>& tile, Visit&& visit) const noexcept {
        if (!negatives_only) labels_of_tile(tile, first_label).each(visit);
    }
    /// Losses are whole between two cells: products are of one cell alone.
    void strip_done(idx_t first, idx_t count) const noexcept {
        for (idx_t j = first; j < first + count; ++j) {
            sums.losses[j] += std::log(sums.products[j]);
            sums.products[j] = 1.0;
        }
    }
};

/// Consumer: the loss alone.
class sum_softplus : public engine::score_consumer {
public:
    explicit sum_softplus(const sigmoid_pairs& pairs) noexcept : pairs_(pairs) {}

    void strip_begins(idx_t first, idx_t count) noexcept { first_ = first, count_ = count; }
    void tile(const engine::score_tile<>& tile) const noexcept { pairs_.add(tile); }
    void strip_done() const noexcept { pairs_.strip_done(first_, count_); }

private:
    const sigmoid_pairs& pairs_;
    idx_t first_ = 0, count_ = 0;
};

/// Weights of logits: sigmoid(l), less one at the label. Adds up the loss too, which needs no pass of its own.
struct sigmoid_weights {
    sigmoid_pairs pairs;

    void weigh(const engine::score_tile<>& tile, float* to) const noexcept {
        pairs.add(tile);
        const siglip_sums& sums = pairs.sums;
        double *const slopes = sums.slopes + tile.first_column, *const totals = sums.totals + tile.first_column;
        kernel::weigh_sigmoid(tile.scores, tile.rows, pairs.scale, pairs.bias, to, slopes, totals);
        pairs.each_label(tile, [&](int r, int c) {
            float& weight = to[r * kernel::chain_length + c];
            const float score = tile.scores[r * tile.pitch + c];
            const float right = float(-1.0 / (1.0 + std::exp(double(sums.label_logits[tile.first_row + r]))));
            slopes[c] += double(right) * double(score) - double(kernel::fp_barrier(weight * score));
            totals[c] += double(right) - double(weight);
            weight = right;
        });
    }
    void strip_done(idx_t first, idx_t count) const noexcept { pairs.strip_done(first, count); }
};

/// The loss and, where `out` is not null, the derivatives. Leaves the result's matrices empty.
template <class Images, class Texts>
siglip_loss_gradient siglip_loss_of(const side_names& names, const Images& images, const Texts& texts,
                                    logit_scale scale, float bias, pair_gradients* out, const execution& how,
                                    const siglip_loss_options& options) {
    if (!is_finite(bias)) fail<value_error>(names.function, ": bias is ", double(bias), ", not finite");
    require_batch(names, images, texts);
    if (!options.negatives_only) require_labels(names, images, texts, options.first_label);
    if (out != nullptr) place_gradients(names, images, texts, *out);
    pair_passes<typename Images::value_type, typename Texts::value_type> passes(
        how, names, images, texts, options.images, options.texts, out != nullptr);
    siglip_sums sums{passes.images(), passes.texts(), nullptr, nullptr, nullptr, nullptr, nullptr};
    const bool defined = passes.begin(sums);
    passes.report();
    if (!defined) {
        if (out != nullptr) fill_with_nan(*out);
        const double nan = double(quiet_nan());
        return {nan, nan, nan, {}, {}};
    }
    sums.begin();
    const sigmoid_pairs pairs{scale.multiplier(), bias, options.first_label, options.negatives_only, sums};
    const double share = 1.0 / double(sums.q), factor = double(pairs.scale) * share;
    siglip_loss_gradient result{0.0, 0.0, 0.0, {}, {}};
    if (out != nullptr)
        passes.backward(sigmoid_weights{pairs}, factor, *out);
    else
        passes.forward([&] { return sum_softplus(pairs); });
    for (idx_t j = 0; j < sums.g; ++j) {  // without gradients there is nothing in the last two
        result.loss += sums.losses[j];
        result.log_scale += sums.slopes[j];
        result.bias += sums.totals[j];
    }
    result.loss *= share;
    result.log_scale *= factor;
    result.bias *= share;
    return result;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
