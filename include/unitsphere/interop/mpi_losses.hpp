/// The contrastive losses of a batch that is spread over the ranks of MPI, and their gradients.
#pragma once

#include <memory>
#include <optional>

#include "mpi_ring.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace mpi {

struct clip_loss_options {
    row_policy images = {}, texts = {};
};
struct siglip_loss_options {
    row_policy images = {}, texts = {};
};

}  // namespace mpi

namespace mpi_detail {

/// What both losses do on each rank: checks, the way to the ranks that have the chunks, and the way back.
template <class T, class G>
class spread_batch {
public:
    template <class Images, class Texts, class Options>
    spread_batch(MPI_Comm ranks, const detail::side_names& names, const Images& images, const Texts& texts,
                 logit_scale scale, float bias, bool gradients, const execution& how, const Options& options)
        : ranks_(ranks), how_(how), gradients_(gradients) {
        const matrix<idx_t> records = gather_records(ranks, 5, [&](idx_t* record) {
            detail::require_same_shape(names, images, texts);
            if (!detail::is_finite(bias)) fail<value_error>(names.function, ": bias is ", double(bias), ", not finite");
            images_.reset(new home_side<T>(images, options.images, names.function, names.query_row, how));
            texts_.reset(new home_side<G>(texts, options.texts, names.function, names.gallery_row, how));
            record[0] = images.dim(), record[1] = images.rows();
            record[2] = bits_of(scale.multiplier()), record[3] = bits_of(bias);
            record[4] = images_->is_finite() && texts_->is_finite() ? 1 : 0;
        });
        require_same(names.function, "rows of dim", records, 0);
        require_same_number(names.function, "a scale of", records, 2);
        require_same_number(names.function, "a bias of", records, 3);
        first_rows_ = array<idx_t>(records.rows() + 1), first_of_chunks_ = first_rows_;
        for (idx_t r = 0; r < records.rows(); ++r) {
            first_rows_[r + 1] = first_rows_[r] + records(r, 1);
            defined = defined && records(r, 4) != 0;
        }
        pairs = first_rows_[records.rows()];
        if (pairs == 0) fail<value_error>(names.function, ": images have 0 rows, there is no mean of no loss");
        images_->report(), texts_->report();
        const idx_t dim = records(0, 0);
        const auto share_of = [&](idx_t r) { return chunk_share::of(pairs, dim, gradients, r, records.rows()); };
        for (idx_t r = 0; r < records.rows(); ++r) first_of_chunks_[r + 1] = first_of_chunks_[r] + share_of(r).rows();
        around.emplace(ranks, share_of(0).all);
        mpi::together(ranks,
                      [&] { batch.emplace(how, names.function, share_of(around->rank), dim, gradients, *around); });
    }

    bool defined = true;
    idx_t pairs = 0;
    std::optional<ring> around;
    std::optional<ring_batch<ring>> batch;

    /// Allocates; then every rank has the rows of its chunks.
    template <class Arrays>
    void begin(Arrays& arrays) {
        mpi::together(ranks_, [&] {
            batch->allocate(arrays, gradients_);
            if (!gradients_) return;
            image_gradients = matrix<float>::uninitialized(images_->unit.rows(), batch->dim);
            text_gradients = matrix<float>::uninitialized(images_->unit.rows(), batch->dim);
            of_columns_ = matrix<float>::uninitialized(batch->share.rows(), batch->dim);
        });
        around->move_rows(images_->unit.data(), first_rows_, batch->rows.data(), first_of_chunks_, batch->dim);
        around->move_rows(texts_->unit.data(), first_rows_, batch->columns.data(), first_of_chunks_, batch->dim);
    }
    /// Calls each(i, first row, first column, rows) for the chunks of this rank, between two passes.
    template <class Each>
    void for_each_chunk(Each&& each) {
        for (idx_t i = 0; i < batch->share.count(); ++i)
            each(i, batch->first_of(i), batch->home_of(i), batch->rows_of(i));
    }
    /// After the last pass: an error of any rank's work, or the gradients of the rows that each rank was given.
    void end(double factor) {
        mpi::together(ranks_, [&] { batch->rethrow(); });
        if (!gradients_) return;
        for_each_chunk([&](idx_t, idx_t first_row, idx_t first_column, idx_t rows) {
            for (idx_t j = 0; j < rows; ++j)
                std::memcpy(of_columns_.row(first_row + j), batch->column_gradients.row(first_column + j),
                            std::size_t(batch->dim) * sizeof(float));
        });
        around->move_rows(batch->row_gradients.data(), first_of_chunks_, image_gradients.data(), first_rows_,
                          batch->dim);
        around->move_rows(of_columns_.data(), first_of_chunks_, text_gradients.data(), first_rows_, batch->dim);
        mpi::together(ranks_, [&] {
            images_->finish(how_, factor, image_gradients);
            texts_->finish(how_, factor, text_gradients);
        });
    }
    /// With a row that is not finite everything is NaN.
    void fill_with_nan() {
        if (!gradients_) return;
        mpi::together(ranks_, [&] {
            image_gradients = matrix<float>::uninitialized(images_->unit.rows(), batch->dim);
            text_gradients = matrix<float>::uninitialized(images_->unit.rows(), batch->dim);
            detail::fill_with_nan({image_gradients.view(), text_gradients.view(), nullptr});
        });
    }

