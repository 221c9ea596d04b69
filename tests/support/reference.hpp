/// The oracle: every result straight from its formula in double or long double. It shares no code with the
/// library, float16 is only storage here, and NaN and Inf are recognized by their bits, so that it holds under any
/// flags.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include <unitsphere/data/scalar.hpp>

namespace reference {

using unitsphere::bfloat16;
using unitsphere::float16;
using unitsphere::idx_t;

inline std::uint32_t bits(float x) {
    std::uint32_t result;
    std::memcpy(&result, &x, sizeof(result));
    return result;
}
inline std::uint64_t bits(double x) {
    std::uint64_t result;
    std::memcpy(&result, &x, sizeof(result));
    return result;
}
inline std::uint16_t bits(float16 x) { return x.bits; }
inline std::uint16_t bits(bfloat16 x) { return x.bits; }
inline idx_t bits(idx_t x) { return x; }

inline float float_from_bits(std::uint32_t pattern) {
    float result;
    std::memcpy(&result, &pattern, sizeof(result));
    return result;
}

inline bool is_nan(float x) { return (bits(x) & 0x7fffffffu) > 0x7f800000u; }
inline bool is_nan(double x) { return (bits(x) & 0x7fffffffffffffffu) > 0x7ff0000000000000u; }
inline bool is_nan(float16 x) { return (x.bits & 0x7fff) > 0x7c00; }
inline bool is_nan(bfloat16 x) { return (x.bits & 0x7fff) > 0x7f80; }
inline bool is_nan(std::int8_t) { return false; }
inline bool is_nan(idx_t) { return false; }
inline bool is_finite(float x) { return (bits(x) & 0x7f800000u) != 0x7f800000u; }
inline bool is_finite(float16 x) { return (x.bits & 0x7c00) != 0x7c00; }
inline bool is_finite(bfloat16 x) { return (x.bits & 0x7f80) != 0x7f80; }
inline bool is_finite(double x) { return (bits(x) & 0x7ff0000000000000u) != 0x7ff0000000000000u; }
inline bool is_finite(std::int8_t) { return true; }

/// The value of a finite element. IEEE 754-2019 section 3.4: (-1)^s * 2^(e - 15) * 1.f, for e = 0 (-1)^s * 2^-14 *
/// 0.f.
inline long double widen(float x) { return x; }
inline long double widen(double x) { return x; }
inline long double widen(std::int8_t x) { return x; }
/// The same rule for bfloat16: (-1)^s * 2^(e - 127) * 1.f, for e = 0 (-1)^s * 2^-126 * 0.f.
inline long double widen(bfloat16 x) {
    const int exponent = (x.bits >> 7) & 255, fraction = x.bits & 127;
    const long double magnitude = exponent == 0 ? std::ldexp((long double)(fraction), -133)
                                                : std::ldexp((long double)(fraction + 128), exponent - 134);
    return (x.bits & 0x8000) ? -magnitude : magnitude;
}
inline long double widen(float16 x) {
    const int exponent = (x.bits >> 10) & 31, fraction = x.bits & 1023;
    const long double magnitude = exponent == 0 ? std::ldexp((long double)(fraction), -24)
                                                : std::ldexp((long double)(fraction + 1024), exponent - 25);
    return (x.bits & 0x8000) ? -magnitude : magnitude;
}

/// The half nearest to x, ties to the even fraction. IEEE 754-2019 sections 4.3.1 and 7.4: what would round to
/// 65536 with an unbounded exponent, that is 65520 and above, is infinity.
inline std::uint16_t half_bits(double x) {
    const std::uint16_t sign = (bits(x) >> 63) ? 0x8000 : 0;
    const double magnitude = std::fabs(x);
    if (magnitude >= 65520.0) return std::uint16_t(sign | 0x7c00);
    int exponent = 0;
    std::frexp(magnitude, &exponent);  // magnitude = m * 2^exponent, 0.5 <= m < 1
    const int quantum = magnitude == 0 ? -24 : std::max(exponent - 11, -24);  // 11 significant bits, or units of 2^-24
    const double units = std::ldexp(magnitude, -quantum);                     // exact, below 2^11 * 2^13
    double whole = std::floor(units);
    const double rest = units - whole;  // exact
    if (rest > 0.5 || (rest == 0.5 && std::fmod(whole, 2.0) == 1.0)) whole += 1;
    // A whole of 1024..2047 is a normal number; 2048 carries into the exponent, and so does 1024 from the
    // subnormals.
    return std::uint16_t(sign + (quantum + 24) * 1024 + int(whole));
}

/// The bfloat16 nearest to x, ties to the even fraction; 2^128 - 2^119 and above is infinity.
inline std::uint16_t bfloat16_bits(double x) {
    const std::uint16_t sign = (bits(x) >> 63) ? 0x8000 : 0;
    const double magnitude = std::fabs(x);
    if (magnitude >= std::ldexp(511.0, 119)) return std::uint16_t(sign | 0x7f80);
    int exponent = 0;
    std::frexp(magnitude, &exponent);
    const int quantum = magnitude == 0 ? -133 : std::max(exponent - 8, -133);  // 8 significant bits
    const double units = std::ldexp(magnitude, -quantum);
    double whole = std::floor(units);
    const double rest = units - whole;
    if (rest > 0.5 || (rest == 0.5 && std::fmod(whole, 2.0) == 1.0)) whole += 1;
    return std::uint16_t(sign + (quantum + 133) * 128 + int(whole));
}

template <class T>
bool is_finite_row(const T* row, idx_t dim) {
    return std::all_of(row, row + dim, [](T x) { return is_finite(x); });
}

/// |row|. The range of long double leaves no square of a float that overflows or underflows.
template <class T>
long double norm(const T* row, idx_t dim) {
    long double sum = 0;
    for (idx_t k = 0; k < dim; ++k) sum += widen(row[k]) * widen(row[k]);
    return std::sqrt(sum);
}

/// rows[i] / |rows[i]|; zero where the row is.
template <class Rows>
std::vector<long double> unit(const Rows& rows, idx_t i) {
    std::vector<long double> result(std::size_t(rows.dim()));
    const long double length = norm(rows.row(i), rows.dim());
    for (idx_t k = 0; k < rows.dim(); ++k) result[std::size_t(k)] = length == 0 ? 0 : widen(rows(i, k)) / length;
    return result;
}

/// <a, b> / (|a| |b|) of finite rows; 0 where a row is zero.
template <class A, class B>
long double cosine(const A* a, const B* b, idx_t dim) {
    long double dot = 0;
    for (idx_t k = 0; k < dim; ++k) dot += widen(a[k]) * widen(b[k]);
    const long double length_a = norm(a, dim), length_b = norm(b, dim);
    return length_a == 0 || length_b == 0 ? 0 : dot / length_a / length_b;
}

/// exp(logit - max) / sum of a row of finite numbers and -Inf (at least one finite).
inline std::vector<long double> softmax(const float* logits, idx_t columns) {
    float largest = -std::numeric_limits<float>::max();
    for (idx_t j = 0; j < columns; ++j)
        if (is_finite(logits[j])) largest = std::max(largest, logits[j]);
    std::vector<long double> result(std::size_t(columns), 0);
    long double sum = 0;
    for (idx_t j = 0; j < columns; ++j) {
        if (!is_finite(logits[j])) continue;
        result[std::size_t(j)] = std::exp((long double)(logits[j]) - (long double)(largest));
        sum += result[std::size_t(j)];
    }
    for (long double& p : result) p /= sum;
    return result;
}

/// docs/reliability.md, promise 5: the bound of a cosine's error for every input. Higham, Accuracy and Stability of
/// Numerical Algorithms, 2nd ed., section 3.1: one chain of 128 steps, then one addition per block, then the two
/// unit roundings.
inline double cosine_bound(idx_t dim) { return double(128 + (dim + 127) / 128 + 5) * 0x1p-24; }

}  // namespace reference
