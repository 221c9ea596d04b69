/// Writes galleries in the format of gallery_format.hpp.
#pragma once

#include <cstring>

#include "gallery_format.hpp"

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

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
