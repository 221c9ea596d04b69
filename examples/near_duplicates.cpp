// Which images show the same, and which of them could go?
#include <cstdio>

#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;

int main() {
    const float features[] = {9.0f, 1.0f, 2.0f, 0.5f,   // 0
                              1.0f, 8.0f, 3.0f, 2.0f,   // 1
                              4.4f, 0.6f, 1.0f, 0.2f,   // 2: 0 at half the length
                              0.3f, 1.0f, 7.0f, 6.0f,   // 3
                              1.2f, 8.1f, 2.7f, 2.2f,   // 4: 1, cut a little
                              1.5f, 7.9f, 2.4f, 2.5f};  // 5: 4, cut a little more
    const us::matrix_view<const float> images{features, 6, 4};

    const us::duplicate_groups groups = us::near_duplicates(images, 0.99f);
    for (const auto group : groups) {
        std::printf("the same:");
        for (const us::idx_t row : group) std::printf(" %d", int(row));
        std::printf("\n");
    }
    std::printf("kept:");
    for (int i = 0; i < images.rows(); ++i)
        if (groups.representative[i] == i) std::printf(" %d", i);
    std::printf("\n%d of %d images could go\n", int(groups.duplicates()), int(images.rows()));
}
