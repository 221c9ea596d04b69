/// A call of a level: arguments of any type as the plain types of level_table.hpp, and errors as the caller's own.
#pragma once

#include "../data/column.hpp"
#include "../data/output.hpp"
#include "../data/required.hpp"
#include "../data/row_policy.hpp"
#include "../data/unit_embeddings.hpp"
#include "../engine/execution.hpp"
#include "level_table.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// f(), whose errors become shape_error and value_error of this unit.
template <class F>
decltype(auto) translated(F&& f) {
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
    try {
        return f();
    } catch (const levels::raised& error) {
        if (error.kind == levels::error_kind::shape) throw shape_error(error.what());
        if (error.kind == levels::error_kind::value) throw value_error(error.what());
        throw std::length_error(error.what());
    }
#else
    return f();
#endif
}

template <class T>
inline constexpr int element_number = -1;
template <>
inline constexpr int element_number<float> = int(levels::element::float32);
template <>
inline constexpr int element_number<double> = int(levels::element::float64);
template <>
inline constexpr int element_number<float16> = int(levels::element::float16);
template <>
inline constexpr int element_number<bfloat16> = int(levels::element::bfloat16);
template <>
inline constexpr int element_number<std::int8_t> = int(levels::element::int8);

/// Whether to_view(Rows) has elements that a level reads.
template <class Rows, class = void>
inline constexpr bool is_any_rows = false;
template <class Rows>
inline constexpr bool is_any_rows<Rows, std::void_t<typename viewed<const Rows>::type::value_type>> =
    element_number<typename viewed<const Rows>::type::value_type> >= 0;
template <class Rows>
using if_any_rows = std::enable_if_t<is_any_rows<Rows>, int>;

/// The elements of a view.
template <class T>
matrix_view<const T> values_of(const matrix_view<T>& rows) noexcept {
    return rows;
}
template <class T>
matrix_view<const T> values_of(const unit_view<T>& rows) noexcept {
    return rows.values();
}

/// Rows of any type: what to_view sees, and the copy of rows that are not contiguous.
class any_rows {
public:
    template <class Rows, if_any_rows<Rows> = 0>
    any_rows(const Rows& rows) : any_rows(to_view(rows), 0) {}
    /// Those of a level's gallery.
    explicit any_rows(const levels::rows_ref& gallery) noexcept : view_(gallery) {}
    any_rows(const any_rows&) = delete;
    any_rows& operator=(const any_rows&) = delete;
    ~any_rows() {
        if (copy_ != nullptr) delete_(copy_);
    }

    idx_t rows() const noexcept { return view_.rows; }
    idx_t dim() const noexcept { return view_.dim; }
    const levels::rows_ref& sent() const noexcept { return view_; }

private:
    template <class View>
    using element_of = typename std::remove_reference_t<View>::value_type;
    template <class View>
    static constexpr bool is_unit_view =
        std::is_same_v<std::remove_cv_t<std::remove_reference_t<View>>, unit_view<element_of<View>>>;

    template <class View>
    any_rows(View&& view, int)
        : view_{view.data(),
                view.rows(),
                view.dim(),
                view.stride(),
                levels::element(element_number<element_of<View>>),
                is_unit_view<View>,
                nullptr,
                levels::packing::float32} {
        using type = std::remove_cv_t<std::remove_reference_t<View>>;
        using element = element_of<View>;
        if constexpr (std::is_same_v<type, copied_rows<element>>) {
            copy_ = new copied_rows<element>(static_cast<type&&>(view));
            delete_ = [](void* copy) { delete static_cast<copied_rows<element>*>(copy); };
        }
    }

    levels::rows_ref view_;
    void* copy_ = nullptr;
    void (*delete_)(void*) = nullptr;
};

/// Rows of float that are no embeddings.
using any_floats = matrix_view<const float>;

/// An execution on its way to a level.
class sent_call {
public:
    explicit sent_call(const execution& how) noexcept
        : call_{&how, run, how.reports_progress() ? tell : nullptr, how.workers(), how.space()} {}

