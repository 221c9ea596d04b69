// siglip_logits: scale and bias on cosines. (clip_logits has its tests in one_value_test and similarity_test.)

#include <unitsphere/unitsphere.hpp>

#include "canonical.hpp"
#include "catch.hpp"
#include "checks.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

TEST_CASE("a SigLIP logit is the cosine times the scale plus the bias, rounded once with fused multiply-add",
          "[logits]") {
    const idx_t n = GENERATE(1, 5, 16, 29), m = GENERATE(1, 15, 33);
    const float bias = GENERATE(-10.0f, 0.0f, 3.3f);
    const auto images = random_rows<float16>(n, 70, 141);
    const auto texts = random_rows<float>(m, 70, 142);
    const logit_scale scale = logit_scale::from_multiplier(117.33f);
    const matrix<float> cosines = cosine_similarity(images, texts);
    const matrix<float> logits = siglip_logits(images, texts, scale, bias);
    int wrong = 0;
    for (idx_t i = 0; i < n; ++i)
        for (idx_t j = 0; j < m; ++j) {
            wrong += logits(i, j) != canonical::multiply_add(117.33f, cosines(i, j), bias);
        }
    CHECK(wrong == 0);
    matrix<float> written(n, m);
    siglip_logits_into(normalize(images), texts, scale, bias, written);
    CHECK(first_difference(written, logits) == "");
}

TEST_CASE("siglip_logits refuses a bias that is not finite, other dims and a wrong output", "[logits]") {
    const matrix<float> a = random_rows<float>(2, 8, 143), b = random_rows<float>(3, 8, 144), c(3, 9);
    const logit_scale scale = logit_scale::from_multiplier(10.0f);
    matrix<float> out = untouched(2, 4);
    CHECK(message_of<value_error>([&] { siglip_logits(a, b, scale, reference::float_from_bits(0x7f800000u)); }) ==
          "siglip_logits: bias is inf, not finite");
    CHECK(message_of<shape_error>([&] { siglip_logits(a, c, scale, 0.0f); }) ==
          "siglip_logits: images have dim 8, texts have dim 9");
    CHECK(message_of<shape_error>([&] { siglip_logits_into(a, b, scale, 0.0f, out); }) ==
          "siglip_logits: logits is 2 x 4, it must be 2 x 3");
    CHECK(first_difference(out, untouched(2, 4)) == "");
}

}  // namespace tests
