/// Reads galleries from streams, in the format of gallery_format.hpp or of version 2.
#pragma once

#include <cstring>
#include <istream>

#include "gallery_v2.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Storage that grows by half: from a stream that cannot seek, what a header promises is not believed.
class storage_from_stream {
public:
    storage_from_stream(const gallery_layout& layout, bool all_there) : dim_(layout.dim) {
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
    /// -> the deviation.
    double finish() const {
        if (check_.sum != commit_.panels_sum) source_.refuse("the bytes are not those that were written");
        require_counts(source_, commit_, check_.found);
        return deviation_of(commit_, check_.deviation);
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
    storage_from_stream kept(layout, same_width && left >= 0);
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
    const double deviation = reader.finish();
    packed_gallery& storage = gallery_access::rows(rows);
    if (same_width)
        storage.adopt(static_cast<matrix<float>&&>(kept.storage()), layout.rows, report_of(commit), deviation);
    else
        storage.set_seen(report_of(commit)), storage.set_deviation(deviation);
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
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
