/// The queries of a loop over bytes: some of them as unit rows and as bytes, and their products with panels.
#pragma once

#include "../kernel/compact_bytes.hpp"
#include "byte_panels.hpp"
#include "multiply_group.hpp"
#include "row_packer.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// The bytes of a unit row of queries, 8 or 16 bits an element, in scratch.bytes, and its numbers.
/// Bounded: also those that bounds of scores need.
template <int Bits, bool Bounded>
inline kernel::byte_query take_byte_query(const float* row, idx_t dim, const kernel::byte_space& space,
                                          const byte_scratch& scratch) noexcept {
    kernel::byte_query query = {1.0f, 1.0f, 0.0f, 0.0f, 0.0f, 1.0, kernel::kind_of(row, dim)};
    if constexpr (Bounded) query.length = kernel::length_of(row, dim).norm();
    std::memset(scratch.bytes, 0, std::size_t(kernel::padded_row_bytes<Bits>(dim)));
    if (query.kind == kernel::row_kind::non_finite) return query;
    float from_mean;
    if constexpr (Bits == 16) {
        kernel::rotate_from_mean(row, dim, space, scratch.rotated);
        kernel::compact_row<16>(scratch.rotated, dim, scratch.bytes);
        from_mean = float(kernel::product_in_double(row, space.mean, dim));
    } else {
        const kernel::int8_numbers numbers =
            kernel::quantize_unit_row<Bounded>(row, dim, space, scratch.rotated, scratch.bytes);
        from_mean = numbers.from_mean;
        query.scale = numbers.scale, query.inverse_scale = 1.0f / numbers.scale;
        query.norm = numbers.norm, query.error = numbers.error;
    }
    query.offset = float(double(from_mean) - space.mean_square);
    return query;
}
/// The same as row r of a block, and of 8 bits the sum of its bytes.
template <int Bits, bool Bounded>
inline kernel::byte_query pack_byte_row(const float* row, idx_t dim, const kernel::byte_space& space,
                                        const byte_scratch& scratch, int r, std::int8_t* block,
                                        std::int32_t& sum) noexcept {
    const idx_t padded = kernel::padded_row_bytes<Bits>(dim);
    const kernel::byte_query query = take_byte_query<Bits, Bounded>(row, dim, space, scratch);
    sum = 0;
    for (idx_t k = 0; k < padded && Bits == 8; ++k) sum += scratch.bytes[k];
    for (idx_t k = 0; k < padded; k += kernel::byte_step)
        std::memcpy(block + kernel::byte_of_block(r, k), scratch.bytes + k, kernel::byte_step);
    return query;
}

/// Up to pass_rows() queries at a time, in memory of the call: of 8 bits an element, or of 16 for rows of 16.
template <int QueryBits, bool Bounded>
class byte_pass {
public:
    /// Queries and panels of one product; their sums stay in L1.
    static constexpr idx_t rows_at_once = 2 * kernel::byte_rows, panels_at_once = 6;
    static constexpr idx_t columns_at_once = panels_at_once * kernel::byte_columns;

    byte_pass(row_packer<float>& queries, const kernel::byte_space& space, idx_t most_rows)
        : queries_(queries),
          space_(space),
          pass_rows_(minimum(round_up(queries.rows(), rows_at_once), most_rows / rows_at_once * rows_at_once)) {}

    void lay_out(arena& memory, idx_t workers) {
        const idx_t padded = padded_row_bytes();
        memory.add(units_, pass_rows_, queries_.dim());
        memory.add(blocks_, pass_rows_, padded);
        memory.add(row_sums_, pass_rows_);
        memory.add(numbers_, pass_rows_);
        memory.add(rotated_, workers, queries_.dim());
        memory.add(bytes_, workers, padded);
        memory.add(sums_, workers, rows_at_once * columns_at_once);
    }
    idx_t pass_rows() const noexcept { return pass_rows_; }
    idx_t tasks() const noexcept { return ceil_div(rows_, rows_at_once); }
    /// The rows of task t: 32, or what is left.
    idx_t rows_of_task(idx_t t) const noexcept { return minimum(rows_at_once, rows_ - t * rows_at_once); }
    idx_t first() const noexcept { return first_; }
    idx_t rows() const noexcept { return rows_; }
    const float* unit(idx_t i) const noexcept { return units_ + i * queries_.dim(); }
    const kernel::byte_query& query(idx_t i) const noexcept { return numbers_[i]; }

