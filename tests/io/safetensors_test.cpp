#include <string>
#include <vector>

#include <unitsphere/io/safetensors.hpp>
#include <unitsphere/normalize.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "npy_files.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// A file from its header and its data. A `length` >= 0 lies about the length of the header.
std::string safetensors(const std::string& header, const std::string& data, idx_t length = -1) {
    const std::size_t size = length < 0 ? header.size() : std::size_t(length);
    std::string file;
    for (int i = 0; i < 8; ++i) file += char(size >> (8 * i) & 255);
    return file + header + data;
}
std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
    return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

}  // namespace

TEST_CASE("safetensors are written as the reference writes them, and read", "[safetensors]") {
    const temporary_directory directory;
    const std::string path = directory.path("x.safetensors");
    const matrix_view<const float> images(numbers, 2, 2);
    const auto half = any_bits<float16>(3, 5);
    const auto brain = any_bits<bfloat16>(2, 3);
    const std::vector<std::int8_t> codes{-128, 0, 127};
    save_safetensors(path, {{"codes", codes}, {"half", half}, {"b\"\n", brain}, {"images", images}});
    // safetensors.serialize: types from the widest to the narrowest, bfloat16 before float16; spaces up to 8 bytes.
    std::string header =
        "{" + tensor("images", "F32", "[2,2]", "[0,16]") + "," + tensor("b\\\"\\u000a", "BF16", "[2,3]", "[16,28]") +
        "," + tensor("half", "F16", "[3,5]", "[28,58]") + "," + tensor("codes", "I8", "[3]", "[58,61]") + "}";
    header.resize((header.size() + 7) / 8 * 8, ' ');
    CHECK(read(path) == safetensors(header, f4_numbers + bytes_of(brain) + bytes_of(half) + "\x80" + '\0' + "\x7f"));
    CHECK(directory.files() == 1);

    CHECK(first_difference(load_safetensors(path, "images"), images) == "");
    CHECK(bytes_of(load_safetensors<float16>(path, "half")) == bytes_of(half));
    CHECK(bytes_of(load_safetensors<bfloat16>(path, "b\"\n")) == bytes_of(brain));
    CHECK(load_safetensors<std::int8_t>(path, "codes")(0, 2) == 127);
    const auto widened = load_safetensors(path, "half");
    for (idx_t k = 0; k < 15; ++k) {
        const float expected = float(half.data()[k]), found = widened.data()[k];
        CHECK((found == expected || (reference::is_nan(found) && reference::is_nan(expected))));
    }
    CHECK(load_safetensors(path, "codes").dim() == 3);
    CHECK(load_safetensors(path, "codes")(0, 0) == -128.0f);
    const auto tensors = inspect_safetensors(path);
    REQUIRE(tensors.size() == 4);
    CHECK(tensors[1].name == "b\"\n");
    CHECK(tensors[2].shape == std::vector<idx_t>{3, 5});

    if (!detail::big_endian_machine) {
        const mapped_safetensors mapped = map_safetensors(path);
        CHECK(first_difference(mapped.rows("images"), images) == "");
        CHECK(bytes_of(mapped.rows<float16>("half")) == bytes_of(half));
        const auto from_view = normalize(mapped.rows("images")), from_memory = normalize(images);
        CHECK(first_difference(from_view.values(), from_memory.values()) == "");
    }
    const std::string end = ": " + path + ": ";
    CHECK(refusal([&] { load_safetensors(path, "texts"); }) == "load_safetensors" + end + "holds no tensor 'texts'");
    CHECK(refusal([&] { load_safetensors<float16>(path, "images"); }) ==
          "load_safetensors" + end + "its tensor 'images' is of type F32, asked for F16");
    CHECK(refusal([&] { map_safetensors(path).rows("half"); }) ==
          "mapped_safetensors::rows" + end +
              "its tensor 'half' is of type F16, asked for F32; load_safetensors widens to float");
}

TEST_CASE("save_safetensors refuses names that a file cannot have, and leaves the old file", "[safetensors]") {
    const temporary_directory directory;
    const std::string path = directory.path("x.safetensors");
    const matrix<float> rows(1, 2);
    save_safetensors(path, {});
    CHECK(read(path) == safetensors("{}      ", ""));
    CHECK(message_of<value_error>([&] {
              save_safetensors(path, {{"a", rows}, {"a", matrix_view<const float>(rows)}});
          }) == "save_safetensors: two tensors are called 'a'");
    CHECK(message_of<value_error>([&] {
              save_safetensors(path, {{"__metadata__", rows}});
          }) == "save_safetensors: no tensor is called '__metadata__'");
    CHECK(refusal([&] {
              save_safetensors(path, {{"\xff", rows}});
          }) == "save_safetensors: " + path + ": its header is no UTF-8 at byte 2");
    CHECK(read(path) == safetensors("{}      ", ""));
    CHECK(directory.files() == 1);
}

