/// Mean directions of rows that are spread over the ranks of MPI. The sums keep the order of the rows: each rank goes
/// on where the one before has stopped, some columns at a time, so that all ranks are at work.
///
///   columns   0 .. 63      64 .. 127     128 .. 191
///   rank 0    adds         adds          adds           all ranks have measured their rows before, at once
///   rank 1                 adds          adds
///   rank 2                               adds
#pragma once

#include <memory>

#include "../directions.hpp"
#include "../zero_shot.hpp"
#include "mpi_ring.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace mpi_detail {

/// Columns that are added before they are sent on. Chosen.
inline constexpr idx_t columns_of_message = 64;

/// sums[place_of(i)] += weight_of(i) * row i at unit length, over the rows of all ranks, on all ranks. `sums` are made
/// here: `count` rows.
template <class T, class Place, class Weight>
matrix<double> chained_sums(MPI_Comm ranks, const measured_side<T>& rows, idx_t count, Place&& place_of,
                            Weight&& weight_of) {
    const idx_t dim = rows.dim(), widest = kernel::minimum(dim, columns_of_message);
    matrix<double> sums, part;
    array<float> unit;
    mpi::together(ranks, [&] {
        sums = matrix<double>(count, dim), part = matrix<double>::uninitialized(count, widest);
        unit = array<float>::uninitialized(widest);
    });
    ring around(ranks, 1);
    for (idx_t first = 0; first < dim; first += widest) {
        const idx_t width = kernel::minimum(dim - first, widest);
        for (idx_t k = 0; k < count * widest; ++k) part.data()[k] = 0.0;
        around.chain(part.data(), count * widest, [&] {
            for (idx_t i = 0; i < rows.rows(); ++i) {
                rows.unit_part(i, first, width, unit.data());
                kernel::add_row(unit.data(), width, weight_of(i), part.row(place_of(i)));
            }
        });
        for (idx_t c = 0; c < count; ++c)
            std::memcpy(sums.row(c) + first, part.row(c), std::size_t(width) * sizeof(double));
    }
    broadcast(ranks, sums.data(), count * dim * idx_t(sizeof(double)), around.size - 1);
    return sums;
}

/// The rows of all ranks. The record of a rank: dim, rows, zero rows, and one number more.
template <class T>
struct spread_rows {
    std::unique_ptr<measured_side<T>> mine;
    matrix<idx_t> records;
    idx_t count = 0, zero_rows = 0;

    /// `last` is the number more.
    template <class View, class Last>
    spread_rows(MPI_Comm ranks, const View& rows, const row_policy& policy, const char* function, const char* row,
                const execution& how, Last&& last)
        : records(gather_records(ranks, 4, [&](idx_t* record) {
              record[3] = last();
              row_policy counted = detail::refuse_non_finite(policy);
              row_report unused;
              if (counted.report == nullptr) counted.report = &unused;
              mine.reset(new measured_side<T>(rows, counted, function, row, how));
              record[0] = rows.dim(), record[1] = rows.rows(), record[2] = mine->seen().zero_rows;
              if (policy.report != nullptr) mine->report();
          })) {
        require_same(function, "rows of dim", records, 0);
        for (idx_t r = 0; r < records.rows(); ++r) count += records(r, 1), zero_rows += records(r, 2);
        if (count == 0) fail<value_error>(function, ": there are no rows");
    }
};

/// Doubles that are not negative have the order of their bits.
inline idx_t ordered_bits(double number) noexcept {
    idx_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    return bits;
}
inline double largest_of(const matrix<idx_t>& records, idx_t column) noexcept {
    idx_t bits = 0;
    for (idx_t r = 0; r < records.rows(); ++r) bits = kernel::maximum(bits, records(r, column));
    double number = 0.0;
    std::memcpy(&number, &bits, sizeof number);
    return number;
}

/// Refuses a class that has no prompt on any rank.
template <class Label>
void require_prompts(MPI_Comm ranks, const matrix_view<const Label>& labels, idx_t classes) {
    array<unsigned char> seen;
    mpi::together(ranks, [&] {
        seen = array<unsigned char>(classes);
        for (idx_t i = 0; i < labels.rows(); ++i)
            if (idx_t(labels(i, 0)) < classes) seen[idx_t(labels(i, 0))] = 1;
    });
    for (idx_t done = 0; done < classes; done += most_bytes)
        require(MPI_Allreduce(MPI_IN_PLACE, seen.data() + done, int(kernel::minimum(classes - done, most_bytes)),
                              MPI_UNSIGNED_CHAR, MPI_MAX, ranks),
                "MPI_Allreduce");
    for (idx_t c = 0; c < classes; ++c)
        if (seen[c] == 0) fail<value_error>("mpi::prompt_ensemble: class ", c, " has no prompts");
}

}  // namespace mpi_detail

