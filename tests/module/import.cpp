// The module without any header of unitsphere.
#include <cstdio>

import unitsphere;
namespace us = unitsphere;

int main() {
    static_assert(us::optimized);
    const float rows[] = {3.0f, 4.0f, 0.0f, 2.0f};
    const us::matrix_view<const float> view(rows, 2, 2);
    const us::neighbours hits = us::top_k(view, view, 1);
    const us::zero_shot_classifier classifier(view, us::logit_scale::from_multiplier(1.0f));
    for (auto [row, score] : hits[1]) std::printf("row %d, class %d, ", int(row), int(classifier.predict(view)[1]));
    std::printf("cosine %.4f\n", double(us::cosine_similarity(view, view)(0, 1)));
}
