/// Predicted labels against true ones: what the measures of classifiers share.
#pragma once

#include "../data/column.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// Predicted labels as [n, columns], best first; a flat list is [n, 1].
template <class Labels>
auto predicted_labels(const Labels& labels) {
    if constexpr (is_one_dimensional<Labels>) {
        return labels_of(labels);
    } else {
        using view = decltype(to_view(labels));
        static_assert(std::is_integral_v<typename view::value_type>, "unitsphere: labels are integers");
        return to_view(labels);
    }
}

template <class Predicted, class Truth>
void require_same_length(const char* function, const Predicted& predicted, const Truth& truth) {
    if (predicted.rows() != truth.rows())
        fail<shape_error>(function, ": predicted has ", predicted.rows(), " rows, truth has ", truth.rows());
}

/// How many rows have their true label among the first k predicted ones.
template <class Predicted, class Truth>
idx_t count_correct(const Predicted& predicted, const Truth& truth, idx_t k) {
    if (k < 1) fail<value_error>("accuracy_at: k is ", k, ", it must be at least 1");
    if (k > predicted.columns())
        fail<shape_error>("accuracy_at: accuracy@", k, " is undefined with ", predicted.columns(), " labels per image");
    require_same_length("accuracy_at", predicted, truth);
    idx_t correct = 0;
    for (idx_t i = 0; i < truth.rows(); ++i) {
        const idx_t label = idx_t(truth(i, 0));
        if (label < 0) fail<value_error>("accuracy_at: truth of row ", i, " is the negative label ", label);
        bool found = false;
        for (idx_t j = 0; j < k; ++j) found = found || idx_t(predicted(i, j)) == label;
        correct += found ? 1 : 0;
    }
    return correct;
}

/// counts[t][p] of true label t and predicted label p; the last column counts -1.
template <class Predicted, class Truth>
matrix<idx_t> count_confusions(const Predicted& predicted, const Truth& truth, idx_t classes) {
    constexpr const char* function = "confusion_matrix";
    if (classes < 1) fail<value_error>(function, ": classes is ", classes, ", it must be at least 1");
    if (classes == PTRDIFF_MAX) fail<std::length_error>(function, ": ", classes, " classes exceed the address space");
    if (predicted.columns() < 1) fail<shape_error>(function, ": predicted has no columns");
    require_same_length(function, predicted, truth);
    matrix<idx_t> counts(classes, classes + 1);
    for (idx_t i = 0; i < truth.rows(); ++i) {
        const idx_t wanted = idx_t(truth(i, 0)), got = idx_t(predicted(i, 0));
        if (wanted < 0 || wanted >= classes)
            fail<value_error>(function, ": truth of row ", i, " is label ", wanted, ", there are ", classes,
                              " classes");
        if (got < -1 || got >= classes)
            fail<value_error>(function, ": row ", i, " is predicted as label ", got, ", there are ", classes,
                              " classes");
        ++counts(wanted, got < 0 ? classes : got);
    }
    return counts;
}

}  // namespace detail
}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
