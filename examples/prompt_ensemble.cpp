// Several prompts for each class: does it matter how they are averaged?
#include <cstdio>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

int main() {
    // A photo and a drawing of a dog, a photo and a drawing of a cat; their norms are 12, 7.5, 7.5 and 12.
    const float prompt_features[] = {2.4f, 0.0f, 11.8f, 0.0f, 1.5f, 0.0f, 0.0f, 7.3f,
                                     0.0f, 1.5f, 7.3f,  0.0f, 0.0f, 2.4f, 0.0f, 11.8f};
    const int class_of_prompt[] = {0, 0, 1, 1};
    const float image_features[] = {4, 0, 9, 1, 4, 0, 1, 9, 0, 4, 9, 1, 0, 4, 1, 9};  // dog, dog, cat, cat
    const us::matrix_view<const float> prompts{prompt_features, 4, 4}, images{image_features, 4, 4};

    // Right: normalize each prompt, mean, normalize.
    const us::unit_embeddings<> classes = us::prompt_ensemble(prompts, class_of_prompt);

    // Wrong: the mean of raw rows, in which a longer row counts more.
    us::matrix<float> raw_means(2, 4);
    for (int i = 0; i < 4; ++i)
        for (int k = 0; k < 4; ++k) raw_means(class_of_prompt[i], k) += prompts(i, k) / 2;

    const us::logit_scale scale = us::logit_scale::from_multiplier(100.0f);
    const us::array<us::idx_t> right = us::zero_shot_classifier(classes, scale).predict(images);
    const us::array<us::idx_t> wrong = us::zero_shot_classifier(raw_means, scale).predict(images);
    int differing = 0;
    for (int i = 0; i < 4; ++i) {
        std::printf("image %d: class %d, with the mean of raw rows class %d\n", i, int(right[i]), int(wrong[i]));
        differing += right[i] != wrong[i] ? 1 : 0;
    }
    std::printf("%d of 4 images get another class\n", differing);
}
