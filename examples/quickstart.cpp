// How do the features that a CLIP encoder returns become probabilities?
#include <cstdio>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

int main() {
    // Raw rows, as encode_image and encode_text return them (here 4 wide): the library normalizes them.
    const float image_features[] = {-3.2f, 4.6f, 4.4f, -7.5f, 4.9f, -2.6f, 1.8f, -6.4f};
    const float text_features[] = {2.5f, 1.4f, 3.8f, 0.3f, 2.7f, 1.3f, 3.6f, 0.2f, 3.2f, 1.0f, 5.5f, 0.5f};
    const us::matrix_view<const float> images{image_features, 2, 4}, texts{text_features, 3, 4};

    const us::zero_shot_classifier classifier(texts, us::logit_scale::from_multiplier(100.0f));
    const us::matrix<float> p = classifier.predict_proba(images);
    for (int i = 0; i < p.rows(); ++i)
        std::printf("image %d: dog %.4f  cat %.4f  car %.4f\n", i, p(i, 0), p(i, 1), p(i, 2));
}
