/// The gallery file, version 3: packed panels as they lie in memory, behind two commit pages.
///
///   0          commit page A   4096 bytes: gallery_commit, zeros, checksum of the page u64
///   4096       commit page B
///   8192       last panel of A, then last panel of B: room for a panel each, in whole pages
///   panels_at  the full panels: [dim][panel_rows] float each, page-aligned
///              the last panel, if any, in its place behind them: [dim][16] where it has at most 16 rows
///
/// Behind the last byte of a keyed gallery: its ids and their checksum (keyed_ids.hpp).
///
/// The newest commit whose checksums are right is the gallery. Full panels are written once; the last one, which later
/// rows fill up, counts as it stands beside the commit pages, and its copy behind the full panels is for those who map
/// the file. So an append writes nothing that the newest commit needs, and takes the other page and its panel.
///
/// Little-endian. The bytes depend on panel_rows (32 on AVX-512, else 16) and on the rows alone. Every norm is 1 within
/// 2^-13, or within the header's deviation, where rows were adopted that are farther off.
#pragma once

#include <cstdint>
#include <cstring>

#include "../data/storages.hpp"
#include "../detail/packed_gallery.hpp"
#include "../detail/panel_norms.hpp"
#include "file_source.hpp"
#include "panel_checksum.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

inline constexpr char gallery_magic[8] = {'U', 'S', 'G', 'A', 'L', 'E', 'R', 'Y'};
inline constexpr std::uint32_t gallery_version = 3;
/// A longer row is no embedding: a header that says so is not believed. Nor are more than 2^62 bytes.
inline constexpr idx_t longest_row = idx_t(1) << 24;
inline constexpr idx_t file_page = 4096;
/// By gallery_commit::element.
inline constexpr const char* storage_names[] = {"float", "float16", "bfloat16",     "int8",
                                                "int4",  "one_bit", "fast_bfloat16"};
static_assert(sizeof storage_names / sizeof *storage_names == storages::count, "a name for each");
/// Added to gallery_commit::element where ids follow.
inline constexpr std::uint32_t element_with_ids = 256;

/// Files of version 2 begin with the first 64 bytes.
struct gallery_commit {
    char magic[8];
    std::uint32_t version;
    float deviation;  ///< version 2: the tolerance
    idx_t rows, dim, zero_rows, non_finite_rows, first_zero, first_non_finite;
    std::uint32_t panel_rows, element;  ///< element: storage_names; this layout has floats, compact_format.hpp others
    idx_t sequence;                     ///< the newest commit has the largest
    std::uint64_t panels_sum;           ///< of the checksums of the full panels, joined in order
    std::uint64_t last_panel_sum;       ///< 0 where there is none
};
static_assert(sizeof(gallery_commit) == 96, "no padding");

inline void swap_with_file_order(gallery_commit& commit) noexcept {
    for (std::uint32_t* number : {&commit.version, &commit.panel_rows, &commit.element})
        swap_with_file_order(number, 1);
    swap_with_file_order(&commit.deviation, 1);
    for (idx_t* number : {&commit.rows, &commit.dim, &commit.zero_rows, &commit.non_finite_rows, &commit.first_zero,
                          &commit.first_non_finite, &commit.sequence})
        swap_with_file_order(number, 1);
    for (std::uint64_t* sum : {&commit.panels_sum, &commit.last_panel_sum}) swap_with_file_order(sum, 1);
}

inline row_report report_of(const gallery_commit& commit) noexcept {
    row_report report;
    report.zero_rows = commit.zero_rows, report.non_finite_rows = commit.non_finite_rows;
    report.first_zero = commit.first_zero, report.first_non_finite = commit.first_non_finite;
    return report;
}
inline void set_report(gallery_commit& commit, const row_report& report) noexcept {
    commit.zero_rows = report.zero_rows, commit.non_finite_rows = report.non_finite_rows;
    commit.first_zero = report.first_zero, commit.first_non_finite = report.first_non_finite;
}

/// Where the parts of a file lie.
struct gallery_layout {
    idx_t rows, dim, panel_rows;

    explicit gallery_layout(const gallery_commit& of) : rows(of.rows), dim(of.dim), panel_rows(of.panel_rows) {}

