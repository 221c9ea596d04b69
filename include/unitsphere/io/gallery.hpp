/// Galleries to a stream and back.
///
///   "USGALERY", version u32, tolerance f32, rows i64, dim i64, the report's four numbers i64     64 bytes
///   rows * dim float, row by row                                                    unit rows, as they are used
///   checksum of all bytes before, u64
///
/// Every norm is 1 within the tolerance: 2^-13, or the next power of two where rows were adopted that are farther off,
/// so that whatever is saved loads. The checksum begins with h = 0xcbf29ce484222325 and takes words w of 64 bits, the
/// last filled up with zeros: h = (h ^ w) * 0x100000001b3, then h = h ^ (h >> 32). Little-endian, and the same whatever
/// the instruction set.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <istream>
#include <ostream>

#include "../gallery.hpp"
#include "byte_order.hpp"
#include "bytes_left.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

/// Access to the storage of a gallery.
struct gallery_access {
    static packed_gallery& rows(gallery& of) noexcept { return of.rows_; }
    static const packed_gallery& rows(const gallery& of) noexcept { return of.rows_; }
};

struct gallery_header {
    char magic[8];
    std::uint32_t version;
    float tolerance;
    idx_t rows, dim, zero_rows, non_finite_rows, first_zero, first_non_finite;
};
static_assert(sizeof(gallery_header) == 64, "no padding");

inline void swap_with_file_order(gallery_header& header) noexcept {
    swap_with_file_order(&header.version, 1);
    swap_with_file_order(&header.tolerance, 1);
    for (idx_t* number : {&header.rows, &header.dim, &header.zero_rows, &header.non_finite_rows, &header.first_zero,
                          &header.first_non_finite})
        swap_with_file_order(number, 1);
}

inline constexpr char gallery_magic[8] = {'U', 'S', 'G', 'A', 'L', 'E', 'R', 'Y'};
inline constexpr std::uint32_t gallery_version = 2;
/// A longer row is no embedding: a header that says so is not believed.
inline constexpr idx_t longest_row = idx_t(1) << 24;

/// FNV-1a (Fowler, Noll, Vo: draft-eastlake-fnv) a word instead of a byte at a time, and the upper half joined to the
/// lower one, which multiplication leaves alone. Each step is a bijection: no change of a single word goes unseen.
/// Only the last bytes that are added may be no whole words.
struct checksum {
    std::uint64_t value = 0xcbf29ce484222325u;

    void add(const void* bytes, idx_t count) noexcept {
        const char* const at = static_cast<const char*>(bytes);
        for (idx_t i = 0; i < count; i += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, at + i, std::size_t(count - i < 8 ? count - i : 8));
            swap_with_file_order(&word, 1);
            value = (value ^ word) * 0x100000001b3u;
            value ^= value >> 32;
        }
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
    swap_with_file_order(header);
    if (std::memcmp(header.magic, gallery_magic, sizeof gallery_magic) != 0)
        fail<file_error>("load_gallery: this is not a gallery");
    if (header.version != gallery_version)
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

/// f(first, rows) for all rows in turn, with room for about 1 MiB of them at a time: whole words for the checksum.
template <class F>
void for_pieces_of_gallery(idx_t rows, idx_t dim, F&& f) {
    constexpr idx_t pairs = idx_t(1) << 17;
    const idx_t piece = dim >= pairs ? 2 : pairs / engine::maximum(dim, 1) * 2, most = engine::minimum(rows, piece);
    auto room = matrix<float>::uninitialized(most, dim);
    for (idx_t first = 0; first < rows; first += most)
        f(first, matrix_view<float>(room.data(), engine::minimum(rows - first, most), dim));
}

/// One bit pattern for what is not a number: machines make different ones.
inline void unpack_with_one_nan(const gallery& from, idx_t first, const matrix_view<float>& to) noexcept {
    for (idx_t i = 0; i < to.rows(); ++i) {
        gallery_access::rows(from).unpack_row(first + i, to.row(i));
        for (float& x : to[i])
            if (is_nan(x)) x = quiet_nan();
    }
}

/// What all norms are within of 1, as a power of two: the same whatever rounds a norm otherwise.
inline float tolerance_of(const gallery& rows) noexcept {
    float tolerance = 0x1p-13f;
    while (double(tolerance) < gallery_access::rows(rows).deviation() * (1.0 + 1e-6)) tolerance *= 2;
    return tolerance;
}

}  // namespace detail

