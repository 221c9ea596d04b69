/// Reads the text of a safetensors header: which tensors a file holds, of which type and shape, and where.
///
///   length of the header u64, little-endian
///   {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, .., "__metadata__": {"key": "text", ..}}
///   the tensors' bytes: every one belongs to one tensor
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "file_source.hpp"
#include "npy_header.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// One tensor of a safetensors file.
struct safetensors_info {
    std::string name;
    std::string dtype;  ///< as the file names it: F32, F16, BF16, I8; others are listed, but not read
    std::vector<idx_t> shape;
    idx_t begin, end;  ///< its bytes, counted from the end of the header
};

namespace detail {

struct safetensors_dtype {
    const char* name;
    idx_t bytes;
};
/// Those of the format; the tensors of a file are ordered by this order, the last one first.
inline constexpr safetensors_dtype safetensors_dtypes[] = {
    {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
    {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"F64", 8},     {"I64", 8}, {"U64", 8},
};

/// Longer headers are not read, as in the reference.
inline constexpr idx_t longest_safetensors_header = 100000000;

/// Reads JSON, as far as a header needs it: objects of a known form, texts, lists of sizes. Strict: what is no JSON, or
/// is more than the format has, is refused with its place.
class safetensors_parser {
public:
    safetensors_parser(const file_source& source, const char* text, idx_t size)
        : source_(source), text_(text), size_(size) {}

    std::vector<safetensors_info> parse() {
        std::vector<safetensors_info> tensors;
        bool has_metadata = false;
        if (size_ > 0 && text_[0] != '{') source_.refuse("its header does not begin with '{'");
        for_each_key([&](const std::string& name) {
            if (name == "__metadata__") {
                if (has_metadata) source_.refuse("its header has the key '__metadata__' twice");
                has_metadata = true;
                for_each_key([&](const std::string&) { text(); });
            } else {
                tensors.push_back(tensor(name));
            }
        });
        next();
        if (at_ < size_) unexpected("its end");
        return tensors;
    }

private:
    /// The next character that is not white space; '\0' at the end.
    char next() noexcept {
        while (at_ < size_ && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
            ++at_;
        return at_ < size_ ? text_[at_] : '\0';
    }
    bool accept(char wanted) {
        if (next() != wanted || at_ == size_) return false;
        ++at_;
        return true;
    }
    void expect(char wanted) {
        const char quoted[] = {'\'', wanted, '\'', '\0'};
        if (!accept(wanted)) unexpected(quoted);
    }
    [[noreturn]] void unexpected(const char* wanted) {
        next();
        if (at_ == size_) source_.refuse("its header ends at byte ", at_, " where ", wanted, " is expected");
        source_.refuse("its header has '", npy_excerpt(std::string(text_ + at_, 1)), "' at byte ", at_, " where ",
                       wanted, " is expected");
    }

    /// value(key) for each key of an object; value reads what follows.
    template <class Value>
    void for_each_key(Value&& value) {
        expect('{');
        if (accept('}')) return;
        do {
            const std::string key = text();
            expect(':');
            value(key);
        } while (accept(','));
        expect('}');
    }
    /// element() for each element of a list.
    template <class Element>
    void for_each_element(Element&& element) {
        expect('[');
        if (accept(']')) return;
        do element();
        while (accept(','));
        expect(']');
    }

    safetensors_info tensor(const std::string& name) {
        safetensors_info info{name, "", {}, -1, -1};
        bool has_shape = false;
        for_each_key([&](const std::string& key) {
            const bool is_type = key == "dtype", is_shape = key == "shape", is_place = key == "data_offsets";
            if (!is_type && !is_shape && !is_place) refuse(name, "has an unknown key '", npy_excerpt(key), "'");
            if ((is_type && !info.dtype.empty()) || (is_shape && has_shape) || (is_place && info.begin >= 0))
                refuse(name, "has the key '", key, "' twice");
            if (is_type) {
                info.dtype = text();
                if (bytes_of(info.dtype) == 0) refuse(name, "has the dtype '", npy_excerpt(info.dtype), "'");
            } else if (is_shape) {
                has_shape = true;
                for_each_element([&] { info.shape.push_back(size(name, largest_npy_size, "2^48")); });
            } else {
                int count = 0;
                for_each_element([&] {
                    const idx_t place = size(name, idx_t(1) << 62, "2^62");
                    (count++ == 0 ? info.begin : info.end) = place;
                });
                if (count != 2) refuse(name, "has ", idx_t(count), " data_offsets, there must be 2");
            }
        });
        if (info.dtype.empty() || !has_shape || info.begin < 0)
            refuse(name, "lacks the key '", info.dtype.empty() ? "dtype" : !has_shape ? "shape" : "data_offsets", "'");
        idx_t elements = bytes_of(info.dtype);
        for (const idx_t size : info.shape)
            if (__builtin_mul_overflow(elements, size, &elements))
                refuse(name, "has shape ", npy_shape_text(info.shape), ", more bytes than 64 bits can count");
        if (info.end < info.begin || info.end - info.begin != elements)
            refuse(name, "lies from byte ", info.begin, " to ", info.end, ", ", info.dtype, " of shape ",
                   npy_shape_text(info.shape), " takes ", elements);
        return info;
    }
    static idx_t bytes_of(const std::string& dtype) noexcept {
        for (const safetensors_dtype& known : safetensors_dtypes)
            if (dtype == known.name) return known.bytes;
        return 0;
    }
    template <class... Parts>
    [[noreturn]] void refuse(const std::string& name, const Parts&... reason) const {
        source_.refuse("its tensor '", npy_excerpt(name), "' ", reason...);
    }

    /// A number without sign, point, exponent or leading zero.
    idx_t size(const std::string& name, idx_t most, const char* most_text) {
        next();
        const idx_t first = at_;
        idx_t value = 0;
        for (; at_ < size_ && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
            const idx_t digit = text_[at_] - '0';
            if (value > (most - digit) / 10) refuse(name, "has a number beyond ", most_text);
            value = value * 10 + digit;
        }
        if (at_ == first) unexpected("a size");
        if (at_ > first + 1 && text_[first] == '0') refuse(name, "has a number with a leading zero");
        return value;
    }

    std::string text() {
        expect('"');
        std::string result;
        for (;;) {
            const unsigned char c = at_ < size_ ? static_cast<unsigned char>(text_[at_]) : 0;
            if (c < ' ')
                source_.refuse("its header has an unclosed text, or a control character in one, at byte ", at_);
            if (c == '"') return ++at_, result;
            if (c == '\\')
                add_utf8(result, escaped());
            else if (c < 0x80)
                result += text_[at_++];
            else
                copy_utf8(result);
        }
    }
    std::uint32_t escaped() {
        ++at_;
        const char c = at_ < size_ ? text_[at_++] : '\0';
        constexpr char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
        for (int i = 0; names[i] != '\0'; ++i)
            if (c == names[i]) return std::uint32_t(meant[i]);
        if (c != 'u') source_.refuse("its header has an unknown escape at byte ", at_ - 1);
        const std::uint32_t high = four_digits();
        if (high < 0xd800 || high > 0xdfff) return high;
        const bool follows = size_ - at_ >= 2 && text_[at_] == '\\' && text_[at_ + 1] == 'u';
        if (follows) at_ += 2;
        const std::uint32_t low = high < 0xdc00 && follows ? four_digits() : 0;
        if (low < 0xdc00 || low > 0xdfff) source_.refuse("its header has half a surrogate pair at byte ", at_);
        return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    std::uint32_t four_digits() {
        std::uint32_t value = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            const char c = at_ < size_ ? text_[at_] : '\0';
            const bool is_digit = c >= '0' && c <= '9', is_letter = (c | 32) >= 'a' && (c | 32) <= 'f';
            if (!is_digit && !is_letter) source_.refuse("its header has no four hexadecimal digits at byte ", at_);
            value = value * 16 + std::uint32_t(is_digit ? c - '0' : (c | 32) - 'a' + 10);
        }
        return value;
    }
    static void add_utf8(std::string& to, std::uint32_t code) {
        if (code < 0x80) {
            to += char(code);
            return;
        }
        const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        constexpr int first[] = {0, 0xc0, 0xe0, 0xf0};
        to += char(first[more] | int(code >> (6 * more)));
        for (int i = more - 1; i >= 0; --i) to += char(0x80 | int((code >> (6 * i)) & 0x3f));
    }
    /// One character of two bytes or more, if it is well-formed: the shortest form, no surrogate, up to U+10FFFF.
    void copy_utf8(std::string& to) {
        const auto byte = [&](idx_t i) { return at_ + i < size_ ? static_cast<unsigned char>(text_[at_ + i]) : 0u; };
        const unsigned first = byte(0);
        const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
        std::uint32_t code = first & (0x3fu >> more);
        bool good = first >= 0xc2 && first <= 0xf4;
        for (int i = 1; i <= more; ++i) {
            good = good && (byte(i) & 0xc0) == 0x80;
            code = code << 6 | (byte(i) & 0x3f);
        }
        constexpr std::uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if (!good || code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            source_.refuse("its header is no UTF-8 at byte ", at_);
        to.append(text_ + at_, std::size_t(more) + 1);
        at_ += more + 1;
    }

    const file_source& source_;
    const char* text_;
    idx_t size_, at_ = 0;
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
