/// Seeded rows that are the same on every machine: integers scaled by powers of two, nothing is rounded.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>

#include <unitsphere/data/matrix.hpp>

#include "reference.hpp"

namespace tests {

using unitsphere::bfloat16;
using unitsphere::float16;
using unitsphere::idx_t;
using unitsphere::matrix;
using unitsphere::matrix_view;

/// What rows may be made of, for TEMPLATE_LIST_TEST_CASE.
using element_types = std::tuple<float, double, float16, bfloat16, std::int8_t>;
using floating_types = std::tuple<float, double, float16, bfloat16>;

/// splitmix64 (Steele, Lea, Flood 2014).
class generator {
public:
    explicit generator(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    /// 0 .. limit - 1
    idx_t below(idx_t limit) { return idx_t((next() >> 1) % std::uint64_t(limit)); }
    /// The sum of four uniform integers, less its mean: bell shaped, within +-2^(bits + 1), never zero.
    idx_t bell(int bits) {
        idx_t sum = -(idx_t(1) << (bits + 1));
        for (int i = 0; i < 4; ++i) sum += idx_t(next() >> (64 - bits));
        return sum == 0 ? 1 : sum;
    }

private:
    std::uint64_t state_;
};

/// whole * 2^exponent, exactly.
template <class T>
T scaled(idx_t whole, int exponent) {
    if constexpr (std::is_same_v<T, float16>)
        return float16::from_bits(reference::half_bits(std::ldexp(double(whole), exponent)));
    else if constexpr (std::is_same_v<T, bfloat16>)
        return bfloat16::from_bits(reference::bfloat16_bits(std::ldexp(double(whole), exponent)));
    else
        return T(std::ldexp(double(whole), exponent));
}

/// What a row may look like.
enum class row_kind { gaussian, all_equal, one_hot, tiny, subnormal, huge, zero, nan, infinite };

/// What the rows of a type are made of: integers of so many bits (four of them add up without rounding), the exponent
/// that makes them gaussian, the type's smallest positive number 2^smallest, and the exponent of its largest.
template <class T>
struct row_scale {  // float
    static constexpr int bits = 22, subnormal_bits = 18, unit = -21, smallest = -149, largest = 125;
};
template <>
struct row_scale<float16> {
    static constexpr int bits = 9, subnormal_bits = 5, unit = -8, smallest = -24, largest = 13;
};
template <>
struct row_scale<bfloat16> {
    static constexpr int bits = 6, subnormal_bits = 4, unit = -5, smallest = -133, largest = 125;
};
template <>
struct row_scale<double> {
    static constexpr int bits = 50, subnormal_bits = 40, unit = -49, smallest = -1074, largest = 1021;
};
template <>
struct row_scale<std::int8_t> {  // integers have neither tiny nor huge rows
    static constexpr int bits = 5, subnormal_bits = 3, unit = 0, smallest = 0, largest = 0;
};

/// NaN and infinity, where the type has them.
template <class T>
void make_special(T& x, bool nan) {
    if constexpr (std::is_same_v<T, float16>)
        x = float16::from_bits(nan ? 0x7e00 : 0x7c00);
    else if constexpr (std::is_same_v<T, bfloat16>)
        x = bfloat16::from_bits(nan ? 0x7fc0 : 0x7f80);
    else if constexpr (!std::is_same_v<T, std::int8_t>)
        x = T(reference::float_from_bits(nan ? 0x7fc00000u : 0x7f800000u));
}

/// Writes one row. float: tiny is around 1e-38, huge around 1e38; float16: 1e-5 and 1e4.
template <class T>
void fill_row(T* row, idx_t dim, row_kind kind, generator& random) {
    using scale = row_scale<T>;
    constexpr int bits = scale::bits, unit = scale::unit;  // gaussian: within +-4, standard deviation 1.15
    const T constant = scaled<T>(random.bell(bits), unit);
    for (idx_t k = 0; k < dim; ++k) {
        switch (kind) {
            case row_kind::all_equal:
                row[k] = constant;
                break;
            case row_kind::tiny:
                row[k] = scaled<T>(random.bell(bits), scale::smallest + 1);
                break;
            case row_kind::subnormal:
                row[k] = scaled<T>(random.bell(scale::subnormal_bits), scale::smallest);
                break;
            case row_kind::huge:
                row[k] = scaled<T>(random.bell(bits), unit + scale::largest);
                break;
            case row_kind::one_hot:
            case row_kind::zero:
                row[k] = scaled<T>(0, 0);
                break;
            default:
                row[k] = scaled<T>(random.bell(bits), unit);
                break;
        }
    }
    if (dim == 0) return;
    T& chosen = row[random.below(dim)];
    if (kind == row_kind::one_hot) chosen = constant;
    if (kind == row_kind::nan || kind == row_kind::infinite) make_special(chosen, kind == row_kind::nan);
}

/// Rows of one kind.
template <class T>
matrix<T> random_rows(idx_t rows, idx_t dim, std::uint64_t seed, row_kind kind = row_kind::gaussian) {
    matrix<T> result(rows, dim);
    generator random(seed);
    for (idx_t i = 0; i < rows; ++i) fill_row(result.row(i), dim, kind, random);
    return result;
}

/// Rows of every kind that has a direction, one after the other.
template <class T>
matrix<T> varied_rows(idx_t rows, idx_t dim, std::uint64_t seed) {
    constexpr row_kind kinds[] = {row_kind::gaussian, row_kind::all_equal, row_kind::one_hot,
                                  row_kind::tiny,     row_kind::subnormal, row_kind::huge};
    matrix<T> result(rows, dim);
    generator random(seed);
    for (idx_t i = 0; i < rows; ++i) fill_row(result.row(i), dim, kinds[i % 6], random);
    return result;
}

/// Logits spread over -range .. range, both ends included.
inline matrix<float> random_logits(idx_t rows, idx_t columns, float range, std::uint64_t seed) {
    matrix<float> result(rows, columns);
    generator random(seed);
    for (idx_t k = 0; k < rows * columns; ++k)
        result.data()[k] = float(random.below((idx_t(1) << 24) + 1) - (idx_t(1) << 23)) * 0x1p-23f * range;
    if (columns > 1)
        for (idx_t i = 0; i < rows; ++i)
            result(i, random.below(columns)) = range, result(i, columns - 1 - i % columns) = -range;
    return result;
}

/// The same rows in other memory: `gap` elements of NaN behind every row, the first row `shift` elements behind a
/// 64-byte boundary.
template <class T>
class laid_out {
public:
    laid_out(matrix_view<const T> rows, idx_t gap, idx_t shift)
        : storage_(1, rows.rows() * (rows.dim() + gap) + shift),
          rows_(rows.rows()),
          dim_(rows.dim()),
          gap_(gap),
          shift_(shift) {
        // all ones: a NaN of float and of float16, -1 of an integer
        if (storage_.dim() > 0)
            std::memset(static_cast<void*>(storage_.data()), 0xff, std::size_t(storage_.dim()) * sizeof(T));
        for (idx_t i = 0; i < rows_; ++i)
            for (idx_t k = 0; k < dim_; ++k) view()(i, k) = rows(i, k);
    }
    matrix_view<T> view() { return {storage_.data() + shift_, rows_, dim_, dim_ + gap_}; }
    matrix_view<const T> view() const { return {storage_.data() + shift_, rows_, dim_, dim_ + gap_}; }

private:
    matrix<T> storage_;
    idx_t rows_, dim_, gap_, shift_;
};

/// Weights and biases of a linear head, [weights.., bias] a row.
inline matrix<double> random_head(idx_t heads, idx_t dim, std::uint64_t seed = 71) {
    return random_rows<double>(heads, dim + 1, seed);
}

}  // namespace tests
