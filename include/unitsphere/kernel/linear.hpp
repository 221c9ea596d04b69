/// Decision function of linear heads: dot products of weights with a unit row, in double.
///
///   out[h] = sum_k weights[h][k] * unit[k]        unit as in norm.hpp, rounded to float in registers
///
/// Lane k mod 16 adds element k by one chain of fused multiply-adds, and one tree adds the lanes: the bits depend on
/// the row and the head's weights alone, not on the number of rows or heads.
#pragma once

#include "norm.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Heads per pass over a row. 16 lanes of double are two AVX-512 registers or four of AVX2: 8 independent chains feed
/// two FMA pipes, and fit into the registers beside the row.
inline constexpr int heads_at_once = vector_registers >= 32 ? 4 : 2;

UNITSPHERE_INLINE lanes<double> as_unit_floats(const lanes<float>& unit) noexcept { return widen(unit); }
/// Rows of double are rounded to float, as normalize() does.
UNITSPHERE_INLINE lanes<double> as_unit_floats(const lanes<double>& unit) noexcept { return widen(narrow(unit)); }

/// out[h] for h < Heads; head h's weights are at weights + h * stride.
template <int Heads, class T, class F>
inline void decide(const T* x, idx_t dim, row_factors<F> factors, const double* weights, idx_t stride,
                   double* out) noexcept {
    const vector<F> power(factors.power), inverse(factors.inverse);
    lanes<double> sum[Heads];
    unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA { sum[h] = broadcast(0.0); });
    const auto unit = [&](const auto& raw)
                          UNITSPHERE_LAMBDA { return as_unit_floats(product(product(raw, power), inverse)); };
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count) {
        const lanes<double> value = unit(load16(x + k));
        unroll<Heads>([&](auto h)
                          UNITSPHERE_LAMBDA { sum[h] = fma<double>(value, load16(weights + h * stride + k), sum[h]); });
    }
    if (k < dim) {
        const int left = int(dim - k);
        const lanes<double> value = unit(load16_first(x + k, left));
        unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA {
            sum[h] = fma<double>(value, load16_first(weights + h * stride + k, left), sum[h]);
        });
    }
    unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA { out[h] = sum_of_lanes(sum[h]); });
}

/// 1 / (1 + exp(-z)); exp never overflows, so tiny results are accurate too.
inline double sigmoid_of(double z) noexcept {
    const double tail = std::exp(z < 0.0 ? z : -z);
    return z < 0.0 ? tail / (1.0 + tail) : 1.0 / (1.0 + tail);
}

/// Softmax in place: z[c] = exp(z[c] - max z) / sum, summed in column order.
inline void softmax_of(double* z, idx_t classes) noexcept {
    double max = z[0], sum = 0.0;
    for (idx_t c = 1; c < classes; ++c) max = maximum(max, z[c]);
    for (idx_t c = 0; c < classes; ++c) sum += z[c] = std::exp(z[c] - max);
    for (idx_t c = 0; c < classes; ++c) z[c] /= sum;
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
