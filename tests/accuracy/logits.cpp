// Logits, and the classifier's way from raw rows to probabilities.
#include <unitsphere/similarity.hpp>
#include <unitsphere/zero_shot.hpp>

#include "table.hpp"

namespace accuracy {
namespace {

constexpr double cosine_error = 6e-7;  // gaussian rows

template <class T>
void measure_type(table& results) {
    const std::vector<idx_t> dims =
        results.quick() ? std::vector<idx_t>{64, 512} : std::vector<idx_t>{64, 512, 768, 4096};
    const idx_t rows = results.quick() ? 16 : 64;
    const auto clip_scale = unitsphere::logit_scale::from_multiplier(100.0f);
    const auto siglip_scale = unitsphere::logit_scale::from_multiplier(10.0f);
    // |scale * cosine| and, with a bias, the sum are rounded to float: 2^-24 of at most so much.
    const double clip_bound = 100 * (cosine_error + 0x1p-24), siglip_bound = 10 * cosine_error + (10 + 20) * 0x1p-24;
    // Numerator and denominator move together.
    const double probability_bound = 2 * clip_bound + 5e-6;
    measurement clip, siglip, classifier;
    for (const idx_t dim : dims) {
        const auto images = tests::random_rows<T>(rows, dim, 3000), texts = tests::random_rows<T>(rows, dim, 3001);
        const auto logits = unitsphere::clip_logits(images, texts, clip_scale);
        const auto biased = unitsphere::siglip_logits(images, texts, siglip_scale, -10.0f);
        const auto probabilities = unitsphere::zero_shot_classifier(texts, clip_scale).predict_proba(images);
        const exact_rows a(images), b(texts);
        for (idx_t i = 0; i < rows; ++i) {
            std::vector<long double> e;
            long double sum = 0;
            for (idx_t j = 0; j < rows; ++j) {
                const long double exact = cosine(a, i, b, j);
                clip.add(std::fabs((long double)(logits.per_image(i, j)) - 100 * exact), clip_bound);
                clip.add(std::fabs((long double)(logits.per_text(j, i)) - 100 * exact), clip_bound);
                siglip.add(std::fabs((long double)(biased(i, j)) - (10 * exact - 10)), siglip_bound);
                e.push_back(std::exp(100 * exact));
                sum += e.back();
            }
            for (idx_t j = 0; j < rows; ++j) {
                const long double p = e[std::size_t(j)] / sum;
                if (p >= 0x1p-126L) classifier.add(std::fabs(probabilities(i, j) - p) / p, probability_bound);
            }
        }
    }
    const std::string name = name_of<T>(), range = range_of(dims);
    results.add({"clip_logits, scale 100", name, "gaussian", range, "absolute"}, clip);
    results.add({"siglip_logits, scale 10, bias -10", name, "gaussian", range, "absolute"}, siglip);
    results.add({"zero_shot_classifier, scale 100", name, "gaussian", range, "relative"}, classifier);
}

}  // namespace

void measure_logits(table& results) {
    measurement scale;  // under -ffast-math gcc takes the float function: 0.501
    for (int i = -100000; i <= 100000; ++i) {
        const float t = float(i) * 5e-5f;
        const long double exact = std::exp((long double)(t));
        const float got = unitsphere::logit_scale::from_log(t).multiplier();
        scale.add(std::fabs((long double)(got)-exact) / float_ulp(exact), 0.51);
    }
    results.add({"logit_scale::from_log", "float", "every result", "[-5, 5]", "ulp"}, scale);
    measure_type<float>(results);
    measure_type<float16>(results);
}

}  // namespace accuracy