    matrix<float> image_gradients, text_gradients;

private:
    MPI_Comm ranks_;
    const execution& how_;
    bool gradients_;
    std::unique_ptr<home_side<T>> images_;  // an optional's emplace would be a symbol without an instruction set
    std::unique_ptr<home_side<G>> texts_;
    array<idx_t> first_rows_, first_of_chunks_;
    matrix<float> of_columns_;
};

template <class Images, class Texts>
clip_loss_gradient clip_loss_of(MPI_Comm ranks, const detail::side_names& names, const Images& images,
                                const Texts& texts, logit_scale scale, bool gradients, const execution& how,
                                const mpi::clip_loss_options& options) {
    spread_batch<typename Images::value_type, typename Texts::value_type> all(ranks, names, images, texts, scale, 0.0f,
                                                                              gradients, how, options);
    if (!all.defined) {
        all.fill_with_nan();
        const double nan = double(detail::quiet_nan());
        return {nan,
                nan,
                nan,
                nan,
                static_cast<matrix<float>&&>(all.image_gradients),
                static_cast<matrix<float>&&>(all.text_gradients)};
    }
    auto& batch = *all.batch;
    const float multiplier = scale.multiplier();
    detail::clip_sums sums{batch.share.rows(), batch.count_of_columns()};
    all.begin(sums);
    detail::begin_sums(sums, multiplier);
    batch.pass([&](auto& move) { move(batch.columns.data(), batch.dim); },
               [&](auto& move) { move(sums.of_texts.tops, 1), move(sums.of_texts.sums, 1); },
               [&](idx_t worker, idx_t i, idx_t first, idx_t width, idx_t first_label) {
                   batch.score(worker, i, first, width, detail::sum_exponentials{{}, multiplier, first_label, sums});
               });
    const auto texts_from = [&](idx_t first) {
        return kernel::exp_sums{sums.of_texts.tops + first, sums.of_texts.sums + first};
    };
    double totals[2] = {0.0, 0.0};
    all.around->chain_to_all(totals, 2, [&] {
        totals[0] = detail::total_of_losses(sums.of_images, sums.label_scores, sums.q, multiplier, totals[0]);
        all.for_each_chunk([&](idx_t, idx_t row, idx_t column, idx_t rows) {
            totals[1] =
                detail::total_of_losses(texts_from(column), sums.label_scores + row, rows, multiplier, totals[1]);
        });
    });
    const double of_images = totals[0] / double(all.pairs), of_texts = totals[1] / double(all.pairs);
    clip_loss_gradient result{(of_images + of_texts) / 2, of_images, of_texts, 0.0, {}, {}};
    const double factor = double(multiplier) / 2.0 / double(all.pairs);
    if (gradients) {
        detail::begin_weights(sums.of_images, sums.label_scores, sums.q, multiplier, sums.image_factors,
                              sums.label_weights, true);
        detail::begin_no_weights(sums.of_texts.tops + sums.g, sums.text_factors + sums.g, 0, detail::clip_sums::behind,
                                 multiplier);
        all.for_each_chunk([&](idx_t, idx_t row, idx_t column, idx_t rows) {
            detail::begin_weights(texts_from(column), sums.label_scores + row, rows, multiplier,
                                  sums.text_factors + column, sums.label_weights + row, false);
            detail::begin_no_weights(sums.of_texts.tops + column, sums.text_factors + column, rows,
                                     batch.share.chunks.size, multiplier);
        });
        batch.pass(
            [&](auto& move) {
                move(batch.columns.data(), batch.dim), move(sums.of_texts.tops, 1), move(sums.text_factors, 1);
            },
            [&](auto& move) { move(sums.slopes, 1), move(batch.column_gradients.data(), batch.dim); },
            [&](idx_t worker, idx_t i, idx_t first, idx_t width, idx_t first_label) {
                batch.weigh(worker, i, first, width, detail::softmax_weights{multiplier, first_label, sums});
            });
        all.around->chain_to_all(&result.log_scale, 1, [&] {
            all.for_each_chunk([&](idx_t, idx_t, idx_t column, idx_t rows) {
                for (idx_t j = 0; j < rows; ++j) result.log_scale += sums.slopes[column + j];
            });
        });
        result.log_scale *= factor;
    }
    all.end(factor);
    result.images = static_cast<matrix<float>&&>(all.image_gradients);
    result.texts = static_cast<matrix<float>&&>(all.text_gradients);
    return result;
}

template <class Images, class Texts>
siglip_loss_gradient siglip_loss_of(MPI_Comm ranks, const detail::side_names& names, const Images& images,
                                    const Texts& texts, logit_scale scale, float bias, bool gradients,
                                    const execution& how, const mpi::siglip_loss_options& options) {
    spread_batch<typename Images::value_type, typename Texts::value_type> all(ranks, names, images, texts, scale, bias,
                                                                              gradients, how, options);
    if (!all.defined) {
        all.fill_with_nan();
        const double nan = double(detail::quiet_nan());
        return {nan, nan, nan, static_cast<matrix<float>&&>(all.image_gradients),
                static_cast<matrix<float>&&>(all.text_gradients)};
    }
    auto& batch = *all.batch;
    detail::siglip_sums sums{batch.share.rows(), batch.count_of_columns(), nullptr, nullptr, nullptr, nullptr, nullptr};
    all.begin(sums);
    sums.begin();
    batch.pass([&](auto& move) { move(batch.columns.data(), batch.dim); },
               [&](auto& move) {
                   move(sums.losses, 1);
                   if (gradients)
                       move(sums.slopes, 1), move(sums.totals, 1), move(batch.column_gradients.data(), batch.dim);
               },
               [&](idx_t worker, idx_t i, idx_t first, idx_t width, idx_t first_label) {
                   const detail::sigmoid_pairs pairs{scale.multiplier(), bias, first_label, false, sums};
                   for (idx_t j = 0; j < batch.share.chunks.size; ++j) sums.products[first + j] = 1.0;
                   if (gradients)
                       batch.weigh(worker, i, first, width, detail::sigmoid_weights{pairs});
                   else
                       batch.score(worker, i, first, width, detail::sum_softplus(pairs));
               });
    double totals[3] = {0.0, 0.0, 0.0};
    all.around->chain_to_all(totals, 3, [&] {
        all.for_each_chunk([&](idx_t, idx_t, idx_t column, idx_t rows) {
            for (idx_t j = column; j < column + rows; ++j)
                totals[0] += sums.losses[j], totals[1] += sums.slopes[j], totals[2] += sums.totals[j];
        });
    });
    const double share = 1.0 / double(all.pairs), factor = double(scale.multiplier()) * share;
    all.end(factor);
    return {totals[0] * share, totals[1] * factor, totals[2] * share, static_cast<matrix<float>&&>(all.image_gradients),
            static_cast<matrix<float>&&>(all.text_gradients)};
}

inline constexpr detail::side_names clip_loss_names = detail::of_images_and_texts("mpi::clip_loss");
inline constexpr detail::side_names clip_gradient_names = detail::of_images_and_texts("mpi::clip_loss_gradients");
inline constexpr detail::side_names siglip_loss_names = detail::of_images_and_texts("mpi::siglip_loss");
inline constexpr detail::side_names siglip_gradient_names = detail::of_images_and_texts("mpi::siglip_loss_gradients");

}  // namespace mpi_detail

