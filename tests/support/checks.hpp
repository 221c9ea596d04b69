/// What the tests ask again and again: the same bits, the text of an error, memory left alone.
#pragma once

#include <cmath>
#include <exception>
#include <limits>
#include <sstream>
#include <string>

#include <unitsphere/data/array.hpp>
#include <unitsphere/data/matrix.hpp>

#include "lists.hpp"
#include "reference.hpp"

namespace tests {

inline constexpr float infinity = std::numeric_limits<float>::infinity();
inline constexpr float largest_float = std::numeric_limits<float>::max();

/// The message of the Error that the call throws; a line that says what happened instead, where it does not.
template <class Error, class Call>
std::string message_of(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    } catch (const std::exception& error) {
        return std::string("(another exception) ") + error.what();
    }
    return "(no exception)";
}

/// Where two sets of rows first differ in a bit; empty where they do not. Any NaN equals any other.
template <class A, class B>
std::string first_difference(const A& a, const B& b) {
    std::ostringstream text;
    if (a.rows() != b.rows() || a.dim() != b.dim()) {
        text << "[" << a.rows() << ", " << a.dim() << "] against [" << b.rows() << ", " << b.dim() << "]";
        return text.str();
    }
    for (unitsphere::idx_t i = 0; i < a.rows(); ++i)
        for (unitsphere::idx_t j = 0; j < a.dim(); ++j) {
            const auto x = a(i, j), y = b(i, j);
            if (reference::bits(x) == reference::bits(y) || (reference::is_nan(x) && reference::is_nan(y))) continue;
            text << std::hexfloat << "row " << i << " column " << j << ": " << x << " against " << y;
            return text.str();
        }
    return "";
}

template <class T>
std::string first_difference(const unitsphere::array<T>& a, const unitsphere::array<T>& b) {
    return first_difference(a.view(), b.view());
}

/// Columns against rows: first_difference of a matrix and the transpose of another.
template <class T>
unitsphere::matrix<T> transposed(const unitsphere::matrix<T>& rows) {
    unitsphere::matrix<T> result(rows.dim(), rows.rows());
    for (unitsphere::idx_t i = 0; i < rows.rows(); ++i)
        for (unitsphere::idx_t j = 0; j < rows.dim(); ++j) result(j, i) = rows(i, j);
    return result;
}

/// Rows first .. first + count - 1.
template <class T>
unitsphere::matrix_view<const T> part(const unitsphere::matrix<T>& rows, unitsphere::idx_t first,
                                      unitsphere::idx_t count) {
    return {rows.row(first), count, rows.dim()};
}

/// A matrix of a pattern that no function writes, to see whether one wrote.
inline unitsphere::matrix<float> untouched(unitsphere::idx_t rows, unitsphere::idx_t dim) {
    unitsphere::matrix<float> result(rows, dim);
    for (unitsphere::idx_t k = 0; k < rows * dim; ++k) result.data()[k] = -123.25f;
    return result;
}

/// The larger of two errors; NaN is larger than all (std::fmax would forget it).
inline double larger_error(double a, double b) { return reference::is_nan(a) || a >= b ? a : b; }

/// The largest distance of an element of row i from what it should be.
template <class Rows>
double largest_error(const Rows& rows, unitsphere::idx_t i, const std::vector<long double>& expected) {
    double largest = 0;
    for (std::size_t k = 0; k < expected.size(); ++k)
        largest = larger_error(largest, double(std::fabs((long double)(rows(i, unitsphere::idx_t(k))) - expected[k])));
    return largest;
}

/// The largest distance of a score from the cosine of its rows.
template <class Scores, class Q, class G>
double worst_error(const Scores& scores, const unitsphere::matrix<Q>& queries, const unitsphere::matrix<G>& gallery) {
    double worst = 0;
    for (unitsphere::idx_t i = 0; i < queries.rows(); ++i)
        for (unitsphere::idx_t j = 0; j < gallery.rows(); ++j) {
            const long double exact = reference::cosine(queries.row(i), gallery.row(j), queries.dim());
            worst = larger_error(worst, double(std::fabs((long double)(scores(i, j)) - exact)));
        }
    return worst;
}

inline bool all_nan(const float* row, unitsphere::idx_t dim) {
    return std::all_of(row, row + dim, [](float x) { return reference::is_nan(x); });
}
inline bool all_zero(const float* row, unitsphere::idx_t dim) {
    return std::all_of(row, row + dim, [](float x) { return (reference::bits(x) & 0x7fffffffu) == 0; });
}

}  // namespace tests
