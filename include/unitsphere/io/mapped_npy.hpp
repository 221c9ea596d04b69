/// Rows of .npy files where they lie, without loading.
#pragma once

#include <cstddef>
#include <string>

#include "file_mapping.hpp"
#include "npy.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// Rows of a file that is mapped: a matrix_view that owns the mapping, and that every function takes as such. Movable;
/// moved from, it has no rows.
template <class T>
class mapped_rows : public matrix_view<const T> {
public:
    mapped_rows(detail::file_mapping&& file, const T* data, idx_t rows, idx_t dim)
        : matrix_view<const T>(data, rows, dim), file_(static_cast<detail::file_mapping&&>(file)) {}
    mapped_rows(mapped_rows&& other) noexcept
        : matrix_view<const T>(other), file_(static_cast<detail::file_mapping&&>(other.file_)) {
        other.view() = {};
    }
    mapped_rows& operator=(mapped_rows&& other) noexcept {
        mapped_rows taken(static_cast<mapped_rows&&>(other));
        view() = taken;
        file_ = static_cast<detail::file_mapping&&>(taken.file_);
        return *this;
    }

private:
    matrix_view<const T>& view() noexcept { return *this; }

    detail::file_mapping file_;
};

/// Maps a .npy file: its rows are read from the disk when a function first touches them, and take no memory of their
/// own.
///
///   const auto rows = us::map_npy("images.npy");                           float; map_npy<us::float16> and so on
///   for (us::idx_t i = 0; i < rows.rows(); i += piece)                     20 GB become a gallery file
///       writer.append(us::matrix_view<const float>(rows.row(i), count, rows.dim()));
///
/// Shapes   as load_npy.
/// Units    T is the file's own type: float16, float, double or std::int8_t.
/// Errors   as load_npy; file_error too for another type, the other byte order, or several rows in Fortran order, which
///          load_npy turns round. The file must not shrink, nor its disk fail, while it is mapped (SIGBUS).
/// Threads  any number of them.   Memory  address space; pages belong to the system.   Source  as load_npy.
template <class T = float>
mapped_rows<T> map_npy(const std::string& path) {
    static_assert(std::is_same_v<T, float16> || std::is_same_v<T, float> || std::is_same_v<T, double> ||
                      std::is_same_v<T, std::int8_t>,
                  "map_npy: T is float16, float, double or std::int8_t");
    const detail::npy_source source{"map_npy", path};
    std::ifstream stream = detail::open_npy(source);
    const npy_info info = detail::read_npy_header(source, stream, true);
    if (info.type != detail::npy_type_of<T>())
        detail::refuse_npy_type(source, info.type, detail::npy_type_text(detail::npy_type_of<T>()));
    if (info.big_endian != detail::big_endian_machine && sizeof(T) > 1)
        source.refuse("has the other byte order; load_npy turns it round");
    if (info.fortran_order && info.rows > 1 && info.dim > 1)
        source.refuse("is in Fortran order, column after column; load_npy turns it round");
    const idx_t at = idx_t(std::streamoff(stream.tellg()));
    detail::file_mapping file(source);
    if (file.size() < at + info.rows * info.dim * idx_t(sizeof(T))) source.refuse("shrinks while it is read");
    const std::byte* const data = file.data() + at;
    if (reinterpret_cast<std::uintptr_t>(data) % alignof(T) != 0)
        source.refuse("has data at byte ", at, ", which is no multiple of ", idx_t(alignof(T)),
                      "; load_npy reads them");
    return {static_cast<detail::file_mapping&&>(file), reinterpret_cast<const T*>(data), info.rows, info.dim};
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
