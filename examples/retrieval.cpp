// How often do images find their captions, and captions their images?
#include <cstdint>
#include <cstdio>
#include <vector>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

int main() {
    // 50 images of 32 features, and two captions for each: its image's row with noise.
    constexpr int images_count = 50, captions = 2, dim = 32;
    std::uint32_t state = 1;
    const auto noise = [&] { return float((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-23f - 1.0f; };
    us::matrix<float> images(images_count, dim), texts(images_count * captions, dim);
    std::vector<int> image_of_text;
    for (int i = 0; i < images_count; ++i) {
        for (float& x : images[i]) x = noise();
        for (int j = i * captions; j < (i + 1) * captions; ++j) {
            for (int k = 0; k < dim; ++k) texts(j, k) = images(i, k) + 1.5f * noise();
            image_of_text.push_back(i);
        }
    }

    const us::retrieval_result found = us::retrieval(images, texts, image_of_text);
    const us::retrieval_ranks &to_text = found.image_to_text, &to_image = found.text_to_image;
    std::printf("median rank: image->text %.0f, text->image %.0f\n", us::median_rank(to_text),
                us::median_rank(to_image));
    for (const int k : {1, 5})
        std::printf("recall@%d: image->text %.2f, text->image %.2f\n", k, us::recall_at(to_text, k),
                    us::recall_at(to_image, k));
}
