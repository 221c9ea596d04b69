/// Files are little-endian; memory may be not.
#pragma once

#include <cstring>
#include <ostream>

#include "../data/config.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

inline constexpr bool big_endian_machine = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

/// Reverses the bytes of each element.
template <class T>
void reverse_bytes(T* elements, idx_t count) noexcept {
    auto* const bytes = reinterpret_cast<unsigned char*>(elements);
    constexpr idx_t size = idx_t(sizeof(T));
    for (idx_t at = 0; at < count * size; at += size)
        for (idx_t low = 0, high = size - 1; low < high; ++low, --high) {
            const unsigned char byte = bytes[at + low];
            bytes[at + low] = bytes[at + high];
            bytes[at + high] = byte;
        }
}
/// From the machine's byte order to that of files, and back.
template <class T>
void swap_with_file_order(T* elements, idx_t count) noexcept {
    if constexpr (big_endian_machine) reverse_bytes(elements, count);
}
/// Writes elements in the byte order of files; where it is not the machine's own, through 4 KiB on the stack.
template <class T>
void write_elements(std::ostream& to, const T* elements, idx_t count) {
    if constexpr (!big_endian_machine) {
        to.write(reinterpret_cast<const char*>(elements), std::streamsize(count * idx_t(sizeof(T))));
    } else {
        constexpr idx_t most = 4096 / idx_t(sizeof(T));
        T copy[most];
        for (idx_t first = 0; first < count; first += most) {
            const idx_t some = count - first < most ? count - first : most;
            std::memcpy(copy, elements + first, std::size_t(some) * sizeof(T));
            reverse_bytes(copy, some);
            to.write(reinterpret_cast<const char*>(copy), std::streamsize(some * idx_t(sizeof(T))));
        }
    }
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
