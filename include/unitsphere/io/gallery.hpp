/// Galleries to a stream and back.
///
///   "USGALERY", version u32, 0 u32, rows i64, dim i64, the report's four numbers i64        64 bytes
///   rows * dim float, row by row                                                           unit rows, as they are used
///   FNV-1a of all bytes before, u64
///
/// Little-endian, and the same whatever the instruction set.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <istream>
#include <ostream>

#include "../gallery.hpp"

#ifdef __BYTE_ORDER__
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "unitsphere/io/gallery.hpp: streams are little-endian");
#endif

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

/// The door through which a loaded gallery gets its report back.
struct gallery_access {
    static void set_report(gallery& to, const row_report& report) noexcept { to.rows_.set_seen(report); }
};

struct gallery_header {
    char magic[8];
    std::uint32_t version, unused;
    idx_t rows, dim, zero_rows, non_finite_rows, first_zero, first_non_finite;
};
static_assert(sizeof(gallery_header) == 64, "no padding");

inline constexpr char gallery_magic[8] = {'U', 'S', 'G', 'A', 'L', 'E', 'R', 'Y'};
inline constexpr std::uint32_t gallery_version = 1;
/// A longer row is no embedding: a header that says so is not believed.
inline constexpr idx_t longest_row = idx_t(1) << 24;

/// FNV-1a, 64 bits (Fowler, Noll, Vo: draft-eastlake-fnv).
struct checksum {
    std::uint64_t value = 0xcbf29ce484222325u;

    void add(const void* bytes, idx_t count) noexcept {
        const unsigned char* const at = static_cast<const unsigned char*>(bytes);
        for (idx_t i = 0; i < count; ++i) value = (value ^ at[i]) * 0x100000001b3u;
    }
};

inline void write_bytes(std::ostream& to, const void* bytes, idx_t count, checksum& sum) {
    sum.add(bytes, count);
    to.write(static_cast<const char*>(bytes), std::streamsize(count));
    if (!to) fail<file_error>("save_gallery: the stream takes no more bytes");
}
inline void read_bytes(std::istream& from, void* bytes, idx_t count, const char* what, checksum& sum) {
    from.read(static_cast<char*>(bytes), std::streamsize(count));
    if (from.bad()) fail<file_error>("load_gallery: the stream cannot be read, in ", what);
    if (idx_t(from.gcount()) != count)
        fail<file_error>("load_gallery: the stream ends after ", idx_t(from.gcount()), " of ", count, " bytes of ",
                         what);
    sum.add(bytes, count);
}

inline gallery_header read_gallery_header(std::istream& from, checksum& sum) {
    gallery_header header;
    read_bytes(from, &header, idx_t(sizeof header), "the header", sum);
    if (std::memcmp(header.magic, gallery_magic, sizeof gallery_magic) != 0)
        fail<file_error>("load_gallery: this is not a gallery");
    if (header.version != gallery_version || header.unused != 0)
        fail<file_error>("load_gallery: version ", idx_t(header.version), ", this library reads version ",
                         idx_t(gallery_version));
    if (header.rows < 0 || header.dim < 0 || header.dim > longest_row || (header.dim == 0 && header.rows > 0))
        fail<file_error>("load_gallery: ", header.rows, " rows of dim ", header.dim, " are no gallery");
    return header;
}

inline row_report report_of(const gallery_header& header) noexcept {
    row_report report;
    report.zero_rows = header.zero_rows, report.non_finite_rows = header.non_finite_rows;
    report.first_zero = header.first_zero, report.first_non_finite = header.first_non_finite;
    return report;
}

/// A header may not count other rows than there are: as many without a direction, though a zero row that was put in as
/// NaN is found as one that is not finite.
inline void require_counts(const gallery_header& header, const row_report& found) {
    const idx_t seen = found.zero_rows + found.non_finite_rows;
    const auto fits = [&](idx_t count, idx_t first) {
        return count >= 0 && count <= seen && (count == 0 ? first == -1 : first >= 0 && first < header.rows);
    };
    if (!fits(header.zero_rows, header.first_zero) || !fits(header.non_finite_rows, header.first_non_finite) ||
        header.zero_rows + header.non_finite_rows != seen)
        fail<file_error>("load_gallery: the header counts ", header.zero_rows, " zero rows and ",
                         header.non_finite_rows, " that are not finite, the rows are ", found.zero_rows, " and ",
                         found.non_finite_rows);
}

