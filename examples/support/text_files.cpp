#include "text_files.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace support {
namespace {

using unitsphere::index;

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
            fail(path, "an .npy file is not read here yet, save it as text, one entry per line");
        entries.push_back(trimmed(line.substr(0, line.find('\t'))));
    }
    if (file.bad()) fail(path, errno != 0 ? std::strerror(errno) : "cannot be read");
    while (!entries.empty() && entries.back().empty()) entries.pop_back();
    return entries;
}

/// A header begins with a word, so that "3.5" or "0 cat" is an error in any line.
bool is_header(const std::string& entry) {
    return !entry.empty() && std::string("+-.0123456789").find(entry[0]) == std::string::npos;
}

}  // namespace

std::vector<std::string> read_names(const std::string& path) { return read_first_column(path); }

std::vector<std::string> numbered_names(const std::string& what, index count) {
    std::vector<std::string> names;
    for (index i = 0; i < count; ++i) names.push_back(what + " " + std::to_string(i));
    return names;
}

std::vector<index> read_integers(const std::string& path, index lowest, index highest) {
    const std::vector<std::string> entries = read_first_column(path);
    std::vector<index> integers;
    for (std::size_t i = !entries.empty() && is_header(entries[0]) ? 1 : 0; i < entries.size(); ++i) {
        const char* const end = entries[i].data() + entries[i].size();
        index value = 0;
        const auto [stop, error] = std::from_chars(entries[i].data(), end, value);
        const std::string found = "line " + std::to_string(i + 1) + ": '" + entries[i] + "' is not ";
        if (error == std::errc::invalid_argument || stop != end) fail(path, found + "an integer");
        if (error != std::errc() || value < lowest || value > highest)
            fail(path, found + "in " + std::to_string(lowest) + ".." + std::to_string(highest));
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