TEST_CASE("a safetensors file may have metadata, white space, escapes, and types that are not read", "[safetensors]") {
    const temporary_directory directory;
    const std::string four(4, '\0');
    const auto names = [&](const std::string& header, const std::string& data) {
        std::string list;
        for (const auto& info : inspect_safetensors(directory.write(safetensors(header, data))))
            list += info.name + ";";
        return list;
    };
    CHECK(names("{}", "") == "");
    CHECK(names("{\"__metadata__\":{\"format\":\"pt\",\"a\":\"\"}}", "") == "");
    CHECK(names("{ \"a\" :\t{\"shape\":\n[ ],\r\"data_offsets\":[0, 4] , \"dtype\":\"F32\"} }   ", four) == "a;");
    CHECK(names("{" + tensor("\\u00e4\\ud83d\\ude00\\/\\\\", "I64", "[0,3]", "[0,0]") + "}", "") ==
          "\u00e4\U0001F600/\\;");
    CHECK(names("{" + tensor("b", "BOOL", "[4]", "[0,4]") + "," + tensor("a", "U8", "[0]", "[0,0]") + "}", four) ==
          "a;b;");
    CHECK(refusal([&] { load_safetensors(directory.path(), "b"); }) ==
          "load_safetensors: " + directory.path() + ": its tensor 'b' is of type BOOL, asked for F32");
    directory.write(safetensors("{" + tensor("a", "F32", "[1,2,1,3]", "[0,24]") + "}", std::string(24, '\0')));
    CHECK(load_safetensors(directory.path(), "a").rows() == 2);
    directory.write(safetensors("{" + tensor("a", "F32", "[2,2,1]", "[0,16]") + "}", std::string(16, '\0')));
    CHECK(refusal([&] { load_safetensors(directory.path(), "a"); }) ==
          "load_safetensors: " + directory.path() +
              ": its tensor 'a' has shape (2, 2, 1), and more than one axis may count the rows");
    directory.write(safetensors("{" + tensor("a", "F32", "[]", "[0,4]") + "}", four));
    CHECK(refusal([&] { load_safetensors(directory.path(), "a"); }) ==
          "load_safetensors: " + directory.path() + ": its tensor 'a' is a single number, no rows");
    directory.write(safetensors("{" + tensor("a", "F32", "[1]", "[0,4]") + "}", four));  // at byte 67
    if (!detail::big_endian_machine)
        CHECK(refusal([&] { map_safetensors(directory.path()).rows("a"); }) ==
              "mapped_safetensors::rows: " + directory.path() +
                  ": its tensor 'a' does not lie as this machine reads F32; load_safetensors reads it");
    CHECK(load_safetensors(directory.path(), "a").dim() == 1);
}

