/// Measures: how early queries find what is relevant, and how often predicted labels are right.
#pragma once

#include "data/required.hpp"
#include "detail/label_counts.hpp"
#include "detail/ranking_measures.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {

/// The ranks of the relevant ones among given scores: a re-ranker's, SigLIP's, or cosines.
///
///   rank of (i, j) = 1 + |{ t : scores[i][t] comes before scores[i][j] }|   for all j with relevant[i][j] != 0
///
/// Shapes   scores [q, g] of float, relevant [q, g] of integers or bool.
/// Units    ranks, from 1 on, in the order of top_k: score descending, then index ascending; a NaN is never found.
/// Errors   shape_error if the shapes disagree.
/// Threads  the caller's.   Memory  the result and as much again.
/// Source   torchmetrics' retrieval metrics take the same; there the order of equal scores is undefined. Lines that
///          count larger scores only, (L > L.diagonal()[:, None]).sum(1) + 1, give equal ones the best rank of them:
///          recall@1 of four equal rows is 1 there and 0.25 here.
template <class Relevant>
retrieval_ranks rank_scores(required<matrix_view<const float>> scores, const Relevant& relevant) {
    return detail::ranks_of_scores(scores, to_view(relevant));
}

/// Recall@k as image and text retrieval reports it: how many queries have a relevant row among their k best.
///
///   |{ i : best rank of i <= k }| / |{ i : i has a relevant row }|
///
/// Shapes   the ranks of `retrieval` or `rank_scores`.
/// Units    a fraction in [0, 1]; NaN where no query has a relevant row. One hit is enough: torchmetrics calls this the
///          hit rate, its recall is relevant_recall_at. All measures of ranks leave queries without a relevant row out.
///          torchmetrics counts them as 0, unless empty_target_action is "skip": its value is ours times
///          evaluated_queries() / queries().
/// Errors   value_error if k < 1.   Threads  the caller's.   Memory  none.
/// Source   Karpathy and Fei-Fei 2015, arXiv:1412.2306, section 4.2; CLIP_benchmark's image and text retrieval recall.
inline double recall_at(const retrieval_ranks& found, required<idx_t> k) {
    detail::require_k("recall_at", k);
    return detail::mean_over_queries(found,
                                     [&](idx_t i) { return detail::relevant_within(found, i, k) > 0 ? 1.0 : 0.0; });
}

/// Recall@k in the sense of information retrieval: how many of a query's relevant rows are among its k best.
///
///   mean over i of |{ relevant rows of i in the k best }| / |{ relevant rows of i }|
///
/// Shapes, Units, Errors, Threads, Memory   as recall_at, with which it agrees where each query has one relevant row.
/// Source   torchmetrics' RetrievalRecall.
inline double relevant_recall_at(const retrieval_ranks& found, required<idx_t> k) {
    detail::require_k("relevant_recall_at", k);
    return detail::mean_over_queries(
        found, [&](idx_t i) { return double(detail::relevant_within(found, i, k)) / double(found.relevant(i)); });
}

/// The mean of the best ranks, from 1 on.
///
/// Shapes   as recall_at.   Units  ranks; NaN where no query has a relevant row.
/// Errors   none.   Threads  the caller's.   Memory  none.
/// Source   open_clip's mean_rank, which adds 1 to ranks from 0 on.
inline double mean_rank(const retrieval_ranks& found) {
    return detail::mean_over_queries(found, [&](idx_t i) { return double(found.rank(i, 0)); });
}

/// The median of the best ranks, from 1 on; of an even number of queries the two in the middle give floor((a + b) / 2).
///
/// Shapes, Units, Errors, Threads, Memory   as mean_rank.
/// Source   open_clip's median_rank: floor of the median of ranks from 0 on, plus 1, which is the same number.
inline double median_rank(const retrieval_ranks& found) {
    const idx_t queries = found.evaluated_queries();
    if (queries == 0) return double(detail::quiet_nan());
    const idx_t lower = detail::nth_best_rank(found, (queries + 1) / 2);
    const idx_t upper = queries % 2 == 0 ? detail::nth_best_rank(found, queries / 2 + 1) : lower;
    return double(lower + (upper - lower) / 2);
}

/// Mean reciprocal rank: the mean of 1 / best rank.
///
/// Shapes   as recall_at.   Units  in [0, 1]; NaN where no query has a relevant row.
/// Errors   none.   Threads  the caller's.   Memory  none.
/// Source   Voorhees 1999, The TREC-8 Question Answering Track Report; torchmetrics' RetrievalMRR.
inline double mean_reciprocal_rank(const retrieval_ranks& found) {
    return detail::mean_over_queries(
        found, [&](idx_t i) { return found.rank(i, 0) > found.candidates ? 0.0 : 1.0 / double(found.rank(i, 0)); });
}

/// Mean average precision: precision at the rank of each relevant row, averaged over them, then over the queries.
///
///   mean over i of  1 / n  sum over its relevant rows r_1 < r_2 < .. < r_n of  j / r_j
///
/// Shapes, Units, Errors, Threads, Memory   as mean_reciprocal_rank, with which it agrees where each query has one
///          relevant row.
/// Source   torchmetrics' RetrievalMAP.
inline double mean_average_precision(const retrieval_ranks& found) {
    return detail::mean_over_queries(found, [&](idx_t i) {
        double sum = 0.0;
        for (idx_t j = 0; j < found.relevant(i) && found.rank(i, j) <= found.candidates; ++j)
            sum += double(j + 1) / double(found.rank(i, j));
        return sum / double(found.relevant(i));
    });
}

