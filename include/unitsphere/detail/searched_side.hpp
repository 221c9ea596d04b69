/// What searches take as their gallery: a side of any question, or rows with ids, of which searches alone know.
#pragma once

#include "arguments.hpp"
#include "id_table.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Whether a gallery has ids: true of keyed<Gallery>.
template <class Gallery>
inline constexpr bool is_keyed = false;

/// For searches: what a keyed gallery holds.
struct keyed_access {
    template <class Gallery>
    static const id_table& table(const Gallery& gallery) noexcept {
        return gallery.rows_.ids();
    }
    template <class Gallery>
    static auto view(const Gallery& gallery) noexcept {
        return gallery.rows_.packed();
    }
};

template <class Queries, class Gallery>
inline constexpr bool are_searched = engine::is_queries<Queries> && (engine::is_side<Gallery> || is_keyed<Gallery>);
template <class Queries, class Gallery>
using if_searched = std::enable_if_t<are_searched<Queries, Gallery>, int>;
template <class Queries, class Gallery>
using unless_searched = std::enable_if_t<!are_searched<Queries, Gallery>, int>;

template <class Gallery>
auto searched_side_of(const Gallery& gallery) {
    if constexpr (is_keyed<Gallery>)
        return keyed_access::view(gallery);
    else
        return engine::side_of(gallery);
}
/// Null where rows go by their numbers.
template <class Gallery>
const id_table* ids_of(const Gallery& gallery) noexcept {
    if constexpr (is_keyed<Gallery>)
        return &keyed_access::table(gallery);
    else
        return (void)gallery, nullptr;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
