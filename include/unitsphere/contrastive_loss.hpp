/// The contrastive losses of CLIP and SigLIP for a batch of pairs, and their gradients for the raw features.
#pragma once

#include "data/required.hpp"
#include "detail/clip_blocks.hpp"
#include "detail/siglip_loss.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// CLIP's loss: the mean cross-entropy of each image's text among all texts, and of each text's image among all images.
///
///   logits[i][j]  = scale * cosine(images[i], texts[j])
///   image_to_text = 1 / n sum_i (log sum_j exp logits[i][j] - logits[i][first_label + i])
///   text_to_image = the same for the columns;   loss = (image_to_text + text_to_image) / 2
///
/// Of a batch that is spread over processes, each has some images and all texts: with image_to_text_only and the number
/// of its first image as first_label, this is open_clip's loss_i of local_loss; with images and texts in each other's
/// place its loss_t. Their mean is local_loss. (Both directions at once would compare a text with the local images
/// only, so they take as many texts as images.)
///
/// Shapes   images [n, dim], texts [n, dim]; with image_to_text_only texts [m, dim], m >= first_label + n.
/// Units    nats. |error| <= 2 * the logits' error (see clip_logits) + 1e-6; a loss near 0 keeps its digits.
/// Errors   shape_error if dims or rows do not fit, value_error for no images, and for zero or non-finite rows where
///          the options of that side say so. By default a zero row has cosine 0 with everything; with a row of NaN or
///          Inf the loss is NaN.
/// Threads  `how` splits the work into chunks of both sides: a second worker has work from 1024 rows a side on, or once
///          both sides exceed a chunk (4 MiB as floats, 2 MiB with gradients); every split gives the same bits.
/// Memory   from the workspace of `how`: about 40 bytes for each row of both sides, and for each worker up to 4.3 MiB
///          at dim 512, 6.2 MiB at dim 4096 (beyond in proportion); never the matrix of logits.
/// Source   Radford et al. 2021, arXiv:2103.00020, figure 3; open_clip loss.py, ClipLoss.
template <class Images, class Texts, detail::if_rows<Images, Texts> = 0>
clip_loss_value clip_loss(const Images& images, const Texts& texts, logit_scale scale, const execution& how = {},
                          const clip_loss_options& options = {}) {
    const auto found = detail::clip_loss_of(detail::clip_loss_names, engine::view_of(images), engine::view_of(texts),
                                            scale, nullptr, how, options);
    return {found.loss, found.image_to_text, found.text_to_image};
}
UNITSPHERE_REFUSE_PAIRS(clip_loss, unless_rows);

/// CLIP's loss and its gradients, into the caller's memory.
///
///   image_gradients[i] = dL / d images[i],   text_gradients[j] = dL / d texts[j],   log_scale = dL / d ln(scale)
///
/// Through the normalization, for the rows as they are given: with u = x / |x| and g = dL / du,
/// dL / dx = (g - u <u, g>) / |x|. Unit rows count as rows of length 1 that are normalized too. The clamp of cosines to
/// [-1, 1] is no part of the derivative.
///
/// Shapes   as clip_loss; gradients have the shapes of images and texts. An empty view, matrix_view<float>{}, leaves
///          one of them out, and its third of the work. The result's own matrices are empty.
/// Units    |error| of an element <= scale / (n |x|) * (5e-6 + 3 * scale * the cosines' error). Probabilities below
///          exp(-64) count as 0.
/// Errors   as clip_loss; shape_error for gradients of another shape, or that overlap an input or each other. A zero
///          row has gradient 0. With a row of NaN or Inf everything is NaN.
/// Threads  as clip_loss.
/// Memory   as clip_loss, with up to 5.6 MiB for each worker at dim 512, 8.4 MiB at dim 4096; large batches are split
///          into smaller parts, so the last bits of the loss may differ from clip_loss's.
/// Source   as clip_loss; the derivative of a softmax's cross-entropy, p - 1 at the label, p elsewhere.
template <class Images, class Texts, class ImageGradients, class TextGradients, detail::if_rows<Images, Texts> = 0>
clip_loss_gradient clip_loss_gradients_into(const Images& images, const Texts& texts, logit_scale scale,
                                            ImageGradients&& image_gradients, TextGradients&& text_gradients,
                                            const execution& how = {}, const clip_loss_options& options = {}) {
    detail::pair_gradients out{detail::output_of<ImageGradients, float>(image_gradients),
                               detail::output_of<TextGradients, float>(text_gradients)};
    return detail::clip_loss_of(detail::clip_gradient_names, engine::view_of(images), engine::view_of(texts), scale,
                                &out, how, options);
}
/// The same as new matrices: auto [loss, i2t, t2i, log_scale, of_images, of_texts] = clip_loss_gradients(..).
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the results too.
template <class Images, class Texts, detail::if_rows<Images, Texts> = 0>
clip_loss_gradient clip_loss_gradients(const Images& images, const Texts& texts, logit_scale scale,
                                       const execution& how = {}, const clip_loss_options& options = {}) {
    return detail::with_new_gradients([&](detail::pair_gradients out) {
        return detail::clip_loss_of(detail::clip_gradient_names, engine::view_of(images), engine::view_of(texts), scale,
                                    &out, how, options);
    });
}
UNITSPHERE_REFUSE_OTHER_PAIRS(clip_loss_gradients);

