/// The k best of any number of scores, in one total order.
///
///   better(a, b):  score descending, then index ascending; -0 equals +0; NaN is never chosen
///
/// A binary heap with the worst of the k on top: a score that is not better costs one comparison (vectorized), a better
/// one log2(k) steps. The order is total, so the result does not depend on the order of insertion, and the lists of
/// parts of a row merge into the list of the row.
#pragma once

#include "lanes_bits.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// False only if no score is >= bound: a NaN may count, and so may the zeros of the padding.
inline bool any_reaches(const float* row, int count, float bound) noexcept {
    const vector<float> least(bound);
    int j = 0;
    for (; j + 2 * lane_count <= count; j += 2 * lane_count)
        if (any_ge(load16(row + j), load16(row + j + lane_count), least)) return true;
    for (; j + lane_count <= count; j += lane_count)
        if (any_ge(load16(row + j), load16(row + j), least)) return true;
    if (j == count) return false;
    const lanes<float> last = load16_first(row + j, count - j);
    return any_ge(last, last, least);
}

/// Up to k chosen scores, float or double, and their indices, in the caller's memory.
template <class Score>
struct list_of_best {
    idx_t* indices;
    Score* scores;
    idx_t k, filled = 0;

    UNITSPHERE_INLINE static bool better(Score a, idx_t index_a, Score b, idx_t index_b) noexcept {
        return a > b || (a == b && index_a < index_b);
    }
    /// Takes a score if it is among the k best so far.
    UNITSPHERE_INLINE void add(Score score, idx_t i) noexcept {
        if (detail::is_nan(score) || k == 0) return;
        if (filled < k)
            insert(score, i);
        else if (better(score, i, scores[0], indices[0]))
            sink(0, k, score, i);
    }
    /// The least score that may still be inserted.
    UNITSPHERE_INLINE Score bound() const noexcept {
        if (filled < k || k == 0) return Score(detail::negative_infinity());
        return scores[0];
    }

    /// Adds row[0 .. count), whose indices are first, first + 1, ..
    void add_row(const float* row, int count, idx_t first) noexcept {
        for (int j = 0; j < count; j += 2 * lane_count) {
            const int some = minimum(count - j, 2 * lane_count);
            if (!any_reaches(row + j, some, bound())) continue;
            for (int i = j; i < j + some; ++i)
                if (row[i] >= bound()) add(row[i], first + i);
        }
    }
    /// Merges a list of other scores.
    void add(const list_of_best& other) noexcept {
        for (idx_t i = 0; i < other.filled; ++i) add(other.scores[i], other.indices[i]);
    }
    /// Heap sort, best first; unfilled places get index -1 and score -Inf.
    void sort() noexcept {
        for (idx_t last = filled - 1; last > 0; --last) {
            const Score score = scores[last];
            const idx_t i = indices[last];
            place(last, scores[0], indices[0]);
            sink(0, last, score, i);
        }
        for (; filled < k; ++filled) place(filled, Score(detail::negative_infinity()), -1);
    }

private:
    UNITSPHERE_INLINE void place(idx_t at, Score score, idx_t i) noexcept { scores[at] = score, indices[at] = i; }

    void insert(Score score, idx_t i) noexcept {
        idx_t at = filled++;
        for (; at > 0; at = (at - 1) / 2) {
            const idx_t parent = (at - 1) / 2;
            if (!better(scores[parent], indices[parent], score, i)) break;
            place(at, scores[parent], indices[parent]);
        }
        place(at, score, i);
    }
    /// Sift-down from `at` in the heap of the first `count`: the worst score ends on top.
    void sink(idx_t at, idx_t count, Score score, idx_t i) noexcept {
        for (idx_t child; (child = 2 * at + 1) < count; at = child) {
            if (child + 1 < count && better(scores[child], indices[child], scores[child + 1], indices[child + 1]))
                ++child;
            if (better(scores[child], indices[child], score, i)) break;
            place(at, scores[child], indices[child]);
        }
        place(at, score, i);
    }
};
using best_list = list_of_best<float>;

/// The k best of a row, best first; unfilled places get index -1 and score -Inf.
inline void select_best(const float* row, idx_t count, idx_t k, idx_t* indices, float* scores) noexcept {
    best_list best{indices, scores, k};
    for (idx_t j = 0; j < count; j += 1024) best.add_row(row + j, int(minimum(count - j, 1024)), j);
    best.sort();
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
