/// Gallery files with panels of the other width, for machines of the other kind.
#pragma once

#include <cstring>

#include "../data/required.hpp"
#include "compact_format.hpp"
#include "gallery_write.hpp"
#include "mapped_gallery.hpp"
#include "panel_width.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Panels from a mapped file to a new one, 32 rows at a time. S: float, or any type of 16 bits.
template <class S>
class panel_repacker {
public:
    panel_repacker(const gallery_commit& old, const std::byte* panels, const std::byte* last, idx_t panel_rows)
        : old_(old), next_(old), panels_(panels), last_(last) {
        next_.panel_rows = std::uint32_t(panel_rows), next_.sequence = 0, next_.panels_sum = first_hash;
        next_.last_panel_sum = 0;
    }

    /// write(at, bytes, count): the panels in their order, and the last one of floats beside the commit page.
    template <class Write>
    void run(const gallery_source& source, sequential_writes<durable_file>& writes, Write&& write) {
        constexpr idx_t step = 32;
        const idx_t elements = engine::panels<S>::row_elements(old_.dim), dim = old_.dim;
        auto block = matrix<S>::uninitialized(step, elements);
        for (idx_t first = 0; first < old_.rows; first += step) {
            const idx_t rows = engine::minimum(step, old_.rows - first);
            const idx_t bytes = engine::rows_of_panels(rows) * elements * idx_t(sizeof(S));
            std::memcpy(static_cast<void*>(block.data()), panels_ + first * elements * idx_t(sizeof(S)),
                        std::size_t(bytes));
            if (const idx_t partial = rows % old_.panel_rows; last_ != nullptr && partial > 0)
                std::memcpy(static_cast<void*>(block.row(rows - partial)), last_,
                            std::size_t(gallery_layout(old_).last_bytes()));
            add_sums(old_, block, rows, old_sum_);
            if (old_.panel_rows != next_.panel_rows) change_panel_width(block.data(), rows, dim, old_.panel_rows);
            add_sums(next_, block, rows, next_.panels_sum);
            writes.write(block.data(), bytes);
            if (const idx_t partial = rows % next_.panel_rows; last_ != nullptr && partial > 0) {
                const gallery_layout layout(next_);
                next_.last_panel_sum = checksum_of(block.row(rows - partial), layout.last_bytes());
                write(layout.last_at(0), block.row(rows - partial), layout.last_bytes());
            }
        }
        if (old_sum_ != old_.panels_sum) source.refuse("the bytes are not those that were written");
    }
    const gallery_commit& next() const noexcept { return next_; }

private:
    /// Of the panels in `rows` rows; of floats that of the last one is not among them.
    void add_sums(const gallery_commit& commit, const matrix<S>& block, idx_t rows, std::uint64_t& sum) const noexcept {
        for (idx_t first = 0; first < rows; first += commit.panel_rows) {
            const idx_t count = engine::minimum(rows - first, idx_t(commit.panel_rows));
            if (last_ != nullptr && count < commit.panel_rows) return;
            sum = mix_word(
                sum, checksum_of(block.row(first), engine::rows_of_panels(count) * block.dim() * idx_t(sizeof(S))));
        }
    }

    gallery_commit old_, next_;
    const std::byte *panels_, *last_;  ///< last_: null where the last panel is one of the others
    std::uint64_t old_sum_ = first_hash;
};

template <class S>
void write_repacked(const gallery_source& source, const gallery_commit& old, const std::byte* panels,
                    const std::byte* last, idx_t panel_rows, durable_file& file) {
    panel_repacker<S> repacker(old, panels, last, panel_rows);
    const idx_t begin = last == nullptr ? 2 * file_page : gallery_layout(repacker.next()).panels_at();
    sequential_writes<durable_file> writes(file, 0);
    const commit_page none;
    for (idx_t at = 0; at < begin; at += file_page) writes.write(none.bytes, file_page);
    writes.flush();
    repacker.run(source, writes, [&](idx_t at, const void* bytes, idx_t count) { file.write(at, bytes, count); });
    writes.flush();
    file.write(0, commit_page(repacker.next()).bytes, file_page);
}

}  // namespace detail

/// Writes a gallery file anew with panels of `panel_rows` rows: 32 as builds for AVX-512 map them, 16 as all others do.
/// load_gallery reads both. Files of `gallery`, shadow_gallery, compact_gallery<float16> and <bfloat16>; those of
/// integers are alike everywhere. Those with ids are loaded and saved again.
///
/// Shapes   panel_rows 16 or 32.   Units  those of the file: no bit of a row changes.
/// Errors   value_error for another panel_rows. file_error, with path and reason, if the file is none of these, is
///          damaged, or a gallery_writer has it; if the new one cannot be written. Then `to` is as before. Windows:
///          rows that a writer appends between the last look and the rename, some milliseconds, are lost.
/// Threads  the caller's.   Memory  2 MiB, and 32 rows; both files may be larger than memory.
/// Source   gallery_format.hpp. `to` may be `from`: it is replaced whole, as by save_gallery.
inline void repack_gallery(const std::string& from, const std::string& to, required<idx_t> panel_rows) {
    if (panel_rows != 16 && panel_rows != 32)
        detail::fail<value_error>("repack_gallery: panel_rows is ", idx_t(panel_rows), ", it must be 16 or 32");
    const detail::gallery_source source{"repack_gallery", from};
    detail::lock_of_old_file no_writer({"repack_gallery", from});
    detail::replace_file({"repack_gallery", to}, [&](detail::durable_file& file) {
        const detail::file_mapping old({"repack_gallery", from});
        const std::byte* const bytes = old.data();
        detail::commit_page page;
        if (old.size() < 2 * detail::file_page)
            source.refuse("ends after ", old.size(), " of 8192 bytes of the header");
        std::memcpy(page.bytes, bytes, sizeof page.bytes);
        const std::uint32_t element = page.is_gallery() && page.is_whole() ? page.commit().element : 0;
        if (element == 0 || page.commit().version == 2) {
            const detail::gallery_commit commit = detail::newest_commit(source, bytes, old.size());
            const detail::gallery_layout layout(commit);
            detail::write_repacked<float>(source, commit, bytes + layout.panels_at(),
                                          bytes + layout.last_at(commit.sequence), panel_rows, file);
        } else {
            if (element > detail::storage_number<bfloat16> && element < detail::storages::count)
                source.refuse("stores ", detail::storage_names[element], ", whose panels are alike on every machine");
            const bool is_bfloat16 = element == detail::storage_number<bfloat16>;
            const detail::gallery_commit commit = is_bfloat16 ? detail::commit_of_page<bfloat16>(source, page)
                                                              : detail::commit_of_page<float16>(source, page);
            const detail::compact_layout<float16> layout(commit);
            if (old.size() < layout.bytes()) source.refuse("ends after ", old.size(), " of ", layout.bytes(), " bytes");
            detail::write_repacked<float16>(source, commit, bytes + layout.panels_at(), nullptr, panel_rows, file);
        }
        file.sync();  // now, so that no writer has much time between here and the new name
        no_writer.allow_rename();
    });
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
