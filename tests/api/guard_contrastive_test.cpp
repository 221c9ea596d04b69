#include <unitsphere/contrastive_loss.hpp>

#include "executors.hpp"
#include "within_rows.hpp"

// Promise 8 for the losses: not one byte outside the caller's rows is read or written.

namespace tests {

using namespace unitsphere;

namespace {

const logit_scale guarded_scale = logit_scale::from_multiplier(10.0f);

/// Both losses' gradients of one side, as a new matrix or into `out`.
template <class Images, class Texts>
matrix<double> losses(const Images& images, const Texts& texts) {
    clip_loss_options shard;
    shard.image_to_text_only = true, shard.first_label = texts.rows() - images.rows();
    matrix<double> result(1, 3);
    result(0, 0) = clip_loss(images, texts, guarded_scale, {}, shard).loss;
    result(0, 1) = siglip_loss(images, texts, guarded_scale, -5.0f);
    result(0, 2) = images.rows() == texts.rows() ? clip_loss(images, texts, guarded_scale).loss : 0.0;
    return result;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("losses and gradients stay within their rows", "[guard]", element_types) {
    using rows = matrix_view<const TestType>;
    at_every_edge([&](placement where, idx_t dim) {
        const idx_t n = dim % 19 + 1, m = n + dim % 3;
        const auto images = random_rows<TestType>(n, dim, 751), texts = random_rows<TestType>(m, dim, 752);
        CHECK(read(
                  where, [](const auto& a, const auto& b) { return losses(a, b); }, images, texts) == "");
        const auto expected = siglip_loss_gradients(images, texts, guarded_scale, -5.0f);
        guarded<float> of_texts(m, dim, where);
        const auto siglip = [&](rows a, rows b, auto out) {
            siglip_loss_gradients_into(a, b, guarded_scale, -5.0f, out, of_texts.view());
        };
        CHECK(written(where, expected.images, siglip, images, texts) == "");
        CHECK((of_texts.surroundings_intact() && first_difference(of_texts.view(), expected.texts) == ""));
        clip_loss_options shard;
        shard.image_to_text_only = true, shard.first_label = m - n;
        const auto of_clip = clip_loss_gradients(images, texts, guarded_scale, {}, shard);
        const auto clip = [&](rows a, rows b, auto out) {
            clip_loss_gradients_into(a, b, guarded_scale, out, of_texts.view(), {}, shard);
        };
        CHECK(written(where, of_clip.images, clip, images, texts) == "");
        CHECK((of_texts.surroundings_intact() && first_difference(of_texts.view(), of_clip.texts) == ""));
    });
}

TEST_CASE("workers stay within the rows of gradients of several chunks", "[guard]") {
    team three(3);
    for (const placement where : {placement::from_start, placement::to_end_gaps, placement::to_end}) {
        const matrix<float> images = random_rows<float>(700, 33, 753), texts = random_rows<float>(700, 33, 754);
        const auto expected = clip_loss_gradients(images, texts, guarded_scale);
        guarded<float> of_texts(700, 33, where);
        const auto clip = [&](const auto& a, const auto& b, auto out) {
            clip_loss_gradients_into(a, b, guarded_scale, out, of_texts.view(), three);
        };
        CHECK(written(where, expected.images, clip, images, texts) == "");
        CHECK((of_texts.surroundings_intact() && first_difference(of_texts.view(), expected.texts) == ""));
    }
}

}  // namespace tests
