// How does a step along the gradient of CLIP's loss change the features?
#include <cstdint>
#include <cstdio>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

int main() {
    // 16 pairs: row i of the images belongs to row i of the texts.
    us::matrix<float> images(16, 32), texts(16, 32);
    std::uint32_t state = 1;
    for (us::matrix<float>* const rows : {&images, &texts})
        for (const auto row : rows->view())
            for (float& x : row) x = float((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-23f - 1.0f;

    const us::logit_scale scale = us::logit_scale::from_multiplier(20.0f);
    us::matrix<float> slopes(16, 32);
    us::workspace space;  // one for all steps: only the first allocates
    for (int step = 0; step < 20; ++step) {
        // The texts stay as they are: an empty view leaves their gradients out, and a third of the work.
        const auto now = us::clip_loss_gradients_into(images, texts, scale, slopes, us::matrix_view<float>{}, space);
        if (step % 5 == 0) std::printf("step %2d: loss %.4f\n", step, now.loss);
        for (int i = 0; i < 16; ++i)
            for (int k = 0; k < 32; ++k) images(i, k) -= 2.0f * slopes(i, k);
    }
    std::printf("after 20 steps: loss %.4f\n", us::clip_loss(images, texts, scale).loss);
}
