/// Galleries to a file or stream and back. The format: gallery_format.hpp. Files of version 2 load, too.
#pragma once

#include <istream>
#include <ostream>
#include <string>

#include "gallery_v2.hpp"
#include "mapped_gallery.hpp"
#include "replace_file.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

/// Panels as they are written: little-endian, and one bit pattern for what is not a number.
class panels_to_write {
public:
    explicit panels_to_write(const engine::packed_view<float>& rows)
        : panels_(rows.packed),
          as_they_are_(!big_endian_machine && rows.seen.zero_rows + rows.seen.non_finite_rows == 0) {
        if (!as_they_are_) copy_ = matrix<float>::uninitialized(engine::panels<float>::columns, panels_.dim);
    }
    /// The panel of row `first`, valid until the next call.
    const float* panel(idx_t first) noexcept {
        if (as_they_are_) return panels_.panel(first);
        const idx_t count = panels_.width_from(first) * panels_.dim;
        copy_with_one_nan(panels_.panel(first), count, copy_.data());
        swap_with_file_order(copy_.data(), count);
        return copy_.data();
    }

private:
    engine::panels<float> panels_;
    bool as_they_are_;
    matrix<float> copy_ = {};
};

/// The deviation in the file, rounded up to a float.
inline float deviation_of(const engine::packed_view<float>& rows) noexcept {
    const float deviation = float(rows.deviation);
    return double(deviation) < rows.deviation ? deviation * (1.0f + 0x1p-22f) : deviation;
}

/// The first commit of a gallery.
inline gallery_commit commit_of(const engine::packed_view<float>& rows) {
    gallery_commit commit{};
    std::memcpy(commit.magic, gallery_magic, sizeof gallery_magic);
    commit.version = gallery_version, commit.panel_rows = std::uint32_t(engine::panels<float>::columns);
    commit.deviation = deviation_of(rows);
    commit.rows = rows.rows(), commit.dim = rows.dim();
    set_report(commit, rows.seen);
    panels_to_write panels(rows);
    const gallery_layout layout(commit);
    commit.panels_sum = first_hash;
    for (idx_t p = 0; p < layout.full_panels(); ++p)
        commit.panels_sum =
            mix_word(commit.panels_sum, checksum_of(panels.panel(p * layout.panel_rows), layout.panel_bytes()));
    if (layout.last_rows() > 0)
        commit.last_panel_sum = checksum_of(panels.panel(layout.rows - layout.last_rows()), layout.last_bytes());
    return commit;
}

/// write(bytes, count) for the whole file in turn.
template <class Write>
void write_gallery(const char* function, const engine::packed_view<float>& rows, Write&& write) {
    if (rows.dim() > longest_row || (rows.rows() > 0 && rows.dim() < 1))
        fail<shape_error>(function, ": dim is ", rows.dim(), ", it must be 1 to ", longest_row);
    const gallery_commit commit = commit_of(rows);
    const gallery_layout layout(commit);
    const commit_page page(commit), none;
    const auto zeros = [&](idx_t count) {
        for (; count > 0; count -= file_page) write(none.bytes, engine::minimum(count, file_page));
    };
    panels_to_write panels(rows);
    const idx_t last = layout.rows - layout.last_rows();
    write(page.bytes, file_page);
    zeros(file_page);
    if (layout.last_rows() > 0) write(panels.panel(last), layout.last_bytes());
    zeros(2 * layout.last_room() - layout.last_bytes());
    for (idx_t first = 0; first < last; first += layout.panel_rows) write(panels.panel(first), layout.panel_bytes());
    if (layout.last_rows() > 0) write(panels.panel(last), layout.last_bytes());
}

/// Storage that grows by half: from a stream that cannot seek, what a header promises is not believed.
class growing_panels {
public:
    growing_panels(const gallery_layout& layout, bool all_there) : dim_(layout.dim) {
        if (all_there) grow(engine::rows_of_panels(layout.rows));
    }
    /// The place of rows from `first` on, `count` of them with padding.
    float* rows(idx_t first, idx_t count) {
        if (first + count > storage_.rows()) grow(engine::maximum(first + count, first + first / 2));
        return storage_.data() + first * dim_;
    }
    matrix<float>& storage() noexcept { return storage_; }

private:
    void grow(idx_t rows) {
        auto larger = matrix<float>::uninitialized(rows, dim_);
        if (storage_.rows() > 0)
            std::memcpy(larger.data(), storage_.data(), std::size_t(storage_.rows() * dim_) * sizeof(float));
        storage_ = static_cast<matrix<float>&&>(larger);
    }
    idx_t dim_;
    matrix<float> storage_ = {};
};

