/// Gallery files that are searched where they lie, without loading.
///
///   const us::mapped_gallery catalogue = us::map_gallery("catalogue.gallery");
///   us::top_k(queries, catalogue, 10);                      as of a gallery: the same scores, bit for bit
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "../gallery.hpp"
#include "file_mapping.hpp"
#include "gallery_format.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {
template <class File>
class gallery_appender;  // gallery_writer.hpp

/// What map_gallery and keyed galleries, whose files have ids behind the rows, need of a mapped gallery.
struct mapping_access {
    template <class Mapped>
    static Mapped map(const gallery_source& source) {
        return {source, file_mapping({source.function, source.path}, Mapped::mode)};
    }
    template <class Mapped>
    static const file_mapping& mapping(const Mapped& of) noexcept {
        return of.mapping_;
    }
    /// Where the rows end.
    template <class Mapped>
    static idx_t bytes(const Mapped& of) noexcept {
        return of.file_bytes();
    }
};

/// The newest commit of a file of version 3, of which `size` bytes lie at `file`.
inline gallery_commit newest_commit(const gallery_source& source, const std::byte* file, idx_t size) {
    if (size < file_page) source.refuse("ends after ", size, " of 4096 bytes of the header");
    commit_page pages[2];
    std::memcpy(pages[0].bytes, file, sizeof pages[0].bytes);
    require_version(source, pages[0].commit(), pages[0].is_gallery());
    if (pages[0].commit().version == 2) source.refuse("version 2 is row by row; load_gallery reads it");
    if (size < 2 * file_page) source.refuse("ends after ", size, " of 8192 bytes of the header");
    std::memcpy(pages[1].bytes, file + file_page, sizeof pages[1].bytes);
    gallery_commit newest{};
    with_newest_commit(source, pages, [&](const gallery_commit& candidate) {
        newest = candidate;
        const gallery_layout layout(candidate);
        if (size < layout.bytes())
            source.refuse("ends after ", size, " bytes, ", newest.rows, " rows of dim ", newest.dim, " take ",
                          layout.bytes());
        return layout.last_rows() == 0 ||
               checksum_of(file + layout.last_at(candidate.sequence), layout.last_bytes()) == candidate.last_panel_sum;
    });
    return newest;
}
}  // namespace detail

/// The gallery in the bytes of a gallery file, which somebody else holds in memory: every question takes it as it takes
/// a `gallery`.
///
/// Memory   none; the bytes must outlive the view and stay as they are.
class gallery_view {
public:
    /// Without rows.
    gallery_view() noexcept = default;

    /// The gallery in `size` bytes, the content of a file of save_gallery or gallery_writer.
    ///
    /// Shapes, Units   as save_gallery.
    /// Errors   file_error if the bytes are no gallery, of another version, fewer than the rows take, have a damaged
    ///          header or panels of another width than this build (load_gallery packs them again), lie at an address
    ///          that is no multiple of 4, or end in an append that was not finished. Panels are not read: see verify.
    /// Threads  const members on any number of them.   Memory  none.   Source  gallery_format.hpp.
    gallery_view(const void* bytes, idx_t size) : gallery_view({"gallery_view", std::string()}, bytes, size) {
        const std::byte* const last = last_panel();
        if (std::memcmp(last, last_in_place(), std::size_t(layout().last_bytes())) != 0)
            detail::fail<file_error>("gallery_view: the last panel is not in its place: an append was not finished; ",
                                     "map_gallery and load_gallery read the file");
    }

    idx_t rows() const noexcept { return commit_.rows; }
    idx_t dim() const noexcept { return commit_.dim; }
    /// The rows without a direction, by their numbers here.
    row_report report() const noexcept { return commit_.rows > 0 ? detail::report_of(commit_) : row_report{}; }

    /// Compares all checksums, and measures all rows.
    ///
    /// Errors   file_error if other bytes are there than were written, rows that are not unit, or other counts.
    /// Threads  `how` splits the panels.   Memory  8 bytes a panel of 16 or 32 rows.   Source  gallery_format.hpp.
    void verify(const execution& how = {}) const {
        if (file_ == nullptr) return;
        check({"gallery_view::verify", std::string()}, how, last_in_place(), nullptr);
    }

