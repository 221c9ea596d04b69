#include "text_files.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <unitsphere/io/npy.hpp>

namespace support {
namespace {

using unitsphere::idx_t;

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
    throw std::runtime_error(path + ": " + reason);
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \r");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \r") - first + 1);
}

/// The first tab-separated column of every line.
std::vector<std::string> read_first_column(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) fail(path, std::strerror(errno));
    std::vector<std::string> entries;
    for (std::string line; std::getline(file, line);) {
        if (entries.empty() && line.compare(0, 3, "\xEF\xBB\xBF") == 0) line.erase(0, 3);
        if (entries.empty() && line.compare(0, 6, "\x93NUMPY") == 0)
            fail(path, "is an .npy file, but text is expected here, one entry per line");
        entries.push_back(trimmed(line.substr(0, line.find('\t'))));
    }
    if (file.bad()) fail(path, errno != 0 ? std::strerror(errno) : "cannot be read");
    while (!entries.empty() && entries.back().empty()) entries.pop_back();
    return entries;
}

bool is_npy(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return false;  // what a pipe has given is gone
    char magic[6] = {};
    std::ifstream(path, std::ios::binary).read(magic, sizeof magic);
    return std::memcmp(magic, "\x93NUMPY", sizeof magic) == 0;
}

[[noreturn]] void fail_range(const std::string& path, const std::string& found, idx_t lowest, idx_t highest) {
    fail(path, found + "in " + std::to_string(lowest) + ".." + std::to_string(highest));
}

std::vector<idx_t> read_npy_integers(const std::string& path, idx_t lowest, idx_t highest) {
    std::vector<idx_t> integers = unitsphere::load_npy_integers(path);
    for (std::size_t i = 0; i < integers.size(); ++i)
        if (integers[i] < lowest || integers[i] > highest)
            fail_range(path, "element " + std::to_string(i) + ": " + std::to_string(integers[i]) + " is not ", lowest,
                       highest);
    return integers;
}

/// A header begins with a word, so that "3.5" or "0 cat" is an error in any line.
bool is_header(const std::string& entry) {
    return !entry.empty() && std::string("+-.0123456789").find(entry[0]) == std::string::npos;
}

}  // namespace

std::vector<std::string> read_names(const std::string& path) { return read_first_column(path); }

std::vector<std::string> numbered_names(const std::string& what, idx_t count) {
    std::vector<std::string> names;
    for (idx_t i = 0; i < count; ++i) names.push_back(what + " " + std::to_string(i));
    return names;
}

std::vector<idx_t> read_integers(const std::string& path, idx_t lowest, idx_t highest) {
    if (is_npy(path)) return read_npy_integers(path, lowest, highest);
    const std::vector<std::string> entries = read_first_column(path);
    std::vector<idx_t> integers;
    for (std::size_t i = !entries.empty() && is_header(entries[0]) ? 1 : 0; i < entries.size(); ++i) {
        const char* const end = entries[i].data() + entries[i].size();
        idx_t value = 0;
        const auto [stop, error] = std::from_chars(entries[i].data(), end, value);
        const std::string found = "line " + std::to_string(i + 1) + ": '" + entries[i] + "' is not ";
        if (error == std::errc::invalid_argument || stop != end) fail(path, found + "an integer");
        if (error != std::errc() || value < lowest || value > highest) fail_range(path, found, lowest, highest);
        integers.push_back(value);
    }
    return integers;
}

void require_equal(const amount& a, const amount& b) {
    if (a.count == b.count) return;
    const auto text = [](const amount& x) { return x.file + " has " + std::to_string(x.count) + " " + x.what; };
    throw std::runtime_error(text(a) + ", " + text(b));
}

}  // namespace support
