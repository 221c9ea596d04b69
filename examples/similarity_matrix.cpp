// Which text fits which image?
#include <algorithm>
#include <cstdio>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

int main() {
    const char* const captions[] = {"a cat", "a coffee", "a rocket"};
    const float text_features[] = {4.1f, 0.3f, 1.2f, 2.0f, 0.2f, 3.9f, 1.4f, 1.9f, 0.4f, 0.1f, 4.4f, 2.1f};
    const float image_features[] = {0.9f, 6.2f, 0.8f, 2.5f, 7.0f, 1.1f, 0.3f, 2.2f, 1.0f, 0.7f, 6.1f, 2.7f};
    const us::matrix_view<const float> texts{text_features, 3, 4}, images{image_features, 3, 4};

    const us::matrix<float> cosines = us::cosine_similarity(images, texts);
    for (const auto row : cosines) {
        for (const float cosine : row) std::printf("%8.4f", cosine);
        std::printf("\n");
    }
    for (int i = 0; i < cosines.rows(); ++i) {
        const auto row = cosines[i];
        const auto best = std::max_element(row.begin(), row.end()) - row.begin();
        std::printf("image %d: %s\n", i, captions[best]);
    }
}
