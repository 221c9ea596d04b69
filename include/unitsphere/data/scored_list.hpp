/// Row numbers or labels and their scores, kept as two arrays: what results of searches and classifiers iterate.
#pragma once

#include "array.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// Items {idx_t, float} of two arrays, best first: for (auto [row, score] : list). A view: the result owns the arrays.
template <class Item>
class scored_list {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using difference_type = std::ptrdiff_t;
        using value_type = Item;
        using pointer = void;
        using reference = Item;

        UNITSPHERE_INLINE iterator(const idx_t* index, const float* score) noexcept : index_(index), score_(score) {}

        UNITSPHERE_INLINE Item operator*() const noexcept { return {*index_, *score_}; }
        UNITSPHERE_INLINE iterator& operator++() noexcept { return ++index_, ++score_, *this; }
        UNITSPHERE_INLINE iterator operator++(int) noexcept { return {index_++, score_++}; }
        UNITSPHERE_INLINE bool operator==(const iterator& other) const noexcept { return index_ == other.index_; }
        UNITSPHERE_INLINE bool operator!=(const iterator& other) const noexcept { return index_ != other.index_; }

    private:
        const idx_t* index_;
        const float* score_;
    };

    UNITSPHERE_INLINE scored_list(const idx_t* indices, const float* scores, idx_t size) noexcept
        : indices_(indices), scores_(scores), size_(size) {}

    UNITSPHERE_INLINE idx_t size() const noexcept { return size_; }
    UNITSPHERE_INLINE bool empty() const noexcept { return size_ == 0; }
    UNITSPHERE_INLINE Item operator[](idx_t n) const noexcept { return {indices_[n], scores_[n]}; }
    UNITSPHERE_INLINE iterator begin() const noexcept { return {indices_, scores_}; }
    UNITSPHERE_INLINE iterator end() const noexcept { return {indices_ + size_, scores_ + size_}; }

private:
    const idx_t* indices_;
    const float* scores_;
    idx_t size_;
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
