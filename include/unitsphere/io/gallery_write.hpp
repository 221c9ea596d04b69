/// Writes galleries in the format of gallery_format.hpp.
#pragma once

#include <cstring>
#include <ostream>

#include "gallery_format.hpp"
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
inline float written_deviation(double deviation) noexcept {
    const float nearest = float(deviation);
    return double(nearest) < deviation ? nearest * (1.0f + 0x1p-22f) : nearest;
}

/// The first commit of a gallery, without checksums.
template <class View>
gallery_commit head_of(const View& rows, std::uint32_t element) noexcept {
    gallery_commit commit{};
    std::memcpy(commit.magic, gallery_magic, sizeof gallery_magic);
    commit.version = gallery_version, commit.element = element;
    commit.panel_rows = std::uint32_t(engine::panels<float>::columns);
    commit.deviation = written_deviation(rows.deviation);
    commit.rows = rows.rows(), commit.dim = rows.dim();
    set_report(commit, rows.seen);
    commit.panels_sum = first_hash;
    return commit;
}
template <class View, class Panels>
gallery_commit commit_of(const View& rows, Panels&& panels, std::uint32_t ids) {
    gallery_commit commit = head_of(rows, ids);
    const gallery_layout layout(commit);
    for (idx_t p = 0; p < layout.full_panels(); ++p)
        commit.panels_sum =
            mix_word(commit.panels_sum, checksum_of(panels.panel(p * layout.panel_rows), layout.panel_bytes()));
    if (layout.last_rows() > 0)
        commit.last_panel_sum = checksum_of(panels.panel(layout.rows - layout.last_rows()), layout.last_bytes());
    return commit;
}

/// write(bytes, count) for the whole file in turn; panels.panel(first) are those of the rows. `ids`: 0, or
/// element_with_ids where ids follow.
template <class View, class Panels, class Write>
void write_gallery(const char* function, const View& rows, Panels&& panels, Write&& write, std::uint32_t ids = 0) {
    if (rows.dim() > longest_row || (rows.rows() > 0 && rows.dim() < 1))
        fail<shape_error>(function, ": dim is ", rows.dim(), ", it must be 1 to ", longest_row);
    const gallery_commit commit = commit_of(rows, panels, ids);
    const gallery_layout layout(commit);
    const commit_page page(commit), none;
    const auto zeros = [&](idx_t count) {
        for (; count > 0; count -= file_page) write(none.bytes, engine::minimum(count, file_page));
    };
    const idx_t last = layout.rows - layout.last_rows();
    write(page.bytes, file_page);
    zeros(file_page);
    if (layout.last_rows() > 0) write(panels.panel(last), layout.last_bytes());
    zeros(2 * layout.last_room() - layout.last_bytes());
    for (idx_t first = 0; first < last; first += layout.panel_rows) write(panels.panel(first), layout.panel_bytes());
    if (layout.last_rows() > 0) write(panels.panel(last), layout.last_bytes());
}

/// all(write), to a stream.
template <class All>
void save_to_stream(std::ostream& to, All&& all) {
    const auto require_written = [&](bool good) {
        if (!good) fail<file_error>("save_gallery: the stream takes no more bytes");
    };
    all([&](const void* bytes, idx_t count) {
        require_written(bool(to.write(static_cast<const char*>(bytes), std::streamsize(count))));
    });
    require_written(bool(to.flush()));
}
/// all(write), to a file that replaces the old one.
template <class All>
void save_to_file(const std::string& path, All&& all) {
    replace_file({"save_gallery", path}, [&](durable_file& file) {
        sequential_writes<durable_file> writes(file, 0);
        all([&](const void* bytes, idx_t count) { writes.write(bytes, count); });
        writes.flush();
    });
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
