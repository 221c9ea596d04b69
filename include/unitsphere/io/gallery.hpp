/// Galleries to a file or stream and back. The format: gallery_format.hpp. Files of version 2 load, too.
#pragma once

#include <istream>
#include <ostream>
#include <string>

#include "gallery_read.hpp"
#include "gallery_write.hpp"
#include "mapped_gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// Writes a gallery.
///
/// Shapes   rows of dim 1 .. 2^24; or no rows.
/// Units    unit rows, as they are used; adopted ones too.
/// Errors   shape_error for other rows; file_error if the stream fails.
/// Threads  the caller's.   Memory  one panel, 32 rows at most.   Source  gallery_format.hpp.
inline void save_gallery(std::ostream& to, const gallery& rows) {
    detail::save_to_stream(to, [&](auto&& write) {
        detail::write_gallery("save_gallery", rows.packed(), detail::panels_to_write(rows.packed()), write);
    });
}

/// Writes a gallery file: a new one beside the old one, which takes its name once it is on the disk. Whatever happens
/// meanwhile, the name is that of the old file or of the new one, whole. The path is UTF-8 on every system.
///
/// Shapes, Units   as above.
/// Errors   shape_error for other rows; file_error, with path and reason, if any byte cannot be written, or a
///          gallery_writer has the old file (on Windows, anybody has it open or mapped, another save_gallery too):
///          then that is as before. A crash may leave the new file, named like the old one with ".tmp" and a number
///          behind.
/// Threads  any number of them.   Memory  2 MiB, and one panel.
/// Source   gallery_format.hpp. POSIX fsync of file and folder around rename; on Windows MoveFileEx.
inline void save_gallery(const std::string& path, const gallery& rows) {
    detail::save_to_file(path, [&](auto&& write) {
        detail::write_gallery("save_gallery", rows.packed(), detail::panels_to_write(rows.packed()), write);
    });
}

/// Reads a gallery that save_gallery or a gallery_writer wrote: the same scores, bit for bit, and the same report.
///
/// Shapes, Units   as save_gallery. Panels of the other width (32 rows on AVX-512, else 16) are packed again.
/// Errors   file_error if the stream fails, is no gallery, of another version, ends early, has other bytes than were
///          written, rows that are not unit, or counts that are not those of its rows.
/// Threads  the caller's.
/// Memory   the gallery; from a stream that cannot seek it grows by half as rows arrive. And 1 MiB, or a panel.
/// Source   gallery_format.hpp.
inline gallery load_gallery(std::istream& from) {
    return detail::load_gallery_from({"load_gallery", std::string()}, from);
}

/// The same of a file. Errors name the path, which is UTF-8 on every system.
///
/// Threads  `how` splits the panels, where the file has panels of this build's width.
/// Memory   the gallery. The file is mapped meanwhile, and must not shrink.
inline gallery load_gallery(const std::string& path, const execution& how = {}) {
    const detail::file_source source{"load_gallery", path};
    const detail::file_mapping file(source);
    detail::commit_page page;
    std::memcpy(page.bytes, file.data(), std::size_t(engine::minimum(file.size(), detail::file_page)));
    const detail::gallery_commit header = page.commit();
    if (detail::big_endian_machine || !page.is_gallery() || header.version != detail::gallery_version ||
        header.panel_rows != std::uint32_t(engine::panels<float>::columns)) {
        std::ifstream stream = detail::open_to_read(source, "");
        return detail::load_gallery_from({source.function, path}, stream);
    }
    const detail::gallery_source named{source.function, path};
    const gallery_view view(named, file.data(), file.size());
    auto panels = matrix<float>::uninitialized(engine::rows_of_panels(view.rows()), view.dim());
    const double deviation = view.check(named, how, view.last_panel(), panels.data());
    gallery rows;
    detail::gallery_access::rows(rows).adopt(static_cast<matrix<float>&&>(panels), view.rows(), view.report(),
                                             deviation);
    return rows;
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
