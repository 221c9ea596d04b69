/// The k best of any number of scores, in one total order.
///
///   better(a, b):  score descending, then index ascending; -0 equals +0; NaN is never chosen
///
/// A heap with the worst of the chosen on top: a score that does not beat it costs one comparison, 16 of them one
/// instruction or two, and one that does log2(k) steps. The order is total, so what is chosen does not depend on the
/// order in which scores come, and lists of parts of a row join to the list of the row.
#pragma once

#include "lanes_bits.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// Whether one of `count` scores may be at least `bound`. A NaN may count or not.
inline bool any_reaches(const float* row, int count, float bound) noexcept {
    const vector<float> least(bound);
    int j = 0;
    for (; j + 2 * lane_count <= count; j += 2 * lane_count)
        if (any_not_below(load16(row + j), load16(row + j + lane_count), least)) return true;
    for (; j + lane_count <= count; j += lane_count)
        if (any_not_below(load16(row + j), load16(row + j), least)) return true;
    if (j == count) return false;
    const lanes<float> last = load16_first(row + j, count - j);  // the zeros behind may count too
    return any_not_below(last, last, least);
}

/// Up to k chosen scores and their indices, in the caller's memory.
struct best_list {
    index* indices;
    float* scores;
    index k, filled = 0;

    UNITSPHERE_INLINE static bool better(float a, index index_a, float b, index index_b) noexcept {
        return a > b || (a == b && index_a < index_b);
    }
    /// Takes a score if it is among the k best so far.
    UNITSPHERE_INLINE void add(float score, index i) noexcept {
        if (detail::is_nan(score) || k == 0) return;
        if (filled < k)
            insert(score, i);
        else if (better(score, i, scores[0], indices[0]))
            sink(0, k, score, i);
    }
    /// The least score that may still be chosen.
    UNITSPHERE_INLINE float bound() const noexcept {
        return filled < k || k == 0 ? detail::negative_infinity() : scores[0];
    }

    /// row[0 .. count) of the indices first, first + 1, ..
    void add_row(const float* row, int count, index first) noexcept {
        for (int j = 0; j < count; j += 2 * lane_count) {
            const int some = count - j < 2 * lane_count ? count - j : 2 * lane_count;
            if (!any_reaches(row + j, some, bound())) continue;
            for (int i = j; i < j + some; ++i)
                if (row[i] >= bound()) add(row[i], first + i);
        }
    }
    /// What another list has chosen from other scores.
    void add(const best_list& other) noexcept {
        for (index i = 0; i < other.filled; ++i) add(other.scores[i], other.indices[i]);
    }
    /// Best first; places without a score get index -1 and score -Inf.
    void sort() noexcept {
        for (index last = filled - 1; last > 0; --last) {
            const float score = scores[last];
            const index i = indices[last];
            place(last, scores[0], indices[0]);
            sink(0, last, score, i);
        }
        for (; filled < k; ++filled) place(filled, detail::negative_infinity(), -1);
    }

private:
    UNITSPHERE_INLINE void place(index at, float score, index i) noexcept { scores[at] = score, indices[at] = i; }

    void insert(float score, index i) noexcept {
        index at = filled++;
        for (; at > 0; at = (at - 1) / 2) {
            const index parent = (at - 1) / 2;
            if (!better(scores[parent], indices[parent], score, i)) break;
            place(at, scores[parent], indices[parent]);
        }
        place(at, score, i);
    }
    /// A score that begins at `at` sinks below all worse ones of the first `count`.
    void sink(index at, index count, float score, index i) noexcept {
        for (index child; (child = 2 * at + 1) < count; at = child) {
            if (child + 1 < count && better(scores[child], indices[child], scores[child + 1], indices[child + 1]))
                ++child;
            if (better(scores[child], indices[child], score, i)) break;
            place(at, scores[child], indices[child]);
        }
        place(at, score, i);
    }
};

/// indices[0 .. k) and scores[0 .. k) of a row, best first; places without a score get -1 and -Inf.
inline void select_best(const float* row, index count, index k, index* indices, float* scores) noexcept {
    best_list best{indices, scores, k};
    for (index j = 0; j < count; j += 1024) best.add_row(row + j, int(count - j < 1024 ? count - j : 1024), j);
    best.sort();
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
