/// Gradients of a function of scores: the derivative by each score, its weight, times the unit rows of the other side.
///
///   of_rows[i] += sum_j weight[i][j] * columns[j],   of_columns[j] += sum_i weight[i][j] * rows[i]
///
/// Two more products for each cell, by the same kernel. Weights are written as packed blocks of rows, which the first
/// product reads, and are transposed into blocks of columns for the second.
#pragma once

#include "score_cells.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Rows first .. first + count - 1 of `out` += a * values: `a` in blocks of rows along `values.dim` steps, `values` in
/// panels of slices. A panel with padding is added in a copy of the tile.
inline void add_products(const float* a, idx_t count, const panels<float>& values, const matrix_view<float>& out,
                         idx_t first) noexcept {
    constexpr int block_rows = kernel::block<float>::rows, most = kernel::block<float>::columns;
    alignas(64) float copy[block_rows * most];
    const idx_t steps = values.dim, size = kernel::packed_block_size<float>(steps);
    for (idx_t k = 0; k < values.rows; k += most) {
        const int columns = values.columns_from(k), width = values.width_from(k);
        for (idx_t done = 0; done < count; done += block_rows) {
            const int rows = int(minimum(count - done, block_rows));
            const float* const block = a + done / block_rows * size;
            float* const to = out.row(first + done) + k;
            const auto product = [&](float* sums, idx_t pitch) {
                return kernel::multiply_operands<float>{block, values.panel(k), rows, width, steps,  sums,
                                                        pitch, {nullptr, 0},    true, 0,     columns};
            };
            if (columns == width) {
                const idx_t next_rows = minimum(count - done - rows, rows);
                for (idx_t r = 0; r < next_rows; ++r) {
                    const float* const line = to + (rows + r) * out.stride();
                    kernel::prefetch_to_write(line);
                    kernel::prefetch_to_write(line + width - 1);
                }
                kernel::multiply<float>(product(to, out.stride()));
                continue;
            }
            for (int r = 0; r < rows; ++r)
                std::memcpy(copy + r * most, to + r * out.stride(), std::size_t(columns) * sizeof(float));
            kernel::multiply<float>(product(copy, most));
            for (int r = 0; r < rows; ++r)
                std::memcpy(to + r * out.stride(), copy + r * most, std::size_t(columns) * sizeof(float));
        }
    }
}

/// Consumer of score_cells. weights.weigh(tile, to) computes the weight of each score of a tile, to[r * 128 + c];
/// weights.strip_done(first, count) is called when all rows of a cell have met these columns.
template <class T, class G, class Weights>
class weighted_sums : public score_consumer {
public:
    /// Floats that it needs for each worker.
    static idx_t elements(const chunks& rows, const chunks& columns, idx_t dim) {
        const idx_t width = rows_of_panels(dim);
        return rows.size * width + strip_width(columns) * width + size_of_weights(rows.size) +
               size_of_transposed(rows.size);
    }

    /// Either output may be an empty view: that gradient is not computed.
    weighted_sums(const measured_rows<T>& rows, const measured_rows<G>& columns, const chunks& row_chunks,
                  const chunks& column_chunks, const matrix_view<float>& of_rows, const matrix_view<float>& of_columns,
                  const Weights& weights, float* memory) noexcept
        : rows_(rows), columns_(columns), of_rows_(of_rows), of_columns_(of_columns), weigh_(weights) {
        const idx_t width = rows_of_panels(rows.dim());
        row_slices_ = memory;
        column_slices_ = row_slices_ + row_chunks.size * width;
        weights_ = column_slices_ + strip_width(column_chunks) * width;
        transposed_ = weights_ + size_of_weights(row_chunks.size);
    }

    void cell_begins(idx_t first, idx_t count) noexcept {
        first_row_ = first, count_ = count;
        if (of_columns_.data() != nullptr) slices_of_rows_ = rows_.pack_slices(first, count, row_slices_);
    }
    void strip_begins(idx_t first, idx_t count) noexcept {
        first_column_ = first, width_ = count;
        if (of_rows_.data() != nullptr) slices_of_columns_ = columns_.pack_slices(first, count, column_slices_);
    }
    void tile(const score_tile<>& tile) noexcept {
        weigh_.weigh(tile, weights_ + kernel::weight_offset<float>(tile.first_row - first_row_) +
                               (tile.first_column - first_column_));
    }
    void strip_done() noexcept {
        weigh_.strip_done(first_column_, width_);
        if (of_rows_.data() != nullptr) add_products(weights_, count_, slices_of_columns_, of_rows_, first_row_);
        if (of_columns_.data() == nullptr) return;
        kernel::transpose_weights(weights_, count_, int(width_), transposed_);
        add_products(transposed_, width_, slices_of_rows_, of_columns_, first_column_);
    }

private:
    static idx_t strip_width(const chunks& columns) noexcept { return minimum(columns.size, strip_of_cell); }
    static idx_t size_of_weights(idx_t rows) { return size_of_blocks<float>(rows, kernel::chain_length); }
    static idx_t size_of_transposed(idx_t rows) { return size_of_blocks<float>(strip_of_cell, rows); }

    const measured_rows<T>& rows_;
    const measured_rows<G>& columns_;
    matrix_view<float> of_rows_, of_columns_;
    const Weights& weigh_;
    float *row_slices_, *column_slices_, *weights_, *transposed_;
    panels<float> slices_of_rows_, slices_of_columns_;
    idx_t first_row_ = 0, count_ = 0, first_column_ = 0, width_ = 0;
};

/// Sets a gradient to zero, for weighted_sums to add to. An empty view is left out.
inline void clear_gradients(const execution& how, const matrix_view<float>& out) {
    if (out.data() == nullptr) return;
    for_each_rows(how, out.rows(), out.dim(), [&](idx_t first, idx_t end) {
        for (idx_t i = first; i < end; ++i)
            std::memset(static_cast<void*>(out.row(i)), 0, std::size_t(out.dim()) * sizeof(float));
    });
}

/// Turns gradients by unit rows, in `out`, into those by the rows that the caller gave: through the normalization,
/// times `factor`. A task is a chunk; memory_of(worker) has room for a row.
template <class T, class MemoryOf>
void finish_gradients(const execution& how, const measured_rows<T>& rows, const chunks& parts, double factor,
                      const matrix_view<float>& out, MemoryOf&& memory_of) {
    if (out.data() == nullptr) return;
    for_each_task(how, parts.count(), [&](idx_t worker, idx_t chunk) {
        float* const unit = memory_of(worker);
        for (idx_t i = parts.first(chunk), end = i + parts.rows_of(chunk); i < end; ++i) {
            rows.unit_row(i, unit);
            kernel::normalize_backward(unit, rows.dim(), factor * rows.inverse_length(i), out.row(i));
        }
    });
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
