/// Gallery files on the disk, and files that fail or remember.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

#if !defined(_WIN32)
#include <unistd.h>

#include <csignal>
#endif

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
    std::ofstream(detail::path_of(path), std::ios::binary | std::ios::trunc) << bytes;
}
/// Whether files are mapped and grow here: they are little-endian.
inline constexpr bool maps = !detail::big_endian_machine;

#if !defined(_WIN32)
/// A file whose program is killed in the middle of step number `left`.
struct deadly_file : detail::durable_file {
    using durable_file::durable_file;
    static inline int left = 0;

    static bool dies() { return --left == 0; }
    void write(idx_t at, const void* bytes, idx_t count) {
        const bool last = dies();
        durable_file::write(at, bytes, last ? count / 2 : count);
        if (last) ::kill(::getpid(), SIGKILL);
    }
    void sync() {
        if (dies()) ::kill(::getpid(), SIGKILL);
        durable_file::sync();
    }
};
#endif

}  // namespace tests
