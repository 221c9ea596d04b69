/// Raw rows to unit rows, in the caller's memory or in new memory.
#pragma once

#include "../data/output.hpp"
#include "../engine/execution.hpp"
#include "../engine/row_source.hpp"
#include "arguments.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// How far a norm is from 1; 0 for a row without a direction.
inline double norm_deviation(const kernel::row_length& length) noexcept {
    return length.kind() == kernel::row_kind::regular ? std::fabs(length.norm() - 1.0) : 0.0;
}

/// Whether to write a result past the caches: where the input lies, its lines are there already.
template <class T>
bool past_caches(const matrix_view<const T>& rows, const matrix_view<float>& out) noexcept {
    return engine::is_past_caches(out.data(), out.rows(), out.dim(), out.stride()) && !same_rows(rows, out);
}

/// Rows first .. end - 1. Every row is scaled while the next one is measured.
template <bool Stream, class T>
void normalize_each(const engine::row_source<T>& source, const matrix_view<float>& out, idx_t first, idx_t end,
                    row_report& seen) noexcept {
    const idx_t last = end - 1;
    kernel::row_length length = kernel::length_of_single_row(source.row(first), source.dim());
    for (idx_t i = first; i < last; ++i) {
        const auto factors = source.factors(i, length, seen);
        if (factors.power == 1.0f) {
            length = kernel::scale_and_measure<Stream>(source.row(i), source.dim(), factors.inverse, out.row(i),
                                                       source.row(i + 1));
        } else {
            kernel::scale_row(source.row(i), source.dim(), factors, out.row(i));
            length = kernel::length_of(source.row(i + 1), source.dim());
        }
    }
    kernel::scale_row(source.row(last), source.dim(), source.factors(last, length, seen), out.row(last));
    if (Stream) kernel::finish_streams();
}

template <class T, class Result>
unit_view<Result> normalize_rows(matrix_view<const T> rows, matrix_view<Result> out, const execution& how,
                                 const row_policy& policy, const char* function) {
    require_row_wise(function, rows, "the input", out);
    engine::row_source source(rows, policy, function, "row ");
    engine::for_each_rows(how, source.rows(), source.dim(), [&](idx_t first, idx_t end) {
        row_report seen;
        if constexpr (!is_result_type<Result, T>())
            return;
        else if constexpr (std::is_same_v<T, double>)
            for (idx_t i = first; i < end; ++i)
                kernel::scale_row(source.row(i), source.dim(), source.factors(i, seen), out.row(i));
        else if (past_caches(rows, out))
            normalize_each<true>(source, out, first, end, seen);
        else
            normalize_each<false>(source, out, first, end, seen);
        source.count(seen);
    });
    source.report();
    return unit_access::view<Result>(out);
}

template <class Result, class T>
unit_embeddings<Result> normalize_to_new(matrix_view<const T> rows, const execution& how, const row_policy& policy,
                                         const char* function) {
    auto out = matrix<Result>::uninitialized(rows.rows(), rows.dim());
    normalize_rows(rows, out.view(), how, policy, function);
    return unit_access::embeddings(static_cast<matrix<Result>&&>(out));
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
