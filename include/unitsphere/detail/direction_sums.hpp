/// Sums of unit rows, and their directions: means of rows and of the prompts of a class.
#pragma once

#include "../data/column.hpp"
#include "../data/output.hpp"
#include "../engine/arena.hpp"
#include "../engine/row_source.hpp"
#include "../kernel/direction.hpp"
#include "arguments.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// The mean of any number of directions is one: a row that is not finite would make it NaN, and is always refused.
inline row_policy refuse_non_finite(row_policy policy = {}) noexcept {
    policy.non_finite = on_row::error;
    return policy;
}

/// Sums at unit length. `function` and `row` begin the texts of errors; nothing is written then.
inline void directions_of(const matrix_view<const double>& sums, const matrix_view<float>& out,
                          const row_policy& policy, const char* function, const char* row) {
    engine::row_source source(sums, policy, function, row);
    for (idx_t i = 0; i < source.rows(); ++i)
        kernel::scale_row(source.row(i), source.dim(), source.factors(i), out.row(i));
    source.report();
}

/// Sums [count, dim] in double, zero at first and in the workspace of `how`, or a caller's. Rows are added in their
/// order, by the caller's thread: every addition rounds.
class direction_sums {
public:
    direction_sums(const direction_sums&) = delete;
    direction_sums& operator=(const direction_sums&) = delete;
    direction_sums(const execution& how, const char* function, idx_t count, idx_t dim) : memory_(how, function) {
        double* sums = nullptr;
        memory_.add(sums, count, dim);
        memory_.add(unit_, dim);
        memory_.reserve();
        for (idx_t i = 0; i < count * dim; ++i) sums[i] = 0.0;
        sums_ = matrix_view<double>(sums, count, dim);
    }

    /// Adds to the caller's sums.
    direction_sums(const execution& how, const char* function, const matrix_view<double>& sums)
        : memory_(how, function), sums_(sums) {
        memory_.add(unit_, sums.dim());
        memory_.reserve();
    }

    /// sums[place_of(i)] += weight_of(i) * rows[i] / |rows[i]|: the unit rows as floats, added in double.
    template <class T, class Place, class Weight>
    void add(engine::row_source<T>& rows, Place&& place_of, Weight&& weight_of) noexcept {
        for (idx_t i = 0; i < rows.rows(); ++i) {
            kernel::scale_row(rows.row(i), rows.dim(), rows.factors(i), unit_);
            kernel::add_row(unit_, rows.dim(), weight_of(i), sums_.row(place_of(i)));
        }
    }
    void directions(const matrix_view<float>& out, const row_policy& policy, const char* function,
                    const char* row) const {
        directions_of(sums_, out, policy, function, row);
    }
    const double* row(idx_t i) const noexcept { return sums_.row(i); }

private:
    engine::arena memory_;
    matrix_view<double> sums_ = {};
    float* unit_ = nullptr;
};

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
