/// Gallery files on the disk.
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include <unitsphere/io/gallery.hpp>

namespace tests {

using namespace unitsphere;

template <class Gallery>
std::string stream_of(const Gallery& rows) {
    std::ostringstream stream;
    save_gallery(stream, rows);
    return stream.str();
}
inline void put(const std::string& path, const std::string& bytes) {
    std::ofstream file(detail::path_of(path), std::ios::binary | std::ios::trunc);
    if (!(file << bytes).flush()) throw std::runtime_error(path + " cannot be written");
}
/// Whether files are mapped and grow here: they are little-endian.
inline constexpr bool maps = !detail::big_endian_machine;
/// Whether a file gets another content while it is mapped. Windows refuses that, and the file stays.
#if defined(_WIN32)
inline constexpr bool replaces_mapped_files = false;
#else
inline constexpr bool replaces_mapped_files = true;
#endif

}  // namespace tests
