/// Pairs of an image and a text, indexed twice: by text, and by image with its best text first.
#pragma once

#include "rank.hpp"
#include "select.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// The pairs of one call, in arrays of the caller's.
struct pair_table {
    idx_t images, texts;
    idx_t* image_of;         ///< [texts], -1 for none
    std::int32_t* keys;      ///< [texts] rank_key of the pair's score; unreachable_key without a pair, or for NaN
    float* scores;           ///< [texts] the pair's score
    idx_t *first, *text_of;  ///< texts of image i: text_of[first[i] .. first[i + 1]); -1 for those with a NaN
    float* score_of;         ///< their scores
    std::int32_t* key_of;    ///< rank_key of these

    /// A counting sort by image: meanwhile first[i + 1] is where the next text of image i goes. Then a heap sort of the
    /// texts of each image.
    void sort_by_image() noexcept {
        for (idx_t i = 0; i < images + 2; ++i) first[i] = 0;
        for (idx_t j = 0; j < texts; ++j)
            if (image_of[j] >= 0) ++first[image_of[j] + 2];
        for (idx_t i = 2; i < images + 2; ++i) first[i] += first[i - 1];
        for (idx_t j = 0; j < texts; ++j)
            if (image_of[j] >= 0) text_of[first[image_of[j] + 1]++] = j;
        for (idx_t i = 0; i < images; ++i) {
            best_list best{text_of + first[i], score_of + first[i], first[i + 1] - first[i]};
            for (idx_t n = 0; n < best.k; ++n) {
                const idx_t text = best.indices[n];  // in place: add() writes up to n
                best.add(scores[text], text);
            }
            best.sort();
            for (idx_t n = first[i]; n < first[i + 1]; ++n) key_of[n] = rank_key(score_of[n]);
        }
    }
    /// Sets keys[j] for j < padded; from `texts` on image_of[j] is -1 and keys[j] unreachable_key.
    void set_keys(idx_t padded) noexcept {
        for (idx_t j = 0; j < padded; ++j) {
            const bool known = j < texts && !detail::is_nan(scores[j]);
            keys[j] = known ? rank_key(scores[j]) : unreachable_key;
            if (j >= texts) image_of[j] = -1;
        }
    }
};

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
