// What does CLIP's forward() return, and which softmax answers which question?
#include <cstdio>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

void print(const char* what, const us::matrix<float>& values) {
    std::printf("%s\n", what);
    for (const auto row : values) {
        for (const float value : row) std::printf("%9.4f", value);
        std::printf("\n");
    }
}

int main() {
    const float image_features[] = {1.2f, 3.1f, 0.4f, 2.2f, 1.9f, 2.4f, 0.7f, 3.0f};
    const float text_features[] = {1.1f, 3.3f, 0.2f, 2.0f, 2.0f, 2.6f, 0.6f, 2.7f, 1.6f, 2.8f, 0.5f, 2.4f};
    const us::matrix_view<const float> images{image_features, 2, 4}, texts{text_features, 3, 4};

    // A checkpoint holds the logarithm of the scale: model.logit_scale is 4.6052 for a scale of 100.
    const auto [per_image, per_text] = us::clip_logits(images, texts, us::logit_scale::from_log(4.6051702f));
    print("logits_per_image", per_image);
    print("logits_per_text", per_text);
    print("which text fits the image: softmax over the texts", us::softmax(per_image));
    print("which image fits the text: softmax over the images", us::softmax(per_text));
}
