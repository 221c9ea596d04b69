/// How well a head does on validation rows, and the order of candidates.
#pragma once

#include "labelled_rows.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// How one C did on the validation rows.
struct validated_c {
    double C;
    idx_t correct;    ///< labels that predict gets right
    double log_loss;  ///< mean of -log of the true label's probability
};

namespace learning {

template <class View, class Label>
void require_validation(const labelled_rows& data, const View& rows, const matrix_view<const Label>& labels,
                        const row_policy& policy, const char* function) {
    if (rows.dim() != data.rows().dim())
        detail::fail<shape_error>(function, ": validation rows have dim ", rows.dim(), ", rows have dim ",
                                  data.rows().dim());
    if (rows.rows() != labels.rows())
        detail::fail<shape_error>(function, ": ", rows.rows(), " validation rows, ", labels.rows(), " labels");
    if (rows.rows() == 0) detail::fail<value_error>(function, ": there are no validation rows");
    for (idx_t i = 0; i < labels.rows(); ++i) {
        const idx_t label = idx_t(labels(i, 0));
        if (data.class_of(label) < 0)
            detail::fail<value_error>(function, ": validation row ", i, " has label ", label, ", there are ",
                                      data.classes(), " classes");
    }
    engine::row_source source(rows, finite_rows_only(policy, function), function, "validation row ");
    source.count_rows();
    source.report();
}

template <class Head, class View, class Label>
validated_c validate(double C, const Head& head, const labelled_rows& data, const View& rows,
                     const matrix_view<const Label>& labels, const execution& how) {
    const array<idx_t> predicted = head.predict(rows, how);
    const matrix<double> p = head.predict_proba(rows, how);
    validated_c found{C, 0, 0.0};
    for (idx_t i = 0; i < p.rows(); ++i) {
        const idx_t label = idx_t(labels(i, 0));
        found.correct += predicted[i] == label ? 1 : 0;
        found.log_loss -= std::log(p(i, data.class_of(label))) / double(p.rows());
    }
    return found;
}

inline bool better(const validated_c& a, const validated_c& b) noexcept {
    return a.correct > b.correct || (a.correct == b.correct && a.log_loss < b.log_loss);
}

/// Positions of numbers in ascending order, equal ones in the order given.
inline array<idx_t> ascending(matrix_view<const double> numbers) {
    array<idx_t> order(numbers.rows());
    for (idx_t i = 0; i < numbers.rows(); ++i) {
        idx_t at = i;
        for (; at > 0 && numbers(order[at - 1], 0) > numbers(i, 0); --at) order[at] = order[at - 1];
        order[at] = i;
    }
    return order;
}

}  // namespace learning
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
