// What hot_loops.py looks at: the multiply kernels alone, and in the middle of everything that a program may include.
#ifdef UNITSPHERE_WHOLE
#include <unitsphere/unitsphere.hpp>

namespace us = unitsphere;
void cosines(us::matrix_view<const float> a, us::matrix_view<const float> b, us::matrix_view<float> scores) {
    us::cosine_similarity_into(a, b, scores);
}
void cosines(us::matrix_view<const double> a, us::matrix_view<const double> b, us::matrix_view<double> scores) {
    us::cosine_similarity_into(a, b, scores);
}
#ifdef __AVX2__  // widening with SSE2 takes more registers than there are
void cosines(us::matrix_view<const float> a, const us::compact_gallery<us::bfloat16>& b,
             us::matrix_view<float> scores) {
    us::cosine_similarity_into(a, b, scores);
}
#endif
#else
#include <unitsphere/kernel/compact_bytes.hpp>
#include <unitsphere/kernel/multiply.hpp>
#include <unitsphere/kernel/multiply_bytes.hpp>

using namespace unitsphere::kernel;
void scores(const multiply_operands<float>& x, const multiply_operands<double>& y) { multiply(x), multiply(y); }
#ifdef __AVX2__
void scores(const multiply_operands<float, unitsphere::float16>& x,
            const multiply_operands<float, unitsphere::bfloat16>& y) {
    multiply(x), multiply(y);
}
void sums(const byte_operands& x, bool tiles) {
    multiply_bytes<16>(x, tiles), multiply_bytes<8>(x, tiles), multiply_bytes<4>(x, tiles), multiply_bytes<1>(x, tiles);
}
void sums(const byte_operands& x, const std::uint8_t* panel) {
    multiply_compact_row<4>(panel, x.dim, x.block, *x.row_sums, x.sums);
    multiply_compact_row<1>(panel, x.dim, x.block, *x.row_sums, x.sums);
}
#endif
#endif
