/// Retrieval between images and texts that are spread over the ranks of MPI: every rank counts, for the pairs of all
/// ranks, which of its own texts come before. Counts are integers: they add up to those of one machine.
#pragma once

#include "../retrieval.hpp"
#include "mpi_exchange.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace mpi {

struct retrieval_options {
    row_policy images = {}, texts = {};
};

}  // namespace mpi

namespace mpi_detail {

inline constexpr detail::side_names retrieval_names = detail::of_images_and_texts("mpi::retrieval");

/// Consumers that count for the pairs of all ranks the texts of this shard that come before, and for the texts of this
/// shard the images. Text j of the shard is text first_text + j of all. detail::count_ranks for a part of the texts.
class count_in_shard : public engine::consumer_pool {
public:
    count_in_shard(idx_t images, idx_t texts, idx_t first_text, idx_t own)
        : first_text_(first_text),
          own_(own),
          padded_(texts + 2 * kernel::lane_count),
          image_of(padded_),
          first_(images + 2),
          text_of_(texts),
          scores(array<float>::uninitialized(texts)),
          score_of_(array<float>::uninitialized(texts)),
          keys_(array<std::int32_t>::uninitialized(padded_)),
          key_of_(array<std::int32_t>::uninitialized(texts)),
          text_ranks(array<idx_t>(texts)),
          image_ranks(array<idx_t>(texts)),
          pairs_{images,        texts,           image_of.data(),  keys_.data(),  scores.data(),
                 first_.data(), text_of_.data(), score_of_.data(), key_of_.data()} {}

    /// When all pairs are known.
    void index_pairs() noexcept {
        pairs_.set_keys(padded_);
        pairs_.sort_by_image();
    }
    void lay_out(engine::arena&, idx_t workers, idx_t) {
        workers_ = workers;
        counts_ = matrix<idx_t>(workers, pairs_.texts + own_);
    }

    struct consumer : engine::score_consumer {
        count_in_shard& all;
        idx_t *texts_before, *images_before;  ///< for each place in text_of; for each text of the shard

        void tile(const engine::score_tile<>& tile) const noexcept {
            alignas(64) std::int32_t keys[kernel::lane_count * kernel::block<float>::columns];
            const int pitch = (tile.columns + kernel::lane_count - 1) / kernel::lane_count * kernel::lane_count;
            kernel::rank_keys(tile.scores, tile.pitch, tile.rows, tile.columns, keys, pitch);
            for (int c = 0; c < tile.columns; c += kernel::lane_count) count_images(tile, c, keys + c, pitch);
            for (int r = 0; r < tile.rows; ++r) count_texts(tile, tile.first_row + r, keys + r * pitch);
        }

    private:
        static int clamp(idx_t count, int most) noexcept { return count < 0 ? 0 : count > most ? most : int(count); }

        void count_images(const engine::score_tile<>& tile, int c, const std::int32_t* keys, int pitch) const noexcept {
            const idx_t column = tile.first_column + c, text = all.first_text_ + column;
            std::int32_t tie_rows[kernel::lane_count], counts[kernel::lane_count];
            for (int n = 0; n < kernel::lane_count; ++n)
                tie_rows[n] = clamp(all.pairs_.image_of[text + n] - tile.first_row, tile.rows);
            kernel::count_before_in_columns(keys, pitch, tile.rows, all.pairs_.keys + text, tie_rows, counts);
            for (int n = 0; n < kernel::lane_count && c + n < tile.columns; ++n) images_before[column + n] += counts[n];
        }
        /// From the worst pair on: when no column comes before one, none comes before the better ones.
        void count_texts(const engine::score_tile<>& tile, idx_t row, const std::int32_t* keys) const noexcept {
            const kernel::pair_table& pairs = all.pairs_;
            for (idx_t at = pairs.first[row + 1] - 1; at >= pairs.first[row]; --at) {
                if (pairs.text_of[at] < 0) continue;
                const int ties = clamp(pairs.text_of[at] - all.first_text_ - tile.first_column, tile.columns);
                const int before = kernel::count_before(keys, tile.columns, pairs.key_of[at], ties);
                if (before == 0) return;
                texts_before[at] += before;
            }
        }
    };
    consumer of(idx_t worker) noexcept { return {{}, *this, counts_.row(worker), counts_.row(worker) + pairs_.texts}; }

