/// Shadow galleries to a file or stream and back. A file holds the rows alone, as that of a `gallery` does: each loads
/// what the other has saved, and map_gallery and gallery_writer take both.
#pragma once

#include "../shadow_gallery.hpp"
#include "gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Rows that are packed when they are written.
class rows_to_write {
public:
    explicit rows_to_write(const unit_view<float>& rows)
        : rows_(rows.values()), panel_(matrix<float>::uninitialized(engine::panels<float>::columns, rows.dim())) {}

    /// The panel of row `first`, valid until the next call.
    const float* panel(idx_t first) noexcept {
        const engine::panels<float> panels{nullptr, rows_.rows(), rows_.dim()};
        const int width = panels.width_from(first);
        const auto factors = [](int) { return kernel::row_factors<float>{1.0f, 1.0f}; };
        kernel::pack_panel(rows_.row(first), rows_.stride(), panels.columns_from(first), rows_.dim(), factors, width,
                           panel_.data());
        copy_with_one_nan(panel_.data(), width * rows_.dim(), panel_.data());
        swap_with_file_order(panel_.data(), width * rows_.dim());
        return panel_.data();
    }

private:
    matrix_view<const float> rows_;
    matrix<float> panel_;
};

/// The rows of a gallery, row by row, and their bytes.
inline shadow_gallery shadow_of(const gallery& from, const execution& how) {
    auto rows = matrix<float>::uninitialized(from.rows(), from.dim());
    engine::for_each_rows(how, rows.rows(), rows.dim(), [&](idx_t first, idx_t end) {
        for (idx_t i = first; i < end; ++i) gallery_access::rows(from).unpack_row(i, rows.row(i));
    });
    shadow_gallery shadow;
    gallery_access::rows(shadow).adopt(static_cast<matrix<float>&&>(rows), from.report(), from.packed().deviation, how);
    return shadow;
}

template <class Gallery>
using if_shadow = std::enable_if_t<std::is_same_v<Gallery, shadow_gallery>, int>;

}  // namespace detail

/// Writes the rows of a shadow gallery: the bytes that save_gallery writes of a `gallery` of the same rows.
///
/// Shapes, Units, Errors, Source   as save_gallery of a `gallery`.
/// Threads  the caller's.   Memory  one panel, 32 rows at most; of a file 2 MiB as well.
inline void save_gallery(std::ostream& to, const shadow_gallery& rows) {
    detail::save_to_stream(to, [&](auto&& write) {
        detail::write_gallery("save_gallery", rows.packed(), detail::rows_to_write(rows.unit_rows()), write);
    });
}
inline void save_gallery(const std::string& path, const shadow_gallery& rows) {
    detail::save_to_file(path, [&](auto&& write) {
        detail::write_gallery("save_gallery", rows.packed(), detail::rows_to_write(rows.unit_rows()), write);
    });
}

/// Reads a gallery file as a shadow gallery, whose bytes are made again: the same answers, bit for bit.
///
///   load_gallery<shadow_gallery>(path)
///
/// Shapes, Units, Errors, Source   as load_gallery of a `gallery`.
/// Threads  `how` splits the rows.   Memory  the gallery, and meanwhile its rows once more.
template <class Gallery, detail::if_shadow<Gallery> = 0>
Gallery load_gallery(std::istream& from, const execution& how = {}) {
    return detail::shadow_of(load_gallery(from), how);
}
template <class Gallery, detail::if_shadow<Gallery> = 0>
Gallery load_gallery(const std::string& path, const execution& how = {}) {
    return detail::shadow_of(load_gallery(path, how), how);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
