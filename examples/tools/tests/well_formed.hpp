/// A reader of XML that is strict about what heat_map_svg writes: elements, quoted attributes, text, entities.
#pragma once

#include <cctype>
#include <cstring>
#include <string>
#include <vector>

namespace tests {

class xml_reader {
public:
    explicit xml_reader(const std::string& text) : text_(text) {}

    /// One root element, all tags closed in order, no bare < or &, no character that XML forbids.
    bool well_formed() {
        const std::string declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
        if (text_.compare(0, declaration.size(), declaration) != 0) return false;
        for (at_ = declaration.size(); at_ < text_.size();)
            if (!(text_[at_] == '<' ? tag() : content())) return false;
        return open_.empty() && roots_ == 1;
    }

private:
    bool tag() {
        ++at_;
        const bool closes = take('/');
        const std::string name = word();
        if (name.empty()) return false;
        if (closes) {
            if (open_.empty() || open_.back() != name) return false;
            open_.pop_back();
            return take('>');
        }
        if (open_.empty()) ++roots_;
        std::vector<std::string> seen;
        while (take(' ')) {
            const std::string attribute = word();
            for (const std::string& other : seen)
                if (other == attribute) return false;
            seen.push_back(attribute);
            if (attribute.empty() || !take('=') || !take('"')) return false;
            while (at_ < text_.size() && text_[at_] != '"')
                if (text_[at_] == '<' || !character()) return false;
            if (!take('"')) return false;
        }
        if (take('/')) return take('>');
        open_.push_back(name);
        return take('>');
    }

    bool content() {
        if (open_.empty() && text_[at_] != '\n') return false;  // no text outside of the root
        return character();
    }

    bool character() {
        const unsigned char c = static_cast<unsigned char>(text_[at_]);
        if (c == '&') {
            for (const char* entity : {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"})
                if (text_.compare(at_, std::strlen(entity), entity) == 0) return at_ += std::strlen(entity), true;
            return false;
        }
        if (c < 0x80) return ++at_, c >= 0x20 || c == '\n' || c == '\t';
        const std::size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
        if (c < 0xC2 || c > 0xF4 || at_ + length > text_.size()) return false;
        for (std::size_t i = 1; i < length; ++i)
            if ((static_cast<unsigned char>(text_[at_ + i]) & 0xC0u) != 0x80u) return false;
        return at_ += length, true;
    }

    bool take(char wanted) {
        if (at_ >= text_.size() || text_[at_] != wanted) return false;
        return ++at_, true;
    }

    std::string word() {
        const std::size_t first = at_;
        while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '-')) ++at_;
        return text_.substr(first, at_ - first);
    }

    const std::string& text_;
    std::size_t at_ = 0;
    int roots_ = 0;
    std::vector<std::string> open_;
};

inline bool well_formed(const std::string& xml) { return xml_reader(xml).well_formed(); }

inline std::size_t occurrences(const std::string& text, const std::string& of) {
    std::size_t count = 0;
    for (std::size_t at = text.find(of); at != std::string::npos; at = text.find(of, at + of.size())) ++count;
    return count;
}

}  // namespace tests
