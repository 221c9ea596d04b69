/// The k best of a row, in one total order.
///
///   better(a, b):  score descending, then index ascending; -0 equals +0; NaN is never chosen
#pragma once

#include "lanes.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// indices[0 .. k) and scores[0 .. k), best first; places without a score get -1 and -Inf.
///
/// A list kept in order: a score that does not beat the last place costs one comparison. An equal score comes
/// later in the row, so it never moves ahead.
inline void select_best(const float* row, index count, index k, index* indices, float* scores) noexcept {
    index filled = 0;
    for (index j = 0; j < count; ++j) {
        const float score = row[j];
        if (detail::is_nan(score) || k == 0) continue;
        if (filled == k && !(score > scores[k - 1])) continue;
        index place = filled < k ? filled++ : k - 1;
        for (; place > 0 && score > scores[place - 1]; --place) {
            scores[place] = scores[place - 1];
            indices[place] = indices[place - 1];
        }
        scores[place] = score;
        indices[place] = j;
    }
    for (; filled < k; ++filled) {
        scores[filled] = detail::negative_infinity();
        indices[filled] = -1;
    }
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
