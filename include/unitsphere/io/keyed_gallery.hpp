/// Keyed galleries to a file or stream and back, and searched in the file: the file of the rows in the order of their
/// ids (gallery_format.hpp, compact_format.hpp), with the ids behind it (keyed_ids.hpp).
///
///   us::save_gallery("catalogue.gallery", keyed);
///   auto again = us::load_gallery<us::keyed_gallery>("catalogue.gallery");
///   auto mapped = us::map_gallery<us::keyed<us::compact_gallery<us::int4>>>("small.gallery");
#pragma once

#include "../keyed_gallery.hpp"
#include "compact_gallery.hpp"
#include "keyed_ids.hpp"
#include "shadow_gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// How the rows of a keyed<Gallery> are written and read.
template <class Gallery>
struct keyed_file {
    using mapped = mapped_compact_gallery<typename Gallery::value_type>;

    template <class View, class Rows, class Write>
    static void write(const View& view, const Rows&, Write&& write) {
        write_compact<typename Gallery::value_type>(view, write, element_with_ids);
    }
    static Gallery read(const gallery_source& source, std::istream& from, const execution& how) {
        return load_compact<typename Gallery::value_type>(source, from, how);
    }
};
template <>
struct keyed_file<gallery> {
    using mapped = mapped_gallery;

    template <class View, class Rows, class Write>
    static void write(const View& view, const Rows&, Write&& write) {
        write_gallery("save_gallery", view, panels_to_write(view), write, element_with_ids);
    }
    static gallery read(const gallery_source& source, std::istream& from, const execution&) {
        return load_gallery_from(source, from);
    }
};
template <>
struct keyed_file<shadow_gallery> {
    template <class View, class Rows, class Write>
    static void write(const View& view, const Rows& rows, Write&& write) {
        write_gallery("save_gallery", view, rows_to_write(rows.unit_rows()), write, element_with_ids);
    }
    static shadow_gallery read(const gallery_source& source, std::istream& from, const execution& how) {
        return shadow_of(load_gallery_from(source, from), how);
    }
};

template <class Gallery, class Write>
void write_keyed(const keyed<Gallery>& rows, Write&& write) {
    array<idx_t> ids = rows.ids();
    keyed_access::rows(rows).in_order(ids, [&](const auto& sorted, const row_report& seen) {
        auto view = sorted.packed();
        view.seen = seen;
        keyed_file<Gallery>::write(view, sorted, write);
    });
    write_ids(static_cast<array<idx_t>&&>(ids), write);
}

template <class Gallery>
inline constexpr bool is_keyed_in_memory = false;
template <class Gallery>
inline constexpr bool is_keyed_in_memory<keyed<Gallery>> = true;
template <class Keyed>
using if_keyed = std::enable_if_t<is_keyed_in_memory<Keyed>, int>;

template <class Gallery>
void load_keyed(const gallery_source& source, std::istream& from, const execution& how, keyed<Gallery>& to) {
    Gallery rows = keyed_file<Gallery>::read(source, from, how);
    const array<idx_t> ids = read_ids(source, from, rows.rows());
    auto& storage = gallery_access::rows(rows);
    auto& keyed_rows = keyed_access::rows(to);
    keyed_rows = keyed_rows.adopted(static_cast<std::remove_reference_t<decltype(storage)>&&>(storage), ids);
}

/// What a mapped keyed gallery holds: rows and ids of one file.
template <class Mapped>
class mapped_keyed_rows {
public:
    mapped_keyed_rows() noexcept = default;
    explicit mapped_keyed_rows(const gallery_source& source)
        : mapped_(mapping_access::map<Mapped>(source)),
          ids_(ids_in_place(source, mapping_access::mapping(mapped_), mapping_access::bytes(mapped_), mapped_.rows())) {
    }

    const Mapped& mapped() const noexcept { return mapped_; }
    const id_table& ids() const noexcept { return ids_; }
    row_report report() const noexcept {
        row_report seen = mapped_.report();
        if (seen.first_zero >= 0) seen.first_zero = ids_.ids()[seen.first_zero];
        if (seen.first_non_finite >= 0) seen.first_non_finite = ids_.ids()[seen.first_non_finite];
        return seen;
    }
    auto packed() const noexcept {
        auto view = mapped_.packed();
        view.seen = report();
        return view;
    }

private:
    Mapped mapped_ = {};
    id_table ids_ = {};
};

/// The Gallery of a keyed<Gallery> whose files are mapped.
template <class Keyed>
struct mapped_of;
template <class Gallery>
struct mapped_of<keyed<Gallery>> {
    using rows = mapped_keyed_rows<typename keyed_file<Gallery>::mapped>;
};

}  // namespace detail