/// CLIP's loss of a batch whose images and texts come in blocks, from machines or files: states of the rows before the
/// first block, for add_clip_loss_block.
///
///   state[i] = (log of the sum of exp over the other logits that were seen, the logit of its pair) = (-DBL_MAX, NaN)
///
/// Each block of images has its states, and each block of texts, which they travel with: two doubles a row, whatever
/// carries them (MPI has mpi::clip_loss, with the bits of one machine).
///
///   for each block of images, for each block of texts: add_clip_loss_block(images, texts, scale, label, states ..)
///   clip_loss_of_states(states of images, states of texts)                  of those rows; the mean of equal parts
///   for each block of images, for each block of texts: clip_loss_block_gradients(..), which add up
///
/// Shapes   -> [rows, 2].   Errors  std::length_error for a negative number.   Threads  the caller's.
/// Memory   the result.   Source  Milakov and Gimelshein 2018, arXiv:1805.02867: merged softmax; open_clip, ClipLoss.
inline matrix<double> clip_loss_states(idx_t rows) {
    matrix<double> states(rows, 2);
    for (idx_t i = 0; i < rows; ++i) states(i, 0) = detail::log_of_nothing, states(i, 1) = double(detail::quiet_nan());
    return states;
}
/// Merges a block of logits into the states of its images and texts, in the caller's memory.
///
/// Shapes   images [q, dim], texts [g, dim], q and g >= 0; states of [q, 2] and [g, 2]. The pair of image i is text
///          first_label + i, counted from the first of these texts: less than 0, or g and more, lies in another block.
/// Units    logits in double; the same blocks in the same order give the same bits, wherever they are computed.
/// Errors   shape_error if dims disagree, or states have another shape or overlap; rows as in clip_loss: with a row of
///          NaN or Inf all states of the block are NaN.
/// Threads, Source   as clip_loss.   Memory  as clip_loss, of the block.
template <class Images, class Texts, class ImageStates, class TextStates, detail::if_rows<Images, Texts> = 0>
void add_clip_loss_block(const Images& images, const Texts& texts, logit_scale scale, required<idx_t> first_label,
                         ImageStates&& image_states, TextStates&& text_states, const execution& how = {},
                         const clip_loss_block_options& options = {}) {
    detail::add_block(engine::view_of(images), engine::view_of(texts), scale, first_label,
                      detail::output_of<ImageStates, double>(image_states),
                      detail::output_of<TextStates, double>(text_states), how, options);
}
UNITSPHERE_REFUSE_PAIRS(add_clip_loss_block, unless_rows);