/// Checks panels that have been read, and hands them on.
class gallery_reader {
public:
    gallery_reader(const gallery_source& source, const gallery_commit& commit)
        : source_(source), commit_(commit), layout_(commit) {}

    /// Panels as they were in the file: bytes of `count` full ones from row `first` on.
    void add_full(float* panels, idx_t first, idx_t count) {
        const idx_t size = layout_.panel_bytes();
        for (idx_t p = 0; p < count; ++p, first += layout_.panel_rows) {
            float* const panel = panels + p * layout_.panel_rows * layout_.dim;
            check_.add_sum(checksum_of(panel, size));
            check_panel(panel, first, layout_.panel_rows, layout_.panel_rows);
        }
    }
    /// The last panel, whose checksum has been compared.
    void add_last(float* panel) {
        check_panel(panel, layout_.rows - layout_.last_rows(), layout_.last_width(), layout_.last_rows());
    }
    void finish() const {
        if (check_.sum != commit_.panels_sum) source_.refuse("the bytes are not those that were written");
        require_counts(source_, commit_, check_.found);
    }

private:
    void check_panel(float* panel, idx_t first, idx_t width, idx_t rows) {
        swap_with_file_order(panel, width * layout_.dim);
        check_.add_rows(source_, panel, layout_.dim, int(width), first, int(rows), tolerance_of(commit_));
    }

    const gallery_source& source_;
    const gallery_commit& commit_;
    gallery_layout layout_;
    panel_check check_ = {};
};

/// Panels of the other width, row by row.
inline void append_panel(gallery& to, const float* panel, idx_t dim, idx_t width, idx_t rows) {
    auto room = matrix<float>::uninitialized(rows, dim);
    for (idx_t r = 0; r < rows; ++r) kernel::unpack_column(panel, dim, int(width), int(r), room.row(r));
    to.append(unit_access::view<float>(room.view()));
}

/// The panels of a commit, from a stream at panels_at.
inline gallery read_panels(const gallery_source& source, std::istream& from, const gallery_commit& commit,
                           float* last_panel) {
    const gallery_layout layout(commit);
    const idx_t left = bytes_left(from), needed = layout.bytes() - layout.panels_at();
    if (left >= 0 && left < needed)
        source.refuse(source.kind(), " ends after ", left, " of ", needed, " bytes of the panels");
    const bool same_width = layout.panel_rows == engine::panels<float>::columns;
    const idx_t some = engine::maximum(1, (idx_t(1) << 18) / engine::maximum(layout.panel_bytes(), 1));
    gallery rows;
    gallery_access::rows(rows).reserve(same_width || left < 0 ? 0 : layout.rows, layout.dim);
    gallery_reader reader(source, commit);
    growing_panels kept(layout, same_width && left >= 0);
    auto room = matrix<float>::uninitialized(same_width ? 0 : some * layout.panel_rows, layout.dim);
    for (idx_t p = 0; p < layout.full_panels(); p += some) {
        const idx_t count = engine::minimum(some, layout.full_panels() - p), first = p * layout.panel_rows;
        float* const to = same_width ? kept.rows(first, count * layout.panel_rows) : room.data();
        read_bytes(source, from, to, count * layout.panel_bytes(), "the panels");
        reader.add_full(to, first, count);
        for (idx_t q = 0; q < count && !same_width; ++q)
            append_panel(rows, room.row(q * layout.panel_rows), layout.dim, layout.panel_rows, layout.panel_rows);
    }
    if (layout.last_rows() > 0) {
        reader.add_last(last_panel);
        const idx_t first = layout.rows - layout.last_rows();
        if (same_width)
            std::memcpy(kept.rows(first, layout.last_width()), last_panel, std::size_t(layout.last_bytes()));
        else
            append_panel(rows, last_panel, layout.dim, layout.last_width(), layout.last_rows());
        for (idx_t byte = 0; byte < layout.last_bytes(); byte += file_page) {  // its copy in place
            commit_page skipped;
            read_bytes(source, from, skipped.bytes, engine::minimum(layout.last_bytes() - byte, file_page),
                       "the last panel");
        }
    }
    reader.finish();
    packed_gallery& storage = gallery_access::rows(rows);
    if (same_width)
        storage.adopt(static_cast<matrix<float>&&>(kept.storage()), layout.rows, report_of(commit),
                      double(commit.deviation));
    else
        storage.set_seen(report_of(commit)), storage.set_deviation(double(commit.deviation));
    return rows;
}

