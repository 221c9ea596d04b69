#include "characters.hpp"

namespace support {
namespace {

constexpr char32_t unknown = 0xFFFD;

/// One character from text[at] on; `at` moves behind it.
char32_t next_character(const std::string& text, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const unsigned lead = byte(at);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    char32_t value = length < 2 ? lead : lead & (0x7Fu >> length);
    bool whole = length > 0;
    for (std::size_t i = 1; i < length && whole; ++i) {
        whole = (byte(at + i) & 0xC0u) == 0x80u;
        value = value << 6 | (byte(at + i) & 0x3Fu);
    }
    constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};  // a longer spelling than needed is not UTF-8
    if (!whole || value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
        ++at;
        return unknown;
    }
    at += length;
    return value;
}

void append(std::string& text, char32_t c) {
    const auto byte = [&](char32_t value) { text += static_cast<char>(value); };
    if (c < 0x80) return byte(c);
    if (c < 0x800) {
        byte(0xC0 | c >> 6);
    } else if (c < 0x10000) {
        byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F));
    } else {
        byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F));
    }
    byte(0x80 | (c & 0x3F));
}

bool forbidden_in_xml(char32_t c) {
    return (c < 0x20 && c != '\t') || (c >= 0x7F && c < 0xA0) || c == 0xFFFE || c == 0xFFFF;
}

}  // namespace

std::vector<char32_t> characters(const std::string& text) {
    std::vector<char32_t> found;
    for (std::size_t at = 0; at < text.size();) found.push_back(next_character(text, at));
    return found;
}

std::size_t width(const std::string& text) { return characters(text).size(); }

std::string clipped(const std::string& text, std::size_t widest) {
    if (width(text) <= widest) return text;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i + 3 < widest; ++i) next_character(text, bytes);
    while (bytes > 0 && text[bytes - 1] == ' ') --bytes;
    return text.substr(0, bytes) + "...";
}

std::string xml_text(const std::string& text) {
    std::string safe;
    for (const char32_t c : characters(text)) {
        if (c == '<')
            safe += "&lt;";
        else if (c == '>')
            safe += "&gt;";
        else if (c == '&')
            safe += "&amp;";
        else if (c == '"')
            safe += "&quot;";
        else if (c == '\'')
            safe += "&#39;";
        else
            append(safe, forbidden_in_xml(c) ? unknown : c);
    }
    return safe;
}

}  // namespace support
