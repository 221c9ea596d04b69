/// What the readers of gallery streams share.
#pragma once

#include <cstring>
#include <istream>

#include "../gallery.hpp"
#include "bytes_left.hpp"
#include "gallery_format.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Access to the storage of a gallery, of any kind.
struct gallery_access {
    template <class Gallery>
    static auto& rows(Gallery& of) noexcept {
        return of.rows_;
    }
};

/// All versions have a commit of at least so many bytes.
inline constexpr idx_t first_header_bytes = 64;

inline void read_bytes(const gallery_source& source, std::istream& from, void* bytes, idx_t count, const char* what) {
    if (count == 0) return;
    from.read(static_cast<char*>(bytes), std::streamsize(count));
    if (from.bad()) source.refuse(source.kind(), " cannot be read, in ", what);
    if (idx_t(from.gcount()) != count)
        source.refuse(source.kind(), " ends after ", idx_t(from.gcount()), " of ", count, " bytes of ", what);
}

/// Reads rows into what make(rows) returns. From a stream that cannot seek, what a header promises is not believed:
/// memory doubles as they arrive.
template <class Make>
auto read_rows(const gallery_source& source, std::istream& from, idx_t rows, idx_t row_bytes, const char* what,
               Make&& make) {
    idx_t there = bytes_left(from) >= 0 ? rows : engine::minimum(rows, (idx_t(1) << 20) / (row_bytes + 1) + 1);
    auto read = make(there);
    read_bytes(source, from, read.data(), there * row_bytes, what);
    while (there < rows) {
        const idx_t more = engine::minimum(rows - there, there);
        auto larger = make(there + more);
        std::memcpy(static_cast<void*>(larger.data()), read.data(), std::size_t(there * row_bytes));
        read_bytes(source, from, reinterpret_cast<char*>(larger.data()) + there * row_bytes, more * row_bytes, what);
        read = static_cast<decltype(larger)&&>(larger), there += more;
    }
    return read;
}
template <class T>
array<T> read_array(const gallery_source& source, std::istream& from, idx_t count, const char* what) {
    return read_rows(source, from, count, idx_t(sizeof(T)), what,
                     [](idx_t size) { return array<T>::uninitialized(size); });
}
template <class T>
matrix<T> read_matrix(const gallery_source& source, std::istream& from, idx_t rows, idx_t dim, const char* what) {
    return read_rows(source, from, rows, dim * idx_t(sizeof(T)), what,
                     [dim](idx_t some) { return matrix<T>::uninitialized(some, dim); });
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
