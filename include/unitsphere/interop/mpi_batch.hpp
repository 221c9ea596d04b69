/// A batch of pairs that is spread over processes, in chunks: the cells of score_cells, in their order, by whoever has
/// the chunk of rows. For interop/mpi_losses.hpp.
///
///   step 0   process 0   r0 c0 | r1 c1      process 1   r2 c2 | r3 c3
///   step 1               r0 c1 | r1 c2                  r2 c3 | r3 c0
///   step 2               r0 c2 | r1 c3                  r2 c0 | r3 c1      each r c a cell: rows stay, columns move on
///
/// A chunk of columns goes round with the sums of its columns, to the process before, and so meets the chunks of rows
/// in the order of the Latin square: every sum has the additions of one process in their order, hence its bits. A
/// process holds its own rows, and as many columns and one chunk more; each step moves one chunk.
///
/// Ring     begin(from, to, bytes) starts to send to the process before and to receive from the one behind; finish()
///          waits for all that has begun. Neither may be left out by one process, or the others wait: see attempt().
#pragma once

#include <exception>

#include "../detail/clip_loss.hpp"
#include "../detail/siglip_loss.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace mpi_detail {

/// The chunks of one process: first .. end - 1 of all. Chunks are those of the whole batch on one process.
struct chunk_share {
    engine::chunks chunks;
    idx_t first, end, all;

    static chunk_share of(idx_t rows, idx_t dim, bool gradients, idx_t rank, idx_t size) noexcept {
        const engine::chunks chunks = engine::chunks::of(rows, dim, gradients);
        const idx_t all = chunks.count();
        return {chunks, first_chunk(all, rank, size), first_chunk(all, rank + 1, size), all};
    }
    /// In equal parts; without an overflow for any number of processes.
    static idx_t first_chunk(idx_t all, idx_t rank, idx_t size) noexcept {
        return all / size * rank + all % size * rank / size;
    }
    idx_t count() const noexcept { return end - first; }
    idx_t first_row() const noexcept { return first_row_of(first); }
    idx_t rows() const noexcept { return first_row_of(end) - first_row_of(first); }
    /// The row where a chunk begins, and behind the last one the number of rows.
    idx_t first_row_of(idx_t chunk) const noexcept { return engine::minimum(chunks.first(chunk), chunks.rows); }
};

/// Rows and columns of one process, the latter in slots of a chunk each, and the memory of a call.
template <class Ring>
class ring_batch {
public:
    ring_batch(const execution& how, const char* function, const chunk_share& of_process, idx_t of_rows, bool gradients,
               Ring& ring)
        : share(of_process),
          dim(of_rows),
          slots(of_process.count() + 1),
          how_(how),
          ring_(ring),
          memory_(how, function),
          of_cell_(engine::elements_of_cell(share.chunks, share.chunks, dim)),
          each_(of_cell_ + (gradients ? weighted<int>::elements(share.chunks, share.chunks, dim) : 0)) {}

    const chunk_share share;
    const idx_t dim, slots;
    matrix_view<float> rows, columns;                    ///< unit rows: the process's images; slots * size texts
    matrix_view<float> row_gradients, column_gradients;  ///< by the unit rows, where they are asked for

    /// Allocates. `arrays` as in pair_passes, for rows of this process and for columns() columns.
    template <class Arrays>
    void allocate(Arrays& arrays, bool gradients) {
        float *of_rows = nullptr, *of_columns = nullptr, *row_sums = nullptr, *column_sums = nullptr;
        const idx_t own = share.rows(), most = gradients ? 1 : 0;
        memory_.add(scratch_, engine::workers_for(how_, share.count()), each_);
        memory_.add(of_rows, own, dim);
        memory_.add(of_columns, count_of_columns(), dim);
        memory_.add(row_sums, most * own, dim);
        memory_.add(column_sums, most * count_of_columns(), dim);
        memory_.add(factors_, engine::maximum(own, count_of_columns()));
        arrays.each([this](auto*& array, idx_t count) { memory_.add(array, count); });
        memory_.reserve();
        rows = {of_rows, own, dim}, columns = {of_columns, count_of_columns(), dim};
        if (gradients) row_gradients = {row_sums, own, dim}, column_gradients = {column_sums, count_of_columns(), dim};
        for (idx_t i = 0; i < engine::maximum(own, count_of_columns()); ++i) factors_[i] = {1.0f, 1.0f};
        for (idx_t k = 0; k < count_of_columns() * dim; ++k) of_columns[k] = 0.0f;  // the last chunk may be shorter
        for (idx_t k = 0; k < most * own * dim; ++k) row_sums[k] = 0.0f;
        for (idx_t k = 0; k < most * count_of_columns() * dim; ++k) column_sums[k] = 0.0f;
    }
    idx_t count_of_columns() const noexcept { return slots * share.chunks.size; }

