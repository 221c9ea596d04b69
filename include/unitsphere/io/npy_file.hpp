/// Opens, reads and writes .npy files for the functions of npy.hpp.
#pragma once

#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>
#include <ostream>
#include <string>
#include <type_traits>
#include <vector>

#include "../data/column.hpp"
#include "../data/unit_embeddings.hpp"
#include "byte_order.hpp"
#include "bytes_left.hpp"
#include "npy_header.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// numpy.load refuses longer headers too; a header of two sizes takes 128 bytes.
constexpr idx_t longest_npy_header = 10000;

inline std::ifstream open_npy(const npy_source& source) {
    return open_to_read(source, "; load_npy(std::istream&) reads pipes and devices");
}

/// Reads at most `bytes` bytes and returns how many there were.
inline idx_t read_some(const npy_source& source, std::istream& from, void* out, idx_t bytes) {
    errno = 0;
    from.read(static_cast<char*>(out), std::streamsize(bytes));
    if (from.bad()) source.refuse("cannot be read: ", last_error());
    return idx_t(from.gcount());
}
inline void read_exactly(const npy_source& source, std::istream& from, void* out, idx_t bytes, const char* what) {
    const idx_t got = bytes == 0 ? 0 : read_some(source, from, out, bytes);
    if (got < bytes) source.refuse("is truncated: its ", what, " takes ", bytes, " bytes, ", got, " are left");
}

/// Reads magic, version and length of the header, and returns that length.
inline idx_t read_npy_preamble(const npy_source& source, std::istream& from, bool whole) {
    unsigned char bytes[12] = {};
    const idx_t got = read_some(source, from, bytes, 10);
    if (got == 0) source.refuse(whole ? "is empty" : "holds no array, or no more");
    if (std::memcmp(bytes, "PK", 2) == 0)
        source.refuse("is a zip archive, as numpy.savez (.npz) and torch.save (.pt) write; numpy.save each array");
    if (std::memcmp(bytes, "\x93NUMPY", 6) != 0) source.refuse("is not a .npy file: it does not begin with \\x93NUMPY");
    if (got < 10) source.refuse("is truncated: it holds ", got, " bytes, its preamble takes 10");
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        source.refuse("has format version ", idx_t(bytes[6]), ".", idx_t(bytes[7]), "; supported are 1.0, 2.0 and 3.0");
    if (bytes[6] >= 2 && read_some(source, from, bytes + 10, 2) < 2)
        source.refuse("is truncated: it ends in its preamble, which takes 12 bytes");
    const idx_t length = idx_t(bytes[8]) + (idx_t(bytes[9]) << 8) + (idx_t(bytes[10]) << 16) + (idx_t(bytes[11]) << 24);
    if (length > longest_npy_header)
        source.refuse("has a header of ", length, " bytes; at most ", longest_npy_header, " are read");
    return length;
}

/// Reads the header. `whole`: the stream is a file that holds nothing behind the elements.
inline npy_info read_npy_header(const npy_source& source, std::istream& from, bool whole) {
    if (from.fail()) source.refuse("cannot be read: the stream had failed before");
    std::string text(std::size_t(read_npy_preamble(source, from, whole)), '\0');
    read_exactly(source, from, text.data(), idx_t(text.size()), "header");
    const npy_header header = npy_header_parser(source, text).parse();
    const npy_info info = npy_info_of(source, header);
    check_npy_size(source, header, info, bytes_left(from), whole);
    return info;
}

/// Fortran order, column after column, into row-major rows.
///
/// Reads as many columns at a time as fill one cache line of a row: each line of the result is then written once and
/// whole, and the file is read from front to back.
template <class T>
void read_npy_columns(const npy_source& source, std::istream& from, matrix<T>& rows) {
    constexpr idx_t line = 64 / idx_t(sizeof(T));
    const idx_t most = rows.dim() < line ? rows.dim() : line;
    matrix<T> columns = matrix<T>::uninitialized(most, rows.rows());
    for (idx_t first = 0; first < rows.dim(); first += most) {
        const idx_t count = rows.dim() - first < most ? rows.dim() - first : most;
        read_exactly(source, from, columns.data(), count * rows.rows() * idx_t(sizeof(T)), "next columns");
        for (idx_t i = 0; i < rows.rows(); ++i)
            for (idx_t j = 0; j < count; ++j)  // bytes, not a T: a byte that is no bool is only refused later
                std::memcpy(static_cast<void*>(rows.row(i) + first + j), columns.row(j) + i, sizeof(T));
    }
}

