/// The gallery's side of a question: rows to be packed on the way, or packed once and for all.
#pragma once

#include "packed_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Memory of one call, in the workspace of `how`: elements that all workers share, elements of each worker, and bytes of
/// the consumers.
template <class C>
class call_memory {
public:
    call_memory(const execution& how, index shared, index workers, index each, index consumers) : space_(how) {
        block_layout layout;
        layout.add<C>(1, shared);
        each_ = round_up(each, 64 / index(sizeof(C)));
        const index of_workers = layout.add<C>(workers, each_), of_consumers = layout.add<char>(1, consumers);
        std::byte* const block = space_.reserve(layout.bytes());
        shared_ = reinterpret_cast<C*>(block);
        workers_ = reinterpret_cast<C*>(block + of_workers);
        consumers_ = block + of_consumers;
    }

    C* shared() const noexcept { return shared_; }
    C* of_worker(index worker) const noexcept { return workers_ + worker * each_; }
    std::byte* of_consumers() const noexcept { return consumers_; }

private:
    borrowed_workspace space_;
    index each_;
    C *shared_, *workers_;
    std::byte* consumers_;
};

/// Rows of the caller's. A strip of them is packed when a worker comes to it.
template <class T>
class raw_side {
public:
    static constexpr bool is_packed = false;

    template <class View>
    raw_side(const View& rows, const normalize_options& options, const char* function, const char* side)
        : source_(rows, options, function, side) {}

    index rows() const noexcept { return source_.rows(); }
    void report() const noexcept { source_.report(); }
    void count_rows() noexcept { source_.count_rows(); }

    /// What a strip of `rows` rows takes in the worker's memory.
    template <class C>
    index elements_of(index rows) const {
        return rows_of_panels(rows) * source_.dim();
    }
    template <class C>
    panels<C> strip(index first, index count, C* memory, bool count_rows) noexcept {
        row_report seen;
        pack_panels(source_, first, count, memory, seen);
        if (count_rows) source_.count(seen);
        return {memory, count, source_.dim()};
    }
    /// Rows first .. first + count - 1 as a block.
    template <class C>
    void pack_block(index first, index count, C* memory) noexcept {
        row_report seen;
        pack_blocks(source_, first, count, memory, seen);
        source_.count(seen);
    }
    /// What is read for that strip or block.
    next_read memory_of(index first, index count) const noexcept { return source_.memory_of(first, count); }
    /// What to ask for while a strip is used: the rows of the next one, since itself it has just been packed.
    template <class C>
    next_read after(const panels<C>&, index next_first, index count) const noexcept {
        return memory_of(next_first, count);
    }
    template <class C>
    panels<C> pack_all(const execution& how, C* memory) {
        pack_all_panels(how, source_, 0, memory);
        return {memory, source_.rows(), source_.dim()};
    }

private:
    row_source<T> source_;
};

/// What a gallery that holds its rows packed hands out as its view.
template <class C>
struct packed_view {
    using value_type = C;

    panels<C> packed;
    row_report seen;  ///< when it was packed

    index rows() const noexcept { return packed.rows; }
    index dim() const noexcept { return packed.dim; }
};

/// Rows that are packed: a strip of them is where it is.
template <class C>
class packed_side {
public:
    static constexpr bool is_packed = true;

    packed_side(const packed_view<C>& view, const normalize_options& options, const char* function, const char*)
        : view_(view), options_(options) {
        if (options.zero_rows != on_row::keep || options.non_finite != on_row::nan)
            unitsphere::detail::fail<value_error>(
                function, ": the rows of a gallery were judged when they were put in; give it their options");
    }

    index rows() const noexcept { return view_.rows(); }
    void report() const noexcept {
        if (options_.report != nullptr) *options_.report = view_.seen;
    }
    void count_rows() const noexcept {}  // they were counted when they were packed
    template <class>
    index elements_of(index) const noexcept {
        return 0;
    }
    template <class>
    panels<C> strip(index first, index count, C*, bool) const noexcept {
        return view_.packed.part(first, count);
    }
    next_read after(const panels<C>& strip, index, index) const noexcept { return strip.ahead(); }
    template <class>
    panels<C> pack_all(const execution&, C*) const noexcept {
        return view_.packed;
    }

private:
    packed_view<C> view_;
    normalize_options options_;
};

template <class T>
raw_side<T> side_type_of(const matrix_view<const T>&);
template <class T>
raw_side<T> side_type_of(const unit_view<T>&);
template <class C>
packed_side<C> side_type_of(const packed_view<C>&);

/// The side that belongs to a view.
template <class View>
using gallery_side = decltype(side_type_of(std::declval<const View&>()));

template <class View>
inline constexpr bool is_packed_view = false;
template <class C>
inline constexpr bool is_packed_view<packed_view<C>> = true;

template <class Rows, class = void>
inline constexpr bool is_gallery = false;
template <class Rows>
inline constexpr bool is_gallery<Rows, std::void_t<decltype(std::declval<const Rows&>().packed())>> =
    is_packed_view<decltype(std::declval<const Rows&>().packed())>;

/// view_of(x), or the packed rows of a gallery.
template <class Rows>
auto side_of(const Rows& rows) {
    if constexpr (is_gallery<Rows>)
        return rows.packed();
    else
        return view_of(rows);
}

/// A gallery's memory is its own: no output can lie in it.
template <class C>
matrix_view<const C> values_of(const packed_view<C>&) noexcept {
    return {};
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
