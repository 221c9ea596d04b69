/// The file of a compact_gallery: version 3 as in gallery_format.hpp, but written as a whole.
///
///   0            commit page: gallery_commit, whose element names the storage, zeros, checksum of the page u64
///   4096         zeros
///   8192         integers and fast_bfloat16: the mean, [dim] float, whose checksum is last_panel_sum
///   panels_at    the panels as they lie in memory, page-aligned
///   numbers_at   of the same: compact_numbers for each panel, page-aligned
///
/// panels_sum joins the checksums of the panels, then those of their numbers. Little-endian. The rotation follows from
/// the dim (kernel/rotation.hpp). Panels of float16 and bfloat16 depend on panel_rows (32 on AVX-512, else 16), the
/// others have 16 rows on every machine.
#pragma once

#include "../compact_gallery.hpp"
#include "gallery_format.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Where the parts of a file lie.
template <class Storage>
struct compact_layout {
    /// Rows that are seen from a mean have numbers; those of 16 bits that are not have factors, in their panels.
    static constexpr bool has_numbers = !is_rounded_as_it_is<Storage>;

    idx_t rows, dim, panel_rows;

    explicit compact_layout(const gallery_commit& of) : rows(of.rows), dim(of.dim), panel_rows(of.panel_rows) {}

    idx_t panels() const noexcept { return engine::ceil_div(rows, panel_rows); }
    idx_t rows_of(idx_t panel) const noexcept { return engine::minimum(rows - panel * panel_rows, panel_rows); }
    /// Rows with padding.
    idx_t width_of(idx_t panel) const noexcept { return engine::rows_of_panels(rows_of(panel)); }
    idx_t row_bytes() const noexcept {
        if constexpr (has_numbers) {
            constexpr int bits = compact_rows<Storage>::type::bits;
            return kernel::compact_panel_bytes<bits>(kernel::padded_row_bytes<bits>(dim)) / kernel::byte_columns;
        } else {
            return engine::panels<Storage>::row_elements(dim) * idx_t(sizeof(Storage));
        }
    }
    idx_t panel_bytes(idx_t panel) const noexcept { return width_of(panel) * row_bytes(); }
    idx_t panel_at(idx_t panel) const noexcept { return panel * panel_rows * row_bytes(); }  ///< from panels_at on
    idx_t all_panels() const noexcept { return engine::rows_of_panels(rows) * row_bytes(); }
    idx_t mean_bytes() const noexcept { return has_numbers ? dim * idx_t(sizeof(float)) : 0; }
    idx_t mean_at() const noexcept { return 2 * file_page; }
    idx_t panels_at() const noexcept { return mean_at() + engine::round_up(mean_bytes(), file_page); }
    idx_t numbers_bytes() const noexcept { return has_numbers ? panels() * idx_t(sizeof(kernel::compact_numbers)) : 0; }
    idx_t numbers_at() const noexcept {
        return panels_at() + (has_numbers ? engine::round_up(all_panels(), file_page) : all_panels());
    }
    idx_t bytes() const noexcept { return numbers_at() + numbers_bytes(); }
};

/// Those parts in memory: of a gallery, of a mapping, or as they were read.
struct compact_parts {
    const float* mean;
    const std::byte* panels;
    const kernel::compact_numbers* numbers;
};
template <class Storage>
compact_parts parts_of(const engine::packed_view<Storage>& rows) noexcept {
    return {nullptr, reinterpret_cast<const std::byte*>(rows.packed.data), nullptr};
}
template <int Bits>
compact_parts parts_of(const engine::byte_view<Bits>& rows) noexcept {
    return {rows.space.mean, reinterpret_cast<const std::byte*>(rows.bytes), rows.numbers};
}

/// A mean, from the machine's byte order to that of files and back.
inline array<float> mean_of(const float* from, idx_t dim) {
    auto mean = array<float>::uninitialized(dim);
    if (dim > 0) std::memcpy(mean.data(), from, std::size_t(dim) * sizeof(float));
    swap_with_file_order(mean.data(), dim);
    return mean;
}
/// A panel of 16-bit columns, from the machine's byte order to that of files and back.
template <class Storage>
void swap_panel(Storage* panel, idx_t dim, idx_t width) noexcept {
    swap_with_file_order(reinterpret_cast<float*>(panel), width);
    swap_with_file_order(kernel::elements_of_panel(panel, int(width)), width * dim);
}
inline void swap_numbers(kernel::compact_numbers& numbers) noexcept {
    swap_with_file_order(numbers.scale, kernel::byte_columns);
    swap_with_file_order(numbers.from_mean, kernel::byte_columns);
}

template <class Gallery>
inline constexpr bool is_compact_gallery = false;
template <class Storage>
inline constexpr bool is_compact_gallery<compact_gallery<Storage>> = true;
template <class Gallery>
using if_compact = std::enable_if_t<is_compact_gallery<Gallery>, int>;

/// The commit of a file of `Storage`, or a refusal.
template <class Storage>
gallery_commit commit_of_page(const gallery_source& source, const commit_page& page) {
    const gallery_commit commit = page.commit();
    require_version(source, commit, page.is_gallery());
    if (commit.version != 2 && !page.is_whole()) source.refuse("the header is not what was written");
    require_storage(source, commit, storage_number<Storage>);
    require_sane(source, commit);
    if (compact_layout<Storage>::has_numbers && (commit.panel_rows != 16 || commit.dim > kernel::most_byte_dim))
        source.refuse("panels of ", idx_t(commit.panel_rows), " rows of dim ", commit.dim, ", there are 16 of at most ",
                      kernel::most_byte_dim);
    if (commit.rows > (idx_t(1) << 61) / engine::maximum(compact_layout<Storage>(commit).row_bytes(), 16))
        source.refuse(commit.rows, " rows of dim ", commit.dim, " are no gallery");
    return commit;
}

