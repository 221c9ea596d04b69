#include <cstdio>

#include <unitsphere/dispatch.hpp>

namespace us = unitsphere::dispatched;

int main() {
    const float rows[] = {3.0f, 4.0f, 0.0f, 2.0f};
    const us::matrix_view<const float> view(rows, 2, 2);
    const float score = us::cosine_similarity(view, us::gallery(view))(0, 1);
    std::printf("cosine %.4f at %s\n", double(score), us::running().name());
    return score > 0.79f && score < 0.81f ? 0 : 1;
}
