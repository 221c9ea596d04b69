/// The gallery's side of a question: raw or unit rows that a call packs, or rows that a `gallery` holds packed.
#pragma once

#include "../kernel/pairs.hpp"
#include "packed_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Rows of the caller, which the loops pack.
template <class T>
class raw_side {
public:
    static constexpr bool is_packed = false, is_compact = false, has_loop = false, has_panels = true;

    template <class View>
    raw_side(const View& rows, const row_policy& options, const char* function, const char* side)
        : source_(rows, options, function, side) {}

    idx_t rows() const noexcept { return source_.rows(); }
    idx_t room_elements() const noexcept { return 0; }
    void report() const noexcept { source_.report(); }
    void count_rows() noexcept { source_.count_rows(); }
    void scale_unit_rows() noexcept { source_.scale_unit_rows(); }

    /// The rows themselves, which loops pack.
    row_source<T>& source() noexcept { return source_; }
    /// The scores of single rows with a row of queries; room_elements() are none.
    template <class Row>
    auto scores_with(const Row& query, float*) const noexcept {
        return [this, query](idx_t i) {
            row_report unused;
            return kernel::score_pair<float>(query, kernel::scaled_row<T>{source_.row(i), source_.factors(i, unused)},
                                             source_.dim());
        };
    }
    /// Prefetches row i for scores_with().
    void expect_row(idx_t i) const noexcept { prefetch_row(source_, i); }

private:
    row_source<T> source_;
};

/// The view of a `gallery`: its packed rows, in S.
template <class S>
struct packed_view {
    using value_type = S;

    panels<S> packed;
    row_report seen;   ///< counted when the rows were packed
    double deviation;  ///< of the norms of rows that were unit before

    idx_t rows() const noexcept { return packed.rows; }
    idx_t dim() const noexcept { return packed.dim; }
};

/// What is known of rows that a gallery took: nothing is left to check.
class rows_of_gallery {
public:
    rows_of_gallery(const row_report& seen, const row_policy& options, const char* function)
        : seen_(seen), report_(options.report) {
        if (options.zero_rows != on_row::keep || options.non_finite != on_row::nan)
            unitsphere::detail::fail<value_error>(
                function, ": the rows of a gallery were checked when they were put in; give it their options");
    }

    void report() const noexcept {
        if (report_ != nullptr) *report_ = seen_;
    }
    void count_rows() const noexcept {}  // they were counted when the gallery took them
    void scale_unit_rows() const noexcept {}

private:
    row_report seen_;
    row_report* report_;
};

/// Rows that a gallery holds packed: strips of them are read in place.
template <class S>
class packed_side : public rows_of_gallery {
public:
    static constexpr bool is_packed = true, is_compact = sizeof(S) < sizeof(float), has_loop = false, has_panels = true;

    packed_side(const packed_view<S>& view, const row_policy& options, const char* function, const char*)
        : rows_of_gallery(view.seen, options, function), view_(view) {}

    idx_t rows() const noexcept { return view_.rows(); }
    idx_t room_elements() const noexcept { return view_.dim(); }
    panels<S> strip(idx_t first, idx_t count, const void*, bool) const noexcept {
        return view_.packed.part(first, count);
    }
    /// A strip of a compact gallery, widened in the worker's memory.
    template <class C>
    panels<C> unpacked_strip(idx_t first, idx_t count, C* memory) const noexcept {
        const panels<S> strip = view_.packed.part(first, count);
        const panels<C> unpacked{memory, count, strip.dim};
        for (idx_t done = 0; done < count; done += panels<S>::columns) {
            C* const to = memory + done * strip.dim;
            if (strip.width_from(done) == panels<S>::columns)
                kernel::unpack_columns<kernel::block<C>::lanes_wide>(strip.panel(done), strip.dim, to);
            else
                kernel::unpack_columns<1>(strip.panel(done), strip.dim, to);
        }
        return unpacked;
    }
    /// The scores of single rows with a row of queries, in room_elements() of memory.
    template <class Row>
    auto scores_with(const Row& query, float* room) const noexcept {
        return [this, query, room](idx_t i) {
            const idx_t column = i % panels<S>::columns, first = i - column, dim = view_.dim();
            kernel::unpack_column(view_.packed.panel(first), dim, view_.packed.width_from(first), int(column), room);
            return kernel::score_pair<float>(query, kernel::scaled_row<float>{room, {1, 1}}, dim);
        };
    }
    void expect_row(idx_t) const noexcept {}
    prefetch_range memory_of(idx_t first, idx_t count) const noexcept {
        const idx_t left = rows() - first;
        return left <= 0 ? prefetch_range{view_.packed.data, 0}
                         : view_.packed.part(first, minimum(count, left)).memory();
    }
    panels<S> pack_all(const execution&, const void*) const noexcept { return view_.packed; }

private:
    packed_view<S> view_;
};

template <class T>
raw_side<T> side_type_of(const matrix_view<const T>&);
template <class T>
raw_side<T> side_type_of(const unit_view<T>&);
template <class C>
packed_side<C> side_type_of(const packed_view<C>&);

/// The side for a view.
template <class View>
using gallery_side = decltype(side_type_of(std::declval<const View&>()));

template <class View>
inline constexpr bool is_packed_view = false;
template <class C>
inline constexpr bool is_packed_view<packed_view<C>> = true;

/// Whether a view has the elements of its rows, for cosines in double.
template <class View>
inline constexpr bool has_elements = true;

template <class Rows, class = void>
inline constexpr bool is_gallery = false;
template <class Rows>
inline constexpr bool is_gallery<Rows, std::void_t<decltype(std::declval<const Rows&>().packed())>> =
    is_packed_view<decltype(std::declval<const Rows&>().packed())>;

/// Whether Rows can be the gallery's side of a question.
template <class Rows>
inline constexpr bool is_side = is_rows<Rows> || is_gallery<Rows>;

/// The packed rows of a `gallery` as queries. Views of other galleries have overloads where they have rows of float.
inline packed_view<float> as_queries(const packed_view<float>& rows) noexcept { return rows; }

/// Whether Rows can be the queries' side of a question.
template <class Rows, class = void>
inline constexpr bool is_queries = is_rows<Rows>;
template <class Rows>
inline constexpr bool is_queries<Rows, std::void_t<decltype(as_queries(std::declval<const Rows&>().packed()))>> = true;
template <class Rows>
auto queries_of(const Rows& rows) {
    if constexpr (is_rows<Rows>)
        return view_of(rows);
    else
        return as_queries(rows.packed());
}

/// view_of(x), or of a gallery its packed rows.
template <class Rows>
auto side_of(const Rows& rows) {
    if constexpr (is_gallery<Rows>)
        return rows.packed();
    else
        return view_of(rows);
}

/// Empty: a gallery owns its memory, so that no output can overlap it.
template <class C>
matrix_view<const C> values_of(const packed_view<C>&) noexcept {
    return {};
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
