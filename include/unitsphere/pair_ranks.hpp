/// Where each text comes among all texts for its image, and its image among all images for it.
#pragma once

#include "kernel/pair_table.hpp"
#include "similarity.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

inline constexpr side_names pair_ranks_names = of_images_and_texts("pair_ranks", "ranks");

/// Consumers that count, for each pair, the texts that come before its own and the images that do: in the tiles of its
/// row and of its column. Each worker has counters of its own, which are added when the last row is done.
template <class Image, class T, class Label>
class count_ranks {
public:
    count_ranks(const execution& how, const engine::row_source<Image>& images, const engine::row_source<T>& texts,
                const matrix_view<const Label>& image_of_text, index* text_ranks, index* image_ranks) noexcept
        : how_(how),
          image_rows_(images),
          text_rows_(texts),
          labels_(image_of_text),
          text_ranks_(text_ranks),
          image_ranks_(image_ranks) {
        pairs_.images = images.rows(), pairs_.texts = texts.rows();
    }

    index bytes(index workers, index) {
        workers_ = workers;
        return lay_out(nullptr);
    }
    void begin(std::byte* memory) {
        lay_out(memory);
        for (index j = 0; j < pairs_.texts; ++j) pairs_.image_of[j] = index(labels_(j, 0));
        engine::chosen_pair_scores(
            how_, image_rows_, text_rows_, [this](index j) { return pairs_.image_of[j]; }, pairs_.scores);
        pairs_.set_limits(padded());
        pairs_.sort_by_image();
        std::memset(static_cast<void*>(counts_), 0, std::size_t(2 * workers_ * pairs_.texts) * sizeof(index));
    }
    void rows_begin(index, index) const noexcept {}

    /// One worker's counts.
    struct consumer : engine::expects_nothing {
        count_ranks& all;
        index* texts_before;   ///< by place in text_of
        index* images_before;  ///< by text

        void tile(const engine::score_tile<>& tile) const noexcept {
            alignas(64) std::int32_t orders[most_orders];
            const int pitch = (tile.columns + kernel::lane_count - 1) / kernel::lane_count * kernel::lane_count;
            kernel::order_tile(tile.scores, tile.pitch, tile.rows, tile.columns, orders, pitch);
            for (int c = 0; c < tile.columns; c += kernel::lane_count) count_images(tile, c, orders + c, pitch);
            for (int r = 0; r < tile.rows; ++r) count_texts(tile, tile.first_row + r, orders + r * pitch);
        }
        void rows_done(index, index count) const noexcept { all.rows_done(count); }

    private:
        /// Rows that come before the pairs of 16 columns.
        void count_images(const engine::score_tile<>& tile, int c, const std::int32_t* orders,
                          int pitch) const noexcept {
            const index column = tile.first_column + c;
            std::int32_t earlier[kernel::lane_count], counts[kernel::lane_count];
            for (int n = 0; n < kernel::lane_count; ++n)
                earlier[n] = within(all.pairs_.image_of[column + n] - tile.first_row, tile.rows);
            kernel::count_before_in_columns(orders, pitch, tile.rows, all.pairs_.limits + column, earlier, counts);
            for (int n = 0; n < kernel::lane_count && c + n < tile.columns; ++n) images_before[column + n] += counts[n];
        }
        /// Columns that come before the pairs of one row. From the worst pair on: what nothing comes before, nothing
        /// comes before its betters.
        void count_texts(const engine::score_tile<>& tile, index row, const std::int32_t* orders) const noexcept {
            const kernel::pair_table& pairs = all.pairs_;
            for (index at = pairs.first[row + 1] - 1; at >= pairs.first[row]; --at) {
                if (pairs.text_of[at] < 0) continue;
                const int earlier = within(pairs.text_of[at] - tile.first_column, tile.columns);
                const int before = kernel::count_before(orders, tile.columns, pairs.limit_of[at], earlier);
                if (before == 0) return;
                texts_before[at] += before;
            }
        }
        static int within(index place, int places) noexcept {
            return place < 0 ? 0 : place > places ? places : int(place);
        }
    };
    consumer of(index worker) noexcept {
        index* const counts = counts_ + 2 * worker * pairs_.texts;
        return {{}, *this, counts, counts + pairs_.texts};
    }

private:
    using block = kernel::block<float>;
    static_assert(block::rows <= kernel::lane_count && block::columns <= 2 * kernel::lane_count);
    /// A tile has up to block::rows rows of block::columns, or as many rows of up to 16 where it was turned.
    static constexpr int most_orders = kernel::lane_count * block::columns;

