/// Labelled rows as a fit reads them: unit floats, and labels that are all in range.
#pragma once

#include "../data/array.hpp"
#include "../engine/execution.hpp"
#include "../engine/row_source.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace learning {

/// The policy of rows that a model learns from or is judged by: non-finite rows are errors, whatever the caller chose.
inline row_policy finite_rows_only(row_policy policy, const char* function) {
    if (policy.zero_rows == on_row::nan)
        detail::fail<value_error>(function, ": zero rows cannot become NaN; choose keep or error");
    policy.non_finite = on_row::error;
    return policy;
}

class labelled_rows {
public:
    /// classes 0: as many as there are distinct labels. The report of the policy is left to the caller: see seen().
    ///
    /// Errors   as logistic_regression; `function` begins their texts.
    template <class View, class Label>
    labelled_rows(const View& rows, matrix_view<const Label> labels, idx_t classes, const row_policy& policy,
                  const execution& how, const char* function)
        : labels_(labels.rows()) {
        if (rows.rows() != labels.rows())
            detail::fail<shape_error>(function, ": ", rows.rows(), " rows, ", labels.rows(), " labels");
        if (rows.rows() == 0) detail::fail<value_error>(function, ": there are no rows");
        if (rows.dim() == 0) detail::fail<shape_error>(function, ": rows have dim 0");
        for (idx_t i = 0; i < labels.rows(); ++i) labels_[i] = idx_t(labels(i, 0));
        count_labels(classes, function);
        read(rows, finite_rows_only(policy, function), how, function);
    }

    matrix_view<const float> rows() const noexcept { return rows_; }
    /// [1, n], 0 .. classes - 1: the positions of the caller's labels in names().
    matrix_view<const idx_t> labels() const noexcept { return labels_.view(); }
    idx_t classes() const noexcept { return idx_t(counts_.size()); }
    /// The caller's labels, ascending.
    const array<idx_t>& names() const noexcept { return names_; }
    /// The position of a label there, or -1.
    idx_t class_of(idx_t label) const noexcept {
        const idx_t c = lower_bound(names_.data(), idx_t(names_.size()), label);
        return c < idx_t(names_.size()) && names_[c] == label ? c : -1;
    }
    /// Rows of one class.
    idx_t count(idx_t c) const noexcept { return counts_[c]; }
    /// The zero rows, where the policy has a report.
    const row_report& seen() const noexcept { return seen_; }

private:
    /// The distinct labels, ascending; where `classes` says how many there are, 0 .. classes - 1. Labels become their
    /// positions there.
    void count_labels(idx_t classes, const char* function) {
        const idx_t n = idx_t(labels_.size());
        for (idx_t i = 0; classes > 0 && i < n; ++i) {
            if (labels_[i] < 0)
                detail::fail<value_error>(function, ": row ", i, " has the negative label ", labels_[i]);
            if (labels_[i] >= classes)
                detail::fail<value_error>(function, ": row ", i, " has label ", labels_[i], ", there are ", classes,
                                          " classes");
        }
        require_two(function);
        find_names();
        const idx_t found = idx_t(names_.size());
        for (idx_t c = 0; c < classes; ++c)
            if (c >= found || names_[c] != c) detail::fail<value_error>(function, ": class ", c, " has no rows");
        counts_ = array<idx_t>(found);
        for (idx_t i = 0; i < n; ++i) ++counts_[labels_[i] = class_of(labels_[i])];
    }
    /// Insertion into a sorted list: the labels are many, the classes few.
    void find_names() {
        const idx_t n = idx_t(labels_.size());
        array<idx_t> names(n);
        idx_t count = 0;
        for (idx_t i = 0; i < n; ++i) {
            const idx_t at = lower_bound(names.data(), count, labels_[i]);
            if (at < count && names[at] == labels_[i]) continue;
            for (idx_t c = count++; c > at; --c) names[c] = names[c - 1];
            names[at] = labels_[i];
        }
        names_ = array<idx_t>::uninitialized(count);
        for (idx_t c = 0; c < count; ++c) names_[c] = names[c];
    }
    /// Not std::lower_bound: its code would be shared by all units.
    static idx_t lower_bound(const idx_t* sorted, idx_t count, idx_t value) noexcept {
        idx_t first = 0;
        while (count > 0) {
            const idx_t half = count / 2;
            if (sorted[first + half] < value)
                first += half + 1, count -= half + 1;
            else
                count = half;
        }
        return first;
    }
    void require_two(const char* function) const {
        const idx_t n = idx_t(labels_.size());
        for (idx_t i = 1; i < n; ++i)
            if (labels_[i] != labels_[0]) return;
        detail::fail<value_error>(function, ": all ", n, " rows have label ", labels_[0], ", two classes are needed");
    }

    /// Unit floats where they are, all else as a copy.
    template <class View>
    void read(const View& rows, row_policy policy, const execution& how, const char* function) {
        if (policy.report != nullptr) policy.report = &seen_;
        engine::row_source source(rows, policy, function, "row ");
        if constexpr (std::is_same_v<View, unit_view<float>>) {
            source.count_rows();
            rows_ = rows.values();
        } else {
            own_ = matrix<float>::uninitialized(source.rows(), source.dim());
            engine::for_each_rows(how, source.rows(), source.dim(), [&](idx_t first, idx_t end) {
                row_report seen;
                for (idx_t i = first; i < end; ++i)
                    kernel::scale_row(source.row(i), source.dim(), source.factors(i, seen), own_.row(i));
                source.count(seen);
            });
            rows_ = own_.view();
        }
        source.report();
    }

    row_report seen_;
    matrix<float> own_;
    matrix_view<const float> rows_;
    array<idx_t> labels_, counts_, names_;
};

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
