/// Pairs of an image and a text as counting wants them: by text, and by image with its best text first.
#pragma once

#include "rank.hpp"
#include "select.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// The pairs of one call, in the caller's memory.
struct pair_table {
    index images, texts;
    index* image_of;         ///< [texts], -1 for none
    std::int32_t* limits;    ///< [texts] the order of the pair's score, what nothing exceeds where there is none
    float* scores;           ///< [texts] the pair's score
    index *first, *text_of;  ///< texts of image i: text_of[first[i] .. first[i + 1]); -1 for those with a NaN
    float* score_of;         ///< their scores
    std::int32_t* limit_of;  ///< and the orders of these

    /// By counting: first[i + 1] goes from the first place of image i to the one behind its last.
    void sort_by_image() noexcept {
        for (index i = 0; i < images + 2; ++i) first[i] = 0;
        for (index j = 0; j < texts; ++j)
            if (image_of[j] >= 0) ++first[image_of[j] + 2];
        for (index i = 2; i < images + 2; ++i) first[i] += first[i - 1];
        for (index j = 0; j < texts; ++j)
            if (image_of[j] >= 0) text_of[first[image_of[j] + 1]++] = j;
        for (index i = 0; i < images; ++i) {
            best_list best{text_of + first[i], score_of + first[i], first[i + 1] - first[i]};
            for (index n = 0; n < best.k; ++n) {
                const index text = best.indices[n];  // read before a place up to this one is written
                best.add(scores[text], text);
            }
            best.sort();
            for (index n = first[i]; n < first[i + 1]; ++n) limit_of[n] = order_of(score_of[n]);
        }
    }
    void set_limits(index padded) noexcept {
        for (index j = 0; j < padded; ++j) {
            const bool known = j < texts && !detail::is_nan(scores[j]);
            limits[j] = known ? order_of(scores[j]) : beyond_order;
            if (j >= texts) image_of[j] = -1;
        }
    }
};

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