/// Writes a gallery.
///
/// Shapes   rows of dim 1 .. 2^24; or no rows.
/// Units    unit rows, as they are used; adopted ones too.
/// Errors   shape_error for other rows; file_error if the stream fails.
/// Threads  the caller's.   Memory  1 MiB, or two rows.   Source  the format above.
inline void save_gallery(std::ostream& to, const gallery& rows) {
    if (rows.dim() > detail::longest_row || (rows.rows() > 0 && rows.dim() < 1))
        detail::fail<shape_error>("save_gallery: dim is ", rows.dim(), ", it must be 1 to ", detail::longest_row);
    const row_report& report = rows.report();
    detail::gallery_header header{{},
                                  detail::gallery_version,
                                  detail::tolerance_of(rows),
                                  rows.rows(),
                                  rows.dim(),
                                  report.zero_rows,
                                  report.non_finite_rows,
                                  report.first_zero,
                                  report.first_non_finite};
    std::memcpy(header.magic, detail::gallery_magic, sizeof header.magic);
    detail::swap_with_file_order(header);
    detail::checksum sum;
    detail::write_bytes(to, &header, idx_t(sizeof header), sum);
    detail::for_pieces_of_gallery(rows.rows(), rows.dim(), [&](idx_t first, const matrix_view<float>& some) {
        detail::unpack_with_one_nan(rows, first, some);
        detail::swap_with_file_order(some.data(), some.rows() * some.dim());
        detail::write_bytes(to, some.data(), some.rows() * some.dim() * idx_t(sizeof(float)), sum);
    });
    std::uint64_t whole = sum.value;
    detail::swap_with_file_order(&whole, 1);
    detail::write_bytes(to, &whole, idx_t(sizeof whole), sum);
    if (!to.flush()) detail::fail<file_error>("save_gallery: the stream takes no more bytes");
}

/// Reads a gallery that save_gallery wrote: the same scores, bit for bit, and the same report.
///
/// Shapes, Units   as save_gallery.
/// Errors   file_error if the stream fails, is no gallery, of another version, ends early, has other bytes than were
///          written, rows that are not unit, or counts that are not those of its rows.
/// Threads  the caller's.
/// Memory   the gallery; from a stream that cannot seek it grows by half as rows arrive. And 1 MiB, or two rows.
/// Source   the format above.
inline gallery load_gallery(std::istream& from) {
    detail::checksum sum;
    const detail::gallery_header header = detail::read_gallery_header(from, sum);
    gallery rows;
    const idx_t left = detail::bytes_left(from) / idx_t(sizeof(float));  // what a header promises is not believed
    const bool all_there = header.dim > 0 && header.rows <= left / header.dim;
    detail::gallery_access::rows(rows).reserve(all_there ? header.rows : 0, header.dim);
    detail::for_pieces_of_gallery(header.rows, header.dim, [&](idx_t first, const matrix_view<float>& some) {
        detail::read_bytes(from, some.data(), some.rows() * some.dim() * idx_t(sizeof(float)), "some rows", sum);
        detail::swap_with_file_order(some.data(), some.rows() * some.dim());
        for (idx_t i = 0; i < some.rows(); ++i) {
            const kernel::row_length length = kernel::length_of(some.row(i), some.dim());
            if (!(detail::norm_deviation(length) <= double(header.tolerance)))
                detail::fail<file_error>("load_gallery: row ", first + i, " has norm ", length.norm(),
                                         ", not 1 within ", double(header.tolerance));
        }
        rows.append(unit_access::view<float>(some));
    });
    const std::uint64_t whole = sum.value;
    std::uint64_t written = 0;
    detail::read_bytes(from, &written, idx_t(sizeof written), "the checksum", sum);
    detail::swap_with_file_order(&written, 1);
    if (written != whole) detail::fail<file_error>("load_gallery: the bytes are not those that were written");
    detail::require_counts(header, rows.report());
    detail::gallery_access::rows(rows).set_seen(detail::report_of(header));
    return rows;
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
