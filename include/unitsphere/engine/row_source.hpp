/// The caller's rows, raw or unit, as the engine reads them: their factors first, then their elements.
#pragma once

#include "../data/unit_embeddings.hpp"
#include "../kernel/multiply.hpp"
#include "../kernel/norm.hpp"
#include "arithmetic.hpp"
#include "cache_model.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// Element types of input rows. All but double are exactly representable in float, and follow float's rules.
template <class T>
inline constexpr bool is_element =
    std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, float16> ||
    std::is_same_v<T, bfloat16> || std::is_same_v<T, std::int8_t>;

/// Memory that a worker reads next, to be prefetched.
struct prefetch_range {
    const void* at;
    idx_t bytes;

    prefetch_range part(idx_t part, idx_t parts) const noexcept {
        return {static_cast<const char*>(at) + bytes / parts * part, bytes / parts};
    }
    /// Part `part` of `parts`, spread over the dim steps of a product.
    kernel::prefetch_steps steps(idx_t part, idx_t parts, idx_t dim) const noexcept {
        const idx_t each = bytes / parts;
        return {static_cast<const char*>(at) + part * each, ceil_div(each, maximum(dim, 1))};
    }
};

/// Rows that are unit or not, which is known when the program runs: for a unit that compiles each loop once.
template <class T>
struct maybe_unit_view : matrix_view<const T> {
    bool unit;

    maybe_unit_view(const matrix_view<const T>& rows, bool are_unit) noexcept
        : matrix_view<const T>(rows), unit(are_unit) {}
    friend maybe_unit_view to_view(const maybe_unit_view& rows) noexcept { return rows; }
};

/// Rows of one side of a question. Applies the policy for zero and non-finite rows, which have no direction, and counts
/// them in the report.
template <class T>
class row_source {
    static_assert(is_element<T>,
                  "unitsphere: rows are float, double, float16, bfloat16 or int8_t; convert other types first");

public:
    static constexpr bool is_packed = false;
    using factors_type = kernel::row_factors<kernel::factor_type<T>>;

    /// Raw rows, which are normalized while they are packed. Messages of errors begin with `function` and `side`
    /// ("queries row ").
    row_source(matrix_view<const T> rows, const row_policy& options, const char* function, const char* side)
        : rows_(rows), options_(options), function_(function), unit_(false) {
        validate(side);
    }
    /// Unit rows, which are not scaled. Policies and the report hold for those without a direction all the same.
    template <class U, class = std::enable_if_t<std::is_same_v<U, T>>>
    row_source(unit_view<U> rows, const row_policy& options, const char* function, const char* side)
        : rows_(rows.values()), options_(options), function_(function), unit_(true) {
        validate(side);
    }
    row_source(const maybe_unit_view<T>& rows, const row_policy& options, const char* function, const char* side)
        : rows_(rows), options_(options), function_(function), unit_(rows.unit) {
        validate(side);
    }

    idx_t rows() const noexcept { return rows_.rows(); }
    idx_t dim() const noexcept { return rows_.dim(); }
    idx_t stride() const noexcept { return rows_.stride(); }
    const T* row(idx_t i) const noexcept { return rows_.row(i); }
    const matrix_view<const T>& view() const noexcept { return rows_; }
    /// The public function that reads the rows.
    const char* function() const noexcept { return function_; }
    /// The memory of `count` rows from `first` on, none behind the last row.
    prefetch_range memory_of(idx_t first, idx_t count) const noexcept {
        if (first >= rows()) return {rows_.data(), 0};
        return {row(first), (rows() - first < count ? rows() - first : count) * stride() * idx_t(sizeof(T))};
    }

