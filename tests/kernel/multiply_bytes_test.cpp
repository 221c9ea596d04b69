#include <vector>

#include <unitsphere/kernel/compact_bytes.hpp>
#include <unitsphere/kernel/multiply_bytes.hpp>

#include "catch.hpp"
#include "random_rows.hpp"

namespace tests {

using namespace unitsphere;

namespace {

/// Bytes from -most to most: random ones, of one bit not 0, or all of the greatest size, with one sign or two.
enum class sizes { random, greatest, greatest_alike };
std::vector<int> bytes_of(idx_t count, int most, sizes kind, std::uint64_t seed) {
    generator random(seed);
    std::vector<int> result;
    for (idx_t i = 0; i < count; ++i) {
        const int size = kind == sizes::random && most > 1 ? int(random.below(most + 1)) : most;
        result.push_back(kind != sizes::greatest_alike && random.below(2) == 0 ? -size : size);
    }
    return result;
}

/// A row's elements as bytes: one each, or two.
template <int Bits>
std::vector<std::int8_t> packed_row(const int* values, idx_t dim) {
    std::vector<std::int8_t> bytes(std::size_t(kernel::padded_row_bytes<Bits>(dim)), 0);
    for (idx_t k = 0; k < dim; ++k) {
        const unsigned element = Bits == 16 ? bfloat16(float(values[k])).bits : unsigned(values[k]);
        constexpr idx_t each = Bits == 16 ? 2 : 1;
        for (idx_t i = 0; i < each; ++i) bytes[std::size_t(each * k + i)] = std::int8_t(element >> (8 * i) & 0xff);
    }
    return bytes;
}
template <int Bits>
bool is_sum(std::int32_t stored, std::int32_t exact) {
    return Bits == 16 ? unitsphere::detail::bit_cast<float>(stored) == float(exact) : stored == exact;
}

/// Whether all sums of `rows` rows with `panels` panels of elements of `Bits`, and no others, are those of one product
/// after another, by one block and two, by vectors and tiles, by widened panels and by those that are not. Those
/// of bfloat16 are whole numbers here, so that no addition rounds.
template <int Bits>
bool sums_are_exact(int rows, int panels, idx_t dim, sizes row_sizes, sizes column_sizes) {
    const idx_t padded = kernel::padded_row_bytes<Bits>(dim), pitch = 7 * kernel::byte_columns;
    const int most = Bits >= 8 ? 127 : Bits == 4 ? 7 : 1, columns = panels * kernel::byte_columns;
    const std::vector<int> of_rows = bytes_of(rows * dim, 127, row_sizes, 1);
    const std::vector<int> of_columns = bytes_of(columns * dim, most, column_sizes, 2);

    std::vector<std::int8_t> blocks(std::size_t(2 * kernel::byte_rows * padded), 0);
    std::vector<std::int32_t> row_sums(2 * kernel::byte_rows, 0);
    for (int r = 0; r < rows; ++r) {
        const auto bytes = packed_row<Bits>(of_rows.data() + r * dim, dim);
        for (idx_t k = 0; k < padded; ++k) {
            blocks[std::size_t(r / 16 * 16 * padded + kernel::byte_of_block(r % 16, k))] = bytes[std::size_t(k)];
            row_sums[std::size_t(r)] += bytes[std::size_t(k)];
        }
    }
    const idx_t panel_bytes = kernel::compact_panel_bytes<Bits>(padded);
    std::vector<std::uint8_t> packed(std::size_t(panels * panel_bytes), 0);
    for (int c = 0; c < columns; ++c)
        kernel::pack_compact_column<Bits>(packed_row<Bits>(of_columns.data() + c * dim, dim).data(), padded, c % 16,
                                          packed.data() + c / 16 * panel_bytes);
    std::vector<std::int8_t> bytes(packed.begin(), packed.end());
    if constexpr (Bits < 8) {
        bytes.assign(std::size_t(columns * padded), 0);
        for (int p = 0; p < panels; ++p)
            kernel::widen_compact_panel<Bits>(packed.data() + p * panel_bytes, padded, bytes.data() + p * 16 * padded);
    }
    const auto exact = [&](int r, int c) {
        std::int32_t sum = 0;
        for (idx_t k = 0; k < dim; ++k) sum += of_rows[std::size_t(r * dim + k)] * of_columns[std::size_t(c * dim + k)];
        return sum;
    };

    bool same = true;
    for (const bool wanted : {false, true}) {
        const kernel::amx::configured_tiles tiles(wanted);
        if (wanted && !tiles) continue;
        std::vector<std::int32_t> sums(std::size_t(2 * kernel::byte_rows * pitch), -1);
        kernel::multiply_bytes<Bits>(
            {blocks.data(), row_sums.data(), bytes.data(), rows, panels, padded, sums.data(), pitch}, bool(tiles));
        for (int r = 0; r < 2 * kernel::byte_rows; ++r)
            for (int c = 0; c < int(pitch); ++c) {
                const std::int32_t stored = sums[std::size_t(r * pitch + c)];
                const int written = bool(tiles) && kernel::takes_tiles<Bits>(rows) ? (rows + 15) / 16 * 16 : rows;
                if (c >= columns || r >= written)
                    same = same && stored == -1;
                else if (r < rows)  // tiles write the other rows of a block
                    same = same && is_sum<Bits>(stored, exact(r, c));
            }
    }
    if constexpr (Bits < 8 && kernel::multiplies_few_bits)
        for (int p = 0; p < panels; ++p) {
            std::int32_t few[16];
            kernel::multiply_compact_row<Bits>(packed.data() + p * panel_bytes, padded, blocks.data(), row_sums[0],
                                               few);
            for (int c = 0; c < 16; ++c) same = same && few[c] == exact(0, 16 * p + c);
        }
    return same;
}

template <int Bits>
void check_sums() {
    const auto row_sizes = GENERATE(sizes::random, sizes::greatest, sizes::greatest_alike);
    const auto column_sizes = GENERATE(sizes::random, sizes::greatest, sizes::greatest_alike);
    for (const idx_t dim : {1, 63, 64, 65, 130, 512})
        for (const int rows : {1, 2, 3, 4, 7, 8, 9, 16, 17, 32})
            for (const int panels : {1, 2, 3, 6}) {
                CAPTURE(dim, rows, panels);
                CHECK(sums_are_exact<Bits>(rows, panels, dim, row_sizes, column_sizes));
            }
}

}  // namespace

TEST_CASE("multiply_bytes gives the integers of bytes, whatever their sizes", "[compact]") { check_sums<8>(); }
TEST_CASE("multiply_bytes takes columns of -128, which a file may hold", "[compact]") {
    const idx_t dim = 64;
    std::vector<std::int8_t> block(std::size_t(16 * dim)), panel(std::size_t(16 * dim), std::int8_t(-128));
    std::vector<std::int32_t> row_sums(16), sums(256);
    for (int r = 0; r < 16; ++r)
        for (idx_t k = 0; k < dim; ++k)
            block[std::size_t(kernel::byte_of_block(r, k))] = std::int8_t(r % 2 == 0 ? 127 : -127),
                                                       row_sums[std::size_t(r)] += r % 2 == 0 ? 127 : -127;
    kernel::multiply_bytes<8>({block.data(), row_sums.data(), panel.data(), 16, 1, dim, sums.data(), 16}, false);
    for (int i = 0; i < 256; ++i) CHECK(sums[std::size_t(i)] == -128 * row_sums[std::size_t(i / 16)]);
}
TEST_CASE("multiply_bytes gives the sums of bfloat16", "[compact]") { check_sums<16>(); }
TEST_CASE("multiply_bytes gives the integers of 4 bits", "[compact]") { check_sums<4>(); }
TEST_CASE("multiply_bytes gives the integers of one bit", "[compact]") { check_sums<1>(); }

}  // namespace tests