/// Reads the last panels of both commits, and chooses the newest commit that is whole. -> its last panel.
inline matrix<float> read_last_panel(const gallery_source& source, std::istream& from, const commit_page (&pages)[2],
                                     gallery_commit& commit) {
    matrix<float> both[2], chosen;
    idx_t room = 0;
    with_newest_commit(source, pages, [&](const gallery_commit& candidate) {
        const gallery_layout layout(candidate);
        for (matrix<float>& last : both) {
            if (room == layout.last_room()) break;  // read before
            const idx_t left = bytes_left(from), wanted = layout.last_room();
            if (left >= 0 && left < wanted)
                source.refuse(source.kind(), " ends after ", left, " of ", wanted, " bytes of a last panel");
            last = matrix<float>::uninitialized(1, wanted / idx_t(sizeof(float)));
            read_bytes(source, from, last.data(), wanted, "a last panel");
        }
        if (room != 0 && room != layout.last_room()) return false;
        room = layout.last_room();
        chosen = static_cast<matrix<float>&&>(both[candidate.sequence & 1]);
        commit = candidate;
        return layout.last_rows() == 0 || checksum_of(chosen.data(), layout.last_bytes()) == commit.last_panel_sum;
    });
    return chosen;
}

inline gallery load_gallery_from(const gallery_source& source, std::istream& from) {
    commit_page pages[2];
    read_bytes(source, from, pages[0].bytes, header_bytes_v2, "the header");
    require_version(source, pages[0].commit(), pages[0].is_gallery());
    if (pages[0].commit().version == 2) return load_gallery_v2(source, from, pages[0]);
    read_bytes(source, from, pages[0].bytes + header_bytes_v2, file_page - header_bytes_v2, "the header");
    read_bytes(source, from, pages[1].bytes, file_page, "the header");
    gallery_commit commit{};
    matrix<float> last_panel = read_last_panel(source, from, pages, commit);
    return read_panels(source, from, commit, last_panel.data());
}

}  // namespace detail

/// Writes a gallery.
///
/// Shapes   rows of dim 1 .. 2^24; or no rows.
/// Units    unit rows, as they are used; adopted ones too.
/// Errors   shape_error for other rows; file_error if the stream fails.
/// Threads  the caller's.   Memory  one panel, 32 rows at most.   Source  gallery_format.hpp.
inline void save_gallery(std::ostream& to, const gallery& rows) {
    const auto require_written = [&](bool good) {
        if (!good) detail::fail<file_error>("save_gallery: the stream takes no more bytes");
    };
    detail::write_gallery("save_gallery", rows.packed(), [&](const void* bytes, idx_t count) {
        require_written(bool(to.write(static_cast<const char*>(bytes), std::streamsize(count))));
    });
    require_written(bool(to.flush()));
}

/// Writes a gallery file: a new one beside the old one, which takes its name once it is on the disk. Whatever happens
/// meanwhile, the name is that of the old file or of the new one, whole. The path is UTF-8 on every system.
///
/// Shapes, Units   as above.
/// Errors   shape_error for other rows; file_error, with path and reason, if any byte cannot be written: then the old
///          file is as before. A crash may leave the new file, named like the old one with ".tmp" and a number behind.
/// Threads  any number of them.   Memory  2 MiB, and one panel.
/// Source   gallery_format.hpp. POSIX fsync of file and folder around rename; on Windows MoveFileEx.
inline void save_gallery(const std::string& path, const gallery& rows) {
    detail::replace_file({"save_gallery", path}, [&](detail::durable_file& file) {
        detail::sequential_writes<detail::durable_file> writes(file, 0);
        detail::write_gallery("save_gallery", rows.packed(),
                              [&](const void* bytes, idx_t count) { writes.write(bytes, count); });
        writes.flush();
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
    view.check(named, how, view.last_panel(), panels.data());
    gallery rows;
    detail::gallery_access::rows(rows).adopt(static_cast<matrix<float>&&>(panels), view.rows(), view.report(),
                                             view.packed().deviation);
    return rows;
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
