/// What the tests of .npy files share: a directory to write in, and files put together from their parts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <type_traits>

#include <unitsphere/io/npy.hpp>

#include "checks.hpp"

namespace tests {

/// A directory of its own for each test, removed with all it holds.
class temporary_directory {
public:
    temporary_directory() {
        std::random_device random;
        do directory_ = std::filesystem::temp_directory_path() / ("unitsphere_npy_test_" + std::to_string(random()));
        while (!std::filesystem::create_directory(directory_));
    }
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory() { std::filesystem::remove_all(directory_); }

    /// In UTF-8, of a name in UTF-8.
    std::string path(const std::string& name = "rows.npy") const {
        const auto text = (directory_ / unitsphere::detail::path_of(name)).u8string();
        return {text.begin(), text.end()};
    }
    std::string write(const std::string& bytes) const {
        std::ofstream(unitsphere::detail::path_of(path()), std::ios::binary) << bytes;
        return path();
    }
    unitsphere::idx_t files() const {
        return std::distance(std::filesystem::directory_iterator(directory_), std::filesystem::directory_iterator());
    }

private:
    std::filesystem::path directory_;
};

inline std::string read(const std::string& path) {
    std::ifstream file(unitsphere::detail::path_of(path), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A .npy file from its parts, as NEP 1 lays them out. A `length` >= 0 lies about the length of the dict.
inline std::string npy(const std::string& dict, const std::string& data, int version = 1,
                       unitsphere::idx_t length = -1) {
    const std::size_t size = length < 0 ? dict.size() : std::size_t(length);
    std::string file = "\x93NUMPY";
    file += char(version);
    file += '\0';
    for (int byte = 0; byte < (version == 1 ? 2 : 4); ++byte) file += char((size >> (8 * byte)) & 0xff);
    return file + dict + data;
}

inline std::string dict(const std::string& descr, const std::string& order, const std::string& shape) {
    return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}
inline std::string f4(const std::string& shape) { return dict("'<f4'", "False", shape); }

/// The first 128 bytes of the files of numpy 1.24, which pads the dict with spaces.
inline std::string numpy_header(const std::string& descr, const std::string& order, const std::string& shape) {
    std::string text = dict(descr, order, shape);
    text.pop_back();
    return std::string("\x93NUMPY\x01\x00v\x00", 10) + text + std::string(117 - text.size(), ' ') + "\n";
}

/// Every bit pattern counts, also those of NaN and of the sign of zero; a bool has only two.
template <class T>
unitsphere::matrix<T> any_bits(unitsphere::idx_t rows, unitsphere::idx_t dim) {
    unitsphere::matrix<T> values(rows, dim);
    std::mt19937 random(7);
    auto* const bytes = reinterpret_cast<unsigned char*>(values.data());
    for (std::size_t i = 0; i < std::size_t(rows * dim) * sizeof(T); ++i)
        bytes[i] = std::uint8_t(random() & (std::is_same_v<T, bool> ? 1 : 0xff));
    return values;
}

/// Each element's lowest byte first.
template <class T>
std::string bytes_of(unitsphere::matrix_view<const T> rows) {
    std::string bytes;
    for (unitsphere::idx_t i = 0; i < rows.rows() && rows.dim() > 0; ++i)
        for (const T& x : rows[i]) {
            const std::string one(reinterpret_cast<const char*>(&x), sizeof(T));
            bytes += __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? one : std::string(one.rbegin(), one.rend());
        }
    return bytes;
}

template <class T>
std::string bytes_of(const unitsphere::matrix<T>& rows) {
    return bytes_of(rows.view());
}

template <class Call>
std::string refusal(Call&& call) {
    return message_of<unitsphere::file_error>(call);
}

/// For visit_npy: the bytes of what it hands over.
inline const auto visited_bytes = [](auto&& rows) {
    static_assert(std::is_rvalue_reference_v<decltype(rows)>, "the matrix is the visitor's own");
    return bytes_of(rows);
};

// 1, 2, -0.5, 65504 in either type, and the bytes that numpy.save writes for them.
const float numbers[] = {1.f, 2.f, -0.5f, 65504.f};
const std::string f4_numbers("\0\0\x80\x3f\0\0\0\x40\0\0\0\xbf\0\xe0\x7f\x47", 16);
const std::string f2_numbers("\0\x3c\0\x40\0\xb8\xff\x7b", 8);

}  // namespace tests
