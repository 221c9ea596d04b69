/// The scores of pairs of rows: row i of one side with row i of the other, or with a given row.
#pragma once

#include "../kernel/cosine_in_double.hpp"
#include "../kernel/pairs.hpp"
#include "execution.hpp"
#include "packed_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

namespace pair_scores_detail {

/// scores[i] for rows first .. first + count - 1, at most as many as a register of C has elements.
template <class C, class A, class B>
void score_some(const row_source<A>& a, const row_source<B>& b, idx_t first, int count, row_report& seen_a,
                row_report& seen_b, C* scores) noexcept {
    typename row_source<A>::factors_type factors_a[kernel::lane_count];
    typename row_source<B>::factors_type factors_b[kernel::lane_count];
    for (int i = 0; i < count; ++i) {
        factors_a[i] = a.factors(first + i, seen_a);
        factors_b[i] = b.factors(first + i, seen_b);
    }
    if (count == 1)
        *scores = kernel::score_pair<C>(kernel::scaled_row<A>{a.row(first), factors_a[0]},
                                        kernel::scaled_row<B>{b.row(first), factors_b[0]}, a.dim());
    else
        kernel::score_pairs(kernel::transposed_rows<C, A>(a.row(first), a.stride(), count, factors_a),
                            kernel::transposed_rows<C, B>(b.row(first), b.stride(), count, factors_b), count, a.dim(),
                            scores, a.memory_of(first + count, count).steps(0, 1, a.dim()),
                            b.memory_of(first + count, count).steps(0, 1, b.dim()));
}

/// The cosine of rows i from three sums in double: nothing is scaled or transposed, and the rows are read once.
template <class A, class B>
double cosine_in_double(const row_source<A>& a, const row_source<B>& b, idx_t i, row_report& seen_a,
                        row_report& seen_b) noexcept {
    const kernel::sums_of_pair sums = kernel::sums_in_double(kernel::row_in_double<A>(a.row(i), a.dim()),
                                                             kernel::row_in_double<B>(b.row(i), b.dim()), a.dim());
    const double of_a = double(a.factors(i, {sums.squares_a, 1.0}, seen_a).inverse);
    const double of_b = double(b.factors(i, {sums.squares_b, 1.0}, seen_b).inverse);
    const bool has_direction = !unitsphere::detail::is_nan(of_a) && !unitsphere::detail::is_nan(of_b);
    return has_direction ? sums.cosine() : double(unitsphere::detail::quiet_nan());
}

}  // namespace pair_scores_detail

/// scores[i] = <a[i], b[i]> for all rows of both sides, which have equal shapes: canonical, or each in double.
///
/// Memory   8 KiB of stack; 16 KiB for doubles.
template <class C, class A, class B>
void pair_scores(const execution& how, row_source<A>& a, row_source<B>& b, bool in_double, C* scores) {
    constexpr idx_t width = idx_t(kernel::vector<C>::size), share = 8 * width;
    for_each_range(how, a.rows(), share, [&](idx_t, idx_t first, idx_t end) {
        row_report seen_a, seen_b;
        if (in_double)
            for (; first < end; ++first)
                scores[first] = C(pair_scores_detail::cosine_in_double(a, b, first, seen_a, seen_b));
        else
            for (; first < end; first += width)
                pair_scores_detail::score_some(a, b, first, int(minimum(end - first, width)), seen_a, seen_b,
                                               scores + first);
        a.count(seen_a);
        b.count(seen_b);
    });
}

template <class T>
kernel::scaled_row<T> unit_row(const row_source<T>& source, idx_t i, row_report& seen) noexcept {
    return {source.row(i), source.factors(i, seen)};
}

/// scores[i] = <a[row_of_a(i)], b[i]> for all rows of b, each a row_source or packed_source; NaN where row_of_a(i) is
/// negative. Rows are not counted: this is for questions whose tile loop counts them.
///
/// Memory   8 KiB of stack.
template <class A, class B, class RowOfA>
void chosen_pair_scores(const execution& how, const A& a, const B& b, RowOfA&& row_of_a, float* scores) {
    for_each_range(how, b.rows(), 64, [&](idx_t, idx_t first, idx_t end) {
        row_report unused;
        for (idx_t i = first; i < end; ++i) {
            const idx_t row = row_of_a(i);
            if (row < 0) {
                scores[i] = unitsphere::detail::quiet_nan();
                continue;
            }
            scores[i] = kernel::score_pair<float>(unit_row(a, row, unused), unit_row(b, i, unused), b.dim());
        }
    });
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
