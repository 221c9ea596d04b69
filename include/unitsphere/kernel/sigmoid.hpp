/// The sigmoid of a row of logits.
///
///   1 / (1 + exp(-l)) = t / (1 + e),   e = exp(-|l|),   t = e where l < 0, else 1
///
/// e never overflows; a small result is nearly e, and as accurate, down to the subnormals. Relative errors: 2^-23 of e,
/// 2^-24 of 1 + e, 2^-24 of the quotient.
#pragma once

#include "exp.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

template <int Count>
UNITSPHERE_INLINE lanes<float, Count> sigmoid(const lanes<float, Count>& logit) noexcept {
    constexpr std::int32_t infinite = 0x7f800000;
    const lane_bits<Count> magnitude = bits(logit) & 0x7fffffff;
    const lanes<float, Count> one = broadcast<Count>(1.0f);
    const lanes<float, Count> e = exp_negated(from_bits(magnitude));
    const lanes<float, Count> top = from_bits(select_gt(bits(logit), -1, bits(one), bits(e)));
    const vector<std::int32_t> nan(detail::bit_cast<std::int32_t>(detail::quiet_nan()));
    return from_bits(select_gt(magnitude, infinite, nan, bits(quotient(top, one + e))));
}

/// out[j] = sigmoid(scale * x[j] + bias); out may be x. With scale 1 and bias 0 the logit is x[j], exactly.
inline void sigmoid_row(const float* x, idx_t columns, float scale, float bias, float* out) noexcept {
    const vector<float> factor(scale);
    const lanes<float> term = broadcast(bias);
    constexpr int many = 2 * lane_count;  // the exponentials of one overlap with the divisions of the other
    idx_t j = 0;
    for (; j + many <= columns; j += many)
        store_many(out + j, sigmoid(fma<float>(load_many<many>(x + j), factor, broadcast<many>(bias))));
    for (; j + lane_count <= columns; j += lane_count)
        store16(out + j, sigmoid(fma<float>(load16(x + j), factor, term)));
    if (j < columns) {
        const int left = int(columns - j);
        store16_first(out + j, sigmoid(fma<float>(load16_first(x + j, left), factor, term)), left);
    }
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
