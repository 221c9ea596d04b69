/// The table of worst errors: what is measured, how, and what a line of it says.
#pragma once

#include <string>
#include <vector>

#include "checks.hpp"
#include "random_rows.hpp"
#include "reference.hpp"

namespace accuracy {

using tests::bfloat16;
using tests::float16;
using tests::idx_t;
using tests::matrix;

/// Many results of one function: the error that comes nearest to its bound (of equal bounds: the largest).
class measurement {
public:
    template <class Error, class Bound>
    void add(Error exact_error, Bound exact_bound) {
        const double error = double(exact_error), bound = double(exact_bound);
        ++results_;
        const bool nan = reference::is_nan(error);
        broken_ = broken_ || nan || error > bound;
        if (results_ > 1 && !nan && !(error * bound_ > error_ * bound)) return;
        error_ = error;
        bound_ = bound;
    }
    idx_t results() const { return results_; }
    double error() const { return error_; }
    double bound() const { return bound_; }
    /// A bound does not hold, or nothing was measured.
    bool broken() const { return broken_ || results_ == 0; }

private:
    idx_t results_ = 0;
    double error_ = 0, bound_ = 0;
    bool broken_ = false;
};

/// What a line says beside its figures.
struct subject {
    std::string function, elements, rows, dims, unit;
};

class table {
public:
    explicit table(bool quick) : quick_(quick) {}
    /// A few seconds instead of a minute or two: smaller dims, fewer rows.
    bool quick() const { return quick_; }
    void add(const subject& what, const measurement& found);
    void print() const;
    bool broken() const { return broken_; }

private:
    bool quick_, broken_ = false;
    std::vector<std::string> lines_;
};

void measure_rows(table& results);
void measure_cosines(table& results);
void measure_logits(table& results);
void measure_directions(table& results);
void measure_exp(table& results);
void measure_probabilities(table& results);

template <class T>
std::string name_of() {
    if constexpr (std::is_same_v<T, double>) return "double";
    if constexpr (std::is_same_v<T, float16>) return "float16";
    if constexpr (std::is_same_v<T, bfloat16>) return "bfloat16";
    if constexpr (std::is_same_v<T, std::int8_t>) return "int8";
    return "float";
}

/// step(T()) for every element type.
template <class Step>
void for_each_type(Step&& step) {
    step(float());
    step(double());
    step(float16());
    step(bfloat16());
    step(std::int8_t());
}

inline const char* const all_types = "all five";

/// "17 to 4096"
inline std::string range_of(const std::vector<idx_t>& values) {
    return std::to_string(values.front()) + " to " + std::to_string(values.back());
}

/// Whether this process counts subnormal numbers as zero, as -ffast-math makes it at start-up: then none is measured.
inline bool flushes_subnormals() {
    const volatile float smallest_normal = 0x1p-126f;
    const volatile float half = smallest_normal * 0.5f;
    return reference::bits(half) == 0u;
}

/// The distance between neighbouring floats, or doubles, at x.
inline long double float_ulp(long double x) {
    int exponent = 0;
    std::frexp(x, &exponent);
    return std::ldexp(1.0L, std::max(exponent - 24, -149));
}
inline long double double_ulp(long double x) {
    int exponent = 0;
    std::frexp(x, &exponent);
    return std::ldexp(1.0L, std::max(exponent - 53, -1074));
}

/// Rows of every kind that has a direction, one after the other.
template <class T>
matrix<T> rows_of_every_kind(idx_t rows, idx_t dim, std::uint64_t seed) {
    using tests::row_kind;
    constexpr bool half_or_integer =
        sizeof(T) == 1 || std::is_same_v<T, float16>;  // their subnormals are normal floats
    constexpr row_kind kinds[] = {row_kind::gaussian, row_kind::all_equal, row_kind::one_hot,
                                  row_kind::huge,     row_kind::tiny,      row_kind::subnormal};
    const idx_t count = flushes_subnormals() && !half_or_integer ? 4 : 6;
    matrix<T> result(rows, dim);
    tests::generator random(seed);
    for (idx_t i = 0; i < rows; ++i) tests::fill_row(result.row(i), dim, kinds[i % count], random);
    return result;
}

/// <a, b> in sums of 64 products: long double then adds at most 2^-57 for 4096 products.
inline long double dot(const long double* a, const long double* b, idx_t dim) {
    long double total = 0;
    for (idx_t first = 0; first < dim; first += 64) {
        long double sum = 0;
        for (idx_t k = first; k < dim && k < first + 64; ++k) sum += a[k] * b[k];
        total += sum;
    }
    return total;
}

/// The same rows in long double, with their lengths.
struct exact_rows {
    template <class T>
    explicit exact_rows(const matrix<T>& rows) : exact_rows(rows, rows.dim()) {}
    /// Their first `dims` elements.
    template <class T>
    exact_rows(const matrix<T>& rows, idx_t dims) : dim(dims) {
        for (idx_t i = 0; i < rows.rows(); ++i)
            for (idx_t k = 0; k < dim; ++k) values.push_back(reference::widen(rows(i, k)));
        for (idx_t i = 0; i < rows.rows(); ++i) norms.push_back(std::sqrt(dot(row(i), row(i), dim)));
    }
    const long double* row(idx_t i) const { return values.data() + i * dim; }
    long double norm(idx_t i) const { return norms[std::size_t(i)]; }
    long double unit(idx_t i, idx_t k) const { return norm(i) == 0 ? 0 : row(i)[k] / norm(i); }

    idx_t dim;
    std::vector<long double> values, norms;
};
inline long double cosine(const exact_rows& a, idx_t i, const exact_rows& b, idx_t j) {
    return dot(a.row(i), b.row(j), a.dim) / (a.norm(i) * b.norm(j));
}

}  // namespace accuracy
