#include "table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace support {
namespace {

constexpr std::size_t widest = 40;

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0u) != 0x80u; }

/// Characters, not bytes, of UTF-8 text.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string clipped(const std::string& text) {
    if (width(text) <= widest) return text;
    std::size_t bytes = 0, characters = 0;  // ends at the first byte of the first character that is cut off
    while (!begins_character(text[bytes]) || characters++ < widest - 3) ++bytes;
    return text.substr(0, bytes) + "...";
}

}  // namespace

void table::print() const {
    std::vector<std::vector<std::string>> lines(1);
    for (const column& c : columns_) lines[0].push_back(c.title);
    lines.insert(lines.end(), rows_.begin(), rows_.end());

    std::vector<std::size_t> widths(columns_.size());
    for (auto& line : lines)
        for (std::size_t c = 0; c < line.size(); ++c) {
            line[c] = clipped(line[c]);
            widths[c] = std::max(widths[c], width(line[c]));
        }
    for (const auto& line : lines) {
        std::string text;
        for (std::size_t c = 0; c < line.size(); ++c) {
            const std::string padding(widths[c] - width(line[c]), ' ');
            text += columns_[c].number ? padding + line[c] : line[c] + padding;
            text += "  ";
        }
        text.erase(text.find_last_not_of(' ') + 1);
        std::printf("%s\n", text.c_str());
    }
}

std::string decimals(double probability) {
    char text[32];
    std::snprintf(text, sizeof text, "%.7f", probability);
    return text;
}

std::string bar(double probability) {
    return std::string(static_cast<std::size_t>(std::lround(30 * probability)), '#');
}

}  // namespace support