    const levels::call_ref& sent() const noexcept { return call_; }

private:
    static void run(const void* how, idx_t count, const void* body, void (*call)(const void*, idx_t)) {
        static_cast<const execution*>(how)->run(count, [&](idx_t i) { call(body, i); });
    }
    static void tell(const void* how, idx_t part, idx_t whole) {
        static_cast<const execution*>(how)->report_progress(part, whole);
    }

    levels::call_ref call_;
};

/// A policy on its way there, and the counts on their way back.
class sent_policy {
public:
    explicit sent_policy(const row_policy& policy) noexcept
        : report_(policy.report),
          policy_{int(policy.zero_rows), int(policy.non_finite), report_ != nullptr ? &counts_ : nullptr} {}
    sent_policy(const sent_policy&) = delete;
    ~sent_policy() {
        if (report_ != nullptr && counts_.zero_rows >= 0)
            *report_ = {counts_.zero_rows, counts_.non_finite_rows, counts_.first_zero, counts_.first_non_finite};
    }

    const levels::policy_ref& sent() const noexcept { return policy_; }

private:
    row_report* report_;
    levels::row_counts counts_ = {-1, 0, -1, -1};  ///< -1: nothing came back
    levels::policy_ref policy_;
};

/// Labels of any type of integer.
template <class Labels>
array<idx_t> copied_labels(const Labels& labels, const char* function) {
    const auto given = labels_of(labels, function);
    auto copy = array<idx_t>::uninitialized(given.rows());
    for (idx_t i = 0; i < given.rows(); ++i) copy[i] = idx_t(given(i, 0));
    return copy;
}

/// Owns an object of a level.
class handle {
public:
    handle() noexcept = default;
    handle(const levels::table& level, const levels::object_functions& functions, void* object) noexcept
        : level_(&level), functions_(&functions), object_(object) {}
    handle(const handle& other)
        : level_(other.level_),
          functions_(other.functions_),
          object_(other.object_ != nullptr ? functions_->copy(other.object_) : nullptr) {}
    handle(handle&& other) noexcept { swap(other); }
    handle& operator=(const handle& other) {
        handle copy(other);
        swap(copy);
        return *this;
    }
    handle& operator=(handle&& other) noexcept {
        handle taken(static_cast<handle&&>(other));
        swap(taken);
        return *this;
    }
    ~handle() {
        if (object_ != nullptr) functions_->destroy(object_);
    }

    const levels::table& level() const noexcept { return *level_; }
    void* object() const noexcept { return object_; }

private:
    void swap(handle& other) noexcept {
        const levels::table* const level = level_;
        const levels::object_functions* const functions = functions_;
        void* const object = object_;
        level_ = other.level_, functions_ = other.functions_, object_ = other.object_;
        other.level_ = level, other.functions_ = functions, other.object_ = object;
    }

    const levels::table* level_ = nullptr;
    const levels::object_functions* functions_ = nullptr;
    void* object_ = nullptr;
};

/// Refuses other rows than those of double, for a result in double.
inline void require_double(const char* function, const levels::rows_ref& a, const levels::rows_ref& b) {
    if (a.type != levels::element::float64 || b.type != levels::element::float64 || b.gallery != nullptr)
        fail<value_error>(function, ": a double result needs rows of double on every side");
}

template <class T>
unit_view<T> normalize_any(const any_rows& rows, const matrix_view<T>& out, const execution& how,
                           const row_policy& options) {
    const sent_call call(how);
    const sent_policy policy(options);
    translated([&] {
        if constexpr (std::is_same_v<T, float>) {
            levels::running().normalize(rows.sent(), out, call.sent(), policy.sent());
        } else {
            require_double("normalize", rows.sent(), rows.sent());
            levels::running().normalize_double(rows.sent(), out, call.sent(), policy.sent());
        }
    });
    return unit_access::view<T>(out);
}

inline void softmax_any(const any_floats& scores, const float* scale, const matrix_view<float>& out,
                        const execution& how) {
    const sent_call call(how);
    translated([&] { levels::running().softmax(scores, scale, out, call.sent()); });
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
