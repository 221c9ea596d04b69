#include <limits>
#include <vector>

#include <unitsphere/normalize.hpp>

#include "contrastive.hpp"
#include "executors.hpp"
#include "troubled_rows.hpp"

namespace tests {

using namespace unitsphere;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

template <class A, class B>
void check_clip(const A& images, const B& texts, float scale, const clip_loss_options& options = {}) {
    reference::batch b = batch_of(images, texts, double(scale));
    b.first_label = options.first_label, b.both = !options.image_to_text_only;
    const reference::loss_of_logits exact = reference::clip_loss(b);
    const reference::gradients slopes(b, exact);
    const logit_scale multiplier = logit_scale::from_multiplier(scale);
    // A log-sum-exp moves by at most the largest error of a logit, and so does the label's logit. Sums of exponentials
    // within 1.5 ulp, in float once: 4 unit roundoffs.
    const double bound = 2 * logit_bound(b) + 0x1p-22;
    const clip_loss_value found = clip_loss(images, texts, multiplier, {}, options);
    CHECK_THAT(found.loss, WithinAbs(exact.loss, bound));
    CHECK_THAT(found.image_to_text, WithinAbs(exact.image_to_text, bound));
    CHECK_THAT(found.text_to_image, WithinAbs(exact.text_to_image, bound));
    const clip_loss_gradient g = clip_loss_gradients(images, texts, multiplier, {}, options);
    CHECK(reference::bits(g.loss) == reference::bits(found.loss));
    CHECK(reference::bits(g.image_to_text) == reference::bits(found.image_to_text));
    CHECK(reference::bits(g.text_to_image) == reference::bits(found.text_to_image));
    CHECK(gradient_error(g.images, slopes.images, slopes.image_sizes, gradient_bound(b)) == "");
    CHECK(gradient_error(g.texts, slopes.texts, slopes.text_sizes, gradient_bound(b)) == "");
    // sum of |weight| <= 4 of a pair, times the weights' and the scores' errors
    CHECK_THAT(g.log_scale, WithinAbs(slopes.parameter, 2 * double(scale) * gradient_bound(b)));
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("the CLIP loss and its gradients agree with the formula in double", "[loss]", element_types) {
    const idx_t n = GENERATE(1, 2, 13, 14, 15, 16, 17, 31, 33, 65);
    for (const idx_t dim : {1, 2, 15, 16, 17, 31, 33, 130}) {
        CAPTURE(n, dim);
        const pairs<TestType> p(n, dim, 701);
        for (const float scale : {1.0f, 14.3f, 100.0f}) check_clip(p.images, p.texts, scale);
    }
}

TEST_CASE("batches of several chunks agree with the formula in double", "[loss]") {
    for (const idx_t n : {255, 513, 1100}) {
        CAPTURE(n);
        const pairs<float> p(n, 9, 702, 0.5);
        check_clip(p.images, p.texts, 20.0f);
        check_clip(p.images, p.texts, 100.0f);
    }
}

TEST_CASE("the CLIP loss of blocks agrees with the formula, whatever the blocks and their order", "[loss]") {
    const float scale = GENERATE(14.3f, 100.0f, 400.0f);
    const idx_t n = GENERATE(1, 40, 300), dim = 17;
    CAPTURE(scale, n);
    const pairs<float> p(n, dim, 704);
    const logit_scale multiplier = logit_scale::from_multiplier(scale);
    const reference::batch b = batch_of(p.images, p.texts, double(scale));
    const reference::loss_of_logits exact = reference::clip_loss(b);
    const reference::gradients slopes(b, exact);
    const std::vector<idx_t> images{0, n / 3, n / 3, n / 2 + 1, n}, texts{0, n / 2, n};
    matrix<double> of_images = clip_loss_states(n), of_texts = clip_loss_states(n);
    matrix<float> image_gradients(n, dim), text_gradients(n, dim);
    double log_scale = 0;
    const auto block = [&](const matrix<float>& rows, const std::vector<idx_t>& first, std::size_t k) {
        return matrix_view<const float>(rows.row(first[k]), first[k + 1] - first[k], dim);
    };
    const auto states = [&](matrix<double>& all, const std::vector<idx_t>& first, std::size_t k) {
        return matrix_view<double>(all.row(first[k]), first[k + 1] - first[k], 2);
    };
    for (const bool gradients : {false, true})
        for (std::size_t t = texts.size() - 1; t-- > 0;)
            for (std::size_t i = 0; i + 1 < images.size(); ++i) {
                const auto some_images = block(p.images, images, i), some_texts = block(p.texts, texts, t);
                auto image_states = states(of_images, images, i), text_states = states(of_texts, texts, t);
                const idx_t label = images[i] - texts[t];
                if (!gradients) {
                    add_clip_loss_block(some_images, some_texts, multiplier, label, image_states, text_states,
                                        on_threads{2});
                    continue;
                }
                const clip_loss_gradient g =
                    clip_loss_block_gradients(some_images, some_texts, multiplier, label, image_states, text_states, n);
                for (idx_t r = 0; r < some_images.rows(); ++r)
                    for (idx_t k = 0; k < dim; ++k) image_gradients(images[i] + r, k) += g.images(r, k);
                for (idx_t r = 0; r < some_texts.rows(); ++r)
                    for (idx_t k = 0; k < dim; ++k) text_gradients(texts[t] + r, k) += g.texts(r, k);
                log_scale += g.log_scale;
            }
    const double bound = 2 * logit_bound(b) + 0x1p-22;
    const clip_loss_value found = clip_loss_of_states(of_images, of_texts);
    CHECK_THAT(found.loss, WithinAbs(exact.loss, bound));
    CHECK_THAT(found.image_to_text, WithinAbs(exact.image_to_text, bound));
    CHECK_THAT(found.text_to_image, WithinAbs(exact.text_to_image, bound));
    CHECK(gradient_error(image_gradients, slopes.images, slopes.image_sizes, gradient_bound(b)) == "");
    CHECK(gradient_error(text_gradients, slopes.texts, slopes.text_sizes, gradient_bound(b)) == "");
    CHECK_THAT(log_scale, WithinAbs(slopes.parameter, 2 * double(scale) * gradient_bound(b)));
    const clip_loss_value whole = clip_loss(p.images, p.texts, multiplier);
    CHECK_THAT(found.loss, WithinAbs(whole.loss, 0x1p-21));  // cosines have the same bits
}

TEST_CASE("blocks of the CLIP loss refuse what does not fit", "[loss]") {
    const pairs<float> p(4, 5, 705);
    const logit_scale scale = logit_scale::from_multiplier(10.0f);
    matrix<double> four = clip_loss_states(4), other = clip_loss_states(4), three = clip_loss_states(3), wide(4, 3);
    const auto text = [&](const auto& texts, auto& images_so_far, auto& texts_so_far) {
        return message_of<shape_error>(
            [&] { add_clip_loss_block(p.images, texts, scale, 0, images_so_far, texts_so_far); });
    };
    CHECK(text(p.texts, three, four) == "add_clip_loss_block: image_states is 3 x 2, it must be 4 x 2");
    CHECK(text(p.texts, four, wide) == "add_clip_loss_block: text_states is 4 x 3, it must be 4 x 2");
    CHECK(text(p.texts, four, four) == "add_clip_loss_block: image_states overlaps text_states");
    CHECK(text(matrix<float>(4, 6), four, other) == "add_clip_loss_block: images have dim 5, texts have dim 6");
    CHECK(message_of<shape_error>([&] { clip_loss_of_states(four, wide); }) ==
          "clip_loss_of_states: text_states is 4 x 3, it must be 4 x 2");
    CHECK(message_of<value_error>([&] { clip_loss_block_gradients(p.images, p.texts, scale, 0, four, other, 0); }) ==
          "clip_loss_block_gradients: pairs is 0, it must be at least 1");
    CHECK(four(3, 0) == std::numeric_limits<double>::lowest());
    add_clip_loss_block(p.images, p.texts, scale, PTRDIFF_MAX, four, other);  // no pair of these
    add_clip_loss_block(p.images, p.texts, scale, -PTRDIFF_MAX, four, other);
    CHECK((four(0, 0) > -20 && four(0, 1) != four(0, 1)));
    CHECK(reference::is_nan(clip_loss_of_states(four, other).loss));
    auto broken = p.images;
    broken(2, 1) = infinity;
    add_clip_loss_block(broken, p.texts, scale, 0, four, other);
    CHECK((reference::is_nan(four(0, 0)) && reference::is_nan(other(3, 0))));
}

TEST_CASE("clip_loss of shards agrees with the formula, and adds up to that of the batch", "[loss]") {
    const pairs<float> p(700, 17, 703);
    for (const idx_t first : {0, 1, 31, 300, 660}) {
        CAPTURE(first);
        for (const idx_t count : {1, 16, 40}) {
            clip_loss_options shard;
            shard.first_label = first, shard.image_to_text_only = true;
            check_clip(part(p.images, first, count), p.texts.view(), 30.0f, shard);
        }
    }
    // open_clip's local_loss: the mean of both directions, each over all texts or images, is the whole batch's loss
    double sum = 0;
    const logit_scale scale = logit_scale::from_multiplier(30.0f);
    for (idx_t first = 0; first < 700; first += 175) {
        clip_loss_options shard;
        shard.first_label = first, shard.image_to_text_only = true;
        sum += clip_loss(part(p.images, first, 175), p.texts, scale, {}, shard).loss / 8 +
               clip_loss(part(p.texts, first, 175), p.images, scale, {}, shard).loss / 8;
    }
    CHECK_THAT(sum, WithinRel(clip_loss(p.images, p.texts, scale).loss, 1e-6));
}

TEST_CASE("logits that lie far apart, or beyond double's range, keep the loss", "[loss]") {
    // cosines of exactly -1, 0 and 1: the formula's logits are exact
    const idx_t n = GENERATE(2, 40, 300);
    matrix<float> images(n, 8), texts(n, 8);
    for (idx_t i = 0; i < n; ++i) {
        images(i, i % 8) = i % 3 == 0 ? -2.0f : 2.0f;
        texts(i, i % 7) = i % 5 == 0 ? -3.0f : 3.0f;
    }
    for (const float scale : {50.0f, 64.0f, 100.0f, 299.0f, 301.0f, 1000.0f, 1e6f, 1e30f}) {
        CAPTURE(n, scale);
        const reference::loss_of_logits exact = reference::clip_loss(batch_of(images, texts, double(scale)));
        const clip_loss_gradient found = clip_loss_gradients(images, texts, logit_scale::from_multiplier(scale));
        CHECK_THAT(found.loss, WithinRel(exact.loss, 1e-6));
        CHECK_THAT(found.text_to_image, WithinRel(exact.text_to_image, 1e-6));
    }
}

TEST_CASE("a loss next to 0 keeps its digits", "[loss]") {
    // texts are their images, all others at right angles: every loss is log(1 + (n - 1) exp(-scale)), in every tile
    const idx_t n = GENERATE(2, 33, 64);
    matrix<float> rows(n, 64);
    for (idx_t i = 0; i < n; ++i) rows(i, i) = std::ldexp(1.0f, int(i % 7));  // unit rows are exact
    for (const float scale : {20.0f, 60.0f, 100.0f}) {
        CAPTURE(n, scale);
        const double exact = std::log1p(double(n - 1) * std::exp(-double(scale)));
        const auto found = clip_loss_gradients(rows, rows, logit_scale::from_multiplier(scale));
        CHECK_THAT(found.loss, WithinRel(exact, 3e-7));
        if (scale < 60.0f) CHECK_THAT(found.log_scale, WithinRel(-double(scale) * std::expm1(exact), 1e-5));
    }
    const matrix<float> one = random_rows<float>(1, 8, 704), other = random_rows<float>(1, 8, 705);
    const auto alone = clip_loss_gradients(one, other, logit_scale::from_multiplier(100.0f));
    CHECK((alone.loss == 0.0 && alone.log_scale == 0.0 && all_zero(alone.images.row(0), 8)));
}

TEST_CASE("gradients are finite for every scale", "[loss]") {
    const auto images = random_rows<float>(64, 33, 708), texts = random_rows<float>(64, 33, 709);  // labels seldom win
    for (const float scale : {1e7f, 1e9f, 1e10f, 1e30f}) {
        CAPTURE(scale);
        const auto found = clip_loss_gradients(images, texts, logit_scale::from_multiplier(scale));
        const auto is_sound = [&](float slope) { return reference::is_finite(slope) && std::fabs(slope) < 6 * scale; };
        idx_t broken = 0;  // 64 weights, none beyond 2 e / 64, on rows longer than 1
        for (idx_t k = 0; k < 64 * 33; ++k)
            broken += !is_sound(found.images.data()[k]) + !is_sound(found.texts.data()[k]);
        CHECK(broken == 0);
        CHECK(reference::is_finite(found.loss));
        CHECK(reference::is_finite(found.log_scale));
    }
}

TEST_CASE("clip_loss and the loss of clip_loss_gradients agree though they are chunked differently", "[loss]") {
    const pairs<float> p(300, 4096, 709, 0.5);
    const logit_scale scale = logit_scale::from_multiplier(20.0f);
    const clip_loss_value value = clip_loss(p.images, p.texts, scale);
    const clip_loss_gradient slopes = clip_loss_gradients(p.images, p.texts, scale);
    CHECK_THAT(slopes.image_to_text, WithinRel(value.image_to_text, 1e-7));
    CHECK_THAT(slopes.text_to_image, WithinRel(value.text_to_image, 1e-7));
}

TEST_CASE("unit rows have the loss of their raw rows, and the gradients of rows of length 1", "[loss]") {
    const pairs<float> p(50, 33, 705);
    const unit_embeddings<> images = normalize(p.images), texts = normalize(p.texts);
    const logit_scale scale = logit_scale::from_multiplier(50.0f);
    const auto raw = clip_loss_gradients(p.images, p.texts, scale), unit = clip_loss_gradients(images, texts, scale);
    CHECK(reference::bits(raw.loss) == reference::bits(unit.loss));
    const unitsphere::array<double> length = norms(p.images);
    for (idx_t i = 0; i < 50; ++i)
        for (idx_t k = 0; k < 33; ++k)
            CHECK_THAT(double(raw.images(i, k)) * length[i],
                       WithinAbs(double(unit.images(i, k)), 1e-6 * std::fabs(double(unit.images(i, k)))));
    CHECK(first_difference(clip_loss_gradients(p.images, texts, scale).images, raw.images) == "");
}

}  // namespace tests
