/// The element types of .npy files: what numpy calls them, and what they are here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "../data/error.hpp"
#include "../data/scalar.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// The element types that are read and written, by their names in numpy: '<f2' is float16, '<f4' float, '<f8' double,
/// '|i1' std::int8_t, '<i4' std::int32_t, '<i8' std::int64_t and '|b1' bool.
enum class npy_type { f2, f4, f8, i1, i4, i8, b1 };

namespace detail {

struct npy_type_entry {
    npy_type type;
    const char* descr;  ///< as numpy writes it
    const char* name;
    idx_t bytes;
};

/// In the order of the enumeration.
inline constexpr npy_type_entry npy_types[] = {
    {npy_type::f2, "<f2", "float16", 2},      {npy_type::f4, "<f4", "float", 4},
    {npy_type::f8, "<f8", "double", 8},       {npy_type::i1, "|i1", "std::int8_t", 1},
    {npy_type::i4, "<i4", "std::int32_t", 4}, {npy_type::i8, "<i8", "std::int64_t", 8},
    {npy_type::b1, "|b1", "bool", 1},
};
inline const npy_type_entry& npy_entry(npy_type type) { return npy_types[static_cast<std::size_t>(type)]; }

/// "'<f2' (float16)"
inline std::string npy_type_text(npy_type type) {
    return std::string("'") + npy_entry(type).descr + "' (" + npy_entry(type).name + ")";
}

inline std::string supported_npy_types() {
    std::string list;
    for (const npy_type_entry& entry : npy_types) list += (list.empty() ? "" : ", ") + npy_type_text(entry.type);
    return list;
}

/// The type that a file names; null for one that is not read. A single byte has no order, so that some writers put
/// '<' where numpy puts '|'. '=' means the order of whoever reads, which numpy never writes, so it is not taken.
inline const npy_type_entry* find_npy_type(const std::string& descr) {
    for (const npy_type_entry& entry : npy_types)
        if (descr == entry.descr || (entry.bytes == 1 && descr == std::string("<") + (entry.descr + 1))) return &entry;
    return nullptr;
}

/// What a type that is not read is in words, for messages; empty where its name says enough.
inline const char* npy_kind(const std::string& descr) {
    const std::size_t letter = descr.find_first_not_of("<>=|");
    switch (letter == std::string::npos ? '\0' : descr[letter]) {
        case 'u':
            return " (unsigned integers)";
        case 'c':
            return " (complex numbers)";
        case 'S':
            return " (byte strings)";
        case 'U':
            return " (strings)";
        case 'O':
            return " (Python objects)";
        case 'M':
            return " (dates)";
        case 'm':
            return " (time spans)";
        case 'V':
            return " (raw bytes, as bfloat16 is saved)";
        default:
            return "";
    }
}

template <class T>
struct npy_element {
    static_assert(sizeof(T) == 0, "npy: T is float16, float, double, std::int8_t, std::int32_t, std::int64_t or bool");
};
template <>
struct npy_element<float16> {
    static constexpr npy_type type = npy_type::f2;
};
template <>
struct npy_element<float> {
    static constexpr npy_type type = npy_type::f4;
};
template <>
struct npy_element<double> {
    static constexpr npy_type type = npy_type::f8;
};
template <>
struct npy_element<std::int8_t> {
    static constexpr npy_type type = npy_type::i1;
};
template <>
struct npy_element<std::int32_t> {
    static constexpr npy_type type = npy_type::i4;
};
template <>
struct npy_element<std::int64_t> {
    static constexpr npy_type type = npy_type::i8;
};
template <>
struct npy_element<bool> {
    static constexpr npy_type type = npy_type::b1;
};

template <class T>
constexpr npy_type npy_type_of() {
    return npy_element<T>::type;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
