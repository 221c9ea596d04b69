#include <vector>

#include <unitsphere/data/output.hpp>

#include "catch.hpp"

namespace tests {

using namespace unitsphere;
using unitsphere::idx_t;

TEST_CASE("overlap is found element by element where the strides agree", "[output]") {
    std::vector<float> memory(1000);
    const idx_t stride = 20;
    const matrix_view<float> a(memory.data() + 100, 5, 6, stride);
    for (idx_t shift = -99; shift < 200; ++shift)
        for (idx_t dim : {1, 6, 13, 14}) {
            const matrix_view<float> b(memory.data() + 100 + shift, 5, dim, stride);
            bool shared = false;  // by looking at every element of both
            for (idx_t i = 0; i < 5; ++i)
                for (idx_t k = 0; k < dim; ++k) {
                    const idx_t at = shift + i * stride + k;
                    shared = shared || (at >= 0 && at < 5 * stride && at % stride < 6);
                }
            const idx_t columns = ((shift % stride) + stride) % stride;
            const bool beside = columns >= 6 && columns + dim <= stride;  // never meet, however many rows
            INFO("shift " << shift << " dim " << dim);
            if (shared) CHECK(detail::overlap(a, b));
            if (beside) CHECK_FALSE(detail::overlap(a, b));
            CHECK(detail::overlap(a, b) == detail::overlap(b, a));
        }
}

TEST_CASE("views without elements, and views apart, do not overlap", "[output]") {
    std::vector<float> memory(100);
    const matrix_view<float> all(memory.data(), 10, 10);
    CHECK_FALSE(detail::overlap(all, matrix_view<float>(memory.data(), 0, 10)));
    CHECK_FALSE(
        detail::overlap(matrix_view<float>(memory.data(), 5, 10), matrix_view<float>(memory.data() + 50, 5, 10)));
    CHECK(detail::overlap(all, matrix_view<float>(memory.data() + 3, 2, 4, 7)));
    CHECK(detail::overlap(all, matrix_view<const std::int64_t>(reinterpret_cast<std::int64_t*>(memory.data()), 1, 3)));
}

}  // namespace tests
