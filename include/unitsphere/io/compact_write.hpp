/// Writes compact galleries in the format of compact_format.hpp.
#pragma once

#include "compact_format.hpp"
#include "gallery_write.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The parts of a gallery as they are written: little-endian, one bit pattern for what is not a number, and zeros for
/// rows that are not there.
template <class Storage, class View>
class compact_to_write {
public:
    compact_to_write(const View& rows, const gallery_commit& commit)
        : layout_(commit),
          parts_(parts_of(rows)),
          as_they_are_(layout::has_numbers ||
                       (!big_endian_machine && rows.seen.zero_rows + rows.seen.non_finite_rows == 0)) {}

    /// A panel, valid until the next call.
    const void* panel(idx_t p) {
        const std::byte* const bytes = parts_.panels + layout_.panel_at(p);
        if constexpr (!layout::has_numbers)
            if (!as_they_are_) {
                const idx_t width = layout_.width_of(p);
                copy_ = matrix<Storage>::uninitialized(1, layout_.panel_bytes(p) / idx_t(sizeof(Storage)));
                std::memcpy(static_cast<void*>(copy_.data()), bytes, std::size_t(layout_.panel_bytes(p)));
                float* const factors = reinterpret_cast<float*>(copy_.data());
                copy_with_one_nan(factors, width, factors);
                Storage* const elements = kernel::elements_of_panel(copy_.data(), int(width));
                for (idx_t i = 0; i < width * layout_.dim; ++i)
                    if (is_nan(float(elements[i]))) elements[i] = Storage(quiet_nan());
                swap_panel(copy_.data(), layout_.dim, width);
                return copy_.data();
            }
        return bytes;
    }
    kernel::compact_numbers numbers(idx_t p) const noexcept {
        kernel::compact_numbers numbers = parts_.numbers[p];
        for (idx_t r = layout_.rows_of(p); r < kernel::byte_columns; ++r)
            numbers.scale[r] = numbers.from_mean[r] = 0.0f;
        swap_numbers(numbers);
        return numbers;
    }
    array<float> mean() const { return mean_of(parts_.mean, layout_.mean_bytes() / idx_t(sizeof(float))); }

private:
    using layout = compact_layout<Storage>;

    layout layout_;
    compact_parts parts_;
    bool as_they_are_;
    matrix<std::conditional_t<layout::has_numbers, float, Storage>> copy_ = {};
};

/// write(bytes, count) for the whole file in turn. `ids` as of write_gallery.
template <class Storage, class View, class Write>
void write_compact(const View& rows, Write&& write, std::uint32_t ids = 0) {
    if (rows.dim() > longest_row || (rows.rows() > 0 && rows.dim() < 1))
        fail<shape_error>("save_gallery: dim is ", rows.dim(), ", it must be 1 to ", longest_row);
    gallery_commit commit = head_of(rows, storage_number<Storage> + ids);
    if (compact_layout<Storage>::has_numbers) commit.panel_rows = kernel::byte_columns;
    const compact_layout<Storage> layout(commit);
    compact_to_write<Storage, View> parts(rows, commit);
    const array<float> mean = parts.mean();
    if (layout.mean_bytes() > 0) commit.last_panel_sum = checksum_of(mean.data(), layout.mean_bytes());
    for (idx_t p = 0; p < layout.panels(); ++p)
        commit.panels_sum = mix_word(commit.panels_sum, checksum_of(parts.panel(p), layout.panel_bytes(p)));
    const idx_t numbers = layout.has_numbers ? layout.panels() : 0, size = idx_t(sizeof(kernel::compact_numbers));
    for (idx_t p = 0; p < numbers; ++p) {
        const kernel::compact_numbers of_panel = parts.numbers(p);
        commit.panels_sum = mix_word(commit.panels_sum, checksum_of(&of_panel, size));
    }
    const commit_page page(commit), none;
    const auto fill_page = [&](idx_t used) {
        if (used % file_page > 0) write(none.bytes, file_page - used % file_page);
    };
    write(page.bytes, file_page);
    write(none.bytes, file_page);
    if (layout.mean_bytes() > 0) write(mean.data(), layout.mean_bytes());
    fill_page(layout.mean_bytes());
    for (idx_t p = 0; p < layout.panels(); ++p) write(parts.panel(p), layout.panel_bytes(p));
    if (layout.has_numbers) fill_page(layout.all_panels());
    for (idx_t p = 0; p < numbers; ++p) {
        const kernel::compact_numbers of_panel = parts.numbers(p);
        write(&of_panel, size);
    }
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
