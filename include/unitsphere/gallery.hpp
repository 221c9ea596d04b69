/// Rows that are packed and normalized once, and searched often.
#pragma once

#include "engine/gallery_side.hpp"

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
/// Source   Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication": packing once for many uses.
class gallery {
public:
    /// Without rows; the first append decides the dim.
    gallery() noexcept = default;

    /// Shapes   rows [n, dim], raw or unit, of any type that functions take.
    /// Units    none: raw rows are normalized, unit rows used as they are.
    /// Errors   value_error for zero or non-finite rows where the options say so; by default a zero row scores 0, and
    ///          one with NaN or Inf scores NaN, in its row alone, and is never found.
    /// Threads  `how` splits the rows.   Memory  a packed copy of the rows as float.   Source  as the class.
    template <class Rows>
    gallery(const Rows& rows, const execution& how, const normalize_options& options = {}) {
        append(rows, how, options);
    }
    template <class Rows, class = std::enable_if_t<engine::is_rows<Rows>>>
    explicit gallery(const Rows& rows, const normalize_options& options = {}) : gallery(rows, sequential{}, options) {}

    gallery(const gallery&) = default;
    gallery(gallery&& other) noexcept { swap(other); }
    gallery& operator=(const gallery& other) {
        gallery copy(other);
        swap(copy);
        return *this;
    }
    gallery& operator=(gallery&& other) noexcept {
        gallery taken(static_cast<gallery&&>(other));
        swap(taken);
        return *this;
    }
    ~gallery() = default;

    index rows() const noexcept { return rows_; }
    index dim() const noexcept { return panels_.dim(); }
    /// The memory that it holds.
    index bytes() const noexcept { return panels_.rows() * panels_.dim() * index(sizeof(float)); }
    /// The rows without a direction among those that were put in, by their numbers here.
    const row_report& report() const noexcept { return seen_; }

    /// More rows behind the last.
    ///
    /// Shapes   rows [n, dim] of the dim of those before.
    /// Units    as the constructor.
    /// Errors   shape_error for another dim; else as the constructor. If it fails the gallery is as before.
    /// Threads  `how` splits the rows; nobody may search meanwhile.
    /// Memory   half as much again when it is full, so that many appends cost one copy each way.   Source  as the class.
    template <class Rows>
    void append(const Rows& rows, const execution& how, const normalize_options& options = {}) {
        put_in(engine::view_of(rows), how, options, "gallery", "row ");
    }
    template <class Rows>
    void append(const Rows& rows, const normalize_options& options = {}) {
        append(rows, sequential{}, options);
    }

    /// The rows as they are used: `count` unit rows from `first` on, or all.
    ///
    /// Shapes   -> [count, dim].   Units  unit rows, the bits of normalize().
    /// Errors   shape_error if there are not so many.
    /// Threads  the caller's.   Memory  the result.   Source  as the class.
    unit_embeddings<float> unit_rows(index first, index count) const {
        if (first < 0 || count < 0 || count > rows_ - first)
            detail::fail<shape_error>("gallery::unit_rows: ", count, " rows from ", first, " on, of ", rows_);
        auto out = matrix<float>::uninitialized(count, dim());
        const engine::panels<float> all = panels();
        for (index i = 0; i < count; ++i) {
            const index column = (first + i) % panel_rows, panel = first + i - column;
            kernel::unpack_column(all.panel(panel), dim(), all.width_from(panel), int(column), out.row(i));
        }
        return unit_access::embeddings(static_cast<matrix<float>&&>(out));
    }
    unit_embeddings<float> unit_rows() const { return unit_rows(0, rows_); }

    /// For the engine: the rows as the multiply kernel reads them.
    engine::packed_view<float> packed() const noexcept { return {panels(), seen_}; }

private:
    friend class zero_shot_classifier;
    friend struct detail::gallery_access;
    static constexpr index panel_rows = engine::panels<float>::columns;

