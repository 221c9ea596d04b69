/// Reads galleries from streams, in the format of gallery_format.hpp or of version 2.
#pragma once

#include <cstring>
#include <istream>

#include "gallery_v2.hpp"
#include "panel_width.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The panels of a commit, from a stream at panels_at.
inline gallery read_panels(const gallery_source& source, std::istream& from, const gallery_commit& commit,
                           const float* last_panel) {
    const gallery_layout layout(commit);
    const idx_t left = bytes_left(from), needed = layout.bytes() - layout.panels_at();
    if (left >= 0 && left < needed)
        source.refuse(source.kind(), " ends after ", left, " of ", needed, " bytes of the panels");
    auto panels = read_matrix<float>(source, from, engine::rows_of_panels(layout.rows), layout.dim, "the panels");
    if (layout.last_rows() > 0)  // which counts as it stands beside the commit pages
        std::memcpy(panels.row(layout.rows - layout.last_rows()), last_panel, std::size_t(layout.last_bytes()));
    panel_check check;
    for (idx_t first = 0; first < layout.rows; first += layout.panel_rows) {
        const idx_t count = engine::minimum(layout.rows - first, layout.panel_rows);
        const idx_t width = engine::rows_of_panels(count);
        if (count == layout.panel_rows) check.add_sum(checksum_of(panels.row(first), layout.panel_bytes()));
        swap_with_file_order(panels.row(first), width * layout.dim);
        check.add_rows(source, panels.row(first), layout.dim, int(width), first, int(count), tolerance_of(commit));
    }
    if (check.sum != commit.panels_sum) source.refuse("the bytes are not those that were written");
    require_counts(source, commit, check.found);
    if (layout.panel_rows != engine::panels<float>::columns)
        change_panel_width(panels.data(), layout.rows, layout.dim, layout.panel_rows);
    gallery rows;
    gallery_access::rows(rows).adopt(static_cast<matrix<float>&&>(panels), layout.rows, report_of(commit),
                                     deviation_of(commit, check.deviation));
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
    read_bytes(source, from, pages[0].bytes, first_header_bytes, "the header");
    require_version(source, pages[0].commit(), pages[0].is_gallery());
    if (pages[0].commit().version == 2) {
        require_storage(source, pages[0].commit(), 0);
        return load_gallery_v2(source, from, pages[0]);
    }
    read_bytes(source, from, pages[0].bytes + first_header_bytes, file_page - first_header_bytes, "the header");
    read_bytes(source, from, pages[1].bytes, file_page, "the header");
    gallery_commit commit{};
    matrix<float> last_panel = read_last_panel(source, from, pages, commit);
    return read_panels(source, from, commit, last_panel.data());
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
