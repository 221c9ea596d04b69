/// The element types of .npy files: what numpy calls them, and what they are here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include "../data/error.hpp"
#include "../data/scalar.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// The element types that are read and written, by their names in numpy: f2 is float16, f4 float, f8 double, i1 .. i8
/// and u1 .. u8 are std::int8_t .. std::int64_t and std::uint8_t .. std::uint64_t, b1 is bool.
enum class npy_type { f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8, b1 };

namespace detail {

struct npy_type_entry {
    npy_type type;
    const char* code;  ///< numpy's name, without the byte order
    const char* name;
    idx_t bytes;
};

/// In the order of the enumeration.
inline constexpr npy_type_entry npy_types[] = {
    {npy_type::f2, "f2", "float16", 2},       {npy_type::f4, "f4", "float", 4},
    {npy_type::f8, "f8", "double", 8},        {npy_type::i1, "i1", "std::int8_t", 1},
    {npy_type::i2, "i2", "std::int16_t", 2},  {npy_type::i4, "i4", "std::int32_t", 4},
    {npy_type::i8, "i8", "std::int64_t", 8},  {npy_type::u1, "u1", "std::uint8_t", 1},
    {npy_type::u2, "u2", "std::uint16_t", 2}, {npy_type::u4, "u4", "std::uint32_t", 4},
    {npy_type::u8, "u8", "std::uint64_t", 8}, {npy_type::b1, "b1", "bool", 1},
};
inline const npy_type_entry& npy_entry(npy_type type) { return npy_types[static_cast<std::size_t>(type)]; }

/// f(T()) with the type of the elements.
template <class F>
decltype(auto) with_npy_element(npy_type type, F&& f) {
    switch (type) {
        case npy_type::f2:
            return f(float16());
        case npy_type::f4:
            return f(float());
        case npy_type::f8:
            return f(double());
        case npy_type::i1:
            return f(std::int8_t());
        case npy_type::i2:
            return f(std::int16_t());
        case npy_type::i4:
            return f(std::int32_t());
        case npy_type::i8:
            return f(std::int64_t());
        case npy_type::u1:
            return f(std::uint8_t());
        case npy_type::u2:
            return f(std::uint16_t());
        case npy_type::u4:
            return f(std::uint32_t());
        case npy_type::u8:
            return f(std::uint64_t());
        default:
            return f(bool());
    }
}

template <class T>
inline constexpr bool is_npy_real = std::is_same_v<T, float16> || std::is_same_v<T, float> || std::is_same_v<T, double>;

/// Not char, char16_t and their kin, which are letters.
template <class T>
constexpr bool is_npy_integer() {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
        return std::is_same_v<T, std::make_signed_t<T>> || std::is_same_v<T, std::make_unsigned_t<T>>;
    else
        return false;
}
template <class T>
inline constexpr bool is_npy_element = is_npy_real<T> || is_npy_integer<T>() || std::is_same_v<T, bool>;

template <class T>
constexpr npy_type npy_type_of() {
    static_assert(is_npy_element<T>, "npy: T is float16, float, double, an integer of 8 to 64 bits or bool");
    constexpr int size = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
    if constexpr (is_npy_real<T>)
        return npy_type(int(npy_type::f2) + size - 1);
    else if constexpr (std::is_same_v<T, bool>)
        return npy_type::b1;
    else
        return npy_type(int(std::is_signed_v<T> ? npy_type::i1 : npy_type::u1) + size);
}

/// Whether a To holds every value of a From: f2 in float, i4 in double, u1 in std::int64_t.
template <class To, class From>
constexpr bool npy_widens() {
    constexpr int to = std::is_same_v<To, float16> ? 11 : std::numeric_limits<To>::digits;
    constexpr int from = std::is_same_v<From, float16> ? 11 : std::numeric_limits<From>::digits;
    if constexpr (is_npy_real<From>) return is_npy_real<To> && to >= from;
    return to >= from && (is_npy_real<To> || std::is_signed_v<To> || !std::is_signed_v<From>);
}

/// The type as numpy writes it: "<f2"; a single byte has no order, "|i1".
inline std::string npy_descr(npy_type type) {
    return (npy_entry(type).bytes == 1 ? "|" : "<") + std::string(npy_entry(type).code);
}

/// "'<f2' (float16)"
inline std::string npy_type_text(npy_type type) { return "'" + npy_descr(type) + "' (" + npy_entry(type).name + ")"; }

inline std::string supported_npy_types() {
    std::string list;
    for (const npy_type_entry& entry : npy_types) list += (list.empty() ? "" : ", ") + std::string(entry.code);
    return list;
}

/// The type that a file names, behind its byte order; null for one that is not read.
inline const npy_type_entry* find_npy_type(const std::string& code) {
    for (const npy_type_entry& entry : npy_types)
        if (code == entry.code) return &entry;
    return nullptr;
}

/// What a type that is not read is in words, and what to save instead; empty where its name says enough.
inline const char* npy_kind(const std::string& code) {
    if (code == "f16" || code == "f12") return " (extended precision: save x.astype('<f8'))";
    switch (code.empty() ? '\0' : code[0]) {
        case 'c':
            return " (complex numbers)";
        case 'S':
            return " (byte strings)";
        case 'U':
            return " (strings)";
        case 'O':
            return " (Python objects: a list of arrays? save numpy.stack(x))";
        case 'M':
            return " (dates)";
        case 'm':
            return " (time spans)";
        case 'V':
            return " (raw bytes, as bfloat16 is saved: save x.astype('<f4'))";
        default:
            return "";
    }
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
