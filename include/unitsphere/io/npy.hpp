/// Embeddings and labels in NumPy's .npy files: what numpy.save(path, x) writes and numpy.load(path) reads.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "npy_file.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

template <class T, class... Rest, class F>
decltype(auto) visit_npy_rows(const npy_source& source, npy_file& file, F&& f) {
    if constexpr (sizeof...(Rest) > 0)
        if (file.info.type != npy_type_of<T>()) return visit_npy_rows<Rest...>(source, file, std::forward<F>(f));
    return std::forward<F>(f)(read_npy_rows<T>(source, file));
}

/// Refuses every file but those of the given types.
template <class... Elements, class F>
decltype(auto) visit_npy_of(const std::string& path, F&& f) {
    const npy_source source{"visit_npy", path};
    npy_file file = open_npy(source);
    if (((file.info.type != npy_type_of<Elements>()) && ...)) {
        std::string asked;
        ((asked += (asked.empty() ? "" : " or ") + npy_type_text(npy_type_of<Elements>())), ...);
        source.refuse("holds ", npy_type_text(file.info.type), ", asked for ", asked);
    }
    return visit_npy_rows<Elements...>(source, file, std::forward<F>(f));
}

template <class T>
std::vector<idx_t> read_npy_integers(const npy_source& source, npy_file& file) {
    const matrix<T> integers = read_npy_rows<T>(source, file);
    return {integers.data(), integers.data() + integers.rows() * integers.dim()};
}

}  // namespace detail

/// What a .npy file holds, from its header alone.
///
/// Shapes   a file (rows, dim) -> rows and dim; a file (dim,) -> one row.
/// Units    none.
/// Errors   as load_npy, for everything but the element type asked for; the text starts with `inspect_npy`.
/// Threads  any number of them.   Memory  the header's text.   Source  as load_npy.
inline npy_info inspect_npy(const std::string& path) { return detail::open_npy({"inspect_npy", path}).info; }

/// The rows of a .npy file, as they are stored: nothing is converted or normalized.
///
/// Shapes   a file (rows, dim) -> [rows, dim]; a file (dim,) -> [1, dim]. C or Fortran order; the result is row-major
///          in either. No size may exceed 2^48. Format versions 1.0, 2.0 and 3.0.
/// Units    T is the type that the file holds: float16 for '<f2', float for '<f4', double for '<f8', std::int8_t for
///          '|i1', std::int32_t for '<i4', std::int64_t for '<i8', bool for '|b1'. See visit_npy for files of several.
/// Errors   file_error, with path and reason, if the file is missing, not a regular file, malformed, of another type
///          or byte order, not exactly as long as its shape says, or holds a bool that is neither 0 nor 1;
///          std::bad_alloc.
/// Threads  any number of them.
/// Memory   the header's text, at most 10000 bytes (numpy.load refuses longer ones too); then, once the header and
///          the size of the file agree, the result. Fortran order takes 64 bytes a row more, or less where a row is
///          shorter, while it is read.
/// Source   NumPy NEP 1, "A Simple File Format for NumPy Arrays", and the documentation of numpy.lib.format.
template <class T>
matrix<T> load_npy(const std::string& path) {
    const detail::npy_source source{"load_npy", path};
    constexpr npy_type asked = detail::npy_type_of<T>();
    detail::npy_file file = detail::open_npy(source);
    if (file.info.type != asked)
        source.refuse("holds ", detail::npy_type_text(file.info.type), ", asked for ", detail::npy_type_text(asked));
    return detail::read_npy_rows<T>(source, file);
}

