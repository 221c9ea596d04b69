/// What searches take as their gallery: a side of any question, or rows with ids, of which searches alone know.
#pragma once

#include "arguments.hpp"
#include "id_table.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Whether a gallery has ids: true of keyed<Gallery>, and of one that is mapped.
template <class Gallery>
inline constexpr bool is_keyed = false;

/// For searches and files: what a keyed gallery holds.
struct keyed_access {
    template <class Gallery>
    static auto& rows(Gallery& gallery) noexcept {
        return gallery.rows_;
    }
};
/// The rows of a keyed gallery, the holes included, or what is given.
template <class Rows>
const auto& without_ids(const Rows& rows) noexcept {
    if constexpr (is_keyed<Rows>)
        return keyed_access::rows(rows);
    else
        return rows;
}

template <class Rows>
using rows_without_ids = std::remove_cv_t<std::remove_reference_t<decltype(without_ids(std::declval<const Rows&>()))>>;

template <class Queries, class Gallery>
inline constexpr bool are_searched = engine::is_queries<Queries> && (engine::is_side<Gallery> || is_keyed<Gallery>);
template <class Queries, class Gallery>
using if_searched = std::enable_if_t<are_searched<Queries, Gallery>, int>;
template <class Queries, class Gallery>
using unless_searched = std::enable_if_t<!are_searched<Queries, Gallery>, int>;

template <class Rows>
inline constexpr bool are_grouped = engine::is_queries<rows_without_ids<Rows>>;
/// Rows, or a gallery of floats, with ids or without.
template <class Rows>
using if_grouped = std::enable_if_t<are_grouped<Rows>, int>;
template <class Rows>
using unless_grouped = std::enable_if_t<!are_grouped<Rows>, int>;

template <class Gallery>
auto searched_side_of(const Gallery& gallery) {
    return engine::side_of(without_ids(gallery));
}
/// Null where rows go by their numbers.
template <class Gallery>
const id_table* ids_of(const Gallery& gallery) noexcept {
    if constexpr (is_keyed<Gallery>) {
        return &keyed_access::rows(gallery).ids();
    } else {
        (void)gallery;
        return nullptr;
    }
}
/// The rows of a side, without the holes.
template <class View>
idx_t rows_there(const View& view, const id_table* ids) noexcept {
    return ids == nullptr ? view.rows() : ids->rows();
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
