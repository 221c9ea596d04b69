/// Rows that are packed and normalized once, and searched often.
#pragma once

#include "data/options.hpp"
#include "detail/arguments.hpp"
#include "detail/packed_gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {
struct gallery_access;  // for io/gallery.hpp
}

/// Unit rows in the order in which the multiply kernel reads them: what a search service keeps in memory.
///
///   gallery catalogue(rows);                         normalizes and packs
///   top_k(queries, catalogue, 10);                   reads every row once, at the speed of memory
///   cosine_similarity(queries, catalogue)            and all other questions that take a gallery
///
/// Scores have the bits that the same rows give in a plain matrix. Const members and searches may run on many threads.
///
/// Source   Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication": pack once, use often.
class gallery {
public:
    /// Without rows; the first append decides the dim.
    gallery() noexcept = default;

    /// Shapes   rows [n, dim], raw or unit, of any type that functions take.
    /// Units    none: raw rows are normalized, unit rows used as they are.
    /// Errors   value_error for zero or non-finite rows where the options say so; by default a zero row scores 0, and
    ///          one with NaN or Inf scores NaN, in its row alone, and is never found.
    /// Threads  `how` splits the rows.   Memory  a packed copy of the rows as float.   Source  as the class.
    template <class Rows, detail::if_rows<Rows> = 0>
    explicit gallery(const Rows& rows, const execution& how = {}, const gallery_options& options = {}) {
        append(rows, how, options);
    }
    template <class Rows, class... More, class Advice = detail::pass_rows, detail::unless_rows<Rows> = 0>
    explicit gallery(const Rows&, More&&...) = delete;

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
    void append(const Rows& rows, const execution& how = {}, const gallery_options& options = {}) {
        rows_.append(engine::view_of(rows), how, options.rows, "gallery", "row ");
    }
    template <class Rows, class... More, class Advice = detail::pass_rows, detail::unless_rows<Rows> = 0>
    void append(const Rows&, More&&...) = delete;

    /// The rows as they are used: `count` unit rows from `first` on, or all.
    ///
    /// Shapes   -> [count, dim].   Units  unit rows, the bits of normalize().
    /// Errors   shape_error if there are not so many.
    /// Threads  the caller's.   Memory  the result.   Source  as the class.
    unit_embeddings<float> unit_rows(idx_t first, idx_t count) const {
        return rows_.unit_rows("gallery", first, count);
    }
    unit_embeddings<float> unit_rows() const { return unit_rows(0, rows()); }

    /// For the engine: the rows as the multiply kernel reads them.
    engine::packed_view<float> packed() const noexcept { return rows_.packed(); }

private:
    friend struct detail::gallery_access;
    detail::packed_gallery rows_ = {};
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
