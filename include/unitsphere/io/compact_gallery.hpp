/// Compact galleries to a file or stream and back, and searched in the file. The format: compact_format.hpp.
///
///   us::save_gallery("catalogue.gallery", compact);
///   auto again = us::load_gallery<us::compact_gallery<us::int4>>("catalogue.gallery");
///   auto mapped = us::map_gallery<us::compact_gallery<us::int4>>("catalogue.gallery");
#pragma once

#include "compact_read.hpp"
#include "compact_write.hpp"
#include "mapped_gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// Writes a compact gallery: its panels, and what they are seen from.
///
/// Shapes   rows of dim 1 .. 2^24, of integers and fast_bfloat16 1 .. 65536; or no rows.
/// Units    unit rows, as they are stored.
/// Errors   shape_error for other rows; file_error if the stream fails.
/// Threads  the caller's.   Memory  one panel, 32 rows at most.   Source  compact_format.hpp.
template <class Storage>
void save_gallery(std::ostream& to, const compact_gallery<Storage>& rows) {
    detail::save_to_stream(to, [&](auto&& write) { detail::write_compact<Storage>(rows.packed(), write); });
}

/// The same to a file, which replaces the old one whole, as save_gallery of a gallery does. The path is UTF-8 on every
/// system.
///
/// Errors   as above, with path and reason.   Memory  2 MiB, and one panel.
template <class Storage>
void save_gallery(const std::string& path, const compact_gallery<Storage>& rows) {
    detail::save_to_file(path, [&](auto&& write) { detail::write_compact<Storage>(rows.packed(), write); });
}

/// Reads a compact gallery that save_gallery wrote: the same scores, bit for bit (of fast_bfloat16 on one machine), and
/// the same report. What is appended later is seen from the same mean, unless there are no rows.
///
///   load_gallery<compact_gallery<std::int8_t>>(path)
///
/// Shapes, Units   as save_gallery. Panels of the other width (float16 and bfloat16) are packed again.
/// Errors   file_error if the stream fails, is no gallery, of another storage or version, ends early, has other bytes
///          than were written, rows that are not unit, or counts that are not those of its rows.
/// Threads  `how` splits the panels when they are checked.
/// Memory   the gallery, and of 16 bits a panel of floats for each worker; from a stream that cannot seek it doubles as
///          rows arrive.
/// Source   compact_format.hpp.
template <class Gallery, detail::if_compact<Gallery> = 0>
Gallery load_gallery(std::istream& from, const execution& how = {}) {
    return detail::load_compact<typename Gallery::value_type>({"load_gallery", std::string()}, from, how);
}
/// The same of a file. Errors name the path, which is UTF-8 on every system; Threads, Memory and Source as above.
template <class Gallery, detail::if_compact<Gallery> = 0>
Gallery load_gallery(const std::string& path, const execution& how = {}) {
    std::ifstream stream = detail::open_to_read({"load_gallery", path}, "");
    return detail::load_compact<typename Gallery::value_type>({"load_gallery", path}, stream, how);
}

/// A file of a compact gallery that is mapped: what map_gallery returns. Every question takes it as it takes a
/// compact_gallery. Movable; the file may be replaced (save_gallery): this stays the gallery of the moment when it was
/// mapped. Moved from, it has no rows.
template <class Storage>
class mapped_compact_gallery {
public:
    mapped_compact_gallery() noexcept = default;
    mapped_compact_gallery(mapped_compact_gallery&& other) noexcept { swap(other); }
    mapped_compact_gallery& operator=(mapped_compact_gallery&& other) noexcept {
        mapped_compact_gallery taken(static_cast<mapped_compact_gallery&&>(other));
        swap(taken);
        return *this;
    }

    idx_t rows() const noexcept { return commit_.rows; }
    idx_t dim() const noexcept { return commit_.dim; }
    /// The rows without a direction, by their numbers here.
    row_report report() const noexcept { return commit_.rows > 0 ? detail::report_of(commit_) : row_report{}; }