TEST_CASE("a malformed safetensors file is refused with the path and the reason", "[safetensors]") {
    const temporary_directory directory;
    const std::string four(4, '\0'), a = tensor("a", "F32", "[1]", "[0,4]");
    const auto reason = [&](const std::string& bytes) {
        const std::string path = directory.write(bytes), start = "map_safetensors: " + path + ": ";
        const std::string message = refusal([&] { map_safetensors(path); });
        return message.substr(0, start.size()) == start ? message.substr(start.size()) : message;
    };
    const auto of_header = [&](const std::string& header) { return reason(safetensors(header, four)); };
    CHECK(reason("") == "is truncated: it holds 0 bytes, its header takes 8 and more");
    CHECK(reason("PK\3\4 an archive") == "has a header of more than 100000000 bytes, or is no safetensors file");
    CHECK(reason(safetensors("{}", "", 3)) == "is truncated: its header takes 11 bytes, it holds 10");
    CHECK(of_header("") == "its header ends at byte 0 where '{' is expected");
    CHECK(of_header(" {}") == "its header does not begin with '{'");
    CHECK(of_header("{}") == "holds 4 bytes of data, its tensors take 0");
    CHECK(of_header("{" + a + ",}") == "its header has '}' at byte 54 where '\"' is expected");
    CHECK(of_header("{" + a) == "its header ends at byte 53 where '}' is expected");
    CHECK(of_header("{" + a + "}x") == "its header has 'x' at byte 54 where its end is expected");
    CHECK(of_header("{" + a + "}" + '\0') == "its header has '?' at byte 54 where its end is expected");
    CHECK(of_header("{" + a + "," + a + "}") == "holds the tensor 'a' twice");
    CHECK(of_header("{\"__metadata__\":{},\"__metadata__\":{}}") == "its header has the key '__metadata__' twice");
    CHECK(of_header("{\"__metadata__\":{\"a\":1}}") == "its header has '1' at byte 21 where '\"' is expected");
    CHECK(of_header("{\"a\":[[[[") == "its header has '[' at byte 5 where '{' is expected");
    CHECK(of_header("{\"a\":{\"dtype\":{}}}") == "its header has '{' at byte 14 where '\"' is expected");
    CHECK(of_header("{\"a\":{\"x\":1}}") == "its tensor 'a' has an unknown key 'x'");
    CHECK(of_header("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}") == "its tensor 'a' has the key 'dtype' twice");
    CHECK(of_header("{\"a\":{\"shape\":[],\"shape\":[]}}") == "its tensor 'a' has the key 'shape' twice");
    CHECK(of_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}") == "its tensor 'a' lacks the key 'data_offsets'");
    CHECK(of_header("{\"a\":{\"dtype\":\"F31\"}}") == "its tensor 'a' has the dtype 'F31'");
    CHECK(of_header("{\"a\":{\"dtype\":\"\"}}") == "its tensor 'a' has the dtype ''");
    CHECK(of_header("{" + tensor("a", "F32", "[1]", "[0]") + "}") ==
          "its tensor 'a' has 1 data_offsets, there must be 2");
    CHECK(of_header("{" + tensor("a", "F32", "[1]", "[0,4,4]") + "}") ==
          "its tensor 'a' has 3 data_offsets, there must be 2");
    CHECK(of_header("{" + tensor("a", "F32", "[01]", "[0,4]") + "}") ==
          "its tensor 'a' has a number with a leading zero");
    CHECK(of_header("{" + tensor("a", "F32", "[-1]", "[0,4]") + "}") ==
          "its header has '-' at byte 29 where a size is expected");
    CHECK(of_header("{" + tensor("a", "F32", "[1.0]", "[0,4]") + "}") ==
          "its header has '.' at byte 30 where ']' is expected");
    CHECK(of_header("{" + tensor("a", "F32", "[1]", "[0,4e0]") + "}") ==
          "its header has 'e' at byte 51 where ']' is expected");
    CHECK(of_header("{" + tensor("a", "F32", "[281474976710657]", "[0,4]") + "}") ==
          "its tensor 'a' has a number beyond 2^48");
    CHECK(of_header("{" + tensor("a", "F32", "[1]", "[0,99999999999999999999]") + "}") ==
          "its tensor 'a' has a number beyond 2^62");
    CHECK(of_header("{" + tensor("a", "F32", "[281474976710656,281474976710656]", "[0,4]") + "}") ==
          "its tensor 'a' has shape (281474976710656, 281474976710656), more bytes than 64 bits can count");
    CHECK(of_header("{" + tensor("a", "F32", "[2]", "[0,4]") + "}") ==
          "its tensor 'a' lies from byte 0 to 4, F32 of shape (2,) takes 8");
    CHECK(of_header("{" + tensor("a", "F32", "[1]", "[4,0]") + "}") ==
          "its tensor 'a' lies from byte 4 to 0, F32 of shape (1,) takes 4");
    CHECK(of_header("{" + tensor("a", "F32", "[1]", "[4,8]") + "}") == "its tensor 'a' ends at byte 8, 4 are there");
    CHECK(of_header("{" + tensor("a", "I8", "[3]", "[0,3]") + "," + tensor("b", "I8", "[2]", "[2,4]") + "}") ==
          "its tensor 'b' begins at byte 2, those before it end at 3");
    CHECK(of_header("{" + tensor("a", "I8", "[1]", "[0,1]") + "," + tensor("b", "I8", "[2]", "[2,4]") + "}") ==
          "its tensor 'b' begins at byte 2, those before it end at 1");
    CHECK(of_header("{" + tensor("a", "I8", "[2]", "[0,2]") + "}") == "holds 4 bytes of data, its tensors take 2");
    CHECK(of_header("{\"a") == "its header has an unclosed text, or a control character in one, at byte 3");
    CHECK(of_header("{\"a\n\":{}}") == "its header has an unclosed text, or a control character in one, at byte 3");
    CHECK(of_header("{\"\\x\":{}}") == "its header has an unknown escape at byte 3");
    CHECK(of_header("{\"\\u12g4\":{}}") == "its header has no four hexadecimal digits at byte 6");
    CHECK(of_header("{\"\\ud83d\":{}}") == "its header has half a surrogate pair at byte 8");
    CHECK(of_header("{\"\\ude00\\ud83d\":{}}") == "its header has half a surrogate pair at byte 10");
    for (const char* bad :
         {"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x9f\x98", "\x80"})
        CHECK(of_header("{\"" + std::string(bad) + "\":{}}") == "its header is no UTF-8 at byte 2");
}

}  // namespace tests
