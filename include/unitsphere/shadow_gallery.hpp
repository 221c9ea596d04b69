/// Rows that are searched at the speed of 8-bit integers, with the answers of float, bit for bit.
#pragma once

#include "data/options.hpp"
#include "detail/shadow_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {
struct gallery_access;  // for io/shadow_gallery.hpp
}

/// Unit rows of float with a shadow: the same rows in 8 bits, and how much each of them may be off by that.
///
///   shadow_gallery catalogue(rows);                  normalizes, and makes the shadow
///   top_k(queries, catalogue, 10);                   the answer of top_k(queries, rows, 10), bit for bit
///
/// top_k, range_search, for_each_in_range and near_duplicates read the shadow, a quarter of the bytes, by the integer
/// products of AMX, AVX-512 VNNI, AVX-VNNI, NEON, AVX2 or SSE2; of AVX-512 without VNNI for up to 8 queries. What a
/// score of bytes is off by is bounded (docs/numerics.md); each row whose bound reaches the k best, or the threshold,
/// is scored in float as always. Of CLIP's rows those are some thousandths; where all rows are alike it is all of them,
/// which is right but slower than `gallery`. Without such instructions, or from dim 65537 on, floats are read alone.
///
/// pair_ranks and retrieval read the shadow of the texts: floats only where a score is near a label's. That is worth it
/// where labels rank high (the time of float times .24 at a mean rank of 1, 1.2 from 20 on). Other questions read the
/// floats.
///
/// Source   Weber, Schek and Blott 1998: the VA-file. Ailon and Chazelle 2009: the rotation.
class shadow_gallery {
public:
    /// Without rows; the first append decides the dim.
    shadow_gallery() noexcept = default;

    /// Shapes   rows [n, dim], raw or unit, of any type that functions take.
    /// Units    none: raw rows are normalized, unit rows used as they are.
    /// Errors   value_error for zero or non-finite rows where the options say so; by default a zero row scores 0, and
    ///          one with NaN or Inf scores NaN, in its row alone, and is never found. options.mean: shape_error for
    ///          another dim; value_error where it is not finite, longer than 1, or given to a gallery that has rows.
    /// Threads  `how` splits the rows.
    /// Memory   5 bytes for each element, and 20 for each row; the dim of the bytes is rounded up to 64.
    /// Source   as the class.
    template <class Rows, detail::if_rows<Rows> = 0>
    explicit shadow_gallery(const Rows& rows, const execution& how = {}, const shadow_gallery_options& options = {}) {
        append(rows, how, options);
    }
    template <class Rows, class... More, class Advice = detail::pass_rows, detail::unless_rows<Rows> = 0>
    explicit shadow_gallery(const Rows&, More&&...) = delete;

    /// The shadow of unit rows that stay where they are, in a mapped file for example, and outlive the gallery.
    ///
    /// Shapes, Units, Source   as the constructor.   Errors  those of options.mean.
    /// Threads  `how` splits the rows, but for a look at their lengths.   Memory  1 byte for each element, 20 for a
    ///          row.
    static shadow_gallery over(const unit_view<float>& rows, const execution& how = {},
                               const shadow_gallery_over_options& options = {}) {
        shadow_gallery result;
        result.rows_ = detail::shadow_rows(rows, options.mean, how);
        return result;
    }

    idx_t rows() const noexcept { return rows_.rows(); }
    idx_t dim() const noexcept { return rows_.dim(); }
    /// The memory that it holds.
    idx_t bytes() const noexcept { return rows_.bytes(); }
    /// The rows without a direction, by their numbers here.
    const row_report& report() const noexcept { return rows_.seen(); }

    /// Appends rows.
    ///
    /// Shapes   rows [n, dim] of the dim of those before.
    /// Units    as the constructor.
    /// Errors   shape_error for another dim; value_error for a gallery over the caller's rows; else as the constructor.
    ///          If it fails the gallery is as before.
    /// Threads  `how` splits the rows; nobody may search meanwhile.
    /// Memory   half as much again when it is full. The mean that the bytes are seen from is that of the first
    ///          append, given or of up to 4096 rows: append many at first, or searches read more floats.
    /// Source   as the class.
    template <class Rows, detail::if_rows<Rows> = 0>
    void append(const Rows& rows, const execution& how = {}, const shadow_gallery_options& options = {}) {
        rows_.append(engine::view_of(rows), how, options.rows, "shadow_gallery", "row ", options.mean);
    }
    template <class Rows, class... More, class Advice = detail::pass_rows, detail::unless_rows<Rows> = 0>
    void append(const Rows&, More&&...) = delete;

    /// The rows as they are used, without a copy: valid until the next append.
    unit_view<float> unit_rows() const noexcept UNITSPHERE_LIFETIMEBOUND { return rows_.unit_rows(); }

    /// For the engine: the rows and their bytes.
    engine::shadow_view packed() const noexcept { return rows_.packed(); }

private:
    friend struct detail::gallery_access;
    detail::shadow_rows rows_ = {};
};

namespace detail {
template <>
struct storage_of<shadow_gallery> {
    using type = shadow_rows;
};
}  // namespace detail

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