/// Compares the checksums of parts in the byte order of files, and looks at all rows: those of float16 and bfloat16 are
/// unit, the others have finite numbers and elements, and as many are without a direction as the header says.
/// -> the deviation.
template <class Storage>
class compact_check {
public:
    compact_check(const gallery_source& source, const gallery_commit& commit, const compact_parts& parts)
        : source_(source), commit_(commit), layout_(commit), parts_(parts) {}

    double check(const execution& how) const {
        check_mean();
        const idx_t panels = layout_.panels();
        const idx_t some = engine::maximum(1, (idx_t(1) << 18) / engine::maximum(layout_.row_bytes(), 1) / 32);
        array<idx_t> sums(panels), sums_of_numbers(layout_.has_numbers ? panels : 0);  // bits of a checksum each
        array<panel_check> found(engine::ceil_div(panels, some));
        engine::for_each_range(how, panels, some, [&](idx_t, idx_t first, idx_t end) {
            panel_check& seen = found[first / some];
            auto room = matrix<float>::uninitialized(layout_.has_numbers ? 0 : layout_.panel_rows, layout_.dim);
            for (idx_t p = first; p < end; ++p) {
                const std::byte* const panel = parts_.panels + layout_.panel_at(p);
                sums[p] = idx_t(checksum_of(panel, layout_.panel_bytes(p)));
                if constexpr (compact_layout<Storage>::has_numbers) {
                    sums_of_numbers[p] = idx_t(checksum_of(parts_.numbers + p, idx_t(sizeof *parts_.numbers)));
                    add_numbers(p, parts_.numbers[p], seen.found);
                    if constexpr (std::is_same_v<Storage, fast_bfloat16>) check_elements(p, panel);
                } else {
                    add_rows(p, panel, room.data(), seen);
                }
            }
        });
        panel_check all;
        for (const idx_t sum : sums) all.add_sum(std::uint64_t(sum));
        for (const idx_t sum : sums_of_numbers) all.add_sum(std::uint64_t(sum));
        if (all.sum != commit_.panels_sum) source_.refuse("the bytes are not those that were written");
        for (const panel_check& one : found) {
            all.found.add(one.found);
            all.deviation = engine::maximum(all.deviation, one.deviation);
        }
        require_counts(source_, commit_, all.found);
        return deviation_of(commit_, all.deviation);
    }
    void check_mean() const {
        if (checksum_of_mean() != commit_.last_panel_sum) source_.refuse("the mean is not what was written");
        const array<float> mean = mean_of(parts_.mean, layout_.mean_bytes() / idx_t(sizeof(float)));
        for (const float& element : mean)
            if (!is_finite(element))
                source_.refuse("element ", idx_t(&element - mean.data()), " of the mean is ", double(element));
    }
    std::uint64_t checksum_of_mean() const noexcept {
        return layout_.mean_bytes() > 0 ? checksum_of(parts_.mean, layout_.mean_bytes()) : 0;
    }

private:
    void add_numbers(idx_t p, kernel::compact_numbers numbers, row_report& seen) const {
        swap_numbers(numbers);
        for (idx_t r = 0; r < layout_.rows_of(p); ++r) {
            const idx_t row = p * layout_.panel_rows + r;
            const float scale = numbers.scale[r], from_mean = numbers.from_mean[r];
            if (!(scale >= 0.0f) || !is_finite(scale) || (!is_finite(from_mean) && !is_nan(from_mean)))
                source_.refuse("row ", row, " has scale ", double(scale), " and product ", double(from_mean),
                               " with the mean");
            if (from_mean == kernel::of_zero_row) seen.add_zero(row);
            if (is_nan(from_mean)) seen.add_non_finite(row);
        }
    }
    /// No element of a unit row less a mean is so large, and no finite element makes a score that is none.
    void check_elements(idx_t p, const std::byte* panel) const {
        for (idx_t i = 0; i < layout_.panel_bytes(p); i += 2) {
            const auto low = unsigned(panel[i]), high = unsigned(panel[i + 1]);
            const float element = float(bfloat16::from_bits(std::uint16_t(high << 8 | low)));
            if (!is_finite(element) || element > 4.0f || element < -4.0f)
                source_.refuse("row ", p * layout_.panel_rows + i / 4 % kernel::byte_columns, " has an element of ",
                               double(element));
        }
    }
    void add_rows(idx_t p, const std::byte* bytes, float* room, panel_check& seen) const {
        const int width = int(layout_.width_of(p));
        const Storage* panel = reinterpret_cast<const Storage*>(bytes);
        matrix<Storage> swapped;
        if constexpr (big_endian_machine) {
            swapped = matrix<Storage>::uninitialized(1, layout_.panel_bytes(p) / idx_t(sizeof(Storage)));
            std::memcpy(static_cast<void*>(swapped.data()), bytes, std::size_t(layout_.panel_bytes(p)));
            swap_panel(swapped.data(), layout_.dim, width);
            panel = swapped.data();
        }
        if (width == kernel::lane_count)
            kernel::unpack_columns<1>(panel, layout_.dim, room);
        else
            kernel::unpack_columns<2>(panel, layout_.dim, room);
        seen.add_rows(source_, room, layout_.dim, width, p * layout_.panel_rows, int(layout_.rows_of(p)),
                      tolerance_of(commit_));
    }

    const gallery_source& source_;
    const gallery_commit& commit_;
    compact_layout<Storage> layout_;
    compact_parts parts_;
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
