/// Gallery files from their definition, to see what the library writes and to make files that only their contents give
/// away.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <unitsphere/io/gallery.hpp>

namespace tests {

using namespace unitsphere;

/// Of version 2.
inline std::string with_checksum(std::string bytes) {
    std::uint64_t sum = 14695981039346656037u;
    bytes.resize(bytes.size() - 8);
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < 8 && at + i < bytes.size(); ++i)
            word |= std::uint64_t(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
        sum = (sum ^ word) * 1099511628211u;
        sum = sum ^ (sum >> 32);
    }
    for (int i = 0; i < 8; ++i) bytes += char(sum >> (8 * i) & 255);
    return bytes;
}
template <class T>
std::string stored(T value) {
    std::string written(reinterpret_cast<const char*>(&value), sizeof value);  // the lowest byte first
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) std::reverse(written.begin(), written.end());
    return written;
}
template <class T>
std::string with_value(std::string bytes, std::size_t at, T value) {
    return with_checksum(bytes.replace(at, sizeof value, stored(value)));
}
/// The file of version 2, from its definition.
inline std::string version_2(const gallery& rows, float tolerance = 0x1p-13f) {
    const row_report& report = rows.report();
    std::string bytes = "USGALERY" + stored(std::uint32_t(2)) + stored(tolerance);
    for (const idx_t number : {rows.rows(), rows.dim(), report.zero_rows, report.non_finite_rows, report.first_zero,
                               report.first_non_finite})
        bytes += stored(number);
    for (const auto row : rows.unit_rows())
        for (const float x : row) bytes += stored(x);
    return with_checksum(bytes + std::string(8, ' '));
}

inline std::uint64_t mixed(std::uint64_t h, std::uint64_t w) {
    h = (h ^ w) * 1099511628211u;
    return h ^ (h >> 32);
}
/// Version 3's checksum from its definition: word k of 64 bits goes to chain k mod 8.
inline std::uint64_t sum_of(std::string bytes) {
    constexpr std::uint64_t first = 14695981039346656037u;
    std::uint64_t chain[8], joined = mixed(first, bytes.size());
    bytes.resize((bytes.size() + 63) / 64 * 64);
    for (std::size_t i = 0; i < 8; ++i) chain[i] = mixed(first, i);
    for (std::size_t k = 0; k < bytes.size() / 8; ++k) {
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < 8; ++i) word |= std::uint64_t(std::uint8_t(bytes[8 * k + i])) << (8 * i);
        chain[k % 8] = mixed(chain[k % 8], word);
    }
    for (const std::uint64_t one : chain) joined = mixed(joined, one);
    return joined;
}
/// A file of version 3 from the rows, the layout and the panels' width alone.
inline std::string version_3(const gallery& rows, idx_t width, idx_t rows_of_file = -1) {
    const idx_t n = rows_of_file < 0 ? rows.rows() : rows_of_file, dim = rows.dim(), full = n / width * width;
    const idx_t last_width = n == full ? 0 : n - full <= 16 ? 16 : width;
    const auto unit = rows.unit_rows();
    const auto panel = [&](idx_t first, idx_t columns) {
        std::string bytes;
        for (idx_t k = 0; k < dim; ++k)
            for (idx_t c = 0; c < columns; ++c) bytes += stored(first + c < n ? unit(first + c, k) : 0.0f);
        return bytes;
    };
    std::string panels;
    std::uint64_t sum = 14695981039346656037u;
    for (idx_t first = 0; first < full; first += width) {
        panels += panel(first, width);
        sum = mixed(sum, sum_of(panel(first, width)));
    }
    const std::string last = panel(full, last_width);
    const row_report& report = rows.report();
    std::string page = "USGALERY" + stored(std::uint32_t(3)) + stored(0.0f);
    for (const idx_t number :
         {n, dim, report.zero_rows, report.non_finite_rows, report.first_zero, report.first_non_finite})
        page += stored(number);
    page += stored(std::uint32_t(width)) + stored(std::uint32_t(0)) + stored(idx_t(0)) + stored(sum) +
            stored(last.empty() ? std::uint64_t(0) : sum_of(last));
    page.resize(4088);
    page += stored(sum_of(page));
    std::string file = page + std::string(4096, '\0') + last;
    file.resize(std::size_t(8192 + 2 * ((width * dim * 4 + 4095) / 4096 * 4096)));
    return file + panels + last;
}
/// The page's checksum made right again.
inline std::string with_page_sum(std::string bytes) {
    return bytes.replace(4088, 8, stored(sum_of(bytes.substr(0, 4088))));
}
inline constexpr idx_t own_width = engine::panels<float>::columns;

}  // namespace tests
