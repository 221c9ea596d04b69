/// What the fuzz targets share.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include <unitsphere/data/error.hpp>

namespace {

namespace us = unitsphere;

/// One file for the whole run, of a name of its own. With TMPDIR=/dev/shm it never touches a disk.
class input_file {
public:
    input_file()
        : path_((std::filesystem::temp_directory_path() / ("unitsphere_fuzz_" + std::to_string(getpid()))).string()) {}
    input_file(const input_file&) = delete;
    input_file& operator=(const input_file&) = delete;
    ~input_file() { std::remove(path_.c_str()); }

    const std::string& write(const std::uint8_t* data, std::size_t size) const {
        std::FILE* const file = std::fopen(path_.c_str(), "wb");
        if (file == nullptr || std::fwrite(data, 1, size, file) != size || std::fclose(file) != 0) {
            std::perror(path_.c_str());
            std::exit(2);  // the machine's fault, not a finding
        }
        return path_;
    }

private:
    std::string path_;
};

void require(bool holds) {
    if (!holds) std::abort();
}

/// What the call returns; nothing if it refuses the file. Every other exception ends the run.
template <class Call>
auto unless_refused(Call&& call) -> std::optional<decltype(call())> {
    try {
        return call();
    } catch (const us::file_error&) {
        return std::nullopt;
    }
}

}  // namespace