    /// The rows as they are used: `count` unit rows from `first` on.
    ///
    /// Shapes   -> [count, dim].   Units  unit rows, the bits of normalize().
    /// Errors   shape_error if there are not so many.
    /// Threads  the caller's.   Memory  the result.   Source  as the class.
    unit_embeddings<float> unit_rows(idx_t first, idx_t count) const {
        if (first < 0 || count < 0 || count > rows() - first)
            detail::fail<shape_error>("gallery_view::unit_rows: ", count, " rows from ", first, " on, of ", rows());
        auto out = matrix<float>::uninitialized(count, dim());
        const engine::panels<float> panels = packed().packed;
        for (idx_t i = first; i < first + count; ++i) {
            const idx_t column = i % panels.columns, of_panel = i - column;
            kernel::unpack_column(panels.panel(of_panel), dim(), panels.width_from(of_panel), int(column),
                                  out.row(i - first));
        }
        return unit_access::embeddings(static_cast<matrix<float>&&>(out));
    }

    /// For the engine: the rows as the multiply kernel reads them.
    engine::packed_view<float> packed() const noexcept {
        const std::byte* const panels = file_ == nullptr ? nullptr : file_ + layout().panels_at();
        return {
            {reinterpret_cast<const float*>(panels), commit_.rows, commit_.dim}, report(), double(commit_.deviation)};
    }

protected:
    /// Everything but the place of the last panel.
    gallery_view(const detail::gallery_source& source, const void* bytes, idx_t size)
        : file_(static_cast<const std::byte*>(bytes)), commit_(detail::newest_commit(source, file_, size)) {
        if (detail::big_endian_machine) source.refuse("the numbers are little-endian; load_gallery turns them round");
        if (layout().panel_rows != engine::panels<float>::columns)
            source.refuse("panels of ", layout().panel_rows, " rows, this build has panels of ",
                          idx_t(engine::panels<float>::columns), "; load_gallery packs them again");
        if (reinterpret_cast<std::uintptr_t>(bytes) % alignof(float) != 0)
            source.refuse("the address is no multiple of 4");
    }

    detail::gallery_layout layout() const noexcept { return detail::gallery_layout(commit_); }
    const std::byte* last_panel() const noexcept { return file_ + layout().last_at(commit_.sequence); }
    const std::byte* last_in_place() const noexcept { return file_ + layout().last_in_place(); }

    friend gallery load_gallery(const std::string& path, const execution& how);
    template <class File>
    friend class detail::gallery_appender;
    /// verify; where `to` is not null all panels are copied there as well. -> the deviation of the rows.
    double check(const detail::gallery_source& source, const execution& how, const std::byte* last, float* to) const {
        const detail::gallery_layout parts = layout();
        const idx_t full = parts.full_panels(), size = parts.panel_bytes();
        const idx_t some = engine::maximum(1, (idx_t(1) << 18) / engine::maximum(size, 1));
        const double tolerance = detail::tolerance_of(commit_);
        array<idx_t> sums(full);  // bits of a checksum each
        array<row_report> found(engine::ceil_div(full, some) + 1);
        array<double> deviations(idx_t(found.size()));
        const auto measure = [&](const std::byte* from, idx_t first, idx_t width, idx_t count,
                                 detail::panel_check& check) {
            const float* panel = reinterpret_cast<const float*>(from);
            if (to != nullptr) {  // then the copy is in L2
                float* const copy = to + first * parts.dim;
                std::memcpy(copy, from, std::size_t(width * parts.dim) * sizeof(float));
                panel = copy;
            }
            check.add_rows(source, panel, parts.dim, int(width), first, int(count), tolerance);
            return detail::checksum_of(panel, width * parts.dim * idx_t(sizeof(float)));
        };
        detail::panel_check of_last;
        if (parts.last_rows() > 0)
            measure(last, parts.rows - parts.last_rows(), parts.last_width(), parts.last_rows(), of_last);
        found[0] = of_last.found, deviations[0] = of_last.deviation;
        engine::for_each_task(how, idx_t(found.size()) - 1, [&](idx_t, idx_t task) {
            detail::panel_check check;
            for (idx_t p = task * some; p < engine::minimum(full, (task + 1) * some); ++p)
                sums[p] = idx_t(measure(file_ + parts.panels_at() + p * size, p * parts.panel_rows, parts.panel_rows,
                                        parts.panel_rows, check));
            found[task + 1] = check.found, deviations[task + 1] = check.deviation;
        });
        std::uint64_t sum = detail::first_hash;
        for (const idx_t one : sums) sum = detail::mix_word(sum, std::uint64_t(one));
        if (sum != commit_.panels_sum) source.refuse("the bytes are not those that were written");
        row_report all;
        for (const row_report& some_rows : found) all.add(some_rows);
        detail::require_counts(source, commit_, all);
        double greatest = 0.0;
        for (const double one : deviations) greatest = engine::maximum(greatest, one);
        return detail::deviation_of(commit_, greatest);
    }

