/// Embeddings in NumPy's .npy files: what numpy.save(path, features) writes and numpy.load(path) reads.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
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
constexpr index longest_npy_header = 10000;

struct close_file {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

/// An open file whose header fits its size. `stream` stands at the first element.
struct npy_file {
    std::unique_ptr<std::FILE, close_file> stream;
    npy_info info;
};

template <class T>
constexpr npy_type npy_type_of() {
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, float16>, "npy: T is float or float16");
    return std::is_same_v<T, float> ? npy_type::f4 : npy_type::f2;
}
inline const char* npy_type_name(npy_type type) { return type == npy_type::f2 ? "'<f2' (float16)" : "'<f4' (float)"; }

/// Why the last call of the C library failed. Set errno to 0 before calls that need not set it.
inline std::error_code last_error() { return {errno != 0 ? errno : EIO, std::generic_category()}; }

inline void read_exactly(const npy_source& source, std::FILE* stream, void* out, index bytes) {
    errno = 0;
    if (bytes == 0 || std::fread(out, 1, std::size_t(bytes), stream) == std::size_t(bytes)) return;
    if (std::ferror(stream)) source.refuse("cannot be read: ", last_error().message());
    source.refuse("became shorter while it was read");
}

/// The sizes must be known before anything is allocated, so pipes and devices are refused.
inline index regular_file_size(const npy_source& source) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(source.path, error);
    if (std::filesystem::is_directory(status)) source.refuse("is a directory");
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        source.refuse("is not a regular file");
    const std::uintmax_t size = error ? 0 : std::filesystem::file_size(source.path, error);
    if (error) source.refuse("cannot be opened: ", error.message());
    return index(size);
}

/// Reads magic, version and length of the header, and returns that length: no more than the file holds.
/// `left` counts the bytes of the file that follow what was read.
inline index read_npy_preamble(const npy_source& source, std::FILE* stream, index& left) {
    unsigned char bytes[12] = {};
    read_exactly(source, stream, bytes, std::min<index>(left, 10));
    if (std::memcmp(bytes, "\x93NUMPY", 6) != 0) source.refuse("is not a .npy file: it does not begin with \\x93NUMPY");
    const index preamble = bytes[6] >= 2 ? 12 : 10;
    if (left < preamble) source.refuse("is truncated: it holds ", left, " bytes, its preamble takes ", preamble);
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        source.refuse("has format version ", index(bytes[6]), ".", index(bytes[7]), "; supported are 1.0, 2.0 and 3.0");
    read_exactly(source, stream, bytes + 10, preamble - 10);
    const index length = index(bytes[8]) + (index(bytes[9]) << 8) + (index(bytes[10]) << 16) + (index(bytes[11]) << 24);
    left -= preamble;
    if (length > left) source.refuse("is truncated: its header takes ", length, " bytes, ", left, " are left");
    if (length > longest_npy_header)
        source.refuse("has a header of ", length, " bytes; at most ", longest_npy_header, " are read");
    return length;
}

inline npy_file open_npy(const npy_source& source) {
    index left = regular_file_size(source);
    npy_file file{};
    file.stream.reset(std::fopen(source.path.c_str(), "rb"));
    if (file.stream == nullptr) source.refuse("cannot be opened: ", last_error().message());
    std::string header(std::size_t(read_npy_preamble(source, file.stream.get(), left)), '\0');
    read_exactly(source, file.stream.get(), header.data(), index(header.size()));
    const index data = left - index(header.size());
    file.info = check_npy_shape(source, npy_header_parser(source, header).parse(), data);
    return file;
}

/// Reads the elements and closes the file.
template <class T>
matrix<T> read_npy_rows(const npy_source& source, npy_file& file) {
    matrix<T> rows = matrix<T>::uninitialized(file.info.rows, file.info.dim);
    read_exactly(source, file.stream.get(), rows.data(), rows.rows() * rows.dim() * index(sizeof(T)));
    file.stream.reset();
    return rows;
}

