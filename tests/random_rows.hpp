/// Seeded rows that are the same on every machine: integers scaled by powers of two, nothing is rounded.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <unitsphere/data/matrix.hpp>

#include "reference.hpp"

namespace tests {

using unitsphere::float16;
using unitsphere::index;
using unitsphere::matrix;
using unitsphere::matrix_view;

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
    index below(index limit) { return index((next() >> 1) % std::uint64_t(limit)); }
    /// The sum of four uniform integers, less its mean: bell shaped, within +-2^(bits + 1), never zero.
    index bell(int bits) {
        index sum = -(index(1) << (bits + 1));
        for (int i = 0; i < 4; ++i) sum += index(next() >> (64 - bits));
        return sum == 0 ? 1 : sum;
    }

private:
    std::uint64_t state_;
};

/// whole * 2^exponent, exactly.
template <class T>
T scaled(index whole, int exponent) {
    if constexpr (std::is_same_v<T, float16>)
        return float16::from_bits(reference::half_bits(std::ldexp(double(whole), exponent)));
    else
        return T(std::ldexp(double(whole), exponent));
}

/// What a row may look like.
enum class row_kind { gaussian, all_equal, one_hot, tiny, subnormal, huge, zero, nan, infinite };

/// Writes one row. float: tiny is around 1e-38, huge around 1e38; float16: 1e-5 and 1e4.
template <class T>
void fill_row(T* row, index dim, row_kind kind, generator& random) {
    constexpr bool is_half = std::is_same_v<T, float16>;
    constexpr int bits = is_half ? 9 : 22;  // of each of the four integers: their sum fits the fraction
    constexpr int unit = -(bits - 1);       // gaussian: within +-4, standard deviation 1.15
    constexpr int smallest = is_half ? -24 : -149;
    constexpr int subnormal_bits = is_half ? 5 : 18;
    const T constant = scaled<T>(random.bell(bits), unit);
    for (index k = 0; k < dim; ++k) {
        switch (kind) {
            case row_kind::all_equal:
                row[k] = constant;
                break;
            case row_kind::tiny:
                row[k] = scaled<T>(random.bell(bits), smallest + 1);
                break;
            case row_kind::subnormal:
                row[k] = scaled<T>(random.bell(subnormal_bits), smallest);
                break;
            case row_kind::huge:
                row[k] = scaled<T>(random.bell(bits), unit + (is_half ? 13 : 125));
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
    if constexpr (is_half) {
        if (kind == row_kind::nan) chosen = float16::from_bits(0x7e00);
        if (kind == row_kind::infinite) chosen = float16::from_bits(0x7c00);
    } else {
        if (kind == row_kind::nan) chosen = reference::float_from_bits(0x7fc00000u);
        if (kind == row_kind::infinite) chosen = reference::float_from_bits(0x7f800000u);
    }
}

/// Rows of one kind.
template <class T>
matrix<T> random_rows(index rows, index dim, std::uint64_t seed, row_kind kind = row_kind::gaussian) {
    matrix<T> result(rows, dim);
    generator random(seed);
    for (index i = 0; i < rows; ++i) fill_row(result.row(i), dim, kind, random);
    return result;
}

/// Rows of every kind that has a direction, one after the other.
template <class T>
matrix<T> varied_rows(index rows, index dim, std::uint64_t seed) {
    constexpr row_kind kinds[] = {row_kind::gaussian, row_kind::all_equal, row_kind::one_hot,
                                  row_kind::tiny,     row_kind::subnormal, row_kind::huge};
    matrix<T> result(rows, dim);
    generator random(seed);
    for (index i = 0; i < rows; ++i) fill_row(result.row(i), dim, kinds[i % 6], random);
    return result;
}

/// Logits spread over -range .. range, both ends included.
inline matrix<float> random_logits(index rows, index columns, float range, std::uint64_t seed) {
    matrix<float> result(rows, columns);
    generator random(seed);
    for (index k = 0; k < rows * columns; ++k)
        result.data()[k] = float(random.below((index(1) << 24) + 1) - (index(1) << 23)) * 0x1p-23f * range;
    if (columns > 1)
        for (index i = 0; i < rows; ++i)
            result(i, random.below(columns)) = range, result(i, columns - 1 - i % columns) = -range;
    return result;
}

/// The same rows in other memory: `gap` elements of NaN behind every row, the first row `shift` elements behind a
/// 64-byte boundary.
template <class T>
class laid_out {
public:
    laid_out(matrix_view<const T> rows, index gap, index shift)
        : storage_(1, rows.rows() * (rows.dim() + gap) + shift),
          rows_(rows.rows()),
          dim_(rows.dim()),
          gap_(gap),
          shift_(shift) {
        // all ones: a NaN of float and of float16, -1 of an integer
        if (storage_.dim() > 0)
            std::memset(static_cast<void*>(storage_.data()), 0xff, std::size_t(storage_.dim()) * sizeof(T));
        for (index i = 0; i < rows_; ++i)
            for (index k = 0; k < dim_; ++k) view()(i, k) = rows(i, k);
    }
    matrix_view<T> view() { return {storage_.data() + shift_, rows_, dim_, dim_ + gap_}; }
    matrix_view<const T> view() const { return {storage_.data() + shift_, rows_, dim_, dim_ + gap_}; }

private:
    matrix<T> storage_;
    index rows_, dim_, gap_, shift_;
};

}  // namespace tests
