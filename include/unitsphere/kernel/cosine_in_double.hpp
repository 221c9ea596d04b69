/// The cosine of one pair of rows in double, from the numbers as they are: what rescoring compares, and pairs
/// that ask for it.
///
///   <a, b> / sqrt(<a, a> <b, b>)
///
/// Three chains of fused multiply-adds in 16 virtual lanes of double, element k in lane k mod 16, and the tree of
/// norm.hpp: the bits depend on the two rows alone, not on which comes first. Products of floats are exact. A row and
/// its copy score exactly 1: their three sums are equal, and the root of a rounded square is the number itself.
///
/// |error| <= (dim / 8 + 13) 2^-53: 6e-14 at dim 4096. Each sum has dim / 16 + 5 roundings, the root halves those of
/// both squares, three are left (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1).
#pragma once

#include "norm.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// A row of contiguous elements, 16 of them at a time as doubles.
template <class T>
struct row_in_double {
    const T* x;

    row_in_double(const T* row, idx_t) noexcept : x(row) {}
    /// Elements k .. k + count - 1; the lanes behind them are zero.
    UNITSPHERE_INLINE lanes<double> load(idx_t k, int count) const noexcept {
        return count == lane_count ? load16_widened(x + k) : widen(load16_first(x + k, count));
    }
};
/// Rows of double are scaled by a power of two where their squares leave double's range.
template <>
struct row_in_double<double> {
    const double* x;
    vector<double> power;

    row_in_double(const double* row, idx_t dim) noexcept : x(row), power(length_of(row, dim).power) {}
    UNITSPHERE_INLINE lanes<double> load(idx_t k, int count) const noexcept {
        return product(count == lane_count ? load16(x + k) : load16_first(x + k, count), power);
    }
};
/// A column of a packed panel, `pitch` elements from one to the next.
template <class S>
struct column_in_double {
    const S* x;
    int pitch;

    UNITSPHERE_INLINE lanes<double> load(idx_t k, int count) const noexcept {
        S some[lane_count] = {};
        for (int n = 0; n < count; ++n) some[n] = x[(k + n) * pitch];
        return load16_widened(some);
    }
};

/// 1 / 2^floor(log2(x) / 2) of a normal x > 0, from its bits: x times its square is in [1, 4).
UNITSPHERE_INLINE double inverse_root_power(double x) noexcept {
    const std::uint64_t exponent = detail::bit_cast<std::uint64_t>(x) >> 52;
    return detail::bit_cast<double>((2046 - (exponent + 1023) / 2) << 52);
}

/// The three sums of a pair, each in double, of rows that may have been scaled by a power of two.
struct sums_of_pair {
    double dot, squares_a, squares_b;

    /// 0 where a row is zero. The sums are finite.
    double cosine() const noexcept {
        if (squares_a == 0.0 || squares_b == 0.0) return 0.0;
        const double power_a = inverse_root_power(squares_a);  // exact from here to the root
        const double power_b = inverse_root_power(squares_b);
        const double cosine =
            dot * power_a * power_b / std::sqrt((squares_a * power_a * power_a) * (squares_b * power_b * power_b));
        return cosine > 1.0 ? 1.0 : cosine < -1.0 ? -1.0 : cosine;
    }
};

template <class A, class B>
UNITSPHERE_NOINLINE sums_of_pair sums_in_double(const A& a, const B& b, idx_t dim) noexcept {
    lanes<double> dot = broadcast(0.0), squares_a = dot, squares_b = dot;
    const auto add = [&](const lanes<double>& x, const lanes<double>& y) UNITSPHERE_LAMBDA {
        dot = fma<double>(x, y, dot);
        squares_a = fma<double>(x, x, squares_a);
        squares_b = fma<double>(y, y, squares_b);
    };
    idx_t k = 0;
    for (; k + lane_count <= dim; k += lane_count) add(a.load(k, lane_count), b.load(k, lane_count));
    if (k < dim) add(a.load(k, int(dim - k)), b.load(k, int(dim - k)));
    return {sum_of_lanes(dot), sum_of_lanes(squares_a), sum_of_lanes(squares_b)};
}

/// What a canonical score of float may differ from a cosine in double, which may have been rounded to float: the bound
/// of docs/numerics.md for every input, u = 2^-24, and 2 u for the roundings of the second score and of score +- bound.
inline double rescoring_bound(idx_t dim) noexcept { return double(128 + ceil_div(dim, 128) + 7) * 0x1p-24; }

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
