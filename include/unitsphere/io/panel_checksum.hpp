/// The checksum of gallery files, at the speed of memory.
#pragma once

#include <cstdint>
#include <cstring>

#include "byte_order.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// FNV-1a (Fowler, Noll, Vo: draft-eastlake-fnv) by words, and the upper half joined to the lower one, which
/// multiplication leaves alone. A bijection of h and of w. The asm keeps it in general registers: AVX2 has no product
/// of 64-bit integers, and what gcc makes of it there takes three times as long.
UNITSPHERE_INLINE std::uint64_t mix_word(std::uint64_t h, std::uint64_t w) noexcept {
    h = (h ^ w) * 0x100000001b3u;
    h ^= h >> 32;
    asm("" : "+r"(h));
    return h;
}
inline constexpr std::uint64_t first_hash = 0xcbf29ce484222325u;

/// Eight lanes: as many independent chains, one product a cycle. All loops are unrolled: lanes live in registers.
struct checksum_lanes {
    std::uint64_t lane[8];

    /// 64 bytes as little-endian words, word i to lane i.
    UNITSPHERE_INLINE void add(const char* stripe) noexcept {
#pragma GCC unroll 8
        for (int i = 0; i < 8; ++i) {
            std::uint64_t word;
            std::memcpy(&word, stripe + 8 * i, sizeof word);
            swap_with_file_order(&word, 1);
            lane[i] = mix_word(lane[i], word);
        }
    }
};

/// Of `count` bytes; the last stripe is filled up with zeros. The lanes are joined in order. No change of a single word
/// goes unseen.
inline std::uint64_t checksum_of(const void* bytes, idx_t count) noexcept {
    const char* at = static_cast<const char*>(bytes);
    checksum_lanes lanes;
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) lanes.lane[i] = mix_word(first_hash, std::uint64_t(i));
    for (const char* const end = at + count / 64 * 64; at != end; at += 64) lanes.add(at);
    if (count % 64 != 0) {
        char stripe[64] = {};
        std::memcpy(stripe, at, std::size_t(count % 64));
        lanes.add(stripe);
    }
    std::uint64_t joined = mix_word(first_hash, std::uint64_t(count));
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) joined = mix_word(joined, lanes.lane[i]);
    return joined;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