    /// The first column of the slot where the i-th chunk of the process lies at home, between two passes.
    idx_t home_of(idx_t i) const noexcept { return slot_of(i) * share.chunks.size; }
    idx_t rows_of(idx_t i) const noexcept { return share.chunks.rows_of(share.first + i); }
    idx_t first_of(idx_t i) const noexcept { return i * share.chunks.size; }

    /// All cells: cell(worker, row chunk, first column, width, first_label) for each, while the arrays that `constants`
    /// visits move on; then those of `sums`: visit(array, elements of a column).
    template <class Constants, class Sums, class Cell>
    void pass(Constants&& constants, Sums&& sums, Cell&& cell) {
        const idx_t size = share.chunks.size;
        for (idx_t step = 0; step < share.all; ++step) {
            const idx_t leaves = slot_of(0) * size, arrives = slot_of(share.count()) * size;
            const auto move = [&](auto* array, idx_t each) {
                ring_.begin(array + leaves * each, array + arrives * each, size * each * idx_t(sizeof *array));
            };
            if (share.count() > 0) constants(move);
            attempt([&] {
                engine::for_each_task(how_, share.count(), [&](idx_t worker, idx_t i) {
                    const idx_t chunk = (share.first + i + step) % share.all, slot = slot_of(i);
                    cell(worker, i, slot * size, share.chunks.rows_of(chunk), (share.first - chunk + slot) * size);
                });
            });
            if (share.count() > 0) {
                ring_.finish();
                sums(move);
                ring_.finish();
            }
            shifts_ = (shifts_ + 1) % slots;
        }
    }
    /// One cell to a consumer of its own.
    template <class Consumer>
    void score(idx_t worker, idx_t i, idx_t first_column, idx_t width, Consumer&& consumer) const {
        engine::row_source row_source(unit_access::view<float>(rows), {}, "", ""),
            column_source(unit_access::view<float>(columns), {}, "", "");
        const engine::measured_rows<float> of_rows(row_source, factors_), of_columns(column_source, factors_);
        engine::score_cell(of_rows, first_of(i), rows_of(i), of_columns, first_column, width, scratch_.of(worker),
                           consumer);
    }
    template <class Weights>
    void weigh(idx_t worker, idx_t i, idx_t first_column, idx_t width, const Weights& weights) const {
        engine::row_source row_source(unit_access::view<float>(rows), {}, "", ""),
            column_source(unit_access::view<float>(columns), {}, "", "");
        const engine::measured_rows<float> of_rows(row_source, factors_), of_columns(column_source, factors_);
        weighted<Weights> consumer(of_rows, of_columns, share.chunks, share.chunks, row_gradients, column_gradients,
                                   weights, scratch_.of(worker) + of_cell_);
        engine::score_cell(of_rows, first_of(i), rows_of(i), of_columns, first_column, width, scratch_.of(worker),
                           consumer);
    }

    /// Runs work(), or nothing after a failure: exchanges go on all the same, and rethrow() ends the call behind them.
    template <class Work>
    void attempt(Work&& work) noexcept {
        if (failure_ != nullptr) return;
        try {
            work();
        } catch (...) {
            failure_ = std::current_exception();
        }
    }
    void rethrow() const {
        if (failure_ != nullptr) std::rethrow_exception(failure_);
    }

private:
    template <class Weights>
    using weighted = engine::weighted_sums<float, float, Weights>;

    idx_t slot_of(idx_t i) const noexcept { return (i + shifts_) % slots; }

    const execution& how_;
    Ring& ring_;
    engine::arena memory_;
    engine::worker_arrays<float> scratch_;
    typename engine::measured_rows<float>::factors_type* factors_ = nullptr;
    idx_t of_cell_, each_, shifts_ = 0;
    std::exception_ptr failure_ = nullptr;
};

}  // namespace mpi_detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