    /// Compares all checksums, and looks at all rows.
    ///
    /// Errors   file_error if other bytes are there than were written, rows that are not unit, or other counts.
    /// Threads  `how` splits the panels.   Memory  16 bytes a panel, and of 16 bits a panel of
    ///          floats for each worker.   Source  compact_format.hpp.
    void verify(const execution& how = {}) const {
        if (mapping_.data() == nullptr) return;
        const detail::gallery_source source{"mapped_compact_gallery::verify", path_};
        detail::compact_check<Storage>(source, commit_, parts()).check(how);
    }

    /// For the engine: the rows as the kernels read them.
    auto packed() const noexcept {
        const detail::compact_parts at = mapping_.data() == nullptr ? detail::compact_parts{} : parts();
        if constexpr (layout::has_numbers)
            return engine::byte_view<detail::compact_rows<Storage>::type::bits>{
                reinterpret_cast<const std::uint8_t*>(at.panels),
                at.numbers,
                rows(),
                dim(),
                space_.view(),
                report(),
                0.0};
        else
            return engine::packed_view<Storage>{
                {reinterpret_cast<const Storage*>(at.panels), rows(), dim()}, report(), double(commit_.deviation)};
    }

private:
    using layout = detail::compact_layout<Storage>;
    friend struct detail::mapping_access;
    static constexpr detail::map_mode mode = detail::map_mode::read;

    mapped_compact_gallery(const detail::gallery_source& source, detail::file_mapping&& mapping)
        : path_(source.path), mapping_(static_cast<detail::file_mapping&&>(mapping)) {
        const idx_t size = mapping_.size();
        if (size < 2 * detail::file_page) source.refuse("ends after ", size, " of 8192 bytes of the header");
        detail::commit_page page;
        std::memcpy(page.bytes, mapping_.data(), sizeof page.bytes);
        commit_ = detail::commit_of_page<Storage>(source, page);
        const layout parts_of_file(commit_);
        if (size < parts_of_file.bytes())
            source.refuse("ends after ", size, " bytes, ", rows(), " rows of dim ", dim(), " take ",
                          parts_of_file.bytes());
        if (detail::big_endian_machine) source.refuse("the numbers are little-endian; load_gallery turns them round");
        if (!layout::has_numbers && parts_of_file.panel_rows != engine::panels<float>::columns)
            source.refuse("panels of ", parts_of_file.panel_rows, " rows, this build has panels of ",
                          idx_t(engine::panels<float>::columns), "; load_gallery packs them again");
        detail::compact_check<Storage>(source, commit_, parts()).check_mean();
        if (layout::has_numbers) space_.set_mean(detail::mean_of(parts().mean, dim()));
    }

    idx_t file_bytes() const noexcept { return layout(commit_).bytes(); }
    detail::compact_parts parts() const noexcept {
        const layout of(commit_);
        const std::byte* const file = mapping_.data();
        return {reinterpret_cast<const float*>(file + of.mean_at()), file + of.panels_at(),
                reinterpret_cast<const kernel::compact_numbers*>(file + of.numbers_at())};
    }
    void swap(mapped_compact_gallery& other) noexcept {
        path_.swap(other.path_);
        std::swap(mapping_, other.mapping_);
        std::swap(commit_, other.commit_);
        std::swap(space_, other.space_);
    }

    std::string path_ = {};
    detail::file_mapping mapping_ = {};
    detail::gallery_commit commit_ = {};
    detail::row_space space_ = {};
};

/// Maps a file of a compact gallery: it is searched where it lies, and its pages are read when a search first touches
/// them.
///
///   map_gallery<compact_gallery<std::int8_t>>(path)
///
/// Shapes, Units   as save_gallery.
/// Errors   file_error, with path and reason, if the file is missing, no gallery, of another storage or version,
///          shorter than its rows take, has a damaged header or mean, or panels of another width than this build
///          (float16 and bfloat16; load_gallery packs them again). Panels are not read here: verify finds altered
///          bytes. The file must not shrink, nor its disk fail, while it is mapped (SIGBUS).
/// Threads  searches on any number of them.
/// Memory   address space, and a mean: pages belong to the system, which shares them among programs.
/// Source   compact_format.hpp. POSIX mmap, on Windows MapViewOfFile.
template <class Gallery, detail::if_compact<Gallery> = 0>
mapped_compact_gallery<typename Gallery::value_type> map_gallery(const std::string& path) {
    return detail::mapping_access::map<mapped_compact_gallery<typename Gallery::value_type>>({"map_gallery", path});
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