    /// Columns come 16 at a time, from anywhere.
    index padded() const { return engine::round_up(pairs_.texts, kernel::lane_count) + kernel::lane_count; }

    void rows_done(index count) noexcept {
        if (__atomic_add_fetch(&done_, count, __ATOMIC_ACQ_REL) == pairs_.images) write_ranks();
    }
    index sum_of(const index* counts) const noexcept {
        index sum = 0;
        for (index worker = 0; worker < workers_; ++worker) sum += counts[2 * worker * pairs_.texts];
        return sum;
    }
    void write_ranks() const noexcept {
        for (index j = 0; j < pairs_.texts; ++j) {
            const bool paired = pairs_.image_of[j] >= 0, known = !is_nan(pairs_.scores[j]);
            text_ranks_[j] = paired ? pairs_.texts + 1 : 0;
            image_ranks_[j] = !paired ? 0 : known ? 1 + sum_of(counts_ + pairs_.texts + j) : pairs_.images + 1;
        }
        for (index at = 0; at < pairs_.first[pairs_.images]; ++at)
            if (pairs_.text_of[at] >= 0) text_ranks_[pairs_.text_of[at]] = 1 + sum_of(counts_ + at);
    }

    /// Says where everything is, from `memory` on, and how much of it there is.
    index lay_out(std::byte* memory) {
        engine::block_layout layout;
        const auto place = [&](auto*& array, index rows, index dim) {
            using element = std::remove_reference_t<decltype(*array)>;
            const index offset = layout.add<element>(rows, dim);
            if (memory != nullptr) array = reinterpret_cast<element*>(memory + offset);
        };
        place(pairs_.image_of, 1, padded());
        place(pairs_.limits, 1, padded());
        place(pairs_.scores, 1, pairs_.texts);
        place(pairs_.first, 1, pairs_.images + 2);
        place(pairs_.text_of, 1, pairs_.texts);
        place(pairs_.score_of, 1, pairs_.texts);
        place(pairs_.limit_of, 1, pairs_.texts);
        place(counts_, 2 * workers_, pairs_.texts);
        return layout.bytes();
    }

    const execution& how_;
    const engine::row_source<Image>& image_rows_;
    const engine::row_source<T>& text_rows_;
    matrix_view<const Label> labels_;
    index *text_ranks_, *image_ranks_;
    kernel::pair_table pairs_{};
    index workers_ = 0, done_ = 0;
    index* counts_ = nullptr;
};

/// -1 .. images - 1 for each text; the labels' type is the caller's.
template <class Images, class Texts, class Label>
void require_pairs_of(const side_names& names, const Images& images, const Texts& texts,
                      const matrix_view<const Label>& image_of_text) {
    require_same_dim(names, images, texts);
    if (image_of_text.rows() != texts.rows())
        fail<shape_error>(names.function, ": image_of_text has ", image_of_text.rows(), " entries, texts have ",
                          texts.rows(), " rows");
    for (index j = 0; j < texts.rows(); ++j) {
        const index image = index(image_of_text(j, 0));
        if (image < -1 || image >= images.rows())
            fail<value_error>(names.function, ": the image of text ", j, " is ", image, ", there are ", images.rows(),
                              " images");
    }
}

