/// The best labels of images and their probabilities, as a result that iterates.
#pragma once

#include "scored_list.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// A class, by its row number, and its probability.
struct labelled_probability {
    idx_t label;
    float probability;
};

/// The labels of one image, best first: for (auto [label, probability] : best[i]).
using label_list = scored_list<labelled_probability>;

/// The k best labels of each image, best first, and their probabilities.
struct top_labels {
    matrix<idx_t> labels;         ///< [images, min(k, classes)]; -1 where an image has no (more) label
    matrix<float> probabilities;  ///< the same shape; -Inf where the label is -1

    UNITSPHERE_INLINE idx_t images() const noexcept { return labels.rows(); }
    /// The labels of image i, up to the first -1.
    UNITSPHERE_INLINE label_list operator[](idx_t i) const noexcept {
        idx_t filled = 0;
        while (filled < labels.columns() && labels(i, filled) >= 0) ++filled;
        return {labels.row(i), probabilities.row(i), filled};
    }
    UNITSPHERE_INLINE element_iterator<top_labels> begin() const noexcept { return {*this, 0}; }
    UNITSPHERE_INLINE element_iterator<top_labels> end() const noexcept { return {*this, images()}; }
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
