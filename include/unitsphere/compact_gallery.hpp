/// Rows in half the memory of a `gallery`, searched as often, from half the bytes.
#pragma once

#include "detail/arguments.hpp"
#include "detail/packed_gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

struct compact_gallery_options {
    row_policy rows = {};
};

/// Unit rows that are rounded when they are packed: what a search service keeps where a `gallery` is too large.
///
///   stored[j] = unit(rows[j]), each element rounded to the nearest float16 or bfloat16, ties to even
///   score     = cosine(query, stored[j])
///
///   compact_gallery<float16> catalogue(rows);        2 dim + 4 bytes a row
///   top_k(queries, catalogue, 10);                   and all other questions that take a `gallery`
///
/// A score has the bits that cosine_similarity gives for the stored row as a raw row of 16 bits, so it is as fixed as
/// any other. It differs from that of the row itself by the angle of rounding: at most 2^-11 + 2^-25 sqrt(dim) for
/// float16, whose elements below 2^-14 are multiples of 2^-24, and 2^-8 for bfloat16; at dim 512 by 1e-5 and 7e-5
/// (rms), since the errors of the elements average out. recall@10 on CLIP ViT-B/32 rows, within a modality and across:
/// float16 .999 to 1, bfloat16 .983 to .9993; both 1 with top_k_rescored and a factor of 2. Const members and searches
/// may run on many threads.
///
/// Source   IEEE 754-2008, section 3.6: binary16. Intel 2018, "BFLOAT16 - Hardware Numerics Definition".
template <class Storage>
class compact_gallery {
    static_assert(std::is_same_v<Storage, float16> || std::is_same_v<Storage, bfloat16>,
                  "unitsphere: a compact_gallery stores float16 or bfloat16; gallery stores float");

public:
    using value_type = Storage;

    /// Without rows; the first append decides the dim.
    compact_gallery() noexcept = default;

    /// Shapes   rows [n, dim], raw or unit, of any type that functions take.
    /// Units    none: raw rows are normalized, unit rows used as they are; then they are rounded. What would become
    ///          infinite is stored as the largest finite number.
    /// Errors   value_error for zero or non-finite rows where the options say so; by default a zero row scores 0, and
    ///          one with NaN or Inf scores NaN, in its row alone, and is never found.
    /// Threads  `how` splits the rows.   Memory  2 dim + 4 bytes for each row.   Source  as the class.
    template <class Rows, detail::if_rows<Rows> = 0>
    explicit compact_gallery(const Rows& rows, const execution& how = {}, const compact_gallery_options& options = {}) {
        append(rows, how, options);
    }
    template <class Rows, class... More, class Advice = detail::pass_rows, detail::unless_rows<Rows> = 0>
    explicit compact_gallery(const Rows&, More&&...) = delete;

    idx_t rows() const noexcept { return rows_.rows(); }
    idx_t dim() const noexcept { return rows_.dim(); }
    /// The memory that it holds.
    idx_t bytes() const noexcept { return rows_.bytes(); }
    /// The rows without a direction among those that were appended, by their numbers here.
    const row_report& report() const noexcept { return rows_.seen(); }

    /// Appends rows.
    ///
    /// Shapes   rows [n, dim] of the dim of those before.
    /// Units    as the constructor.
    /// Errors   shape_error for another dim; else as the constructor. If it fails the gallery is as before.
    /// Threads  `how` splits the rows; nobody may search meanwhile.
    /// Memory   half as much again when it is full: the copies of many appends cost O(n).   Source  as the class.
    template <class Rows, detail::if_rows<Rows> = 0>
    void append(const Rows& rows, const execution& how = {}, const compact_gallery_options& options = {}) {
        rows_.append(engine::view_of(rows), how, options.rows, "compact_gallery", "row ");
    }
    template <class Rows, class... More, class Advice = detail::pass_rows, detail::unless_rows<Rows> = 0>
    void append(const Rows&, More&&...) = delete;

    /// The rows as they are used: `count` unit rows from `first` on, or all.
    ///
    /// Shapes   -> [count, dim].   Units  unit rows, the bits of normalize() of what is stored.
    /// Errors   shape_error if there are not so many.
    /// Threads  the caller's.   Memory  the result.   Source  as the class.
    unit_embeddings<float> unit_rows(idx_t first, idx_t count) const {
        return rows_.unit_rows("compact_gallery", first, count);
    }
    unit_embeddings<float> unit_rows() const { return unit_rows(0, rows()); }

    /// For the engine: the rows as the multiply kernel reads them.
    engine::packed_view<Storage> packed() const noexcept { return rows_.packed(); }

private:
    detail::growing_panels<Storage> rows_ = {};
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