/// Into the memory of two rows of as many places as there are texts.
template <class Images, class Texts, class Label>
void rank_pairs(const side_names& names, const Images& images, const Texts& texts,
                const matrix_view<const Label>& image_of_text, index* text_ranks, index* image_ranks,
                const execution& how, const normalize_options& image_options, const normalize_options& text_options) {
    engine::row_source image_source(images, image_options, names.function, names.query_row);
    engine::gallery_side<Texts> text_side(texts, text_options, names.function, names.gallery_row);
    const engine::row_source text_source(texts, judged(text_options), names.function, names.gallery_row);
    if (images.rows() == 0)  // so no text has an image
        for (index j = 0; j < texts.rows(); ++j) text_ranks[j] = image_ranks[j] = 0;
    count_ranks counts(how, image_source, text_source, image_of_text, text_ranks, image_ranks);
    engine::score_tiles<float>(how, image_source, text_side, counts);
    image_source.report();
    text_side.report();
}

}  // namespace detail

/// Both places of every pair of an image and its text, into the caller's memory.
///
///   text_ranks[j]  = 1 + |{ t : cosine(image of j, text t) comes before cosine(image of j, text j) }|
///   image_ranks[j] = 1 + |{ i : cosine(image i, text j) comes before cosine(image of j, text j) }|
///
/// Exact, in the order of top_k: score descending, then index ascending (-0 equals +0). A pair whose score is NaN is
/// behind all others: texts + 1 and images + 1. A text of no image (-1) has no place: 0; it still competes with others.
///
/// Shapes   images [q, dim], texts [g, dim], image_of_text: g integers, the image row of each text or -1; an image may
///          have any number of texts -> text_ranks, image_ranks [1, g] (a std::vector of g will do).
/// Units    places, from 1 on.
/// Errors   shape_error if the dims disagree, the list has not g entries, or an output has another shape or overlaps;
///          value_error for an image that is not there (names the text), and for zero or non-finite rows where the
///          options of that side say so. By default a zero row has cosine 0 with every row, so that its places follow
///          from the indices: zero_rows = on_row::nan counts failed images as never found.
/// Threads  `how` splits the texts, or the images; every split gives the same places.
/// Memory   2 g counters for each worker, O(q + g) besides and some MiB of packed rows, from the workspace of `how`;
///          never the matrix of scores.
/// Source   Karpathy and Fei-Fei 2015, arXiv:1412.2306, section 4.2; open_clip ranks equal scores by index as well.
template <class Images, class Texts, class ImageOfText>
void pair_ranks(const Images& images, const Texts& texts, const ImageOfText& image_of_text,
                matrix_view<index> text_ranks, matrix_view<index> image_ranks, const execution& how,
                const normalize_options& image_options = {}, const normalize_options& text_options = {}) {
    const auto image_view = engine::view_of(images);
    const auto text_view = engine::view_of(texts);
    const auto labels = detail::labels_of(image_of_text);
    const detail::side_names& names = detail::pair_ranks_names;
    detail::require_pairs_of(names, image_view, text_view, labels);
    detail::require_shape(names.function, "text_ranks", text_ranks, 1, text_view.rows());
    detail::require_shape(names.function, "image_ranks", image_ranks, 1, text_view.rows());
    detail::require_apart(names.function, "text_ranks", text_ranks, "image_ranks", image_ranks);
    detail::require_apart_from_sides(names, "text_ranks", text_ranks, image_view, text_view);
    detail::require_apart_from_sides(names, "image_ranks", image_ranks, image_view, text_view);
    detail::require_apart(names.function, "text_ranks", text_ranks, "image_of_text", labels);
    detail::require_apart(names.function, "image_ranks", image_ranks, "image_of_text", labels);
    detail::rank_pairs(names, image_view, text_view, labels, text_ranks.data(), image_ranks.data(), how, image_options,
                       text_options);
}
/// On the caller's thread.
template <class Images, class Texts, class ImageOfText>
void pair_ranks(const Images& images, const Texts& texts, const ImageOfText& image_of_text,
                matrix_view<index> text_ranks, matrix_view<index> image_ranks,
                const normalize_options& image_options = {}, const normalize_options& text_options = {}) {
    pair_ranks(images, texts, image_of_text, text_ranks, image_ranks, sequential{}, image_options, text_options);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
