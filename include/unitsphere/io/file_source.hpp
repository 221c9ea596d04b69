/// What the functions that read and write files share: names, refusals, reasons.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "../data/error.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Why the last call of the C library failed. Set errno to 0 before calls that need not set it.
inline std::string last_error() {
#if defined(_WIN32)
    if (errno == EINVAL && _doserrno == 1224) return "it is mapped";  // ERROR_USER_MAPPED_FILE, which has no errno
#endif
    return std::error_code(errno != 0 ? errno : EIO, std::generic_category()).message();
}

/// Names of files are UTF-8. On Windows a narrow name would be one in the code page of the machine.
inline std::filesystem::path path_of(const std::string& name) {
#if defined(_WIN32) && defined(__cpp_char8_t)
    return std::u8string(name.begin(), name.end());
#elif defined(_WIN32)
    return std::filesystem::u8path(name);
#else
    return name;
#endif
}

/// The file or stream and the function that the user called, for every refusal: "load_npy: images.npy: reason".
struct file_source {
    const char* function;
    const std::string& name;

    template <class... Parts>
    [[noreturn]] void refuse(const Parts&... reason) const {
        fail<file_error>(function, ": ", name, ": ", reason...);
    }
};

/// Refuses what is no regular file. A pipe has no size to check its header with: it is read as a stream.
inline void require_regular_file(const file_source& source, const char* instead) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path_of(source.name), error);
    if (std::filesystem::is_directory(status)) source.refuse("is a directory");
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        source.refuse("is not a regular file", instead);
}

/// Opens a file to read.
inline std::ifstream open_to_read(const file_source& source, const char* instead) {
    require_regular_file(source, instead);
    errno = 0;
    std::ifstream file(path_of(source.name), std::ios::binary);
    if (!file) source.refuse("cannot be opened: ", last_error());
    return file;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
