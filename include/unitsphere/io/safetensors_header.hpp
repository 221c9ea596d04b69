/// The header of a safetensors file, read and written.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "safetensors_parser.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The type of a tensor whose elements are T.
template <class T>
inline constexpr const char* safetensors_dtype_of = nullptr;
template <>
inline constexpr const char* safetensors_dtype_of<float> = "F32";
template <>
inline constexpr const char* safetensors_dtype_of<float16> = "F16";
template <>
inline constexpr const char* safetensors_dtype_of<bfloat16> = "BF16";
template <>
inline constexpr const char* safetensors_dtype_of<std::int8_t> = "I8";

/// The tensors of a file that lies in memory, in the order of their bytes, and where these begin.
struct safetensors_header {
    std::vector<safetensors_info> tensors;
    idx_t data_at;
};

inline safetensors_header read_safetensors_header(const file_source& source, const void* file, idx_t size) {
    std::uint64_t length = 0;
    if (size < 8) source.refuse("is truncated: it holds ", size, " bytes, its header takes 8 and more");
    std::memcpy(&length, file, sizeof length);
    swap_with_file_order(&length, 1);
    if (length > std::uint64_t(longest_safetensors_header))
        source.refuse("has a header of more than ", longest_safetensors_header, " bytes, or is no safetensors file");
    const idx_t data_at = 8 + idx_t(length);
    if (data_at > size) source.refuse("is truncated: its header takes ", data_at, " bytes, it holds ", size);
    safetensors_parser parser(source, static_cast<const char*>(file) + 8, idx_t(length));
    safetensors_header header{parser.parse(), data_at};
    auto& tensors = header.tensors;
    const auto name_of = [](const safetensors_info& tensor) { return npy_excerpt(tensor.name); };
    std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    for (std::size_t i = 1; i < tensors.size(); ++i)
        if (tensors[i].name == tensors[i - 1].name) source.refuse("holds the tensor '", name_of(tensors[i]), "' twice");
    std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) {
        return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    idx_t end = 0;
    for (const safetensors_info& tensor : tensors) {
        if (tensor.end > size - data_at)
            source.refuse("its tensor '", name_of(tensor), "' ends at byte ", tensor.end, ", ", size - data_at,
                          " are there");
        if (tensor.begin != end)
            source.refuse("its tensor '", name_of(tensor), "' begins at byte ", tensor.begin,
                          ", those before it end at ", end);
        end = tensor.end;
    }
    if (end != size - data_at) source.refuse("holds ", size - data_at, " bytes of data, its tensors take ", end);
    return header;
}

/// A text as JSON.
inline std::string json_text(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        const char* const digits = "0123456789abcdef";
        if (c == '"' || c == '\\')
            result += '\\', result += c;
        else if (static_cast<unsigned char>(c) < ' ')
            result += "\\u00", result += digits[c >> 4], result += digits[c & 15];
        else
            result += c;
    }
    return result + '"';
}

/// Length and header of tensors that lie one behind the other, filled up with spaces to a multiple of 8 bytes.
inline std::string safetensors_header_text(const std::vector<safetensors_info>& tensors) {
    std::string header = "{";
    for (const safetensors_info& tensor : tensors) {
        header += (header.size() > 1 ? "," : "") + json_text(tensor.name) + ":{\"dtype\":\"" + tensor.dtype +
                  "\",\"shape\":[";
        for (std::size_t i = 0; i < tensor.shape.size(); ++i) header += (i > 0 ? "," : "") + text(tensor.shape[i]);
        header += "],\"data_offsets\":[" + text(tensor.begin) + "," + text(tensor.end) + "]}";
    }
    header += '}';
    header.resize((header.size() + 7) / 8 * 8, ' ');
    std::string length;
    for (int i = 0; i < 8; ++i) length += char(header.size() >> (8 * i) & 255);
    return length + header;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