/// Creates a file beside `target` under a name that nobody uses; null and errno if that fails.
inline std::FILE* create_beside(const std::string& target, std::string& name) {
    for (index attempt = 0; attempt < 1000; ++attempt) {
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
    const index pieces = gapless ? 1 : rows.rows();
    const std::size_t piece = std::size_t(gapless ? rows.rows() * rows.dim() : rows.dim());
    for (index i = 0; i < pieces; ++i)
        if (std::fwrite(rows.row(i), sizeof(T), piece, stream) != piece) return last_error();
    return {};
}

template <class T>
void save_npy_rows(const npy_source& source, matrix_view<const T> rows) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::file_status old = fs::status(source.path, error);
    if (fs::is_directory(old)) source.refuse("is a directory");
    if (fs::exists(old) && !fs::is_regular_file(old)) source.refuse("is not a regular file");
    // A rename replaces a link, not the file it leads to; so the link is followed first.
    const std::string target = fs::exists(old) ? fs::canonical(source.path, error).string() : source.path;
    if (target.empty()) source.refuse("cannot be found: ", fs::exists(old) ? error.message() : "its name is empty");
    const std::string header = npy_header_text(npy_type_of<T>(), rows.rows(), rows.dim());

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

}  // namespace detail

/// What a .npy file holds, from its header alone.
///
/// Shapes   a file (rows, dim) -> rows and dim; a file (dim,) -> one row.
/// Errors   as load_npy, for everything but the element type asked for; the text starts with `inspect_npy`.
/// Threads  any number of them.   Memory  the header's text.
inline npy_info inspect_npy(const std::string& path) { return detail::open_npy({"inspect_npy", path}).info; }

/// The rows of a .npy file, as they are stored: nothing is converted or normalized.
///
/// Shapes   a file (rows, dim) -> [rows, dim]; a file (dim,) -> [1, dim]. C order; Fortran order only where it is
///          the same (one row or one column). Format versions 1.0, 2.0 and 3.0.
/// Units    T is float16 for '<f2' and float for '<f4'; see visit_npy for files of either type.
/// Errors   file_error, with path and reason, if the file is missing, not a regular file, malformed, of another
///          type, or not exactly as long as its shape says; std::bad_alloc.
/// Threads  any number of them.
/// Memory   the header's text, at most 10000 bytes (numpy.load refuses longer ones too); then, once the header and
///          the size of the file agree, the result.
/// Source   NumPy NEP 1, "A Simple File Format for NumPy Arrays", and the documentation of numpy.lib.format.
template <class T>
matrix<T> load_npy(const std::string& path) {
    const detail::npy_source source{"load_npy", path};
    detail::npy_file file = detail::open_npy(source);
    constexpr npy_type asked = detail::npy_type_of<T>();
    if (file.info.type != asked)
        source.refuse("holds ", detail::npy_type_name(file.info.type), ", asked for ", detail::npy_type_name(asked));
    return detail::read_npy_rows<T>(source, file);
}

/// f(matrix<float>) or f(matrix<float16>), by what the file holds; returns what f returns.
///
/// Shapes   as load_npy. f takes either matrix, as an rvalue, and returns the same type for both.
/// Errors   as load_npy; the text starts with `visit_npy`. What f throws passes through.
/// Threads  any number of them.   Memory  as load_npy.
template <class F>
decltype(auto) visit_npy(const std::string& path, F&& f) {
    const detail::npy_source source{"visit_npy", path};
    detail::npy_file file = detail::open_npy(source);
    if (file.info.type == npy_type::f2) return std::forward<F>(f)(detail::read_npy_rows<float16>(source, file));
    return std::forward<F>(f)(detail::read_npy_rows<float>(source, file));
}

/// Writes rows as numpy.save does, byte for byte: version 1.0, C order, data from byte 128 on.
///
/// Shapes   rows [rows, dim], any stride >= dim -> a file (rows, dim).
/// Units    float -> '<f4', float16 -> '<f2'; the bits as they are.
/// Errors   file_error, with path and reason, if any byte cannot be written. Then `path` is as it was before: the
///          rows go to `path`.part0 (or the next free number), which is renamed when complete, removed on failure.
/// Threads  any number of them; of two that save to one path the later wins whole.   Memory  the header's text.
/// Source   NumPy NEP 1 and numpy.lib.format.
inline void save_npy(const std::string& path, matrix_view<const float> rows) {
    detail::save_npy_rows<float>({"save_npy", path}, rows);
}
inline void save_npy(const std::string& path, matrix_view<const float16> rows) {
    detail::save_npy_rows<float16>({"save_npy", path}, rows);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
