#include "contrastive.hpp"
#include "executors.hpp"
#include "troubled_rows.hpp"

// However the cells of a loss are split over workers: the same bits. A thread sanitizer watches this program.

namespace tests {

using namespace unitsphere;

namespace {

struct every_number {
    matrix<double> numbers;
    matrix<float> clip_images, clip_texts, shard_images, shard_texts, siglip_images, siglip_texts;
};

/// Everything that losses of these rows and their gradients return.
every_number ask(const matrix<float>& images, const matrix<float>& texts, const execution& how) {
    const logit_scale scale = logit_scale::from_multiplier(40.0f);
    clip_loss_options shard;
    shard.first_label = 7, shard.image_to_text_only = true;
    const clip_loss_value value = clip_loss(images, texts, scale, how);
    clip_loss_gradient clip = clip_loss_gradients(images, texts, scale, how);
    const auto first = part(images, 0, images.rows() - 300);
    clip_loss_gradient one_way = clip_loss_gradients(first, texts, scale, how, shard);
    siglip_loss_gradient siglip = siglip_loss_gradients(images, texts, scale, -8.0f, how);
    const double all[] = {value.loss,
                          value.image_to_text,
                          value.text_to_image,
                          clip.loss,
                          clip.log_scale,
                          one_way.log_scale,
                          one_way.loss,
                          siglip.loss,
                          siglip.log_scale,
                          siglip.bias,
                          siglip_loss(images, texts, scale, -8.0f, how)};
    every_number result{matrix<double>(1, 11),     std::move(clip.images),   std::move(clip.texts),
                        std::move(one_way.images), std::move(one_way.texts), std::move(siglip.images),
                        std::move(siglip.texts)};
    for (idx_t k = 0; k < 11; ++k) result.numbers(0, k) = all[k];
    return result;
}

void check_same(const every_number& a, const every_number& b) {
    CHECK(first_difference(a.numbers, b.numbers) == "");
    CHECK(first_difference(a.clip_images, b.clip_images) == "");
    CHECK(first_difference(a.clip_texts, b.clip_texts) == "");
    CHECK(first_difference(a.shard_images, b.shard_images) == "");
    CHECK(first_difference(a.shard_texts, b.shard_texts) == "");
    CHECK(first_difference(a.siglip_images, b.siglip_images) == "");
    CHECK(first_difference(a.siglip_texts, b.siglip_texts) == "");
}

}  // namespace

TEST_CASE("every split of a loss and its gradients gives the same bits", "[splits]") {
    const idx_t n = GENERATE(310, 1300, 2600);  // one chunk to eight of them
    const pairs<float> p(n, 9, 741);
    const every_number expected = ask(p.images, p.texts, sequential{});
    workspace space;
    check_same(ask(p.images, p.texts, in_reverse), expected);
    if (n < 2600) check_same(ask(p.images, p.texts, space), expected);
    for (const int threads : {2, 3, 8}) {
        CAPTURE(n, threads);
        if (n < 2600) check_same(ask(p.images, p.texts, on_threads{threads}), expected);
        check_same(ask(p.images, p.texts, {on_threads{threads}, space}), expected);
    }
}

TEST_CASE("every split of long rows, in chunks by their size, gives the same bits", "[splits]") {
    const pairs<float> p(320, 4096, 744);
    check_same(ask(p.images, p.texts, on_threads{3}), ask(p.images, p.texts, sequential{}));
}

TEST_CASE("every split counts the same rows without a direction", "[splits]") {
    matrix<float> rows = random_rows<float>(900, 300, 742);
    generator random(743);
    row_report expected;
    for (const idx_t zero : {5, 300, 899})
        fill_row(rows.row(zero), 300, row_kind::zero, random), expected.add_zero(zero);
    for (const idx_t bad : {17, 600}) fill_row(rows.row(bad), 300, row_kind::nan, random), expected.add_non_finite(bad);
    const logit_scale scale = logit_scale::from_multiplier(40.0f);
    for (const int threads : {1, 2, 8}) {
        CAPTURE(threads);
        row_report images, texts;
        clip_loss_options options;
        options.images.report = &images, options.texts.report = &texts;
        CHECK(reference::is_nan(clip_loss(rows, rows, scale, on_threads{threads}, options).loss));
        CHECK((same(images, expected) && same(texts, expected)));
    }
}

TEST_CASE("an exception of the executor reaches the caller, and the workspace is usable", "[splits]") {
    const pairs<float> p(1300, 9, 744);
    const logit_scale scale = logit_scale::from_multiplier(40.0f);
    workspace space;
    int left = 1;
    const auto tired = [&](idx_t count, auto&& body) {
        if (left-- == 0) throw std::runtime_error("tired");
        for (idx_t i = 0; i < count; ++i) body(i);
    };
    CHECK_THROWS_AS(clip_loss(p.images, p.texts, scale, {tired, space}), std::runtime_error);
    CHECK(clip_loss(p.images, p.texts, scale, space).loss == clip_loss(p.images, p.texts, scale).loss);
}

}  // namespace tests
