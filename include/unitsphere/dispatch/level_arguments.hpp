/// How the unit of a level reads what its caller sent: rows, executions and policies.
#pragma once

#include "../detail/level_table.hpp"
#include "../normalize.hpp"

#if defined(UNITSPHERE_LEVEL)

namespace unitsphere {
namespace levels {
namespace {

void raise(error_kind kind, const char* text) { raise_error(kind, text); }

template <class T>
matrix_view<const T> view_of(const rows_ref& rows) {
    return {static_cast<const T*>(rows.data), rows.rows, rows.dim, rows.stride};
}

/// answer(view) with the view of raw rows of their own type.
template <class Answer>
void with_rows(const rows_ref& rows, const Answer& answer) {
    switch (rows.type) {
        case element::float32:
            return answer(view_of<float>(rows));
        case element::float64:
            return answer(view_of<double>(rows));
        case element::float16:
            return answer(view_of<float16>(rows));
        case element::bfloat16:
            return answer(view_of<bfloat16>(rows));
        case element::int8:
            return answer(view_of<std::int8_t>(rows));
    }
}

/// The caller's execution.
class call {
public:
    explicit call(const call_ref& by) : by_(by), how_(make(by)) {
        if (by.tell != nullptr) how_.on_progress(*this);
    }
    operator const execution&() const noexcept { return how_; }
    void operator()(idx_t part, idx_t whole) const { by_.tell(by_.how, part, whole); }

private:
    struct executor {
        const call_ref* by;
        idx_t workers() const noexcept { return by->workers; }
        void operator()(idx_t count, const engine::function_ref& body) const {
            by->run(by->how, count, &body,
                    [](const void* it, idx_t i) { (*static_cast<const engine::function_ref*>(it))(i); });
        }
    };
    static execution make(const call_ref& by) {
        if (by.workers == 1) return by.space != nullptr ? execution(*by.space) : execution();
        const executor here{&by};  // as large as a pointer: copied
        return by.space != nullptr ? execution(here, *by.space) : execution(here);
    }

    const call_ref& by_;
    execution how_;
};

/// The caller's policy; what was counted goes back at the end of the scope, unless there was an error before.
class policy {
public:
    explicit policy(const policy_ref& given) noexcept : given_(given) {}
    policy(const policy&) = delete;
    ~policy() {
        if (given_.counts != nullptr && seen_.zero_rows >= 0)
            *given_.counts = {seen_.zero_rows, seen_.non_finite_rows, seen_.first_zero, seen_.first_non_finite};
    }
    operator row_policy() noexcept {
        return {on_row(given_.zero_rows), on_row(given_.non_finite), given_.counts != nullptr ? &seen_ : nullptr};
    }

private:
    const policy_ref& given_;
    row_report seen_ = {-1, 0, -1, -1};
};

/// The caller's list of numbers.
class list {
public:
    explicit list(const mean_ref& given) noexcept
        : is_given_(given.count >= 0), numbers_(given.numbers, is_given_ ? given.count : 0) {}
    operator number_list() const { return is_given_ ? number_list(numbers_) : number_list(); }

private:
    bool is_given_;
    row_view<const double> numbers_;
};

/// Rows of any type as rows of float with the same scores: float16, bfloat16 and int8 are floats, exactly, and unit
/// rows have the bits of raw ones. So the loops are compiled once, and only rows of other types cost a copy.
class float_rows {
public:
    UNITSPHERE_INLINE explicit float_rows(const rows_ref& rows)
        : copy_(rows.type == element::float32 ? nullptr : new_copy_of(rows)),
          view_(copy_ == nullptr ? view_of<float>(rows) : copy_->view(), rows.unit || rows.type == element::float64) {}
    float_rows(const float_rows&) = delete;
    ~float_rows() {
        if (copy_ != nullptr) delete copy_;
    }
    const engine::maybe_unit_view<float>& view() const noexcept { return view_; }

private:
    UNITSPHERE_NOINLINE static matrix<float>* new_copy_of(const rows_ref& rows) {
        auto copy = matrix<float>::uninitialized(rows.rows, rows.dim);
        if (rows.type == element::float64 && !rows.unit)
            normalize_into(view_of<double>(rows), copy);
        else
            with_rows(rows, [&](const auto& elements) {
                for (idx_t i = 0; i < rows.rows; ++i)
                    for (idx_t k = 0; k < rows.dim; ++k) copy(i, k) = float(elements(i, k));
            });
        return new matrix<float>(static_cast<matrix<float>&&>(copy));
    }

    matrix<float>* copy_;
    engine::maybe_unit_view<float> view_;
};

/// Refuses an output in the caller's memory of rows.
template <class T>
void require_rows_apart(const char* function, const char* name, const matrix_view<T>& out, const char* side,
                        const rows_ref& rows) {
    if (rows.data == nullptr) return;  // none, or a gallery
    with_rows(rows, [&](const auto& view) { unitsphere::detail::require_apart(function, name, out, side, view); });
}
/// The same of rows that are copied: the direct functions see the copy.
template <class T>
void require_apart(const char* function, const char* name, const matrix_view<T>& out, const char* side,
                   const rows_ref& rows) {
    if (rows.type != element::float32) require_rows_apart(function, name, out, side, rows);
}

}  // namespace
}  // namespace levels
}  // namespace unitsphere

#endif