    /// The counts of all workers: of this rank's texts for the pairs of all, of images for its own texts.
    void add_workers() noexcept {
        for (idx_t worker = 0; worker < workers_; ++worker) {
            for (idx_t at = 0; at < pairs_.first[pairs_.images]; ++at)
                if (pairs_.text_of[at] >= 0) text_ranks[pairs_.text_of[at]] += counts_(worker, at);
            for (idx_t j = 0; j < own_; ++j) image_ranks[first_text_ + j] += counts_(worker, pairs_.texts + j);
        }
    }
    /// Counts of all ranks to ranks.
    void finish() noexcept {
        for (idx_t j = 0; j < pairs_.texts; ++j) {
            const bool paired = pairs_.image_of[j] >= 0, known = !detail::is_nan(pairs_.scores[j]);
            text_ranks[j] = !paired ? 0 : known ? 1 + text_ranks[j] : pairs_.texts + 1;
            image_ranks[j] = !paired ? 0 : known ? 1 + image_ranks[j] : pairs_.images + 1;
        }
    }

private:
    idx_t first_text_, own_, padded_;

public:
    array<idx_t> image_of;  ///< of the texts of all ranks

private:
    array<idx_t> first_, text_of_;

public:
    array<float> scores;  ///< of the pairs of all ranks

private:
    array<float> score_of_;
    array<std::int32_t> keys_, key_of_;

public:
    array<idx_t> text_ranks, image_ranks;  ///< of the pairs of all ranks

private:
    kernel::pair_table pairs_;
    matrix<idx_t> counts_;
    idx_t workers_ = 0;
};

/// The parts of `all` that each rank has, on all ranks.
template <class T>
void gather_parts(MPI_Comm ranks, array<T>& all, const array<idx_t>& first) {
    for (idx_t r = 0; r + 1 < idx_t(first.size()); ++r)
        broadcast(ranks, all.data() + first[r], (first[r + 1] - first[r]) * idx_t(sizeof(T)), r);
}

template <class Images, class Texts, class Label>
retrieval_result retrieve(MPI_Comm ranks, const Images& images, const Texts& texts,
                          const matrix_view<const Label>& image_of_text, const execution& how,
                          const mpi::retrieval_options& options) {
    const detail::side_names& names = retrieval_names;
    const matrix<idx_t> records = gather_records(ranks, 4, [&](idx_t* record) {
        detail::require_pairs(names, images, texts, image_of_text);
        record[0] = images.rows(), record[1] = images.dim(), record[3] = texts.rows();
        record[2] = hash_of(engine::values_of(images));
    });
    require_same(names.function, "images", records, 0);
    require_same(names.function, "images of dim", records, 1);
    require_same_rows(names.function, "images", records, 2);
    const array<idx_t> first = first_rows_of(names.function, records, 3);
    const idx_t rank = rank_of(ranks), q = images.rows(), g = first[records.rows()];
    std::optional<count_in_shard> counts;
    mpi::together(ranks, [&] {
        counts.emplace(q, g, first[rank], texts.rows());
        for (idx_t j = 0; j < texts.rows(); ++j) counts->image_of[first[rank] + j] = idx_t(image_of_text(j, 0));
        engine::row_source image_source(images, options.images, names.function, names.query_row);
        engine::row_source text_source(texts, options.texts, names.function, names.gallery_row);
        engine::chosen_pair_scores(
            how, image_source, text_source, [&](idx_t j) { return counts->image_of[first[rank] + j]; },
            counts->scores.data() + first[rank]);
    });
    gather_parts(ranks, counts->image_of, first);
    gather_parts(ranks, counts->scores, first);
    mpi::together(ranks, [&] {
        counts->index_pairs();
        detail::score_all<float>(how, names, images, texts, options.images, options.texts, *counts);
        counts->add_workers();
    });
    for (idx_t done = 0; done < g; done += most_bytes / 8)
        require(MPI_Allreduce(MPI_IN_PLACE, counts->text_ranks.data() + done,
                              int(kernel::minimum(g - done, most_bytes / 8)), MPI_INT64_T, MPI_SUM, ranks),
                "MPI_Allreduce");
    gather_parts(ranks, counts->image_ranks, first);
    retrieval_result found;
    mpi::together(ranks, [&] {
        counts->finish();
        const auto image_of = [&](idx_t j) { return counts->image_of[j]; };
        const auto text_of = [&](idx_t j) { return image_of(j) < 0 ? idx_t(-1) : j; };
        found = {detail::ranks_by_query(counts->text_ranks, image_of, q, g),
                 detail::ranks_by_query(counts->image_ranks, text_of, g, q)};
    });
    return found;
}

}  // namespace mpi_detail

namespace mpi {

/// us::retrieval of images and the texts of all ranks: the same ranks on every rank, for the measures of metrics.hpp.
///
/// Shapes   images [q, dim], the same on every rank; texts [g, dim] and image_of_text, g integers, each rank's own,
///          g >= 0: rows of images or -1. Texts count over all ranks, rank after rank.
/// Units    ranks, from 1 on, as us::retrieval.
/// Errors   shape_error if ranks have other numbers or dims of images; value_error for other images on some rank, and
///          as us::retrieval, which names the text of its rank. On all ranks.
/// Threads  `how` splits the rank's texts, or the images; every split gives the same ranks.
/// Memory   O(q + texts of all ranks), and 8 bytes for each of these texts for each worker; never the matrix of scores.
///          A rank receives some 36 bytes for each of these texts.
/// Source   as us::retrieval.
template <class Images, class Texts, class ImageOfText, unitsphere::detail::if_rows<Images, Texts> = 0,
          unitsphere::detail::if_list<ImageOfText> = 0>
retrieval_result retrieval(MPI_Comm ranks, const Images& images, const Texts& texts, const ImageOfText& image_of_text,
                           const execution& how = {}, const retrieval_options& options = {}) {
    return mpi_detail::retrieve(ranks, engine::view_of(images), engine::view_of(texts),
                                unitsphere::detail::labels_of(image_of_text, "mpi::retrieval"), how, options);
}

}  // namespace mpi
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
