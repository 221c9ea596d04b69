/// What the text at the start of a .npy file says: element type, order and shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "byte_order.hpp"
#include "file_source.hpp"
#include "npy_type.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// What a .npy file holds. Its last size is dim; of those before, at most one may differ from 1: it is the number of
/// rows. So (n, dim), (n, 1, dim) and (1, n, dim) are n rows, (dim,) is one.
struct npy_info {
    npy_type type;
    idx_t rows, dim;
    bool fortran_order;  ///< the file holds column after column; what is loaded is row after row in any case
    bool big_endian =
        false;  ///< the file holds each element's highest byte first; what is loaded is an ordinary number
};

namespace detail {

/// No size of a shape may be larger: an empty file may claim any, (2^62, 0) too, and the library adds to sizes and
/// multiplies them by small numbers. 2^48 elements of one byte are 256 TiB.
constexpr idx_t largest_npy_size = idx_t{1} << 48;

using npy_source = file_source;

/// The three entries of the header. `shape` has as many sizes as the file says, each in 0 .. largest_npy_size.
struct npy_header {
    npy_type type;
    bool big_endian, fortran_order;
    std::vector<idx_t> shape;
};

/// A piece of the file, fit for a message: at most 40 characters, each of them printable.
inline std::string npy_excerpt(const std::string& text) {
    std::string shown = text.substr(0, 40);
    for (char& c : shown)
        if (c < ' ' || c > '~') c = '?';
    return text.size() > shown.size() ? shown + "..." : shown;
}

/// Reads a header such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 512), }.
///
/// Lenient where writers differ (order of the keys, white space, trailing commas, either quote), strict in all
/// else: a header that is only nearly right describes data that would be read wrong.
class npy_header_parser {
public:
    npy_header_parser(const npy_source& source, const std::string& text) : source_(source), text_(text) {}

    npy_header parse() {
        npy_header header{};
        bool seen[3] = {};
        expect('{');
        while (!accept('}')) {
            const std::string key = quoted();
            for (int i = 0; i < 3; ++i) {
                if (key != key_name(i)) continue;
                if (seen[i]) source_.refuse("its header has the key '", npy_excerpt(key), "' twice");
                seen[i] = true;
            }
            expect(':');
            value_of(key, header);
            if (accept(',')) continue;
            expect('}');
            break;
        }
        for (int i = 0; i < 3; ++i)
            if (!seen[i]) source_.refuse("its header lacks the key '", key_name(i), "'");
        next();
        if (at_ < text_.size()) source_.refuse("its header goes on behind the dict: ", npy_excerpt(text_.substr(at_)));
        return header;
    }

private:
    // Not a list of the keys seen: a std::vector<std::string> that grows is code that all units of a program share,
    // with the instructions of whichever was linked first.
    static const char* key_name(int i) { return i == 0 ? "descr" : i == 1 ? "fortran_order" : "shape"; }

    void value_of(const std::string& key, npy_header& header) {
        if (key == "descr")
            type(header);
        else if (key == "fortran_order")
            header.fortran_order = boolean();
        else if (key == "shape")
            header.shape = shape();
        else
            source_.refuse("its header has an unknown key '", npy_excerpt(key), "'");
    }

