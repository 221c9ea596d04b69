#include "table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "characters.hpp"

namespace support {
namespace {

constexpr std::size_t widest = 40;

}  // namespace

void table::print() const {
    std::vector<std::vector<std::string>> lines(1);
    for (const column& c : columns_) lines[0].push_back(c.title);
    lines.insert(lines.end(), rows_.begin(), rows_.end());

    std::vector<std::size_t> widths(columns_.size());
    for (auto& line : lines)
        for (std::size_t c = 0; c < line.size(); ++c) {
            line[c] = clipped(line[c], widest);
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

std::string decimals(double value, int digits) {
    if (std::isnan(value)) return "nan";  // printf may give it a sign
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

std::string bar(double probability) {
    return std::string(static_cast<std::size_t>(std::lround(30 * probability)), '#');
}

}  // namespace support