    /// From here on unit rows are measured and scaled as raw ones are.
    void scale_unit_rows() noexcept { unit_ = false; }
    /// Whether rows are used unscaled and uncounted, so that their lengths need not be measured.
    bool used_unscaled() const noexcept {
        return unit_ && options_.report == nullptr && options_.zero_rows != on_row::nan;
    }
    /// The factors that make row i a unit row. Counts it in `seen` if it has no direction.
    factors_type factors(idx_t i, row_report& seen) const noexcept {
        if (used_unscaled()) return {1, 1};
        return factors(i, kernel::length_of(row(i), dim()), seen);
    }
    /// The same for a row that has been measured.
    factors_type factors(idx_t i, kernel::row_length length, row_report& seen) const noexcept {
        const kernel::row_kind kind = length.kind();
        if (kind == kernel::row_kind::zero) seen.add_zero(i);
        if (kind == kernel::row_kind::non_finite) seen.add_non_finite(i);
        if (unit_ && kind == kernel::row_kind::regular) return {1, 1};
        return kernel::factors_of<kernel::factor_type<T>>(length, options_.zero_rows);
    }
    /// The same, counted here. Called once for each row, by one thread.
    factors_type factors(idx_t i) noexcept { return factors(i, seen_); }
    /// Counts all rows, for a call that has no scores to compute.
    void count_rows() noexcept {
        if (options_.report == nullptr) return;
        for (idx_t i = 0; i < rows(); ++i) factors(i);
    }

    /// Adds what a worker has counted. Thread-safe.
    void count(const row_report& seen) noexcept {
        if (seen.zero_rows == 0 && seen.non_finite_rows == 0) return;
        while (__atomic_test_and_set(&counting_, __ATOMIC_ACQUIRE)) continue;
        seen_.add(seen);
        __atomic_clear(&counting_, __ATOMIC_RELEASE);
    }
    /// What has been counted.
    const row_report& seen() const noexcept { return seen_; }
    /// Writes the counts to the report of the policy.
    void report() const noexcept {
        if (options_.report != nullptr) *options_.report = seen_;
    }

private:
    /// With an error policy reads every row once: an error comes before anything is written.
    void validate(const char* side) const {
        const bool refuse_zero = options_.zero_rows == on_row::error;
        const bool refuse_non_finite = options_.non_finite == on_row::error;
        if (options_.non_finite == on_row::keep)
            detail::fail<value_error>(function_, ": rows that are not finite cannot be kept; choose nan or error");
        if (!refuse_zero && !refuse_non_finite) return;
        for (idx_t i = 0; i < rows(); ++i) {
            const kernel::row_kind kind = kernel::length_of(row(i), dim()).kind();
            if (refuse_zero && kind == kernel::row_kind::zero)
                detail::fail<value_error>(function_, ": ", side, i, " is zero");
            if (refuse_non_finite && kind == kernel::row_kind::non_finite)
                detail::fail<value_error>(function_, ": ", side, i, " is not finite");
        }
    }

    matrix_view<const T> rows_;
    row_policy options_;
    row_report seen_ = {};
    const char* function_;
    bool unit_;
    bool counting_ = false;  ///< a spin lock: rows without a direction are rare
};

template <class T>
row_source(matrix_view<const T>, const row_policy&, const char*, const char*) -> row_source<T>;
template <class T>
row_source(unit_view<T>, const row_policy&, const char*, const char*) -> row_source<T>;
template <class T>
row_source(maybe_unit_view<T>, const row_policy&, const char*, const char*) -> row_source<T>;

/// Whether to_view(Rows) has elements that the engine reads.
template <class Rows, class = void>
inline constexpr bool is_rows = false;
template <class Rows>
inline constexpr bool is_rows<Rows, std::void_t<decltype(to_view(std::declval<const Rows&>()))>> =
    is_element<typename decltype(to_view(std::declval<const Rows&>()))::value_type>;

template <class T>
matrix_view<const T> read_only(const matrix_view<T>& rows) noexcept {
    return rows;
}
template <class T>
copied_rows<T> read_only(copied_rows<T>&& rows) noexcept {
    return static_cast<copied_rows<T>&&>(rows);
}
template <class T>
unit_view<T> read_only(const unit_view<T>& rows) noexcept {
    return rows;
}
template <class T>
maybe_unit_view<T> read_only(const maybe_unit_view<T>& rows) noexcept {
    return rows;
}

/// to_view(x), read-only.
template <class Rows>
auto view_of(const Rows& rows) {
    return read_only(to_view(rows));
}

/// The elements of a view, raw or unit.
template <class T>
matrix_view<const T> values_of(const matrix_view<const T>& rows) noexcept {
    return rows;
}
template <class T>
matrix_view<const T> values_of(const unit_view<T>& rows) noexcept {
    return rows.values();
}

}  // namespace engine
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
