/// The caller's rows, raw or unit, as the engine reads them: factors first, then elements.
#pragma once

#include "../data/unit_embeddings.hpp"
#include "../kernel/multiply.hpp"
#include "../kernel/norm.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace engine {

/// What the rows that go in may be made of. All but double are floats exactly, and follow float's rules.
template <class T>
inline constexpr bool is_element =
    std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, float16> ||
    std::is_same_v<T, bfloat16> || std::is_same_v<T, std::int8_t>;

/// What a last-level cache may hold of one side of a question, beside all else.
inline constexpr index cached_bytes = index(16) << 20;

/// What a worker reads next: `bytes` of memory at `at`.
struct next_read {
    const void* at;
    index bytes;

    next_read part(index part, index parts) const noexcept {
        return {static_cast<const char*>(at) + bytes / parts * part, bytes / parts};
    }
    /// Part `part` of `parts`, to be asked for in dim steps.
    kernel::lookahead share(int part, int parts, index dim) const noexcept {
        const index each = bytes / parts, steps = dim > 0 ? dim : 1;
        return {static_cast<const char*>(at) + part * each, (each + steps - 1) / steps};
    }
};

/// Rows of one side of a question. Knows what to do with rows without a direction, and counts them.
template <class T>
class row_source {
    static_assert(is_element<T>,
                  "unitsphere: rows are float, double, float16, bfloat16 or int8_t; convert other types first");

public:
    using factors_type = kernel::row_factors<kernel::factor_type<T>>;

    /// Raw rows: normalized on the way. `function` and `side` ("queries row ") begin the texts of errors.
    row_source(matrix_view<const T> rows, const normalize_options& options, const char* function, const char* side)
        : rows_(rows), options_(options), unit_(false) {
        validate(function, side);
    }
    /// Unit rows: used as they are. Policies and the report hold for those without a direction all the same.
    template <class U, class = std::enable_if_t<std::is_same_v<U, T>>>
    row_source(unit_view<U> rows, const normalize_options& options, const char* function, const char* side)
        : rows_(rows.values()), options_(options), unit_(true) {
        validate(function, side);
    }

    index rows() const noexcept { return rows_.rows(); }
    index dim() const noexcept { return rows_.dim(); }
    index stride() const noexcept { return rows_.stride(); }
    const T* row(index i) const noexcept { return rows_.row(i); }
    const matrix_view<const T>& view() const noexcept { return rows_; }
    /// The memory of `count` rows from `first` on; nothing behind the last row.
    next_read memory_of(index first, index count) const noexcept {
        if (first >= rows()) return {rows_.data(), 0};
        return {row(first), (rows() - first < count ? rows() - first : count) * stride() * index(sizeof(T))};
    }

    /// Whether rows are used as they are, so that nobody needs their lengths.
    bool as_they_are() const noexcept {
        return unit_ && options_.report == nullptr && options_.zero_rows != on_row::nan;
    }
    /// What turns row i into a unit row; counted in `seen`.
    factors_type factors(index i, row_report& seen) const noexcept {
        if (as_they_are()) return {1, 1};
        return factors(i, kernel::length_of(row(i), dim()), seen);
    }
    /// The same where the row was measured already.
    factors_type factors(index i, kernel::row_length length, row_report& seen) const noexcept {
        const kernel::row_kind kind = length.kind();
        if (kind == kernel::row_kind::zero) seen.add_zero(i);
        if (kind == kernel::row_kind::non_finite) seen.add_non_finite(i);
        if (unit_ && kind == kernel::row_kind::regular) return {1, 1};
        return kernel::factors_of<kernel::factor_type<T>>(length, options_.zero_rows);
    }
    /// The same, counted here: to be asked once for each row, by one thread.
    factors_type factors(index i) noexcept { return factors(i, seen_); }
    /// Counts all rows, for a question that needs none of them.
    void count_rows() noexcept {
        if (options_.report == nullptr) return;
        for (index i = 0; i < rows(); ++i) factors(i);
    }

    /// Adds what a worker has counted. Many workers may call this at once.
    void count(const row_report& seen) noexcept {
        if (seen.zero_rows == 0 && seen.non_finite_rows == 0) return;
        while (__atomic_test_and_set(&counting_, __ATOMIC_ACQUIRE)) continue;
        seen_.add(seen);
        __atomic_clear(&counting_, __ATOMIC_RELEASE);
    }
    /// What has been counted.
    const row_report& seen() const noexcept { return seen_; }
    /// Hands the counts to whoever asked for them.
    void report() const noexcept {
        if (options_.report != nullptr) *options_.report = seen_;
    }

private:
    /// Reads every row once where the caller asked for errors: they come before anything is written.
    void validate(const char* function, const char* side) const {
        const bool refuse_zero = options_.zero_rows == on_row::error;
        const bool refuse_non_finite = options_.non_finite == on_row::error;
        if (options_.non_finite == on_row::keep)
            detail::fail<value_error>(function, ": rows that are not finite cannot be kept; choose nan or error");
        if (!refuse_zero && !refuse_non_finite) return;
        for (index i = 0; i < rows(); ++i) {
            const kernel::row_kind kind = kernel::length_of(row(i), dim()).kind();
            if (refuse_zero && kind == kernel::row_kind::zero)
                detail::fail<value_error>(function, ": ", side, i, " is zero");
            if (refuse_non_finite && kind == kernel::row_kind::non_finite)
                detail::fail<value_error>(function, ": ", side, i, " is not finite");
        }
    }

    matrix_view<const T> rows_;
    normalize_options options_;
    row_report seen_;
    bool unit_;
    bool counting_ = false;  ///< a lock: rows without a direction are rare
};

template <class T>
row_source(matrix_view<const T>, const normalize_options&, const char*, const char*) -> row_source<T>;
template <class T>
row_source(unit_view<T>, const normalize_options&, const char*, const char*) -> row_source<T>;

template <class Rows, class = void>
inline constexpr bool is_rows = false;
template <class Rows>
inline constexpr bool is_rows<Rows, std::void_t<decltype(to_view(std::declval<const Rows&>()))>> = true;

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

/// to_view(x) with a readable refusal of everything that has none.
template <class Rows>
auto view_of(const Rows& rows) {
    static_assert(is_rows<Rows>,
                  "unitsphere: pass a matrix_view of raw features (pointer, rows, dim), a matrix, unit_embeddings or "
                  "unit_view; for another library's type include its bridge from unitsphere/interop");
    if constexpr (!is_rows<Rows>)
        return matrix_view<const float>();
    else
        return read_only(to_view(rows));
}

/// The plain numbers of a view, raw or unit.
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
