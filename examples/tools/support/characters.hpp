/// UTF-8 text as characters, not bytes.
#pragma once

#include <string>
#include <vector>

namespace support {

/// The characters of a text; U+FFFD for each byte that belongs to none.
std::vector<char32_t> characters(const std::string& text);

/// How many of them there are.
std::size_t width(const std::string& text);

/// The text; its beginning and "..." where it has more than `widest` characters.
std::string clipped(const std::string& text, std::size_t widest);

/// The text as XML may hold it, between tags or in quotes: < > & " ' as entities, what XML forbids as U+FFFD.
std::string xml_text(const std::string& text);

}  // namespace support