namespace mpi {

/// us::mean_direction of the rows of all ranks, bit for bit, on every rank.
///
/// Shapes   rows [n, dim], each rank's own, n >= 0 -> [1, dim]. options.weights: one for each of the rank's rows, or
///          none on all ranks.
/// Units    as us::mean_direction.
/// Errors   shape_error if ranks have other dims; value_error for no rows on any rank, for weights on some ranks alone,
///          and as us::mean_direction, which names the row of its rank. On all ranks.
/// Threads  `how` measures the rank's rows; sums keep the order of the rows, rank after rank.
/// Memory   16 dim bytes, and 8 for each of the rank's rows. A rank sends 8 dim bytes twice.
/// Source   as us::mean_direction.
template <class Rows, unitsphere::detail::if_rows<Rows> = 0>
unit_embeddings<float> mean_direction(MPI_Comm ranks, const Rows& rows, const execution& how = {},
                                      const mean_direction_options& options = {}) {
    using namespace mpi_detail;
    const auto view = engine::view_of(rows);
    using element = typename decltype(view)::value_type;
    const number_list& weights = options.weights;
    const spread_rows<element> all(ranks, view, options.rows, "mpi::mean_direction", "row ", how, [&] {
        // No weights are -1, so that they are told from others; the largest of those is 0 or more.
        return weights.is_given()
                   ? ordered_bits(unitsphere::detail::largest_weight("mean_direction", weights, view.rows()))
                   : -1;
    });
    for (idx_t r = 1; r < all.records.rows(); ++r)
        if ((all.records(r, 3) < 0) != (all.records(0, 3) < 0))
            fail<value_error>("mpi::mean_direction: rank ", all.records(r, 3) < 0 ? r : idx_t(0),
                              " has no weights, rank ", all.records(r, 3) < 0 ? idx_t(0) : r, " has some");
    const matrix<double> sums = chained_sums(
        ranks, *all.mine, 1, [](idx_t) { return idx_t(0); },
        unitsphere::detail::scaled_weights(weights, largest_of(all.records, 3)));
    auto out = matrix<float>::uninitialized(1, view.dim());
    unitsphere::detail::directions_of(sums.view(), out.view(), options.mean, "mpi::mean_direction", "mean, row ");
    return unit_access::embeddings(static_cast<matrix<float>&&>(out));
}

/// us::centroid of the rows of all ranks, bit for bit, on every rank.
///
/// Shapes, Threads, Memory   as mpi::mean_direction.   Units, Source  as us::centroid.
/// Errors   as mpi::mean_direction; value_error if all rows of all ranks are zero.
template <class Rows, unitsphere::detail::if_rows<Rows> = 0>
matrix<float> centroid(MPI_Comm ranks, const Rows& rows, const execution& how = {},
                       const centroid_options& options = {}) {
    using namespace mpi_detail;
    const auto view = engine::view_of(rows);
    using element = typename decltype(view)::value_type;
    const spread_rows<element> all(ranks, view, options.rows, "mpi::centroid", "row ", how, [] { return idx_t(0); });
    const idx_t counted = all.count - all.zero_rows;
    if (counted == 0) fail<value_error>("mpi::centroid: all ", all.count, " rows are zero");
    const matrix<double> sums = chained_sums(
        ranks, *all.mine, 1, [](idx_t) { return idx_t(0); }, [](idx_t) { return 1.0; });
    auto out = matrix<float>::uninitialized(1, view.dim());
    kernel::scale_row(sums.row(0), view.dim(), kernel::row_factors<double>{1.0, 1.0 / double(counted)}, out.row(0));
    return out;
}

/// us::prompt_ensemble of the prompts of all ranks, bit for bit, on every rank.
///
/// Shapes   prompts [p, dim], class_of_prompt: p integers, each rank's own, p >= 0; a class may have prompts on several
///          ranks -> [classes, dim], classes = 1 + the largest label of all ranks.
/// Units    as us::prompt_ensemble.
/// Errors   shape_error if ranks have other dims; value_error for no prompts on any rank, for a class that has none on
///          any, and as us::prompt_ensemble, which names the prompt of its rank. On all ranks.
/// Threads  as mpi::mean_direction.
/// Memory   16 bytes for each element of the classes, and 8 for each of the rank's prompts. A rank sends them twice.
/// Source   as us::prompt_ensemble.
template <class Prompts, class Labels, unitsphere::detail::if_rows<Prompts> = 0>
unit_embeddings<float> prompt_ensemble(MPI_Comm ranks, const Prompts& prompts, const Labels& class_of_prompt,
                                       const execution& how = {}, const prompt_ensemble_options& options = {}) {
    using namespace mpi_detail;
    const auto view = engine::view_of(prompts);
    using element = typename decltype(view)::value_type;
    const auto labels = unitsphere::detail::column_of(class_of_prompt);
    const spread_rows<element> all(ranks, view, options.prompts, "mpi::prompt_ensemble", "prompt ", how, [&] {
        unitsphere::detail::labels_of(class_of_prompt, "mpi::prompt_ensemble");
        return unitsphere::detail::largest_class(labels, view.rows());
    });
    idx_t classes = 0;
    // A label beyond the number of prompts leaves a class among the first prompts + 1 without one.
    for (idx_t r = 0; r < all.records.rows(); ++r)
        classes = kernel::maximum(classes, kernel::minimum(all.records(r, 3), all.count) + 1);
    require_prompts(ranks, labels, classes);
    const matrix<double> sums = chained_sums(
        ranks, *all.mine, classes, [&](idx_t i) { return idx_t(labels(i, 0)); }, [](idx_t) { return 1.0; });
    auto out = matrix<float>::uninitialized(classes, view.dim());
    unitsphere::detail::directions_of(sums.view(), out.view(), options.classes, "mpi::prompt_ensemble", "class ");
    return unit_access::embeddings(static_cast<matrix<float>&&>(out));
}

}  // namespace mpi
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
