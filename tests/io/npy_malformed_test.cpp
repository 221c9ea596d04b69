#include <unitsphere/io/npy.hpp>

#include <string>

#include "catch.hpp"
#include "npy_files.hpp"

namespace tests {

using namespace unitsphere;

struct malformed_file {
    std::string bytes, reason;
};

const std::string d = f4_numbers;
const std::string supported = "; supported are f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8, b1";

std::string of_type(const std::string& descr) { return npy(dict(descr, "False", "(4,)"), d); }

const malformed_file malformed_preambles[] = {
    {"", "is empty"},
    {"\x93NUMP", "is not a .npy file: it does not begin with \\x93NUMPY"},
    {"PK\3\4 an archive of arrays",
     "is a zip archive, as numpy.savez (.npz) and torch.save (.pt) write; numpy.save each array"},
    {"\x93NUMPY\1", "is truncated: it holds 7 bytes, its preamble takes 10"},
    {npy("", "").substr(0, 9), "is truncated: it holds 9 bytes, its preamble takes 10"},
    {npy("", "", 2).substr(0, 11), "is truncated: it ends in its preamble, which takes 12 bytes"},
    {npy(f4("(4,)"), d, 4), "has format version 4.0; supported are 1.0, 2.0 and 3.0"},
    {npy(f4("(4,)"), d).replace(6, 1, 1, '\0'), "has format version 0.0; supported are 1.0, 2.0 and 3.0"},
    {npy(f4("(4,)"), d).replace(7, 1, "\1"), "has format version 1.1; supported are 1.0, 2.0 and 3.0"},
    {npy(f4("(4,)"), "", 1, 59), "is truncated: its header takes 59 bytes, 58 are left"},
    {npy(f4("(4,)"), d, 2, 0xffffffff), "has a header of 4294967295 bytes; at most 10000 are read"},
    {npy(f4("(4,)") + std::string(9943, ' '), d), "has a header of 10001 bytes; at most 10000 are read"},
};

const malformed_file malformed_dicts[] = {
    {npy("", d), "its header has its end at byte 0 where '{' is expected"},
    {npy("[1, 2]", d), "its header has '[' at byte 0 where '{' is expected"},
    {npy("{}", d), "its header lacks the key 'descr'"},
    {npy("{'descr': '<f4', 'shape': (4,)}", d), "its header lacks the key 'fortran_order'"},
    {npy("{'descr': '<f4', 'fortran_order': False}", d), "its header lacks the key 'shape'"},
    {npy("{'descr': '<f4', 'descr': '<f4'}", d), "its header has the key 'descr' twice"},
    {npy("{'descr': '<f4', 'order': 'C'}", d), "its header has an unknown key 'order'"},
    {npy("{'descr': '<f4', 'a\n\x1b" + std::string(90, 'b') + "': 1}", d),
     "its header has an unknown key 'a??" + std::string(37, 'b') + "...'"},
    {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,)", d),
     "its header has its end at byte 54 where '}' is expected"},
    {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,", d),
     "its header has its end at byte 53 where a size is expected"},
    {npy("{'descr': '<f4", d), "its header has an unclosed quote at byte 10"},
    {npy("{descr: '<f4'}", d), "its header has 'd' at byte 1 where a quoted text is expected"},
    {npy("{,}", d), "its header has ',' at byte 1 where a quoted text is expected"},
    {npy("{'descr' '<f4'}", d), "its header has ''' at byte 9 where ':' is expected"},
    {npy("{'descr': '<f4' 'shape': (4,)}", d), "its header has ''' at byte 16 where '}' is expected"},
    {npy("{'descr': <f4}", d), "its header has '<' at byte 10 where a quoted text is expected"},
    {npy(f4("(4,)") + "x = 1\n", d), "its header goes on behind the dict: x = 1?"},
    {npy(f4("(4,)") + std::string(5, '\0'), d), "its header goes on behind the dict: ?????"},
    {npy(dict("'<f4'", "0", "(2, 2)"), d), "its header has '0' at byte 34 where True or False is expected"},
    {npy(dict("'<f4'", "Falsey", "(2, 2)"), d), "its header has 'y' at byte 39 where '}' is expected"},
    {npy(dict("'<f4'", "true", "(2, 2)"), d), "its header has 't' at byte 34 where True or False is expected"},
};