/// To read a bool whose byte is neither 0 nor 1 would be undefined, so the bytes are looked at first.
inline void check_npy_bools(const npy_source& source, const matrix<bool>& rows) {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(rows.data());
    for (idx_t k = 0; k < rows.rows() * rows.dim(); ++k)
        if (bytes[k] > 1)
            source.refuse("holds ", idx_t(bytes[k]), " in row ", k / rows.dim(), ", column ", k % rows.dim(),
                          "; a bool is 0 or 1");
}

/// Reads the elements, of the type T that the header names, and leaves the stream behind them.
template <class T>
matrix<T> read_npy_rows(const npy_source& source, std::istream& from, const npy_info& info) {
    matrix<T> rows = matrix<T>::uninitialized(info.rows, info.dim);
    if (info.fortran_order && rows.rows() > 1 && rows.dim() > 1)  // else both orders are the same
        read_npy_columns(source, from, rows);
    else
        read_exactly(source, from, rows.data(), rows.rows() * rows.dim() * idx_t(sizeof(T)), "data");
    if constexpr (std::is_same_v<T, bool>) check_npy_bools(source, rows);
    if (info.big_endian != big_endian_machine) reverse_bytes(rows.data(), rows.rows() * rows.dim());
    return rows;
}

// What is written: rows of any type with a to_view, unit rows too.

template <class T>
matrix_view<const std::remove_const_t<T>> npy_values(const matrix_view<T>& rows) noexcept {
    return rows;
}
template <class T>
matrix_view<const T> npy_values(const unit_view<T>& rows) noexcept {
    return rows.values();
}

template <class X, class = void>
inline constexpr bool is_savable = false;
template <class X>
inline constexpr bool
    is_savable<X, std::void_t<typename decltype(npy_values(to_view(std::declval<const X&>())))::value_type>> =
        is_npy_element<typename decltype(npy_values(to_view(std::declval<const X&>())))::value_type> &&
        !std::is_same_v<X, std::vector<bool>>;

template <class T>
void write_npy(const npy_source& source, std::ostream& to, const std::string& header, matrix_view<const T> rows) {
    errno = 0;
    to.write(header.data(), std::streamsize(header.size()));
    const bool gapless = rows.stride() == rows.dim();
    const idx_t pieces = rows.dim() == 0 ? 0 : gapless ? 1 : rows.rows();
    const idx_t piece = gapless ? rows.rows() * rows.dim() : rows.dim();
    for (idx_t i = 0; i < pieces; ++i) write_elements(to, rows.row(i), piece);
    if (!to.flush()) source.refuse("cannot be written: ", last_error());
}

/// f(header, rows), once the sizes have been looked at.
template <class X, class F>
void as_npy(const char* function, const X& x, F&& write) {
    const auto view = to_view(x);  // kept: it may own a copy of the rows
    const auto rows = npy_values(view);
    if (rows.rows() > largest_npy_size || rows.dim() > largest_npy_size)
        fail<shape_error>(function, ": rows are ", rows.rows(), " x ", rows.dim(), ", each must be at most ",
                          largest_npy_size);
    const bool is_list = is_one_dimensional<X> && rows.rows() == 1;
    const auto shape = is_list ? std::vector<idx_t>{rows.dim()} : std::vector<idx_t>{rows.rows(), rows.dim()};
    write(npy_header_text(npy_type_of<typename decltype(rows)::value_type>(), shape), rows);
}

/// A file of x, and of `more` behind it.
template <class X, class... More>
void save_npy_file(const npy_source& source, const X& x, const More&... more) {
    as_npy(source.function, x, [&](const std::string& header, const auto& rows) {
        errno = 0;
        std::ofstream file(path_of(source.name), std::ios::binary | std::ios::trunc);
        if (!file) source.refuse("cannot be created: ", last_error());
        const auto write = [&](const std::string& text, const auto& view) { write_npy(source, file, text, view); };
        write(header, rows);
        (as_npy(source.function, more, write), ...);
        file.close();
        if (!file) source.refuse("cannot be written: ", last_error());
    });
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
