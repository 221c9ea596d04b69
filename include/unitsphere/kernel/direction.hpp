/// Sums, differences and chords of unit rows; sums are in double.
#pragma once

#include "norm.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// out[k] += weight * x[k] in double, for k < dim.
inline void add_row(const float* x, idx_t dim, double weight, double* out) noexcept {
    const vector<double> factor(weight);
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count)
        store16(out + k, fma<double>(factor, widen(load16(x + k)), load16(out + k)));
    for (; k < dim; ++k) out[k] = fma(weight, double(x[k]), out[k]);
}

/// out[k] = x[k] - y[k] for k < dim; out may be x.
inline void subtract_row(const float* x, const float* y, idx_t dim, float* out) noexcept {
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count) store16(out + k, load16(x + k) - load16(y + k));
    if (k < dim) {
        const int left = int(dim - k);
        store16_first(out + k, load16_first(x + k, left) - load16_first(y + k, left), left);
    }
}

/// |u - v| and |u + v|, in double: the angle between unit rows is 2 atan2(|u - v|, |u + v|), accurate for
/// nearly equal and nearly opposite rows too, where acos of the cosine loses half of the digits.
struct chords {
    double difference, sum;
};
inline chords chords_of(const float* u, const float* v, idx_t dim) noexcept {
    lanes<double> difference = broadcast(0.0), sum = broadcast(0.0);
    const auto step = [&](const lanes<float>& single_u, const lanes<float>& single_v) UNITSPHERE_LAMBDA {
        const lanes<double> wide_u = widen(single_u), wide_v = widen(single_v);
        const lanes<double> away = fp_barrier(wide_u - wide_v), along = fp_barrier(wide_u + wide_v);
        difference = fma<double>(away, away, difference);
        sum = fma<double>(along, along, sum);
    };
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count) step(load16(u + k), load16(v + k));
    if (k < dim) step(load16_first(u + k, int(dim - k)), load16_first(v + k, int(dim - k)));
    return {std::sqrt(sum_of_lanes(difference)), std::sqrt(sum_of_lanes(sum))};
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
