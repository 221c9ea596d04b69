/// Labelled rows as a fit reads them: unit floats, and labels that are all in range.
#pragma once

#include "../engine/row_source.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace learning {

/// What a caller may ask of labelled rows.
struct labelled_options {
    index classes = 0;  ///< 0: one more than the largest label
    on_row zero_rows = on_row::keep;
    bool count_rows = false;  ///< those without a direction
};

class labelled_rows {
public:
    /// Errors   as logistic_regression; `function` begins their texts.
    template <class View, class Label>
    labelled_rows(const View& rows, matrix_view<const Label> labels, const labelled_options& asked,
                  const char* function)
        : labels_(1, labels.rows()) {
        if (rows.rows() != labels.rows())
            detail::fail<shape_error>(function, ": ", rows.rows(), " rows, ", labels.rows(), " labels");
        if (rows.rows() == 0) detail::fail<value_error>(function, ": there are no rows");
        if (rows.dim() == 0) detail::fail<shape_error>(function, ": rows have dim 0");
        for (index i = 0; i < labels.rows(); ++i) labels_(0, i) = index(labels(i, 0));
        count_labels(asked.classes, function);
        take(rows, asked, function);
    }

    matrix_view<const float> rows() const noexcept { return rows_; }
    matrix_view<const index> labels() const noexcept { return labels_.view(); }
    index classes() const noexcept { return counts_.dim(); }
    index count(index label) const noexcept { return counts_(0, label); }
    /// The rows without a direction, where they were to be counted.
    const row_report& seen() const noexcept { return seen_; }

private:
    void count_labels(index classes, const char* function) {
        const index n = labels_.dim();
        index largest = 0;
        for (index i = 0; i < n; ++i) {
            const index label = labels_(0, i);
            if (label < 0) detail::fail<value_error>(function, ": row ", i, " has the negative label ", label);
            if (classes > 0 && label >= classes)
                detail::fail<value_error>(function, ": row ", i, " has label ", label, ", there are ", classes,
                                          " classes");
            largest = label > largest ? label : largest;
        }
        require_two(function);
        // A label beyond the number of rows leaves a class among the first n + 1 without any.
        const index wanted = classes > 0 ? classes : largest + 1;
        counts_ = matrix<index>(1, wanted < n + 1 ? wanted : n + 1);
        for (index i = 0; i < n; ++i)
            if (labels_(0, i) < counts_.dim()) ++counts_(0, labels_(0, i));
        for (index c = 0; c < counts_.dim(); ++c)
            if (counts_(0, c) == 0) detail::fail<value_error>(function, ": class ", c, " has no rows");
    }
    void require_two(const char* function) const {
        for (index i = 1; i < labels_.dim(); ++i)
            if (labels_(0, i) != labels_(0, 0)) return;
        detail::fail<value_error>(function, ": all ", labels_.dim(), " rows have label ", labels_(0, 0),
                                  ", two classes are needed");
    }

    /// Unit floats where they are, all else as a copy.
    template <class View>
    void take(const View& rows, const labelled_options& asked, const char* function) {
        normalize_options options;
        options.zero_rows = asked.zero_rows;
        options.non_finite = on_row::error;
        if (asked.count_rows) options.report = &seen_;
        engine::row_source source(rows, options, function, "row ");
        if constexpr (std::is_same_v<View, unit_view<float>>) {
            source.count_rows();
            rows_ = rows.values();
        } else {
            own_ = matrix<float>::uninitialized(source.rows(), source.dim());
            for (index i = 0; i < source.rows(); ++i)
                kernel::scale_row(source.row(i), source.dim(), source.factors(i), own_.row(i));
            rows_ = own_.view();
        }
        source.report();
    }

    row_report seen_;
    matrix<float> own_;
    matrix_view<const float> rows_;
    matrix<index> labels_, counts_;
};

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
