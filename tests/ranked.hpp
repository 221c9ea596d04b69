/// Where things come in a sorted list: the oracle of everything that ranks.
#pragma once

#include <algorithm>
#include <vector>

#include "random_rows.hpp"

namespace tests {

/// 1 + what comes before scores[place] after a stable sort in descending order, which leaves equal ones as they were; a
/// NaN is behind all.
template <class T>
index place_in(const std::vector<T>& scores, index place) {
    std::vector<index> order;
    for (index j = 0; j < index(scores.size()); ++j)
        if (!reference::is_nan(scores[std::size_t(j)])) order.push_back(j);
    std::stable_sort(order.begin(), order.end(),
                     [&](index a, index b) { return scores[std::size_t(a)] > scores[std::size_t(b)]; });
    const auto found = std::find(order.begin(), order.end(), place);
    return found == order.end() ? index(scores.size()) + 1 : found - order.begin() + 1;
}

template <class T>
std::vector<T> row_of(const matrix<T>& scores, index i) {
    return std::vector<T>(scores.row(i), scores.row(i) + scores.dim());
}
template <class T>
std::vector<T> column_of(const matrix<T>& scores, index j) {
    std::vector<T> column;
    for (index i = 0; i < scores.rows(); ++i) column.push_back(scores(i, j));
    return column;
}

/// Rows with twins, a zero row and one that is not finite.
template <class T>
matrix<T> rows_with_ties(index rows, index dim, std::uint64_t seed) {
    auto result = random_rows<T>(rows, dim, seed);
    generator random(seed);
    for (index i = 3; i < rows; i += 3) std::copy(result.row(i / 2), result.row(i / 2) + dim, result.row(i));
    if (rows > 4) fill_row(result.row(4), dim, row_kind::zero, random);
    if (rows > 9) fill_row(result.row(9), dim, row_kind::nan, random);
    return result;
}

}  // namespace tests
