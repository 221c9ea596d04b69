/// Gradients of a question about scores: each score's weight, multiplied with the other side's unit rows.
///
///   of_rows[i] += sum_j weight[i][j] * columns[j],   of_columns[j] += sum_i weight[i][j] * rows[i]
///
/// Two more products for each cell, by the same kernel. Weights are written where the first product reads them, in
/// blocks of rows, and are turned into blocks of columns for the second.
#pragma once

#include "score_cells.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// out rows first .. first + count - 1 += a * b: `a` in blocks of rows along `values.dim` steps, `values` in panels of
/// slices. A panel narrower than its width goes through a small copy.
inline void add_products(const float* a, index count, const panels<float>& values, const matrix_view<float>& out,
                         index first) noexcept {
    constexpr int block_rows = kernel::block<float>::rows, most = kernel::block<float>::columns;
    alignas(64) float copy[block_rows * most];
    const index steps = values.dim, size = kernel::packed_block_size<float>(steps);
    for (index k = 0; k < values.rows; k += most) {
        const int columns = values.columns_from(k), width = values.width_from(k);
        for (index done = 0; done < count; done += block_rows) {
            const int rows = int(count - done < block_rows ? count - done : block_rows);
            const float* const block = a + done / block_rows * size;
            float* const to = out.row(first + done) + k;
            if (columns == width) {
                const index ahead = count - done - rows < rows ? count - done - rows : rows;
                for (index r = 0; r < ahead; ++r) {
                    const float* const line = to + (rows + r) * out.stride();
                    __builtin_prefetch(line, 1);
                    __builtin_prefetch(line + width - 1, 1);
                }
                kernel::multiply_onto(block, values.panel(k), rows, width, steps, to, out.stride());
                continue;
            }
            for (int r = 0; r < rows; ++r)
                std::memcpy(copy + r * most, to + r * out.stride(), std::size_t(columns) * sizeof(float));
            kernel::multiply_onto(block, values.panel(k), rows, width, steps, copy, most);
            for (int r = 0; r < rows; ++r)
                std::memcpy(to + r * out.stride(), copy + r * most, std::size_t(columns) * sizeof(float));
        }
    }
}

/// Consumer of score_cells: weights.weigh(tile, to) says what each score of a tile is worth, to[r * 128 + c], and
/// weights.strip_done(first, count) hears that all rows of a cell have met these columns.
template <class T, class G, class Weights>
class weighted_sums : public expects_nothing {
public:
    /// Floats of memory for one worker's cells.
    static index elements(const chunks& rows, const chunks& columns, index dim) {
        const index width = rows_of_panels(dim);
        return rows.size * width + strip_width(columns) * width + size_of_weights(rows.size) +
               size_of_turned(rows.size);
    }

    /// Either output may be empty: nobody wants it.
    weighted_sums(const measured_rows<T>& rows, const measured_rows<G>& columns, const chunks& row_chunks,
                  const chunks& column_chunks, const matrix_view<float>& of_rows, const matrix_view<float>& of_columns,
                  const Weights& weights, float* memory) noexcept
        : rows_(rows), columns_(columns), of_rows_(of_rows), of_columns_(of_columns), weigh_(weights) {
        const index width = rows_of_panels(rows.dim());
        row_slices_ = memory;
        column_slices_ = row_slices_ + row_chunks.size * width;
        weights_ = column_slices_ + strip_width(column_chunks) * width;
        turned_ = weights_ + size_of_weights(row_chunks.size);
    }

    void cell_begins(index first, index count) noexcept {
        first_row_ = first, count_ = count;
        if (of_columns_.data() != nullptr) slices_of_rows_ = rows_.pack_slices(first, count, row_slices_);
    }
    void strip_begins(index first, index count) noexcept {
        first_column_ = first, width_ = count;
        if (of_rows_.data() != nullptr) slices_of_columns_ = columns_.pack_slices(first, count, column_slices_);
    }
    void tile(const score_tile<>& tile) noexcept {
        weigh_.weigh(tile, weights_ + kernel::place_of_row<float>(tile.first_row - first_row_) +
                               (tile.first_column - first_column_));
    }
    void strip_done() noexcept {
        weigh_.strip_done(first_column_, width_);
        if (of_rows_.data() != nullptr) add_products(weights_, count_, slices_of_columns_, of_rows_, first_row_);
        if (of_columns_.data() == nullptr) return;
        kernel::turn_weights(weights_, count_, int(width_), turned_);
        add_products(turned_, width_, slices_of_rows_, of_columns_, first_column_);
    }

private:
    static index strip_width(const chunks& columns) noexcept {
        return columns.size < strip_of_cell ? columns.size : strip_of_cell;
    }
    static index size_of_weights(index rows) { return size_of_blocks<float>(rows, kernel::chain_length); }
    static index size_of_turned(index rows) { return size_of_blocks<float>(strip_of_cell, rows); }

    const measured_rows<T>& rows_;
    const measured_rows<G>& columns_;
    matrix_view<float> of_rows_, of_columns_;
    const Weights& weigh_;
    float *row_slices_, *column_slices_, *weights_, *turned_;
    panels<float> slices_of_rows_, slices_of_columns_;
    index first_row_ = 0, count_ = 0, first_column_ = 0, width_ = 0;
};

/// Zeros, to which weighted_sums adds: a share of rows for each task.
inline void clear_gradients(const execution& how, const matrix_view<float>& out) {
    if (out.data() == nullptr) return;
    for_each_rows(how, out.rows(), out.dim(), [&](index first, index end) {
        for (index i = first; i < end; ++i)
            std::memset(static_cast<void*>(out.row(i)), 0, std::size_t(out.dim()) * sizeof(float));
    });
}

/// Gradients of unit rows, in `out`, become those of the rows as they are given: through the normalization, and times
/// `factor`. A chunk for each task; memory_of(worker) has room for a row.
template <class T, class MemoryOf>
void finish_gradients(const execution& how, const measured_rows<T>& rows, const chunks& parts, double factor,
                      const matrix_view<float>& out, MemoryOf&& memory_of) {
    if (out.data() == nullptr) return;
    for_each_task(how, parts.count(), [&](index worker, index chunk) {
        float* const unit = memory_of(worker);
        for (index i = parts.first(chunk), end = i + parts.rows_of(chunk); i < end; ++i) {
            rows.unit_row(i, unit);
            kernel::through_normalization(unit, rows.dim(), factor * rows.inverse_length(i), out.row(i));
        }
    });
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