    idx_t full_panels() const noexcept { return rows / panel_rows; }
    idx_t panel_bytes() const noexcept { return panel_rows * dim * idx_t(sizeof(float)); }
    /// Rows and width of the last panel, 0 where all are full.
    idx_t last_rows() const noexcept { return rows % panel_rows; }
    idx_t last_width() const noexcept {
        return last_rows() == 0 ? 0 : last_rows() <= kernel::lane_count ? kernel::lane_count : panel_rows;
    }
    idx_t last_bytes() const noexcept { return last_width() * dim * idx_t(sizeof(float)); }
    idx_t last_room() const noexcept { return engine::round_up(panel_bytes(), file_page); }
    idx_t last_at(idx_t sequence) const noexcept { return 2 * file_page + (sequence & 1) * last_room(); }
    idx_t panels_at() const noexcept { return 2 * file_page + 2 * last_room(); }
    idx_t last_in_place() const noexcept { return panels_at() + full_panels() * panel_bytes(); }
    idx_t bytes() const noexcept { return last_in_place() + last_bytes(); }
};

/// One commit page.
struct commit_page {
    unsigned char bytes[file_page] = {};

    commit_page() noexcept = default;
    explicit commit_page(gallery_commit commit) noexcept {
        swap_with_file_order(commit);
        std::memcpy(bytes, &commit, sizeof commit);
        std::uint64_t sum = checksum_of(bytes, file_page - 8);
        swap_with_file_order(&sum, 1);
        std::memcpy(bytes + file_page - 8, &sum, sizeof sum);
    }

    gallery_commit commit() const noexcept {
        gallery_commit commit;
        std::memcpy(&commit, bytes, sizeof commit);
        swap_with_file_order(commit);
        return commit;
    }
    bool is_gallery() const noexcept { return std::memcmp(bytes, gallery_magic, sizeof gallery_magic) == 0; }
    bool is_whole() const noexcept {
        std::uint64_t sum;
        std::memcpy(&sum, bytes + file_page - 8, sizeof sum);
        swap_with_file_order(&sum, 1);
        return sum == checksum_of(bytes, file_page - 8);
    }
};

/// The name in refusals: the path, or nothing of a stream.
struct gallery_source {
    const char* function;
    const std::string& path;
    bool has_ids = false;  ///< whether the caller asked for rows with ids

    template <class... Parts>
    [[noreturn]] void refuse(const Parts&... reason) const {
        fail<file_error>(function, ": ", path, path.empty() ? "" : ": ", reason...);
    }
    const char* kind() const noexcept { return path.empty() ? "the stream" : "the file"; }
};

/// Refuses rows of another storage than the caller asked for, or with ids where they are to have none.
inline void require_storage(const gallery_source& source, const gallery_commit& commit, std::uint32_t asked) {
    const bool has_ids = commit.version != 2 && (commit.element & element_with_ids) != 0;
    const std::uint32_t element = commit.version == 2 ? 0 : commit.element & ~element_with_ids;
    if (element >= storages::count)
        source.refuse("elements of type ", idx_t(element), ", this library knows 0 (float) to ",
                      idx_t(storages::count - 1), " (", storage_names[storages::count - 1], ")");
    if (has_ids && !source.has_ids) source.refuse("its rows have ids; load_gallery<keyed<..>> reads it");
    if (!has_ids && source.has_ids) source.refuse("its rows have no ids, asked for was a keyed gallery");
    if (element != asked)
        source.refuse("stores ", storage_names[element], ", asked for was a gallery of ", storage_names[asked]);
}
/// What a commit says must be possible, whoever wrote it.
inline void require_sane(const gallery_source& source, const gallery_commit& commit) {
    if (commit.rows < 0 || commit.dim < 0 || commit.dim > longest_row || (commit.dim == 0 && commit.rows > 0) ||
        (commit.dim > 0 && commit.rows > (idx_t(1) << 60) / commit.dim))
        source.refuse(commit.rows, " rows of dim ", commit.dim, " are no gallery");
    if (commit.version == 2) return;
    if (commit.panel_rows != 16 && commit.panel_rows != 32)
        source.refuse("panels of ", idx_t(commit.panel_rows), " rows, this library knows 16 and 32");
    if (!(commit.deviation >= 0.0f)) source.refuse("norms are within ", double(commit.deviation), " of 1");
    for (const idx_t first : {commit.first_zero, commit.first_non_finite})
        if (first < -1 || first >= engine::maximum(commit.rows, 1))
            source.refuse("row ", first, " has no direction, there are ", commit.rows);
}
/// Refuses what begins like no gallery, or one of a version that is not read.
inline void require_version(const gallery_source& source, const gallery_commit& commit, bool is_gallery) {
    if (!is_gallery) source.refuse("this is not a gallery");
    if (commit.version != 2 && commit.version != gallery_version)
        source.refuse("version ", idx_t(commit.version), ", this library reads versions 2 and ",
                      idx_t(gallery_version));
}

