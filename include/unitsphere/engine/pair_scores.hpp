/// The scores of pairs, row i of one side with row i of the other: 16 pairs side by side, each one chain.
///
///   for each 16 pairs
///     for each 128 elements       both sides transposed into L1, normalized on the way; one fma per element and pair
///     consumer(first, count, scores)
///
/// The same chains, blocks and clamp as in score_tiles: a pair has the same bits here and there.
#pragma once

#include "../kernel/pack.hpp"
#include "row_source.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Calls consumer(first, count, scores) for rows first .. first + count - 1 of both sides, which have equal shapes.
///
/// Memory   40 KiB of stack at most.
template <class C, class A, class B, class Consumer>
void pair_scores(row_source<A>& a, row_source<B>& b, Consumer&& consumer) {
    using kernel::chain_length;
    using kernel::lane_count;
    alignas(64) C panel_a[chain_length * lane_count], panel_b[chain_length * lane_count];
    for (index first = 0; first < a.rows(); first += lane_count) {
        const int count = int(a.rows() - first < lane_count ? a.rows() - first : lane_count);
        typename row_source<A>::factors_type factors_a[lane_count];
        typename row_source<B>::factors_type factors_b[lane_count];
        for (int i = 0; i < count; ++i) {
            factors_a[i] = a.factors(first + i);
            factors_b[i] = b.factors(first + i);
        }
        auto total = kernel::broadcast(C(0));
        for (index k = 0; k < a.dim(); k += chain_length) {
            const int steps = int(a.dim() - k < chain_length ? a.dim() - k : chain_length);
            kernel::pack_panel(a.row(first) + k, a.stride(), count, steps, factors_a, lane_count, panel_a);
            kernel::pack_panel(b.row(first) + k, b.stride(), count, steps, factors_b, lane_count, panel_b);
            const auto sum = kernel::multiply_pairs(panel_a, panel_b, steps);
            total = k == 0 ? sum : total + sum;
        }
        C scores[lane_count];
        kernel::store16(scores, kernel::clamp_to_one(total));
        consumer(first, count, scores);
    }
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
