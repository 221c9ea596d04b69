/// The lengths of rows, measured a piece at a time beside other work.
#pragma once

#include "norm.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Rows that are measured side by side: one alone is bound by the latency of its multiply-adds.
inline constexpr int rows_side_by_side = 4 * lanes<double>::parts <= vector_registers ? 2 : 1;

/// Adds the squares of `steps` x 16 elements of Rows rows.
template <int Rows, class T>
UNITSPHERE_INLINE void add_squares(const T* x, idx_t stride, idx_t steps, lanes<double> (&sums)[Rows]) noexcept {
    for (const T* const end = x + steps * lane_count; x != end; x += lane_count)
        unroll<Rows>([&](int r) UNITSPHERE_LAMBDA {
            const lanes<double> value = load16_widened(x + r * stride);
            sums[r] = fma<double>(value, value, sums[r]);
        });
}

/// Measures rows beside other work, a piece at a time: sums[i] becomes length_of(row i, dim).sum. The rows are even in
/// number, dim is a multiple of 16.
template <class T>
class running_lengths {
public:
    running_lengths(const T* rows, idx_t stride, idx_t dim, double* sums) noexcept
        : row_(rows), stride_(stride), dim_(dim), sums_(sums) {
        start();
    }

    /// The next `steps` x 16 elements.
    UNITSPHERE_NOINLINE void advance(idx_t steps) noexcept {
        for (steps_ += steps; steps_ >= at_once;) {
            const idx_t some = minimum(steps_ / at_once, (dim_ - done_) / lane_count);
            lanes<double> sum[at_once];  // in registers
            unroll<at_once>([&](int r) UNITSPHERE_LAMBDA { sum[r] = sum_[r]; });
            add_squares<at_once>(row_ + done_, stride_, some, sum);
            steps_ -= at_once * some, done_ += some * lane_count;
            unroll<at_once>([&](int r) UNITSPHERE_LAMBDA { sum_[r] = sum[r]; });
            if (done_ < dim_) return;
            unroll<at_once>([&](int r) UNITSPHERE_LAMBDA { sums_[r] = sum_of_lanes(sum[r]); });
            sums_ += at_once, row_ += at_once * stride_;
            start();
        }
    }

private:
    static constexpr int at_once = rows_side_by_side;

    void start() noexcept {
        done_ = 0;
        unroll<at_once>([&](int r) UNITSPHERE_LAMBDA { sum_[r] = broadcast(0.0); });
    }

    const T* row_;
    idx_t stride_, dim_, done_ = 0, steps_ = 0;
    double* sums_;
    lanes<double> sum_[at_once];
};

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