/// Calls use(commit) for the valid commits of two pages, the newest first, until it returns true. Each page holds every
/// other sequence number. The older commit has its last panel in as much room as the newer one, or does not count.
template <class Use>
void with_newest_commit(const gallery_source& source, const commit_page (&pages)[2], Use&& use) {
    require_version(source, pages[0].commit(), pages[0].is_gallery());
    gallery_commit found[2];
    int count = 0;
    for (idx_t k = 0; k < 2; ++k) {
        const gallery_commit commit = pages[k].commit();
        if (pages[k].is_gallery() && pages[k].is_whole() && commit.version != 2 && commit.sequence >= 0 &&
            (commit.sequence & 1) == k)
            found[count++] = commit;
    }
    const bool second_first = count == 2 && found[1].sequence > found[0].sequence;
    idx_t room = 0;
    for (int i = 0; i < count; ++i) {
        const gallery_commit& commit = found[second_first ? 1 - i : i];
        require_version(source, commit, true);
        require_storage(source, commit, 0);
        require_sane(source, commit);
        const idx_t its_room = gallery_layout(commit).last_room();
        if (i > 0 && its_room != room) break;
        if (use(commit)) return;
        room = its_room;
    }
    source.refuse("neither commit page, with its last panel, is what was written");
}

/// A header may not count other rows than there are: as many without a direction, though a zero row that was put in as
/// NaN is found as one that is not finite.
inline void require_counts(const gallery_source& source, const gallery_commit& header, const row_report& found) {
    const idx_t seen = found.zero_rows + found.non_finite_rows;
    const auto fits = [&](idx_t count, idx_t first) {
        return count >= 0 && count <= seen && (count == 0 ? first == -1 : first >= 0 && first < header.rows);
    };
    if (!fits(header.zero_rows, header.first_zero) || !fits(header.non_finite_rows, header.first_non_finite) ||
        header.zero_rows + header.non_finite_rows != seen)
        source.refuse("the header counts ", header.zero_rows, " zero rows and ", header.non_finite_rows,
                      " that are not finite, the rows are ", found.zero_rows, " and ", found.non_finite_rows);
}

/// What the panels of a file are, beside their bytes.
struct panel_check {
    std::uint64_t sum = first_hash;
    row_report found = {};
    double deviation = 0.0;

    void add_sum(std::uint64_t of_panel) noexcept { sum = mix_word(sum, of_panel); }
    /// Measures the rows of a panel, in the machine's byte order.
    void add_rows(const gallery_source& source, const float* panel, idx_t dim, int width, idx_t first, int rows,
                  double tolerance) {
        double sums[2 * kernel::lane_count];
        panel_norms(panel, dim, width, sums);
        for (int r = 0; r < rows; ++r) {
            const kernel::row_length length{sums[r], 1.0};
            const double off = norm_deviation(length);
            if (!(off <= tolerance * (1 + 1e-6)))
                source.refuse("row ", first + r, " has norm ", length.norm(), ", not 1 within ", tolerance);
            deviation = kernel::maximum(deviation, off);
            if (length.kind() == kernel::row_kind::zero) found.add_zero(first + r);
            if (length.kind() == kernel::row_kind::non_finite) found.add_non_finite(first + r);
        }
    }
};
/// The deviation of rows that were measured: the header's, unless it says less than they are off by more than rounding.
inline double deviation_of(const gallery_commit& commit, double measured) noexcept {
    const double written = double(commit.deviation);
    return measured > kernel::maximum(1.2e-7, written * (1 + 1e-6)) ? measured : written;
}
inline double tolerance_of(const gallery_commit& commit) noexcept {
    return kernel::maximum(0x1p-13, double(commit.deviation));
}

/// Copies elements and makes all that are not numbers one bit pattern: machines make different ones.
inline void copy_with_one_nan(const float* from, idx_t count, float* to) noexcept {
    for (idx_t i = 0; i < count; ++i) to[i] = is_nan(from[i]) ? quiet_nan() : from[i];
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