/// Rows from number `first` on are unit rows, or have no direction.
inline void require_unit(const matrix<float>& rows, idx_t first) {
    constexpr double tolerance = 1e-4;
    for (idx_t i = 0; i < rows.rows(); ++i) {
        const kernel::row_length length = kernel::length_of(rows.row(i), rows.dim());
        if (length.kind() == kernel::row_kind::regular && !(std::fabs(length.norm() - 1.0) <= tolerance))
            fail<file_error>("load_gallery: row ", first + i, " has norm ", length.norm(), ", not 1 within ",
                             tolerance);
    }
}

/// A copy with one bit pattern for what is not a number: machines make different ones.
inline matrix<float> with_one_nan(const unit_view<float>& rows) {
    auto copy = matrix<float>::uninitialized(rows.rows(), rows.dim());
    for (idx_t i = 0; i < rows.rows(); ++i)
        for (idx_t k = 0; k < rows.dim(); ++k) copy(i, k) = is_nan(rows(i, k)) ? quiet_nan() : rows(i, k);
    return copy;
}

/// Rows that are put in and taken out at a time: about 1 MiB.
inline idx_t gallery_piece(idx_t dim) noexcept {
    constexpr idx_t elements = idx_t(1) << 18;
    return dim >= elements ? 1 : elements / (dim > 0 ? dim : 1);
}

}  // namespace detail

/// Writes a gallery.
///
/// Shapes   rows of dim 1 .. 2^24; or no rows.
/// Errors   shape_error for other rows; file_error if the stream fails.
/// Units    unit rows, as they are used.
/// Threads  the caller's.   Memory  2 MiB, or two rows.   Source  the format above.
inline void save_gallery(std::ostream& to, const gallery& rows) {
    if (rows.dim() > detail::longest_row || (rows.rows() > 0 && rows.dim() < 1))
        detail::fail<shape_error>("save_gallery: dim is ", rows.dim(), ", it must be 1 to ", detail::longest_row);
    const row_report& report = rows.report();
    detail::gallery_header header{{},
                                  detail::gallery_version,
                                  0,
                                  rows.rows(),
                                  rows.dim(),
                                  report.zero_rows,
                                  report.non_finite_rows,
                                  report.first_zero,
                                  report.first_non_finite};
    std::memcpy(header.magic, detail::gallery_magic, sizeof header.magic);
    detail::checksum sum;
    detail::write_bytes(to, &header, idx_t(sizeof header), sum);
    const idx_t piece = detail::gallery_piece(rows.dim());
    for (idx_t first = 0; first < rows.rows(); first += piece) {
        const idx_t left = rows.rows() - first, count = left < piece ? left : piece;
        const matrix<float> some = detail::with_one_nan(rows.unit_rows(first, count));
        detail::write_bytes(to, some.data(), count * rows.dim() * idx_t(sizeof(float)), sum);
    }
    const std::uint64_t whole = sum.value;
    detail::write_bytes(to, &whole, idx_t(sizeof whole), sum);
    if (!to.flush()) detail::fail<file_error>("save_gallery: the stream takes no more bytes");
}

/// Reads a gallery that save_gallery wrote: the same scores, bit for bit, and the same report.
///
/// Shapes, Units   as save_gallery.
/// Errors   file_error if the stream fails, is no gallery, of another version, ends early, has other bytes than were
///          written, rows that are not unit, or counts that are not those of its rows.
/// Threads  the caller's.
/// Memory   the gallery, which grows by half as rows arrive: what a header promises is not believed; and 1 MiB.
/// Source   the format above.
inline gallery load_gallery(std::istream& from) {
    detail::checksum sum;
    const detail::gallery_header header = detail::read_gallery_header(from, sum);
    gallery rows;
    idx_t first = 0;
    do {
        const idx_t left = header.rows - first, piece = detail::gallery_piece(header.dim);
        const idx_t count = left < piece ? left : piece;
        auto some = matrix<float>::uninitialized(count, header.dim);
        detail::read_bytes(from, some.data(), count * header.dim * idx_t(sizeof(float)), "some rows", sum);
        detail::require_unit(some, first);
        rows.append(unit_access::view<float>(some.view()));
        first += count;
    } while (first < header.rows);
    const std::uint64_t whole = sum.value;
    std::uint64_t written = 0;
    detail::read_bytes(from, &written, idx_t(sizeof written), "the checksum", sum);
    if (written != whole) detail::fail<file_error>("load_gallery: the bytes are not those that were written");
    detail::require_counts(header, rows.report());
    detail::gallery_access::set_report(rows, detail::report_of(header));
    return rows;
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
