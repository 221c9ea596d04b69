/// Scores into [-1, 1]: of unit rows no cosine lies outside, but its rounded sum may.
#pragma once

#include "lanes_bits.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Into [-1, 1] by the bits: the magnitude of a float orders as an integer. NaN becomes the quiet NaN without a sign,
/// whatever the machine made of it, and so does an infinite sum, which only a row that is not finite can give.
UNITSPHERE_INLINE lanes<float> clamp_to_one(const lanes<float>& x) noexcept {
    constexpr std::int32_t one = 0x3f800000, largest_finite = 0x7f7fffff, quiet_nan = 0x7fc00000;
    const bits16 all = bits(x), magnitude = all & 0x7fffffff;
    const bits16 sign = all & std::int32_t(0x80000000);
    return from_bits(
        select_gt(magnitude, largest_finite, broadcast(quiet_nan), lane_min(magnitude, broadcast(one)) | sign));
}
/// The same one by one: SSE2 and AVX cannot compare 64-bit integers, and this is one step in dim.
inline lanes<double> clamp_to_one(const lanes<double>& x) noexcept {
    constexpr std::uint64_t magnitude_bits = 0x7fffffffffffffffu, quiet_nan = 0x7ff8000000000000u;
    double lane[lane_count];
    store16(lane, x);
    for (double& value : lane) {
        const std::uint64_t all = detail::bit_cast<std::uint64_t>(value), magnitude = all & magnitude_bits;
        constexpr std::uint64_t one = 0x3ff0000000000000u;
        const std::uint64_t clamped = (magnitude < one ? magnitude : one) | (all & ~magnitude_bits);
        value = detail::bit_cast<double>(detail::is_finite(value) ? clamped : quiet_nan);
    }
    return load16(lane);
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
