/// Asks a question of rows that lie between pages without access, with a pattern in every gap: the answer must be that
/// of plain rows, and the pattern must be whole afterwards.
#pragma once

#include <string>
#include <vector>

#include <unitsphere/data/array.hpp>

#include "catch.hpp"
#include "checks.hpp"
#include "guarded.hpp"
#include "random_rows.hpp"

namespace tests {

/// check(where, dim) for every placement, and dims around every edge of lanes and chains.
template <class Check>
void at_every_edge(Check&& check) {
    std::vector<idx_t> dims{127, 128, 129, 130, 512};
    for (idx_t dim = 0; dim <= 70; ++dim) dims.push_back(dim);
    for (const placement where : every_placement)
        for (const idx_t dim : dims) {
            INFO("placement " << int(where) << ", dim " << dim);
            check(where, dim);
        }
}

/// A vector of results is one row.
template <class Answer>
const Answer& as_rows(const Answer& answer) {
    return answer;
}
template <class T>
matrix_view<const T> as_rows(const std::vector<T>& answer) {
    return unitsphere::to_view(answer);
}
template <class T>
matrix_view<const T> as_rows(const unitsphere::array<T>& answer) {
    return answer.view();
}

/// Where ask(rows...) differs between pages; the rows are read-only there.
template <class Ask, class... T>
std::string read(placement where, Ask&& ask, const matrix<T>&... rows) {
    const auto expected = ask(rows...);
    const auto answer = ask(guarded<T>(rows, where).rows()...);
    return first_difference(as_rows(answer), as_rows(expected));
}

/// Where write(rows..., out) leaves something else than `expected` in the rows of `out`, or touches anything else.
template <class Expected, class Write, class... T>
std::string written(placement where, const Expected& expected, Write&& write, const matrix<T>&... rows) {
    guarded<std::decay_t<decltype(expected(0, 0))>> out(expected.rows(), expected.dim(), where);
    write(guarded<T>(rows, where).rows()..., out.view());
    return out.surroundings_intact() ? first_difference(out.view(), expected) : "wrote outside its rows";
}

/// The same for change(rows), which writes where it reads.
template <class Expected, class Change, class T>
std::string changed(placement where, const Expected& expected, Change&& change, const matrix<T>& rows) {
    return written(where, expected, [&](const auto& out) {
        for (idx_t i = 0; i < rows.rows(); ++i)
            for (idx_t k = 0; k < rows.dim(); ++k) out(i, k) = rows(i, k);
        change(out);
    });
}

/// Contiguous numbers where they are: labels and weights between pages.
template <class T>
struct number_span {
    const T* first;
    std::size_t count;
    const T* data() const { return first; }
    std::size_t size() const { return count; }
};
template <class T>
number_span<T> numbers(const matrix_view<const T>& row) {
    return {row.data(), std::size_t(row.dim())};
}

}  // namespace tests
