/// What a model's forward() returns for images and texts: CLIP's two logit matrices, SigLIP's biased logits.
#pragma once

#include "data/logit_scale.hpp"
#include "similarity.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

inline constexpr side_names clip_names = of_images_and_texts("clip_logits", "per_image");
inline constexpr side_names siglip_names = of_images_and_texts("siglip_logits", "logits");

/// Consumer: out[i][j] = scale * score, and the same at out_transposed[j][i] where that is asked for.
struct store_logits {
    matrix_view<float> out, out_transposed;
    float scale;

    void expect(index row, int rows, index column, int columns) const noexcept {
        engine::expect_tile(out, row, rows, column, columns);
    }
    void tile(const engine::score_tile<>& tile) const noexcept {
        tile.store(scale, out);
        if (out_transposed.data() == nullptr) return;
        for (index c = 0; c < tile.columns; ++c) {
            float* const row = out_transposed.row(tile.first_column + c) + tile.first_row;
            for (int r = 0; r < tile.rows; ++r) row[r] = out(tile.first_row + r, tile.first_column + c);
        }
    }
    void rows_done(index, index) const noexcept {}
};

/// Consumer: out[i][j] = scale * score + bias.
struct store_biased_logits {
    matrix_view<float> out;
    float scale, bias;

    void expect(index row, int rows, index column, int columns) const noexcept {
        engine::expect_tile(out, row, rows, column, columns);
    }
    void tile(const engine::score_tile<>& tile) const noexcept { tile.store(scale, bias, out); }
    void rows_done(index, index) const noexcept {}
};

template <class Images, class Texts>
void clip_logits_into(const Images& images, const Texts& texts, logit_scale scale, matrix_view<float> per_image,
                      matrix_view<float> per_text, const execution& how, const normalize_options& image_options,
                      const normalize_options& text_options) {
    require_same_dim(clip_names, images, texts);
    require_shape("clip_logits", "per_image", per_image, images.rows(), texts.rows());
    require_apart_from_sides(clip_names, "per_image", per_image, images, texts);
    require_apart_from_sides(clip_names, "per_text", per_text, images, texts);
    score_all<float>(how, clip_names, images, texts, image_options, text_options,
                     store_logits{per_image, per_text, scale.multiplier()});
}

template <class Images, class Texts>
void siglip_logits_into(const Images& images, const Texts& texts, logit_scale scale, float bias,
                        matrix_view<float> logits, const execution& how, const normalize_options& image_options,
                        const normalize_options& text_options) {
    if (!is_finite(bias)) fail<value_error>("siglip_logits: bias is ", double(bias), ", not finite");
    require_same_dim(siglip_names, images, texts);
    require_shape("siglip_logits", "logits", logits, images.rows(), texts.rows());
    require_apart_from_sides(siglip_names, "logits", logits, images, texts);
    score_all<float>(how, siglip_names, images, texts, image_options, text_options,
                     store_biased_logits{logits, scale.multiplier(), bias});
}

}  // namespace detail

/// CLIP's two logit matrices; one is the transpose of the other, bit for bit.
struct clip_logit_matrices {
    matrix<float> per_image;  ///< [images, texts]
    matrix<float> per_text;   ///< [texts, images]
};

/// CLIP's logits in the caller's memory: what encode_image and encode_text return goes in as it is.
///
///   per_image[i][j] = per_text[j][i] = scale * cosine(images[i], texts[j])
///
/// Shapes   images [n, dim], texts [m, dim] -> per_image [n, m], per_text [m, n].
/// Units    logits: cosines times the multiplier of `scale`.
/// Errors   as cosine_similarity, for both outputs, which must not overlap either.
/// Threads, Memory   as cosine_similarity.
/// Source   Radford et al. 2021, arXiv:2103.00020, figure 3; openai/CLIP model.py, forward().
template <class Images, class Texts>
void clip_logits(const Images& images, const Texts& texts, logit_scale scale, matrix_view<float> per_image,
                 matrix_view<float> per_text, const execution& how, const normalize_options& image_options = {},
                 const normalize_options& text_options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::side_of(texts);
    detail::require_shape("clip_logits", "per_text", per_text, text_view.rows(), image_view.rows());
    detail::require_apart("clip_logits", "per_text", per_text, "per_image", per_image);
    detail::clip_logits_into(image_view, text_view, scale, per_image, per_text, how, image_options, text_options);
}
/// On the caller's thread.
template <class Images, class Texts>
void clip_logits(const Images& images, const Texts& texts, logit_scale scale, matrix_view<float> per_image,
                 matrix_view<float> per_text, const normalize_options& image_options = {},
                 const normalize_options& text_options = {}) {
    clip_logits(images, texts, scale, per_image, per_text, sequential{}, image_options, text_options);
}

