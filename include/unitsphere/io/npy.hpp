/// Embeddings and labels in NumPy's .npy files: what numpy.save(path, x) writes and numpy.load(path) reads.
#pragma once

#include <cstdint>
#include <istream>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "npy_file.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Refuses a file of another type than asked for, and says what reads it.
[[noreturn]] inline void refuse_npy_type(const npy_source& source, npy_type found, const std::string& asked) {
    const bool is_real = found == npy_type::f2 || found == npy_type::f4 || found == npy_type::f8;
    source.refuse("holds ", npy_type_text(found), ", asked for ", asked,
                  is_real ? "; load_npy<" + std::string(npy_entry(found).name) + "> reads it"
                          : "; integers are labels or indices, which load_npy_integers reads; features: save "
                            "x.astype('<f4')");
}

/// The elements as a T that holds every one of them.
template <class T>
matrix<T> read_npy_as(const npy_source& source, std::istream& from, const npy_info& info) {
    return with_npy_element(info.type, [&](auto element) {
        using stored_type = decltype(element);
        if constexpr (std::is_same_v<stored_type, T>) {
            return read_npy_rows<T>(source, from, info);
        } else if constexpr (npy_widens<T, stored_type>()) {
            const matrix<stored_type> stored = read_npy_rows<stored_type>(source, from, info);
            matrix<T> rows = matrix<T>::uninitialized(info.rows, info.dim);
            for (idx_t k = 0; k < info.rows * info.dim; ++k) rows.data()[k] = static_cast<T>(stored.data()[k]);
            return rows;
        } else {
            refuse_npy_type(source, info.type, npy_type_text(npy_type_of<T>()));
            return matrix<T>();
        }
    });
}

/// A label as it is stored, or an error that names its place.
template <class T>
idx_t npy_integer(const npy_source& source, idx_t row, T stored) {
    if constexpr (is_npy_real<T>) {
        const double value = double(stored);
        if (!is_finite(value) || !(value >= -0x1p63 && value < 0x1p63) || double(idx_t(value)) != value)
            source.refuse("row ", row, " is ", value, ", which is no integer of 64 bits");
        return idx_t(value);
    } else {
        if constexpr (std::is_same_v<T, std::uint64_t>)
            if (stored > std::uint64_t(INT64_MAX))
                source.refuse("row ", row, " is ", idx_t(stored / 10), idx_t(stored % 10), ", which exceeds 2^63 - 1");
        return idx_t(stored);
    }
}

inline std::vector<idx_t> read_npy_integers(const npy_source& source, std::istream& from, const npy_info& info) {
    if (info.rows != 1 && info.dim != 1)
        source.refuse("has shape (", info.rows, ", ", info.dim, "); integers come as (n,), (1, n) or (n, 1), and ",
                      "load_npy reads rows");
    return with_npy_element(info.type, [&](auto element) {
        const auto stored = read_npy_rows<decltype(element)>(source, from, info);
        std::vector<idx_t> integers;
        integers.reserve(std::size_t(info.rows * info.dim));
        for (idx_t i = 0; i < info.rows * info.dim; ++i) integers.push_back(npy_integer(source, i, stored.data()[i]));
        return integers;
    });
}

template <class T, class... Rest, class F>
decltype(auto) visit_npy_rows(const npy_source& source, std::istream& from, const npy_info& info, F&& f) {
    if constexpr (sizeof...(Rest) > 0)
        if (info.type != npy_type_of<T>()) return visit_npy_rows<Rest...>(source, from, info, std::forward<F>(f));
    return std::forward<F>(f)(read_npy_rows<T>(source, from, info));
}

