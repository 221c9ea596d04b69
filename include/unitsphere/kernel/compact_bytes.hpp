/// Rows of 16, 8, 4 or 1 bits an element: how they are packed, widened to bytes, and scored.
///
///   bytes of an element    8 bits: [-127, 127]      4 bits: [-7, 7]      1 bit: -1 or 1        16 bits: a bfloat16
///   g ~ scale * bytes      max |g| / 127            max |g| / 7          <g, g> / sum |g|      1
///
///   score(u, v) = clamp((float(<p, q>) * scale_v) * scale_u + (<v, m> + (<u, m> - <m, m>)), -1, 1)
///
/// each product and sum rounded: the same bits on every machine, but of 16 bits, whose <p, q> is the machine's own. The
/// scale of 1 bit makes the product with the row itself exact. A zero row scores 0, one that is not finite NaN.
///
/// A panel of 16 rows: 8 bits as kernel::multiply_bytes reads it, [dim / 4][16][4]; 16 bits as well, two bytes an
/// element, the lower one first; 4 bits two such groups of 64 bytes in one, the second in the upper halves, as q + 8;
/// 1 bit eight groups in one, group n in bit n, 1 for +1.
///
/// Source   Gao and Long 2024, "RaBitQ", arXiv:2405.12497, section 3: one bit of rotated rows around their mean.
#pragma once

#include "byte_blocks.hpp"
#include "int8_rows.hpp"
#include "lanes_bytes.hpp"
#include "multiply.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace kernel {

/// The two numbers of each of a panel's 16 rows.
struct compact_numbers {
    float scale[byte_columns], from_mean[byte_columns];
};
/// The from_mean of a zero row.
inline constexpr float of_zero_row = -0x1p100f;

/// Groups of four bytes a column that lie in one of a panel.
template <int Bits>
inline constexpr int groups_in_one = Bits < 8 ? 8 / Bits : 1;

/// Bytes of a panel of rows of `padded` bytes.
template <int Bits>
constexpr idx_t compact_panel_bytes(idx_t padded) noexcept {
    return padded * byte_columns / groups_in_one<Bits>;
}

/// The bytes of a rotated row, and its scale.
template <int Bits>
inline float compact_row(const float* g, idx_t dim, std::int8_t* bytes) noexcept {
    if constexpr (Bits == 16) {
        for (idx_t k = 0; k < dim; ++k) {
            const std::uint16_t element = bfloat16(g[k]).bits;
            bytes[2 * k] = std::int8_t(element & 0xff), bytes[2 * k + 1] = std::int8_t(element >> 8);
        }
        return 1.0f;
    } else if constexpr (Bits > 1) {
        return quantize<false>(g, dim, bytes, Bits == 8 ? 127 : 7).scale;
    } else {
        lanes<double> squares = broadcast(0.0), magnitudes = squares;
        std::int8_t* to = bytes;
        for_each_16(g, dim, [&](const lanes<float>& element) UNITSPHERE_LAMBDA {
            const lanes<double> value = widen(element);
            squares = fma<double>(value, value, squares);
            magnitudes = magnitudes + widen(from_bits(bits(element) & 0x7fffffff));
            store16(to, signs_of(element));
            to += lane_count;
        });
        for (std::int8_t* padding = bytes + dim; padding < to; ++padding) *padding = 0;
        const double sum = sum_of_lanes(magnitudes);
        return sum > 0.0 ? float(sum_of_lanes(squares) / sum) : 0.0f;
    }
}

