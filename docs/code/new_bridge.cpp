// How does another library's type become an argument? By one function, in that type's namespace.
#include <cstdio>
#include <vector>

#include <unitsphere/similarity.hpp>

namespace us = unitsphere;

namespace camera {  // the other library
struct features {
    std::vector<float> numbers;
    int frames, dim;
};

/// Rows to read.
UNITSPHERE_INLINE us::matrix_view<const float> to_view(const features& f) {
    return {f.numbers.data(), f.frames, f.dim};
}
/// Rows that may be written: the type is an output too.
UNITSPHERE_INLINE us::matrix_view<float> to_view(features& f) { return {f.numbers.data(), f.frames, f.dim}; }
}  // namespace camera

int main() {
    const camera::features frames{{3, 4, 0, 2}, 2, 2}, objects{{1, 0, 0, 1, 5, 5}, 3, 2};
    camera::features scores{std::vector<float>(6), 2, 3};
    us::cosine_similarity_into(frames, objects, scores);
    std::printf("%.3f %.3f %.3f\n", scores.numbers[0], scores.numbers[1], scores.numbers[2]);
}