namespace mpi {

/// CLIP's loss of the pairs of all ranks, each image against all texts and each text against all images.
///
///   clip_loss(ranks, images, texts, scale) = us::clip_loss(all images, all texts, scale)      on every rank
///
/// Rows go to the rank that computes their chunk, then chunks of texts go round a ring with the sums of their columns,
/// each sum in the order of one process.
///
/// Shapes   images [n, dim], texts [n, dim], each rank's own pairs; n may differ, and be 0, but not on all ranks.
/// Units    nats, the bits of us::clip_loss.
/// Errors   shape_error if rows or dims disagree, on one rank or between ranks; value_error for no pairs at all, for
///          another scale on some rank, and for rows as in us::clip_loss. On all ranks. A row of NaN or Inf on any rank
///          makes the loss NaN.
/// Threads  `how` splits the chunks of the rank. Every rank has work from one chunk for each rank on: 512 pairs, or as
///          many as us::clip_loss packs at once.
/// Memory   O(pairs of all ranks / ranks): 16 dim bytes for each pair of the rank, and two chunks. A rank
///          sends its share of that once for each chunk of the batch.
/// Source   as us::clip_loss; Liu et al. 2023, arXiv:2310.01889: blocks that go round a ring.
template <class Images, class Texts, unitsphere::detail::if_rows<Images, Texts> = 0>
clip_loss_value clip_loss(MPI_Comm ranks, const Images& images, const Texts& texts, logit_scale scale,
                          const execution& how = {}, const clip_loss_options& options = {}) {
    const auto found = mpi_detail::clip_loss_of(ranks, mpi_detail::clip_loss_names, engine::view_of(images),
                                                engine::view_of(texts), scale, false, how, options);
    return {found.loss, found.image_to_text, found.text_to_image};
}
/// The same and the gradients of the rank's own rows: those of us::clip_loss_gradients for all pairs, bit for bit.
///
/// Shapes   gradients [n, dim] of the rank's images and texts; the derivative by ln(scale) is that of all pairs.
/// Units    as us::clip_loss_gradients.   Errors, Threads, Source   as above.
/// Memory   as above, and 20 dim bytes for each pair of the rank. The gradients of a chunk go round with it.
template <class Images, class Texts, unitsphere::detail::if_rows<Images, Texts> = 0>
clip_loss_gradient clip_loss_gradients(MPI_Comm ranks, const Images& images, const Texts& texts, logit_scale scale,
                                       const execution& how = {}, const clip_loss_options& options = {}) {
    return mpi_detail::clip_loss_of(ranks, mpi_detail::clip_gradient_names, engine::view_of(images),
                                    engine::view_of(texts), scale, true, how, options);
}

/// SigLIP's loss of the pairs of all ranks: us::siglip_loss of all images and all texts, bit for bit, on every rank.
///
/// Shapes, Units, Threads, Memory   as mpi::clip_loss.
/// Errors   as mpi::clip_loss; value_error if the bias is not finite or another one on some rank.
/// Source   as us::siglip_loss, whose section 3.3 has such a ring.
template <class Images, class Texts, unitsphere::detail::if_rows<Images, Texts> = 0>
double siglip_loss(MPI_Comm ranks, const Images& images, const Texts& texts, logit_scale scale, required<float> bias,
                   const execution& how = {}, const siglip_loss_options& options = {}) {
    return mpi_detail::siglip_loss_of(ranks, mpi_detail::siglip_loss_names, engine::view_of(images),
                                      engine::view_of(texts), scale, bias, false, how, options)
        .loss;
}
/// The same and the gradients of the rank's own rows: those of us::siglip_loss_gradients for all pairs, bit for bit.
///
/// Shapes, Memory   as mpi::clip_loss_gradients.   Units, Errors, Threads, Source   as above.
template <class Images, class Texts, unitsphere::detail::if_rows<Images, Texts> = 0>
siglip_loss_gradient siglip_loss_gradients(MPI_Comm ranks, const Images& images, const Texts& texts, logit_scale scale,
                                           required<float> bias, const execution& how = {},
                                           const siglip_loss_options& options = {}) {
    return mpi_detail::siglip_loss_of(ranks, mpi_detail::siglip_gradient_names, engine::view_of(images),
                                      engine::view_of(texts), scale, bias, true, how, options);
}

}  // namespace mpi
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