const malformed_file malformed_types[] = {
    {of_type("'<f16'"), "holds the dtype '<f16' (extended precision: save x.astype('<f8'))" + supported},
    {of_type("'=i3'"), "holds the dtype '=i3'" + supported},
    {of_type("'|u16'"), "holds the dtype '|u16'" + supported},
    {of_type("'><f4'"), "holds the dtype '><f4'" + supported},
    {of_type("'f4 '"), "holds the dtype 'f4 '" + supported},
    {of_type("'<c8'"), "holds the dtype '<c8' (complex numbers)" + supported},
    {of_type("'|O'"), "holds the dtype '|O' (Python objects: a list of arrays? save numpy.stack(x))" + supported},
    {of_type("'|S4'"), "holds the dtype '|S4' (byte strings)" + supported},
    {of_type("'<U1'"), "holds the dtype '<U1' (strings)" + supported},
    {of_type("'<M8[s]'"), "holds the dtype '<M8[s]' (dates)" + supported},
    {of_type("'<m8[s]'"), "holds the dtype '<m8[s]' (time spans)" + supported},
    {of_type("'|V2'"), "holds the dtype '|V2' (raw bytes, as bfloat16 is saved: save x.astype('<f4'))" + supported},
    {of_type("'<V2'"), "holds the dtype '<V2' (raw bytes, as bfloat16 is saved: save x.astype('<f4'))" + supported},
    {of_type("''"), "holds the dtype ''" + supported},
    {of_type("'<'"), "holds the dtype '<'" + supported},
    {of_type("'>'"), "holds the dtype '>'" + supported},
    {of_type("'" + std::string(50, 'f') + "'"), "holds the dtype '" + std::string(40, 'f') + "...'" + supported},
    {of_type("[('x', '<f4')]"), "holds the structured dtype [('x', '<f4')], 'fortran_order': False, ..." + supported},
    {of_type("('<f4', (2,))"), "holds the structured dtype ('<f4', (2,)), 'fortran_order': False, '..." + supported},
    {npy("{'descr': '<f4\", 'shape': (4,)}", d), "holds the dtype '<f4\", '" + supported},
};