/// Normalized discounted cumulative gain among the k best, every relevant row counting alike.
///
///   mean over i of  (sum over its r_j <= k of 1 / log2(r_j + 1)) / (sum over j = 1 .. min(n, k) of 1 / log2(j + 1))
///
/// Shapes, Units, Errors, Threads, Memory   as recall_at.
/// Source   Jarvelin and Kekalainen 2002, doi:10.1145/582415.582418; torchmetrics' RetrievalNormalizedDCG.
inline double ndcg_at(const retrieval_ranks& found, required<idx_t> k) {
    detail::require_k("ndcg_at", k);
    return detail::mean_over_queries(found, [&](idx_t i) {
        const idx_t within_k = detail::relevant_within(found, i, k);
        double gain = 0.0, ideal = 0.0;
        for (idx_t j = 0; j < within_k; ++j) gain += detail::discount(found.rank(i, j));
        for (idx_t j = 0; j < found.relevant(i) && j < k; ++j) ideal += detail::discount(j + 1);
        return gain / ideal;
    });
}

/// Normalized discounted cumulative gain among the k best of given scores, where some are worth more than others.
///
///   mean over i of  DCG / ideal DCG,   DCG = sum over j of gains[i][j] / log2(rank of (i, j) + 1)
///
/// over the ranks 1 .. k, and over the queries with a gain above 0. Ideal: the gains in descending order.
///
/// Shapes   scores [q, g], gains [q, g] of float.
/// Units    a fraction in [0, 1]; NaN where no query has a gain. A NaN score gains nothing.
/// Errors   shape_error if the shapes disagree; value_error if k < 1, or for a gain that is negative, NaN or infinite
///          (names row and column).
/// Threads  the caller's.   Memory  min(k, g) gains and their columns.
/// Source   Jarvelin and Kekalainen 2002, doi:10.1145/582415.582418; scikit-learn's ndcg_score and torchmetrics'
///          RetrievalNormalizedDCG, which give each of some equal scores the mean of their gains: of five with the
///          gains 10, 0, 0, 1, 5 they make 0.6910. Here the index decides: 0.9055, or 0.4776 in ascending order.
inline double ndcg_at(required<matrix_view<const float>> scores, required<matrix_view<const float>> gains,
                      required<idx_t> k) {
    detail::require_k("ndcg_at", k);
    return detail::mean_ndcg(scores, gains, k);
}

/// How many predictions are right.
struct accuracy {
    idx_t correct = 0, total = 0;

    /// correct / total; NaN of none.
    double value() const noexcept { return total == 0 ? double(detail::quiet_nan()) : double(correct) / double(total); }
};

/// Accuracy@k: how many images have their true label among the k best.
///
///   correct = |{ i : truth[i] in predicted[i][0 .. k) }|,   value = correct / total
///
/// Shapes   predicted: a matrix [n, columns] of integers, best first, as a classifier's top_k returns it; or a flat
///          list of n labels as predict() returns it, for which k is 1. truth: n integers.
/// Units    images. One without a label (-1) counts as wrong. No images at all: value() is NaN.
/// Errors   shape_error if k exceeds the columns (with 3 classes there is no accuracy@5) or the lengths differ;
///          value_error if k < 1, or for a negative true label (names the row).
/// Threads  the caller's.   Memory  none.
/// Source   Russakovsky et al. 2015, arXiv:1409.0575, section 4.1 (top-5 error of ILSVRC); CLIP_benchmark's acc1, acc5.
template <class Predicted, class Truth>
accuracy accuracy_at(const Predicted& predicted, const Truth& truth, required<idx_t> k) {
    const auto labels = detail::predicted_labels(predicted);
    const auto true_labels = detail::labels_of(truth, "accuracy_at");
    return {detail::count_correct(labels, true_labels, k), true_labels.rows()};
}

/// How often each class was taken for which.
struct confusion {
    matrix<idx_t> counts;  ///< [classes, classes + 1]: row truth, column predicted; the last column: no label

    idx_t classes() const noexcept { return counts.rows(); }
};

/// Confusion counts: how often each class was taken for which.
///
///   counts[t][p] = |{ i : truth[i] == t, predicted[i] == p }|,   counts[t][classes] for predicted[i] == -1
///
/// Shapes   predicted: a flat list of n labels, or a matrix [n, columns] whose first column counts, as in accuracy_at;
///          -1 where there is no label. truth: n integers -> counts [classes, classes + 1].
/// Units    images.
/// Errors   shape_error if the lengths differ or there is no column; value_error if classes < 1, for a true label
///          outside 0 .. classes - 1 and a predicted one outside -1 .. classes - 1 (names row and label);
///          std::length_error, std::bad_alloc.
/// Threads  the caller's.   Memory  the result.
/// Source   scikit-learn's confusion_matrix, which takes the truth first and has no column for images without a label.
template <class Predicted, class Truth>
confusion confusion_matrix(const Predicted& predicted, const Truth& truth, required<idx_t> classes) {
    return {detail::count_confusions(detail::predicted_labels(predicted), detail::labels_of(truth, "confusion_matrix"),
                                     classes)};
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
    if (counted.classes() > 0 && counted.counts.columns() != counted.classes() + 1)
        detail::fail<shape_error>("mean_per_class_recall: counts is ", counted.classes(), " x ",
                                  counted.counts.columns(), ", it must be ", counted.classes(), " x ",
                                  counted.classes() + 1);
    double sum = 0.0;
    idx_t occurring = 0;
    for (idx_t c = 0; c < counted.classes(); ++c) {
        idx_t images = 0;
        for (const idx_t count : counted.counts[c]) images += count;
        if (images == 0) continue;
        sum += double(counted.counts(c, c)) / double(images);
        ++occurring;
    }
    return occurring == 0 ? double(detail::quiet_nan()) : sum / double(occurring);
}

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