/// The same, per image only.
///
/// Shapes, Units, Errors, Threads, Memory, Source   as above.
template <class Images, class Texts>
void clip_logits(const Images& images, const Texts& texts, logit_scale scale, matrix_view<float> per_image,
                 const execution& how, const normalize_options& image_options = {},
                 const normalize_options& text_options = {}) {
    detail::clip_logits_into(engine::view_of(images), engine::side_of(texts), scale, per_image, {}, how, image_options,
                             text_options);
}
template <class Images, class Texts>
void clip_logits(const Images& images, const Texts& texts, logit_scale scale, matrix_view<float> per_image,
                 const normalize_options& image_options = {}, const normalize_options& text_options = {}) {
    clip_logits(images, texts, scale, per_image, sequential{}, image_options, text_options);
}

/// The same, both as new matrices: auto [per_image, per_text] = clip_logits(images, texts, scale).
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the results too.
template <class Images, class Texts>
clip_logit_matrices clip_logits(const Images& images, const Texts& texts, logit_scale scale, const execution& how,
                                const normalize_options& image_options = {},
                                const normalize_options& text_options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::side_of(texts);
    detail::require_same_dim(detail::clip_names, image_view, text_view);
    const index n = image_view.rows(), m = text_view.rows();
    clip_logit_matrices logits{matrix<float>::uninitialized(n, m), matrix<float>::uninitialized(m, n)};
    detail::clip_logits_into(image_view, text_view, scale, logits.per_image.view(), logits.per_text.view(), how,
                             image_options, text_options);
    return logits;
}
template <class Images, class Texts>
clip_logit_matrices clip_logits(const Images& images, const Texts& texts, logit_scale scale,
                                const normalize_options& image_options = {},
                                const normalize_options& text_options = {}) {
    return clip_logits(images, texts, scale, sequential{}, image_options, text_options);
}

/// SigLIP's logits in the caller's memory; sigmoid() of each is the probability that the pair belongs together.
///
///   logits[i][j] = scale * cosine(images[i], texts[j]) + bias        one rounding with fused multiply-add
///
/// A model starts to train at logit_scale::from_multiplier(10) and bias -10; read both from the checkpoint.
///
/// Shapes   images [n, dim], texts [m, dim] -> logits [n, m].
/// Units    logits. They are independent of each other: no softmax.
/// Errors   value_error if the bias is not finite; else as cosine_similarity.
/// Threads, Memory   as cosine_similarity.
/// Source   Zhai et al. 2023, arXiv:2303.15343, section 3.2.
template <class Images, class Texts>
void siglip_logits(const Images& images, const Texts& texts, logit_scale scale, float bias, matrix_view<float> logits,
                   const execution& how, const normalize_options& image_options = {},
                   const normalize_options& text_options = {}) {
    detail::siglip_logits_into(engine::view_of(images), engine::side_of(texts), scale, bias, logits, how, image_options,
                               text_options);
}
/// On the caller's thread.
template <class Images, class Texts>
void siglip_logits(const Images& images, const Texts& texts, logit_scale scale, float bias, matrix_view<float> logits,
                   const normalize_options& image_options = {}, const normalize_options& text_options = {}) {
    siglip_logits(images, texts, scale, bias, logits, sequential{}, image_options, text_options);
}

/// The same as a new matrix.
///
/// Shapes, Units, Errors, Threads, Source   as above.   Memory  the result too.
template <class Images, class Texts>
matrix<float> siglip_logits(const Images& images, const Texts& texts, logit_scale scale, float bias,
                            const execution& how, const normalize_options& image_options = {},
                            const normalize_options& text_options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::side_of(texts);
    detail::require_same_dim(detail::siglip_names, image_view, text_view);
    auto logits = matrix<float>::uninitialized(image_view.rows(), text_view.rows());
    detail::siglip_logits_into(image_view, text_view, scale, bias, logits.view(), how, image_options, text_options);
    return logits;
}
template <class Images, class Texts>
matrix<float> siglip_logits(const Images& images, const Texts& texts, logit_scale scale, float bias,
                            const normalize_options& image_options = {}, const normalize_options& text_options = {}) {
    return siglip_logits(images, texts, scale, bias, sequential{}, image_options, text_options);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
