/// Opens, reads and writes .npy files for the functions of npy.hpp.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>

#include "../data/matrix.hpp"
#include "npy_header.hpp"

#ifdef __BYTE_ORDER__
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "unitsphere/io/npy.hpp: files and memory are little-endian");
#endif

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// numpy.load refuses longer headers too; a header of two sizes takes 128 bytes.
constexpr idx_t longest_npy_header = 10000;

struct close_file {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

/// An open file whose header fits its size. `stream` stands at the first element.
struct npy_file {
    std::unique_ptr<std::FILE, close_file> stream;
    npy_info info;
};

/// Why the last call of the C library failed. Set errno to 0 before calls that need not set it.
inline std::error_code last_error() { return {errno != 0 ? errno : EIO, std::generic_category()}; }

inline void read_exactly(const npy_source& source, std::FILE* stream, void* out, idx_t bytes) {
    errno = 0;
    if (bytes == 0 || std::fread(out, 1, std::size_t(bytes), stream) == std::size_t(bytes)) return;
    if (std::ferror(stream)) source.refuse("cannot be read: ", last_error().message());
    source.refuse("became shorter while it was read");
}

/// The sizes must be known before anything is allocated, so pipes and devices are refused.
inline idx_t regular_file_size(const npy_source& source) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(source.path, error);
    if (std::filesystem::is_directory(status)) source.refuse("is a directory");
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        source.refuse("is not a regular file");
    const std::uintmax_t size = error ? 0 : std::filesystem::file_size(source.path, error);
    if (error) source.refuse("cannot be opened: ", error.message());
    return idx_t(size);
}

/// Reads magic, version and length of the header, and returns that length: no more than the file holds.
/// `left` counts the bytes of the file that follow what was read.
inline idx_t read_npy_preamble(const npy_source& source, std::FILE* stream, idx_t& left) {
    unsigned char bytes[12] = {};
    read_exactly(source, stream, bytes, left < 10 ? left : 10);
    if (std::memcmp(bytes, "\x93NUMPY", 6) != 0) source.refuse("is not a .npy file: it does not begin with \\x93NUMPY");
    const idx_t preamble = bytes[6] >= 2 ? 12 : 10;
    if (left < preamble) source.refuse("is truncated: it holds ", left, " bytes, its preamble takes ", preamble);
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        source.refuse("has format version ", idx_t(bytes[6]), ".", idx_t(bytes[7]), "; supported are 1.0, 2.0 and 3.0");
    read_exactly(source, stream, bytes + 10, preamble - 10);
    const idx_t length = idx_t(bytes[8]) + (idx_t(bytes[9]) << 8) + (idx_t(bytes[10]) << 16) + (idx_t(bytes[11]) << 24);
    left -= preamble;
    if (length > left) source.refuse("is truncated: its header takes ", length, " bytes, ", left, " are left");
    if (length > longest_npy_header)
        source.refuse("has a header of ", length, " bytes; at most ", longest_npy_header, " are read");
    return length;
}

/// Reads the header from a stream of `size` bytes, in a file or in memory.
inline npy_info read_npy_header(const npy_source& source, std::FILE* stream, idx_t size) {
    idx_t left = size;
    std::string header(std::size_t(read_npy_preamble(source, stream, left)), '\0');
    read_exactly(source, stream, header.data(), idx_t(header.size()));
    const idx_t data = left - idx_t(header.size());
    return check_npy_shape(source, npy_header_parser(source, header).parse(), data);
}

inline npy_file open_npy(const npy_source& source) {
    const idx_t size = regular_file_size(source);
    npy_file file{};
    file.stream.reset(std::fopen(source.path.c_str(), "rb"));
    if (file.stream == nullptr) source.refuse("cannot be opened: ", last_error().message());
    file.info = read_npy_header(source, file.stream.get(), size);
    return file;
}

