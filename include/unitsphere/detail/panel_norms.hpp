/// The norms of rows that are packed.
#pragma once

#include "../kernel/norm.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// sums[r] = the sum of squares of row r of a panel [dim][width], width 16 or 32, in double: element after element, so
/// not the bits of length_of, but within dim * 2^-53 of them.
inline void panel_norms(const float* panel, idx_t dim, int width, double* sums) noexcept {
    for (int c = 0; c < width; c += kernel::lane_count) {
        kernel::lanes<double> even = kernel::broadcast(0.0), odd = even;
        idx_t k = 0;
        for (const float* at = panel + c; k + 2 <= dim; k += 2, at += 2 * width) {
            const auto a = kernel::load16_widened(at), b = kernel::load16_widened(at + width);
            even = kernel::fma<double>(a, a, even), odd = kernel::fma<double>(b, b, odd);
        }
        if (k < dim) {
            const auto a = kernel::load16_widened(panel + k * width + c);
            even = kernel::fma<double>(a, a, even);
        }
        kernel::store16(sums + c, even + odd);
    }
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