    /// The first position from at_ on whose character is not one of `these`; the end of the text if all are.
    std::size_t behind(const char* these) const {
        const std::size_t found = text_.find_first_not_of(these, at_);
        return found == std::string::npos ? text_.size() : found;
    }
    /// The next character that is not white space; '\0' at the end.
    char next() {
        at_ = behind(" \t\r\n");
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    bool accept(char wanted) {
        if (next() != wanted) return false;
        ++at_;
        return true;
    }
    void expect(char wanted) {
        if (!accept(wanted)) unexpected(std::string("'") + wanted + "'");
    }
    [[noreturn]] void unexpected(const std::string& wanted) {
        next();
        const bool ended = at_ == text_.size();
        source_.refuse("its header has ", ended ? "its end" : "'" + npy_excerpt(text_.substr(at_, 1)) + "'",
                       " at byte ", idx_t(at_), " where ", wanted, " is expected");
    }

    std::string quoted() {
        const char quote = next();
        if (quote != '\'' && quote != '"') unexpected("a quoted text");
        const std::size_t end = text_.find(quote, at_ + 1);
        if (end == std::string::npos) source_.refuse("its header has an unclosed quote at byte ", idx_t(at_));
        const std::string inside = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
        return inside;
    }

    /// Where an order is left out, or is '=' or '|', numpy means the machine's own.
    void type(npy_header& header) {
        const std::string supported = "; supported are " + supported_npy_types();
        if (next() == '[' || next() == '(')
            source_.refuse("holds the structured dtype ", npy_excerpt(text_.substr(at_)), supported);
        const std::string descr = quoted();
        const bool has_order = descr.find_first_of("<>=|") == 0;
        const std::string code = descr.substr(has_order ? 1 : 0);
        const npy_type_entry* const entry = find_npy_type(code);
        if (entry == nullptr) source_.refuse("holds the dtype '", npy_excerpt(descr), "'", npy_kind(code), supported);
        header.type = entry->type;
        header.big_endian = entry->bytes > 1 && (descr[0] == '>' || (big_endian_machine && descr[0] != '<'));
    }

    bool boolean() {
        next();
        for (const bool value : {false, true}) {
            const std::string word = value ? "True" : "False";
            if (text_.compare(at_, word.size(), word) != 0) continue;
            at_ += word.size();
            return value;
        }
        unexpected("True or False");
    }

    std::vector<idx_t> shape() {
        std::vector<idx_t> sizes;
        expect('(');
        while (!accept(')')) {
            sizes.push_back(size());
            if (accept(',')) continue;
            if (sizes.size() == 1) expect(',');  // (5) is a number, (5,) is a shape
            expect(')');
            break;
        }
        return sizes;
    }

    idx_t size() {
        if (next() == '-') source_.refuse("its header has a negative size in the shape");
        const std::size_t end = behind("0123456789");
        const std::string digits = text_.substr(at_, end - at_);
        if (digits.empty()) unexpected("a size");
        if (digits.size() > 1 && digits[0] == '0')  // Python 2 read 010 as 8, Python 3 refuses it
            source_.refuse("its header has a leading zero in the shape: ", npy_excerpt(digits));
        idx_t value = 0;
        for (const char digit : digits) {
            value = value * 10 + (digit - '0');
            if (value > largest_npy_size)
                source_.refuse("its header has a size beyond 2^48 in the shape: ", npy_excerpt(digits));
        }
        at_ = text_.compare(end, 1, "L") == 0 ? end + 1 : end;  // Python 2 wrote (2L, 3L)
        return value;
    }

    const npy_source& source_;
    const std::string& text_;
    std::size_t at_ = 0;
};

template <class Number>
std::string text(Number number) {
    message digits;
    digits.add(number);
    return digits.text;
}

/// "(3, 512)", "(512,)"
inline std::string npy_shape_text(const std::vector<idx_t>& shape) {
    std::string list;
    for (const idx_t size : shape) list += (list.empty() ? "" : ", ") + text(size);
    return "(" + list + (shape.size() == 1 ? ",)" : ")");
}

/// What a header describes. Refuses a shape that is not one of rows, as npy_info says.
inline npy_info npy_info_of(const npy_source& source, const npy_header& header) {
    const std::vector<idx_t>& shape = header.shape;
    if (shape.empty()) source.refuse("has shape (), a single number; rows are (dim,) or (n, dim)");
    npy_info info{header.type, 1, shape.back(), header.fortran_order, header.big_endian};
    for (std::size_t axis = 0; axis + 1 < shape.size(); ++axis) {
        if (shape[axis] == 1) continue;
        if (info.rows != 1)
            source.refuse("has shape ", npy_shape_text(shape), ", and more than one axis may count the rows; save ",
                          "x.reshape(-1, ", info.dim, ")");
        info.rows = shape[axis];
    }
    return info;
}

/// How many bytes the elements take. `left` bytes follow the header, or -1: nobody knows. A file that is `whole` holds
/// nothing else.
inline void check_npy_size(const npy_source& source, const npy_header& header, const npy_info& info, idx_t left,
                           bool whole) {
    const npy_type_entry& element = npy_entry(info.type);
    const bool beyond = info.dim > 0 && info.rows > INT64_MAX / element.bytes / info.dim;
    const idx_t needed = beyond ? INT64_MAX : info.rows * info.dim * element.bytes;
    if (!beyond && (left < 0 || left == needed || (left > needed && !whole))) return;
    constexpr idx_t preamble = 10;
    source.refuse("holds ", left < 0 ? "an unknown number of" : text(left), " bytes of data, shape ",
                  npy_shape_text(header.shape), " of ", element.code, " needs ",
                  beyond ? "more than 64 bits can count" : text(needed),
                  left >= preamble && left - preamble >= needed
                      ? "; of several arrays in a file load_npy(std::istream&) reads one after the other"
                      : "");
}

/// The first bytes of a version 1.0 file, byte for byte those of numpy.save.
///
/// Always 128 bytes: numpy pads to a multiple of 64, and with the room it leaves for the row count to grow to 21
/// digits what comes before the padding takes 88 to 104.
inline std::string npy_header_text(npy_type type, const std::vector<idx_t>& shape) {
    std::string header("\x93NUMPY\1\0\x76\0", 10);  // 0x76: the 118 bytes that follow
    header += "{'descr': '" + npy_descr(type) + "', 'fortran_order': False, 'shape': " + npy_shape_text(shape) + ", }";
    header.resize(127, ' ');
    return header + '\n';
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
