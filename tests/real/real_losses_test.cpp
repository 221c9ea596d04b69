// The losses on real pairs of raw 16-bit features: prompts and the pictures generated from them.
#include <cmath>

#include <unitsphere/io/npy.hpp>
#include <unitsphere/normalize.hpp>

#include "catch.hpp"
#include "contrastive.hpp"
#include "real.hpp"

namespace tests {

using Catch::Matchers::WithinAbs;
using namespace unitsphere;

namespace {

struct prompts_and_pictures {
    matrix<float16> images = load_npy<float16>(path("coco_prompt_sd_pairs_vitb32/image.npy"));
    matrix<float16> texts = load_npy<float16>(path("coco_prompt_sd_pairs_vitb32/text.npy"));
};

}  // namespace

TEST_CASE("the CLIP loss of prompts and their pictures is numpy's in float64", "[real]") {
    const prompts_and_pictures p;
    const clip_loss_value found = clip_loss(p.images, p.texts, logit_scale::from_multiplier(100.0f));
    CHECK_THAT(found.loss, WithinAbs(1.325756, 1e-6));  // the file's numbers have six digits
    CHECK_THAT(found.image_to_text, WithinAbs(1.24885, 6e-6));
    CHECK_THAT(found.text_to_image, WithinAbs(1.40266, 6e-6));
    CHECK_THAT(clip_loss(normalize(p.images), p.texts, logit_scale::from_log(4.6051702f)).loss,
               WithinAbs(found.loss, 1e-5));
}

TEST_CASE("gradients of prompts and their pictures agree with the formula in double", "[real]") {
    const prompts_and_pictures p;
    const reference::batch clip = batch_of(p.images, p.texts, 100.0);
    const reference::gradients exact(clip, reference::clip_loss(clip));
    const auto found = clip_loss_gradients(p.images, p.texts, logit_scale::from_multiplier(100.0f));
    CHECK(gradient_error(found.images, exact.images, exact.image_sizes, gradient_bound(clip)) == "");
    CHECK(gradient_error(found.texts, exact.texts, exact.text_sizes, gradient_bound(clip)) == "");
    CHECK_THAT(found.log_scale, WithinAbs(exact.parameter, 2 * 100.0 * gradient_bound(clip)));
    const reference::batch siglip = batch_of(p.images, p.texts, 117.0, -12.9);
    const reference::loss_of_logits loss = reference::siglip_loss(siglip);
    const reference::gradients slopes(siglip, loss);
    const auto of_siglip = siglip_loss_gradients(p.images, p.texts, logit_scale::from_multiplier(117.0f), -12.9f);
    CHECK_THAT(of_siglip.loss, WithinAbs(loss.loss, 300 * logit_bound(siglip)));
    CHECK(gradient_error(of_siglip.images, slopes.images, slopes.image_sizes, gradient_bound(siglip)) == "");
    CHECK(gradient_error(of_siglip.texts, slopes.texts, slopes.text_sizes, gradient_bound(siglip)) == "");
}

TEST_CASE("small steps against the gradient make the loss of real pairs fall", "[real]") {
    const prompts_and_pictures p;
    const logit_scale scale = logit_scale::from_multiplier(100.0f);
    matrix<float> images(p.images.rows(), p.images.dim());
    for (idx_t k = 0; k < images.rows() * images.dim(); ++k) images.data()[k] = float(p.images.data()[k]);
    double before = clip_loss(images, p.texts, scale).loss;
    for (int step = 0; step < 5; ++step) {
        const auto g = clip_loss_gradients(images, p.texts, scale);
        for (idx_t k = 0; k < images.rows() * images.dim(); ++k) images.data()[k] -= 3.0f * g.images.data()[k];
        const double after = clip_loss(images, p.texts, scale).loss;
        CHECK(after < before);
        before = after;
    }
    CHECK(before < 1.2);
}

}  // namespace tests