const malformed_file malformed_shapes[] = {
    {npy(f4("()"), d.substr(0, 4)), "has shape (), a single number; rows are (dim,) or (n, dim)"},
    {npy(f4("(2, 2, 1)"), d), "has shape (2, 2, 1), and more than one axis may count the rows; save x.reshape(-1, 1)"},
    {npy(f4("(0, 1, 2, 4)"), ""),
     "has shape (0, 1, 2, 4), and more than one axis may count the rows; save x.reshape(-1, 4)"},
    {npy(f4("(2, 1, 3)"), d), "holds 16 bytes of data, shape (2, 1, 3) of f4 needs 24"},
    {npy(f4("(4)"), d), "its header has ')' at byte 52 where ',' is expected"},
    {npy(f4("(2 2)"), d), "its header has '2' at byte 53 where ',' is expected"},
    {npy(f4("(2, 2 1)"), d), "its header has '1' at byte 56 where ')' is expected"},
    {npy(f4("(,)"), d), "its header has ',' at byte 51 where a size is expected"},
    {npy(f4("[2, 2]"), d), "its header has '[' at byte 50 where '(' is expected"},
    {npy(f4("(2.0, 2)"), d), "its header has '.' at byte 52 where ',' is expected"},
    {npy(f4("(2l, 2L)"), d), "its header has 'l' at byte 52 where ',' is expected"},
    {npy(f4("(2LL, 2)"), d), "its header has 'L' at byte 53 where ',' is expected"},
    {npy(f4("(L, 2)"), d), "its header has 'L' at byte 51 where a size is expected"},
    {npy(f4("(+2, 2)"), d), "its header has '+' at byte 51 where a size is expected"},
    {npy(f4("(-1, 4)"), d), "its header has a negative size in the shape"},
    {npy(f4("(02, 2)"), d), "its header has a leading zero in the shape: 02"},
    {npy(f4("(0, 281474976710657)"), ""), "its header has a size beyond 2^48 in the shape: 281474976710657"},
    {npy(f4("(4611686018427387904, 0)"), ""), "its header has a size beyond 2^48 in the shape: 4611686018427387904"},
    {npy(f4("(9223372036854775808, 0)"), ""), "its header has a size beyond 2^48 in the shape: 9223372036854775808"},
    {npy(f4("(" + std::string(99, '9') + ",)"), ""),
     "its header has a size beyond 2^48 in the shape: " + std::string(40, '9') + "..."},
    {npy(f4("(281474976710656, 281474976710656)"), d),
     "holds 16 bytes of data, shape (281474976710656, 281474976710656) of f4 needs more than 64 bits can count"},
    {npy(f4("(281474976710656, 8192)"), ""),
     "holds 0 bytes of data, shape (281474976710656, 8192) of f4 needs more than 64 bits can count"},
    {npy(f4("(281474976710656, 8191)"), ""),
     "holds 0 bytes of data, shape (281474976710656, 8191) of f4 needs 9222246136947933184"},
    {npy(f4("(281474976710656,)"), d), "holds 16 bytes of data, shape (281474976710656,) of f4 needs 1125899906842624"},
    {npy(f4("(2, 2)"), d.substr(1)), "holds 15 bytes of data, shape (2, 2) of f4 needs 16"},
    {npy(f4("(2, 2)"), d + "\n"), "holds 17 bytes of data, shape (2, 2) of f4 needs 16"},
    {npy(f4("(4,)"), ""), "holds 0 bytes of data, shape (4,) of f4 needs 16"},
    {npy(f4("(0, 4)"), d),
     "holds 16 bytes of data, shape (0, 4) of f4 needs 0"
     "; of several arrays in a file load_npy(std::istream&) reads one after the other"},
    {npy(dict("'<f4'", "True", "(2, 3)"), d), "holds 16 bytes of data, shape (2, 3) of f4 needs 24"},
    {npy(dict("'<f2'", "False", "(4,)"), d), "holds 16 bytes of data, shape (4,) of f2 needs 8"},
    {npy(dict("'<f8'", "False", "(4,)"), d), "holds 16 bytes of data, shape (4,) of f8 needs 32"},
    {npy(dict("'|i1'", "False", "(4,)"), d),
     "holds 16 bytes of data, shape (4,) of i1 needs 4"
     "; of several arrays in a file load_npy(std::istream&) reads one after the other"},
    {npy(dict("'>i2'", "False", "(9,)"), d), "holds 16 bytes of data, shape (9,) of i2 needs 18"},
    {npy(dict("'<i4'", "False", "(5,)"), d), "holds 16 bytes of data, shape (5,) of i4 needs 20"},
    {npy(dict("'<i8'", "False", "(4,)"), d), "holds 16 bytes of data, shape (4,) of i8 needs 32"},
    {npy(dict("'|b1'", "False", "(4,)"), d),
     "holds 16 bytes of data, shape (4,) of b1 needs 4"
     "; of several arrays in a file load_npy(std::istream&) reads one after the other"},
};

/// Every function that reads refuses every file with its own name, the path and the reason.
template <std::size_t Count>
void check_refusals(const malformed_file (&files)[Count]) {
    const temporary_directory directory;
    for (const malformed_file& file : files) {
        const std::string path = directory.write(file.bytes), end = ": " + path + ": " + file.reason;
        CHECK(refusal([&] { load_npy<float>(path); }) == "load_npy" + end);
        CHECK(refusal([&] { inspect_npy(path); }) == "inspect_npy" + end);
        CHECK(refusal([&] { visit_npy(path, visited_bytes); }) == "visit_npy" + end);
        CHECK(refusal([&] { load_npy_integers(path); }) == "load_npy_integers" + end);
    }
}

TEST_CASE("a malformed preamble is refused with the path and the reason", "[npy]") {
    check_refusals(malformed_preambles);
}
TEST_CASE("a malformed dict is refused with the path and the reason", "[npy]") { check_refusals(malformed_dicts); }
TEST_CASE("an element type that is not read is refused by name", "[npy]") { check_refusals(malformed_types); }
TEST_CASE("a shape that is malformed, or that the data do not fit, is refused", "[npy]") {
    check_refusals(malformed_shapes);
}

}  // namespace tests