/// Writes a keyed gallery: its rows in the order of their ids, and the ids. What was removed is not written.
///
/// Shapes   rows of dim 1 .. 2^24, of integers and fast_bfloat16 1 .. 65536; or no rows.
/// Units    unit rows, as they are stored.
/// Errors   shape_error for other rows; file_error if the stream fails.
/// Threads  the caller's.
/// Memory   16 bytes for each id, one panel, and, unless the rows came in the order of their ids and none went, a copy
///          of the rows: 4 times the time of save_gallery where they lie at random.
/// Source   keyed_ids.hpp; FAISS, write_index of an IndexIDMap2.
template <class Gallery>
void save_gallery(std::ostream& to, const keyed<Gallery>& rows) {
    detail::save_to_stream(to, [&](auto&& write) { detail::write_keyed(rows, write); });
}
/// The same to a file, which replaces the old one whole, as save_gallery of a gallery does. The path is UTF-8 on every
/// system.
///
/// Errors   as above, with path and reason.   Memory  2 MiB more.
template <class Gallery>
void save_gallery(const std::string& path, const keyed<Gallery>& rows) {
    detail::save_to_file(path, [&](auto&& write) { detail::write_keyed(rows, write); });
}

/// Reads a keyed gallery that save_gallery wrote: the same answers, bit for bit. It may change as the one that was
/// saved, seen from the same mean.
///
///   load_gallery<keyed_gallery>(path), load_gallery<keyed<compact_gallery<int4>>>(path)
///
/// Shapes, Units   as save_gallery. Panels of the other width are packed again.
/// Errors   as load_gallery of the same rows without ids; file_error if there are no ids, if they are not those that
///          were written, negative, or do not ascend, as two that are equal. A zero row that was added as NaN counts as
///          not finite from now on.
/// Threads  `how` splits the checks of compact rows and the bytes of a shadow_gallery.
/// Memory   the gallery, and meanwhile 8 bytes for each id; a shadow_gallery's rows once more.
/// Source   as above.
template <class Keyed, detail::if_keyed<Keyed> = 0>
Keyed load_gallery(std::istream& from, const execution& how = {}) {
    Keyed rows;
    detail::load_keyed({"load_gallery", std::string(), true}, from, how, rows);
    return rows;
}
/// The same of a file. Errors name the path, which is UTF-8 on every system; Threads, Memory and Source as above.
template <class Keyed, detail::if_keyed<Keyed> = 0>
Keyed load_gallery(const std::string& path, const execution& how = {}) {
    Keyed rows;
    std::ifstream stream = detail::open_to_read({"load_gallery", path}, "");
    detail::load_keyed({"load_gallery", path, true}, stream, how, rows);
    return rows;
}

/// A file of a keyed gallery that is mapped: what map_gallery returns. Searches take it as they take the keyed gallery,
/// with the same answers; it cannot be changed. Movable; the file may be replaced (save_gallery): this stays the
/// gallery of the moment when it was mapped. Moved from, it has no rows.
template <class Keyed>
class mapped_keyed {
public:
    /// Without rows.
    mapped_keyed() noexcept = default;

    idx_t rows() const noexcept { return rows_.ids().rows(); }
    idx_t dim() const noexcept { return rows_.mapped().dim(); }
    bool contains(idx_t id) const noexcept { return rows_.ids().row_of(id) >= 0; }
    /// The rows without a direction, the first of each kind by its id.
    row_report report() const noexcept { return rows_.report(); }

    /// As of the keyed gallery: all ids, ascending, and the mask of those with allowed(id).
    array<idx_t> ids() const { return rows_.ids().ascending(); }
    template <class Predicate>
    row_mask mask(Predicate&& allowed) const {
        return detail::mask_of_ids(rows_.ids(), allowed);
    }

    /// Compares the checksums of all rows, and looks at them, as verify of a mapped gallery does. The ids were compared
    /// when the file was mapped.
    void verify(const execution& how = {}) const { rows_.mapped().verify(how); }

private:
    friend struct detail::keyed_access;
    template <class Other, detail::if_keyed<Other>>
    friend mapped_keyed<Other> map_gallery(const std::string& path);
    explicit mapped_keyed(const detail::gallery_source& source) : rows_(source) {}

    typename detail::mapped_of<Keyed>::rows rows_ = {};
};
namespace detail {
template <class Keyed>
inline constexpr bool is_keyed<mapped_keyed<Keyed>> = true;
}  // namespace detail

/// Maps a file of a keyed gallery: it is searched where it lies, and its rows are read when a search first touches
/// them.
///
///   map_gallery<keyed_gallery>(path), map_gallery<keyed<compact_gallery<int4>>>(path)
///
/// Shapes, Units   as save_gallery. A keyed<shadow_gallery> is not mapped: its bytes are not in the file.
/// Errors   as map_gallery of the same rows without ids; file_error if there are no ids, or others than were written:
///          they are read now.
/// Threads  searches on any number of them.
/// Memory   address space, and a mean: an id is found by a binary search in the file.
/// Source   as save_gallery. POSIX mmap, on Windows MapViewOfFile.
template <class Keyed, detail::if_keyed<Keyed> = 0>
mapped_keyed<Keyed> map_gallery(const std::string& path) {
    return mapped_keyed<Keyed>(detail::gallery_source{"map_gallery", path, true});
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