/// Writes the bytes of a row, zero from dim to `padded`, into a column of a panel whose other columns stay.
template <int Bits>
inline void pack_compact_column(const std::int8_t* bytes, idx_t padded, int column, std::uint8_t* panel) noexcept {
    constexpr int groups = groups_in_one<Bits>, bits = 8 / groups, group_bytes = 4 * byte_columns;
    for (idx_t group = 0; group < padded / 4; ++group) {
        std::uint8_t* const to = panel + group / groups * group_bytes + column * 4;
        std::uint32_t four, there;  // each of the bytes by itself: no carry, in any order
        std::memcpy(&four, bytes + 4 * group, 4);
        if constexpr (Bits < 8) {
            constexpr std::uint32_t ones = 0x01010101, mask = ((1u << bits) - 1) * ones;
            const int shift = int(group % groups) * bits;
            const std::uint32_t value = Bits == 4 ? (four & mask) ^ 8 * ones : four & ~(four >> 7) & ones;
            std::memcpy(&there, to, 4);
            four = (there & ~(mask << shift)) | value << shift;
        }
        std::memcpy(to, &four, 4);
    }
}
/// Byte k of the row in a column.
template <int Bits>
inline std::int8_t compact_byte(const std::uint8_t* panel, int column, idx_t k) noexcept {
    constexpr int groups = groups_in_one<Bits>, bits = 8 / groups, group_bytes = 4 * byte_columns;
    const idx_t group = k / 4;
    const unsigned all = panel[group / groups * group_bytes + column * 4 + k % 4] >> (group % groups * bits);
    if constexpr (Bits >= 8) return std::int8_t(all);
    if constexpr (Bits == 4) return std::int8_t(int(all & 15) - 8);
    return (all & 1) != 0 ? 1 : -1;
}
/// Element k of the row in a column, without its scale.
template <int Bits>
inline float compact_element(const std::uint8_t* panel, int column, idx_t k) noexcept {
    if constexpr (Bits == 16) {
        const unsigned low = std::uint8_t(compact_byte<Bits>(panel, column, 2 * k));
        const unsigned high = std::uint8_t(compact_byte<Bits>(panel, column, 2 * k + 1));
        return float(bfloat16::from_bits(std::uint16_t(high << 8 | low)));
    } else {
        return float(compact_byte<Bits>(panel, column, k));
    }
}

/// Widens a panel to bytes, as multiply_bytes<Bits> takes them. Padding becomes what multiplies a query's zeros.
template <int Bits>
UNITSPHERE_NOINLINE void widen_compact_panel(const std::uint8_t* panel, idx_t padded, std::int8_t* to) noexcept {
    static_assert(Bits == 4 || Bits == 1, "8 and 16 bits are read where they lie");
    typedef std::uint8_t group __attribute__((vector_size(64), aligned(1), may_alias));
    constexpr int groups = groups_in_one<Bits>, group_bytes = 4 * byte_columns;
    constexpr std::uint8_t lowest = adds_few_bits_in_16 ? 0 : few_bits_offset<Bits>;
    for (idx_t n = 0; n < padded / 4; n += groups, panel += group_bytes) {
        const group all = *reinterpret_cast<const group*>(panel);
        unroll<groups>([&](int i) UNITSPHERE_LAMBDA {
            const group value = (all >> std::uint8_t(i * Bits)) & std::uint8_t(Bits == 4 ? 15 : 1);
            *reinterpret_cast<group*>(to) = (Bits == 4 ? value : value + value) - lowest;
            to += group_bytes;
        });
    }
}

