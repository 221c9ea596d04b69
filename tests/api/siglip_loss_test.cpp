#include "contrastive.hpp"

namespace tests {

using namespace unitsphere;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

template <class A, class B>
void check_siglip(const A& images, const B& texts, float scale, float bias, const siglip_loss_options& options = {}) {
    reference::batch b = batch_of(images, texts, double(scale), double(bias));
    b.first_label = options.first_label, b.no_labels = options.negatives_only;
    const reference::loss_of_logits exact = reference::siglip_loss(b);
    const reference::gradients slopes(b, exact);
    const logit_scale multiplier = logit_scale::from_multiplier(scale);
    // The loss moves with a logit by sigmoid(logit), the size of its weight; exp is within an ulp; double otherwise.
    double weights = 0;
    for (const auto& row : exact.sizes)
        for (const double size : row) weights += size;
    const double bound = weights * logit_bound(b) + exact.loss * 0x1p-23 + 1e-12;
    const double found = siglip_loss(images, texts, multiplier, bias, {}, options);
    CHECK_THAT(found, WithinAbs(exact.loss, bound));
    const siglip_loss_gradient g = siglip_loss_gradients(images, texts, multiplier, bias, {}, options);
    CHECK_THAT(g.loss, WithinAbs(exact.loss, bound));
    CHECK(gradient_error(g.images, slopes.images, slopes.image_sizes, gradient_bound(b)) == "");
    CHECK(gradient_error(g.texts, slopes.texts, slopes.text_sizes, gradient_bound(b)) == "");
    const double in_double = double(texts.rows()) * 0x1p-50;  // each weight is at most 1 on its way
    CHECK_THAT(g.log_scale, WithinAbs(slopes.parameter, double(scale) * (weights * gradient_bound(b) + in_double)));
    CHECK_THAT(g.bias, WithinAbs(slopes.bias, weights * gradient_bound(b) + in_double));
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("the SigLIP loss and its gradients agree with the formula in double", "[loss]", element_types) {
    const idx_t n = GENERATE(1, 2, 13, 14, 15, 16, 17, 31, 33, 65);
    for (const idx_t dim : {1, 2, 15, 16, 17, 31, 33, 130}) {
        CAPTURE(n, dim);
        const pairs<TestType> p(n, dim, 721);
        check_siglip(p.images, p.texts, 10.0f, -10.0f);
        check_siglip(p.images, p.texts, 1.0f, 0.5f);
        check_siglip(p.images, p.texts, 117.0f, -12.9f);
    }
}

TEST_CASE("SigLIP batches of several chunks agree with the formula in double", "[loss]") {
    for (const idx_t n : {255, 513, 1100}) {
        CAPTURE(n);
        const pairs<float> p(n, 9, 722, 0.5);
        check_siglip(p.images, p.texts, 20.0f, -15.0f);
        check_siglip(p.images, p.texts, 100.0f, 3.0f);
    }
}

TEST_CASE("siglip_loss of shards agrees with the formula, and adds up to that of the batch", "[loss]") {
    const pairs<float> p(700, 17, 723);
    const logit_scale scale = logit_scale::from_multiplier(10.0f);
    siglip_loss_options shard, others;
    others.negatives_only = true;
    for (const idx_t first : {0, 1, 31, 300, 660}) {
        CAPTURE(first);
        shard.first_label = first;
        check_siglip(part(p.images, first, 40), p.texts.view(), 10.0f, -5.0f, shard);
        check_siglip(part(p.images, 0, 40), part(p.texts, first, 33), 10.0f, -5.0f, others);
    }
    double sum = 0;
    for (idx_t mine = 0; mine < 700; mine += 175)
        for (idx_t theirs = 0; theirs < 700; theirs += 175)
            sum += siglip_loss(part(p.images, mine, 175), part(p.texts, theirs, 175), scale, -5.0f, {},
                               mine == theirs ? siglip_loss_options{} : others) /
                   4;
    CHECK_THAT(sum, WithinRel(siglip_loss(p.images, p.texts, scale, -5.0f), 1e-6));
}

TEST_CASE("the SigLIP loss agrees with the formula for the largest and the smallest logits", "[loss]") {
    // cosines of exactly -1, 0 and 1: the formula's logits are exact
    const idx_t n = GENERATE(2, 40, 300);
    matrix<float> images(n, 8), texts(n, 8);
    for (idx_t i = 0; i < n; ++i) {
        images(i, i % 8) = i % 3 == 0 ? -2.0f : 2.0f;
        texts(i, i % 7) = i % 5 == 0 ? -3.0f : 3.0f;
    }
    for (const float scale : {16.0f, 128.0f, 1024.0f, 1e6f, 1e30f})
        for (const float bias : {0.0f, -16.0f, 64.0f, -4096.0f}) {
            CAPTURE(n, scale, bias);
            const reference::batch b = batch_of(images, texts, double(scale), double(bias));
            const double exact = reference::siglip_loss(b).loss;
            const logit_scale multiplier = logit_scale::from_multiplier(scale);
            CHECK_THAT(siglip_loss(images, texts, multiplier, bias), WithinAbs(exact, 2e-7 * exact + 1e-30));
            CHECK_THAT(siglip_loss_gradients(images, texts, multiplier, bias).loss,
                       WithinAbs(exact, 2e-7 * exact + 1e-30));
        }
}

TEST_CASE("the SigLIP loss of thousands of logits of 0 does not overflow", "[loss]") {
    const matrix<float> zeros(9000, 3), rows = random_rows<float>(33, 3, 724);
    siglip_loss_options options;
    options.negatives_only = true;
    // every cosine is 0: each pair costs log 2
    CHECK_THAT(siglip_loss(zeros, rows, logit_scale::from_multiplier(10.0f), 0.0f, {}, options),
               WithinRel(33.0 * std::log(2.0), 1e-12));
}

}  // namespace tests
