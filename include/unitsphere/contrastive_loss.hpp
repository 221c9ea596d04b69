/// The contrastive losses of CLIP and SigLIP for a batch of pairs, and their gradients for the raw features.
#pragma once

#include "detail/clip_loss.hpp"
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
