/// What a gallery file holds, for programs that load, map or search whichever file they are given.
#pragma once

#include <string>
#include <string_view>

#include "compact_format.hpp"
#include "file_mapping.hpp"
#include "gallery_v2.hpp"
#include "mapped_gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// What inspect_gallery found.
struct gallery_info {
    idx_t rows = 0, dim = 0;
    /// What load_gallery is asked for: "float" (a `gallery` or shadow_gallery), or of a compact_gallery "float16",
    /// "bfloat16", "int8", "int4", "one_bit" or "fast_bfloat16".
    std::string_view storage = detail::storage_names[0];
    bool has_ids = false;  ///< then load_gallery<keyed<..>> of that reads it
};

namespace detail {

/// The commit that counts, and how many bytes its rows take.
struct inspected_rows {
    gallery_commit commit;
    idx_t bytes;
};
template <class Storage>
inspected_rows inspect_compact(const gallery_source& source, const commit_page& page) {
    const gallery_commit commit = commit_of_page<Storage>(source, page);
    return {commit, compact_layout<Storage>(commit).bytes()};
}
inline inspected_rows inspect_rows(const gallery_source& source, const commit_page& page, std::uint32_t element,
                                   const file_mapping& file) {
    inspected_rows found;
    const bool is_compact = storages::with(
        element, [&](auto storage) { found = inspect_compact<typename decltype(storage)::type>(source, page); });
    if (is_compact) return found;
    gallery_commit commit = page.commit();
    if (page.is_gallery() && commit.version == 2) {
        require_sane(source, commit);
        return {commit, first_header_bytes + commit.rows * commit.dim * idx_t(sizeof(float)) + 8};
    }
    commit = newest_commit(source, file.data(), file.size());
    return {commit, gallery_layout(commit).bytes()};
}

}  // namespace detail

/// The rows, dim and storage of a gallery file, and whether its rows have ids. The path is UTF-8 on every system.
///
///   const us::gallery_info file = us::inspect_gallery(path);
///   if (file.storage == "int8" && !file.has_ids) search(us::map_gallery<us::compact_gallery<std::int8_t>>(path));
///
/// Shapes   what save_gallery or a gallery_writer wrote, panels of either width, version 2 too.
/// Units    numbers of rows and elements.
/// Errors   file_error, with path and reason, if the file is missing, no gallery, of another version or storage,
///          shorter than its rows and ids take, or has a damaged header (of version 2, whose header has no checksum:
///          an impossible one). Of the rows only the last panel of a float gallery is read, whose checksum decides
///          which commit counts: load_gallery and verify find other bytes that were altered. The file must not shrink
///          meanwhile.
/// Threads  the caller's.   Memory  that of a mapping, and three pages of 4096 bytes.   Source  gallery_format.hpp.
inline gallery_info inspect_gallery(const std::string& path) {
    const detail::file_mapping file({"inspect_gallery", path});
    const idx_t size = file.size();
    detail::commit_page page;
    if (size > 0) std::memcpy(page.bytes, file.data(), std::size_t(engine::minimum(size, detail::file_page)));
    const bool has_storage = page.is_gallery() && page.commit().version != 2 && page.is_whole();
    const std::uint32_t element = has_storage ? page.commit().element : 0;
    const bool has_ids = (element & detail::element_with_ids) != 0;
    const detail::gallery_source source{"inspect_gallery", path, has_ids};
    if (size >= idx_t(sizeof detail::gallery_magic) && !page.is_gallery()) source.refuse("this is not a gallery");
    auto [commit, bytes] = detail::inspect_rows(source, page, element & ~detail::element_with_ids, file);
    if (size >= bytes && has_ids) bytes += (commit.rows + 1) * idx_t(sizeof(idx_t));
    if (size < bytes)
        source.refuse("ends after ", size, " bytes, ", commit.rows, " rows of dim ", commit.dim,
                      has_ids ? " and their ids take " : " take ", bytes);
    // The commit that counts may be that of the second page: its storage is the one that was checked.
    const std::uint32_t storage = commit.version == 2 ? 0 : commit.element & ~detail::element_with_ids;
    return {commit.rows, commit.dim, detail::storage_names[storage], has_ids};
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