/// Fortran order, column after column, into row-major rows.
///
/// Reads as many columns at a time as fill one cache line of a row: each line of the result is then written once and
/// whole, and the file is read from front to back.
template <class T>
void read_npy_columns(const npy_source& source, std::FILE* stream, matrix<T>& rows) {
    constexpr idx_t line = 64 / idx_t(sizeof(T));
    const idx_t most = rows.dim() < line ? rows.dim() : line;
    matrix<T> columns = matrix<T>::uninitialized(most, rows.rows());
    for (idx_t first = 0; first < rows.dim(); first += most) {
        const idx_t count = rows.dim() - first < most ? rows.dim() - first : most;
        read_exactly(source, stream, columns.data(), count * rows.rows() * idx_t(sizeof(T)));
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

/// Reads the elements and closes the file.
template <class T>
matrix<T> read_npy_rows(const npy_source& source, npy_file& file) {
    matrix<T> rows = matrix<T>::uninitialized(file.info.rows, file.info.dim);
    if (file.info.fortran_order && rows.rows() > 1 && rows.dim() > 1)  // else both orders are the same
        read_npy_columns(source, file.stream.get(), rows);
    else
        read_exactly(source, file.stream.get(), rows.data(), rows.rows() * rows.dim() * idx_t(sizeof(T)));
    file.stream.reset();
    if constexpr (std::is_same_v<T, bool>) check_npy_bools(source, rows);
    return rows;
}

/// Creates a file beside `target` under a name that nobody uses; null and errno if that fails.
inline std::FILE* create_beside(const std::string& target, std::string& name) {
    for (idx_t attempt = 0; attempt < 1000; ++attempt) {
        name = target + ".part" + text(attempt);
        std::FILE* const stream = std::fopen(name.c_str(), "wbx");
        if (stream != nullptr || errno != EEXIST) return stream;
    }
    return nullptr;
}

template <class T>
std::error_code write_npy(std::FILE* stream, const std::string& header, matrix_view<const T> rows) {
    errno = 0;
    if (std::fwrite(header.data(), 1, header.size(), stream) != header.size()) return last_error();
    if (rows.rows() == 0 || rows.dim() == 0) return {};
    const bool gapless = rows.stride() == rows.dim();
    const idx_t pieces = gapless ? 1 : rows.rows();
    const std::size_t piece = std::size_t(gapless ? rows.rows() * rows.dim() : rows.dim());
    for (idx_t i = 0; i < pieces; ++i)
        if (std::fwrite(rows.row(i), sizeof(T), piece, stream) != piece) return last_error();
    return {};
}

/// What a save replaces: the file that a link leads to, for a rename would replace the link.
inline std::string npy_target(const npy_source& source, const std::filesystem::file_status& old) {
    if (std::filesystem::is_directory(old)) source.refuse("is a directory");
    if (std::filesystem::exists(old) && !std::filesystem::is_regular_file(old)) source.refuse("is not a regular file");
    if (source.path.empty()) source.refuse("cannot be found: its name is empty");
    if (!std::filesystem::exists(old)) return source.path;
    std::error_code error;
    const std::string target = std::filesystem::canonical(source.path, error).string();
    if (error) source.refuse("cannot be found: ", error.message());
    return target;
}

template <class T>
void save_npy_file(const npy_source& source, const std::string& header, matrix_view<const T> rows) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::file_status old = fs::status(source.path, error);
    const std::string target = npy_target(source, old);
    std::string part;
    std::FILE* const stream = create_beside(target, part);
    if (stream == nullptr) source.refuse("cannot be created: ", last_error().message());
    if (fs::exists(old)) fs::permissions(part, old.permissions(), error);
    error = write_npy(stream, header, rows);
    if (std::fclose(stream) != 0 && !error) error = last_error();  // closing writes what is still buffered
    if (!error) fs::rename(part, target, error);
    if (!error) return;
    std::remove(part.c_str());
    source.refuse("cannot be written: ", error.message());
}

template <class T>
void save_npy_rows(const std::string& path, matrix_view<const T> rows) {
    if (rows.rows() > largest_npy_size || rows.dim() > largest_npy_size)
        fail<shape_error>("save_npy: rows are ", rows.rows(), " x ", rows.dim(), ", each must be at most ",
                          largest_npy_size);
    const std::string shape = text(rows.rows()) + ", " + text(rows.dim());
    save_npy_file<T>({"save_npy", path}, npy_header_text(npy_type_of<T>(), shape), rows);
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
