/// Decisions of a linear head: weighted sums of a row's unit elements, in double.
///
///   out[h] = sum_k weights[h][k] * unit[k]        unit as in norm.hpp, floats, made in registers on the way
///
/// Element k is added to lane k mod 16 by one chain of fused multiply-adds, and one tree joins the lanes: the bits
/// depend on the row and the weights alone, not on how many rows or heads there are beside them.
#pragma once

#include "norm.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Heads that read a row together. A head's 16 lanes of double fill two AVX-512 registers, four of AVX2: these are
/// chains enough for two multiply-add pipes, and they fit beside the row.
inline constexpr int heads_together = vector_registers >= 32 ? 4 : 2;

UNITSPHERE_INLINE lanes<double> as_unit_floats(const lanes<float>& unit) noexcept { return widen(unit); }
/// Rows of double are rounded to float, as normalize() does.
UNITSPHERE_INLINE lanes<double> as_unit_floats(const lanes<double>& unit) noexcept { return widen(narrow(unit)); }

/// out[h] for h < Heads; head h's weights are at weights + h * stride.
template <int Heads, class T, class F>
inline void decide(const T* x, index dim, row_factors<F> factors, const double* weights, index stride,
                   double* out) noexcept {
    const vector<F> power(factors.power), inverse(factors.inverse);
    lanes<double> sum[Heads];
    unroll<Heads>([&](auto h) UNITSPHERE_LAMBDA { sum[h] = broadcast(0.0); });
    const auto unit = [&](const auto& raw)
                          UNITSPHERE_LAMBDA { return as_unit_floats(product(product(raw, power), inverse)); };
    index k = 0;
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

/// 1 / (1 + exp(-z)), right to the last places where it is tiny too: exp never overflows.
inline double sigmoid_of(double z) noexcept {
    const double tail = std::exp(z < 0.0 ? z : -z);
    return z < 0.0 ? tail / (1.0 + tail) : 1.0 / (1.0 + tail);
}

/// z[c] = exp(z[c] - largest) / sum, added in column order.
inline void softmax_of(double* z, index classes) noexcept {
    double largest = z[0], sum = 0.0;
    for (index c = 1; c < classes; ++c) largest = z[c] > largest ? z[c] : largest;
    for (index c = 0; c < classes; ++c) sum += z[c] = std::exp(z[c] - largest);
    for (index c = 0; c < classes; ++c) z[c] /= sum;
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
