/// How good the answers are: predicted labels against true ones.
#pragma once

#include "data/column.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

namespace detail {

template <class Predicted, class Truth>
void require_same_length(const char* function, const char* name, const matrix_view<Predicted>& predicted,
                         const matrix_view<Truth>& truth) {
    if (predicted.rows() != truth.rows())
        fail<shape_error>(function, ": ", name, " has ", predicted.rows(), " rows, truth has ", truth.rows());
}

}  // namespace detail

/// How many answers are right.
struct accuracy {
    index correct = 0, total = 0;

    /// correct / total; NaN of none.
    double value() const noexcept { return total == 0 ? double(detail::quiet_nan()) : double(correct) / double(total); }
};

/// Accuracy@k: how many images have their true label among the k best.
///
///   correct = |{ i : truth[i] in best_labels[i][0 .. k) }|,   value = correct / total
///
/// Shapes   best_labels [n, columns], best first, as zero_shot_classifier::top returns them; truth: n integers.
/// Units    images. One without a label (-1) counts as wrong. No images at all: value() is NaN.
/// Errors   shape_error if k exceeds the columns (with 3 classes there is no accuracy@5) or the lengths differ;
///          value_error if k < 1, or for a negative true label (names the row).
/// Threads  the caller's.   Memory  none.
/// Source   Russakovsky et al. 2015, arXiv:1409.0575, section 4.1 (top-5 error of ILSVRC); CLIP_benchmark's acc1, acc5.
template <class Truth>
accuracy accuracy_at(matrix_view<const index> best_labels, const Truth& truth, index k) {
    const auto labels = detail::labels_of(truth);
    if (k < 1) detail::fail<value_error>("accuracy_at: k is ", k, ", it must be at least 1");
    if (k > best_labels.dim())
        detail::fail<shape_error>("accuracy_at: accuracy@", k, " is undefined with ", best_labels.dim(),
                                  " labels per image");
    detail::require_same_length("accuracy_at", "best_labels", best_labels, labels);
    accuracy result{0, labels.rows()};
    for (index i = 0; i < labels.rows(); ++i) {
        const index label = index(labels(i, 0));
        if (label < 0) detail::fail<value_error>("accuracy_at: truth of row ", i, " is the negative label ", label);
        bool found = false;
        for (index j = 0; j < k; ++j) found = found || best_labels(i, j) == label;
        result.correct += found ? 1 : 0;
    }
    return result;
}

/// How often each class was taken for which.
struct confusion {
    matrix<index> counts;  ///< [classes, classes + 1]: row truth, column predicted; the last column: no label

    index classes() const noexcept { return counts.rows(); }
};

namespace detail {

template <class Predicted, class Truth>
confusion count_pairs(const matrix_view<Predicted>& predicted, const char* name, const matrix_view<Truth>& truth,
                      index classes) {
    constexpr const char* function = "confusion_counts";
    if (classes < 1) fail<value_error>(function, ": classes is ", classes, ", it must be at least 1");
    if (classes == PTRDIFF_MAX) fail<std::length_error>(function, ": ", classes, " classes exceed the address space");
    require_same_length(function, name, predicted, truth);
    confusion result{matrix<index>(classes, classes + 1)};
    for (index i = 0; i < truth.rows(); ++i) {
        const index wanted = index(truth(i, 0)), got = index(predicted(i, 0));
        if (wanted < 0 || wanted >= classes)
            fail<value_error>(function, ": truth of row ", i, " is label ", wanted, ", there are ", classes,
                              " classes");
        if (got < -1 || got >= classes)
            fail<value_error>(function, ": row ", i, " is predicted as label ", got, ", there are ", classes,
                              " classes");
        ++result.counts(wanted, got < 0 ? classes : got);
    }
    return result;
}

}  // namespace detail

/// Confusion counts: how often each class was taken for which.
///
///   counts[t][p] = |{ i : truth[i] == t, predicted[i] == p }|,   counts[t][classes] for predicted[i] == -1
///
/// Shapes   predicted: n integers, -1 where there is no label; truth: n integers -> counts [classes, classes + 1].
/// Units    images.
/// Errors   shape_error if the lengths differ; value_error if classes < 1, for a true label outside 0 .. classes - 1
///          and a predicted one outside -1 .. classes - 1 (names row and label); std::length_error, std::bad_alloc.
/// Threads  the caller's.   Memory  the result.
/// Source   scikit-learn's confusion_matrix, which has no column for images without a label.
template <class Predicted, class Truth, std::enable_if_t<detail::is_list<Predicted>, int> = 0>
confusion confusion_counts(const Predicted& predicted, const Truth& truth, index classes) {
    return detail::count_pairs(detail::labels_of(predicted), "predicted", detail::labels_of(truth), classes);
}

/// Confusion counts of the best labels: predicted is the first column.
///
/// Shapes   best_labels [n, columns], columns >= 1, as zero_shot_classifier::top returns them; truth: n integers.
/// Units, Threads, Memory, Source   as above.   Errors   as above, and shape_error without a column.
template <class BestLabels, class Truth, std::enable_if_t<!detail::is_list<BestLabels>, int> = 0>
confusion confusion_counts(const BestLabels& labels, const Truth& truth, index classes) {
    const matrix_view<const index> best_labels(labels);
    if (best_labels.dim() < 1) detail::fail<shape_error>("confusion_counts: best_labels has no columns");
    const matrix_view<const index> first(best_labels.data(), best_labels.rows(), 1, best_labels.stride());
    return detail::count_pairs(first, "best_labels", detail::labels_of(truth), classes);
}

/// Mean per-class recall: how often an image is right, when every class counts alike.
///
///   mean of counts[c][c] / sum_p counts[c][p] over the classes c that occur in truth
///
/// Shapes   counts [classes, classes + 1].
/// Units    a fraction in [0, 1]; NaN if no class occurs. An image without a label counts as wrong.
/// Errors   shape_error if the counts have another shape.
/// Threads  the caller's.   Memory  none.
/// Source   Radford et al. 2021, arXiv:2103.00020, table 9 (mean per class); scikit-learn's balanced_accuracy_score.
inline double mean_per_class_recall(const confusion& counted) {
    if (counted.classes() > 0 && counted.counts.dim() != counted.classes() + 1)
        detail::fail<shape_error>("mean_per_class_recall: counts is ", counted.classes(), " x ", counted.counts.dim(),
                                  ", it must be ", counted.classes(), " x ", counted.classes() + 1);
    double sum = 0.0;
    index occurring = 0;
    for (index c = 0; c < counted.classes(); ++c) {
        index images = 0;
        for (index p = 0; p < counted.counts.dim(); ++p) images += counted.counts(c, p);
        if (images == 0) continue;
        sum += double(counted.counts(c, c)) / double(images);
        ++occurring;
    }
    return occurring == 0 ? double(detail::quiet_nan()) : sum / double(occurring);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
