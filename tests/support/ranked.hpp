/// Where things come in a sorted list: the oracle of everything that ranks.
#pragma once

#include <algorithm>
#include <vector>

#include "random_rows.hpp"

namespace tests {

/// 1 + what comes before scores[place] after a stable sort in descending order, which leaves equal ones as they were; a
/// NaN is behind all.
template <class T>
idx_t place_in(const std::vector<T>& scores, idx_t place) {
    std::vector<idx_t> order;
    for (idx_t j = 0; j < idx_t(scores.size()); ++j)
        if (!reference::is_nan(scores[std::size_t(j)])) order.push_back(j);
    std::stable_sort(order.begin(), order.end(),
                     [&](idx_t a, idx_t b) { return scores[std::size_t(a)] > scores[std::size_t(b)]; });
    const auto found = std::find(order.begin(), order.end(), place);
    return found == order.end() ? idx_t(scores.size()) + 1 : found - order.begin() + 1;
}

template <class T>
std::vector<T> row_of(const matrix<T>& scores, idx_t i) {
    return std::vector<T>(scores.row(i), scores.row(i) + scores.dim());
}
template <class T>
std::vector<T> column_of(const matrix<T>& scores, idx_t j) {
    std::vector<T> column;
    for (idx_t i = 0; i < scores.rows(); ++i) column.push_back(scores(i, j));
    return column;
}

/// Rows with twins, a zero row and one that is not finite.
template <class T>
matrix<T> rows_with_ties(idx_t rows, idx_t dim, std::uint64_t seed) {
    auto result = random_rows<T>(rows, dim, seed);
    generator random(seed);
    for (idx_t i = 3; i < rows; i += 3) std::copy(result.row(i / 2), result.row(i / 2) + dim, result.row(i));
    if (rows > 4) fill_row(result.row(4), dim, row_kind::zero, random);
    if (rows > 9) fill_row(result.row(9), dim, row_kind::nan, random);
    return result;
}

/// Rows around a few directions whose cosines differ by less than a float can tell, with copies among them, bit for bit
/// and at twice the length, and a zero row.
template <class T>
matrix<T> near_twins(idx_t rows, idx_t dim, std::uint64_t seed) {
    using factor = std::conditional_t<std::is_same_v<T, double>, double, float>;
    auto result = random_rows<T>(rows, dim, seed);
    generator random(seed + 1);
    for (idx_t i = 3; i < rows; ++i) {
        std::copy(result.row(i % 3), result.row(i % 3) + dim, result.row(i));
        T& nudged = result(i, random.below(dim));
        nudged = T(factor(nudged) * factor(1 + 1e-2 * double(random.below(16))));
        if (i % 5 == 0) std::copy(result.row(i / 2), result.row(i / 2) + dim, result.row(i));
        if (i % 7 == 0)
            for (idx_t k = 0; k < dim; ++k) result(i, k) = T(2 * factor(result(i, k)));
    }
    if (rows > 8) fill_row(result.row(8), dim, row_kind::zero, random);
    return result;
}

/// Every cosine from its formula.
template <class A, class B>
matrix<double> exact_cosines(const matrix<A>& a, const matrix<B>& b) {
    matrix<double> cosines(a.rows(), b.rows());
    for (idx_t i = 0; i < a.rows(); ++i)
        for (idx_t j = 0; j < b.rows(); ++j) cosines(i, j) = double(reference::cosine(a.row(i), b.row(j), a.dim()));
    return cosines;
}
/// Whether a rounding of double may decide the order of two of them. Equal ones are decided by their indices.
inline bool is_undecided(std::vector<double> cosines) {
    std::sort(cosines.begin(), cosines.end());
    for (std::size_t n = 1; n < cosines.size(); ++n)
        if (cosines[n] != cosines[n - 1] && cosines[n] - cosines[n - 1] < 1e-13) return true;
    return false;
}

}  // namespace tests
