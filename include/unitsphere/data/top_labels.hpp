/// The best labels of images and their probabilities, as a result that iterates.
#pragma once

#include "matrix.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// A class, by its row number, and its probability.
struct labelled_probability {
    idx_t label;
    float probability;
};

/// The labels of one image, best first: for (auto [label, probability] : best[i]).
class label_list {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using difference_type = std::ptrdiff_t;
        using value_type = labelled_probability;
        using pointer = void;
        using reference = labelled_probability;

        UNITSPHERE_INLINE iterator(const idx_t* label, const float* probability) noexcept
            : label_(label), probability_(probability) {}

        UNITSPHERE_INLINE labelled_probability operator*() const noexcept { return {*label_, *probability_}; }
        UNITSPHERE_INLINE iterator& operator++() noexcept { return ++label_, ++probability_, *this; }
        UNITSPHERE_INLINE iterator operator++(int) noexcept { return {label_++, probability_++}; }
        UNITSPHERE_INLINE bool operator==(const iterator& other) const noexcept { return label_ == other.label_; }
        UNITSPHERE_INLINE bool operator!=(const iterator& other) const noexcept { return label_ != other.label_; }

    private:
        const idx_t* label_;
        const float* probability_;
    };

    UNITSPHERE_INLINE label_list(const idx_t* labels, const float* probabilities, idx_t size) noexcept
        : labels_(labels), probabilities_(probabilities), size_(size) {}

    UNITSPHERE_INLINE idx_t size() const noexcept { return size_; }
    UNITSPHERE_INLINE bool empty() const noexcept { return size_ == 0; }
    UNITSPHERE_INLINE labelled_probability operator[](idx_t n) const noexcept {
        return {labels_[n], probabilities_[n]};
    }
    UNITSPHERE_INLINE iterator begin() const noexcept { return {labels_, probabilities_}; }
    UNITSPHERE_INLINE iterator end() const noexcept { return {labels_ + size_, probabilities_ + size_}; }

private:
    const idx_t* labels_;
    const float* probabilities_;
    idx_t size_;
};

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