    /// The same with the words for errors.
    template <class View>
    gallery(const View& rows, const normalize_options& options, const char* function, const char* row) {
        put_in(rows, sequential{}, options, function, row);
    }

    engine::panels<float> panels() const noexcept { return {panels_.data(), rows_, dim()}; }

    template <class View>
    void put_in(const View& view, const execution& how, const normalize_options& options, const char* function,
                const char* row) {
        if (rows_ > 0 && view.dim() != dim())
            detail::fail<shape_error>(function, ": rows have dim ", view.dim(), ", the gallery has dim ", dim());
        row_report counted_here;
        normalize_options counted = options;  // a report makes unit rows count, too
        if (counted.report == nullptr) counted.report = &counted_here;
        engine::row_source source(view, counted, function, row);
        matrix<float> larger = larger_panels(function, view.rows(), view.dim());
        const bool grows = larger.rows() > 0;
        // The last panel comes last, and larger panels are kept last: an executor may throw, and what is there must
        // stay as it is.
        const index filled = free_places(view.rows());
        engine::pack_all_panels(how, source, filled, (grows ? larger : panels_).data() + (rows_ + filled) * view.dim());
        if (grows || rows_ == 0) panels_ = static_cast<matrix<float>&&>(larger);
        fill_last_panel(source, filled);
        row_report seen = source.seen();
        seen.first_zero += rows_;
        seen.first_non_finite += rows_;
        seen_.add(seen);
        rows_ += view.rows();
        source.report();
    }

    /// Panels with room for `more` rows behind a copy of those that are there; none where there is room.
    matrix<float> larger_panels(const char* function, index more, index dim) const {
        if (more > PTRDIFF_MAX - 2 * panel_rows - rows_)
            detail::fail<std::length_error>(function, ": ", more, " rows behind ", rows_, " exceed the address space");
        const index needed = engine::rows_of_panels(engine::round_up(rows_, panel_rows) + more);
        if (rows_ > 0 && needed <= panels_.rows()) return {};
        const index roomy = rows_ > 0 ? engine::rows_of_panels(rows_ + rows_ / 2) : 0;
        auto larger = matrix<float>::uninitialized(needed > roomy ? needed : roomy, dim);
        if (rows_ > 0 && dim > 0)
            std::memcpy(larger.data(), panels_.data(),
                        std::size_t(engine::rows_of_panels(rows_) * dim) * sizeof(float));
        return larger;
    }

    /// How many of `count` rows fit into the places of the last panel that are still free.
    index free_places(index count) const noexcept {
        const index used = rows_ % panel_rows, free = used > 0 ? panel_rows - used : 0;
        return count < free ? count : free;
    }

    /// Puts the first `count` rows of a source there.
    template <class T>
    void fill_last_panel(engine::row_source<T>& source, index count) noexcept {
        if (count == 0) return;
        const index used = rows_ % panel_rows, first = rows_ - used;
        float* const panel = panels_.data() + first * dim();
        const engine::panels<float> now{panels_.data(), rows_ + count, dim()};
        const int width = now.width_from(first);
        if (width > panels().width_from(first)) kernel::widen_panel(panel, dim(), width);
        row_report seen;
        for (index i = 0; i < count; ++i)
            kernel::pack_column(source.row(i), dim(), source.factors(i, seen), width, int(used + i), panel);
        source.count(seen);
    }

    void swap(gallery& other) noexcept {
        const index rows = rows_;
        const row_report seen = seen_;
        rows_ = other.rows_, seen_ = other.seen_;
        other.rows_ = rows, other.seen_ = seen;
        matrix<float> panels(static_cast<matrix<float>&&>(panels_));
        panels_ = static_cast<matrix<float>&&>(other.panels_);
        other.panels_ = static_cast<matrix<float>&&>(panels);
    }

    index rows_ = 0;
    row_report seen_;
    matrix<float> panels_;
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
