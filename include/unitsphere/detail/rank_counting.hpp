/// The work of pair_ranks and retrieval: ranks of pairs by counting, without the matrix of scores.
#pragma once

#include "../kernel/pair_table.hpp"
#include "sides.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Consumers that count, for each pair, the texts and the images that come before it: in the tiles of its row and of
/// its column. Each worker has its own counters; they are added when the last row is done.
template <class Image, class T, class Label>
class count_ranks : public engine::consumer_pool {
public:
    count_ranks(const execution& how, const engine::row_source<Image>& images, const engine::row_source<T>& texts,
                const matrix_view<const Label>& image_of_text, idx_t* text_ranks, idx_t* image_ranks) noexcept
        : how_(how),
          image_rows_(images),
          text_rows_(texts),
          labels_(image_of_text),
          text_ranks_(text_ranks),
          image_ranks_(image_ranks) {
        pairs_.images = images.rows(), pairs_.texts = texts.rows();
    }

    void lay_out(engine::arena& memory, idx_t workers, idx_t) {
        workers_ = workers;
        memory.add(pairs_.image_of, padded());
        memory.add(pairs_.keys, padded());
        memory.add(pairs_.scores, pairs_.texts);
        memory.add(pairs_.first, pairs_.images + 2);
        memory.add(pairs_.text_of, pairs_.texts);
        memory.add(pairs_.score_of, pairs_.texts);
        memory.add(pairs_.key_of, pairs_.texts);
        memory.add(counts_, 2 * workers, pairs_.texts);
    }
    void begin() {
        for (idx_t j = 0; j < pairs_.texts; ++j) pairs_.image_of[j] = idx_t(labels_(j, 0));
        engine::chosen_pair_scores(
            how_, image_rows_, text_rows_, [this](idx_t j) { return pairs_.image_of[j]; }, pairs_.scores);
        pairs_.set_keys(padded());
        pairs_.sort_by_image();
        std::memset(static_cast<void*>(counts_), 0, std::size_t(2 * workers_ * pairs_.texts) * sizeof(idx_t));
    }

    /// One worker's counts.
    struct consumer : engine::score_consumer {
        count_ranks& all;
        idx_t* texts_before;   ///< for each place in text_of
        idx_t* images_before;  ///< for each text

        void tile(const engine::score_tile<>& tile) const noexcept {
            alignas(64) std::int32_t orders[most_orders];
            const int pitch = (tile.columns + kernel::lane_count - 1) / kernel::lane_count * kernel::lane_count;
            kernel::rank_keys(tile.scores, tile.pitch, tile.rows, tile.columns, orders, pitch);
            for (int c = 0; c < tile.columns; c += kernel::lane_count) count_images(tile, c, orders + c, pitch);
            for (int r = 0; r < tile.rows; ++r) count_texts(tile, tile.first_row + r, orders + r * pitch);
        }
        void rows_done(idx_t, idx_t count) const noexcept { all.rows_done(count); }

    private:
        /// Adds the rows that come before the pairs of 16 columns.
        void count_images(const engine::score_tile<>& tile, int c, const std::int32_t* orders,
                          int pitch) const noexcept {
            const idx_t column = tile.first_column + c;
            std::int32_t earlier[kernel::lane_count], counts[kernel::lane_count];
            for (int n = 0; n < kernel::lane_count; ++n)
                earlier[n] = clamp(all.pairs_.image_of[column + n] - tile.first_row, tile.rows);
            kernel::count_before_in_columns(orders, pitch, tile.rows, all.pairs_.keys + column, earlier, counts);
            for (int n = 0; n < kernel::lane_count && c + n < tile.columns; ++n) images_before[column + n] += counts[n];
        }
        /// Adds the columns that come before the pairs of one row. Pairs are sorted by score, and this begins with the
        /// worst: when no column comes before a pair, none comes before the better ones.
        void count_texts(const engine::score_tile<>& tile, idx_t row, const std::int32_t* orders) const noexcept {
            const kernel::pair_table& pairs = all.pairs_;
            for (idx_t at = pairs.first[row + 1] - 1; at >= pairs.first[row]; --at) {
                if (pairs.text_of[at] < 0) continue;
                const int earlier = clamp(pairs.text_of[at] - tile.first_column, tile.columns);
                const int before = kernel::count_before(orders, tile.columns, pairs.key_of[at], earlier);
                if (before == 0) return;
                texts_before[at] += before;
            }
        }
        static int clamp(idx_t count, int most) noexcept { return count < 0 ? 0 : count > most ? most : int(count); }
    };
    consumer of(idx_t worker) noexcept {
        idx_t* const counts = counts_ + 2 * worker * pairs_.texts;
        return {{}, *this, counts, counts + pairs_.texts};
    }

private:
    using block = kernel::block<float>;
    static_assert(block::rows <= kernel::lane_count && block::columns <= 2 * kernel::lane_count);
    /// A tile is up to block::rows x block::columns, or, where it was transposed, block::columns x 16.
    static constexpr int most_orders = kernel::lane_count * block::columns;