/// Refuses every file but those of the given types.
template <class... Elements, class F>
decltype(auto) visit_npy_of(const npy_source& source, std::istream& from, const npy_info& info, F&& f) {
    if constexpr (sizeof...(Elements) == 0) {
        return visit_npy_of<float16, float, double, std::int8_t>(source, from, info, std::forward<F>(f));
    } else {
        if (((info.type != npy_type_of<Elements>()) && ...)) {
            std::string asked;
            ((asked += (asked.empty() ? "" : " or ") + npy_type_text(npy_type_of<Elements>())), ...);
            refuse_npy_type(source, info.type, asked);
        }
        return visit_npy_rows<Elements...>(source, from, info, std::forward<F>(f));
    }
}

/// Advice that compilers print with a refused call.
struct pass_rows_or_a_list_of_numbers_or_of_bool_in_an_array_not_a_vector;

}  // namespace detail

/// What a .npy file holds, from its header alone.
///
/// Shapes   rows and dim as load_npy gives them.
/// Units    none.
/// Errors   as load_npy, for everything but the element type asked for.
/// Threads  any number of them.   Memory  the header's text.   Source  as load_npy.
inline npy_info inspect_npy(const std::string& path) {
    const detail::npy_source source{"inspect_npy", path};
    std::ifstream file = detail::open_npy(source);
    return detail::read_npy_header(source, file, true);
}

/// The rows of a .npy file, as they are stored: nothing is rounded or normalized. The path is UTF-8 on every system.
///
///   us::load_npy("images.npy")           float, from f2, f4, and integers of 8 and 16 bits
///   us::load_npy<double>("images.npy")   from every type but integers of 64 bits
///   us::visit_npy("images.npy", f)       f2, f4, f8 and i1 as they are
///
/// Shapes   the last size is dim, and of those before at most one may differ from 1, the number of rows: (n, dim),
///          (n, 1, dim) and (1, n, dim) are [n, dim], (dim,) is [1, dim]. C or Fortran order; the result is row-major
///          in either. No size may exceed 2^48. Format versions 1.0, 2.0 and 3.0, either byte order.
/// Units    T is float16, float, double, an integer of 8 to 64 bits or bool, and holds every value of the file's type
///          exactly: a file of f8 is no load_npy<float>, which would round.
/// Errors   file_error, with path and reason, if the file is missing, not a regular file, malformed, of a type that T
///          does not hold, not exactly as long as its shape says, or holds a bool that is neither 0 nor 1;
///          std::bad_alloc.
/// Threads  any number of them.
/// Memory   the header's text, at most 10000 bytes (numpy.load refuses longer ones too); then, once the header and
///          the size of the file agree, the result; while it is read the elements of a file of another type than T,
///          and in Fortran order 64 bytes a row, or less where a row is shorter.
/// Source   NumPy NEP 1, "A Simple File Format for NumPy Arrays", and the documentation of numpy.lib.format.
template <class T = float>
matrix<T> load_npy(const std::string& path) {
    const detail::npy_source source{"load_npy", path};
    std::ifstream file = detail::open_npy(source);
    return detail::read_npy_as<T>(source, file, detail::read_npy_header(source, file, true));
}

/// The next array of a stream: one of several in a file, in memory (std::istringstream), from a pipe (std::cin). The
/// stream is left behind the array, so that `while (from.peek() != EOF) load_npy(from)` reads all of them.
///
/// Shapes, Units   as above.
/// Errors   as above, with `name` for the path. What follows the array is no error.
/// Threads  the caller's.
/// Memory   as above. Where the stream cannot seek, the result has the size that the header says, as in numpy.
/// Source   as above.
template <class T = float>
matrix<T> load_npy(std::istream& from, const std::string& name = "stream") {
    const detail::npy_source source{"load_npy", name};
    return detail::read_npy_as<T>(source, from, detail::read_npy_header(source, from, false));
}