/// f(matrix<T>) with the T that the file holds: float16, float, double or std::int8_t, the types of embeddings, or one
/// of Elements where they are given, as in visit_npy<float16, float>(path, f). Returns what f returns.
///
/// Shapes   as load_npy. f takes a matrix of each of these types, as an rvalue, and returns the same type for all.
/// Units    as load_npy.
/// Errors   as load_npy; the text starts with `visit_npy`. What f throws passes through.
/// Threads  any number of them.   Memory, Source   as load_npy.
template <class... Elements, class F>
decltype(auto) visit_npy(const std::string& path, F&& f) {
    if constexpr (sizeof...(Elements) > 0)
        return detail::visit_npy_of<Elements...>(path, std::forward<F>(f));
    else
        return detail::visit_npy_of<float16, float, double, std::int8_t>(path, std::forward<F>(f));
}

/// The integers of a .npy file: labels, indices.
///
/// Shapes   a file (n,), (1, n) or (n, 1) -> n integers.
/// Units    '|i1', '<i4', '<i8', or '|b1' with False as 0 and True as 1.
/// Errors   as load_npy, also for files of floating-point numbers; the text starts with `load_npy_integers`.
/// Threads  any number of them.   Memory  8 bytes an integer, and while it is read the elements of the file.
/// Source   as load_npy.
inline std::vector<idx_t> load_npy_integers(const std::string& path) {
    const detail::npy_source source{"load_npy_integers", path};
    detail::npy_file file = detail::open_npy(source);
    if (file.info.rows != 1 && file.info.dim != 1)
        source.refuse("has shape (", file.info.rows, ", ", file.info.dim, "); integers come as (n,), (1, n) or (n, 1)");
    switch (file.info.type) {
        case npy_type::i1:
            return detail::read_npy_integers<std::int8_t>(source, file);
        case npy_type::i4:
            return detail::read_npy_integers<std::int32_t>(source, file);
        case npy_type::i8:
            return detail::read_npy_integers<std::int64_t>(source, file);
        case npy_type::b1:
            return detail::read_npy_integers<bool>(source, file);
        default:
            source.refuse("holds ", detail::npy_type_text(file.info.type), ", asked for integers or bool");
    }
}

/// Writes rows as numpy.save does, byte for byte: version 1.0, C order, data from byte 128 on.
///
/// Shapes   rows [rows, dim], any stride >= dim -> a file (rows, dim); a std::vector of floats is one row, (1, n). No
///          size may exceed 2^48.
/// Units    the types of load_npy; the bits as they are.
/// Errors   shape_error for a size beyond 2^48. file_error, with path and reason, if any byte cannot be written. Then
///          `path` is as it was before: the rows go to `path`.part0 (or the next free number), which is renamed when
///          complete, removed on failure.
/// Threads  any number of them; of two that save to one path the later wins whole.   Memory  the header's text.
/// Source   NumPy NEP 1 and numpy.lib.format.
inline void save_npy(const std::string& path, matrix_view<const float16> rows) { detail::save_npy_rows(path, rows); }
inline void save_npy(const std::string& path, matrix_view<const float> rows) { detail::save_npy_rows(path, rows); }
inline void save_npy(const std::string& path, matrix_view<const double> rows) { detail::save_npy_rows(path, rows); }
inline void save_npy(const std::string& path, matrix_view<const std::int8_t> rows) {
    detail::save_npy_rows(path, rows);
}
inline void save_npy(const std::string& path, matrix_view<const std::int32_t> rows) {
    detail::save_npy_rows(path, rows);
}
inline void save_npy(const std::string& path, matrix_view<const std::int64_t> rows) {
    detail::save_npy_rows(path, rows);
}
inline void save_npy(const std::string& path, matrix_view<const bool> rows) { detail::save_npy_rows(path, rows); }

/// Writes integers, such as labels, as numpy.save does.
///
/// Shapes   n integers -> a file (n,).
/// Units    '<i8'.
/// Errors   file_error, and what then becomes of `path`, as for rows.   Threads, Memory, Source  as for rows.
inline void save_npy(const std::string& path, const std::vector<idx_t>& integers) {
    const idx_t count = idx_t(integers.size());
    detail::save_npy_file<idx_t>({"save_npy", path}, detail::npy_header_text(npy_type::i8, detail::text(count) + ","),
                                 {integers.data(), 1, count});
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
