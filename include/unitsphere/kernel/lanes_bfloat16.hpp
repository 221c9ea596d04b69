/// Sums of products of bfloat16, two at a time: sum[c] += b[c][0] q[0] + b[c][1] q[1], each pair in four bytes.
///
/// Rounded as the machine does it: AVX512_BF16 by its own instruction, in which numbers below 2^-126 are 0; others
/// widen both to float, and multiply and add those, fused where they can.
///
/// Source   Intel Software Developer's Manual, VDPBF16PS.
#pragma once

#include "lanes_bits.hpp"
#include "lanes_bytes.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// As byte_products. Sums are stored as the bits of floats.
struct bfloat16_products {
    static constexpr int columns = lane_count;
#if defined(__AVX512BF16__) && !defined(UNITSPHERE_PORTABLE)
    static constexpr int registers = 1;
    using sums = __m512;
    using bytes = byte_register;
    using row = byte_register;
    UNITSPHERE_INLINE static sums start(std::int32_t) noexcept { return sums{}; }
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept { return load_register(b); }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept { return four_bytes(four); }
    UNITSPHERE_INLINE static sums add(sums x, bytes b, row q) noexcept {
        return _mm512_dpbf16_ps(x, __m512bh(b), __m512bh(q));
    }
    UNITSPHERE_INLINE static void store(std::int32_t* to, sums x) noexcept { std::memcpy(to, &x, sizeof x); }
#else
    static constexpr int registers = lanes<float>::parts;
    using sums = lanes<float>;
    struct bytes {
        lanes<float> first, second;
    };
    struct row {
        vector<float> first, second;
    };
    UNITSPHERE_INLINE static sums start(std::int32_t) noexcept { return broadcast(0.0f); }
    UNITSPHERE_INLINE static bytes load(const std::int8_t* b) noexcept {
        bits16 pairs = load16(static_cast<const std::int32_t*>(static_cast<const void*>(b)));
        if constexpr (big_endian) {
            std::int32_t each[lane_count];
            store16(each, pairs);
            for (std::int32_t& pair : each) pair = std::int32_t(__builtin_bswap32(std::uint32_t(pair)));
            pairs = load16(each);
        }
        return {from_bits(shift_left<16>(pairs)), from_bits(pairs & upper_half)};
    }
    UNITSPHERE_INLINE static row spread(std::int32_t four) noexcept {
        if constexpr (big_endian) four = std::int32_t(__builtin_bswap32(std::uint32_t(four)));
        const vector<std::int32_t> pair(four), upper(upper_half);
        return {bits_as<float>(shift_left<16>(pair)), bits_as<float>(pair & upper)};
    }
    UNITSPHERE_INLINE static sums add(const sums& x, const bytes& b, const row& q) noexcept {
        return fma<float>(b.second, q.second, fma<float>(b.first, q.first, x));
    }
    UNITSPHERE_INLINE static void store(std::int32_t* to, const sums& x) noexcept { store16(to, bits(x)); }

private:
    static constexpr auto upper_half = std::int32_t(0xffff0000);
    static constexpr bool big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
#endif
};

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
