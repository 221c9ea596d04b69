/// The work of pair_ranks and retrieval: ranks of pairs by counting, without the matrix of scores.
#pragma once

#include "../kernel/pair_table.hpp"
#include "rescore.hpp"
#include "sides.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Consumers that count, for each pair, the texts and the images that come before it: in the tiles of its row and of
/// its column. Each worker has its own counters; they are added when the last row is done.
///
/// Rescoring, a score that differs from the pair's cosine in double by more than `bound` is counted as it is: above
/// keys[j], below reach[j]. Of those between, the cosine in double is compared.
template <class Images, class Texts, class Label>
class count_ranks : public engine::consumer_pool {
public:
    count_ranks(const execution& how, const Images& images, const Texts& texts,
                const matrix_view<const Label>& image_of_text, idx_t* text_ranks, idx_t* image_ranks,
                bool rescore) noexcept
        : how_(how),
          image_rows_(images),
          text_rows_(texts),
          labels_(image_of_text),
          text_ranks_(text_ranks),
          image_ranks_(image_ranks),
          rescore_(rescore) {
        pairs_.images = images.rows(), pairs_.texts = texts.rows();
        if (rescore) bound_ = rescoring_bound(images.view(), texts.view());
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
        memory.add(limits_, padded());
        memory.add(reach_, rescore_ ? padded() : 0);
        memory.add(cosines_, rescore_ ? pairs_.texts : 0);
    }
    void begin() {
        for (idx_t j = 0; j < pairs_.texts; ++j) pairs_.image_of[j] = idx_t(labels_(j, 0));
        engine::chosen_pair_scores(
            how_, image_rows_, text_rows_, [this](idx_t j) { return pairs_.image_of[j]; }, pairs_.scores);
        if (rescore_) rescore_pairs();
        pairs_.set_keys(padded());
        for (idx_t j = 0; j < padded(); ++j)
            limits_[j] = pairs_.keys[j] == kernel::unreachable_key ? engine::no_limit : pairs_.scores[j];
        if (rescore_) widen_keys();
        pairs_.sort_by_image();
        std::memset(static_cast<void*>(counts_), 0, std::size_t(2 * workers_ * pairs_.texts) * sizeof(idx_t));
    }

    /// One worker's counts.
    struct consumer : engine::score_consumer {
        count_ranks& all;
        idx_t* texts_before;   ///< for each place in text_of
        idx_t* images_before;  ///< for each text

        void tile(const engine::score_tile<>& tile) const noexcept {
            alignas(64) std::int32_t keys[most_keys];
            const int pitch = (tile.columns + kernel::lane_count - 1) / kernel::lane_count * kernel::lane_count;
            kernel::rank_keys(tile.scores, tile.pitch, tile.rows, tile.columns, keys, pitch);
            for (int c = 0; c < tile.columns; c += kernel::lane_count) count_images(tile, c, keys + c, pitch);
            for (int r = 0; r < tile.rows; ++r) count_texts(tile, tile.first_row + r, keys + r * pitch);
        }
        void rows_done(idx_t, idx_t count) const noexcept { all.rows_done(count); }
        engine::sorted_limits limits(idx_t row) const noexcept {
            const kernel::pair_table& pairs = all.pairs_;
            idx_t count = pairs.first[row + 1] - pairs.first[row];
            while (count > 0 && pairs.text_of[pairs.first[row] + count - 1] < 0) --count;
            return {pairs.score_of + pairs.first[row], count};
        }
        const float* column_limits(idx_t column) const noexcept { return all.limits_ + column; }
        double limit_width() const noexcept { return all.bound_; }

