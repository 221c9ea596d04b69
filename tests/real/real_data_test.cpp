// Zero-shot classification on real embeddings, raw and unit, float and half.
#include <cmath>
#include <sstream>

#include <unitsphere/io/npy.hpp>
#include <unitsphere/unitsphere.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "real.hpp"
#include "reference.hpp"

namespace tests {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using unitsphere::float16;
using unitsphere::idx_t;
using unitsphere::load_npy;
using unitsphere::logit_scale;
using unitsphere::matrix;
using unitsphere::matrix_view;
using unitsphere::prompt_ensemble;
using unitsphere::zero_shot_classifier;

namespace {

/// How many images have their label among the k best.
template <class Images, class Classes>
idx_t correct(const Images& images, const Classes& classes, const std::vector<idx_t>& labels, idx_t k) {
    const auto top = zero_shot_classifier(classes, logit_scale::from_log(4.6051702f)).top_k(images, k);
    idx_t hits = 0;
    for (idx_t i = 0; i < images.rows(); ++i)
        for (idx_t r = 0; r < top.labels.dim(); ++r) hits += top.labels(i, r) == labels[std::size_t(i)];
    return hits;
}

template <class Images, class Classes>
double mean_true_probability(const Images& images, const Classes& classes, const std::vector<idx_t>& labels) {
    const matrix<float> p = zero_shot_classifier(classes, logit_scale::from_multiplier(100)).predict_proba(images);
    double sum = 0;
    for (idx_t i = 0; i < p.rows(); ++i) sum += double(p(i, labels[std::size_t(i)]));
    return sum / double(p.rows());
}

struct pets {
    matrix<float16> images = load_npy<float16>(path("pets_vitb32/zs24_image.npy"));
    matrix<float> t1 = load_npy<float>(path("pets_vitb32/zs24_text_t1.npy"));
    matrix<float> t2 = load_npy<float>(path("pets_vitb32/zs24_text_t2.npy"));
    std::vector<idx_t> labels = integers("pets_vitb32/zs24_labels.txt");
};

}  // namespace

TEST_CASE("the example of the CLIP README has its published norms, cosines and probabilities", "[real]") {
    const matrix<float> image = load_npy<float>(path("official_example/image.npy"));
    const matrix<float> texts = load_npy<float>(path("official_example/text.npy"));
    REQUIRE((image.rows() == 1 && texts.rows() == 3 && image.dim() == 512 && texts.dim() == 512));
    CHECK_THAT(unitsphere::norms(image)[0], WithinAbs(10.413092, 1e-6));
    const double text_norms[] = {11.886088, 11.386319, 11.022001};
    const double cosines[] = {0.25552786137498434, 0.20089888102320755, 0.1974945660098943};
    const double exact[] = {0.9927935717832944, 0.004210682395940362, 0.002995745820765165};
    const double published[] = {0.9927937, 0.00421068, 0.00299572};
    const matrix<float> scores = unitsphere::cosine_similarity(image, texts);
    const matrix<float> p = zero_shot_classifier(texts, logit_scale::from_log(4.6051702f)).predict_proba(image);
    for (idx_t j = 0; j < 3; ++j) {
        CAPTURE(j);
        CHECK_THAT(unitsphere::norms(texts)[j], WithinAbs(text_norms[j], 1e-6));
        CHECK_THAT(double(scores(0, j)), WithinAbs(cosines[j], 6e-7));
        // a logit is off by 100 * 6e-7 and one rounding; numerator and denominator move together
        CHECK_THAT(double(p(0, j)), WithinRel(exact[j], 2 * 6.2e-5 + 5e-6));
        CHECK_THAT(double(p(0, j)), WithinAbs(published[j], 1e-6));
    }
}

TEST_CASE("the wrong recipes give other probabilities on the example of the CLIP README", "[real]") {
    const matrix<float> image = load_npy<float>(path("official_example/image.npy"));
    const matrix<float> texts = load_npy<float>(path("official_example/text.npy"));
    const matrix<float> no_scale = zero_shot_classifier(texts, logit_scale::from_multiplier(1)).predict_proba(image);
    CHECK_THAT(double(no_scale(0, 0)), WithinAbs(0.346, 5e-4));
    matrix<float> dot_products(1, 3);
    for (idx_t j = 0; j < 3; ++j) {
        double sum = 0;
        for (idx_t k = 0; k < 512; ++k) sum += double(image(0, k)) * double(texts(j, k));
        dot_products(0, j) = float(sum);
    }
    CHECK_THAT(double(unitsphere::softmax(dot_products)(0, 0)), WithinAbs(0.99946, 5e-6));
    const matrix<float> right = zero_shot_classifier(texts, logit_scale::from_multiplier(100)).predict_proba(image);
    CHECK_THAT(double(right(0, 0)), WithinAbs(0.9927937, 1e-6));
}

TEST_CASE("zero-shot on pets finds as many breeds as float64 does", "[real]") {
    const pets data;
    REQUIRE((data.images.rows() == 2383 && data.labels.size() == 2383 && data.t1.rows() == 24));
    CHECK(std::abs(int(correct(data.images, data.t1, data.labels, 1)) - 2104) <= 2);  // two images are nearly ties
    CHECK(correct(data.images, data.t2, data.labels, 1) == 2217);
    CHECK(correct(data.images, data.t1, data.labels, 5) == 2376);
    CHECK(correct(data.images, data.t2, data.labels, 5) == 2379);
    CHECK_THAT(mean_true_probability(data.images, data.t1, data.labels), WithinRel(0.807782407493772, 1.3e-4));
    CHECK_THAT(mean_true_probability(data.images, data.t2, data.labels), WithinRel(0.8492571082483111, 1.3e-4));
}

TEST_CASE("an ensemble of two prompts finds its 2186 pets, and the mean of raw prompts only 2182", "[real]") {
    const pets data;
    matrix<float> prompts(48, 512), raw_mean(24, 512);
    std::vector<int> class_of_prompt;
    for (int c = 0; c < 24; ++c)
        for (const matrix<float>* texts : {&data.t1, &data.t2}) {
            std::copy(texts->row(c), texts->row(c) + 512, prompts.row(idx_t(class_of_prompt.size())));
            for (idx_t k = 0; k < 512; ++k) raw_mean(c, k) += (*texts)(c, k) / 2;
            class_of_prompt.push_back(c);
        }
    const auto ensemble = prompt_ensemble(prompts, class_of_prompt);
    CHECK(correct(data.images, ensemble, data.labels, 1) == 2186);
    CHECK(correct(data.images, ensemble, data.labels, 5) == 2379);
    CHECK_THAT(mean_true_probability(data.images, ensemble, data.labels), WithinRel(0.8364662758433856, 1.3e-4));
    CHECK(correct(data.images, raw_mean, data.labels, 1) == 2182);
}

TEST_CASE("zero-shot on 500 pictures of CIFAR-10 finds 449", "[real]") {
    const matrix<float> images = load_npy<float>(path("cifar10_500_vitb32/image.npy"));
    const matrix<float16> texts = load_npy<float16>(path("cifar10_500_vitb32/text.npy"));
    const std::vector<idx_t> labels = integers("cifar10_500_vitb32/labels.txt");
    REQUIRE((images.rows() == 500 && labels.size() == 500 && texts.rows() == 10));
    CHECK(correct(images, texts, labels, 1) == 449);
    CHECK(correct(images, texts, labels, 5) == 498);
    CHECK_THAT(mean_true_probability(images, texts, labels), WithinRel(0.771231, 1.3e-4));
}

TEST_CASE("a ragged ensemble of pathology prompts predicts what float64 does", "[real]") {
    const matrix<float> all = load_npy<float>(path("pathmnist_prompts_vitb16/prompts.npy"));
    const matrix<float> images = load_npy<float>(path("pathmnist_prompts_vitb16/image.npy"));
    std::vector<int> class_of_prompt = first_column("pathmnist_prompts_vitb16/prompts_meta.txt");
    class_of_prompt.resize(192);  // the last five prompts are of no class
    const auto ensemble = prompt_ensemble(matrix_view<const float>(all.data(), 192, all.dim()), class_of_prompt);
    REQUIRE(ensemble.rows() == 9);
    const auto top = zero_shot_classifier(ensemble, logit_scale::from_multiplier(100)).top_k(images, 1);
    const std::vector<idx_t> expected = integers("pathmnist_prompts_vitb16/expected_ensemble_pred.txt");
    idx_t different = 0;
    for (idx_t i = 0; i < 1000; ++i) different += top.labels(i, 0) != expected[std::size_t(i)];
    CHECK(different <= 2);  // the smallest margin between the two best cosines is 1.6e-6
}

}  // namespace tests