/// f(matrix<T>) with the T that the file holds: float16, float, double or std::int8_t, the types of embeddings, or one
/// of Elements where they are given, as in visit_npy<float16, float>(path, f). Returns what f returns.
///
/// Shapes   as load_npy. f takes a matrix of each of these types, as an rvalue, and returns the same type for all.
/// Units    as they are stored.
/// Errors   as load_npy. What f throws passes through.
/// Threads  any number of them.   Memory, Source   as load_npy.
template <class... Elements, class F>
decltype(auto) visit_npy(const std::string& path, F&& f) {
    const detail::npy_source source{"visit_npy", path};
    std::ifstream file = detail::open_npy(source);
    const npy_info info = detail::read_npy_header(source, file, true);
    return detail::visit_npy_of<Elements...>(source, file, info, std::forward<F>(f));
}

/// The same of the next array of a stream, as load_npy takes it.
template <class... Elements, class F>
decltype(auto) visit_npy(std::istream& from, F&& f, const std::string& name = "stream") {
    const detail::npy_source source{"visit_npy", name};
    const npy_info info = detail::read_npy_header(source, from, false);
    return detail::visit_npy_of<Elements...>(source, from, info, std::forward<F>(f));
}

/// The integers of a .npy file, such as labels and indices.
///
/// Shapes   a file (n,), (1, n) or (n, 1) -> n integers.
/// Units    every type of integers; bool with False as 0 and True as 1; floating-point numbers that are integers.
/// Errors   as load_npy; file_error too for an element that is no integer or beyond 64 bits, with its row and value.
/// Threads  any number of them.   Memory  8 bytes an integer, and while it is read the elements of the file.
/// Source   as load_npy.
inline std::vector<idx_t> load_npy_integers(const std::string& path) {
    const detail::npy_source source{"load_npy_integers", path};
    std::ifstream file = detail::open_npy(source);
    return detail::read_npy_integers(source, file, detail::read_npy_header(source, file, true));
}
/// The same of the next array of a stream, as load_npy takes it.
inline std::vector<idx_t> load_npy_integers(std::istream& from, const std::string& name = "stream") {
    const detail::npy_source source{"load_npy_integers", name};
    return detail::read_npy_integers(source, from, detail::read_npy_header(source, from, false));
}

/// Writes an array as numpy.save does, byte for byte: version 1.0, C order, data from byte 128 on.
///
/// Shapes   rows [n, dim] of any type with a to_view, unit rows too -> a file (n, dim). What has one dimension, such as
///          an array, std::vector, std::array, std::span or Eigen vector -> a file (n,). No size may exceed 2^48.
/// Units    the types of load_npy; the bits as they are.
/// Errors   shape_error for a size beyond 2^48. file_error, with path and reason, if any byte cannot be written.
/// Threads  any number of them, to different files.
/// Memory   the header's text; of rows that are not contiguous a copy.
/// Source   NumPy NEP 1 and numpy.lib.format. As there the file is opened and written in place: links, owner and mode
///          stay. A save that fails or is interrupted leaves the beginning of the file, which load_npy refuses as too
///          short. Nothing is forced to the disk. Where the old file must outlive a failure, save beside it and call
///          std::filesystem::rename. A file that is mapped must not be written over; Windows refuses it.
template <class X, std::enable_if_t<detail::is_savable<X>, int> = 0>
void save_npy(const std::string& path, const X& x) {
    detail::save_npy_file({"save_npy", path}, x);
}
/// The same to a stream, behind what it holds: several arrays in a file, to memory, into a pipe.
template <class X, std::enable_if_t<detail::is_savable<X>, int> = 0>
void save_npy(std::ostream& to, const X& x, const std::string& name = "stream") {
    const detail::npy_source source{"save_npy", name};
    detail::as_npy(source.function, x,
                   [&](const std::string& header, const auto& rows) { detail::write_npy(source, to, header, rows); });
}
template <class To, class X, class Advice = detail::pass_rows_or_a_list_of_numbers_or_of_bool_in_an_array_not_a_vector,
          std::enable_if_t<!detail::is_savable<X>, int> = 0>
void save_npy(To&&, const X&) = delete;

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