/// The mean losses of rows whose blocks have all been added.
///
/// Shapes   states [q, 2] and [g, 2].   Units  nats: clip_loss within 5e-7, what exponentials round.
/// Errors   shape_error for states of another shape. A row whose pair was not among the blocks makes it NaN, and so do
///          no rows.   Threads  the caller's.   Memory  none.   Source  as clip_loss.
inline clip_loss_value clip_loss_of_states(const matrix_view<const double>& image_states,
                                           const matrix_view<const double>& text_states) {
    const auto mean_of = [](const char* name, const matrix_view<const double>& states) {
        detail::require_shape("clip_loss_of_states", name, states, states.rows(), 2);
        double sum = 0.0;
        for (idx_t i = 0; i < states.rows(); ++i) sum += detail::loss_of_state(states.row(i));
        return sum / double(states.rows());
    };
    const double of_images = mean_of("image_states", image_states), of_texts = mean_of("text_states", text_states);
    return {(of_images + of_texts) / 2, of_images, of_texts};
}
/// What a block adds to the gradients, once the states of its rows are complete: the sums over all blocks are those of
/// clip_loss_gradients.
///
/// Shapes   as add_clip_loss_block; pairs: how many the whole batch has -> gradients [q, dim] and [g, dim]; the losses
///          of the result are 0.
/// Units    as clip_loss_gradients.
/// Errors   as add_clip_loss_block; value_error for no pairs.
/// Threads, Source   as clip_loss.   Memory  as clip_loss_gradients, of the block, and 8 bytes for each row.
template <class Images, class Texts, class ImageStates, class TextStates, detail::if_rows<Images, Texts> = 0>
clip_loss_gradient clip_loss_block_gradients(const Images& images, const Texts& texts, logit_scale scale,
                                             required<idx_t> first_label, const ImageStates& image_states,
                                             const TextStates& text_states, required<idx_t> pairs,
                                             const execution& how = {}, const clip_loss_block_options& options = {}) {
    return detail::with_new_gradients([&](detail::pair_gradients out) {
        return detail::gradients_of_block(engine::view_of(images), engine::view_of(texts), scale, first_label,
                                          matrix_view<const double>(to_view(image_states)),
                                          matrix_view<const double>(to_view(text_states)), pairs, how, options, out);
    });
}
UNITSPHERE_REFUSE_PAIRS(clip_loss_block_gradients, unless_rows);

/// SigLIP's loss: a binary cross-entropy for each pair on its own.
///
///   logits[i][j] = scale * cosine(images[i], texts[j]) + bias
///   loss         = -1 / n sum_ij log sigmoid(z logits[i][j]),   z = 1 where j = first_label + i, else -1
///
/// Of a batch that is spread over processes, each adds up its images against the texts of one process after the other:
/// its own, and those of others with negatives_only.
///
/// Shapes   images [n, dim], texts [m, dim], m >= first_label + n unless negatives_only.
/// Units    nats. |error| <= m * the logits' error (see siglip_logits) at worst.
/// Errors   value_error if the bias is not finite; else as clip_loss.
/// Threads  as clip_loss.   Memory  as clip_loss.
/// Source   Zhai et al. 2023, arXiv:2303.15343, algorithm 1; open_clip loss.py, SigLipLoss.
template <class Images, class Texts, detail::if_rows<Images, Texts> = 0>
double siglip_loss(const Images& images, const Texts& texts, logit_scale scale, required<float> bias,
                   const execution& how = {}, const siglip_loss_options& options = {}) {
    return detail::siglip_loss_of(detail::siglip_loss_names, engine::view_of(images), engine::view_of(texts), scale,
                                  bias, nullptr, how, options)
        .loss;
}
UNITSPHERE_REFUSE_PAIRS(siglip_loss, unless_rows);

/// SigLIP's loss and its gradients, into the caller's memory: for images, texts, ln(scale) and the bias.
///
/// Shapes, Errors, Threads, Memory   as clip_loss_gradients_into.
/// Units    |error| of an element <= scale / (n |x|) * (5e-6 + the logits' error) * sum of the row's |weights|, which
///          are sigmoid(logit), or -sigmoid(-logit) at the label. Probabilities below exp(-64) count as 0.
/// Source   as siglip_loss; the derivative of -log sigmoid(z l) is -z sigmoid(-z l).
template <class Images, class Texts, class ImageGradients, class TextGradients, detail::if_rows<Images, Texts> = 0>
siglip_loss_gradient siglip_loss_gradients_into(const Images& images, const Texts& texts, logit_scale scale,
                                                required<float> bias, ImageGradients&& image_gradients,
                                                TextGradients&& text_gradients, const execution& how = {},
                                                const siglip_loss_options& options = {}) {
    detail::pair_gradients out{detail::output_of<ImageGradients, float>(image_gradients),
                               detail::output_of<TextGradients, float>(text_gradients)};
    return detail::siglip_loss_of(detail::siglip_gradient_names, engine::view_of(images), engine::view_of(texts), scale,
                                  bias, &out, how, options);
}
/// The same as new matrices.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the results too.
template <class Images, class Texts, detail::if_rows<Images, Texts> = 0>
siglip_loss_gradient siglip_loss_gradients(const Images& images, const Texts& texts, logit_scale scale,
                                           required<float> bias, const execution& how = {},
                                           const siglip_loss_options& options = {}) {
    return detail::with_new_gradients([&](detail::pair_gradients out) {
        return detail::siglip_loss_of(detail::siglip_gradient_names, engine::view_of(images), engine::view_of(texts),
                                      scale, bias, &out, how, options);
    });
}
UNITSPHERE_REFUSE_OTHER_PAIRS(siglip_loss_gradients);

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