    /// The pass from query `first` on.
    void begin(idx_t first) noexcept { first_ = first, rows_ = minimum(pass_rows_, queries_.rows() - first); }
    /// Normalizes and quantizes the rows of a task, and counts those without a direction.
    void take(idx_t worker, idx_t task) {
        const idx_t dim = queries_.dim(), padded = padded_row_bytes();
        for (idx_t i = task * rows_at_once; i < task * rows_at_once + rows_of_task(task); ++i) {
            float* const unit = units_ + i * dim;
            queries_.unit_row(first_ + i, unit);
            numbers_[i] = pack_byte_row<QueryBits, Bounded>(
                unit, dim, space_, {rotated_.of(worker), bytes_.of(worker)}, int(i % kernel::byte_rows),
                blocks_ + i / kernel::byte_rows * (padded * kernel::byte_rows), row_sums_[i]);
        }
    }
    /// The products of a task's rows with up to 6 panels: columns_at_once of them from one row to the next.
    template <int Bits>
    const std::int32_t* multiply(idx_t worker, idx_t task, const std::int8_t* panel, idx_t panels,
                                 bool tiles) noexcept {
        static_assert((Bits == 16) == (QueryBits == 16), "both sides have bfloat16, or bytes");
        const idx_t row = task * rows_at_once, padded = padded_row_bytes();
        std::int32_t* const sums = sums_.of(worker);
        kernel::multiply_bytes<Bits>({blocks_ + row * padded, row_sums_ + row, panel, int(rows_of_task(task)),
                                      int(panels), padded, sums, columns_at_once},
                                     tiles);
        return sums;
    }
    /// The same with compact panels, for few rows, where that is faster than widening them.
    template <int Bits>
    const std::int32_t* multiply_compact(idx_t worker, const std::uint8_t* panel, idx_t panels) noexcept {
        const idx_t padded = padded_row_bytes();
        std::int32_t* const sums = sums_.of(worker);
        for (idx_t p = 0; p < panels; ++p, panel += kernel::compact_panel_bytes<Bits>(padded))
            for (int r = 0; r < int(rows_); ++r)
                kernel::multiply_compact_row<Bits>(panel, padded, blocks_ + kernel::byte_of_block(r, 0), row_sums_[r],
                                                   sums + r * columns_at_once + p * kernel::byte_columns);
        return sums;
    }
    bool is_few() const noexcept { return rows_ <= kernel::most_vector_rows; }
    /// Whether AMX is worth its configuration.
    bool wants_tiles() const noexcept { return kernel::takes_tiles<QueryBits>(rows_); }

private:
    idx_t padded_row_bytes() const noexcept { return kernel::padded_row_bytes<QueryBits>(queries_.dim()); }

    row_packer<float>& queries_;
    kernel::byte_space space_;
    idx_t pass_rows_, first_ = 0, rows_ = 0;
    float* units_ = nullptr;
    std::int8_t* blocks_ = nullptr;
    std::int32_t* row_sums_ = nullptr;
    kernel::byte_query* numbers_ = nullptr;
    worker_arrays<float> rotated_ = {};
    worker_arrays<std::int8_t> bytes_ = {};
    worker_arrays<std::int32_t> sums_ = {};
};

/// Panels of a strip: what L2 holds, and enough strips for all workers.
inline idx_t panels_of_strip(idx_t panel_bytes, idx_t panels, idx_t workers, idx_t step) noexcept {
    const idx_t fitting = caches().strip_bytes / maximum(panel_bytes, 1), share = ceil_div(panels, 4 * workers);
    return ceil_div(clamped(minimum(fitting, share), 1, 32 * step), step) * step;
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
