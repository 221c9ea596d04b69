#include <cstdio>

#include <unitsphere/unitsphere.hpp>

int main() {
    const float rows[] = {3.0f, 4.0f, 0.0f, 2.0f};
    const unitsphere::matrix_view<const float> view(rows, 2, 2);
    std::printf("unitsphere %s: cosine %.4f on %s\n", UNITSPHERE_VERSION_TEXT,
                double(unitsphere::cosine_similarity(view, view)(0, 1)), unitsphere::instruction_set());
}
