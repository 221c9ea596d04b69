/// Reads galleries of version 2: the first 64 bytes of gallery_commit, unit rows of float row by row, and a checksum of
/// all bytes before as one chain of words, u64.
#pragma once

#include <istream>

#include "gallery_stream.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Only the last bytes that are added may be no whole words.
inline void add_v2(std::uint64_t& sum, const void* bytes, idx_t count) noexcept {
    for (idx_t i = 0; i < count; i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, static_cast<const char*>(bytes) + i, std::size_t(count - i < 8 ? count - i : 8));
        swap_with_file_order(&word, 1);
        sum = mix_word(sum, word);
    }
}

/// Rows in pieces of about 1 MiB, an even number of them: whole words for the checksum. The header has been read.
inline gallery load_gallery_v2(const gallery_source& source, std::istream& from, const commit_page& page) {
    const gallery_commit header = page.commit();
    require_sane(source, header);
    std::uint64_t sum = first_hash;
    add_v2(sum, page.bytes, first_header_bytes);
    constexpr idx_t pairs = idx_t(1) << 17;
    const idx_t dim = header.dim, piece = dim >= pairs ? 2 : pairs / engine::maximum(dim, 1) * 2;
    const double tolerance = double(header.deviation);
    gallery rows;
    const idx_t left = bytes_left(from), needed = header.rows * dim * idx_t(sizeof(float));
    if (left >= 0 && left < needed)  // what a header promises is not believed
        source.refuse(source.kind(), " ends after ", left, " of ", needed, " bytes of rows");
    gallery_access::rows(rows).reserve(left >= 0 ? header.rows : 0, dim);
    auto room = matrix<float>::uninitialized(engine::minimum(header.rows, piece), dim);
    for (idx_t first = 0; first < header.rows; first += piece) {
        const matrix_view<float> some(room.data(), engine::minimum(header.rows - first, piece), dim);
        read_bytes(source, from, some.data(), some.rows() * dim * idx_t(sizeof(float)), "some rows");
        add_v2(sum, some.data(), some.rows() * dim * idx_t(sizeof(float)));
        swap_with_file_order(some.data(), some.rows() * dim);
        for (idx_t i = 0; i < some.rows(); ++i) {
            const kernel::row_length length = kernel::length_of(some.row(i), dim);
            if (!(norm_deviation(length) <= tolerance))
                source.refuse("row ", first + i, " has norm ", length.norm(), ", not 1 within ", tolerance);
        }
        rows.append(unit_access::view<float>(some));
    }
    std::uint64_t written = 0;
    read_bytes(source, from, &written, idx_t(sizeof written), "the checksum");
    swap_with_file_order(&written, 1);
    if (written != sum) source.refuse("the bytes are not those that were written");
    require_counts(source, header, rows.report());
    gallery_access::rows(rows).set_seen(report_of(header));
    return rows;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