    const std::byte* file_ = nullptr;
    detail::gallery_commit commit_ = {};
};

/// A gallery file that is mapped: what map_gallery returns. Movable; the file may grow meanwhile (gallery_writer), and
/// may be replaced (save_gallery; Windows refuses that until it is unmapped): this stays the gallery of the moment when
/// it was mapped. Moved from, it has no rows.
class mapped_gallery : public gallery_view {
public:
    mapped_gallery() noexcept = default;
    mapped_gallery(mapped_gallery&& other) noexcept { swap(other); }
    mapped_gallery& operator=(mapped_gallery&& other) noexcept {
        mapped_gallery taken(static_cast<mapped_gallery&&>(other));
        swap(taken);
        return *this;
    }

    /// As gallery_view::verify, with the path in errors.
    void verify(const execution& how = {}) const {
        if (file_ == nullptr) return;
        check({"mapped_gallery::verify", path_}, how, last_in_place(), nullptr);
    }

private:
    friend struct detail::mapping_access;
    static constexpr detail::map_mode mode = detail::map_mode::change;  ///< of the last panel

    mapped_gallery(const detail::gallery_source& source, detail::file_mapping&& mapping)
        : gallery_view(source, mapping.data(), mapping.size()),
          path_(source.path),
          mapping_(static_cast<detail::file_mapping&&>(mapping)) {
        // Written even if it is there: these pages become the mapping's own, and an append changes those of the file.
        const idx_t count = layout().last_bytes();
        std::memcpy(mapping_.make_own({"map_gallery", path_}, layout().last_in_place(), count), last_panel(),
                    std::size_t(count));
    }

    idx_t file_bytes() const noexcept { return layout().bytes(); }
    void swap(mapped_gallery& other) noexcept {
        std::swap(static_cast<gallery_view&>(*this), static_cast<gallery_view&>(other));
        path_.swap(other.path_);
        std::swap(mapping_, other.mapping_);
    }

    std::string path_ = {};
    detail::file_mapping mapping_ = {};
};

/// Maps a gallery file: it is searched where it lies, and its pages are read when a search first touches them.
///
/// Shapes, Units   as save_gallery.
/// Errors   file_error, with path and reason, if the file is missing, no gallery, of another version, shorter than its
///          rows take, has a damaged header or panels of another width than this build (load_gallery packs them again,
///          repack_gallery the file).
///          Panels are not read here: mapped_gallery::verify finds altered bytes, and so does load_gallery. The file
///          must not shrink, nor its disk fail, while it is mapped: the system then ends the program (SIGBUS).
/// Threads  searches on any number of them.
/// Memory   address space, and at most one panel: pages belong to the system, which shares them among programs. On
///          Windows the file's size counts, as memory that might be written.
/// Source   gallery_format.hpp. POSIX mmap, on Windows MapViewOfFile.
inline mapped_gallery map_gallery(const std::string& path) {
    return detail::mapping_access::map<mapped_gallery>({"map_gallery", path});
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
