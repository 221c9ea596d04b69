/// Reads compact galleries from streams, in the format of compact_format.hpp.
#pragma once

#include "compact_format.hpp"
#include "gallery_stream.hpp"
#include "panel_width.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

template <class Storage>
gallery_commit read_compact_commit(const gallery_source& source, std::istream& from) {
    commit_page page, empty;
    read_bytes(source, from, page.bytes, first_header_bytes, "the header");
    require_version(source, page.commit(), page.is_gallery());
    if (page.commit().version == 2) require_storage(source, page.commit(), storage_number<Storage>);
    read_bytes(source, from, page.bytes + first_header_bytes, file_page - first_header_bytes, "the header");
    read_bytes(source, from, empty.bytes, file_page, "the header");
    return commit_of_page<Storage>(source, page);
}
inline void skip_to_page(const gallery_source& source, std::istream& from, idx_t read) {
    commit_page skipped;
    if (read % file_page > 0) read_bytes(source, from, skipped.bytes, file_page - read % file_page, "zeros");
}

template <class Storage>
compact_gallery<Storage> load_compact(const gallery_source& source, std::istream& from, const execution& how) {
    const gallery_commit commit = read_compact_commit<Storage>(source, from);
    const compact_layout<Storage> layout(commit);
    const idx_t left = bytes_left(from), needed = layout.bytes() - layout.mean_at();
    if (left >= 0 && left < needed)
        source.refuse(source.kind(), " ends after ", left, " of ", needed, " bytes of the panels");
    compact_gallery<Storage> rows;
    if constexpr (compact_layout<Storage>::has_numbers) {
        auto mean = read_array<float>(source, from, layout.dim, "the mean");
        skip_to_page(source, from, layout.mean_bytes());
        auto panels = read_array<std::uint8_t>(source, from, layout.all_panels(), "the panels");
        skip_to_page(source, from, layout.all_panels());
        auto numbers = read_array<kernel::compact_numbers>(source, from, layout.panels(), "the panels' numbers");
        compact_check<Storage>(source, commit,
                               {mean.data(), reinterpret_cast<const std::byte*>(panels.data()), numbers.data()})
            .check(how);
        row_space space;
        space.set_mean(mean_of(mean.data(), layout.dim));
        for (kernel::compact_numbers& of_panel : numbers) swap_numbers(of_panel);
        gallery_access::rows(rows).adopt(static_cast<row_space&&>(space), static_cast<array<std::uint8_t>&&>(panels),
                                         static_cast<array<kernel::compact_numbers>&&>(numbers), layout.rows,
                                         report_of(commit));
    } else {
        auto panels = read_matrix<Storage>(source, from, engine::rows_of_panels(layout.rows),
                                           engine::panels<Storage>::row_elements(layout.dim), "the panels");
        const double deviation =
            compact_check<Storage>(source, commit,
                                   {nullptr, reinterpret_cast<const std::byte*>(panels.data()), nullptr})
                .check(how);
        for (idx_t p = 0; big_endian_machine && p < layout.panels(); ++p)
            swap_panel(panels.row(p * layout.panel_rows), layout.dim, layout.width_of(p));
        if (layout.panel_rows != engine::panels<Storage>::columns)
            change_panel_width(panels.data(), layout.rows, layout.dim, layout.panel_rows);
        gallery_access::rows(rows).adopt(static_cast<matrix<Storage>&&>(panels), layout.rows, report_of(commit),
                                         deviation);
    }
    return rows;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