/// sums[c] = <row, column c> of a panel that is not widened, for few rows; `row` lies in a block, `sum` is that of its
/// bytes. Several sums of each column hide the latency of products that add, or keep those of 16 bits in range.
template <int Bits, class Products = few_bit_products>
UNITSPHERE_NOINLINE void multiply_compact_row(const std::uint8_t* panel, idx_t padded, const std::int8_t* row,
                                              std::int32_t sum, std::int32_t* sums) noexcept {
    static_assert(Bits == 4 || Bits == 1, "8 and 16 bits are multiplied as they lie");
    if constexpr (multiplies_few_bits) {
        constexpr int groups = groups_in_one<Bits>, group_bytes = 4 * byte_columns;
        constexpr int columns = Products::columns, parts = byte_columns / columns;
        constexpr int chains = adds_few_bits_in_16 ? byte_step / 4 / most_few_bit_adds<Bits> : 4;
        constexpr int steps = maximum(chains, groups), lines = steps / groups;
        static_assert(byte_step % (4 * steps) == 0 && steps % groups == 0);
        typename Products::sums chain[chains][parts] = {};
        typename Products::widened total[parts] = {};
        const auto add_chains = [&]() UNITSPHERE_LAMBDA {
            unroll<chains * parts>([&](int i) UNITSPHERE_LAMBDA {
                total[i % parts] = total[i % parts] + Products::widen(chain[i / parts][i % parts]);
                chain[i / parts][i % parts] = typename Products::sums{};
            });
        };
        for (idx_t k = 0; k < padded; k += byte_step, row += (byte_rows - 1) * byte_step) {
            for (const auto* end = uncounted(row + byte_step); row != end; row += 4 * steps) {
                unroll<lines>([&](int n) UNITSPHERE_LAMBDA { prefetch(panel + panel_bytes_ahead + n * group_bytes); });
                unroll_constants<steps>([&](auto i) UNITSPHERE_LAMBDA {
                    std::int32_t four;
                    std::memcpy(&four, row + 4 * i, 4);
                    const typename Products::row q = Products::spread(four);
                    unroll<parts>([&](int p) UNITSPHERE_LAMBDA {
                        auto& x = chain[i % chains][p];
                        const std::uint8_t* const some = panel + i / groups * group_bytes + p * 4 * columns;
                        constexpr std::uint8_t mask = Bits == 4 ? 15 : 1;
                        x = Products::add(x, Products::template load_bits<i % groups * Bits>(some, mask), q);
                    });
                });
                panel += lines * group_bytes;
            }
            if constexpr (adds_few_bits_in_16) add_chains();
        }
        if constexpr (!adds_few_bits_in_16) add_chains();
        unroll<parts>([&](int p) UNITSPHERE_LAMBDA {
            const auto shifted = Bits == 4 ? total[p] : total[p] + total[p];  // of 0 to 15, or of 0 and 2
            byte_products::store(sums + p * columns, shifted - few_bits_offset<Bits> * sum);
        });
    }
}

/// x, but NaN where y is.
UNITSPHERE_INLINE lanes<float> nan_where_nan(const lanes<float>& x, const lanes<float>& y) noexcept {
    constexpr std::int32_t infinity = 0x7f800000, quiet_nan = 0x7fc00000;
    return from_bits(select_gt(bits(y) & 0x7fffffff, infinity, broadcast(quiet_nan), bits(x)));
}

/// 16 sums as floats.
template <int Bits>
UNITSPHERE_INLINE lanes<float> load16_sums(const std::int32_t* sums) noexcept {
    if constexpr (Bits == 16)
        return from_bits(load16(sums));
    else
        return as_floats(load16(sums));
}

/// 16 scores of a query and a panel.
template <int Bits>
UNITSPHERE_INLINE lanes<float> compact_scores(const std::int32_t* sums, const compact_numbers& panel,
                                              const byte_query& query) noexcept {
    constexpr std::int32_t zero = 0;
    const lanes<float> from_mean = load16(panel.from_mean);
    const lanes<float> rotated =
        product(product(load16_sums<Bits>(sums), load16(panel.scale)), vector<float>(query.scale));
    const lanes<float> score = clamp_to_one(fp_barrier(rotated + fp_barrier(from_mean + broadcast(query.offset))));
    const bits16 of_zero = bits(broadcast(of_zero_row));
    const bits16 differs =
        map<std::int32_t>([](auto a, auto b) UNITSPHERE_LAMBDA { return a ^ b; }, bits(from_mean), of_zero);
    return from_bits(select_gt(differs & 0x7fffffff, 0, bits(score), broadcast(zero)));
}

}  // namespace kernel
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