    /// Columns are read 16 at a time, from any first one.
    idx_t padded() const { return engine::round_up(pairs_.texts, kernel::lane_count) + kernel::lane_count; }

    void rows_done(idx_t count) noexcept {
        if (__atomic_add_fetch(&done_, count, __ATOMIC_ACQ_REL) == pairs_.images) write_ranks();
    }
    idx_t sum_of(const idx_t* counts) const noexcept {
        idx_t sum = 0;
        for (idx_t worker = 0; worker < workers_; ++worker) sum += counts[2 * worker * pairs_.texts];
        return sum;
    }
    void write_ranks() const noexcept {
        for (idx_t j = 0; j < pairs_.texts; ++j) {
            const bool paired = pairs_.image_of[j] >= 0, known = !is_nan(pairs_.scores[j]);
            text_ranks_[j] = paired ? pairs_.texts + 1 : 0;
            image_ranks_[j] = !paired ? 0 : known ? 1 + sum_of(counts_ + pairs_.texts + j) : pairs_.images + 1;
        }
        for (idx_t at = 0; at < pairs_.first[pairs_.images]; ++at)
            if (pairs_.text_of[at] >= 0) text_ranks_[pairs_.text_of[at]] = 1 + sum_of(counts_ + at);
    }

    const execution& how_;
    const engine::row_source<Image>& image_rows_;
    const engine::row_source<T>& text_rows_;
    matrix_view<const Label> labels_;
    idx_t *text_ranks_, *image_ranks_;
    kernel::pair_table pairs_{};
    idx_t workers_ = 0, done_ = 0;
    idx_t* counts_ = nullptr;
};

/// Refuses sides that do not fit and a list that is not -1 .. images - 1 for each text.
template <class Images, class Texts, class Label>
void require_pairs(const side_names& names, const Images& images, const Texts& texts,
                   const matrix_view<const Label>& image_of_text) {
    require_same_dim(names, images, texts);
    if (image_of_text.rows() != texts.rows())
        fail<shape_error>(names.function, ": image_of_text has ", image_of_text.rows(), " entries, texts have ",
                          texts.rows(), " rows");
    for (idx_t j = 0; j < texts.rows(); ++j) {
        const idx_t image = idx_t(image_of_text(j, 0));
        if (image < -1 || image >= images.rows())
            fail<value_error>(names.function, ": the image of text ", j, " is ", image, ", there are ", images.rows(),
                              " images");
    }
}

/// Both ranks of every pair, for as many pairs as there are texts.
template <class Images, class Texts, class Label>
void rank_pairs(const side_names& names, const Images& images, const Texts& texts,
                const matrix_view<const Label>& image_of_text, idx_t* text_ranks, idx_t* image_ranks,
                const execution& how, const row_policy& image_policy, const row_policy& text_policy) {
    engine::row_source image_source(images, image_policy, names.function, names.query_row);
    engine::gallery_side<Texts> text_side(texts, text_policy, names.function, names.gallery_row);
    const engine::row_source text_source(texts, judged(text_policy), names.function, names.gallery_row);
    if (images.rows() == 0)  // so no text has an image
        for (idx_t j = 0; j < texts.rows(); ++j) text_ranks[j] = image_ranks[j] = 0;
    count_ranks counts(how, image_source, text_source, image_of_text, text_ranks, image_ranks);
    engine::score_tiles<float>(how, image_source, text_side, counts);
    image_source.report();
    text_side.report();
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