    private:
        /// Adds the rows that come before the pairs of 16 columns.
        void count_images(const engine::score_tile<>& tile, int c, const std::int32_t* keys, int pitch) const noexcept {
            const idx_t column = tile.first_column + c;
            std::int32_t tie_rows[kernel::lane_count], counts[kernel::lane_count];
            for (int n = 0; n < kernel::lane_count; ++n)
                tie_rows[n] = all.rescore_ ? 0 : clamp(all.pairs_.image_of[column + n] - tile.first_row, tile.rows);
            kernel::count_before_in_columns(keys, pitch, tile.rows, all.pairs_.keys + column, tie_rows, counts);
            if (all.rescore_) {
                std::int32_t reaching[kernel::lane_count];
                kernel::count_before_in_columns(keys, pitch, tile.rows, all.reach_ + column, tie_rows, reaching);
                for (int n = 0; n < kernel::lane_count && c + n < tile.columns; ++n)
                    if (reaching[n] > counts[n])
                        counts[n] += all.count_near(keys + n, pitch, tile.first_row, tile.rows, column + n,
                                                    all.pairs_.image_of[column + n],
                                                    [&](idx_t image) { return all.cosine(image, column + n); });
            }
            for (int n = 0; n < kernel::lane_count && c + n < tile.columns; ++n) images_before[column + n] += counts[n];
        }
        /// Adds the columns that come before the pairs of one row. Pairs are sorted by score, and this begins with the
        /// worst: when no column comes before a pair, none comes before the better ones.
        void count_texts(const engine::score_tile<>& tile, idx_t row, const std::int32_t* keys) const noexcept {
            const kernel::pair_table& pairs = all.pairs_;
            for (idx_t at = pairs.first[row + 1] - 1; at >= pairs.first[row]; --at) {
                if (pairs.text_of[at] < 0) continue;
                if (all.rescore_) {
                    const idx_t text = pairs.text_of[at];
                    const int reaching = kernel::count_before(keys, tile.columns, all.reach_[text], 0);
                    if (reaching == 0) return;
                    const int before = kernel::count_before(keys, tile.columns, pairs.keys[text], 0);
                    texts_before[at] += before;
                    if (reaching > before)
                        texts_before[at] += all.count_near(keys, 1, tile.first_column, tile.columns, text, text,
                                                           [&](idx_t other) { return all.cosine(row, other); });
                    continue;
                }
                const int tie_columns = clamp(pairs.text_of[at] - tile.first_column, tile.columns);
                const int before = kernel::count_before(keys, tile.columns, pairs.key_of[at], tie_columns);
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
    using heap = kernel::list_of_best<double>;
    static_assert(block::rows <= kernel::lane_count && block::columns <= 2 * kernel::lane_count);
    /// A tile is up to block::rows x block::columns, or, where it was transposed, block::columns x 16.
    static constexpr int most_keys = kernel::lane_count * block::columns;

    /// Columns are read 16 at a time, from any first one.
    idx_t padded() const { return engine::round_up(pairs_.texts, kernel::lane_count) + kernel::lane_count; }

    double cosine(idx_t image, idx_t text) const noexcept {
        return kernel::sums_in_double(row_in_double(image_rows_.view(), image), row_in_double(text_rows_.view(), text),
                                      image_rows_.dim())
            .cosine();
    }
    /// The cosines of the pairs in double, in the place of their scores.
    void rescore_pairs() {
        engine::for_each_range(how_, pairs_.texts, 64, [&](idx_t, idx_t first, idx_t end) {
            for (idx_t j = first; j < end; ++j) {
                if (is_nan(pairs_.scores[j])) continue;
                cosines_[j] = cosine(pairs_.image_of[j], j);
                pairs_.scores[j] = float(cosines_[j]);
            }
        });
    }
    /// The keys that a score exceeds which is certainly before the pair, and which may be. From the rounded cosine, so
    /// that they fall as the pairs are sorted.
    void widen_keys() const noexcept {
        for (idx_t j = 0; j < padded(); ++j) {
            reach_[j] = pairs_.keys[j];
            if (pairs_.keys[j] == kernel::unreachable_key) continue;
            pairs_.keys[j] = kernel::rank_key(float(double(pairs_.scores[j]) + bound_));
            reach_[j] = kernel::rank_key(float(double(pairs_.scores[j]) - bound_)) - 1;
        }
    }
    bool is_near(std::int32_t key, idx_t text) const noexcept { return key > reach_[text] && key <= pairs_.keys[text]; }
    /// How many rows of a column of a tile, or columns of a row, come before the pair of a text, of those within the
    /// bound. `own` is the pair's row or column, cosine_of(n) the cosine of another one.
    template <class Cosine>
    int count_near(const std::int32_t* keys, int step, idx_t first, int count, idx_t text, idx_t own,
                   Cosine&& cosine_of) const noexcept {
        int before = 0;
        for (int n = 0; n < count; ++n) {
            const idx_t other = first + n;
            if (other == own || !is_near(keys[n * step], text)) continue;
            before += heap::better(cosine_of(other), other, cosines_[text], own);
        }
        return before;
    }

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
    const Images& image_rows_;
    const Texts& text_rows_;
    matrix_view<const Label> labels_;
    idx_t *text_ranks_, *image_ranks_;
    kernel::pair_table pairs_{};
    idx_t workers_ = 0, done_ = 0;
    idx_t* counts_ = nullptr;
    bool rescore_;
    double bound_ = 0.0;       ///< of a score from the cosine in double, rescoring
    float* limits_ = nullptr;  ///< the scores of known pairs
    std::int32_t* reach_ = nullptr;
    double* cosines_ = nullptr;
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
template <class Images, class Texts, class Label, class Options>
void rank_pairs(const side_names& names, const Images& images, const Texts& texts,
                const matrix_view<const Label>& image_of_text, idx_t* text_ranks, idx_t* image_ranks,
                const execution& how, const Options& options) {
    engine::query_side<Images> image_source(images, options.images, names.function, names.query_row);
    engine::gallery_side<Texts> text_side(texts, options.texts, names.function, names.gallery_row);
    engine::query_side<Texts> text_source(texts, checked(options.texts), names.function, names.gallery_row);
    if (options.rescore) image_source.scale_unit_rows(), text_side.scale_unit_rows(), text_source.scale_unit_rows();
    if (images.rows() == 0)  // so no text has an image
        for (idx_t j = 0; j < texts.rows(); ++j) text_ranks[j] = image_ranks[j] = 0;
    count_ranks counts(how, image_source, text_source, image_of_text, text_ranks, image_ranks, options.rescore);
    engine::score<float, engine::tile_order::any>(how, image_source, text_side, counts);
    image_source.report();
    text_side.report();
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
